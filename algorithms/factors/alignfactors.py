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
    HELP = (
        "<p>Brings all conditioning factors to one grid and stacks them in one multi-band raster, "
        "the <b>factor stack</b> that <i>Reclassify factors</i>, <i>Extract samples</i> and "
        "<i>Predict susceptibility</i> take (Hanoi susceptibility paper, Section 2: all layers "
        "resampled to 12.5 m). Rasters may differ in CRS, cell size and extent; every band of a "
        "raster becomes a factor.</p>"
        "<p><b>Resampling</b>: categorical factors take the nearest cell. Continuous factors are "
        "averaged where the new cells are at least twice as wide as the old ones, and "
        "interpolated bilinearly otherwise. A raster that has the grid already is copied as it "
        "is. Nodata and NaN become NaN. Polygons give a cell the value at its centre; texts "
        "get the codes 1, 2, … in alphabetical order, and the legend is kept in the band's "
        "metadata (item <i>legend</i>) and in the legend table.</p>"
        "<p><b>Grid</b>: that of the reference raster; else CRS, cell size and extent as given; "
        "what is not given comes from the first raster, and the extent is the common one "
        "(intersection) of all rasters, whole cells only.</p>"
        "<p><b>Names</b>: the band's description, else the layer's name, else the file's name. "
        "Names must differ (upper and lower case do not count), and <i>fid</i>, <i>geom</i> and "
        "the like are reserved by vector formats.</p>"
        "<p>Rasters are read and written by tiles, so memory does not grow with them; polygons "
        "are held in memory.</p>"
    )

    def declare(self) -> None:
        raster = QgsProcessing.SourceType.TypeRaster
        self.add(
            QgsProcessingParameterMultipleLayers(
                "RASTERS", "Continuous rasters", raster, optional=True
            ),
            "Rasters of measured values, such as elevation, rainfall or groundwater depth. A band "
            "whose metadata says 'kind=categorical' (in a stack made here) stays categorical.",
        )
        self.add(
            QgsProcessingParameterMultipleLayers(
                "CATEGORICAL", "Categorical rasters", raster, optional=True
            ),
            "Rasters of codes, such as land cover or geology; they are never averaged.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "POLYGONS",
                "Categorical polygons",
                [QgsProcessing.SourceType.TypeVectorPolygon],
                optional=True,
            ),
            "Polygons with classes, such as a geological map. Several polygon layers: run again "
            "with the stack of the first run as a raster.",
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
            "themselves, texts are coded; numbers with fractions make a continuous factor.",
        )
        self.add(
            QgsProcessingParameterString("NAMES", "Names of the factors", optional=True),
            "Either 'old=new' for some factors (dem=elevation, lc_2024=lulc) or one name for each "
            "factor in order (rasters, categorical rasters, polygon fields), with commas.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("REFERENCE", "Reference raster", optional=True),
            "Its CRS, cells and extent are taken. Leave CRS, cell size and extent empty then.",
        )
        self.add(
            QgsProcessingParameterCrs("CRS", "CRS", optional=True),
            "Coordinate reference system of the stack; empty: that of the first raster.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "RESOLUTION",
                "Cell size",
                QgsProcessingParameterNumber.Type.Double,
                optional=True,
                minValue=1e-9,
            ),
            "In units of the CRS (metres, or degrees); empty: that of the first raster.",
        )
        self.add(
            QgsProcessingParameterExtent("EXTENT", "Extent", optional=True),
            "Area to cover; empty: the common extent of all rasters.",
        )
        self.add_raster_output(
            "OUTPUT",
            "Factor stack",
            "GeoTIFF, float32 with NaN as nodata; a band a factor with its name as description "
            "and its kind (continuous, categorical) in its metadata.",
        )
        self.add_table_output(
            "TABLE", "Legend table", "Codes of polygon texts: factor, code, text.", optional=True
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
