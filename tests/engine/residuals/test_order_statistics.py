"""Order statistics from two counting passes against sorting."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.residuals.order_statistics import (
    PRECISION,
    OrderStatistics,
)


def counted(values, places, blocks=3):
    found = OrderStatistics()
    for block in np.array_split(values, blocks):
        found.count(block)
    found.look_for(places)
    for block in np.array_split(values[::-1], blocks + 1):
        found.count_again(block)
    return found


SAMPLES = {
    "heavy": np.random.default_rng(1).standard_t(2, 5000),
    "one side": -np.random.default_rng(2).gamma(2, 3, 777),
    "ties": np.random.default_rng(3).integers(-3, 4, 400),
    "tiny": np.random.default_rng(4).normal(0, 1e-30, 50),
    "two": np.array([-1e6, 3.25]),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_quantiles_are_those_of_numpy(name):
    values = SAMPLES[name].astype(np.float32)
    shares = np.array([0, 0.01, 0.025, 0.05, 0.33, 0.5, 0.95, 0.975, 0.99, 1])
    found = counted(values, shares * (len(values) - 1)).at(shares * (len(values) - 1))
    expected = np.quantile(values.astype(float), shares)
    # between two values the error is at most that of the larger one; 0 is next to 1e-43
    ordered = np.sort(values.astype(float))
    places = shares * (len(values) - 1)
    size = np.maximum(*(np.abs(ordered[edge(places).astype(int)]) for edge in (np.floor, np.ceil)))
    assert (np.abs(found - expected) <= PRECISION * size + 1e-40).all()


def test_zero_of_either_sign_is_zero_and_order_does_not_matter():
    values = np.array([0.0, -0.0, 0.0, -2.0, 2.0], np.float32)
    found = counted(values, np.arange(5)).at(np.arange(5))
    np.testing.assert_allclose(found, [-2, 0, 0, 0, 2], rtol=PRECISION, atol=1e-40)


def test_joined_counts_are_those_of_all():
    values = np.random.default_rng(5).normal(0, 4, 900).astype(np.float32)
    one, other = OrderStatistics(), OrderStatistics()
    one.count(values[:500])
    other.count(values[500:])
    one.join(other)
    one.look_for([449.5])
    one.count_again(values)
    assert one.size == 900
    assert one.at([449.5])[0] == pytest.approx(np.median(values), abs=1e-4)


def test_nothing_counted_is_nan():
    found = counted(np.empty(0, np.float32), [0.5])
    assert np.isnan(found.at([0.5, 1.0])).all()
