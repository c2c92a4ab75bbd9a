"""Algorithms of the Toolbox group 'Uncertainty'."""
