"""Where a model may be applied: dissimilarity index and area of applicability."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class Applicability(SubsidenceAlgorithm):
    """Samples, model and stack to the index, the area inside, and a masked map."""

    NAME = "applicability"
    TITLE = "Area of applicability"
    GROUP = Group.VALIDATION
    HELP = (
        "<p>Shows where a map extrapolates: where the factors of a pixel are unlike those of every "
        "row that the model was trained on, so that its measured error says nothing. Use it on "
        "every map before it is handed on, above all when a model is applied to another area.</p>"
        "<p>The dissimilarity index of a pixel is its distance to the nearest training row, over "
        "the mean distance between training rows; 0 is like a training row. Factors are "
        "standardised by the training rows and weighted by what they mean to the model (mean "
        "|SHAP|, the ranking of <i>Explain model</i>); a categorical factor counts by its one-hot "
        "columns, each with the weight of the factor. Values beyond the training range, which a "
        "prediction clips, count here as they are. The threshold is the upper whisker (Q3 + 1.5 "
        "interquartile ranges, at most the maximum) of the index of the training rows, each "
        "against the rows of other folds: so the area inside is the one for which a "
        "cross-validation with these folds holds on average. Folds of space give a wider area "
        "than random ones, and go with the larger error of a spatial cross-validation.</p>"
        "<p>Input are the samples that the model was trained on (others are refused), the model "
        "file, and the stack to map; bands are matched by name in any order, and classes are made "
        "by the model's rules as in <i>Predict susceptibility</i> (a model of classes cannot show "
        "values beyond the training range, which fall into an end class, but new combinations). "
        "Works tile by tile, so rasters "
        "of any size fit into memory; time grows with pixels times training rows.</p>"
        "<p>Output are the index, the area (1 inside, 0 outside), and on request a map without "
        "the cells outside, a table and a report that say which factors make the difference.</p>"
        "<p>Reference: Meyer and Pebesma (2021), Predicting into unknown space? Estimating the "
        "area of applicability of spatial prediction models. Methods in Ecology and Evolution 12, "
        "1620-1633; computed as by the authors' R package CAST.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterFeatureSource(
                "SAMPLES", "Samples of the model", [QgsProcessing.SourceType.TypeVector]
            ),
            "The layer that the model was trained on: its rows of split 'train' are compared with "
            "the pixels, its field fold gives the threshold.",
        )
        self.add(
            QgsProcessingParameterFile(
                "MODEL", "Model file", fileFilter="Model files (*.safetensors);;All files (*)"
            ),
            "A .safetensors file written by a training algorithm.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("FACTORS", "Factor stack or class stack"),
            "One band a factor, named as in the samples on which the model was trained.",
        )
        self.add(
            QgsProcessingParameterRasterLayer(
                "PROBABILITY", "Map to mask (probability)", optional=True
            ),
            "A raster that the model made of this stack, on the same grid; only used for MASKED.",
        )
        self._add_settings()
        self._add_outputs()

    def _add_settings(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "WEIGHTS",
                "Weights of the factors",
                ["Importance in the model (mean |SHAP|)", "None: all factors alike"],
                defaultValue=0,
            ),
            "By importance, an unusual value matters as much as the factor matters to the model; "
            "a factor without influence cannot put a pixel outside.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "THRESHOLD",
                "Largest index inside",
                QgsProcessingParameterNumber.Type.Double,
                None,
                optional=True,
                minValue=0,
            ),
            "Pixels with a larger dissimilarity index lie outside. Empty: the upper whisker of "
            "the index of the training rows, as published.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterField(
                "FOLD_FIELD",
                "Fold field",
                "fold",
                "SAMPLES",
                QgsProcessingParameterField.DataType.Numeric,
                optional=True,
            ),
            "Numeric field with the fold of each training row. Where it is empty or missing, each "
            "row is its own fold, as in the published software without cross-validation.",
            advanced=True,
        )
        self.add_seed()
        self.add_threads()

    def _add_outputs(self) -> None:
        self.add_raster_output(
            "OUTPUT",
            "Dissimilarity index",
            "0 = like a training row, 1 = as far as training rows are from each other on average; "
            "nodata where the model has no prediction either.",
        )
        self.add_raster_output(
            "AREA",
            "Area of applicability",
            "1 = inside, 0 = outside (the model extrapolates), 255 = nodata.",
        )
        self.add_raster_output(
            "MASKED",
            "Masked map",
            "The raster of PROBABILITY, nodata outside the area of applicability.",
            optional=True,
        )
        self.add_table_output(
            "TABLE",
            "Table of factors",
            "Weight, share in the distance of the pixels outside, and share of pixels beyond the "
            "training range, one row a factor.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputNumber("THRESHOLD_USED", "Largest index inside"))
        self.addOutput(QgsProcessingOutputNumber("SHARE_OUTSIDE", "Share of the area outside"))
        self.addOutput(QgsProcessingOutputNumber("KM2_OUTSIDE", "Area outside in km²"))

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "samples": values.vector("SAMPLES"),
            "model": values.file("MODEL"),
            "factors": values.raster("FACTORS"),
            "probability": values.raster("PROBABILITY"),
            "weights": values.choice("WEIGHTS"),
            "threshold": values.number("THRESHOLD"),
            "fold_field": values.field("FOLD_FIELD"),
            "seed": values.integer("SEED"),
            "threads": values.integer("THREADS"),
            "output": values.output("OUTPUT"),
            "area": values.output("AREA"),
            "masked": values.output("MASKED"),
            "table": values.output("TABLE"),
            "report": values.output("REPORT"),
        }
