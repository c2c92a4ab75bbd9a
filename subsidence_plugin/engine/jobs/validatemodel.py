"""Validation of one or several models on the training, validation and test rows of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..models.file import load_model, save_model
from ..outputs import Outputs
from ..progress import Progress
from ..report.model_lead import lead
from ..report.model_names import described, model_names
from ..training.table import factor_kinds
from ..validation.bootstrap import REPLICATES
from ..validation.evaluation import (
    Evaluation,
    delong_columns,
    evaluate_models,
    table_columns,
)
from ..validation.metrics import THRESHOLD
from ..validation.model_rows import ModelRows, drop_unjudged, judge_model
from ..validation.model_scores import Scores, score
from ..validation.recalibrate import Recalibration, recalibrate
from ..validation.recalibration import METHODS
from ..validation.sample_rows import SampleRows, split_method, split_rows
from ..vector.inventory import field_in_use
from ..vector.read import read_features
from ..vector.write import write_table


def run(
    progress: Progress,
    samples: str,
    models: Sequence[str],
    output: str,
    label_field: str = "label",
    split_field: Optional[str] = "split",
    threshold: float = THRESHOLD,
    calibration: int = 0,
    bootstrap: int = REPLICATES,
    seed: int = 42,
    calibrated_model: Optional[str] = None,
    delong: Optional[str] = None,
    report: Optional[str] = None,
) -> dict[str, Any]:
    """Score the models, recalibrate one on request, write the tables and the report.

    Parameters
    ----------
    samples : str
        Samples with the models' factors, ``label_field`` and, as a rule, ``split_field``.
    models : sequence of str
        Model files.
    output : str
        Table of metrics.
    label_field, split_field : str
        Without a field "split" all rows are scored together.
    threshold : float
        Probability from which a row is called subsidence.
    calibration : int
        0 none, 1 isotonic, 2 Platt; of one model only.
    bootstrap : int
        Resamples of the ROC bands; 0 leaves them out.
    seed : int
    calibrated_model : str, optional
        Model file with the calibration.
    delong : str, optional
        Table of DeLong's tests.
    report : str, optional

    Returns
    -------
    dict
        ``BEST_MODEL`` and ``BEST_AUC`` on the judged rows; ``ECE_BEFORE`` and ``ECE_AFTER`` where
        a model was recalibrated.
    """
    check_request(models, calibration, calibrated_model)
    rows = read_samples(samples, label_field, split_field, seed, progress)
    source = samples.split("|")[0]
    targets = (output, calibrated_model, delong, report)
    with Outputs(*targets, inputs=[source, *models]) as outputs:
        progress.stage("Prediction")
        judged = judge_models(models, rows, progress.part(0, 0.4))
        parts = drop_unjudged(judged, rows, progress)
        recalibrated = None
        if calibration:
            recalibrated = recalibrate(
                METHODS[calibration], judged[0], rows, parts, threshold, Path(source).name, progress
            )
        progress.stage("Confidence intervals")
        found = evaluate_models(
            [_score(m, split, rows, chosen, threshold)
             for m in judged for split, chosen in parts.items()],
            {m.name for m in judged if not m.model.is_network},
            threshold, rows.split_method, bootstrap, seed, progress.part(0.4, 0.9),
        )  # fmt: skip
        write_tables(outputs, output, delong, found, recalibrated)
        if recalibrated and calibrated_model:
            card = replace(judged[0].model.card, calibration=recalibrated.calibration)
            save_model(outputs.path(calibrated_model), judged[0].model.arrays, card)
        if report:
            from ..report.model_report import write_model_report

            facts = {
                "Samples": samples,
                "Rows": ", ".join(f"{split} {chosen.sum():,}" for split, chosen in parts.items()),
                "Threshold": f"{threshold:g}",
                "Bootstrap": f"{bootstrap} resamples" if bootstrap else "none",
                "Seed": seed,
                **{m.name: described(m.model, path) for m, path in zip(judged, models)},
            }
            write_model_report(outputs.path(report), found, facts, recalibrated)
        results = _summary(found, recalibrated, progress)
        progress(1.0)
    return results


def check_request(models: Sequence[str], calibration: int, calibrated_model: Optional[str]) -> None:
    """Refuse what cannot be asked for together."""
    if not models:
        raise InputError("No model file was given; choose one or several in MODELS.")
    if not 0 <= calibration < len(METHODS):
        raise InputError(
            f"CALIBRATION is {calibration}; it is 0 (none), 1 (isotonic) or 2 (Platt)."
        )
    if calibration and len(models) > 1:
        raise InputError(
            f"CALIBRATION recalibrates one model, and MODELS holds {len(models)}; choose the one "
            "to recalibrate, or set CALIBRATION to none to compare them."
        )
    if calibrated_model and not calibration:
        raise InputError(
            "CALIBRATED_MODEL was asked for without a method; set CALIBRATION to isotonic or "
            "Platt, or leave CALIBRATED_MODEL empty."
        )


def read_samples(
    source: str, label_field: str, split_field: Optional[str], seed: int, progress: Progress
) -> SampleRows:
    """Return the rows of the samples layer with the mask of each split."""
    features = read_features(source)
    columns, metadata = features.columns, features.metadata
    labels = features.number(label_field)
    used = field_in_use(features, split_field, "split")
    parts = split_rows(labels, columns[used] if used else None, used or "", source, progress)
    fold = columns.get("fold")
    points = len(features.x) == len(labels)
    kinds = dict(zip(columns, factor_kinds(list(columns), metadata)))
    return SampleRows(
        columns, labels, parts,
        fold if isinstance(fold, np.ndarray) else None,
        split_method(metadata) if used == "split" else "",
        features.x if points else None, features.y if points else None, features.crs, seed,
        kinds if "kinds" in metadata else {},
    )  # fmt: skip


def judge_models(paths: Sequence[str], rows: SampleRows, progress: Progress) -> list[ModelRows]:
    """Load every model and return what it says of every row."""
    loaded = [load_model(path) for path in paths]
    names = model_names(loaded, paths)
    judged = []
    for number, (name, model) in enumerate(zip(names, loaded)):
        judged.append(judge_model(model, name, rows, progress))
        progress((number + 1) / len(paths))
    return judged


def write_tables(
    outputs: Outputs,
    output: str,
    delong: Optional[str],
    found: Evaluation,
    recalibrated: Optional[Recalibration],
) -> None:
    """Write the metrics, with those of the recalibrated model, and DeLong's tests on request."""
    further = [recalibrated.after] if recalibrated else []
    kind = {"SUBSIDENCE_KIND": "model_metrics"}
    write_table(outputs.path(output), table_columns(found, further), kind)
    if delong:
        kind = {"SUBSIDENCE_KIND": "delong_tests"}
        write_table(outputs.path(delong), delong_columns(found), kind)


def _score(
    m: ModelRows, split: str, rows: SampleRows, chosen: np.ndarray, threshold: float
) -> Scores:
    return score(
        m.name, split, rows.labels[chosen], m.probability[chosen], threshold, m.calibration,
        int(m.seen[chosen].sum()), m.raw[chosen],
    )  # fmt: skip


def _summary(
    found: Evaluation, recalibrated: Optional[Recalibration], progress: Progress
) -> dict[str, Any]:
    for s in found.ranked:
        kind = " (baseline)" if s.model in found.baselines else ""
        progress.info(
            f"{s.model}{kind} on {found.judge} rows: AUC {s.metrics['AUC']:.4f}, "
            f"accuracy {100 * s.metrics['ACC']:.1f} %, Kappa {s.metrics['Kappa']:.3f}."
        )
    progress.info(lead(found, recalibrated))
    best = found.ranked[0]
    results = {"BEST_MODEL": best.model, "BEST_AUC": best.metrics["AUC"]}
    if recalibrated:
        before, after = recalibrated.curves
        results.update(ECE_BEFORE=before.ece, ECE_AFTER=after.ece)
    return results
