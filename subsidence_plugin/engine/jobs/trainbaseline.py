"""Job of ``trainbaseline``: the simple models that a network must beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..baselines.registry import BASELINES
from ..errors import InputError
from ..needs import need
from ..outputs import Outputs
from ..progress import Progress
from ..training.fit import fit_baseline, recipe_of
from ..training.samples import encoded_samples, make_card, results, save_measured
from ..training.scores import log_metrics, runs_table
from ..vector.read import read_features
from ..vector.write import write_table


def run(
    progress: Progress,
    samples: str,
    method: str,
    model: str,
    factor_fields: Sequence[str] = (),
    label_field: str = "label",
    options: Optional[Mapping[str, Any]] = None,
    balanced: bool = False,
    repeats: int = 1,
    seed: int = 42,
    report: Optional[str] = None,
    runs: Optional[str] = None,
) -> dict[str, Any]:
    """Fit a baseline on the rows of ``split`` 'train' and write its model file.

    Parameters
    ----------
    samples : str
        Point layer of ``extractsamples``.
    method : str
        A key of ``BASELINES``.
    model : str
        Model file to write.
    factor_fields : sequence of str
        Empty: all factors.
    label_field : str
    options : mapping
        Of the baseline's ``fit``, such as the number of trees; others are ignored.
    balanced : bool
        Rows of the rarer class count more.
    repeats, seed : int
        ``repeats`` members with the seeds ``seed``, ``seed + 1`` ...; only forests draw random
        numbers, and the log says so where all members are the same.
    report, runs : str, optional

    Returns
    -------
    dict
        ``AUC`` (validation rows, else training rows) and ``MODEL_ID``.
    """
    baseline = BASELINES[method]
    features = read_features(samples)
    table, encoded = encoded_samples(features, factor_fields, label_field, progress)
    chosen = {
        name: (options or {}).get(name) or default for name, default in baseline.defaults.items()
    }
    if repeats < 1:
        raise InputError(f"REPEATS is {repeats}; it must be at least 1.")
    with Outputs(model, report, runs, inputs=[samples]) as outputs:
        inputs, label = encoded.part("train")
        recipe = recipe_of(method, chosen, {"class_weights": "balanced" if balanced else "none"})
        seeds = [seed + index for index in range(repeats)]
        part = progress.part(0.0, 0.9)
        progress.stage("Training")
        members = fit_baseline(recipe, encoded.factors, inputs, label, seeds, part)
        if repeats > 1 and all(_equal(members[0], other) for other in members[1:]):
            progress.warn(
                f"The {repeats} members are the same, as {baseline.title.lower()} draws no random "
                "numbers: the map needs one, and the runs do not vary."
            )
        card = make_card(method, chosen, table, encoded, samples)
        card.seeds, card.training = seeds, dict(recipe.settings)
        card.versions["scikit-learn"] = need("sklearn", "to fit baselines").__version__
        path = outputs.path(model)
        model_id, of_members = save_measured(path, members, card, encoded)
        if runs:
            changed = [f"{k}={v}" for k, v in chosen.items() if v != baseline.defaults[k]]
            name = " ".join(["default", *changed])
            columns = runs_table(baseline.title, name, seeds, of_members)
            about = {"model_id": model_id, "SUBSIDENCE_KIND": "runs"}
            write_table(outputs.path(runs), columns, about)
        log_metrics(baseline.title, card.metrics, progress)
        if report:
            from ..report.training_report import write_training_report

            write_training_report(
                outputs.path(report),
                baseline.title,
                card,
                None,
                card.metrics,
                card.baseline or None,
            )
        progress(1.0)
    return results(card, model_id)


def _equal(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> bool:
    """Tell whether two members have the same arrays."""
    return all(np.array_equal(values, other[name]) for name, values in one.items())
