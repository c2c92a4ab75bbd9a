"""Streamed moments against scipy on the whole sample."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.residuals.moments import Moments

stats = pytest.importorskip("scipy.stats")


def joined(values, sizes):
    whole, start = Moments(), 0
    for size in sizes:
        whole.add(values[start : start + size])
        start += size
    whole.add(values[start:])
    return whole


@pytest.mark.parametrize("offset", [0.0, -3000.0])
@pytest.mark.parametrize("sizes", [(), (1,), (10, 0, 700), (333, 333, 333)])
def test_moments_are_those_of_the_whole(offset, sizes):
    values = np.random.default_rng(1).gamma(2, 3, 1000) + offset
    found = joined(values, sizes)
    assert found.n == 1000
    assert found.mean == pytest.approx(values.mean(), rel=1e-12)
    assert found.deviation == pytest.approx(values.std(), rel=1e-10)
    assert found.skewness == pytest.approx(stats.skew(values), rel=1e-8)
    assert found.kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-7)
    assert found.mean_square == pytest.approx(np.mean(values**2), rel=1e-12)


def test_joining_equals_adding():
    values = np.random.default_rng(2).standard_t(4, 500)
    parts = [Moments(), Moments(), Moments()]
    parts[0].add(values[:120])
    parts[1].add(values[120:])
    for part in (parts[1], parts[2]):  # an empty one changes nothing
        parts[0].join(part)
    assert parts[0].kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-9)


def test_equal_values_have_no_shape():
    found = joined(np.full(50, np.float32(0.1)), (20,))
    assert found.constant and np.isnan(found.skewness) and np.isnan(found.kurtosis)
    assert Moments().constant and np.isnan(Moments().deviation)


def test_four_values_by_hand():
    found = joined(np.array([1.0, 1.0, 1.0, 5.0]), (2,))
    assert (found.mean, found.sum_of_squares) == (2.0, 12.0)
    assert found.deviation == pytest.approx(3**0.5)
    assert found.skewness == pytest.approx((3 * -1 + 27) / 4 / 3**1.5)
    assert found.kurtosis == pytest.approx((3 * 1 + 81) / 4 / 9 - 3)
