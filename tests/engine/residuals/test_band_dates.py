"""Bands of forecasts and observation matched by date, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.residuals.band_dates import DatedBands, match_bands


def bands(*days, path="f.tif", origin=None, made_up=()):
    dates = np.array([f"2024-01-{day:02}" for day in days], "datetime64[D]")
    origin = np.datetime64(f"2024-01-{origin:02}") if origin else None
    return DatedBands(path, tuple(range(1, len(days) + 1)), dates, frozenset(made_up), origin)


def undated(count, path="u.tif"):
    return DatedBands(path, tuple(range(1, count + 1)), None)


STACK = bands(1, 7, 13, 19, 25, path="stack.tif")


def test_common_dates_in_order_whatever_the_order_of_bands():
    found = match_bands([bands(25, 13, 31)], STACK)
    assert found.labels == ["2024-01-13", "2024-01-25"]
    assert (found.predicted, found.observed, found.origins) == ([[2, 1]], [3, 5], [2])
    assert "Up to 1 bands of a forecast have no observation" in found.notes[0]


def test_several_forecasts_are_compared_at_what_all_have():
    found = match_bands([bands(13, 19, 25), bands(19, 25)], STACK)
    assert found.labels == ["2024-01-19", "2024-01-25"]
    assert found.predicted == [[2, 3], [1, 2]] and found.origins == [2, 3]
    assert "the 2 that all have" in found.warnings[0]


def test_origin_from_the_metadata_comes_before_the_gap():
    assert match_bands([bands(25, origin=8)], STACK).origins == [2]
    assert match_bands([bands(1, 7)], STACK).origins == [None]


def test_dates_that_were_trained_on_are_said():
    seen = replace(bands(7, 13, 19), seen_until=np.datetime64("2024-01-13"))
    (found,) = match_bands([seen], STACK).warnings
    assert found.startswith("'f.tif': 2 of the 3 dates compared are among those that")
    assert "(until 2024-01-13)" in found
    assert not match_bands([seen], STACK, "last").warnings


def test_bands_in_gaps_are_not_observations():
    stack = bands(1, 7, 13, 19, made_up=(2, 3))
    found = match_bands([bands(7, 13, 19)], stack)
    assert found.labels == ["2024-01-19"] and found.origins == [1]
    assert "2 bands of OBSERVED lie in gaps" in found.notes[0]
    with pytest.raises(InputError, match="All bands of OBSERVED lie in gaps"):
        match_bands([bands(7)], bands(7, made_up=(1,)))


@pytest.mark.parametrize(
    "date, labels", [("last", ["2024-01-25"]), ("2024-01-19", ["2024-01-19"]), (" ", None)]
)
def test_date_chooses(date, labels):
    labels = labels or ["2024-01-13", "2024-01-19", "2024-01-25"]
    assert match_bands([bands(13, 19, 25)], STACK, date).labels == labels


def test_tolerance_takes_the_nearest_once():
    with pytest.raises(InputError, match="the nearest two are 1 days apart and TOLERANCE is 0"):
        match_bands([bands(8, 14)], STACK)
    found = match_bands([bands(8, 14)], STACK, tolerance=2)
    assert found.labels == ["2024-01-07", "2024-01-13"]
    assert "up to 1 days off" in found.warnings[0]
    both = match_bands([bands(12, 14, 15)], STACK, tolerance=2)  # all nearest to the 13th
    assert both.labels == ["2024-01-13"] and both.predicted in ([[1]], [[2]])


def test_single_bands_without_date():
    found = match_bands([undated(1), undated(1)], STACK)
    assert (found.predicted, found.observed, found.labels) == ([[1], [1]], [5], ["2024-01-25"])
    assert "its band 5 (2024-01-25, the last)" in found.warnings[0]
    assert match_bands([undated(1)], STACK, "2024-01-07").observed == [2]
    plain = match_bands([undated(1)], undated(1))
    assert plain.observed == [1] and plain.dates is None and "its only band" in plain.warnings[0]
    assert match_bands([bands(9)], undated(1)).labels == ["2024-01-09"]


def test_bands_without_dates_by_order():
    found = match_bands([undated(3), bands(1, 7, 13)], undated(3))
    assert found.observed == [1, 2, 3] and "in their order" in found.warnings[0]
    assert match_bands([undated(3)], undated(3), "last").predicted == [[3]]


@pytest.mark.parametrize(
    "predicted, observed, date, message",
    [
        ([bands(2, path="p.tif")], STACK, None, "'p.tif' .2024-01-02 to 2024-01-02. and OBSERVED"),
        ([bands(1), bands(7)], STACK, None, "PREDICTED have no date in common"),
        ([bands(7)], STACK, "2024-01-13", "not among the dates .* in common: 2024-01-07"),
        ([bands(7)], STACK, "soon", "DATE is 'soon'; it must be a date"),
        ([undated(2)], STACK, None, "different numbers of bands .*'u.tif' 2, 'stack.tif' 5"),
        ([undated(2), undated(3)], undated(3), None, "different numbers of bands"),
        ([undated(3)], undated(3), "2024-01-01", "not all bands have dates"),
        ([undated(1)], STACK, "2024-01-02", "OBSERVED has no band of that date"),
    ],
)
def test_what_is_refused(predicted, observed, date, message):
    with pytest.raises(InputError, match=message):
        match_bands(predicted, observed, date)
