"""Forecasters: areas and windows, training, files, intervals, and forecasts of tiles and points."""
