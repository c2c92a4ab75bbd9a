"""A synthetic study area with known truth, like the delta of the Hanoi paper."""
