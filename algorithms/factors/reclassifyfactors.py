"""Factor stack to class stack, with rules that can be applied again."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..class_parameters import BREAK_METHODS, add_classes_and_breaks
from ..groups import Group
from ..values import Values


class ReclassifyFactors(SubsidenceAlgorithm):
    """Turns every band of a factor stack into classes 1..k."""

    NAME = "reclassifyfactors"
    TITLE = "Reclassify factors"
    GROUP = Group.FACTORS

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("FACTORS", "Factor stack"),
            "Raster with one band for each factor, for example from 'Align factors'.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "METHOD",
                "Method for continuous factors",
                [
                    *BREAK_METHODS,
                    "Aspect in nine classes",
                    "Unique values",
                ],
                defaultValue=0,
            ),
            "How the breaks of a continuous factor are found, where RULES says nothing of it.",
        )
        add_classes_and_breaks(
            self,
            "Number of classes of each factor, for the methods Jenks, quantile, equal interval and "
            "standard deviation.",
            "Inner breaks of the method Manual in ascending order, in the factor's unit: two "
            "breaks, such as -0.05, 0.05, make three classes. They suit one factor; for several "
            "use RULES. Other methods do not use it.",
        )
        self.add(
            QgsProcessingParameterFile(
                "RULES",
                "Rules by factor (JSON)",
                optional=True,
                # without "(*)", QGIS refuses JSON text as a file name of the wrong kind
                fileFilter="JSON files (*.json);;All files (*)",
            ),
            "A JSON file, such as one saved by RULES_OUTPUT, or the JSON text itself. Empty: all "
            "factors follow the method above.",
        )
        self.add_raster_output(
            "OUTPUT",
            "Class stack",
            "GeoTIFF, uint8, where 0 is nodata, with one band for each factor.",
        )
        self.add_file_output(
            "RULES_OUTPUT",
            "Rules",
            "JSON files (*.json)",
            "The complete rules of this run, to be applied to another raster through RULES.",
            optional=True,
        )
        self.add_table_output(
            "TABLE",
            "Table of classes",
            "Table with factor, class, lower (exclusive), upper (inclusive), label, cells, and the "
            "share (0 to 1) of the factor's valid cells.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterFolderDestination(
                "FOLDER", "Folder for single rasters", None, True, False
            ),
            "Gets one class raster for each factor, named as the factor and styled with its "
            "labels. Empty: none are written.",
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        from ...subsidence_plugin.engine.classes.breaks import read_breaks

        return {
            "factors": values.raster("FACTORS"),
            "method": values.choice("METHOD"),
            "classes": values.integer("CLASSES"),
            "breaks": read_breaks(values.text("BREAKS"), "BREAKS"),
            "rules": values.text("RULES"),
            "output": values.output("OUTPUT"),
            "rules_output": values.output("RULES_OUTPUT"),
            "table": values.output("TABLE"),
            "folder": values.output("FOLDER"),
        }
