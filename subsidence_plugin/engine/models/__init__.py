"""Model files: the card, the scaling of factors, reading, writing and evaluating members."""
