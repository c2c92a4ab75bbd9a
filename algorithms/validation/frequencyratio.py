"""Frequency ratios of classes, with success- and prediction-rate curves."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class FrequencyRatio(SubsidenceAlgorithm):
    """Class raster and subsidence events to frequency ratios and rates."""

    NAME = "frequencyratio"
    TITLE = "Frequency ratio"
    GROUP = Group.VALIDATION
    HELP = (
        "<p>Tells how much denser subsidence is in each class than in the whole area: share of "
        "events in the class divided by share of area in the class. Use it on susceptibility "
        "classes to judge a map (Table 2 of the paper), or on a class stack to see which classes "
        "of each factor hold the subsidence; every band is evaluated.</p>"
        "<p>Input is a raster of whole-number classes and the subsidence points or polygons, in "
        "any CRS; of samples only rows with label 1 count. With a split, the ratio is made from "
        "validation events, the success-rate curve from training events and the prediction-rate "
        "curve from validation events; without one, all events count and the log says so. The "
        "curves come from the probability raster when it is given, otherwise from the classes "
        "(five classes give five points).</p>"
        "<p>Output is a table with one row a class: cells, events, their shares in percent, the "
        "ratio (null where the class has no area), events and ratio by split, and the areas under "
        "the curves; and a report with figures.</p>"
        "<p>Reference: the susceptibility paper (Hanoi), section 6.2.2 and Table 2; rates after "
        "Chung and Fabbri (2003), Natural Hazards 30.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("CLASS_RASTER", "Class raster"),
            "Whole-number classes: susceptibility classes, or a class stack with a band a factor.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "POINTS",
                "Subsidence points or samples",
                [
                    QgsProcessing.SourceType.TypeVectorPoint,
                    QgsProcessing.SourceType.TypeVectorPolygon,
                ],
            ),
            "An inventory, or samples with a label. Of polygons every cell whose centre lies "
            "inside (at least one) is an event. Any CRS.",
        )
        self.add(
            QgsProcessingParameterField(
                "LABEL_FIELD", "Label field", "label", "POINTS", optional=True
            ),
            "1 = subsidence, 0 = none (not counted). Where the layer has no field 'label', all "
            "features are subsidence.",
        )
        self.add(
            QgsProcessingParameterField(
                "SPLIT_FIELD", "Split field", "split", "POINTS", optional=True
            ),
            "Text field with train, validation or test. Where the layer has no field 'split', all "
            "events are counted together.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("PROBABILITY", "Probability raster", optional=True),
            "Susceptibility from 0 to 1 (first band); makes the curves finer than the classes do.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "ROWS", "Events of the ratio", ["Validation", "Training", "All"], defaultValue=0
            ),
            "Which events the column 'frequency_ratio' is made from, where there are splits; the "
            "paper takes validation events.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("ONE_PER_CELL", "Count a cell once", True),
            "Several events of one split in one cell count as one.",
            advanced=True,
        )
        self.add_table_output("OUTPUT", "Frequency ratios", "One row a class of each band.")
        self.add_report()
        self.addOutput(QgsProcessingOutputNumber("EVENTS", "Events counted"))
        self.addOutput(QgsProcessingOutputNumber("SUCCESS_RATE", "Area under the success rate"))
        self.addOutput(
            QgsProcessingOutputNumber("PREDICTION_RATE", "Area under the prediction rate")
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "class_raster": values.raster("CLASS_RASTER"),
            "points": values.vector("POINTS"),
            "label_field": values.field("LABEL_FIELD"),
            "split_field": values.field("SPLIT_FIELD"),
            "probability": values.raster("PROBABILITY"),
            "rows": values.choice("ROWS"),
            "one_per_cell": values.flag("ONE_PER_CELL"),
            "output": values.output("OUTPUT"),
            "report": values.output("REPORT"),
        }
