"""Hyperparameter search with Optuna: spaces, storages, trials, workers; no GDAL, no QGIS."""
