"""Parameter values as plain Python: what a job can take."""

from __future__ import annotations

from typing import Optional

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
    QgsRasterLayer,
    QgsVectorLayer,
)


class Values:
    """Reads the parameters of one run as paths, numbers and lists."""

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters: dict,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> None:
        self.algorithm, self.parameters = algorithm, parameters
        self.context, self.feedback = context, feedback
        self._outputs: dict[str, Optional[str]] = {}

    def given(self, name: str) -> bool:
        """Tell whether the parameter has a value (not left empty)."""
        return self.parameters.get(name) not in (None, "", [])

    def raster(self, name: str) -> Optional[str]:
        """Return the path of a raster layer, None where an optional one is empty."""
        if not self.given(name):
            return None
        layer = self.algorithm.parameterAsRasterLayer(self.parameters, name, self.context)
        if layer is None or not layer.isValid():
            raise QgsProcessingException(self.algorithm.invalidRasterError(self.parameters, name))
        return _raster_path(layer)

    def rasters(self, name: str) -> list[tuple[str, str]]:
        """Return (path, layer name) of each layer of a multiple input."""
        layers = self.algorithm.parameterAsLayerList(self.parameters, name, self.context)
        return [(_raster_path(layer), layer.name()) for layer in layers]

    def vector(self, name: str) -> Optional[str]:
        """Return the source (``path|layername=…``) of a vector layer, as filtered or selected.

        QGIS exports what is filtered or selected to a bare copy, which would lose the layer's
        metadata (kinds and class rules of samples): a filtered file is read where it lies, and
        the copy of a selection gets the metadata of its source.
        """
        if not self.given(name):
            return None
        if self.algorithm.parameterAsSource(self.parameters, name, self.context) is None:
            raise QgsProcessingException(self.algorithm.invalidSourceError(self.parameters, name))
        layer = self._vector_layer(name)
        filtered = layer is not None and layer.providerType() == "ogr" and layer.subsetString()
        if filtered and not self._selected_only(name):
            return layer.source()
        path, table = self.algorithm.parameterAsCompatibleSourceLayerPathAndLayerName(
            self.parameters,
            name,
            self.context,
            ["gpkg", "shp", "geojson", "csv"],
            "gpkg",
            self.feedback,
        )
        source = f"{path}|layername={table}" if table else path
        if layer is not None and layer.providerType() == "ogr":
            # Not at the top: numpy would make starting QGIS longer.
            from ..subsidence_plugin.engine.vector.layer_metadata import copy_metadata

            copy_metadata(layer.source(), source)
        return source

    def layer(self, name: str) -> Optional[str]:
        """Return the source of a raster or vector layer of any kind, None where it is empty."""
        if not self.given(name):
            return None
        layer = self.algorithm.parameterAsLayer(self.parameters, name, self.context)
        if layer is None or not layer.isValid():
            raise QgsProcessingException(self.algorithm.invalidSourceError(self.parameters, name))
        return _raster_path(layer) if isinstance(layer, QgsRasterLayer) else layer.source()

    def vectors(self, name: str) -> list[str]:
        """Return the source of each vector layer or table of a multiple input."""
        layers = self.algorithm.parameterAsLayerList(self.parameters, name, self.context)
        return [self._vector_source(layer) for layer in layers]

    def _vector_source(self, layer: QgsVectorLayer) -> str:
        """Return the source of a file layer (its filter included), or of a copy as GPKG."""
        if layer.providerType() == "ogr":
            return layer.source()
        return QgsProcessingUtils.convertToCompatibleFormat(
            layer, False, "table", ["gpkg"], "gpkg", self.context, self.feedback
        )

    def _vector_layer(self, name: str) -> Optional[QgsVectorLayer]:
        value = self.parameters.get(name)
        if isinstance(value, QgsProcessingFeatureSourceDefinition):
            text, _known = value.source.valueAsString(self.context.expressionContext())
            return QgsProcessingUtils.mapLayerFromString(text, self.context)
        return self.algorithm.parameterAsVectorLayer(self.parameters, name, self.context)

    def _selected_only(self, name: str) -> bool:
        value = self.parameters.get(name)
        return isinstance(value, QgsProcessingFeatureSourceDefinition) and bool(
            value.selectedFeaturesOnly
        )

    def files(self, name: str) -> list[str]:
        """Return the paths of a multiple file input."""
        paths = self.algorithm.parameterAsFileList(self.parameters, name, self.context)
        return [path for path in paths if path]  # QGIS makes one empty path of an empty list

    def file(self, name: str) -> Optional[str]:
        """Return the path of an input file, None where it is empty."""
        path = self.algorithm.parameterAsFile(self.parameters, name, self.context)
        return path or None

    def text(self, name: str) -> Optional[str]:
        """Return a text, None where it is empty."""
        return self.algorithm.parameterAsString(self.parameters, name, self.context) or None

    def number(self, name: str) -> Optional[float]:
        """Return a number, None where an optional one is empty."""
        if self._empty(name):
            return None
        return self.algorithm.parameterAsDouble(self.parameters, name, self.context)

    def integer(self, name: str) -> Optional[int]:
        """Return a whole number, None where an optional one is empty."""
        if self._empty(name):
            return None
        return self.algorithm.parameterAsInt(self.parameters, name, self.context)

    def flag(self, name: str) -> bool:
        """Return a yes or no."""
        return self.algorithm.parameterAsBool(self.parameters, name, self.context)

    def choice(self, name: str) -> int:
        """Return the index of the chosen option."""
        return self.algorithm.parameterAsEnum(self.parameters, name, self.context)

    def choices(self, name: str) -> list[int]:
        """Return the indices of the chosen options of a multiple choice."""
        return list(self.algorithm.parameterAsEnums(self.parameters, name, self.context))

    def fields(self, name: str) -> list[str]:
        """Return the chosen field names; a single field gives a list of one."""
        return list(self.algorithm.parameterAsFields(self.parameters, name, self.context))

    def field(self, name: str) -> Optional[str]:
        """Return one field name: the default where nothing was said, None where it was emptied.

        QGIS itself answers the default for both.
        """
        if name in self.parameters and not self.given(name):
            return None
        return next(iter(self.fields(name)), None)

    def crs(self, name: str) -> Optional[str]:
        """Return the WKT of a CRS, None where it is empty."""
        crs = self.algorithm.parameterAsCrs(self.parameters, name, self.context)
        return crs.toWkt() if crs.isValid() else None

    def extent(self, name: str, crs: Optional[str] = None) -> Optional[list[float]]:
        """Return [x minimum, y minimum, x maximum, y maximum] and the WKT it is in, or None."""
        if not self.given(name):
            return None
        box = self.algorithm.parameterAsExtent(self.parameters, name, self.context)
        own = self.algorithm.parameterAsExtentCrs(self.parameters, name, self.context)
        return [
            box.xMinimum(),
            box.yMinimum(),
            box.xMaximum(),
            box.yMaximum(),
            own.toWkt() if own.isValid() else (crs or ""),
        ]

    def output(self, name: str) -> Optional[str]:
        """Return the path of a layer, file or folder output, None where it was skipped.

        QGIS makes a new temporary name at each call, so the first answer is kept.
        """
        if name not in self._outputs:
            self._outputs[name] = self._read_output(name)
        return self._outputs[name]

    def _read_output(self, name: str) -> Optional[str]:
        definition = self.algorithm.parameterDefinition(name)
        optional = QgsProcessingParameterDefinition.Flag.FlagOptional
        if not self.given(name) and definition.flags() & optional:
            return None
        if definition.type() in ("fileDestination", "folderDestination"):
            path = self.algorithm.parameterAsFileOutput(self.parameters, name, self.context)
        else:
            path = self.algorithm.parameterAsOutputLayer(self.parameters, name, self.context)
        return path or None

    def _empty(self, name: str) -> bool:
        definition = self.algorithm.parameterDefinition(name)
        return self.parameters.get(name) in (None, "") and definition.defaultValue() is None


def _raster_path(layer: QgsRasterLayer) -> str:
    if layer.providerType() != "gdal":
        raise QgsProcessingException(
            f"The raster '{layer.name()}' comes from '{layer.providerType()}'; "
            "save it as a file that GDAL reads."
        )
    return layer.source()
