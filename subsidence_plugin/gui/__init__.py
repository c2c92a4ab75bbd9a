"""Menu and dialogs in QGIS's window; they run the plugin's algorithms by id."""
