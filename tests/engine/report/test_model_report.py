"""The validation report: what its first sentences, tables and figures say."""

from types import SimpleNamespace

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.report.model_figures import (
    error_figure,
    error_histogram_figure,
    precision_recall_figure,
    reliability_figure,
    roc_figure,
)
from land_subsidence.subsidence_plugin.engine.report.model_lead import _recalibrated, lead
from land_subsidence.subsidence_plugin.engine.report.model_report import write_model_report
from land_subsidence.subsidence_plugin.engine.report.model_sections import (
    calibration_section,
    delong_table,
    threshold_section,
)
from land_subsidence.subsidence_plugin.engine.validation.calibration import reliability
from land_subsidence.subsidence_plugin.engine.validation.evaluation import evaluate_models
from land_subsidence.subsidence_plugin.engine.validation.model_scores import score

pytest.importorskip("matplotlib")

LABELS = np.array([0, 0, 1, 1])
#: AUC 1, 0.75 and 0.5.
GOOD, FAIR, POOR = [0.1, 0.2, 0.8, 0.9], [0.1, 0.6, 0.4, 0.9], [0.5, 0.5, 0.5, 0.5]


def scores(split="validation", **models):
    return [score(name, split, LABELS, values) for name, values in models.items()]


def evaluation(given, *baselines, method="random", replicates=0):
    return evaluate_models(given, baselines, split_method=method, replicates=replicates)


