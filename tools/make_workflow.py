"""Draw ``resources/workflows/*.model3`` with QGIS: ``.venv/bin/python tools/make_workflow.py``.

Run it again when a parameter that a workflow sets is added; a workflow stores only names and
values, so that other changes of the algorithms do not touch it.
"""
# ruff: noqa: TID251 - the models are drawn by QGIS itself

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import ModuleType

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_HASH_SEED"] = "0"  # entries in the same order every time
sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))

import workflow_forecast
import workflow_susceptibility
from checkout import ROOT, load
from qgis.core import (
    QgsApplication,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterDefinition,
)
from qgis.PyQt.QtCore import QPointF, QSizeF

BOX = QSizeF(210, 40)
#: Inputs that dialogs fold away.
ADVANCED = ("SEED", "WORKERS")
WORKFLOWS = {
    "susceptibilityworkflow": workflow_susceptibility,
    "forecastworkflow": workflow_forecast,
}


def main() -> None:
    """Write every workflow."""
    application = QgsApplication([], False)
    application.initQgis()
    load()
    from land_subsidence.algorithms.provider import SubsidenceProvider

    provider = SubsidenceProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    for name, content in WORKFLOWS.items():
        path = ROOT / "resources" / "workflows" / f"{name}.model3"
        path.parent.mkdir(exist_ok=True)
        if not drawn(name, content).toFile(str(path)):
            sys.exit(f"{path} cannot be written")
        text = re.sub(r"[ \t]+$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        path.write_text(text.rstrip() + "\n", encoding="utf-8")
        print(path.relative_to(ROOT))


def drawn(name: str, content: ModuleType) -> QgsProcessingModelAlgorithm:
    """Return a workflow from its inputs, steps and help."""
    model = QgsProcessingModelAlgorithm(name, "8 Workflows", "workflows")
    model.setHelpContent(content.HELP)
    inputs = content.inputs()
    add_inputs(model, inputs, content.HELP)
    tops = row_tops(content.STEPS, 120 + 70 * -(-len(inputs) // 4))
    needed = taken(content.STEPS)
    for step in content.STEPS:
        add_step(model, tops, needed, *step)
    return model


def taken(steps: tuple) -> set[str]:
    """Return the outputs that later steps take: QGIS makes none that the user may skip."""
    values = [value for step in steps for value in step[4].values()]
    flat = [entry for value in values for entry in (value if isinstance(value, list) else [value])]
    return {value for value in flat if isinstance(value, str) and re.match(r"\w+\.\w+$", value)}


def row_tops(steps: tuple, top: float) -> list[float]:
    """Return where each row of steps begins, so that the outputs of one end above the next."""
    tops = [top]
    for row in range(max(step[3][0] for step in steps)):
        most = max(len(step[5]) for step in steps if step[3][0] == row)
        tops.append(tops[-1] + max(110, 46 * most + 30))
    return tops


def add_inputs(
    model: QgsProcessingModelAlgorithm,
    inputs: list[QgsProcessingParameterDefinition],
    meanings: dict[str, str],
) -> None:
    """Add what the user gives, with its meaning for dialogs and ``qgis_process help``."""
    for index, parameter in enumerate(inputs):
        parameter.setHelp(meanings[parameter.name()])
        if parameter.name() in ADVANCED:
            flag = QgsProcessingParameterDefinition.Flag.FlagAdvanced
            parameter.setFlags(parameter.flags() | flag)
        box = QgsProcessingModelParameter(parameter.name())
        box.setPosition(QPointF(140 + 240 * (index % 4), 60 + 70 * (index // 4)))
        box.setSize(BOX)
        model.addModelParameter(parameter, box)
    model.setParameterOrder([parameter.name() for parameter in inputs])


def add_step(model, tops, needed, step, algorithm, title, place, parameters, outputs) -> None:
    """Add one algorithm with its inputs and those of its outputs that the workflow hands out."""
    child = QgsProcessingModelChildAlgorithm(f"subsidence:{algorithm}")
    child.setChildId(step)
    child.setDescription(title)
    known = {p.name() for p in child.algorithm().parameterDefinitions()}
    if set(parameters) - known:
        sys.exit(f"{algorithm} has no parameter {sorted(set(parameters) - known)}")
    for name, value in parameters.items():
        values = value if isinstance(value, list) else [value]
        child.addParameterSources(name, [source_of(v) for v in values])
    for parameter in child.algorithm().parameterDefinitions():
        # The Modeler calls a step invalid unless each mandatory value is spelled out.
        if needs_value(parameter) and parameter.name() not in parameters:
            child.addParameterSources(parameter.name(), [source_of(parameter.defaultValue())])
    row, column = place
    child.setPosition(QPointF(260 + 460 * column, tops[row]))
    child.setSize(BOX)
    results = {}
    for index, (output, name, text) in enumerate(outputs):
        result = QgsProcessingModelOutput(name, text)
        result.setChildId(step)
        result.setChildOutputName(output)
        result.setMandatory(f"{step}.{output}" in needed)
        result.setPosition(QPointF(490 + 460 * column, tops[row] - 10 + 46 * index))
        result.setSize(QSizeF(210, 36))
        results[name] = result
    child.setModelOutputs(results)
    model.addChildAlgorithm(child)


def needs_value(parameter: QgsProcessingParameterDefinition) -> bool:
    """Tell whether a step must have a value for this parameter."""
    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    return not parameter.isDestination() and not parameter.flags() & optional


def source_of(value: object) -> QgsProcessingModelChildParameterSource:
    """Return where a step takes a value from."""
    source = QgsProcessingModelChildParameterSource
    if isinstance(value, str) and value.startswith("@"):
        return source.fromModelParameter(value[1:])
    if isinstance(value, str) and value.startswith("="):
        return source.fromExpression(value[1:])
    if isinstance(value, str) and "." in value:
        return source.fromChildOutput(*value.split("."))
    return source.fromStaticValue(value)


if __name__ == "__main__":
    main()
