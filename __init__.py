"""Land subsidence: susceptibility mapping and deformation forecasting in QGIS."""


def classFactory(iface):  # noqa: N802 - QGIS looks for this name
    """Return the plugin object that QGIS loads (called by QGIS with its interface)."""
    from .algorithms.provider import SubsidenceProvider
    from .subsidence_plugin.plugin import SubsidencePlugin

    return SubsidencePlugin(iface, SubsidenceProvider)
