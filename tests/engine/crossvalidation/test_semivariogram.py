"""Semivariograms against brute force, exact curves and a simulated field of known range."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.crossvalidation.block_size import (
    BLOCKS_A_FOLD,
    nearest_neighbour,
    separation,
    suggest_block_size,
)
from land_subsidence.subsidence_plugin.engine.crossvalidation.semivariogram import (
    CLASSES,
    FEWEST_PAIRS,
    LONGEST,
    Semivariogram,
    empirical,
    fitted,
    semivariograms,
)

pytest.importorskip("scipy")
LAGS = np.array([20.0, 50, 90, 140, 200, 300, 420, 560, 700, 850, 1000])
PAIRS = np.full(11, 500)


def test_semivariances_are_those_of_a_loop_over_all_pairs():
    random = np.random.default_rng(2)
    x, y = random.random(70) * 500, random.random(70) * 300
    values = np.column_stack([random.normal(5, 3, 70), random.integers(1, 4, 70)])
    distance, gamma, pairs = empirical(x, y, values, np.array([False, True]))
    longest = LONGEST * np.hypot(np.ptp(x), np.ptp(y))
    bounds = np.append(0, CLASSES) * longest
    expected = []
    alike = [np.mean(values[:, 1] == k) for k in (1, 2, 3)]
    for low, high in zip(bounds, bounds[1:]):
        far, half, other = [], [], []
        for i in range(70):
            for j in range(i):
                d = np.hypot(x[i] - x[j], y[i] - y[j])
                if low < d <= high:
                    far.append(d)
                    half.append((values[i, 0] - values[j, 0]) ** 2 / 2)
                    other.append(values[i, 1] != values[j, 1])
        if len(far) >= FEWEST_PAIRS:
            row = [np.mean(far), np.mean(half) / values[:, 0].var(), np.mean(other), len(far)]
            expected.append(row)
    expected = np.array(expected)
    assert len(expected) > 8
    np.testing.assert_allclose(distance, expected[:, 0])
    np.testing.assert_allclose(gamma[:, 0], expected[:, 1])
    np.testing.assert_allclose(gamma[:, 1], expected[:, 2] / (1 - np.sum(np.square(alike))))
    np.testing.assert_array_equal(pairs, expected[:, 3])


def test_a_spherical_curve_gives_its_range_back():
    h = np.minimum(LAGS / 400, 1)
    curve = fitted("clay", LAGS, 0.2 + 0.8 * (1.5 * h - 0.5 * h**3), PAIRS)
    assert (curve.model, curve.limit) == ("spherical", "")
    np.testing.assert_allclose([curve.range, curve.nugget, curve.sill], [400, 0.2, 0.8], rtol=0.01)
    np.testing.assert_allclose(curve.at([0, 200, 900]), [0.2, 0.2 + 0.8 * 0.6875, 1.0], rtol=0.01)


def test_an_exponential_curve_gives_its_effective_range_back():
    curve = fitted("clay", LAGS, 0.1 + 0.9 * (1 - np.exp(-LAGS / 150)), PAIRS)
    assert curve.model == "exponential"
    assert curve.range == pytest.approx(450, rel=0.01)  # 3 × 150: 95 % of the rise


def test_without_rise_the_range_is_short_and_with_rise_to_the_end_long():
    flat = 1 + 0.02 * np.cos(np.arange(11))
    assert (fitted("a", LAGS, flat, PAIRS).limit, fitted("a", LAGS, flat, PAIRS).range) == ("<", 20)
    steep = fitted("a", LAGS, LAGS / 1000, PAIRS)
    assert (steep.limit, steep.range) == (">", 1000)
    assert fitted("a", LAGS[:3], flat[:3], PAIRS[:3]).model == ""
    assert fitted("constant", LAGS, np.zeros(11), PAIRS).model == ""


def test_a_simulated_field_has_the_range_that_it_was_made_with():
    """Gaussian fields with a spherical covariance of range 300, by Cholesky factors."""
    random = np.random.default_rng(7)
    x, y = random.random((2, 900)) * 2000
    far = np.hypot(x[:, None] - x, y[:, None] - y)
    h = np.minimum(far / 300, 1)
    covariance = 1 - 1.5 * h + 0.5 * h**3 + 1e-9 * np.eye(900)
    fields = np.linalg.cholesky(covariance) @ random.normal(size=(900, 9))
    names = [f"f{i}" for i in range(9)]
    curves = semivariograms(x, y, fields, names, ["continuous"] * 9)
    assert np.median([c.range for c in curves]) == pytest.approx(300, rel=0.2)
    suggestion = suggest_block_size(curves, x, y, 5)
    assert suggestion.size == pytest.approx(300, rel=0.25)
    assert suggestion.why == "the median range of the factors"
    assert suggestion.blocks >= 5 * BLOCKS_A_FOLD


def curve(range_, limit=""):
    return Semivariogram("f", LAGS, LAGS, PAIRS, "spherical", 0, 1, range_, limit, range_)


def test_the_suggestion_leaves_blocks_enough_and_never_single_rows():
    x, y = (v.ravel() * 10.0 for v in np.meshgrid(np.arange(40), np.arange(40)))
    assert suggest_block_size([curve(50.0)], x, y, 5).size == 50
    assert suggest_block_size([curve(40), curve(60), curve(10, "<")], x, y, 5).size == 50
    large = suggest_block_size([curve(300.0)], x, y, 5)
    assert large.size < 100 and large.blocks >= 20  # 390 m across: 5 × 5 blocks at most
    assert "less than the median range of the factors (300)" in large.why
    small = suggest_block_size([curve(5.0)], x, y, 5)
    assert small.size == 20 and "twice the usual distance between neighbours" in small.why
    assert suggest_block_size([], x, y, 5).size == 39
    assert "tenth of the extent" in suggest_block_size([curve(9, "<")], x, y, 5).why


def test_distances_to_neighbours_and_to_other_folds():
    x, y = np.array([0.0, 0, 1, 5, 5]), np.array([0.0, 0, 0, 0, 3])
    assert nearest_neighbour(x, y) == 2.0  # of 4 places: 1, 1, 3, 3
    assert nearest_neighbour(x[:2], y[:2]) == 0
    np.testing.assert_allclose(separation(x, y, np.array([1, 1, 1, 2, 2])), [5, 5, 4, 4, 5])
