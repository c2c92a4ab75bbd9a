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

from ...subsidence_plugin.engine.uncertainty.levels import read_quantiles
from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values

#: Raster outputs in the order of the dialog: name, title, help, and whether optional.
MAPS = (
    ("MEDIAN", "Ensemble median", "m, the median of the members, with its sign.", True),
    (
        "LEVELS",
        "Levels",
        "1 Low, 2 Medium, 3 High, 4 Highest: intensity |m| between the quantiles; 0 is nodata. "
        "The legend names the thresholds.",
        False,
    ),
    (
        "EXCEEDANCE",
        "Exceedance probability",
        "One band a quantile (P85, P95, P99): share of the members, 0 to 1, that reach it.",
        False,
    ),
    (
        "CONFIDENCE",
        "Confidence in the level",
        "Share of the members, 0 to 1, that are in the level which the pixel has in LEVELS.",
        True,
    ),
    (
        "SPREAD",
        "Ensemble spread",
        "Standard deviation of |d| over the members (ddof 0), in the units of the members.",
        False,
    ),
    (
        "RANK_VARIANCE",
        "Rank variance",
        "Variance of the members' levels (ddof 0): 0 where all agree, 2.25 where half say Low and "
        "half say Highest.",
        True,
    ),
    (
        "BIVARIATE",
        "Bivariate map",
        "Classes 1 to 9: level (low, medium, high; the two highest merged) by spread (terciles). "
        "7 is high and robust, 9 is high and unstable; 0 is nodata.",
        False,
    ),
    (
        "CLASS_PROBABILITY",
        "Probability of each level",
        "One band a level: share of the members in it; the bands sum to 1.",
        True,
    ),
)


class EnsembleUncertainty(SubsidenceAlgorithm):
    """Several predictions of the same thing to what they agree and disagree on."""

    NAME = "ensembleuncertainty"
    TITLE = "Ensemble uncertainty"
    GROUP = Group.UNCERTAINTY
    HELP = (
        "<p>Turns an ensemble (several predictions of the same map) into levels of intensity and "
        "maps of how reliable they are, as in Section 4.4 of the Rhineland forecasting paper "
        "(Figures 7, 8 and 11). Use it on the <i>MEMBERS</i> output of a forecast or of "
        "<i>Predict susceptibility</i>, or on any two or more rasters on one grid.</p>"
        "<p>The intensity of a pixel is |m|, the size of the median of its members d. The "
        "quantiles Q85, Q95 and Q99 of |m| over all pixels that are valid in every member part "
        "the levels Low (|m| &lt; Q85), Medium, High and Highest (|m| ≥ Q99). So about 15 % of "
        "every map are above Low: levels rank the pixels of one map, and are no thresholds of "
        "damage. The exceedance probability P85 is the share of members with |d| ≥ Q85, and so "
        "on; confidence is the share of members in the pixel's own level; spread is the standard "
        "deviation of |d|; rank variance that of the levels, squared. Quantiles are exact, also "
        "of rasters that do not fit into memory.</p>"
        "<p>For susceptibility the probability takes the place of |d|. Members are counted as "
        "equally likely: the shares are probabilities only as far as the ensemble covers what can "
        "happen, and an ensemble of similar models agrees too readily.</p>"
        "<p>Next: <i>Monitoring priority</i>.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(
                "INPUT", "Members of the ensemble", QgsProcessing.SourceType.TypeRaster
            ),
            "One raster with a band a member (MEMBERS output), or several rasters of one band "
            "each, all on the same grid.",
        )
        self.add(
            QgsProcessingParameterString("QUANTILES", "Quantiles (%)", "85, 95, 99"),
            "Two to four ascending percentages that part the levels.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "QUANTITY",
                "Quantity",
                ["Automatic (units in the metadata)", "Deformation (size counts)", "Probability"],
                defaultValue=0,
            ),
            "What the members hold. The formulas are the same; it decides on units and legends, "
            "and a probability outside 0 to 1 is refused.",
            advanced=True,
        )
        number = QgsProcessingParameterNumber.Type.Integer
        self.add(
            QgsProcessingParameterNumber(
                "BAND", "Band of each raster", number, None, optional=True, minValue=1
            ),
            "With several rasters of several bands (the steps of forecasts): the band to take of "
            "each. Empty: rasters have one band, or one raster has a band a member.",
            advanced=True,
        )
        self.add_threads()
        for name, title, help, optional in MAPS:
            self.add_raster_output(name, title, help, optional)
        self.add_table_output(
            "TABLE",
            "Table of levels",
            "level, name, bounds, cells, area_km2, share, mean confidence and mean spread.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("THRESHOLDS", "Quantiles of the intensity"))
        self.addOutput(QgsProcessingOutputNumber("PIXELS", "Pixels valid in all members"))

    def arguments(self, values: Values) -> dict[str, Any]:
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
