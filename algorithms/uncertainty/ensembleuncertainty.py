"""Members of an ensemble to levels, exceedance, confidence, spread and a bivariate map."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterEnum,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values

#: Raster outputs in the order of the dialog: name, title, help, and whether optional.
MAPS = (
    (
        "MEDIAN",
        "Ensemble median",
        "The median m of the members with its sign, in their units.",
        True,
    ),
    (
        "LEVELS",
        "Levels",
        "Classes 1 Low, 2 Medium, 3 High and 4 Highest of the intensity |m|; 0 is nodata. The "
        "legend names the thresholds.",
        False,
    ),
    (
        "EXCEEDANCE",
        "Exceedance probability",
        "One band for each quantile (P85, P95, P99): the share of the members, 0 to 1, that reach "
        "it.",
        False,
    ),
    (
        "CONFIDENCE",
        "Confidence in the level",
        "The share of the members, 0 to 1, that are in the level which the pixel has in LEVELS.",
        True,
    ),
    (
        "SPREAD",
        "Ensemble spread",
        "The standard deviation of |d| over the members, in their units.",
        False,
    ),
    (
        "RANK_VARIANCE",
        "Rank variance",
        "The variance of the members' levels: 0 where all agree, 2.25 where half say Low and half "
        "say Highest.",
        True,
    ),
    (
        "BIVARIATE",
        "Bivariate map",
        "Classes 1 to 9 of level (low, medium, high; the two highest are one) by spread (thirds "
        "of the pixels). 7 is high and robust, 9 is high and unstable; 0 is nodata.",
        False,
    ),
    (
        "CLASS_PROBABILITY",
        "Probability of each level",
        "One band for each level: the share of the members in it. The bands sum to 1.",
        True,
    ),
)


class EnsembleUncertainty(SubsidenceAlgorithm):
    """Several predictions of the same thing to what they agree and disagree on."""

    NAME = "ensembleuncertainty"
    TITLE = "Ensemble uncertainty"
    GROUP = Group.UNCERTAINTY

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(
                "INPUT", "Members of the ensemble", QgsProcessing.SourceType.TypeRaster
            ),
            "One raster with one band for each member (the output MEMBERS), or several rasters of "
            "one band each, all on the same grid.",
        )
        self.add(
            QgsProcessingParameterString("QUANTILES", "Quantiles (%)", "85, 95, 99"),
            "Two to four ascending percentages, with commas between them, at which the levels "
            "begin.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "QUANTITY",
                "Quantity",
                ["Automatic (units in the metadata)", "Deformation (size counts)", "Probability"],
                defaultValue=0,
            ),
            "What the members hold. It decides on units and legends, not on the formulas; "
            "probabilities outside 0 to 1 are refused.",
            advanced=True,
        )
        number = QgsProcessingParameterNumber.Type.Integer
        self.add(
            QgsProcessingParameterNumber(
                "BAND", "Band of each raster", number, None, optional=True, minValue=1
            ),
            "Of several rasters of several bands (the steps of forecasts) the band to take of "
            "each. Empty: the rasters have one band, or one raster has one band for each member.",
            advanced=True,
        )
        self.add_threads()
        for name, title, help, optional in MAPS:
            self.add_raster_output(name, title, help, optional)
        self.add_table_output(
            "TABLE",
            "Table of levels",
            "Table with the columns level, name, bounds, cells, area_km2, share, mean confidence "
            "and mean spread.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("THRESHOLDS", "Quantiles of the intensity"))
        self.addOutput(QgsProcessingOutputNumber("PIXELS", "Pixels valid in all members"))

    def arguments(self, values: Values) -> dict[str, Any]:
        from ...subsidence_plugin.engine.uncertainty.levels import read_quantiles

        return {
            "members": [path for path, _name in values.rasters("INPUT")],
            "quantiles": read_quantiles(values.text("QUANTILES")),
            "quantity": values.choice("QUANTITY"),
            "band": values.integer("BAND"),
            "threads": values.integer("THREADS"),
            **{name.lower(): values.output(name) for name, *_others in MAPS},
            "table": values.output("TABLE"),
            "report": values.output("REPORT"),
        }
