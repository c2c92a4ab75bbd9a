"""Breaks by each method, worked out by hand, and what is refused."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.classes import distribution as bins
from land_subsidence.subsidence_plugin.engine.classes.breaks import (
    check_breaks,
    find_breaks,
    read_breaks,
    short,
    unique_values,
)
from land_subsidence.subsidence_plugin.engine.classes.distribution import collect, from_values
from land_subsidence.subsidence_plugin.engine.errors import InputError


def of(*values):
    return from_values(np.array(values, np.float32))


def test_quantile_breaks_part_equal_counts():
    assert find_breaks("quantile", of(*range(1, 13)), 4, "x") == [3, 6, 9]
    # 10 values in 4 classes: ranks 2.5, 5, 7.5 are reached at the 3rd, 5th and 8th value
    assert find_breaks("quantile", of(*range(1, 11)), 4, "x") == [3, 5, 8]


def test_quantile_breaks_that_coincide_are_merged():
    values = [0] * 8 + [1, 2, 3, 4]  # the fifths end at 0, 0, 0 and 2
    assert find_breaks("quantile", of(*values), 5, "x") == [0, 2]
    assert find_breaks("quantile", of(*[5] * 9, 1), 2, "x") == [1]  # never an empty last class


def test_quantiles_of_a_streamed_band_equal_those_held(monkeypatch):
    values = np.random.default_rng(0).normal(size=50_000).astype(np.float32)
    held = find_breaks("quantile", from_values(values.copy()), 5, "x")
    monkeypatch.setattr(bins, "HELD", 100)
    streamed = collect(lambda: iter(np.array_split(values, 5)), len(values))
    assert find_breaks("quantile", streamed, 5, "x") == pytest.approx(held, abs=1e-3)


def test_equal_interval():
    assert find_breaks("equal", of(-1, 0, 3, 8, 9), 5, "x") == [1, 3, 5, 7]


def test_standard_deviation_is_centred_on_the_mean():
    values = [2, 4, 4, 4, 5, 5, 7, 9]  # mean 5, standard deviation 2
    assert find_breaks("stdev", of(*values), 4, "x") == [3, 5, 7]
    assert find_breaks("stdev", of(*values), 5, "x") == [2, 4, 6, 8]

    # mean 6, deviation 2: breaks 2, 4, 6, 8, 10, of which 2 and 10 leave empty end classes
    values = [3, 5, 5, 5, 6, 6, 8, 10]
    assert find_breaks("stdev", of(*values), 5, "x") == [3, 5, 7, 9]
    values = [3, 4, 5, 6, 7, 8, 9]  # mean 6, deviation 2
    assert find_breaks("stdev", of(*values), 6, "x") == [4, 6, 8]


def test_unique_values_and_their_limit():
    assert unique_values(of(7, 3, 3, 12), "x") == [3, 7, 12]
    with pytest.raises(InputError, match="'geo' has 256 distinct values, but at most 255 classes"):
        unique_values(of(*range(256)), "geo")


@pytest.mark.parametrize("method", ["jenks", "quantile", "equal", "stdev"])
def test_what_has_no_classes_is_refused(method):
    with pytest.raises(InputError, match="'x' has no valid cell"):
        find_breaks(method, None, 5, "x")
    with pytest.raises(InputError, match="'x' is constant \\(4 in every cell\\)"):
        find_breaks(method, of(4, 4, 4), 5, "x")
    with pytest.raises(InputError, match="has 3 distinct values, fewer than the 5 classes asked"):
        find_breaks(method, of(1, 2, 3, 3), 5, "x")


def test_breaks_in_text():
    assert read_breaks("0.1, 0.25;0.5 7e-1", "BREAKS") == [0.1, 0.25, 0.5, 0.7]
    assert read_breaks("  ", "BREAKS") is None
    with pytest.raises(InputError, match="'a, 2' is not a list of numbers"):
        read_breaks("a, 2", "BREAKS")


@pytest.mark.parametrize("breaks", [[1, 1], [2, 1], [1, float("nan")], [0.1, 0.1 + 1e-12]])
def test_breaks_must_increase(breaks):
    with pytest.raises(InputError, match=r"BREAKS: the breaks .* do not increase"):
        check_breaks(breaks, "BREAKS")


def test_no_break_is_refused():
    with pytest.raises(InputError, match="the manual method needs breaks"):
        check_breaks([], "BREAKS")


def test_short_decimals_stand_for_the_same_number():
    number = np.float32(0.1)
    assert short(number) == 0.1
    assert np.float32(short(np.float32(1 / 3))) == np.float32(1 / 3)
