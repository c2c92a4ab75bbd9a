"""Processing algorithms: they translate between QGIS and the engine's jobs."""
