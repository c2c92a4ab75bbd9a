"""Spread, residual and exceedance to a map of what to do where."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterBand,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class MonitoringPriority(SubsidenceAlgorithm):
    """The decision rules of the Rhineland paper as a class map."""

    NAME = "monitoringpriority"
    TITLE = "Monitoring priority"
    GROUP = Group.UNCERTAINTY
    HELP = (
        "<p>Turns the maps of an ensemble into a map of actions, by the rules of the Rhineland "
        "forecasting paper (Sections 4.4 and 5). Use it after <i>Ensemble uncertainty</i> and "
        "<i>Residuals of forecasts</i>, to decide where to measure, verify or intervene first.</p>"
        "<p>P: exceedance probability high; R: |residual| high; U: spread high. Each is high from "
        "its own quantile (QUANTILE) on, over the cells valid in all rasters, and above its "
        "minimum. Low spread is that up to LOW_QUANTILE, by default the lowest third, as in the "
        "bivariate map. Every cell gets the first class that fits:</p>"
        "<p>1 Robust high (P and low spread): intervene first<br>"
        "2 Unstable high (P and U): verify in the field before building<br>"
        "3 R and U: dense monitoring (GNSS, corner reflectors)<br>"
        "4 P and R: densify monitoring, verify<br>"
        "5 U or P without R: densify, recalibrate thresholds<br>"
        "6 R without U: model bias, check data<br>"
        "7 None of these: routine, low-frequency inspection</p>"
        "<p>With LEVELS, classes 1 and 2 ask for the level High or Highest instead of P, and such "
        "a cell counts as P in the others. Give EXCEEDANCE or LEVELS, or both. Without RESIDUAL "
        "classes 3, 4 and 6 cannot occur. Quantiles rank the cells of one map: some cells come "
        "out high in a stable area too, so read the classes beside the median in mm. Where members "
        "differ in proportion to the deformation, no high cell has a low spread and class 1 stays "
        "empty.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("SPREAD", "Ensemble spread"),
            "Standard deviation of the members; several bands (forecast steps) are averaged.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("RESIDUAL", "Residual", optional=True),
            "Predicted − observed, signed or absolute; its size counts, several bands are "
            "averaged. Empty: nowhere high.",
        )
        self.add(
            QgsProcessingParameterRasterLayer(
                "EXCEEDANCE", "Exceedance probability", optional=True
            ),
            "As <i>Ensemble uncertainty</i> makes it, a band a quantile.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("LEVELS", "Levels", optional=True),
            "As <i>Ensemble uncertainty</i> makes them: 3 and above is high.",
        )
        kind = QgsProcessingParameterNumber.Type.Double
        self.add(
            QgsProcessingParameterNumber(
                "QUANTILE", "High from this quantile (%)", kind, 85, minValue=50, maxValue=99.9
            ),
            "Percentage: with 85, the highest 15 % of the cells of each raster are high.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "LOW_QUANTILE",
                "Low spread up to this quantile (%)",
                kind,
                33.333333333,
                minValue=1,
                maxValue=99.9,
            ),
            "Percentage, at most QUANTILE. The same value as QUANTILE makes every spread that is "
            "not high a low one; class 4 is then empty without LEVELS.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBand(
                "EXCEEDANCE_BAND", "Band of the exceedance", 1, "EXCEEDANCE", optional=True
            ),
            "1 is the probability to reach the lowest quantile (P85).",
            advanced=True,
        )
        self.add_threads()
        self.add_raster_output(
            "OUTPUT", "Priority classes", "GeoTIFF, uint8: classes 1 to 7, 0 is nodata."
        )
        self.add_table_output(
            "TABLE",
            "Table of areas",
            "class, label, condition, cells, area_km2 and share (0 to 1) of the valid area.",
            optional=True,
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "spread": values.raster("SPREAD"),
            "residual": values.raster("RESIDUAL"),
            "exceedance": values.raster("EXCEEDANCE"),
            "exceedance_band": values.integer("EXCEEDANCE_BAND") or 1,
            "levels": values.raster("LEVELS"),
            "quantile": values.number("QUANTILE"),
            "low_quantile": values.number("LOW_QUANTILE"),
            "threads": values.integer("THREADS"),
            "output": values.output("OUTPUT"),
            "table": values.output("TABLE"),
        }
