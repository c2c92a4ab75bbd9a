"""Correlation of factors: moments of streams of rows, matrices, significance, inflation."""
