"""Result layers in QGIS: their names and groups, legends, and how they follow the time."""
