"""Every test here runs twice: with GDAL's exceptions off and on."""

from gdal_modes import gdal_mode  # noqa: F401  (a fixture)
