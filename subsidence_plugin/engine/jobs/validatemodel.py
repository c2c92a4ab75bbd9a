"""Metrics of one or several models on the training, validation and test rows of samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..training.table import factor_kinds
from ..validation.metrics import THRESHOLD, check_labels
from ..validation.model_scores import Scores, judging_split, ranking, score, score_columns
from ..validation.splits import ALL, SPLITS, TEST, VALIDATION, read_split
from ..vector.inventory import field_in_use
from ..vector.read import Features, read_features
from ..vector.write import write_table


def run(
    progress: Progress,
    samples: str,
    models: Sequence[str],
    output: str,
    label_field: str = "label",
    split_field: Optional[str] = "split",
    threshold: float = THRESHOLD,
    report: Optional[str] = None,
) -> dict[str, Any]:
    """Score the models, write the table and the report.

    Parameters
    ----------
    samples : str
        Samples with the models' factors, ``label_field`` and, as a rule, ``split_field``.
    models : sequence of str
        Model files.
    output : str
        Table.
    label_field, split_field : str
        Without a field "split" all rows are scored together.
    threshold : float
        Probability from which a row is called subsidence.
    report : str, optional

    Returns
    -------
    dict
        ``BEST_MODEL`` and ``BEST_AUC`` on validation rows.
    """
    from ..models.file import load_model

    if not models:
        raise InputError("No model file was given; choose one or several in MODELS.")
    features = read_features(samples)
    labels = features.number(label_field)
    parts = split_rows(features, labels, split_field, samples, progress)
    with Outputs(output, report, inputs=[samples, *models]) as outputs:
        loaded = [load_model(path) for path in models]
        names = model_names([m.card.architecture for m in loaded], models)
        rows: list[tuple[str, np.ndarray]] = []
        for number, (name, model) in enumerate(zip(names, loaded)):
            rows.append((name, probabilities(model, features, name)))
            progress(0.9 * (number + 1) / len(models))
        parts = drop_missing(parts, rows, labels, progress)
        scores = [
            score(name, split, labels[chosen], values[chosen], threshold)
            for name, values in rows
            for split, chosen in parts.items()
        ]
        write_table(
            outputs.path(output), score_columns(scores), {"SUBSIDENCE_KIND": "model_metrics"}
        )
        baselines = {name for name, model in zip(names, loaded) if not model.is_network}
        if report:
            from ..report.model_report import write_model_report

            facts = {"Samples": samples, "Threshold": f"{threshold:g}"}
            for name, model, path in zip(names, loaded, models):
                facts[name] = _described(model, path)
            write_model_report(outputs.path(report), scores, baselines, threshold, facts)
        results = _summary(scores, baselines, progress)
        progress(1.0)
    return results


def split_rows(
    features: Features,
    labels: np.ndarray,
    split_field: Optional[str],
    source: str,
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Return which rows each split has; all rows where there is no field "split".

    Raises
    ------
    InputError
        Labels are not 0 and 1, a split has one of them only, or no row is left to validate on.
    """
    check_labels(labels, f"The label of the samples '{source}'")
    split_field = field_in_use(features, split_field, "split")
    if not split_field:
        progress.warn(
            "There is no split field: all rows are scored together, those of training included."
        )
        return {ALL: np.ones(len(labels), bool)}
    split = read_split(features.columns[split_field], split_field)
    parts = {name: split == name for name in SPLITS if (split == name).any()}
    if not (VALIDATION in parts or TEST in parts):
        raise InputError(
            f"No row of the samples has the split 'validation' or 'test' in '{split_field}'; "
            "extract samples with a validation share above 0, or leave SPLIT_FIELD empty to score "
            "all rows together."
        )
    for name, chosen in parts.items():
        check_labels(labels[chosen], f"The label of the {name} rows")
    if (split == "").any():
        progress.warn(f"{int((split == '').sum())} rows have no split and are left out.")
    return parts


def probabilities(model: Any, features: Features, name: str) -> np.ndarray:
    """Return the probability of each row, the mean of the members; NaN where it is not defined."""
    from ..models.predict_rows import predict_samples

    try:
        found = predict_samples(model, features.columns).astype(float).mean(axis=0)
    except InputError as error:
        raise InputError(f"Model {name}: {error}") from error
    columns = list(features.columns)
    kinds = dict(zip(map(str.casefold, columns), factor_kinds(columns, features.metadata)))
    for factor in model.factors if "kinds" in features.metadata else ():
        if (factor.kind == "classes") != (kinds[factor.name.casefold()] == "classes"):
            was, now = ("classes", "values") if factor.kind == "classes" else ("values", "classes")
            raise InputError(
                f"Model {name} was trained on {was} of '{factor.name}' and the samples hold {now}; "
                "extract samples from the stack that it was trained on."
            )
    return found


def drop_missing(
    parts: dict[str, np.ndarray],
    rows: Sequence[tuple[str, np.ndarray]],
    labels: np.ndarray,
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Leave out rows that any model cannot judge, so that all models have the same rows."""
    known = np.all([np.isfinite(values) for _name, values in rows], axis=0)
    for name, values in rows:
        missing = sum(int((chosen & ~np.isfinite(values)).sum()) for chosen in parts.values())
        if missing:
            progress.warn(
                f"{missing} rows have an empty factor, or a category not seen in training, for "
                f"{name}; they are left out for every model."
            )
    parts = {split: chosen & known for split, chosen in parts.items()}
    for split, chosen in parts.items():
        check_labels(labels[chosen], f"The label of the {split} rows that every model can judge")
    return parts


def model_names(architectures: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Return what each model is called: its architecture, with the file's name where it repeats."""
    from ..baselines.registry import BASELINES
    from ..networks.registry import ARCHITECTURES

    declared = {**BASELINES, **ARCHITECTURES}
    titles = [declared[name].title for name in architectures]
    names = [
        title if titles.count(title) == 1 else f"{title} ({Path(path).stem})"
        for title, path in zip(titles, paths)
    ]
    return [
        name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}"
        for i, name in enumerate(names)
    ]


def _described(model: Any, path: str) -> str:
    members = f", {model.members} members (mean)" if model.members > 1 else ""
    seeds = f", seed {', '.join(map(str, model.card.seeds))}" if model.card.seeds else ""
    return f"{path} (id {model.model_id}, {len(model.factors)} factors{members}{seeds})"


def _summary(scores: Sequence[Scores], baselines: set[str], progress: Progress) -> dict[str, Any]:
    judge = judging_split(scores)
    for s in ranking(scores, judge):
        kind = " (baseline)" if s.model in baselines else ""
        progress.info(
            f"{s.model}{kind} on {judge} rows: AUC {s.metrics['AUC']:.4f}, "
            f"accuracy {100 * s.metrics['ACC']:.1f} %, Kappa {s.metrics['Kappa']:.3f}."
        )
    best = ranking(scores, judge)[0]
    return {"BEST_MODEL": best.model, "BEST_AUC": best.metrics["AUC"]}
