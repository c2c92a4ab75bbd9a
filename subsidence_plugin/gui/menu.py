"""The plugin's menu, under Plugins in QGIS's window."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction, QDialog

from ..translate import tr
from .help_links import HelpLinks

ICON = Path(__file__).resolve().parents[2] / "resources" / "icons" / "provider.svg"
#: Its title is the name of the plugin, which stays as it is in every language.
TITLE = "Land subsidence"
#: QGIS's own, by entry; others have the plugin's.
ICONS = {
    "subsidenceExampleProject": "/mActionFileOpen.svg",
    "subsidence_susceptibilityworkflow": "/processingModel.svg",
    "subsidence_forecastworkflow": "/processingModel.svg",
    "subsidenceInspect": "/mActionIdentify.svg",
    "subsidenceOpenHelp": "/mActionHelpContents.svg",
}
WORKFLOWS = ("susceptibilityworkflow", "forecastworkflow")


class Menu:
    """Adds the entries and removes them; dialogs are imported when they are opened.

    Parameters
    ----------
    iface : QgisInterface
    """

    def __init__(self, iface) -> None:
        self.iface = iface
        self.actions: list[QAction] = []
        self.dialogs: dict[str, QDialog] = {}
        self.inspect: Optional[QAction] = None
        self.panel = None
        self.links: Optional[HelpLinks] = None

    def add(self) -> None:
        """Add the entries."""
        self._add("subsidenceExampleProject", tr("Open example project…"), self.open_example)
        for name, text in zip(
            WORKFLOWS,
            (
                tr("Susceptibility workflow in the Modeler"),
                tr("Forecasting workflow in the Modeler"),
            ),
        ):
            self._add(f"subsidence_{name}", text, lambda _on=False, n=name: self.edit_workflow(n))
        self._separate()
        self.inspect = self._add("subsidenceInspect", tr("Inspect panel"), self.show_panel)
        self.inspect.setCheckable(True)
        self._separate()
        self._add("subsidenceOpenHelp", tr("Help"), lambda _on=False: self.open_help())
        self._add("subsidenceCheckInstallation", tr("Check installation…"), self.check_installation)
        for entry in self.iface.pluginMenu().actions():
            if entry.menu() is not None and self.actions[0] in entry.menu().actions():
                entry.setIcon(QIcon(str(ICON)))
        self.links = HelpLinks(self.open_help)

    def remove(self) -> None:
        """Remove the entries and close what they opened."""
        if self.links is not None:
            self.links.remove()
            self.links = None
        if self.panel is not None:
            self.panel.remove()
            self.panel = None
        for dialog in self.dialogs.values():
            dialog.close()
            dialog.deleteLater()
        self.dialogs.clear()
        for action in self.actions:
            self.iface.removePluginMenu(TITLE, action)
            action.deleteLater()
        self.actions.clear()

    def open_example(self) -> None:
        """Ask for the place and size of the example project."""
        from .example_dialog import ExampleDialog

        self._show("example", lambda: ExampleDialog(self.iface))

    def edit_workflow(self, name: str) -> None:
        """Open a copy of a workflow in the Modeler."""
        from .modeler import edit_workflow

        edit_workflow(self.iface, name)

    def open_help(self, name: str = "") -> None:
        """Open the help at an algorithm's page, or at the first."""
        from .help_dialog import HelpDialog

        self._show("help", lambda: HelpDialog(self.iface)).show_page(name)

    def check_installation(self) -> None:
        """Open the dialog and begin to check; one that is open comes to the front."""
        from .installation_dialog import InstallationDialog

        self._show("installation", lambda: InstallationDialog(self.iface.mainWindow())).check()

    def show_panel(self, shown: bool) -> None:
        """Show the inspect panel, or hide it."""
        if self.panel is None:
            from .inspect.panel import InspectPanel

            self.panel = InspectPanel(self.iface)
            self.panel.show()
            # The dock has a button of its own to close it.
            self.panel.dock.toggleViewAction().toggled.connect(self.inspect.setChecked)
        elif shown:
            self.panel.show()
        else:
            self.panel.dock.close()

    def _show(self, name: str, make: Callable[[], QDialog]) -> QDialog:
        """Return a dialog, made when first asked for, in front of the others."""
        if name not in self.dialogs:
            self.dialogs[name] = make()
        dialog = self.dialogs[name]
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        return dialog

    def _add(self, name: str, text: str, call: Callable) -> QAction:
        own = ICONS.get(name)
        icon = QgsApplication.getThemeIcon(own) if own else QIcon(str(ICON))
        action = QAction(icon, text, self.iface.mainWindow())
        action.setObjectName(name)
        action.triggered.connect(call)
        self.iface.addPluginToMenu(TITLE, action)
        self.actions.append(action)
        return action

    def _separate(self) -> None:
        line = QAction(self.iface.mainWindow())
        line.setSeparator(True)
        self.iface.addPluginToMenu(TITLE, line)
        self.actions.append(line)
