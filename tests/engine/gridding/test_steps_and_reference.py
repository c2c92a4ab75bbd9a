"""Equal steps in time with their gaps, and the reference taken off, by hand."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.gridding.reference import (
    inside_parts,
    mean_inside,
    medians,
    remove_level,
)
from land_subsidence.subsidence_plugin.engine.gridding.steps import (
    equal_steps,
    own_dates,
    resample,
)

nan = np.nan


def days(*numbers):
    return np.datetime64("2020-01-01") + np.array(numbers).astype("timedelta64[D]")


def test_steps_mark_what_holds_no_acquisition():
    # steps at 0, 6, …, 36; acquisitions at 9 and 21 lie half a step before 12 and 24
    steps = equal_steps(days(0, 6, 9, 21, 35), 6)
    assert steps.dates.tolist() == days(0, 6, 12, 18, 24, 30).tolist()
    assert steps.gap.tolist() == [False, False, False, True, False, True]
    assert steps.nearest.tolist() == days(0, 6, 9, 21, 21, 35).tolist()
    assert steps.step == 6 and len(steps) == 6


def test_regular_acquisitions_have_no_gap():
    dates = days(*range(0, 60, 6))
    steps = equal_steps(dates, 6)
    assert np.array_equal(steps.dates, dates) and not steps.gap.any()
    series = np.arange(20, dtype=np.float32).reshape(2, 10)
    assert resample(series, dates, steps, 60) is series
    assert resample(series, dates, own_dates(dates), 60) is series


def test_values_between_acquisitions_are_on_the_line():
    dates = days(0, 6, 18, 48)
    series = np.array([[0, 6, 30, 60], [1, nan, 10, 40]], np.float32)
    steps = equal_steps(dates, 6)
    found = resample(series, dates, steps, max_gap=20)
    # the second point has no value at day 6: its line runs from day 0 to day 18
    expected = [
        [0, 6, 18, 30, nan, nan, nan, nan, 60],
        [1, 4, 7, 10, nan, nan, nan, nan, 40],
    ]
    assert found == pytest.approx(np.array(expected), nan_ok=True)
    wide = resample(series, dates, steps, max_gap=30)
    assert wide[0, 3:] == pytest.approx([30, 36, 42, 48, 54, 60])


def test_steps_that_do_not_fit():
    with pytest.raises(InputError, match="STEP is 0; it must be 1 day or more"):
        equal_steps(days(0, 6), 0)
    with pytest.raises(InputError, match=r"STEP is 40 days, longer than the series .*; shorten it"):
        equal_steps(days(0, 6, 30), 40)


def test_points_inside_polygons_with_holes():
    square = np.array([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)], float)
    hole = np.array([(4, 4), (6, 4), (6, 6), (4, 6), (4, 4)], float)
    triangle = np.array([(20, 0), (30, 0), (20, 10), (20, 0)], float)
    x = np.array([5, 1, 9.9, 10.1, 22, 28, -1])
    y = np.array([5, 1, 9.9, 5, 5, 5, 5])
    inside = inside_parts(x, y, [[square, hole], [triangle]])
    assert inside.tolist() == [False, True, True, False, True, False, False]


def test_polygons_against_matplotlib():
    path = pytest.importorskip("matplotlib.path")
    random = np.random.default_rng(8)
    angle = np.sort(random.uniform(0, 2 * np.pi, 40))
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * random.uniform(0.3, 1, (40, 1))
    x, y = random.uniform(-1, 1, (2, 500))
    expected = path.Path(ring).contains_points(np.column_stack([x, y]))
    assert np.array_equal(inside_parts(x, y, [[ring]]), expected)


def test_mean_and_median_are_taken_off():
    series = np.array([[1, 2, nan], [3, 8, 5], [10, 20, 30]], np.float32)
    dates = days(0, 6, 12)
    inside = np.array([True, True, False])
    assert mean_inside(series, inside, dates).tolist() == [2, 5, 5]
    assert medians(series).tolist() == [3, 8, 17.5]
    remove_level(series, np.array([2.0, 5.0, nan]))
    assert np.array_equal(
        series, np.array([[-1, -3, nan], [1, 3, 5], [8, 15, 30]], np.float32), equal_nan=True
    )
    assert np.isnan(medians(np.full((2, 1), nan, np.float32))).all()


def test_references_without_values():
    series, dates = np.array([[1, nan], [3, 4]], np.float32), days(0, 6)
    with pytest.raises(InputError, match="No InSAR point lies inside REFERENCE"):
        mean_inside(series, np.array([False, False]), dates)
    with pytest.raises(InputError, match=r"None of the 1 points .* has a value on 2020-01-07"):
        mean_inside(series, np.array([True, False]), dates)
