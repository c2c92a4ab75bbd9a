"""How a trained model does on the parts of the samples, beside a logistic regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..models.model import Model
from ..progress import Progress
from ..validation.metrics import auc_margin, evaluate
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


def compare(own: Mapping[str, float], other: Mapping[str, float]) -> tuple[str, float]:
    """Return how two models differ by AUC on the same rows, and the margin of chance.

    Parameters
    ----------
    own, other : mapping
        Metrics of ``evaluate`` on the same rows.

    Returns
    -------
    verdict : {"better", "worse", "alike"}
        "alike" where the difference is within the 95 % margin of one AUC (``auc_margin``).
    margin : float
    """
    positives = int(own["TP"] + own["FN"])
    negatives = int(own["TN"] + own["FP"])
    margin = auc_margin(own["AUC"], positives, negatives)
    difference = own["AUC"] - other["AUC"]
    if abs(difference) <= margin:
        return "alike", margin
    return ("better" if difference > 0 else "worse"), margin


def comparison(title: str, own: Mapping[str, float], other: Mapping[str, float]) -> str:
    """Return the comparison with a logistic regression as the end of a sentence."""
    verdict, margin = compare(own, other)
    ending = {
        "better": f"better than logistic regression ({other['AUC']:.3f})",
        "worse": f"worse than logistic regression ({other['AUC']:.3f})",
        "alike": f"no clear difference from logistic regression ({other['AUC']:.3f})",
    }[verdict]
    return f"{title} has an AUC of {own['AUC']:.3f} (95 %: ± {margin:.3f}), {ending}"


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
    own, other = metrics[part], logistic[part]
    text = f"On the {part} rows {comparison(title, own, other)}."
    if compare(own, other)[0] == "worse":
        progress.warn(text)
    else:
        progress.info(text)


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
