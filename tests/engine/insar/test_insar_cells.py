"""Cell means and series between dates, worked out by hand and against numpy."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.insar.cells import cell_means, common_cells
from land_subsidence.subsidence_plugin.engine.insar.timeline import (
    BOTH,
    EITHER,
    STEP,
    at_dates,
    common_dates,
)


def days(*numbers):
    return np.datetime64("2020-01-01") + np.array(numbers).astype("timedelta64[D]")


def test_means_leave_missing_values_out():
    series = np.array([[1, np.nan], [3, np.nan], [10, 20]])
    found = cell_means(
        np.array([5.0, 95, 105]), np.array([50.0, 99, -1]), series, {"a": np.array([2, np.nan, 7])},
        100,
    )  # fmt: skip
    assert found.cells.tolist() == [[0, 0], [1, -1]]
    assert found.count.tolist() == [2, 1]
    np.testing.assert_array_equal(found.series, [[2, np.nan], [10, 20]])
    np.testing.assert_array_equal(found.columns["a"], [2, 7])


def test_many_points_agree_with_a_plain_loop():
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 1000, (2, 12000))
    series = rng.normal(size=(12000, 3))
    found = cell_means(x, y, series, {}, 100)
    for place in (0, 37, 99):
        column, row = found.cells[place]
        inside = (x // 100 == column) & (y // 100 == row)
        np.testing.assert_allclose(found.series[place], series[inside].mean(axis=0))
        assert found.count[place] == inside.sum()


def test_cells_that_both_have():
    a, b = np.array([[0, 0], [1, 5], [2, 2]]), np.array([[2, 2], [0, 0], [9, 9]])
    left, right = common_cells(a, b)
    assert a[left].tolist() == b[right].tolist() == [[0, 0], [2, 2]]


def test_common_dates_by_each_way():
    first, second = days(0, 6, 12, 24), days(3, 6, 24, 30)
    assert (common_dates(first, second, EITHER, 6) == days(3, 6, 12, 24)).all()
    assert (common_dates(first, second, BOTH, 6) == days(6, 24)).all()
    assert (common_dates(first, second, STEP, 10) == days(3, 13, 23)).all()


def test_tracks_that_do_not_meet():
    with pytest.raises(InputError, match="The tracks do not overlap in time: 2 dates from"):
        common_dates(days(0, 6), days(7, 9), EITHER, 6)
    with pytest.raises(InputError, match="The tracks have 1 dates in common; choose another"):
        common_dates(days(0, 6, 12), days(3, 6, 13), BOTH, 6)
    with pytest.raises(InputError, match="STEP is 99 days, longer than the tracks overlap"):
        common_dates(days(0, 6, 12), days(3, 6, 13), STEP, 99)


def test_linear_between_own_values_and_nothing_beyond():
    series = np.array([[0.0, 6, 12, 100], [0, np.nan, 24, 0]])
    found = at_dates(series, days(0, 6, 12, 112), days(-1, 3, 6, 12, 50, 112, 113), 60)
    nan = np.nan
    np.testing.assert_allclose(
        found, [[nan, 3, 6, 12, nan, 100, nan], [nan, 6, 12, 24, nan, 0, nan]]
    )
    whole = at_dates(series, days(0, 6, 12, 112), days(62), 100)
    np.testing.assert_allclose(whole, [[56], [12]])
    np.testing.assert_allclose(
        at_dates(series[:1], days(0, 6, 12, 112), days(3, 8, 40), 1000)[0],
        np.interp([3, 8, 40], [0, 6, 12, 112], series[0]),
    )
