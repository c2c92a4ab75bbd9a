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
from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class MapProject(SubsidenceAlgorithm):
    """Writes a QGIS project, and its layout as a PDF."""

    NAME = "mapproject"
    TITLE = "Map project with print layout"
    GROUP = Group.PROJECT

    def flags(self) -> QgsProcessingAlgorithm.Flags:
        # A project and its layout belong to the thread that draws.
        return super().flags() | QgsProcessingAlgorithm.Flag.FlagNoThreading

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(
                "LAYERS", "Layers", QgsProcessing.SourceType.TypeMapLayer
            ),
            "Rasters, vector layers and tables that are saved in files; at least one.",
        )
        self.add(
            QgsProcessingParameterString("TITLE", "Title", "Land subsidence susceptibility"),
            "Title of the project and of the printed map.",
        )
        self.add_file_output(
            "OUTPUT", "Project", "QGIS projects (*.qgz)", "The QGIS project with its print layout."
        )
        self.add_file_output(
            "PDF",
            "Map as PDF",
            "PDF files (*.pdf)",
            "One A4 page of the visible layers, and one more for each map of forecast, residuals, "
            "uncertainty and deformation.",
            True,
        )

    def execute(self, values: Values, progress: Progress) -> dict[str, Any]:
        from ...subsidence_plugin.map_layout import add_layout, export_pdf
        from ...subsidence_plugin.map_project import arrange, extent, write_project

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
            project = arrange(layers, title, values.context.project(), progress.info)
            layout = add_layout(project, title, extent(project))
            progress(0.4)
            write_project(project, outputs.path(project_path), project_path)
            progress(0.6)
            if pdf_path:
                export_pdf(layout, outputs.path(pdf_path))
            progress(1.0)
        nodes = project.layerTreeRoot().findLayers()
        visible = [node.name() for node in nodes if node.isVisible()]
        progress.info(
            f"{len(nodes)} layers, visible: {', '.join(visible)}. The others can be switched on."
        )
        return {}
