"""InSAR points to a deformation stack: one map of displacement a date."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class GridDeformation(SubsidenceAlgorithm):
    """Inverse distance weighting of InSAR points, date by date."""

    NAME = "griddeformation"
    TITLE = "Grid InSAR deformation"
    GROUP = Group.FORECASTING

    def declare(self) -> None:
        whole = QgsProcessingParameterNumber.Type.Integer
        real = QgsProcessingParameterNumber.Type.Double
        self.add(
            QgsProcessingParameterFeatureSource(
                "INPUT", "InSAR points", [QgsProcessing.SourceType.TypeVectorPoint]
            ),
            "Points with a numeric field for each date, in mm and in any order, named D20200103 "
            "(or 20200103, 2020-01-03).",
        )
        self.add(
            QgsProcessingParameterNumber(
                "RESOLUTION", "Cell size (map units)", real, 100.0, minValue=1e-6
            ),
            "Side of a cell, in metres for the usual projected CRS. Cells begin at multiples of "
            "it, so that grids of several layers match.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "NEIGHBOURS", "Neighbours", whole, 12, minValue=1, maxValue=1000
            ),
            "A cell takes at most so many of the nearest points. More give smoother maps.",
        )
        self.add(
            QgsProcessingParameterNumber("POWER", "Power", real, 2.0, minValue=0, maxValue=100),
            "A point has the weight 1 / distance^power. 0 is the plain mean of the neighbours; "
            "the larger, the more the nearest point decides.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "MAX_DISTANCE", "Maximum distance (map units)", real, 500.0, minValue=1e-6
            ),
            "Points farther from the centre of a cell do not count; a cell without a nearer one "
            "is nodata.",
        )
        self.add(
            QgsProcessingParameterExtent("EXTENT", "Extent", optional=True),
            "Area to grid, in any CRS. Points just outside still count for the cells at the "
            "border. Empty: the area of all points.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "STEP", "Step between bands (days)", whole, None, optional=True, minValue=1,
                maxValue=3660,
            ),
            "One band every so many days from the first date on, interpolated in time where there "
            "is no acquisition. Empty: the bands are the dates of the layer.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterFeatureSource(
                "REFERENCE", "Reference area", [QgsProcessing.SourceType.TypeVectorPolygon],
                optional=True,
            ),
            "Polygons over stable ground: the mean of the points inside is taken off all points "
            "at each date. They may lie outside the extent. Empty: values as delivered.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterBoolean("REMOVE_MEDIAN", "Take the median off each date", False),
            "Takes the median of all points off at each date, which removes what the whole area "
            "has in common (residual atmosphere, but also real motion of the whole area). Not "
            "together with a reference area.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "MAX_GAP", "Longest gap to bridge (days)", real, 60.0, minValue=1, maxValue=36600
            ),
            "With STEP: nothing is put between two values of a point that are more days apart.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "FILL_DISTANCE", "Fill cells up to this distance (map units)", real, None,
                optional=True,
            ),
            "Cells whose nearest point is farther from their centre than this (metres in the usual "
            "projected CRS) are nodata; the other cells still take points up to MAX_DISTANCE. "
            "Half the diagonal of a cell (71 m for 100 m cells) fills all cells that contain a "
            "point, and others only right beside one. Greater than 0, at most MAX_DISTANCE. "
            "Empty: as far as MAX_DISTANCE.",
            advanced=True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterCrs("CRS", "CRS of the grid", optional=True),
            "A projected CRS. Empty: that of the points, or their UTM zone where they are in "
            "degrees.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "LEFT_OUT", "Points left out for the error", whole, 10_000, minValue=0
            ),
            "At most so many points, drawn at random, are predicted from the others to tell the "
            "error. 0: none.",
            advanced=True,
        )
        self.add_seed()
        self.add_raster_output(
            "OUTPUT",
            "Deformation stack",
            "Raster with one band for each date, in mm (float32); nodata where no point is within "
            "reach.",
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputNumber("BANDS", "Bands of the stack"))
        self.addOutput(QgsProcessingOutputNumber("CELLS", "Cells with a value"))
        self.addOutput(QgsProcessingOutputNumber("RMSE", "RMSE at left-out points (mm)"))

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "points": values.vector("INPUT"),
            "output": values.output("OUTPUT"),
            "resolution": values.number("RESOLUTION"),
            "neighbours": values.integer("NEIGHBOURS"),
            "power": values.number("POWER"),
            "max_distance": values.number("MAX_DISTANCE"),
            "fill_distance": values.number("FILL_DISTANCE"),
            "extent": values.extent("EXTENT"),
            "crs": values.crs("CRS"),
            "step": values.integer("STEP"),
            "max_gap": values.number("MAX_GAP"),
            "reference": values.vector("REFERENCE"),
            "remove_median": values.flag("REMOVE_MEDIAN"),
            "left_out": values.integer("LEFT_OUT"),
            "seed": values.integer("SEED"),
            "report": values.output("REPORT"),
        }
