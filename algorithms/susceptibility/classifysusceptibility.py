"""Probability raster to susceptibility classes with km² and share."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterRasterLayer,
)

from ...subsidence_plugin.engine.classes.breaks import read_breaks
from ..base import SubsidenceAlgorithm
from ..class_parameters import BREAK_METHODS, add_classes_and_breaks
from ..groups import Group
from ..values import Values


class ClassifySusceptibility(SubsidenceAlgorithm):
    """Turns a probability into very low to very high susceptibility."""

    NAME = "classifysusceptibility"
    TITLE = "Classify susceptibility"
    GROUP = Group.SUSCEPTIBILITY
    HELP = (
        "<p>Turns a probability raster, as <i>Predict susceptibility</i> makes it, into "
        "susceptibility classes 1 (very low) to 5 (very high), with their area and share. By "
        "default by natural breaks of Jenks in five classes, as in the Hanoi susceptibility paper "
        "(Fig. 9), on all cells; the paper's own breaks (0.078125, 0.249999, 0.507811, 0.781248) "
        "can be chosen, to compare maps of several models or areas by the same classes. Next: "
        "<i>Frequency ratio</i>, which tells whether the higher classes hold more "
        "subsidence.</p>"
        "<p>Class i holds the values above break i − 1 up to and including break i; the lowest "
        "class includes the minimum. The breaks and the table are in the log. Areas: on the "
        "ellipsoid row by row where the CRS is in degrees, else in the plane of the "
        "projection. Memory does not grow with the raster beyond 16.8 million cells.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("INPUT", "Probability raster"),
            "Its first band is classified; any range of values is taken.",
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
            "Not used by Manual and by the breaks of the paper.",
            "Inner breaks of the method Manual in ascending order, such as 0.2, 0.4, 0.6, 0.8 for "
            "five classes.",
        )
        self.add_raster_output(
            "OUTPUT",
            "Susceptibility classes",
            "GeoTIFF, uint8: 1 is the lowest class, 0 is nodata.",
        )
        self.add_table_output(
            "TABLE",
            "Table of classes",
            "class, label, lower (exclusive), upper (inclusive), cells, area_km2, and the share "
            "(0 to 1) of the classified area.",
            optional=True,
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "probability": values.raster("INPUT"),
            "method": values.choice("METHOD"),
            "classes": values.integer("CLASSES"),
            "breaks": read_breaks(values.text("BREAKS"), "BREAKS"),
            "output": values.output("OUTPUT"),
            "table": values.output("TABLE"),
        }
