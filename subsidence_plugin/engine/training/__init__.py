"""Training of networks on arrays: needs torch alone, neither GDAL nor QGIS."""
