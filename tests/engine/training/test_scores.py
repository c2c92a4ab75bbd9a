"""What is said of a network beside logistic regression: the same in log and report."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.report.training_report import write_training_report
from land_subsidence.subsidence_plugin.engine.training.scores import compare, log_comparison
from land_subsidence.subsidence_plugin.engine.training.weights import balanced_weights
from land_subsidence.subsidence_plugin.engine.validation.metrics import auc, auc_margin

FIGURES = {"ACC": 0.5, "Kappa": 0.0, "SST": 0.5, "SPF": 0.5, "RMSE_probability": 0.5}


def metrics(auc, rows=100):
    counts = {"TP": rows // 2, "FN": rows - rows // 2, "TN": rows, "FP": 0}
    return {"validation": {**FIGURES, **counts, "AUC": auc}}


@pytest.mark.parametrize(
    ("own", "other", "verdict", "level"),
    [
        (0.9, 0.8, "better", "info"),
        (0.8, 0.9, "worse", "warning"),
        (0.8, 0.8, "alike", "info"),
        # 0.011 is within the margin of 0.062 that 100 rows of each class leave.
        (0.811, 0.8, "alike", "info"),
        (0.8, 0.811, "alike", "info"),
    ],
)
def test_one_verdict_in_log_and_report(own, other, verdict, level, tmp_path):
    assert compare(metrics(own)["validation"], metrics(other)["validation"])[0] == verdict
    lines = []
    progress = Progress(on_message=lambda text, level: lines.append((level, text)))
    log_comparison("CNN", metrics(own), metrics(other), progress)
    said = {"alike": "no clear difference from"}.get(verdict, f"{verdict} than")
    assert lines[-1][0] == level
    assert f"{said} logistic regression ({other:.3f})." in lines[-1][1]
    path = tmp_path / "r.html"
    write_training_report(
        str(path), "CNN", Card("cnn", [Factor("slope")]), None, metrics(own), metrics(other)
    )
    assert lines[-1][1] in path.read_text(encoding="utf-8")


def test_many_rows_tell_a_small_difference():
    few, many = (compare(*(metrics(a, n)["validation"] for a in (0.82, 0.8))) for n in (100, 20000))
    assert (few[0], many[0]) == ("alike", "better")


def test_margin_covers_what_chance_does():
    # Scores of two normal distributions 1.2 apart: the spread of 400 measured AUCs is the truth.
    rng = np.random.default_rng(5)
    labels = np.repeat([1, 0], [60, 90])
    measured = [
        auc(labels, np.concatenate([rng.normal(1.2, 1, 60), rng.normal(0, 1, 90)]))
        for _ in range(400)
    ]
    margin = auc_margin(float(np.mean(measured)), 60, 90)
    assert margin == pytest.approx(1.96 * np.std(measured), rel=0.15)


def test_balanced_weights_by_hand():
    # 1 of 4 positive: 0.5 / 0.25 = 2 for it, 0.5 / 0.75 = 2/3 for the others.
    weights = balanced_weights(np.array([1, 0, 0, 0]))
    assert weights == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3]) and weights.mean() == pytest.approx(1)
