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
    HELP = (
        "<p>Lists the Python packages that the plugin uses with version and place, says which are "
        "missing, too old or broken, and warns where another numpy or scipy stands before QGIS's, "
        "which can break GDAL. Tells the device that networks will be computed on (GPU with its "
        "memory, or CPU with its cores) and whether bfloat16 is fast there.</p>"
        "<p>Prints the one pip line that installs what is missing into this QGIS and keeps its "
        "numpy and scipy. It installs nothing itself and uses no network. Run it after installing "
        "the plugin, when an algorithm says that a package is missing, or before asking for help. "
        "There are no inputs; outputs are the log, an optional HTML page and an optional table. "
        "The menu Plugins &gt; Land subsidence shows the same with a button that copies the "
        "line; headless: <code>qgis_process run subsidence:checkinstallation</code>.</p>"
    )

    def declare(self) -> None:
        self.add_table_output(
            "TABLE",
            "Table of packages",
            "A row a package: bounds asked for, version, state, origin, folder, use.",
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
