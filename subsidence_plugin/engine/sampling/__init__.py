"""Sampling on arrays: absence points, one point a cell, splits and folds; no GDAL here."""
