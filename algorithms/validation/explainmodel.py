"""What each factor adds to a model's predictions: SHAP values of samples and of every pixel."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterPoint,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values

#: Parameter, description, default, minimum, maximum, help; all of them advanced.
NUMBERS = (
    ("BACKGROUND", "Background rows", 100, 1, 10_000,
     "Training rows, drawn by SEED with each label in its share, over which a factor is averaged "
     "while it is not known. Their mean prediction is the base value. Time grows with them."),
    ("ROUNDS", "Rounds", 4, 1, 1000,
     "Random orders of the factors drawn for every background row and sample, each taken forwards "
     "and backwards. The standard error falls with the square root; with 1 there is none. Time "
     "grows with them."),
    ("RASTER_BACKGROUND", "Background rows of the rasters", 10, 1, 10_000,
     "A pixel costs 2 × rows × (factors − 1) predictions, so the rasters take few of the "
     "background rows, evenly along their predictions. In a trial 10 rows gave the same dominant "
     "factor as 100 at about 95 % of the places; 20 cut the error by a third. Base and bands add "
     "up to the prediction with any number."),
    ("RASTER_ROUNDS", "Rounds of the rasters", 1, 1, 1000,
     "Random orders drawn for every background row of the rasters, the same for all pixels. More "
     "background rows are worth more than more rounds."),
)  # fmt: skip


class ExplainModel(SubsidenceAlgorithm):
    """Samples and a model to ranking, SHAP fields, SHAP rasters and report."""

    NAME = "explainmodel"
    TITLE = "Explain model"
    GROUP = Group.VALIDATION

    def declare(self) -> None:
        self._add_inputs()
        self._add_place()
        self._add_rows()
        for name, text, default, low, high, meaning in NUMBERS:
            self.add(
                QgsProcessingParameterNumber(
                    name, text, QgsProcessingParameterNumber.Type.Integer, default, False, low, high
                ),
                meaning,
                advanced=True,
            )
        self.add_threads()
        self.add_seed()
        self.add_device()
        self._add_outputs()

    def _add_inputs(self) -> None:
        self.add(
            QgsProcessingParameterFeatureSource(
                "SAMPLES", "Samples", [QgsProcessing.SourceType.TypeVector]
            ),
            "The samples on which the model was trained, with one numeric field for each factor, "
            "the label and the split. Rows that lack a factor are left out.",
        )
        self.add(
            QgsProcessingParameterFile(
                "MODEL",
                "Model file",
                fileFilter="Model files (*.safetensors);;All files (*)",
            ),
            "A .safetensors file written by one of the training algorithms.",
        )
        self.add(
            QgsProcessingParameterRasterLayer(
                "FACTORS", "Factor stack or class stack (for the rasters)", optional=True
            ),
            "Needed for the two rasters only; bands are matched to the model's factors by name. "
            "To save time, clip it to the area of interest or resample it before. Empty: no "
            "rasters.",
        )

    def _add_place(self) -> None:
        self.add(
            QgsProcessingParameterString("SAMPLE", "Sample of the waterfall", None, False, True),
            "Feature id, or field=value (the first row with this value), of the sample whose "
            "prediction the report takes apart factor by factor. Empty: the highest prediction of "
            "those explained.",
        )
        self.add(
            QgsProcessingParameterPoint("POINT", "Place of the waterfall", None, True),
            "A point on the map instead of SAMPLE. With FACTORS the cell there is explained, else "
            "the nearest sample. Empty: the sample of SAMPLE.",
        )

    def _add_rows(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "ROWS", "Rows to explain", ["Validation", "Test", "Training", "All"], defaultValue=0
            ),
            "Part of the samples to explain, by the split field; without one all rows are "
            "explained.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "MAX_ROWS", "Largest number of rows",
                QgsProcessingParameterNumber.Type.Integer, 500, False, 0, 10_000_000,
            ),
            "So many of the rows, drawn by SEED with each label in its share, are explained; 0 "
            "explains all. Time grows with them.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterEnum(
                "SCALE", "Scale", ["Probability", "Log-odds"], defaultValue=0
            ),
            "What the SHAP values are shares of: the probability, as in the paper, or its "
            "log-odds ln(p / (1 − p)), on which effects near 0 and 1 count as much as in between. "
            "Probabilities are held between 0.000001 and 0.999999 there.",
        )
        self.add(
            QgsProcessingParameterBoolean("CALIBRATED", "Explain recalibrated probabilities", True),
            "Explains the probability of a recalibrated model as it is mapped, else the raw one. "
            "Without effect on other models.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterEnum(
                "DOMINANT_BY", "Dominant factor",
                ["Largest |SHAP|", "Largest positive SHAP"], defaultValue=0,
            ),
            "The factor that moves the prediction the most from the base value, up or down; or the "
            "one that raises it the most, which says what drives the hazard at a place.",
            advanced=True,
        )  # fmt: skip
        for name, text, default, meaning in (
            (
                "LABEL_FIELD",
                "Label field",
                "label",
                "Field with 1 for subsidence and 0 for none. Empty: rows are drawn without it.",
            ),
            (
                "SPLIT_FIELD",
                "Split field",
                "split",
                "Text field with train, validation or test. Empty: all rows are explained.",
            ),
        ):
            self.add(
                # Optional, since QGIS 3.22 takes no default for a mandatory field.
                QgsProcessingParameterField(name, text, default, "SAMPLES", optional=True),
                meaning,
                advanced=True,
            )

    def _add_outputs(self) -> None:
        self.add_table_output(
            "OUTPUT",
            "Ranking of the factors",
            "Table with one row for each factor, the strongest first: rank, factor, kind, "
            "mean_abs_shap, share (of the sum over all factors), mean_shap, standard_error (of a "
            "row's value, root mean square) and direction (correlation of value and SHAP value, "
            "empty for categories).",
        )
        self.add_points_output(
            "SAMPLE_SHAP",
            "Samples with SHAP values",
            "The explained samples with all their fields, prediction, base_value and shap_FACTOR "
            "for every factor; coloured by the strongest factor. No shapefile.",
            optional=True,
        )
        self.add_raster_output(
            "RASTER_SHAP",
            "SHAP values",
            "One band for each factor (float32); needs FACTORS. Base value (in the metadata) and "
            "bands add up to the prediction at every pixel.",
            optional=True,
        )
        self.add_raster_output(
            "DOMINANT",
            "Dominant factor",
            "The classes 1, 2 and so on are the factors in the model's order; one more stands for "
            "none. Needs FACTORS.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("TOP_FACTOR", "Strongest factor"))
        self.addOutput(QgsProcessingOutputNumber("BASE_VALUE", "Base value"))
        self.addOutput(
            QgsProcessingOutputNumber("ADDITIVITY", "Largest |base value + sum − prediction|")
        )
        self.addOutput(QgsProcessingOutputNumber("STANDARD_ERROR", "Largest standard error"))

    def arguments(self, values: Values) -> dict[str, Any]:
        names = ("MAX_ROWS", "SEED", "THREADS", *(number[0] for number in NUMBERS))
        return {
            **{name.lower(): values.integer(name) for name in names},
            **{
                name.lower(): values.choice(name)
                for name in ("ROWS", "SCALE", "DOMINANT_BY", "DEVICE")
            },
            **{
                name.lower(): values.output(name)
                for name in ("OUTPUT", "SAMPLE_SHAP", "RASTER_SHAP", "DOMINANT", "REPORT")
            },
            "samples": values.vector("SAMPLES"),
            "model": values.file("MODEL"),
            "factors": values.raster("FACTORS"),
            "sample": values.text("SAMPLE"),
            "point": self._point(values),
            "calibrated": values.flag("CALIBRATED"),
            "label_field": values.field("LABEL_FIELD"),
            "split_field": values.field("SPLIT_FIELD"),
        }

    def _point(self, values: Values) -> Optional[list]:
        """Return [x, y, WKT] of the point, None where it is empty."""
        if not values.given("POINT"):
            return None
        given = values.parameters, "POINT", values.context
        place, crs = self.parameterAsPoint(*given), self.parameterAsPointCrs(*given)
        return [place.x(), place.y(), crs.toWkt() if crs.isValid() else ""]
