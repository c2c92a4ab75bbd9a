"""What is said of a network beside logistic regression: the same in log and report."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.report.training_report import write_training_report
from land_subsidence.subsidence_plugin.engine.training.scores import compare, log_comparison
from land_subsidence.subsidence_plugin.engine.training.weights import balanced_weights

FIGURES = {"AUC": 0.5, "ACC": 0.5, "Kappa": 0.0, "SST": 0.5, "SPF": 0.5, "RMSE_probability": 0.5}


def metrics(auc):
    return {"validation": {**FIGURES, "AUC": auc}}


@pytest.mark.parametrize(
    ("own", "other", "verdict", "level", "log", "report"),
    [
        (0.9, 0.8, "better", "info", "the CNN (AUC 0.900) does better than logistic regression "
         "(AUC 0.800).", "better than a logistic regression on the same rows (0.800)."),
        (0.8, 0.8, "equal", "info", "the CNN does as well as logistic regression (both AUC "
         "0.800).", "the same as a logistic regression on the same rows (0.800)."),
        # Differences that three decimals do not show are none.
        (0.80049, 0.79951, "equal", "info", "both AUC 0.800", "the same as a logistic"),
        (0.79951, 0.80049, "equal", "info", "both AUC 0.800", "the same as a logistic"),
        (0.8, 0.802, "worse", "warning", "logistic regression (AUC 0.802) does better than the "
         "CNN (AUC 0.800).", "worse than a logistic regression on the same rows (0.802)."),
    ],
)  # fmt: skip
def test_one_verdict_in_log_and_report(own, other, verdict, level, log, report, tmp_path):
    assert compare(own, other) == verdict
    lines = []
    progress = Progress(on_message=lambda text, level: lines.append((level, text)))
    log_comparison("the CNN", metrics(own), metrics(other), progress)
    assert lines[-1][0] == level and log in lines[-1][1]
    path = tmp_path / "r.html"
    write_training_report(
        str(path), "CNN", Card("cnn", [Factor("slope")]), None, metrics(own), metrics(other)
    )
    assert f"reaches an AUC of {own:.3f} on the validation rows, {report}" in path.read_text(
        encoding="utf-8"
    )


def test_balanced_weights_by_hand():
    # 1 of 4 positive: 0.5 / 0.25 = 2 for it, 0.5 / 0.75 = 2/3 for the others.
    weights = balanced_weights(np.array([1, 0, 0, 0]))
    assert weights == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3]) and weights.mean() == pytest.approx(1)
