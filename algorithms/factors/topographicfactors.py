"""DEM to elevation, slope, aspect, curvature and TWI."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterBand,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class TopographicFactors(SubsidenceAlgorithm):
    """Turns a digital elevation model into a stack of terrain factors."""

    NAME = "topographicfactors"
    TITLE = "Topographic factors from a DEM"
    GROUP = Group.FACTORS

    def declare(self) -> None:
        number = QgsProcessingParameterNumber
        real = number.Type.Double
        self.add(
            QgsProcessingParameterRasterLayer("INPUT", "Digital elevation model (DEM)"),
            "Raster of elevations with a CRS, projected or in degrees. Take it somewhat larger "
            "than the study area: the TWI lacks the water from outside.",
        )
        self.add(
            QgsProcessingParameterBand("BAND", "Elevation band", 1, "INPUT", optional=True),
            "Band of the raster that holds the elevation. Empty: the first.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "FACTORS",
                "Factors",
                ["Elevation", "Slope", "Aspect", "Curvature", "Topographic wetness index (TWI)"],
                allowMultiple=True,
                defaultValue=[0, 1, 2, 3, 4],
            ),
            "Factors to write, each as a band. Only the TWI needs numba and the DEM in memory.",
        )
        self.add(
            number("Z_FACTOR", "Z factor", real, 1.0, minValue=1e-6),
            "Multiplies the elevations to give metres: 1 for metres, 0.3048 for feet, 0.01 for "
            "centimetres. Cell sizes are turned into metres by themselves.",
            advanced=True,
        )
        self.add(
            number("MIN_SLOPE", "Minimum slope in the TWI", real, 0.05, minValue=1e-6, maxValue=45),
            "In degrees. Flatter cells count as this steep in the TWI, which has no value at slope "
            "0; it decides the highest TWI of plains. The slope band itself is not changed.",
            advanced=True,
        )
        self.add(
            number("FLOW_EXPONENT", "Flow exponent", real, 1.1, minValue=0.1, maxValue=20),
            "Exponent of the slope in the multiple flow direction: 1.1 after Freeman (1991); "
            "larger values gather the water in the steepest direction.",
            advanced=True,
        )
        self.add_raster_output(
            "OUTPUT",
            "Topographic factors",
            "Factor stack (GeoTIFF, float32) with one band for each factor, on the grid of the "
            "DEM.",
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "dem": values.raster("INPUT"),
            "band": values.integer("BAND"),
            "factors": values.choices("FACTORS"),
            "z_factor": values.number("Z_FACTOR"),
            "min_slope": values.number("MIN_SLOPE"),
            "flow_exponent": values.number("FLOW_EXPONENT"),
            "output": values.output("OUTPUT"),
        }
