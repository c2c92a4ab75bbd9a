"""All numerics of the plugin, usable from a script without QGIS."""
