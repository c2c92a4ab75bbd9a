"""Spectral indices from reflectances."""
