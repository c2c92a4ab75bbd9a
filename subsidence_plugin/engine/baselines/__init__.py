"""Simple models that a network must beat, each as plain arrays: fit, check, evaluate."""
