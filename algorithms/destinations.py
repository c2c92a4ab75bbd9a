"""Output parameters that QGIS does not have as our jobs need them."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingParameterDefinition,
    QgsProcessingParameterVectorDestination,
)


class FileVectorDestination(QgsProcessingParameterVectorDestination):
    """A vector output that is always a file, since jobs write files and not memory layers."""

    def supportsNonFileBasedOutput(self) -> bool:
        return False

    def clone(self) -> FileVectorDestination:
        copy = FileVectorDestination(
            self.name(),
            self.description(),
            self.dataType(),
            self.defaultValue(),
            bool(self.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional),
            self.createByDefault(),
        )
        copy.setFlags(self.flags())
        copy.setHelp(self.help())
        return copy

    def defaultFileExtension(self) -> str:
        return "gpkg"
