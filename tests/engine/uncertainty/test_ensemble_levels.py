"""Section 4.4 of the Rhineland paper on three members, worked by hand, and by brute force."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.uncertainty import levels
from land_subsidence.subsidence_plugin.engine.uncertainty.bivariate import (
    bivariate_class,
    bivariate_labels,
    spread_column,
)
from land_subsidence.subsidence_plugin.engine.uncertainty.ensemble import (
    Thresholds,
    ensemble_maps,
    median_and_spread,
    valid_members,
)

#: Three members at five pixels, mm; the thresholds are taken as 10, 20 and 30 mm.
MEMBERS = np.array(
    [
        [-5, -12, -25, -31, 15],
        [3, -10, -15, -40, -25],
        [1, -8, -35, -30, -35],
    ],
    np.float32,
)
Q = (10.0, 20.0, 30.0)
ALL = ("exceedance", "class_probability")


@pytest.fixture
def maps():
    return ensemble_maps(MEMBERS, Thresholds(Q, (2.0, 5.0)), ALL)


def test_median_keeps_its_sign_and_the_intensity_is_its_size(maps):
    assert maps["median"][0].tolist() == [1, -10, -25, -31, -25]
    # At pixel 1 the median of |d| would be 3, at pixel 5 it would be 25.
    assert maps["levels"][0].tolist() == [1, 2, 3, 4, 3]


def test_even_number_of_members_takes_the_mean_of_the_middle_two():
    members = np.array([[-4, 1], [2, 1], [6, 2], [-2, 9]], np.float32)
    median, _spread = median_and_spread(members)
    assert median.tolist() == [0.0, 1.5]


def test_exceedance_is_the_share_of_members_at_or_above(maps):
    third = pytest.approx
    # |d| of pixel 2: 12, 10, 8 (10 reaches Q85 = 10); pixel 3: 25, 15, 35; pixel 5: 15, 25, 35.
    assert maps["exceedance"][0].tolist() == third([0, 2 / 3, 1, 1, 1])
    assert maps["exceedance"][1].tolist() == third([0, 0, 2 / 3, 1, 2 / 3])
    assert maps["exceedance"][2].tolist() == third([0, 0, 1 / 3, 1, 1 / 3])


def test_mass_of_the_classes(maps):
    expected = [
        [1, 1 / 3, 0, 0, 0],  # Low = 1 − P85
        [0, 2 / 3, 1 / 3, 0, 1 / 3],  # Medium = P85 − P95
        [0, 0, 1 / 3, 0, 1 / 3],  # High = P95 − P99
        [0, 0, 1 / 3, 1, 1 / 3],  # Highest = P99
    ]
    assert maps["class_probability"] == pytest.approx(np.array(expected))
    assert maps["class_probability"].sum(axis=0) == pytest.approx(1)


def test_confidence_is_the_mass_of_the_own_level(maps):
    assert maps["confidence"][0].tolist() == pytest.approx([1, 2 / 3, 1 / 3, 1, 1 / 3])


def test_spread_is_of_the_sizes_with_ddof_0(maps):
    # Pixel 1: |d| = 5, 3, 1, mean 3, variance (4 + 0 + 4) / 3; with signs it would be far larger.
    # Pixel 5: |d| = 15, 25, 35 despite the sign of the first.
    expected = [
        np.sqrt(8 / 3),
        np.sqrt(8 / 3),
        np.sqrt(200 / 3),
        np.sqrt(182 / 9),
        np.sqrt(200 / 3),
    ]
    assert maps["spread"][0] == pytest.approx(expected, rel=1e-6)


def test_rank_variance(maps):
    # Ranks: 1 1 1 | 2 2 1 | 3 2 4 | 4 4 4 | 2 3 4.
    assert maps["rank_variance"][0].tolist() == pytest.approx([0, 2 / 9, 2 / 3, 0, 2 / 3])
    assert maps["rank_variance"][0][0] == 0 and maps["rank_variance"][0][3] == 0  # exactly


def test_bivariate_rows_and_columns(maps):
    # Spreads 1.63 (low), 1.63, 8.16 (high), 4.50 (medium), 8.16; levels 1, 2, 3, 4, 3.
    assert maps["bivariate"][0].tolist() == [1, 4, 9, 8, 9]
    labels = bivariate_labels()
    assert labels[0] == "Low level × low spread" and labels[6] == "High level × low spread"
    assert labels[8] == "High level × high spread" and len(set(labels)) == 9


def test_every_cell_of_the_matrix():
    level = np.repeat([1, 2, 3, 4], 3).astype(np.uint8)
    spread = np.tile([0.5, 1.5, 2.5], 4).astype(np.float32)
    codes = bivariate_class(level, spread, (1.0, 2.0))
    assert codes.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 7, 8, 9]


def test_a_spread_at_a_tercile_is_below_it():
    assert spread_column(np.array([1, 2, 2.1], np.float32), (1.0, 2.0)).tolist() == [1, 2, 3]
    assert spread_column(np.zeros(3, np.float32), (0.0, 0.0)).tolist() == [1, 1, 1]


def test_a_level_begins_with_its_quantile():
    assert levels.level_of(np.array([9.99, 10, 20, 30], np.float32), Q).tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("count", [2, 3, 10, 11])
def test_against_brute_force(count):
    random = np.random.default_rng(count)
    members = random.normal(0, 10, (count, 3000)).astype(np.float32)
    exact = members.astype(np.float64)
    size = np.abs(np.median(exact, axis=0).astype(np.float32)).astype(np.float64)
    q = np.quantile(size, [0.85, 0.95, 0.99])
    maps = ensemble_maps(members, Thresholds(tuple(q), (1.0, 2.0)), ALL)
    assert np.array_equal(np.abs(maps["median"][0]), size)
    ranks = 1 + (np.abs(exact)[None] >= q[:, None, None]).sum(axis=0)
    own = 1 + (size >= q[:, None]).sum(axis=0)
    assert np.array_equal(maps["levels"][0], own)
    assert maps["rank_variance"][0] == pytest.approx(ranks.var(axis=0), abs=1e-12)
    assert maps["confidence"][0] == pytest.approx((ranks == own).mean(axis=0))
    assert maps["spread"][0] == pytest.approx(np.abs(exact).std(axis=0), rel=1e-6)
    for level in range(1, 5):
        mass = maps["class_probability"][level - 1]
        assert mass == pytest.approx((ranks == level).mean(axis=0))
    shares = [np.bincount(own, minlength=5)[k] / 3000 for k in (1, 2, 3, 4)]
    assert shares == pytest.approx([0.85, 0.10, 0.04, 0.01], abs=0.001)


def test_a_pixel_is_valid_where_all_members_are():
    values = np.array([[1, np.nan, 3, np.inf], [1, 2, np.nan, 4]], np.float32)
    assert valid_members(values).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    "text", ["85", "95, 85", "85, 85", "0, 50", "50, 100", "a, b", "", "1,2,3,4,5"]
)
def test_quantiles_that_make_no_levels(text):
    with pytest.raises(InputError, match="two to four ascending percentages between 0 and 100"):
        levels.read_quantiles(text)


def test_quantiles_are_read_and_levels_named():
    assert levels.read_quantiles("85; 95 ;99.5") == (85.0, 95.0, 99.5)
    assert levels.level_names(3) == ("Low", "Medium", "High", "Highest")
