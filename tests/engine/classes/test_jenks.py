"""Natural breaks against jenkspy, a quadratic program and cases worked out by hand."""

import jenkspy
import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.classes import distribution as bins
from land_subsidence.subsidence_plugin.engine.classes import jenks as module
from land_subsidence.subsidence_plugin.engine.classes.distribution import collect, from_values
from land_subsidence.subsidence_plugin.engine.classes.jenks import (
    best_partition,
    goodness,
    jenks_breaks,
)


def within(values, breaks):
    """Sum of squared deviations from class means, classes closed above."""
    group = np.searchsorted(np.asarray(breaks, np.float32), values.astype(np.float32))
    parts = [values[group == g].astype(float) for g in range(len(breaks) + 1)]
    assert all(len(part) for part in parts)
    return sum(((part - part.mean()) ** 2).sum() for part in parts)


def test_two_clumps_are_parted_between_them():
    values = np.array([1, 2, 3, 100, 101, 102], np.float32)
    assert jenks_breaks(from_values(values), 2) == [3.0]
    n, total = np.ones(6), np.array([1, 2, 3, 100, 101, 102]) - 309 / 6
    assert best_partition(n, total, 2).tolist() == [3]


def test_a_large_band_of_two_clumps():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, 1, 50_000), rng.normal(1000, 1, 90_000)])
    values = values.astype(np.float32)
    assert jenks_breaks(from_values(values.copy()), 2) == [float(values[values < 500].max())]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("classes", [2, 3, 5, 9])
def test_equals_jenkspy_on_small_bands(monkeypatch, seed, classes):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(20, 300))
    values = [rng.normal(size=size), rng.lognormal(size=size), rng.integers(0, 30, size)][seed % 3]
    values = values.astype(np.float32)
    theirs = jenkspy.jenks_breaks(values.astype(float), n_classes=classes)[1:-1]
    assert jenks_breaks(from_values(values.copy()), classes) == theirs
    monkeypatch.setattr(module, "JENKSPY", 0)
    ours = jenks_breaks(from_values(values.copy()), classes)
    assert within(values, ours) == pytest.approx(within(values, theirs), rel=1e-9, abs=1e-9)
    if seed % 3 < 2:  # without ties the optimum is one
        assert ours == theirs


def quadratic(values, weights, classes):
    """Least variance within by the plain O(k n²) program over distinct values."""
    n, s = np.r_[0, np.cumsum(weights)], np.r_[0, np.cumsum(weights * values)]
    q = np.r_[0, np.cumsum(weights * values**2)]
    size = len(values)
    cost = np.full((size + 1, size + 1), np.inf)
    for i in range(size):
        j = np.arange(i + 1, size + 1)
        cost[i, j] = q[j] - q[i] - (s[j] - s[i]) ** 2 / (n[j] - n[i])
    best = cost[0].copy()
    for _ in range(classes - 1):
        best = np.min(best[:, None] + cost, axis=0)
    return best[-1]


def test_equals_the_quadratic_program_with_ties():
    rng = np.random.default_rng(8)
    values = np.round(rng.gamma(0.7, 40, 60_000)).astype(np.float32)
    distinct, counts = np.unique(values, return_counts=True)
    centred = distinct.astype(float) - values.mean(dtype=float)
    for classes in (3, 6):
        breaks = jenks_breaks(from_values(values.copy()), classes)
        best = quadratic(centred, counts.astype(float), classes)
        assert within(values, breaks) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("streamed", [False, True])
def test_few_bins_lose_next_to_nothing_on_heavy_tails(monkeypatch, streamed):
    rng = np.random.default_rng(2)
    values = (0.05 * rng.standard_t(2, 120_000)).astype(np.float32)
    exact = within(values, jenks_breaks(_exact(values), 5))
    monkeypatch.setattr(bins, "MAX_BINS", 8192)
    if streamed:
        monkeypatch.setattr(bins, "HELD", 1000)
        found = collect(lambda: iter(np.array_split(values, 9)), len(values))
    else:
        found = from_values(values.copy())
    breaks = jenks_breaks(found, 5)
    assert within(values, breaks) <= exact * 1.0001
    lost = 1 - within(values, breaks) / found.square
    assert goodness(found, breaks) == pytest.approx(lost, abs=1e-5)


def _exact(values):
    distinct, counts = np.unique(values, return_counts=True)
    mean = values.mean(dtype=float)
    total = counts * (distinct.astype(float) - mean)
    square = ((values.astype(float) - mean) ** 2).sum()
    return bins.Distribution(distinct, distinct, counts.astype(float), total, mean, square)


def test_as_many_classes_as_values():
    values = np.array([4, 1, 9, 1], np.float32)
    assert jenks_breaks(from_values(values), 3) == [1.0, 4.0]


def test_works_without_jenkspy(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "jenkspy", None)
    values = np.array([1, 2, 3, 100, 101, 102], np.float32)
    assert jenks_breaks(from_values(values), 2) == [3.0]
