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

#: Band, titles of its number and of its own raster, number in Landsat 8 and 9, wavelengths (µm).
BANDS = (
    ("RED", "Number of the red band", "Raster of the red band", 4, 0.64, 0.67),
    ("NIR", "Number of the near infrared band", "Raster of the near infrared band", 5, 0.85, 0.88),
    ("GREEN", "Number of the green band", "Raster of the green band", 3, 0.53, 0.59),
    ("SWIR1", "Number of the shortwave infrared band 1", "Raster of the shortwave infrared band 1",
     6, 1.57, 1.65),
)  # fmt: skip


class SpectralIndices(SubsidenceAlgorithm):
    """Computes normalized differences of satellite bands."""

    NAME = "spectralindices"
    TITLE = "Spectral indices from satellite bands"
    GROUP = Group.FACTORS

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("INPUT", "Multi-band raster", optional=True),
            "Raster that holds the bands, for example a stack of Landsat bands 1 to 7. Empty: each "
            "band is a raster of its own.",
        )
        for name, title, _raster, number, low, high in BANDS:
            self.add(
                QgsProcessingParameterBand(f"{name}_BAND", title, number, "INPUT", optional=True),
                "Band of the multi-band raster with wavelengths around {low} to {high} µm (band "
                "{number} of Landsat 8 and 9).",
                values={"low": low, "high": high, "number": number},
            )
        for name, _title, title, number, low, high in BANDS:
            self.add(
                QgsProcessingParameterRasterLayer(name, title, optional=True),
                "Raster of its own for wavelengths around {low} to {high} µm (band {number} of "
                "Landsat 8 and 9). Its first band is read in place of the multi-band raster. Only "
                "needed for an index that uses it. Empty: the multi-band raster.",
                values={"low": low, "high": high, "number": number},
            )
        self.add(
            QgsProcessingParameterEnum(
                "INDICES",
                "Indices",
                ["NDVI", "NDWI (McFeeters)", "NDBI", "MNDWI", "SAVI"],
                allowMultiple=True,
                defaultValue=[0, 1, 2],
            ),
            "Indices to write, each as a band. NDVI and SAVI use red and near infrared (NIR), NDWI "
            "green and NIR, NDBI shortwave infrared 1 (SWIR1) and NIR, MNDWI green and SWIR1.",
        )
        self._declare_scale()
        self.add_raster_output(
            "OUTPUT",
            "Spectral indices",
            "Factor stack (GeoTIFF, float32) with one band for each index, on the grid of the "
            "bands.",
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
            "Added to the scaled value: -0.2 for Landsat Collection 2 Level 2, -0.1 for Sentinel-2 "
            "from January 2022 (baseline 04.00) on, 0 for Sentinel-2 before.",
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
