"""Factor stack to class stack, with rules that can be applied again."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterLayer,
)

from ...subsidence_plugin.engine.classes.breaks import read_breaks
from ..base import SubsidenceAlgorithm
from ..class_parameters import BREAK_METHODS, add_classes_and_breaks
from ..groups import Group
from ..values import Values


class ReclassifyFactors(SubsidenceAlgorithm):
    """Turns every band of a factor stack into classes 1..k."""

    NAME = "reclassifyfactors"
    TITLE = "Reclassify factors"
    GROUP = Group.FACTORS
    HELP = (
        "<p>Turns every band of a factor stack into classes 1, 2, … k (0 is nodata): the "
        "<b>class stack</b> on which the Hanoi susceptibility paper trains its networks (Section "
        "2; natural breaks of Jenks for all continuous factors) and from which <i>Frequency "
        "ratio</i> makes a table of every factor.</p>"
        "<p><b>Which method</b>: the chosen one for continuous bands; unique values for "
        "categorical bands; nine aspect classes (flat where negative, then north to northwest "
        "clockwise) for a band called <i>aspect</i>. RULES overrides each by name.</p>"
        "<p><b>Bounds</b>: class i holds the values above break i − 1 up to and including break "
        "i; the lowest class includes the minimum. Where rules are applied to another raster, "
        "values beyond their range go to the end classes and are counted in the log, and unique "
        "values that the rules do not list become nodata.</p>"
        "<p><b>Methods</b>: <i>Jenks</i> finds the classes of least variance within, on all "
        "cells: up to 10,000 values by jenkspy, above by exact dynamic programming on up to "
        "65,536 bins with their exact sums, refined on the values. <i>Quantile</i>: equal numbers "
        "of cells. <i>Equal interval</i>. <i>Standard deviation</i>: classes one deviation wide, "
        "centred on the mean. <i>Manual</i>: breaks as given. Quantile and standard deviation "
        "give fewer classes where breaks coincide or lie outside the values. Bands of more than "
        "16.8 million cells are read three times instead of being held, and their breaks "
        "are exact to a bin.</p>"
        "<p><b>Rules</b> are JSON by factor name, "
        '<code>{"slope": {"method": "manual", "breaks": [5, 15]}, "rain": {"method": "quantile", '
        '"classes": 4}, "curvature": "stdev"}</code>; method is one of jenks, quantile, equal, '
        "stdev, manual, aspect, unique; labels may be given too. Rules with breaks or values are "
        "applied as they are, so the saved rules of one area work in another.</p>"
        "<p>Networks take class codes as ordinal numbers, so each band is marked "
        "<i>kind=continuous, ordinal=yes</i>; what it was before is in <i>source_kind</i>, its "
        "rule in <i>rule</i>. To have categories one-hot encoded, train on the factor stack.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("FACTORS", "Factor stack"),
            "Multi-band raster with a factor a band, for example from Align factors.",
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
            "How the breaks are found, where RULES says nothing of the factor.",
        )
        add_classes_and_breaks(
            self,
            "For Jenks, quantile, equal interval and standard deviation.",
            "Inner breaks of the method Manual in ascending order, in the factor's unit: two "
            "breaks, such as -0.05, 0.05, make three classes. For one factor; several: RULES.",
        )
        self.add(
            QgsProcessingParameterFile(
                "RULES",
                "Rules by factor (JSON)",
                optional=True,
                # without "(*)", QGIS refuses JSON text as a file name of the wrong kind
                fileFilter="JSON files (*.json);;All files (*)",
            ),
            "A JSON file, such as one saved by RULES_OUTPUT, or the JSON text itself.",
        )
        self.add_raster_output(
            "OUTPUT", "Class stack", "GeoTIFF, uint8, 0 is nodata, a band a factor."
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
            "factor, class, lower (exclusive), upper (inclusive), label, cells, and the share "
            "(0 to 1) of the factor's valid cells.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterFolderDestination(
                "FOLDER", "Folder for single rasters", None, True, False
            ),
            "On request one class raster a factor, named as the factor, styled with its labels.",
        )

    def arguments(self, values: Values) -> dict[str, Any]:
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
