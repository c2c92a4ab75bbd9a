"""The plugin's menu, under Plugins in QGIS's window."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction, QDialog

from ..translate import tr

ICON = Path(__file__).resolve().parents[2] / "resources" / "icons" / "provider.svg"
#: Its title is the name of the plugin, which stays as it is in every language.
TITLE = "Land subsidence"


class Menu:
    """Adds the entries and removes them; dialogs are imported when they are opened.

    Parameters
    ----------
    iface : QgisInterface
    """

    def __init__(self, iface) -> None:
        self.iface = iface
        self.actions: list[QAction] = []
        self.installation: Optional[QDialog] = None

    def add(self) -> None:
        """Add the entries."""
        check = QAction(QIcon(str(ICON)), tr("Check installation…"), self.iface.mainWindow())
        check.setObjectName("subsidenceCheckInstallation")
        check.triggered.connect(self.check_installation)
        self.iface.addPluginToMenu(TITLE, check)
        self.actions.append(check)

    def remove(self) -> None:
        """Remove the entries and close what they opened."""
        for action in self.actions:
            self.iface.removePluginMenu(TITLE, action)
            action.deleteLater()
        self.actions.clear()
        if self.installation is not None:
            self.installation.close()
            self.installation.deleteLater()
            self.installation = None

    def check_installation(self) -> None:
        """Open the dialog and begin to check; one that is open comes to the front."""
        if self.installation is None:
            from .installation_dialog import InstallationDialog

            self.installation = InstallationDialog(self.iface.mainWindow())
        self.installation.show()
        self.installation.raise_()
        self.installation.activateWindow()
        self.installation.check()
