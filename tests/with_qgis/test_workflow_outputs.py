"""What a workflow's later steps take cannot be skipped in its dialog: QGIS would not make it."""

import pytest


@pytest.mark.parametrize("name", ["susceptibilityworkflow", "forecastworkflow"])
def test_outputs_that_later_steps_need_are_mandatory(qgis_app, name):
    from qgis.core import (
        Qgis,
        QgsProcessingModelChildParameterSource,
        QgsProcessingParameterDefinition,
    )

    enum = getattr(Qgis, "ProcessingModelChildParameterSource", None)  # its place from 3.34 on
    kind = (enum or QgsProcessingModelChildParameterSource.Source).ChildOutput
    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    workflow = qgis_app.processingRegistry().algorithmById(f"subsidence:{name}")
    children = workflow.childAlgorithms()
    needed = {
        (source.outputChildId(), source.outputName())
        for child in children.values()
        for sources in child.parameterSources().values()
        for source in sources
        if source.source() == kind
    }
    checked = 0
    for key, child in children.items():
        for output in child.modelOutputs().values():
            definition = workflow.parameterDefinition(f"{key}:{output.name()}")
            if (key, output.childOutputName()) in needed and definition is not None:
                assert not definition.flags() & optional, definition.name()
                checked += 1
    assert checked >= 4
