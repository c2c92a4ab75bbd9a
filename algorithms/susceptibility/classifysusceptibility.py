"""Probability raster to susceptibility classes with km² and share."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..class_parameters import BREAK_METHODS, add_classes_and_breaks
from ..groups import Group
from ..values import Values


class ClassifySusceptibility(SubsidenceAlgorithm):
    """Turns a probability into very low to very high susceptibility."""

    NAME = "classifysusceptibility"
    TITLE = "Classify susceptibility"
    GROUP = Group.SUSCEPTIBILITY

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("INPUT", "Probability raster"),
            "Raster of 'Predict susceptibility', or another; its first band is classified, "
            "whatever its range of values.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "METHOD",
                "Method",
                [
                    *BREAK_METHODS,
                    "Breaks of the Hanoi paper",
                ],
                defaultValue=0,
            ),
            "How the breaks between classes are found.",
        )
        add_classes_and_breaks(
            self,
            "Number of classes; the methods Manual and Breaks of the Hanoi paper do not use it.",
            "Inner breaks of the method Manual in ascending order, such as 0.2, 0.4, 0.6, 0.8 for "
            "five classes. Other methods do not use it.",
        )
        self.add_raster_output(
            "OUTPUT",
            "Susceptibility classes",
            "GeoTIFF, uint8: 1 is the lowest class, 0 is nodata.",
        )
        self.add_table_output(
            "TABLE",
            "Table of classes",
            "Table with class, label, lower (exclusive), upper (inclusive), cells, area_km2, and "
            "the share (0 to 1) of the classified area.",
            optional=True,
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        from ...subsidence_plugin.engine.classes.breaks import read_breaks

        return {
            "probability": values.raster("INPUT"),
            "method": values.choice("METHOD"),
            "classes": values.integer("CLASSES"),
            "breaks": read_breaks(values.text("BREAKS"), "BREAKS"),
            "output": values.output("OUTPUT"),
            "table": values.output("TABLE"),
        }
