"""Exact quantiles by counting, against numpy on all values."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.uncertainty.quantiles import (
    StreamedQuantiles,
    largest_at_most,
    smallest_at_least,
)

SHARES = (0.0, 1 / 3, 0.5, 2 / 3, 0.85, 0.95, 0.99, 1.0)


def streamed(values, shares=SHARES, parts=7):
    found = StreamedQuantiles(shares)
    for part in np.array_split(values, parts):
        found.count(part)
    found.refine()
    for part in np.array_split(values[::-1], parts):
        found.count_again(part)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 10, 1001, 200_000])
def test_equal_to_numpy_to_the_last_bit(size):
    random = np.random.default_rng(size)
    values = np.abs(random.standard_cauchy(size)).astype(np.float32)
    found = streamed(values)
    assert found.size == size
    expected = np.quantile(values.astype(np.float64), SHARES)
    assert np.array_equal(found.values(), expected)


def test_ties_zeros_and_tiny_and_huge_values():
    values = np.array([0, -0.0, 0, 1e-45, 1e-30, 1, 1, 1, 3e38, 3e38], np.float32)
    expected = np.quantile(np.abs(values).astype(np.float64), SHARES)
    assert np.array_equal(streamed(values).values(), expected)


def test_a_hand_worked_case():
    # 11 values 0 … 10: rank (n − 1) · share = 8.5, 9.5, 9.9, linear between neighbours.
    found = streamed(np.arange(11, dtype=np.float32), (0.85, 0.95, 0.99))
    assert found.values() == pytest.approx([8.5, 9.5, 9.9], abs=1e-12)


def test_no_value_gives_no_quantile():
    assert np.isnan(streamed(np.empty(0, np.float32)).values()).all()


def test_thresholds_between_two_float32_do_not_move_over_a_value():
    one = np.float32(0.1)  # a little above the double 0.1
    below = np.nextafter(one, np.float32(0))
    assert smallest_at_least(0.1) == one and largest_at_most(0.1) == below
    assert smallest_at_least(float(one)) == one == largest_at_most(float(one))
    middle = (float(one) + float(below)) / 2
    assert smallest_at_least(middle) == one and largest_at_most(middle) == below
