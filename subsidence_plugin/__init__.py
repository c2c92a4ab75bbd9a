"""The QGIS side around the algorithms; its ``engine`` computes and never imports qgis."""
