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
    HELP = (
        "<p>Makes the terrain factors of a susceptibility model from a digital elevation model "
        "(DEM): one multi-band raster with the bands <i>elevation</i> (m), <i>slope</i> "
        "(degrees), <i>aspect</i> (degrees clockwise from north; flat cells are -1 and stay "
        "valid), <i>curvature</i> (1/100 m) and <i>twi</i>, the topographic wetness index. "
        "These are the five factors that Section 2 of the Hanoi susceptibility paper derives "
        "from its DEM. Next: <i>Align factors</i> with the other layers, or <i>Reclassify "
        "factors</i>.</p>"
        "<p><b>Slope and aspect</b>: method of Horn (1981), as in gdaldem and ArcGIS. A "
        "neighbour missing at the edge or beside nodata is extrapolated along a straight line, "
        "so that no cell with elevation is lost. <b>Curvature</b>: general curvature with the "
        "convention of ArcGIS, -100 × (∂²z/∂x² + ∂²z/∂y²): convex (ridge) positive, concave "
        "(valley) negative, plane zero. <b>TWI</b>: ln(a / tan slope), a being the specific "
        "catchment area (m²/m). Depressions are filled by priority flood (Barnes et al. 2014); "
        "water spreads to all lower neighbours (multiple flow direction, Freeman 1991) and "
        "crosses flats towards their nearest way out; it leaves at the edge of the DEM and into "
        "nodata. The slope in it is that of the band <i>slope</i>, with a minimum. A DEM in whole "
        "metres makes a plain a staircase of flats, over which a TWI means little: smooth it "
        "first.</p>"
        "<p>A DEM in degrees is handled: distances are taken in metres row by row. Elevations "
        "may be in another unit (Z factor). <b>Memory</b>: the TWI holds the whole DEM, "
        "17 bytes a cell (0.3 GB for 4000 × 4000, 1.7 GB for 10,000 × 10,000), and needs the "
        "Python package numba; the other factors are computed tile by tile and need neither.</p>"
    )

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
            "Band of the raster that holds the elevation; default the first.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "FACTORS",
                "Factors",
                ["Elevation", "Slope", "Aspect", "Curvature", "Topographic wetness index (TWI)"],
                allowMultiple=True,
                defaultValue=[0, 1, 2, 3, 4],
            ),
            "The bands to write. Only the TWI needs numba and the DEM in memory.",
        )
        self.add(
            number("Z_FACTOR", "Z factor", real, 1.0, minValue=1e-6),
            "Multiplies the elevations to give metres: 1 for metres, 0.3048 for feet, 0.01 for "
            "centimetres. Cell sizes are turned into metres by themselves.",
            advanced=True,
        )
        self.add(
            number("MIN_SLOPE", "Minimum slope in the TWI", real, 0.05, minValue=1e-6, maxValue=45),
            "Degrees. Flatter cells count as this steep in the TWI, which has no value at slope "
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
            "Factor stack (GeoTIFF, float32), one band a factor on the grid of the DEM.",
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
