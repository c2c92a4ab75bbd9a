"""Absence points: random places without subsidence, or a choice of stable points."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values

DOUBLE = QgsProcessingParameterNumber.Type.Double
POINT = QgsProcessing.SourceType.TypeVectorPoint
POLYGON = QgsProcessing.SourceType.TypeVectorPolygon


class AbsencePoints(SubsidenceAlgorithm):
    """Subsidence inventory to an inventory with absence points."""

    NAME = "absencepoints"
    TITLE = "Absence points"
    GROUP = Group.SAMPLES

    def declare(self) -> None:
        self._declare_places()
        self._declare_distances()
        self.add_seed()
        self.add_points_output(
            "OUTPUT",
            "Subsidence and absence points",
            "Points with the field label: 1 for subsidence, 0 for absence.",
        )
        self.addOutput(QgsProcessingOutputNumber("PRESENCE_POINTS", "Number of subsidence points"))
        self.addOutput(QgsProcessingOutputNumber("ABSENCE_POINTS", "Number of absence points"))

    def _declare_places(self) -> None:
        self.add(
            QgsProcessingParameterFeatureSource("PRESENCE", "Subsidence", [POINT, POLYGON]),
            "Inventory: points, multipoints or polygons of subsidence. Of a layer with a field "
            "'label' only features of label 1 count.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "CANDIDATES", "Candidates (stable points)", [POINT], optional=True
            ),
            "Points to choose from, for example stable InSAR points. Empty: random places in the "
            "mask.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("MASK", "Mask raster", optional=True),
            "Absence points lie on cells with data in every band, at most one in a cell; in an "
            "8-bit raster of one band 0 counts as outside. Best the factor stack or class stack. "
            "Without mask and candidates the bounding box of the inventory is taken.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "MASK_POLYGONS", "Mask polygons", [POLYGON], optional=True
            ),
            "Absence points lie inside these polygons; instead of a mask raster. Empty: none.",
            advanced=True,
        )

    def _declare_distances(self) -> None:
        self.add(
            QgsProcessingParameterNumber(
                "RATIO", "Absence points per subsidence point", DOUBLE, 1, False, 0.001, 1000
            ),
            "1 gives as many absence points as subsidence points.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "MIN_DISTANCE", "Distance from subsidence", DOUBLE, 0, False, 0
            ),
            "Least distance to any subsidence, in map units of the inventory (metres where its CRS "
            "is in degrees); 0 for none.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "SPACING", "Distance between absence points", DOUBLE, 0, False, 0
            ),
            "Least distance between two absence points, in map units of the inventory (metres "
            "where its CRS is in degrees); 0 for none.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "POLYGON_SPACING", "Grid of points in polygons", DOUBLE, None, True, 0
            ),
            "Polygons of subsidence become points on a square grid this far apart, in map units of "
            "the inventory (metres where its CRS is in degrees), at least one in each polygon. "
            "Empty: the cells of the mask raster, or one point for each polygon where there is "
            "none.",
            advanced=True,
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        if values.given("MASK") and values.given("MASK_POLYGONS"):
            raise QgsProcessingException("Give either MASK or MASK_POLYGONS, not both.")
        return {
            "presence": values.vector("PRESENCE"),
            "candidates": values.vector("CANDIDATES"),
            "mask": values.raster("MASK"),
            "mask_polygons": values.vector("MASK_POLYGONS"),
            "ratio": values.number("RATIO"),
            "min_distance": values.number("MIN_DISTANCE"),
            "spacing": values.number("SPACING"),
            "polygon_spacing": values.number("POLYGON_SPACING"),
            "seed": values.integer("SEED"),
            "output": values.output("OUTPUT"),
        }
