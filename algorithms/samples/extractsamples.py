"""Samples for training: labelled points with the values of all factors, a split and folds."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values

INTEGER = QgsProcessingParameterNumber.Type.Integer
DOUBLE = QgsProcessingParameterNumber.Type.Double


class ExtractSamples(SubsidenceAlgorithm):
    """Inventory and factor stack to samples."""

    NAME = "extractsamples"
    TITLE = "Extract samples"
    GROUP = Group.SAMPLES

    def declare(self) -> None:
        self._declare_inputs()
        self._declare_split()
        self.add(
            QgsProcessingParameterBoolean("ONE_PER_CELL", "Count a cell once", True),
            "Several points in one cell have the same factors and count as one. Where their labels "
            "differ, subsidence (1) wins.",
            advanced=True,
        )
        self.add_seed()
        self.add_points_output(
            "OUTPUT", "Samples", "Points with label, split, fold and one field for each factor."
        )
        self.addOutput(QgsProcessingOutputNumber("SAMPLES", "Number of samples"))
        self.addOutput(QgsProcessingOutputNumber("TRAINING", "Number of training samples"))
        self.addOutput(QgsProcessingOutputNumber("VALIDATION", "Number of validation samples"))

    def _declare_inputs(self) -> None:
        kinds = [
            QgsProcessing.SourceType.TypeVectorPoint,
            QgsProcessing.SourceType.TypeVectorPolygon,
        ]
        self.add(
            QgsProcessingParameterFeatureSource("POINTS", "Subsidence and absence points", kinds),
            "Points, multipoints or polygons in any CRS. Every cell whose centre lies inside a "
            "polygon becomes a sample, and at least one cell for each polygon.",
        )
        self.add(
            QgsProcessingParameterField(
                "LABEL_FIELD", "Label field", "label", "POINTS", optional=True
            ),
            "Field with 1 for subsidence and 0 for none; anything else is refused. Where the layer "
            "has no field 'label' and no other is chosen, all features count as subsidence.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("FACTORS", "Factor stack or class stack"),
            "Raster with one band for each factor, as 'Align factors' or 'Reclassify factors' "
            "writes it. Band descriptions become field names.",
        )

    def _declare_split(self) -> None:
        self.add(
            QgsProcessingParameterNumber(
                "VALIDATION_SHARE", "Share of validation points", DOUBLE, 0.3, False, 0, 0.99
            ),
            "Share (0 to 1) of the points from which the reported figures of a model come; 0.3 in "
            "the Hanoi paper.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "TEST_SHARE", "Share of test points", DOUBLE, 0, False, 0, 0.99
            ),
            "Share (0 to 1) of the points kept apart from training and validation, for a last "
            "check; none in the Hanoi paper.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterEnum(
                "SPLIT",
                "Split",
                ["Random, stratified by label", "Square blocks", "k-means on coordinates"],
                defaultValue=0,
            ),
            "How points are dealt out to the parts and to the folds. Blocks and clusters keep "
            "neighbours together.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "BLOCK_SIZE", "Side of square blocks", DOUBLE, None, True, 0
            ),
            "Side of a block in map units of the stack (metres in a metric CRS), for the split by "
            "square blocks only. Empty: a tenth of the extent of the points.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber("FOLDS", "Folds", INTEGER, 5, False, 2, 100),
            "Number of folds for cross-validation, in the field 'fold' (1, 2, …), made by the same "
            "method as the split.",
            advanced=True,
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "points": values.vector("POINTS"),
            "label_field": values.field("LABEL_FIELD"),
            "factors": values.raster("FACTORS"),
            "validation_share": values.number("VALIDATION_SHARE"),
            "test_share": values.number("TEST_SHARE"),
            "split": values.choice("SPLIT"),
            "block_size": values.number("BLOCK_SIZE"),
            "folds": values.integer("FOLDS"),
            "one_per_cell": values.flag("ONE_PER_CELL"),
            "seed": values.integer("SEED"),
            "output": values.output("OUTPUT"),
        }
