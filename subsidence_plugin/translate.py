"""One translation context for the whole plugin."""

from qgis.PyQt.QtCore import QCoreApplication

CONTEXT = "Subsidence"


def tr(text: str) -> str:
    """Return ``text`` in the user's language, as it stands where there is no translation."""
    return QCoreApplication.translate(CONTEXT, text)
