"""The steps of the susceptibility workflow, drawn by ``make_workflow``."""
# ruff: noqa: TID251 - the models are drawn by QGIS itself

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorLayer,
)

INTEGER = QgsProcessingParameterNumber.Type.Integer
DOUBLE = QgsProcessingParameterNumber.Type.Double


def inputs() -> list[QgsProcessingParameterDefinition]:
    """Return what the user gives."""
    points = QgsProcessing.SourceType.TypeVectorAnyGeometry
    return [
        QgsProcessingParameterRasterLayer("FACTORS", "Factor stack"),
        QgsProcessingParameterVectorLayer("INVENTORY", "Subsidence inventory", [points]),
        QgsProcessingParameterNumber(
            "CLASSES", "Number of classes of each factor", INTEGER, 5, False, 2, 20
        ),
        QgsProcessingParameterNumber(
            "MIN_DISTANCE",
            "Distance of absence points from subsidence (map units)",
            DOUBLE,
            0,
            False,
            0,
        ),
        QgsProcessingParameterNumber(
            "VALIDATION_SHARE", "Share of validation points", DOUBLE, 0.3, False, 0.05, 0.95
        ),
        QgsProcessingParameterNumber("EPOCHS", "Largest number of epochs", INTEGER, 1000, False, 1),
        QgsProcessingParameterNumber("PATIENCE", "Patience (epochs)", INTEGER, 30, False, 1),
        QgsProcessingParameterNumber("SEED", "Random seed", INTEGER, 42, False, 0),
    ]


#: Step, algorithm, title, row and column in the Modeler, parameters, (output, name, title).
#: A value is "@INPUT" of the workflow, "step.OUTPUT" of an earlier step, or a constant.
STEPS = (
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

HELP = {
    "ALG_DESC": (
        "The whole chain of the Hanoi susceptibility paper, as one run: factors are reclassified "
        "by natural breaks, absence points are drawn, samples are taken and split, a deep residual "
        "dense network (DRDN) is trained, the area is mapped, the map is cut into five classes "
        "and checked by frequency ratio, and the network's metrics are written for training and "
        "validation points. Open the model in the Graphical Modeler to change a step."
    ),
    "FACTORS": "Raster with one band for each factor, for example from 'Align factors'.",
    "INVENTORY": "Points or polygons of known subsidence.",
    "CLASSES": "Number of natural-breaks (Jenks) classes of each continuous factor.",
    "MIN_DISTANCE": (
        "Least distance of absence points from subsidence, in map units of the inventory (metres "
        "where its CRS is in degrees); 0 for none."
    ),
    "VALIDATION_SHARE": (
        "Share (0 to 1) of the points that is kept from training and used for validation."
    ),
    "EPOCHS": "Passes over the training rows; early stopping usually ends before.",
    "PATIENCE": "Training stops after so many epochs without a lower hold-out loss.",
    "SEED": "The same seed and the same data give the same result.",
    "ALG_CREATOR": "Land Subsidence plugin",
}
