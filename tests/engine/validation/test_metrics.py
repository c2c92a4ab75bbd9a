"""Metrics against Table 1 of the paper, hand-worked counts and scikit-learn."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.validation.metrics import (
    Confusion,
    auc,
    check_labels,
    confusion,
    evaluate,
    probability_errors,
    roc_curve,
)
from scipy.integrate import trapezoid

#: Paper H, Table 1: TP TN FP FN, then PPV NPV SST SPF ACC (%) Kappa MAE RMSE as printed.
TABLE_1 = {
    "CNN, training": (3008, 2315, 480, 283, 86.24, 89.11, 91.4, 82.83, 87.46, 0.746, 0.125, 0.354),
    "LSTM, training": (3047, 2494, 301, 244, 91.01, 91.09, 92.59, 89.23, 91.05, 0.819, 0.09, 0.299),
    "DRDN, training": (3173, 2521, 274, 118, 92.05, 95.53, 96.41, 90.2, 93.56, 0.87, 0.064, 0.254),
    "CNN-LSTM, training": (
        3069, 2033, 762, 222, 80.11, 90.16, 93.25, 72.74, 83.83, 0.67, 0.162, 0.402,
    ),
    "CNN, validation": (1293, 991, 211, 114, 85.97, 89.68, 91.9, 82.45, 87.54, 0.748, 0.125, 0.353),
    "LSTM, validation": (
        1333, 1028, 174, 74, 88.45, 93.28, 94.74, 85.52, 90.49, 0.808, 0.095, 0.308,
    ),
    "DRDN, validation": (
        1315, 1051, 151, 92, 89.7, 91.95, 93.46, 87.44, 90.69, 0.812, 0.093, 0.305,
    ),
    "CNN-LSTM, validation": (
        1324, 857, 345, 83, 79.33, 91.17, 94.1, 71.3, 83.6, 0.665, 0.164, 0.405,
    ),
}  # fmt: skip


@pytest.mark.parametrize("column", TABLE_1)
def test_table_1_follows_from_its_counts(column):
    tp, tn, fp, fn, *printed = TABLE_1[column]
    c = Confusion(tp, tn, fp, fn)
    computed = [100 * v for v in (c.ppv, c.npv, c.sst, c.spf, c.acc)] + [c.kappa, c.mae, c.rmse]
    # Half a unit of the last printed digit, a whisker more for the paper's own rounding.
    allowed = [0.0051] * 5 + [0.00051] * 3
    assert np.all(np.abs(np.array(computed) - printed) <= allowed), (computed, printed)


def test_table_1_comes_from_rows_too():
    tp, tn, fp, fn, *_ = TABLE_1["DRDN, validation"]
    labels = np.repeat([1, 0, 0, 1], [tp, tn, fp, fn])
    called = np.repeat([0.9, 0.1, 0.9, 0.1], [tp, tn, fp, fn])
    result = evaluate(labels, called)
    assert [result[k] for k in ("TP", "TN", "FP", "FN")] == [tp, tn, fp, fn]
    assert result["MAE_label"] == pytest.approx(243 / 2609)
    # Every error is 0.1 where the call is right and 0.9 where it is wrong.
    assert result["MAE_probability"] == pytest.approx((0.1 * 2366 + 0.9 * 243) / 2609)


def test_figures_of_six_rows_worked_out_by_hand():
    labels = np.array([1, 1, 1, 0, 0, 0])
    probability = np.array([0.9, 0.5, 0.2, 0.5, 0.4, 0.1])
    counts = confusion(labels, probability)
    assert (counts.tp, counts.tn, counts.fp, counts.fn) == (2, 2, 1, 1)
    assert counts.kappa == pytest.approx(1 / 3)
    # 9 pairs: 0.9 wins 3, 0.5 wins 2 and ties 1, 0.2 wins 1.
    assert auc(labels, probability) == pytest.approx(6.5 / 9)
    errors = probability_errors(labels, probability)
    assert errors.mae == pytest.approx((0.1 + 0.5 + 0.8 + 0.5 + 0.4 + 0.1) / 6)
    assert errors.rmse == pytest.approx(np.sqrt((0.01 + 0.25 + 0.64 + 0.25 + 0.16 + 0.01) / 6))
    assert errors.std == pytest.approx(np.sqrt(errors.rmse**2 - errors.mae**2))


def test_perfect_reversed_and_constant_scores():
    labels = np.array([0, 0, 1, 1])
    assert auc(labels, [0.1, 0.2, 0.3, 0.4]) == 1
    assert auc(labels, [0.4, 0.3, 0.2, 0.1]) == 0
    assert auc(labels, [0.5] * 4) == 0.5
    assert np.isnan(auc([1, 1], [0.2, 0.3]))


@pytest.mark.parametrize("decimals", [1, 6])
def test_agrees_with_scikit_learn(decimals):
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(3)
    labels = random.integers(0, 2, 3000)
    score = np.clip(random.normal(0.4 + 0.2 * labels, 0.25), 0, 1).round(decimals)
    called = score >= 0.5
    result = evaluate(labels, score)
    assert result["AUC"] == pytest.approx(metrics.roc_auc_score(labels, score), abs=1e-12)
    assert result["Kappa"] == pytest.approx(metrics.cohen_kappa_score(labels, called))
    assert result["PPV"] == pytest.approx(metrics.precision_score(labels, called))
    assert result["SST"] == pytest.approx(metrics.recall_score(labels, called))
    assert result["SPF"] == pytest.approx(metrics.recall_score(labels, called, pos_label=0))
    assert result["RMSE_probability"] ** 2 == pytest.approx(metrics.brier_score_loss(labels, score))
    false, true = roc_curve(labels, score)
    theirs = metrics.roc_curve(labels, score, drop_intermediate=False)
    np.testing.assert_allclose(false, theirs[0])
    np.testing.assert_allclose(true, theirs[1])
    assert trapezoid(true, false) == pytest.approx(result["AUC"])


def test_the_order_of_rows_does_not_matter():
    random = np.random.default_rng(5)
    labels, score = random.integers(0, 2, 200), random.random(200).round(1)
    order = random.permutation(200)
    first, second = evaluate(labels, score), evaluate(labels[order], score[order])
    assert first == pytest.approx(second)


def test_a_share_of_nothing_is_not_a_number():
    none_called = evaluate(np.array([1, 0]), np.array([0.1, 0.2]))
    assert np.isnan(none_called["PPV"])
    assert none_called["NPV"] == 0.5


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([1, 2, 0], r"must be 1 \(subsidence\) or 0 \(none\), but it also holds 2 \(1×\)"),
        ([1, np.nan, 0], r"also holds null \(1×\)"),
        ([1, 1], "is 1 in all 2 rows; rows of both classes are needed"),
        ([], "has no rows"),
    ],
)
def test_labels_other_than_0_and_1_are_refused(labels, words):
    with pytest.raises(InputError, match=words):
        check_labels(labels)
