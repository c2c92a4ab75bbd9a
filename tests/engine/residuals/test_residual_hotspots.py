"""Gi* against a loop over cells, the bound against Benjamini and Hochberg's own procedure."""

import re

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.residuals.hotspots import (
    ALPHAS,
    CLASSES,
    Discoveries,
    box_sums,
    classify,
    getis_ord,
)
from land_subsidence.subsidence_plugin.engine.styles import STYLES

stats = pytest.importorskip("scipy.stats")


def brute_force(values, radius):
    """Ord and Getis (1995), eq. 14, cell by cell."""
    known = values[np.isfinite(values)]
    n, mean = len(known), known.mean()
    s = np.sqrt((known**2).mean() - mean**2)
    z = np.full(values.shape, np.nan)
    for row, column in np.argwhere(np.isfinite(values)):
        top, left = max(row - radius, 0), max(column - radius, 0)
        around = values[top : row + radius + 1, left : column + radius + 1]
        own = around[np.isfinite(around)]
        w = len(own)
        below = s * np.sqrt((n * w - w**2) / (n - 1))
        z[row, column] = (own.sum() - mean * w) / below if w < n else 0
    return z


def gi(values, radius):
    known = values[np.isfinite(values)]
    padded = np.pad(values, radius, constant_values=np.nan)
    return getis_ord(padded, radius, len(known), known.mean(), known.std())


@pytest.mark.parametrize("radius", [1, 3])
def test_z_of_every_cell(radius):
    random = np.random.default_rng(1)
    values = random.gamma(2, 2, (12, 15)) + 40
    values[random.random(values.shape) < 0.25] = np.nan
    np.testing.assert_allclose(
        gi(values, radius), brute_force(values, radius), rtol=2e-5, atol=1e-6
    )


def test_neighbourhood_that_is_the_whole_map_says_nothing():
    assert (gi(np.arange(9.0).reshape(3, 3), 3) == 0).all()


def test_equal_values_have_no_cluster():
    values = np.full((5, 5), 3.0)
    z = getis_ord(np.pad(values, 1, constant_values=np.nan), 1, 25, 3.0, 0.0)
    assert (z == 0).all()


def test_box_sums_by_hand():
    values = np.arange(20.0).reshape(4, 5)
    assert box_sums(values, 1).tolist() == [[54, 63, 72], [99, 108, 117]]


def benjamini_hochberg(z, alpha):
    """The smallest |z| rejected by the step-up procedure, infinite where none is."""
    p = np.sort(2 * stats.norm.sf(np.abs(z.astype(float))))
    passed = np.flatnonzero(p <= alpha * np.arange(1, len(p) + 1) / len(p))
    return np.sort(np.abs(z))[::-1][passed[-1]] if len(passed) else np.inf


def bounds(z, blocks=4):
    found = Discoveries()
    for block in np.array_split(z, blocks):
        found.count(block)
    found.refine()
    for block in np.array_split(z, blocks):
        found.count_again(block)
    return found.bounds()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3])
def test_bounds_are_those_of_the_step_up_procedure(seed, share):
    random = np.random.default_rng(seed)
    z = random.normal(0, 1.05, 3000)
    z[: int(3000 * share)] += 3.2
    z = z.astype(np.float32)
    assert bounds(z) == [benjamini_hochberg(z, alpha) for alpha in ALPHAS]


def test_bounds_of_huge_and_of_no_z():
    assert bounds(np.full(10, 40.0, np.float32)) == [40.0, 40.0]
    assert bounds(np.zeros(10, np.float32)) == [np.inf, np.inf]
    assert bounds(np.empty(0, np.float32)) == [np.inf, np.inf]


def test_classes():
    z = np.array([np.nan, -4, -2, 0, 2, 2.5, 3], np.float32)
    assert classify(z, [2.5, 3.0]).tolist() == [0, 1, 2, 2, 2, 3, 4]
    assert classify(z, [np.inf, np.inf]).tolist() == [0, 2, 2, 2, 2, 2, 2]


def test_legend_has_the_classes():
    text = (STYLES / "residual_hotspots.qml").read_text(encoding="utf-8")
    assert tuple(re.findall(r'<paletteEntry [^>]*label="([^"]*)"', text)) == CLASSES
