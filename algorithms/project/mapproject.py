"""Result layers as a styled QGIS project with a print layout."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)

from ...subsidence_plugin.engine.errors import InputError
from ...subsidence_plugin.engine.outputs import Outputs
from ...subsidence_plugin.engine.progress import Progress
from ...subsidence_plugin.map_layout import add_layout, export_pdf
from ...subsidence_plugin.map_project import arrange, extent, write_project
from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class MapProject(SubsidenceAlgorithm):
    """Writes a QGIS project, and its layout as a PDF."""

    NAME = "mapproject"
    TITLE = "Map project with print layout"
    GROUP = Group.PROJECT
    HELP = (
        "Puts result layers into a QGIS project: named, ordered (points above susceptibility "
        "classes above probability above factors), grouped, and styled as they are now or as "
        "the .qml file beside them says. A print layout (A4) with title, legend, scale bar, "
        "north arrow and coordinates is part of the project, and is written as a PDF on request. "
        "One point layer (of at most 1,500 points) and one raster are visible; the other layers "
        "are there to be switched on. Layer paths are relative, so the project can be moved "
        "together with its data."
    )

    def flags(self) -> QgsProcessingAlgorithm.Flags:
        # A project and its layout belong to the thread that draws.
        return super().flags() | QgsProcessingAlgorithm.Flag.FlagNoThreading

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(
                "LAYERS", "Layers", QgsProcessing.SourceType.TypeMapLayer
            ),
            "Rasters, vector layers and tables that are saved in files.",
        )
        self.add(
            QgsProcessingParameterString("TITLE", "Title", "Land subsidence susceptibility"),
            "Title of the project and of the map.",
        )
        self.add_file_output(
            "OUTPUT", "Project", "QGIS projects (*.qgz)", "The project with its print layout."
        )
        self.add_file_output(
            "PDF", "Map as PDF", "PDF files (*.pdf)", "The print layout as a page A4.", True
        )

    def execute(self, values: Values, progress: Progress) -> dict[str, Any]:
        layers = self.parameterAsLayerList(values.parameters, "LAYERS", values.context)
        title, project_path, pdf_path = (
            values.text("TITLE") or "",
            values.output("OUTPUT"),
            values.output("PDF"),
        )
        if not project_path.lower().endswith(".qgz"):
            raise InputError(f"The project '{project_path}' must end in .qgz.")
        if not layers:
            raise InputError("There is no layer for the project; give at least one in LAYERS.")
        with Outputs(project_path, pdf_path, inputs=[la.source() for la in layers]) as outputs:
            project = arrange(layers, title, values.context.project())
            layout = add_layout(project, title, extent(project))
            progress(0.4)
            write_project(project, outputs.path(project_path), project_path)
            progress(0.6)
            if pdf_path:
                export_pdf(layout, outputs.path(pdf_path))
            progress(1.0)
        for node in project.layerTreeRoot().findLayers():
            shown = "visible" if node.isVisible() else "switched off (see the help)"
            progress.info(f"{node.name()}: {shown}")
        return {}
