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

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_HASH_SEED"] = "0"  # entries in the same order every time
sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))

from checkout import ROOT, load
from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorLayer,
)
from qgis.PyQt.QtCore import QPointF, QSizeF

INTEGER = QgsProcessingParameterNumber.Type.Integer
DOUBLE = QgsProcessingParameterNumber.Type.Double
BOX = QSizeF(210, 40)


def main() -> None:
    """Write every workflow."""
    application = QgsApplication([], False)
    application.initQgis()
    load()
    from land_subsidence.algorithms.provider import SubsidenceProvider

    provider = SubsidenceProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    path = ROOT / "resources" / "workflows" / "susceptibilityworkflow.model3"
    path.parent.mkdir(exist_ok=True)
    if not susceptibility().toFile(str(path)):
        sys.exit(f"{path} cannot be written")
    text = re.sub(r"[ \t]+$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path.write_text(text.rstrip() + "\n", encoding="utf-8")
    print(path.relative_to(ROOT))


def susceptibility() -> QgsProcessingModelAlgorithm:
    """Return the workflow of the susceptibility paper (H)."""
    model = QgsProcessingModelAlgorithm("susceptibilityworkflow", "8 Workflows", "workflows")
    model.setHelpContent(SUSCEPTIBILITY_HELP)
    add_susceptibility_inputs(model)
    for step in SUSCEPTIBILITY_STEPS:
        add_step(model, *step)
    return model


def add_susceptibility_inputs(model: QgsProcessingModelAlgorithm) -> None:
    """Add what the user gives."""
    points = QgsProcessing.SourceType.TypeVectorAnyGeometry
    inputs = [
        QgsProcessingParameterRasterLayer("FACTORS", "Factor stack"),
        QgsProcessingParameterVectorLayer("INVENTORY", "Subsidence inventory", [points]),
        QgsProcessingParameterNumber("CLASSES", "Classes a factor", INTEGER, 5, False, 2, 20),
        QgsProcessingParameterNumber(
            "MIN_DISTANCE", "Distance of absence points from subsidence", DOUBLE, 0, False, 0
        ),
        QgsProcessingParameterNumber(
            "VALIDATION_SHARE", "Share of validation points", DOUBLE, 0.3, False, 0.05, 0.95
        ),
        QgsProcessingParameterNumber("EPOCHS", "Most epochs", INTEGER, 1000, False, 1),
        QgsProcessingParameterNumber("PATIENCE", "Patience (epochs)", INTEGER, 30, False, 1),
        QgsProcessingParameterNumber("SEED", "Random seed", INTEGER, 42, False, 0),
    ]
    for index, parameter in enumerate(inputs):
        box = QgsProcessingModelParameter(parameter.name())
        box.setPosition(QPointF(140 + 240 * (index % 4), 60 + 70 * (index // 4)))
        box.setSize(BOX)
        model.addModelParameter(parameter, box)
    model.setParameterOrder([parameter.name() for parameter in inputs])


#: Step, algorithm, title, row and column in the Modeler, parameters, (output, name, title).
#: A value is "@INPUT" of the workflow, "step.OUTPUT" of an earlier step, or a constant.
SUSCEPTIBILITY_STEPS = (
    (
        "reclassify", "reclassifyfactors", "Reclassify factors (Jenks)", (0, 0),
        {"FACTORS": "@FACTORS", "METHOD": 0, "CLASSES": "@CLASSES"},
        [("OUTPUT", "CLASSES", "Factor classes")],
    ),
    (
        "absence", "absencepoints", "Absence points", (0, 1),
        {
            "PRESENCE": "@INVENTORY", "MASK": "reclassify.OUTPUT", "RATIO": 1,
            "MIN_DISTANCE": "@MIN_DISTANCE", "SEED": "@SEED",
        },
        [],
    ),
    (
        "extract", "extractsamples", "Extract samples", (1, 1),
        {
            "POINTS": "absence.OUTPUT", "LABEL_FIELD": "label", "FACTORS": "reclassify.OUTPUT",
            "VALIDATION_SHARE": "@VALIDATION_SHARE", "SPLIT": 0, "SEED": "@SEED",
        },
        [("OUTPUT", "SAMPLES", "Samples")],
    ),
    (
        "train", "traindrdn", "Train DRDN", (2, 1),
        {
            "SAMPLES": "extract.OUTPUT", "EPOCHS": "@EPOCHS", "PATIENCE": "@PATIENCE",
            "SEED": "@SEED",
        },
        [("MODEL", "MODEL", "Model file"), ("REPORT", "TRAINING_REPORT", "Training report")],
    ),
    (
        "predict", "predictsusceptibility", "Predict susceptibility", (2, 0),
        {"FACTORS": "reclassify.OUTPUT", "MODEL": "train.MODEL"},
        [("OUTPUT", "PROBABILITY", "Subsidence probability")],
    ),
    (
        "classify", "classifysusceptibility", "Classify susceptibility (Jenks)", (3, 0),
        {"INPUT": "predict.OUTPUT", "METHOD": 0, "CLASSES": 5},
        [
            ("OUTPUT", "SUSCEPTIBILITY_CLASSES", "Susceptibility classes"),
            ("TABLE", "AREAS", "Area of the classes"),
        ],
    ),
    (
        "ratio", "frequencyratio", "Frequency ratio", (4, 0),
        {
            "CLASS_RASTER": "classify.OUTPUT", "POINTS": "extract.OUTPUT", "LABEL_FIELD": "label",
            "SPLIT_FIELD": "split", "PROBABILITY": "predict.OUTPUT",
        },
        [("OUTPUT", "FREQUENCY_RATIO", "Frequency ratio"), ("REPORT", "REPORT", "Ratio report")],
    ),
    (
        "validate", "validatemodel", "Validate model", (3, 1),
        {"SAMPLES": "extract.OUTPUT", "MODELS": ["train.MODEL"], "SPLIT_FIELD": "split"},
        [("OUTPUT", "METRICS", "Metrics"), ("REPORT", "REPORT", "Validation report")],
    ),
)  # fmt: skip

SUSCEPTIBILITY_HELP = {
    "ALG_DESC": (
        "The whole chain of the susceptibility paper (H), as one run: factors are reclassified by "
        "natural breaks, absence points are drawn, samples are taken and split, a deep residual "
        "dense network (DRDN) is trained, the area is mapped, the map is cut into five classes "
        "and checked by frequency ratio, and the network's metrics are written for training and "
        "validation points. Open the model in the Graphical Modeler to change a step."
    ),
    "FACTORS": "Stack of conditioning factors, one band a factor (see 'Align factors').",
    "INVENTORY": "Points or polygons of known subsidence.",
    "CLASSES": "Number of natural-breaks classes of each continuous factor.",
    "MIN_DISTANCE": "Absence points keep this distance from subsidence, in map units.",
    "VALIDATION_SHARE": "Share of the points that is kept from training and used for validation.",
    "EPOCHS": "Training ends after this many passes over the training points at the latest.",
    "PATIENCE": "Training ends when it has not improved for this many epochs.",
    "SEED": "The same seed and the same data give the same result.",
    "ALG_CREATOR": "Land Subsidence plugin",
}


def add_step(model, step, algorithm, title, place, parameters, outputs) -> None:
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
    child.setPosition(QPointF(260 + 460 * column, 260 + 110 * row))
    child.setSize(BOX)
    results = {}
    for index, (output, name, text) in enumerate(outputs):
        result = QgsProcessingModelOutput(name, text)
        result.setChildId(step)
        result.setChildOutputName(output)
        result.setPosition(QPointF(490 + 460 * column, 250 + 110 * row + 46 * index))
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
    if isinstance(value, str) and "." in value:
        return source.fromChildOutput(*value.split("."))
    return source.fromStaticValue(value)


if __name__ == "__main__":
    main()
