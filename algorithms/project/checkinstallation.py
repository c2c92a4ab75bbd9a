"""What is installed, which device computes, and how to install the rest."""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis, QgsProcessingOutputNumber, QgsProcessingOutputString

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class CheckInstallation(SubsidenceAlgorithm):
    """Nothing to the state of the installation."""

    NAME = "checkinstallation"
    TITLE = "Check installation"
    GROUP = Group.PROJECT

    def declare(self) -> None:
        self.add_table_output(
            "TABLE",
            "Table of packages",
            "Table with one row for each package: bounds asked for, version, state, origin, "
            "folder and use.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("PIP_LINE", "Line that installs the packages"))
        self.addOutput(QgsProcessingOutputString("SHELL", "Where the line is typed"))
        self.addOutput(QgsProcessingOutputString("DEVICE", "Device that will compute"))
        self.addOutput(QgsProcessingOutputString("MISSING", "Packages that cannot be used"))
        self.addOutput(QgsProcessingOutputNumber("WARNINGS", "Number of warnings"))

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "qgis": Qgis.QGIS_VERSION,
            "table": values.output("TABLE"),
            "report": values.output("REPORT"),
        }
