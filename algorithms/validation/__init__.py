"""Algorithms of the Toolbox group 'Validation and explanation'."""
