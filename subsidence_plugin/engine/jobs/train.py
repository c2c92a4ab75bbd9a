"""Job of all network trainers: samples to model file, history, report and runs table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..models.card import Card
from ..needs import need
from ..networks.declaration import PRESETS
from ..networks.registry import ARCHITECTURES
from ..outputs import Outputs
from ..progress import Progress
from ..training.device import choose_device
from ..training.loop import Trained, train
from ..training.samples import encoded_samples, make_card, results, save_measured
from ..training.scores import log_comparison, log_metrics, runs_table
from ..training.settings import Settings, settings_of
from ..training.table import Encoded
from ..vector.read import read_features
from ..vector.write import write_table


def run(
    progress: Progress,
    samples: str,
    architecture: str,
    model: str,
    factor_fields: Sequence[str] = (),
    label_field: str = "label",
    preset: int = 0,
    hyperparameters: Optional[Mapping[str, Any]] = None,
    settings: Optional[Mapping[str, Any]] = None,
    holdout_folds: bool = False,
    repeats: int = 1,
    seed: int = 42,
    device: int = 0,
    checkpoint: Optional[str] = None,
    history: Optional[str] = None,
    report: Optional[str] = None,
    runs: Optional[str] = None,
) -> dict[str, Any]:
    """Train networks on the rows of ``split`` 'train' and write what is asked for.

    Parameters
    ----------
    samples : str
        Point layer of ``extractsamples``: label, split, a numeric field a factor.
    architecture : str
        A key of ``ARCHITECTURES``.
    model : str
        Model file to write.
    factor_fields : sequence of str
        Empty: all factors.
    label_field : str
    preset : int
        0 defaults, 1 Appendix B of the Hanoi paper.
    hyperparameters, settings : mapping
        Replace the preset's values; None as value leaves them.
    holdout_folds : bool
        Hold out whole folds (field ``fold``) for early stopping.
    repeats, seed, device : int
        See ``training.loop.train``.
    checkpoint, history, report, runs : str, optional

    Returns
    -------
    dict
        ``AUC`` (validation rows, else training rows) and ``MODEL_ID``.
    """
    declared = ARCHITECTURES[architecture]
    chosen, general = declared.preset(preset)
    given = {k: v for k, v in (hyperparameters or {}).items() if v is not None}
    chosen = declared.checked({**chosen, **given})
    how = settings_of(general, settings or {})
    where = choose_device(device, progress)
    features = read_features(samples)
    table, encoded = encoded_samples(features, factor_fields, label_field, progress)
    fold = _folds(encoded) if holdout_folds else None
    with Outputs(model, history, report, runs, inputs=[samples]) as outputs:
        inputs, label = encoded.part("train")
        progress.stage("Training")
        trained = train(
            architecture, chosen, inputs, label, how,
            repeats=repeats, seed=seed, device=where, fold=fold, checkpoint=checkpoint,
            progress=progress.part(0.0, 0.95),
        )  # fmt: skip
        card = make_card(architecture, chosen, table, encoded, samples)
        card.training = {
            **how.as_dict(), "preset": PRESETS[preset], "members": trained.summaries,
            "holdout": "folds" if holdout_folds else "rows", "device": where,
        }  # fmt: skip
        card.seeds = trained.seeds
        card.versions["torch"] = need("torch", "to train networks").__version__
        progress.check()
        return _write(
            outputs, progress, declared.title, card, trained, encoded,
            (model, history, report, runs), _configuration(declared, preset, chosen, how),
        )  # fmt: skip


def _folds(encoded: Encoded) -> np.ndarray:
    if encoded.fold is None:
        raise InputError(
            "The samples have no numeric field 'fold'; run 'Extract samples' with FOLDS, or hold "
            "out single rows."
        )
    return encoded.fold[encoded.split == "train"]


def _configuration(declared: Any, preset: int, chosen: Mapping, how: Settings) -> str:
    """Return a short name of the configuration: the preset and what differs from it."""
    hyperparameters, general = declared.preset(preset)
    before = {**settings_of(general, {}).as_dict(), **hyperparameters}
    after = {**how.as_dict(), **chosen}
    changed = [f"{name}={after[name]}" for name in after if after[name] != before[name]]
    return " ".join([PRESETS[preset], *changed])


def _write(
    outputs: Outputs, progress: Progress, title: str, card: Card, trained: Trained,
    encoded: Encoded, targets: tuple, configuration: str,
) -> dict[str, Any]:  # fmt: skip
    """Write model, history, report and runs; return the results."""
    model_path, history, report, runs = targets
    path = outputs.path(model_path)
    model_id, members = save_measured(path, trained.members, card, encoded)
    logistic = card.baseline or None
    log_metrics(title, card.metrics, progress)
    log_comparison(f"the {title}", card.metrics, logistic, progress)
    about = {"model_id": model_id, "SUBSIDENCE_KIND": "training_history"}
    if history:
        write_table(outputs.path(history), _history_columns(trained), about)
    if runs:
        columns = runs_table(title, configuration, trained.seeds, members)
        write_table(outputs.path(runs), columns, {**about, "SUBSIDENCE_KIND": "runs"})
    if report:
        from ..report.training_report import write_training_report

        write_training_report(outputs.path(report), title, card, trained, card.metrics, logistic)
    progress.info(f"Model {model_id}: {card.members} network(s), {json.dumps(configuration)}.")
    progress(1.0)
    return results(card, model_id)


def _history_columns(trained: Trained) -> dict[str, np.ndarray]:
    rows = np.array(trained.history, dtype=float).reshape(-1, 5)
    return {
        "repeat": rows[:, 0].astype(np.int64),
        "epoch": rows[:, 1].astype(np.int64),
        "loss": rows[:, 2],
        "holdout_loss": rows[:, 3],
        "holdout_auc": rows[:, 4],
    }
