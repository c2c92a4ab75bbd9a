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

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("CLASS_RASTER", "Class raster"),
            "Raster of whole-number classes: susceptibility classes, or a class stack with one "
            "band for each factor.",
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
            "Field with 1 for subsidence and 0 for none, which is not counted. Empty, or where "
            "the layer has no field 'label': all features are subsidence.",
        )
        self.add(
            QgsProcessingParameterField(
                "SPLIT_FIELD", "Split field", "split", "POINTS", optional=True
            ),
            "Text field with train, validation or test. Empty, or where the layer has no field "
            "'split': all events are counted together.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("PROBABILITY", "Probability raster", optional=True),
            "Susceptibility from 0 to 1 (first band), which makes the curves finer. Empty: the "
            "curves come from the classes.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "ROWS", "Events of the ratio", ["Validation", "Training", "All"], defaultValue=0
            ),
            "The events that the column frequency_ratio is made from, where there is a split; the "
            "paper takes validation events.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("ONE_PER_CELL", "Count a cell once", True),
            "Several events of one split in one cell count as one.",
            advanced=True,
        )
        self.add_table_output(
            "OUTPUT", "Frequency ratios", "Table with one row for each class of each band."
        )
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
