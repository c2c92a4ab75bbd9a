"""Frequency ratios against Table 2 of the paper and rasters worked out by hand."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.validation.frequency_ratio import (
    ClassCounts,
    count_codes,
    frequency_ratio,
)

#: Paper H, Table 2, very low to very high.
PIXELS = [3507535, 807093, 420844, 364452, 406802]
EVENTS = [22, 10, 49, 124, 1202]


def test_table_2_follows_from_its_counts():
    ratios = frequency_ratio(PIXELS, EVENTS)
    np.testing.assert_array_equal(ratios.ratio.round(3), [0.025, 0.048, 0.456, 1.332, 11.564])
    np.testing.assert_array_equal(
        (100 * ratios.area_share).round(2), [63.70, 14.66, 7.64, 6.62, 7.39]
    )
    np.testing.assert_array_equal(
        (100 * ratios.event_share).round(2), [1.56, 0.71, 3.48, 8.81, 85.43]
    )


def test_recoding_in_place_would_give_one_one_one():
    """Another plugin's recoding in place turned the true 2, 0, 1 into 1, 1, 1."""
    raster = np.array([[1.0, 1.0, 2.0, 2.0], [3.0, 3.0, np.nan, np.nan]])
    counts = ClassCounts("factor", ["all"])
    counts.add_cells(raster)
    counts.add_events("all", np.array([1.0, 1.0, 3.0]))
    np.testing.assert_array_equal(counts.classes, [1, 2, 3])
    np.testing.assert_allclose(frequency_ratio(counts.cells, counts.events("all")).ratio, [2, 0, 1])


def test_uniform_density_gives_one():
    np.testing.assert_allclose(frequency_ratio([10, 20, 70], [1, 2, 7]).ratio, [1, 1, 1])


def test_no_area_and_no_event_have_no_ratio():
    ratio = frequency_ratio([5, 0, 5], [1, 0, 1]).ratio
    assert np.isnan(ratio[1])
    np.testing.assert_allclose(ratio[[0, 2]], 1)
    assert np.isnan(frequency_ratio([5, 5], [0, 0]).ratio).all()


def test_tiles_add_up_to_the_whole_and_groups_stay_apart():
    random = np.random.default_rng(1)
    raster = random.integers(0, 9, (40, 30)).astype(np.float32)
    raster[random.random(raster.shape) < 0.1] = np.nan
    whole, tiled = ClassCounts("a", ["train"]), ClassCounts("a", ["train", "validation"])
    whole.add_cells(raster)
    for part in np.array_split(raster, 7):
        tiled.add_cells(part)
    tiled.add_events("validation", np.array([2.0, 2.0, 5.0]))
    np.testing.assert_array_equal(whole.cells, tiled.cells)
    np.testing.assert_array_equal(whole.classes, np.arange(9))
    assert whole.cells.sum() == np.isfinite(raster).sum()
    assert tiled.events("train").sum() == 0
    assert tiled.events("train", "validation")[[2, 5]].tolist() == [2, 1]


def test_a_declared_class_without_cells_is_listed():
    counts = ClassCounts("a", ["all"], declared=[1, 2, 3])
    counts.add_cells(np.array([1.0, 3.0]))
    np.testing.assert_array_equal(counts.classes, [1, 2, 3])
    np.testing.assert_array_equal(counts.cells, [1, 0, 1])


@pytest.mark.parametrize("values", [[-1.0, 3, 3, -1], [70000.0, 2, 2, 70000]])
def test_codes_outside_the_usual_range_are_counted(values):
    codes, numbers = count_codes(np.array(values), "a")
    assert codes.tolist() == sorted(set(values))
    assert numbers.tolist() == [2, 2]


@pytest.mark.parametrize("values", [[0.5, 1], [-0.5, 1], [np.inf, 1], np.arange(2000.0)])
def test_what_is_no_class_is_refused(values):
    counts = ClassCounts("susceptibility", [])
    with pytest.raises(InputError, match=r"'susceptibility' does not hold classes .* classify it"):
        counts.add_cells(np.asarray(values, float))
