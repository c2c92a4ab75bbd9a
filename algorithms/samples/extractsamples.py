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
    HELP = (
        "Reads the value of every factor at subsidence (1) and absence (0) points, and divides the "
        "points into training, validation and, if wanted, test parts and into cross-validation "
        "folds. Run it after 'Absence points' and before training a model.\n\n"
        "Inputs are an inventory in any CRS, with a field of 1 and 0, and a factor stack or class "
        "stack. Points outside the stack, points where a factor has no data and further points in "
        "the same cell are dropped and counted in the log; polygons become the cells they "
        "cover.\n\n"
        "A random split is stratified: each part has the same share of both classes. Neighbouring "
        "points are alike, so a random split flatters a model; square blocks and k-means clusters "
        "of the coordinates keep neighbours together and tell how well a model does in places it "
        "has not seen (Brenning 2012, IGARSS, 5372-5375).\n\n"
        "Output is a point layer in the CRS of the stack with the fields label, split (train, "
        "validation, test), fold and one a factor, named as the stack's bands. Factor kinds and "
        "class rules travel in the metadata of the layer, which only GPKG keeps; shapefiles cut "
        "field names and are refused.\n\n"
        "Reference: the susceptibility paper (Hanoi), sections 4 and 5: 70 percent of the points "
        "train, 30 percent validate."
    )

    def declare(self) -> None:
        self._declare_inputs()
        self._declare_split()
        self.add(
            QgsProcessingParameterBoolean("ONE_PER_CELL", "Count a cell once", True),
            "Several points in one cell have the same factors and count as one; where their labels "
            "differ, subsidence (1) wins.",
            advanced=True,
        )
        self.add_seed()
        self.add_points_output(
            "OUTPUT", "Samples", "Points with label, split, fold and one field a factor."
        )
        self.addOutput(QgsProcessingOutputNumber("SAMPLES", "Number of samples"))
        self.addOutput(QgsProcessingOutputNumber("TRAINING", "Training samples"))
        self.addOutput(QgsProcessingOutputNumber("VALIDATION", "Validation samples"))

    def _declare_inputs(self) -> None:
        kinds = [
            QgsProcessing.SourceType.TypeVectorPoint,
            QgsProcessing.SourceType.TypeVectorPolygon,
        ]
        self.add(
            QgsProcessingParameterFeatureSource("POINTS", "Subsidence and absence points", kinds),
            "Points, multipoints or polygons in any CRS. Of polygons every cell whose centre lies "
            "inside becomes a sample, and at least one cell a polygon.",
        )
        self.add(
            QgsProcessingParameterField(
                "LABEL_FIELD", "Label field", "label", "POINTS", optional=True
            ),
            "1 = subsidence, 0 = none; anything else is refused. Where the layer has no field "
            "'label' and no other is chosen, all features count as subsidence.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("FACTORS", "Factor stack"),
            "One band a factor, as 'Align factors' or 'Reclassify factors' writes it. Band "
            "descriptions become field names.",
        )

    def _declare_split(self) -> None:
        self.add(
            QgsProcessingParameterNumber(
                "VALIDATION_SHARE", "Share of validation points", DOUBLE, 0.3, False, 0, 0.99
            ),
            "From 0 to 1. The reported figures of a model come from these points; 0.3 in the "
            "paper.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "TEST_SHARE", "Share of test points", DOUBLE, 0, False, 0, 0.99
            ),
            "From 0 to 1. Points kept apart from training and validation; none in the paper.",
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
            "In map units of the stack (metres in a metric CRS). Empty: a tenth of the extent of "
            "the points. Only for square blocks.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber("FOLDS", "Folds", INTEGER, 5, False, 2, 100),
            "Number of cross-validation folds, in the field 'fold' (1, 2, ...), made by the same "
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
