"""Reading and writing rasters through GDAL; the only rooms with GDAL are this, vector and jobs."""
