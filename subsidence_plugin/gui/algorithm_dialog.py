"""The dialog that the Toolbox would open, with values already in it."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import Qgis
from qgis.PyQt.QtWidgets import QDialog

from ..translate import tr
from .menu import TITLE


def processing_is_on(iface) -> bool:
    """Tell whether QGIS's Processing is enabled; say so in the window where it is not."""
    from qgis.utils import active_plugins

    if "processing" in active_plugins:
        return True
    text = tr("QGIS's own plugin 'Processing' is needed: enable it under Plugins ▸ Manage.")
    iface.messageBar().pushMessage(TITLE, text, Qgis.MessageLevel.Warning)
    return False


def open_dialog(
    iface, algorithm: str, parameters: Optional[dict[str, Any]] = None
) -> Optional[QDialog]:
    """Open an algorithm's dialog; None where it cannot be, which the window says.

    Parameters
    ----------
    iface : QgisInterface
    algorithm : str
        Id.
    parameters : dict, optional
        Values by parameter; others have their defaults.
    """
    if not processing_is_on(iface):
        return None
    import processing

    dialog = processing.createAlgorithmDialog(algorithm, parameters or {})
    if dialog is None:
        text = tr("There is no algorithm {id}.").format(id=algorithm)
        iface.messageBar().pushMessage(TITLE, text, Qgis.MessageLevel.Warning)
        return None
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
    return dialog
