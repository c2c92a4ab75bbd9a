"""Parameters that training and tuning of forecasters share, from what the parts declare."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...subsidence_plugin.engine.forecasters.declaration import SETTINGS
from ...subsidence_plugin.engine.forecasters.registry import (
    GAPS,
    HORIZONS,
    SPATIAL,
    TEMPORAL,
    VARIANTS,
    WINDOWS,
)
from ...subsidence_plugin.engine.hyperparameter import Hyperparameter
from ..base import SubsidenceAlgorithm
from ..translate import tr
from ..values import Values

MODEL_FILTER = "Model files (*.safetensors)"
WHOLE = QgsProcessingParameterNumber.Type.Integer
REAL = QgsProcessingParameterNumber.Type.Double
#: Parameter, description, training setting, what it does.
NUMBERS = (
    ("EPOCHS", "Largest number of passes", "epochs",
     "A pass sees every training window once, each at a place drawn anew."),
    ("BATCH_SIZE", "Batch size", "batch_size",
     "Training windows that the optimizer takes at each step."),
    ("LEARNING_RATE", "Learning rate", "learning_rate",
     "Highest learning rate of the optimizer (AdamW); it warms up and decays."),
)  # fmt: skip


def add_data(algorithm: SubsidenceAlgorithm) -> None:
    """Add ``INPUT``, ``POINTS`` and ``COVARIATES``."""
    algorithm.add(
        QgsProcessingParameterRasterLayer("INPUT", "Deformation stack", optional=True),
        "The output of 'Grid InSAR deformation', or any raster in mm with one band for each date, "
        "named 2024-06-30. May be empty only for a GCN on points.",
    )
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            "POINTS", "InSAR points", [QgsProcessing.SourceType.TypeVectorPoint], optional=True
        ),
        "The points that the stack was gridded from, with a field DYYYYMMDD for each date, in mm. "
        "With a GCN they are the nodes of the graph, and INPUT is not used; with CNN and ResNet, "
        "forecasts are also scored at them. Empty: cells only.",
    )
    algorithm.add(
        QgsProcessingParameterRasterLayer("COVARIATES", "Covariates", optional=True),
        "Raster whose bands are numbers that may matter for deformation and do not change with "
        "time (lithology as shares, thickness of soft soil, distance to wells), on the cells of "
        "INPUT. Cells that lack a value in any band are left out. A forecast needs bands of the "
        "same names. Empty: none.",
    )


def add_lengths(algorithm: SubsidenceAlgorithm) -> None:
    """Add architecture, ``VARIANT``, ``WINDOW``, ``HORIZON`` and ``GAP``."""
    algorithm.add(
        QgsProcessingParameterEnum(
            "SPATIAL", "Spatial encoder", [part.title for part in SPATIAL.values()], defaultValue=2
        ),
        "How the map of a date is read: convolutions, a graph of the nearest valid cells or "
        "points, or convolutions with skip connections.",
    )
    algorithm.add(
        QgsProcessingParameterEnum(
            "TEMPORAL", "Temporal encoder", [part.title for part in TEMPORAL.values()],
            defaultValue=1,
        ),
        "How the sequence of dates is read: by a recurrent network or by attention.",
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterEnum(
            "VARIANT", "Variant", [part.title for part in VARIANTS.values()], defaultValue=0
        ),
        "'Last map' reads and decodes the surroundings of each cell, trains on crops and works on "
        "any grid. 'Paper' pools every map to one vector: it takes at most 16,384 cells or points, "
        "and with CNN and ResNet it forecasts only the grid that it was trained on.",
    )
    for name, text, default, (low, high), meaning in (
        ("WINDOW", "Window (dates)", 60, WINDOWS, "Dates that the forecaster reads."),
        ("HORIZON", "Horizon (dates)", 10, HORIZONS,
         "Dates that the forecaster gives, all at once."),
        ("GAP", "Gap (dates)", 0, GAPS,
         "Dates left out between the last date read and the first one forecast. 2 is the honest "
         "choice for EGMS L3 after 2021, whose neighbouring dates share information."),
    ):  # fmt: skip
        algorithm.add(
            QgsProcessingParameterNumber(name, text, WHOLE, default, False, low, high), meaning
        )


def add_settings(algorithm: SubsidenceAlgorithm, hyperparameters: bool = True) -> None:
    """Add the settings of the training, and ``HYPERPARAMETERS`` where wanted."""
    settings = {s.name: s for s in SETTINGS}
    for name, text, setting, meaning in NUMBERS:
        declared = settings[setting]
        algorithm.add(
            QgsProcessingParameterNumber(
                name, text, WHOLE if declared.is_integer else REAL, None, True,
                declared.minimum, declared.maximum,
            ),
            "{meaning} Empty: {default}.",
            advanced=True,
            values={"meaning": tr(meaning), "default": declared.default},
        )  # fmt: skip
    if hyperparameters:
        algorithm.add(
            QgsProcessingParameterString(
                "HYPERPARAMETERS", "Hyperparameters", None, multiLine=True, optional=True
            ),
            "One name=value in each line (or after a comma); what is left out keeps its default, "
            "given here with the range. {hyperparameters}; training: {settings}. Empty: all "
            "defaults.",
            advanced=True,
            values=_listed(),
        )


def add_shares(algorithm: SubsidenceAlgorithm) -> None:
    """Add ``VALIDATION_SHARE`` and ``TEST_SHARE``."""
    for name, text, meaning in (
        ("VALIDATION_SHARE", "Share of validation dates",
         "Share of all dates, just before the test dates. They choose the pass that is kept and "
         "calibrate the intervals; with 0 the last pass is kept and there are no intervals."),
        ("TEST_SHARE", "Share of test dates",
         "Share of all dates, the last ones. They decide nothing, and the figures of the report "
         "are theirs."),
    ):  # fmt: skip
        algorithm.add(
            QgsProcessingParameterNumber(name, text, REAL, 0.1, False, 0.0, 0.8),
            "{meaning} No target lies across a border between two parts.",
            advanced=True,
            values={"meaning": tr(meaning)},
        )


def add_results(algorithm: SubsidenceAlgorithm) -> None:
    """Add the figures that a run returns beside its files."""
    algorithm.addOutput(QgsProcessingOutputNumber("RMSE", "RMSE over all steps (mm)"))
    algorithm.addOutput(
        QgsProcessingOutputNumber("SKILL", "Skill against the best simple forecast")
    )
    algorithm.addOutput(QgsProcessingOutputString("BASELINE", "Best simple forecast"))
    algorithm.addOutput(QgsProcessingOutputString("MODEL_ID", "Id of the model"))


def data_arguments(values: Values) -> dict[str, Any]:
    """Return the job's arguments of data, architecture, lengths and shares."""
    return {
        "input": values.raster("INPUT"),
        "points": values.vector("POINTS"),
        "covariates": values.raster("COVARIATES"),
        "spatial": values.choice("SPATIAL"),
        "temporal": values.choice("TEMPORAL"),
        "variant": values.choice("VARIANT"),
        "window": values.integer("WINDOW"),
        "horizon": values.integer("HORIZON"),
        "gap": values.integer("GAP"),
        "validation_share": values.number("VALIDATION_SHARE"),
        "test_share": values.number("TEST_SHARE"),
    }


def setting_arguments(values: Values, hyperparameters: bool = True) -> dict[str, Any]:
    """Return the job's arguments of ``add_settings``."""
    found = {
        "epochs": values.integer("EPOCHS"),
        "batch_size": values.integer("BATCH_SIZE"),
        "learning_rate": values.number("LEARNING_RATE"),
    }
    if hyperparameters:
        found["hyperparameters"] = values.text("HYPERPARAMETERS")
    return found


def _listed() -> dict[str, str]:
    """Return the hyperparameters of the parts, and of the training, with defaults and ranges."""
    parts = [*SPATIAL.values(), *TEMPORAL.values(), *VARIANTS.values()]
    shown = {
        f"{part.title}: {', '.join(map(_described, part.hyperparameters))}": None for part in parts
    }
    named = [name for _parameter, _text, name, _meaning in NUMBERS]
    rest = [s for s in SETTINGS if s.name not in named]
    return {"hyperparameters": "; ".join(shown), "settings": ", ".join(map(_described, rest))}


def _described(value: Hyperparameter) -> str:
    return f"{value.name} {value.default:g} ({value.minimum:g}–{value.maximum:g})"
