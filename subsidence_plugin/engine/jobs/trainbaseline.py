"""Job of ``trainbaseline``: the simple models that a network must beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..baselines.registry import BASELINES
from ..needs import need
from ..outputs import Outputs
from ..progress import Progress
from ..training.fit import one_hot
from ..training.samples import encoded_samples, make_card, results, save_measured
from ..training.scores import log_metrics, logistic_metrics
from ..training.weights import balanced_weights
from ..vector.read import read_features


def run(
    progress: Progress,
    samples: str,
    method: str,
    model: str,
    factor_fields: Sequence[str] = (),
    label_field: str = "label",
    options: Optional[Mapping[str, Any]] = None,
    balanced: bool = False,
    seed: int = 42,
    report: Optional[str] = None,
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
    seed : int
    report : str, optional

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
    with Outputs(model, report, inputs=[samples]) as outputs:
        inputs, label = encoded.part("train")
        further = {"one_hot": one_hot(encoded.factors)} if method == "frequencyratio" else {}
        arrays = baseline.fit(
            inputs, label, balanced_weights(label) if balanced else None, seed,
            progress.part(0.0, 0.9), **chosen, **further,
        )  # fmt: skip
        card = make_card(method, chosen, table, encoded, samples)
        card.seeds, card.training = [seed], {"class_weights": "balanced" if balanced else "none"}
        card.versions["scikit-learn"] = need("sklearn", "to fit baselines").__version__
        model_id, _of_members = save_measured(outputs.path(model), [arrays], card, encoded)
        log_metrics(baseline.title, card.metrics, progress)
        if report:
            from ..report.training_report import write_training_report

            logistic = None if method == "logistic" else logistic_metrics(encoded)
            write_training_report(
                outputs.path(report), baseline.title, card, None, card.metrics, logistic
            )
        progress(1.0)
    return results(card, model_id)