def many_rows(count=400, split="validation", seed=0):
    """Two networks that hardly differ, and a far worse baseline."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count)
    signal = labels + random.normal(0, 0.7, count)
    values = {
        "DRDN": signal + random.normal(0, 0.1, count),
        "CNN": signal + random.normal(0, 0.1, count),
        "Forest": labels + random.normal(0, 3, count),
    }
    return [score(name, split, labels, 1 / (1 + np.exp(1.5 - 3 * v))) for name, v in values.items()]


def test_a_baseline_that_wins_is_named_before_the_best_network():
    text = lead(evaluation(scores(DRDN=FAIR, CNN=POOR, Forest=GOOD), "Forest"))
    assert text.startswith(
        "On 4 validation rows, the baseline Forest is best by AUC (AUC 1.000, accuracy 100.0 %); "
        "the best network, DRDN, has AUC 0.750, a difference that may be chance (DeLong's test, "
        "adjusted p = "
    )


def test_a_network_is_measured_against_the_best_baseline():
    text = lead(evaluation(scores(DRDN=GOOD, Forest=POOR), "Forest"))
    # Both perfectly constant within the classes: no variance, so the difference is beyond chance.
    assert "the best baseline, Forest, has AUC 0.500, a significant difference" in text
    assert "DRDN is best by AUC" in text
    text = lead(evaluation(scores(DRDN=GOOD, Forest=GOOD), "Forest"))
    assert "the best baseline, Forest, is as good (AUC 1.000)." in text


def test_the_difference_is_tested_and_the_alike_are_named():
    found = evaluation(many_rows(), "Forest", replicates=50)
    text = lead(found)
    assert "% interval of " in text
    assert "the best baseline, Forest, has AUC" in text
    assert "a significant difference (DeLong's test, adjusted p < 0.001)" in text
    second = found.ranked[1].model
    assert f"Not told apart from it at 0.05: {second}." in text
    table = delong_table(found)
    assert len(table.rows) == 3
    assert table.rows[0][1] == "Forest"
    assert table.rows[0][4] == "< 0.001"
    assert float(table.rows[0][2]) == pytest.approx(
        abs(found.compared("Forest", table.rows[0][0]).difference), abs=5e-4
    )


def test_validation_rows_judge_and_training_rows_are_called_flattering():
    both = scores("train", DRDN=GOOD) + scores("validation", DRDN=POOR)
    assert lead(evaluation(both)).startswith(
        "DRDN reaches AUC 0.500, accuracy 50.0 % on 4 validation rows. The split is random:"
    )
    assert "the figures flatter" in lead(evaluation(scores("all", DRDN=GOOD)))
    assert "on 4 test rows." in lead(evaluation(scores("test", DRDN=GOOD)))


def test_the_split_is_named_for_what_it_is():
    both = scores(DRDN=GOOD)
    assert "'Cross-validate' shows by how much" in lead(evaluation(both, method="random"))
    assert "The split is spatial (square blocks)" in lead(evaluation(both, method="blocks"))
    assert "is not known; if at random" in lead(evaluation(both, method=""))


def test_rows_of_a_calibration_do_not_judge_where_there_are_others():
    crossed = score("DRDN", "validation", LABELS, GOOD, 0.5, "platt", 4, FAIR)
    assert crossed.metrics["AUC"] == 0.75  # ranked by the uncalibrated probability
    assert crossed.metrics["ACC"] == 1  # called by the cross-fitted one
    found = evaluation([crossed, *scores("test", DRDN=FAIR)])
    assert found.judge == "test"
    assert "Test rows judge, since a calibration was fitted on validation rows." in lead(found)
    found = evaluation([crossed])
    assert found.judge == "validation"
    assert "Calibrations were fitted on some of these rows: DRDN (4);" in lead(found)
    (_heading, _text, figure, _table) = calibration_section(found)
    assert "The calibration of DRDN was fitted on these rows" in figure.caption


def test_thresholds_come_from_training_rows_or_are_called_optimistic():
    both = scores("train", A=GOOD) + scores("validation", A=FAIR)
    (_heading, table) = threshold_section(evaluation(both))
    assert [row[1] for row in table.rows] == [
        "given", "training rows", "validation rows, optimistic"
    ]  # fmt: skip
    assert [row[2] for row in table.rows] == ["0.50", "0.500", "0.250"]
    assert table.rows[0][3:] == ["50.00", "50.00", "50.00", "0.000", "0.000"]
    assert table.rows[2][3:] == ["100.00", "50.00", "75.00", "0.500", "0.500"]
    (_heading, table) = threshold_section(evaluation(scores(A=FAIR, B=POOR)))
    assert [row[1] for row in table.rows] == ["given", "validation rows, optimistic"] * 2
    assert table.rows[3][2:] == ["–"] * 6  # a constant has no threshold


def test_figures_show_every_split_and_give_their_data():
    given = many_rows(split="train") + many_rows() + many_rows(split="test", seed=2)
    found = evaluation(given, replicates=20)
    figure, data = roc_figure(found)
    assert len(figure.axes) == 3
    texts = [t.get_text() for t in figure.axes[1].get_legend().get_texts()]
    best = found.ranked[0]
    band = found.bands[best.model, "validation"]
    assert texts[0] == (
        f"{best.model} ({best.metrics['AUC']:.3f}, {band.auc_low:.3f}–{band.auc_high:.3f})"
    )
    assert len(figure.axes[1].collections) == 3  # bands
    assert set(data["split"]) == {"train", "validation", "test"}
    low, rate, high = (np.array(data[k]) for k in ("low", "true_positive_rate", "high"))
    given = np.isfinite(low)
    assert np.all((low - 0.02 <= rate) & (rate <= high + 0.02) | ~given)
    assert given.sum() > 100
    figure, data = precision_recall_figure(found)
    assert "share of subsidence 0." in figure.axes[0].texts[0].get_text()
    assert len(data["recall"]) == len(data["precision"]) == len(data["model"])
    (ax,) = error_figure(found.ranked)[0].axes
    metrics = best.metrics
    assert ax.texts[0].get_text() == (
        f"{metrics['MAE_probability']:.3f} ± {metrics['STD_probability']:.3f}"
    )
    figure, data = error_histogram_figure(found, ["train", "validation"])
    assert sum(data["count"]) == 2 * 3 * 400
    figure, data = reliability_figure({"A": reliability(LABELS, np.array(FAIR))})
    assert data["rows"] == [1, 0, 0, 1, 0, 1, 0, 0, 1, 0]


@pytest.mark.parametrize("models", [1, 7])
def test_a_whole_report_of_one_and_of_many_models(tmp_path, models):
    labels = np.tile([0, 1], 30)
    random = np.random.default_rng(1)
    given = [
        score(f"Model {i}", split, labels, np.clip(random.normal(0.4 + 0.2 * labels, 0.3), 0, 1))
        for i in range(models)
        for split in ("train", "validation")
    ]
    path = tmp_path / "report.html"
    write_model_report(str(path), evaluation(given, replicates=10), {"Samples": "s.gpkg"})
    page = path.read_text(encoding="utf-8")
    assert page.count("<img") == 5
    assert ("DeLong" in page) == (models > 1)
    names = sorted(p.name for p in (tmp_path / "report_data").iterdir())
    assert names == [
        "figure-1-roc.csv", "figure-2-precision-recall.csv", "figure-3-errors.csv",
        "figure-4-error-histogram.csv", "figure-5-reliability.csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ece", "brier", "words"),
    [
        ((0.04, 0.02), (0.14, 0.13), None),
        ((0.04, 0.03), (0.128, 0.131), "The two disagree, so the gain may be chance."),
        ((0.04, 0.05), (0.128, 0.131), "It does not help: keep the model as it was."),
    ],
)
def test_a_recalibration_that_does_not_help_is_told_so(ece, brier, words):
    curves = [SimpleNamespace(ece=e, brier=b, chance=0.029) for e, b in zip(ece, brier)]
    found = SimpleNamespace(curves=curves, calibration={"method": "platt"}, rows="883 rows")
    text = _recalibrated(found)
    assert text.endswith(words or "on 883 rows.") and "(0.029 would be left by chance" in text
