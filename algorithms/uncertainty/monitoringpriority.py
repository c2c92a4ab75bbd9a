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

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("SPREAD", "Ensemble spread"),
            "The standard deviation of the members, as 'Ensemble uncertainty' makes it; several "
            "bands (forecast steps) are averaged.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("RESIDUAL", "Residual", optional=True),
            "Predicted minus observed, as 'Residuals of forecasts' makes it, signed or absolute: "
            "its size counts, and several bands are averaged. Empty: nowhere high.",
        )
        self.add(
            QgsProcessingParameterRasterLayer(
                "EXCEEDANCE", "Exceedance probability", optional=True
            ),
            "The share of members that reach a quantile, as 'Ensemble uncertainty' makes it. "
            "Empty: LEVELS alone tells what is high.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("LEVELS", "Levels", optional=True),
            "The levels that 'Ensemble uncertainty' makes: 3 and above is high. Empty: EXCEEDANCE "
            "alone tells what is high.",
        )
        kind = QgsProcessingParameterNumber.Type.Double
        self.add(
            QgsProcessingParameterNumber(
                "QUANTILE", "High from this quantile (%)", kind, 85, minValue=50, maxValue=99.9
            ),
            "Percentage of the cells that are not high: with 85, the highest 15 % of the cells of "
            "each raster are high.",
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
            "Percentage of the cells whose spread is low, at most QUANTILE. The same value as "
            "QUANTILE makes every spread that is not high a low one; class 4 is then empty "
            "without LEVELS.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBand(
                "EXCEEDANCE_BAND", "Band of the exceedance", 1, "EXCEEDANCE", optional=True
            ),
            "Band of EXCEEDANCE to read; 1 is the probability to reach the lowest quantile (P85).",
            advanced=True,
        )
        self.add_threads()
        self.add_raster_output(
            "OUTPUT", "Priority classes", "Raster of the classes 1 to 7; 0 is nodata."
        )
        self.add_table_output(
            "TABLE",
            "Table of areas",
            "Table with the columns class, label, condition, cells, area_km2 and share (0 to 1) "
            "of the valid area.",
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
