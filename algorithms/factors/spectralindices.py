"""Landsat bands to NDVI, NDWI, NDBI and relatives."""

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

#: Band, what it is, its number in a stack of the bands of Landsat 8 or 9.
BANDS = (
    ("RED", "Red", 4, "0.64 to 0.67 µm, Landsat 8-9 band 4"),
    ("NIR", "Near infrared", 5, "0.85 to 0.88 µm, Landsat 8-9 band 5"),
    ("GREEN", "Green", 3, "0.53 to 0.59 µm, Landsat 8-9 band 3"),
    ("SWIR1", "Shortwave infrared 1", 6, "1.57 to 1.65 µm, Landsat 8-9 band 6"),
)


class SpectralIndices(SubsidenceAlgorithm):
    """Computes normalized differences of satellite bands."""

    NAME = "spectralindices"
    TITLE = "Spectral indices from satellite bands"
    GROUP = Group.FACTORS
    HELP = (
        "<p>Makes vegetation, water and built-up indices from the bands of Landsat (or another "
        "satellite) as a factor stack: one multi-band raster with the bands <i>ndvi</i>, "
        "<i>ndwi</i>, <i>ndbi</i>, <i>mndwi</i>, <i>savi</i>, as chosen. NDVI is a factor of the "
        "Hanoi susceptibility paper (Section 2). Next: <i>Align factors</i> with the other "
        "layers.</p>"
        "<ul><li>NDVI = (NIR - Red) / (NIR + Red), vegetation (Rouse et al. 1974)</li>"
        "<li>NDWI = (Green - NIR) / (Green + NIR), open water (McFeeters 1996)</li>"
        "<li>NDBI = (SWIR1 - NIR) / (SWIR1 + NIR), built-up and bare land (Zha et al. 2003)</li>"
        "<li>MNDWI = (Green - SWIR1) / (Green + SWIR1), water beside buildings (Xu 2006)</li>"
        "<li>SAVI = 1.5 (NIR - Red) / (NIR + Red + 0.5), vegetation over bright soil (Huete "
        "1988)</li></ul>"
        "<p>Give <b>one multi-band raster</b> and the numbers of its bands, or <b>one raster a "
        "band</b> (these go first). All must lie on one grid. Stored values become reflectances "
        "by scale and offset; the offset matters, without it every index is wrong. Reflectances "
        "from -0.1 to 0 count as 0 and from 1 to 1.2 as 1; values farther off, and cells where "
        "both bands reflect nothing, become nodata. Clouds are not masked.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("INPUT", "Multi-band raster", optional=True),
            "Raster that holds the bands, for example a stack of Landsat bands 1 to 7. Leave it "
            "empty when each band is a raster of its own.",
        )
        for name, title, number, wavelength in BANDS:
            self.add(
                QgsProcessingParameterBand(
                    f"{name}_BAND", f"{title}: band of it", number, "INPUT", optional=True
                ),
                f"Band number of the multi-band raster ({wavelength}).",
            )
        for name, title, _number, wavelength in BANDS:
            self.add(
                QgsProcessingParameterRasterLayer(name, f"{title} raster", optional=True),
                f"Single-band raster ({wavelength}); its first band is read, in place of the "
                "multi-band raster. Only needed for an index that takes it.",
            )
        self.add(
            QgsProcessingParameterEnum(
                "INDICES",
                "Indices",
                ["NDVI", "NDWI (McFeeters)", "NDBI", "MNDWI", "SAVI"],
                allowMultiple=True,
                defaultValue=[0, 1, 2],
            ),
            "The bands to write. NDVI and SAVI take red and NIR, NDWI green and NIR, NDBI SWIR1 "
            "and NIR, MNDWI green and SWIR1.",
        )
        self._declare_scale()
        self.add_raster_output(
            "OUTPUT",
            "Spectral indices",
            "Factor stack (GeoTIFF, float32), one band an index on the grid of the bands.",
        )

    def _declare_scale(self) -> None:
        real = QgsProcessingParameterNumber.Type.Double
        self.add(
            QgsProcessingParameterNumber("SCALE", "Scale", real, 0.0000275),
            "Reflectance = scale × stored value + offset. The default is that of Landsat "
            "Collection 2 Level 2 (surface reflectance); Landsat Collection 2 Level 1 (top of "
            "atmosphere): 0.00002 and -0.1; Sentinel-2: 0.0001; reflectances: 1 and 0.",
        )
        self.add(
            QgsProcessingParameterNumber("OFFSET", "Offset", real, -0.2),
            "Landsat Collection 2 Level 2: -0.2. Sentinel-2 from January 2022 (baseline 04.00) "
            "on: -0.1, before: 0.",
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "indices": values.choices("INDICES"),
            "stack": values.raster("INPUT"),
            "stack_bands": {name: values.integer(f"{name}_BAND") for name, *_ in BANDS},
            "rasters": {name: values.raster(name) for name, *_ in BANDS},
            "scale": values.number("SCALE"),
            "offset": values.number("OFFSET"),
            "output": values.output("OUTPUT"),
        }
