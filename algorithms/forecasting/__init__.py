"""Algorithms of the Toolbox group 'Deformation forecasting'."""
