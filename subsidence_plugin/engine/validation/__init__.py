"""Validation on arrays: metrics of a classifier, frequency ratios, success and prediction rates."""
