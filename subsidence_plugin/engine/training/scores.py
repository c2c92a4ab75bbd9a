"""How a trained model does on the parts of the samples, beside a logistic regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..models.model import Model
from ..progress import Progress
from ..validation.metrics import evaluate
from ..validation.splits import SPLITS
from .table import Encoded

#: Metrics by part of the samples.
Metrics = dict[str, dict[str, float]]

#: Metrics shown in the log.
SHOWN = ("AUC", "ACC", "Kappa")


def part_metrics(probability: np.ndarray, encoded: Encoded) -> Metrics:
    """Return the metrics of each part that has rows of both classes.

    Parameters
    ----------
    probability : 1d-array, (rows,)
        Of all rows of ``encoded``.
    """
    metrics = {}
    for part in SPLITS:
        mask = encoded.split == part
        if len(np.unique(encoded.label[mask])) == 2:
            metrics[part] = evaluate(encoded.label[mask], probability[mask])
    return metrics


def model_metrics(model: Model, encoded: Encoded) -> tuple[Metrics, list[Metrics]]:
    """Return metrics of the mean of all members, and of each member."""
    probability = model.probability(encoded.inputs)
    members = [part_metrics(row, encoded) for row in probability]
    return part_metrics(probability.mean(axis=0), encoded), members


def logistic_metrics(encoded: Encoded) -> Optional[Metrics]:
    """Return what a logistic regression on the same rows reaches; None without scikit-learn."""
    from ..baselines.logistic import LOGISTIC
    from ..errors import MissingPackageError

    try:
        arrays = LOGISTIC.fit(*encoded.part("train"))
    except MissingPackageError:
        return None
    return part_metrics(LOGISTIC.evaluator(arrays)(encoded.inputs), encoded)


def log_metrics(title: str, metrics: Mapping[str, Mapping[str, float]], progress: Progress) -> None:
    """Write one line: the main metrics of each part."""
    parts = [
        f"{part} " + ", ".join(f"{name} {values[name]:.3f}" for name in SHOWN)
        for part, values in metrics.items()
    ]
    progress.info(f"{title}: {'; '.join(parts)}.")


def compare(own: float, other: float) -> str:
    """Return ``"better"``, ``"equal"`` or ``"worse"``: two AUCs as they are shown, 3 decimals."""
    shown, beside = round(own, 3), round(other, 3)
    return "equal" if shown == beside else "better" if shown > beside else "worse"


def log_comparison(
    title: str,
    metrics: Mapping[str, Mapping[str, float]],
    logistic: Optional[Mapping[str, Mapping[str, float]]],
    progress: Progress,
) -> None:
    """Say how the model does beside the logistic regression on rows that it did not see."""
    if logistic is None:
        return
    log_metrics("Logistic regression on the same rows", logistic, progress)
    part = next((p for p in ("validation", "test") if p in metrics and p in logistic), None)
    if part is None:
        return
    own, other = metrics[part]["AUC"], logistic[part]["AUC"]
    verdict = compare(own, other)
    if verdict == "equal":
        progress.info(
            f"On the {part} rows {title} does as well as logistic regression (both AUC {own:.3f})."
        )
    elif verdict == "worse":
        progress.warn(
            f"On the {part} rows logistic regression (AUC {other:.3f}) does better than {title} "
            f"(AUC {own:.3f})."
        )
    else:
        progress.info(
            f"On the {part} rows {title} (AUC {own:.3f}) does better than logistic regression "
            f"(AUC {other:.3f})."
        )


def runs_table(
    title: str,
    configuration: str,
    seeds: Sequence[int],
    members: Sequence[Mapping[str, Mapping[str, float]]],
) -> dict[str, list[Any]]:
    """Return the runs table: model, configuration, seed, split, metric, value; a row a figure."""
    columns: dict[str, list[Any]] = {
        name: [] for name in ("model", "configuration", "seed", "split", "metric", "value")
    }
    for seed, metrics in zip(seeds, members):
        for part, values in metrics.items():
            for metric, value in values.items():
                row = (title, configuration, int(seed), part, metric, float(value))
                for column, cell in zip(columns.values(), row):
                    column.append(cell)
    columns["seed"] = np.array(columns["seed"], dtype=np.int64)
    columns["value"] = np.array(columns["value"], dtype=float)
    return columns
