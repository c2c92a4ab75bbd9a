"""Precision–recall, calibration error, and thresholds, by hand and scikit-learn."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.validation.calibration import (
    brier_score,
    reliability,
    wilson_interval,
)
from land_subsidence.subsidence_plugin.engine.validation.precision_recall import (
    average_precision,
    precision_recall,
)
from land_subsidence.subsidence_plugin.engine.validation.thresholds import (
    best_threshold,
    youden_index,
)

LABELS = np.array([1, 0, 1, 1, 0, 0])
PROBABILITIES = np.array([0.95, 0.85, 0.85, 0.32, 0.32, 0.05])


def test_precision_recall_by_hand():
    recall, precision = precision_recall(LABELS, PROBABILITIES)
    np.testing.assert_allclose(recall, [1 / 3, 2 / 3, 1, 1])
    np.testing.assert_allclose(precision, [1, 2 / 3, 3 / 5, 3 / 6])
    assert average_precision(LABELS, PROBABILITIES) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)


@pytest.mark.parametrize("digits", [1, 8])
def test_average_precision_equals_scikit_learn(digits):
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(2)
    labels = (random.random(400) < 0.2).astype(int)
    scores = np.round(0.3 * labels + random.random(400), digits)
    expected = metrics.average_precision_score(labels, scores)
    assert average_precision(labels, scores) == pytest.approx(expected)
    precision, recall, _thresholds = metrics.precision_recall_curve(labels, scores)
    own = precision_recall(labels, scores)
    np.testing.assert_allclose(own[0], recall[:-1][::-1])
    np.testing.assert_allclose(own[1], precision[:-1][::-1])
    # A score that says nothing has the share of subsidence as average precision.
    assert average_precision(labels, np.ones(400)) == pytest.approx(labels.mean())


def test_calibration_error_and_brier_score_by_hand():
    curve = reliability(LABELS, PROBABILITIES)
    # Bins 0.0–0.1: 0 of 1; 0.3–0.4: 1 of 2; 0.8–0.9: 1 of 2; 0.9–1.0: 1 of 1.
    assert curve.rows.tolist() == [1, 0, 0, 2, 0, 0, 0, 0, 2, 1]
    np.testing.assert_allclose(curve.observed[[0, 3, 8, 9]], [0, 0.5, 0.5, 1])
    np.testing.assert_allclose(curve.predicted[[0, 3, 8, 9]], [0.05, 0.32, 0.85, 0.95])
    assert np.isnan(curve.observed[1])
    assert curve.ece == pytest.approx((0.05 + 2 * 0.18 + 2 * 0.35 + 0.05) / 6)
    squares = [0.05, 0.85, 0.15, 0.68, 0.32, 0.05]
    assert curve.brier == pytest.approx(np.mean(np.square(squares)))


def test_brier_score_and_reliability_equal_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    calibration = pytest.importorskip("sklearn.calibration")
    random = np.random.default_rng(4)
    p = random.random(1000)
    p[:3] = 0, 0.3, 1
    labels = (random.random(1000) < p**2).astype(int)
    assert brier_score(labels, p) == pytest.approx(sklearn.brier_score_loss(labels, p))
    observed, predicted = calibration.calibration_curve(labels, p, n_bins=10)
    curve = reliability(labels, p)
    np.testing.assert_allclose(curve.observed, observed)
    np.testing.assert_allclose(curve.predicted, predicted)


def test_what_chance_leaves_agrees_with_drawn_labels():
    random = np.random.default_rng(6)
    p = random.beta(0.8, 0.8, 600)
    drawn = [reliability(random.random(600) < p, p).ece for _ in range(400)]
    assert reliability(np.zeros(600), p).chance == pytest.approx(np.mean(drawn), rel=0.05)


def test_wilson_interval_of_published_example():
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, Table I, method 3)."""
    low, high = wilson_interval(np.array([81 / 263, np.nan]), np.array([263, 0]))
    assert low[0] == pytest.approx(0.2553, abs=5e-5)
    assert high[0] == pytest.approx(0.3662, abs=5e-5)
    assert np.isnan(low[1])


def test_youden_by_hand_and_by_brute_force():
    # From 0.85 on: 2 of 3 found, 1 of 3 wrongly; from 0.95 on: 1/3 and none; from 0.32: 1 − 2/3.
    best = best_threshold(LABELS, PROBABILITIES)
    assert best.youden == pytest.approx(1 / 3)
    assert best.threshold == pytest.approx((0.85 + 0.32) / 2)  # of three as good, nearest to 0.5
    assert youden_index(LABELS, PROBABILITIES, best.threshold) == pytest.approx(1 / 3)
    random = np.random.default_rng(8)
    labels = random.integers(0, 2, 200)
    p = np.round(np.clip(0.3 + 0.3 * labels + random.normal(0, 0.2, 200), 0, 1), 2)
    brute = max(youden_index(labels, p, t) for t in np.unique(p))
    best = best_threshold(labels, p)
    assert best.youden == pytest.approx(brute)
    assert youden_index(labels, p, best.threshold) == pytest.approx(brute)


def test_no_threshold_is_best_where_nothing_is_told_apart():
    for p in (np.full(6, 0.4), 1 - LABELS):
        best = best_threshold(LABELS, p)
        assert np.isnan(best.threshold)
        assert best.youden == 0
