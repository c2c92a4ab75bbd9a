"""Parts in time: no target over a border, inputs may reach back; counted by hand."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.naive.time_split import PARTS, TimeSplit


def test_eighty_ten_ten():
    split = TimeSplit(100)
    assert [split.bounds(part) for part in PARTS] == [(0, 80), (80, 90), (90, 100)]


def test_origins_by_hand():
    split = TimeSplit(100)
    # windows of 5: the first origin is date 4 with targets 5, 6, 7; the last targets end at 79
    np.testing.assert_array_equal(split.origins("train", 5, 3), np.arange(4, 77))
    np.testing.assert_array_equal(split.origins("validation", 5, 3), np.arange(79, 87))
    np.testing.assert_array_equal(split.origins("test", 5, 3), np.arange(89, 97))


@pytest.mark.parametrize("gap", [0, 2, 5])
@pytest.mark.parametrize("horizon", [1, 4, 10])
@pytest.mark.parametrize("part", PARTS)
def test_every_target_lies_inside_and_none_is_missed(part, horizon, gap):
    split, window = TimeSplit(123, 0.15, 0.2), 7
    first, stop = split.bounds(part)
    expected = [
        origin
        for origin in range(123)
        if origin - window + 1 >= 0
        and all(first <= origin + gap + h < stop for h in range(1, horizon + 1))
    ]
    assert list(split.origins(part, window, horizon, gap)) == expected


def test_the_protocol_of_ustica():
    """lessons.md: k0 = round(0.8 × 304), origins k0 − 1 … 304 − 31 with 30 steps."""
    origins = TimeSplit(304, 0.1, 0.2).origins("test", 60, 30)
    assert (origins[0], origins[-1]) == (242, 273)


def test_a_part_without_dates_has_no_origins():
    assert len(TimeSplit(50, 0.0, 0.2).origins("validation", 5, 2)) == 0


def test_too_few_dates_say_how_many_are_needed():
    with pytest.raises(InputError, match=r"The test part has 5 of the 50 dates, .* need 10 there"):
        TimeSplit(50).origins("test", 12, 10)
    with pytest.raises(InputError, match=r"train part has 40 of the 50 dates.* need 70 there"):
        TimeSplit(50).origins("train", 60, 10)


def test_shares_are_checked():
    with pytest.raises(InputError, match="between 0 and 1"):
        TimeSplit(50, -0.1)
    with pytest.raises(InputError, match="95 % of the dates"):
        TimeSplit(50, 0.5, 0.45)
