"""Comparison of repeated trainings: runs tables, pairs, Welch's test, false discovery rate."""
