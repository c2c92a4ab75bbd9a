"""Residuals of forecasts: their distribution, where they cluster, and how they compare."""
