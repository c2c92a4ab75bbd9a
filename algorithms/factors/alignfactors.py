"""Rasters and categorical polygons to a factor stack on one grid."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterCrs,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class AlignFactors(SubsidenceAlgorithm):
    """Brings factors of any CRS, cell size and extent to one multi-band raster."""

    NAME = "alignfactors"
    TITLE = "Align factors"
    GROUP = Group.FACTORS

    def declare(self) -> None:
        raster = QgsProcessing.SourceType.TypeRaster
        self.add(
            QgsProcessingParameterMultipleLayers(
                "RASTERS", "Continuous rasters", raster, optional=True
            ),
            "Rasters of measured values, such as elevation, rainfall or groundwater depth. A band "
            "whose metadata says 'kind=categorical' (in a factor stack made here) stays "
            "categorical. Empty: none.",
        )
        self.add(
            QgsProcessingParameterMultipleLayers(
                "CATEGORICAL", "Categorical rasters", raster, optional=True
            ),
            "Rasters of codes, such as land cover or geology; they are never averaged. Empty: "
            "none.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "POLYGONS",
                "Categorical polygons",
                [QgsProcessing.SourceType.TypeVectorPolygon],
                optional=True,
            ),
            "Polygons with classes, such as a geological map. Several polygon layers: run again "
            "with the factor stack of the first run as a raster. Empty: none.",
        )
        self.add(
            QgsProcessingParameterField(
                "POLYGON_FIELD",
                "Fields with the classes",
                parentLayerParameterName="POLYGONS",
                allowMultiple=True,
                optional=True,
            ),
            "Each chosen field becomes a factor of its name. Whole numbers are the codes "
            "themselves, texts are coded; numbers with fractions make a continuous factor. Needed "
            "with polygons.",
        )
        self.add(
            QgsProcessingParameterString("NAMES", "Names of the factors", optional=True),
            "Either 'old=new' for some factors (dem=elevation, lc_2024=lulc) or one name for each "
            "factor in order (rasters, categorical rasters, polygon fields), parted by commas. "
            "Empty: the names of bands, layers or files.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("REFERENCE", "Reference raster", optional=True),
            "Raster whose CRS, cells and extent are taken; CRS, cell size and extent then stay "
            "empty. Empty: the grid follows from these.",
        )
        self.add(
            QgsProcessingParameterCrs("CRS", "CRS", optional=True),
            "Coordinate reference system of the factor stack. Empty: that of the first raster.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "RESOLUTION",
                "Cell size",
                QgsProcessingParameterNumber.Type.Double,
                optional=True,
                minValue=1e-9,
            ),
            "Side of a cell in units of the CRS (metres, or degrees). Empty: that of the first "
            "raster.",
        )
        self.add(
            QgsProcessingParameterExtent("EXTENT", "Extent", optional=True),
            "Area to cover, in any CRS. Empty: the extent that all rasters have in common.",
        )
        self.add_raster_output(
            "OUTPUT",
            "Factor stack",
            "GeoTIFF, float32 with NaN as nodata. Each factor is a band, with its name as "
            "description and its kind (continuous, categorical) in the metadata.",
        )
        self.add_table_output(
            "TABLE",
            "Legend table",
            "Table of the codes given to polygon texts: factor, code, text.",
            optional=True,
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        crs = values.crs("CRS")
        polygons = values.vector("POLYGONS")
        return {
            "rasters": values.rasters("RASTERS"),
            "categorical": values.rasters("CATEGORICAL"),
            "polygons": polygons,
            "polygon_fields": values.fields("POLYGON_FIELD") if polygons else [],
            "names": values.text("NAMES"),
            "reference": values.raster("REFERENCE"),
            "crs": crs,
            "resolution": values.number("RESOLUTION"),
            "extent": values.extent("EXTENT", crs),
            "output": values.output("OUTPUT"),
            "table": values.output("TABLE"),
        }
