"""DeLong's test against brute force over pairs and the published worked example."""

import itertools
import math

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.validation.delong import (
    delong_test,
    placements,
)
from land_subsidence.subsidence_plugin.engine.validation.metrics import auc


def kernel(positive, negative):
    return 1.0 if positive > negative else 0.5 if positive == negative else 0.0


def brute_force(labels, first, second):
    """z and p from the covariance matrices S10 and S01 of DeLong et al. (1988), by double loops."""
    components = []
    for scores in (first, second):
        ones = [s for s, label in zip(scores, labels) if label]
        zeros = [s for s, label in zip(scores, labels) if not label]
        v10 = [sum(kernel(a, b) for b in zeros) / len(zeros) for a in ones]
        v01 = [sum(kernel(a, b) for a in ones) / len(ones) for b in zeros]
        components.append((v10, v01))
    area = [sum(v10) / len(v10) for v10, _v01 in components]

    def covariance(r, s):
        total = 0.0
        for part in (0, 1):
            a, b = components[r][part], components[s][part]
            m = len(a)
            total += sum((p - area[r]) * (q - area[s]) for p, q in zip(a, b)) / (m - 1) / m
        return total

    variance = covariance(0, 0) + covariance(1, 1) - 2 * covariance(0, 1)
    z = (area[0] - area[1]) / math.sqrt(variance)
    return area, math.sqrt(variance), z, 2 * (1 - 0.5 * (1 + math.erf(abs(z) / math.sqrt(2))))


@pytest.mark.parametrize("ties", [False, True])
def test_every_pair_equals_brute_force(ties):
    random = np.random.default_rng(3)
    labels = (random.random(90) < 0.35).astype(int)
    scores = {
        name: np.clip(0.4 + effect * labels + random.normal(0, 0.3, 90), 0, 1)
        for name, effect in (("a", 0.5), ("b", 0.2), ("c", 0.0))
    }
    if ties:
        scores = {name: values.round(1) for name, values in scores.items()}
    found = delong_test(labels, scores)
    pairs = list(itertools.combinations(scores, 2))
    assert [(pair.first, pair.second) for pair in found] == pairs
    for pair, (a, b) in zip(found, pairs):
        area, error, z, p = brute_force(labels, scores[a], scores[b])
        assert (pair.auc_first, pair.auc_second) == pytest.approx(area)
        assert pair.auc_first == pytest.approx(auc(labels, scores[a]))
        assert pair.z == pytest.approx(z)
        assert pair.p == pytest.approx(p)
        assert pair.high - pair.low == pytest.approx(2 * 1.959964 * error)
        assert (pair.high + pair.low) / 2 == pytest.approx(area[0] - area[1])


def test_six_rows_worked_out_by_hand():
    # Positives 0.9 0.5 0.3, negatives 0.5 0.4 0.1: V10 = 1, (2 + 1/2)/3, 1/3; V01 = 1/2, 2/3, 1.
    labels, scores = np.array([1, 1, 1, 0, 0, 0]), np.array([0.9, 0.5, 0.3, 0.5, 0.4, 0.1])
    above, below = placements(labels, scores)
    np.testing.assert_allclose(above, [1, 5 / 6, 1 / 3])
    np.testing.assert_allclose(below, [1 / 2, 2 / 3, 1])
    # The other model is perfect (all components 1), so the variance is that of the first alone:
    # var(1, 5/6, 1/3)/3 + var(1/2, 2/3, 1)/3 = (13/108 + 7/108)/3.
    (pair,) = delong_test(labels, {"this": scores, "perfect": labels})
    assert pair.difference == pytest.approx(13 / 18 - 1)
    assert pair.z == pytest.approx((13 / 18 - 1) / math.sqrt((13 / 108 + 7 / 108) / 3))


def test_the_test_keeps_its_level():
    """Two equally good models: p below 0.05 in about 5 % of 400 draws (binomial 99.9 %: 2 to 9)."""
    random = np.random.default_rng(11)
    labels = np.repeat([0, 1], 100)
    below = 0
    for _ in range(400):
        signal = labels + random.normal(0, 1, 200)
        scores = {name: signal + random.normal(0, 1, 200) for name in "ab"}
        below += delong_test(labels, scores)[0].p < 0.05
    assert 0.02 < below / 400 < 0.09


def test_models_that_rank_alike_do_not_differ():
    labels = np.tile([0, 1], 20)
    scores = np.random.default_rng(0).random(40)
    same, constant = delong_test(labels, {"a": scores, "b": scores**3, "c": np.full(40, 0.5)})[:2]
    assert (same.difference, same.z, same.p, same.low, same.high) == (0, 0, 1, 0, 0)
    assert constant.auc_second == 0.5
    assert 0 < constant.p <= 1
    (pair,) = delong_test(labels, {"right": labels, "wrong": 1 - labels})
    assert (pair.difference, pair.z, pair.p) == (1, math.inf, 0)


def test_a_single_positive_row_has_no_p():
    (pair,) = delong_test(np.array([1, 0, 0]), {"a": np.array([3, 1, 2]), "b": np.array([1, 2, 3])})
    assert pair.difference == 1
    assert math.isnan(pair.p)
    assert math.isnan(pair.adjusted_p)


def test_p_is_adjusted_over_all_pairs():
    random = np.random.default_rng(1)
    labels = np.tile([0, 1], 60)
    scores = {name: labels + random.normal(0, sigma, 120) for name, sigma in zip("abc", (1, 3, 9))}
    found = delong_test(labels, scores)
    # Benjamini and Hochberg (1995) by hand: the k-th smallest of three times 3 / k.
    order = sorted(found, key=lambda pair: pair.p)
    expected = min(order[0].p * 3, order[1].p * 3 / 2, order[2].p)
    assert order[0].adjusted_p == pytest.approx(expected)
    assert order[2].adjusted_p == pytest.approx(order[2].p)
