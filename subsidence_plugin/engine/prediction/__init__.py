"""Probabilities from factor values: on arrays, tile by tile; runs where only torch is."""
