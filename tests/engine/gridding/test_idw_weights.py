"""Weights and weighted means against values worked out by hand and cell by cell."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.gridding.product import first_known, weighted_means
from land_subsidence.subsidence_plugin.engine.gridding.weights import (
    Rule,
    idw_weights,
    leave_empty,
    make_tree,
    neighbours_of,
    weight_matrix,
)

nan = np.nan


def gridded(x, y, values, places, rule):
    tree = make_tree(np.array(x, float), np.array(y, float))
    distance, index = neighbours_of(tree, np.array(places, float), rule)
    matrix, columns = weight_matrix(distance, index, rule.power)
    return weighted_means(matrix, np.array(values, np.float32)[columns])


def by_hand(x, y, values, place, rule):
    """Shepard's formula for one place and one date, in plain Python."""
    known = [
        (float(np.hypot(a - place[0], b - place[1])), v) for a, b, v in zip(x, y, values)
    ]  # fmt: skip
    near = sorted((d, v) for d, v in known if d <= rule.max_distance)[: rule.neighbours]
    near = [(d, v) for d, v in near if v == v]
    on = [v for d, v in near if d == 0]
    if on:
        return sum(on) / len(on)
    weights = [d**-rule.power for d, _v in near]
    return sum(w * v for w, (_d, v) in zip(weights, near)) / sum(weights) if near else nan


def test_two_points_by_hand():
    # distances 10 and 20, power 2: weights 1/100 and 1/400, so 0.8 and 0.2
    weights = idw_weights(np.array([[10.0, 20.0]]), 2.0)
    assert weights.tolist() == [[pytest.approx(0.8), pytest.approx(0.2)]]
    (row,) = gridded([0, 30], [0, 0], [[5, 1], [-5, 11]], [(10, 0)], Rule(2, 2.0, 100))
    assert row.tolist() == pytest.approx([0.8 * 5 - 0.2 * 5, 0.8 + 0.2 * 11])


def test_power_zero_is_the_mean_and_a_large_power_the_nearest():
    distance = np.array([[1.0, 2.0, 4.0]])
    assert idw_weights(distance, 0.0)[0] == pytest.approx([1 / 3] * 3)
    assert idw_weights(distance, 60.0)[0] == pytest.approx([1, 0, 0], abs=1e-15)
    tiny = idw_weights(np.array([[2e-6, 4e-6]]), 100.0)  # 1/d^100 itself would overflow
    assert tiny[0] == pytest.approx([1, 2.0**-100])


def test_a_missing_value_leaves_its_weight_to_the_others():
    x, y = [0, 30, 10], [0, 0, 40]
    values = [[5, nan], [-5, 7], [nan, 3]]
    (row,) = gridded(x, y, values, [(10, 0)], Rule(3, 2.0, 100))
    # first date: points 1 and 2 alone, 0.8 and 0.2; second: 1/400 and 1/1600
    assert row.tolist() == pytest.approx([3.0, (7 / 400 + 3 / 1600) / (1 / 400 + 1 / 1600)])
    (row,) = gridded(x, y, [[nan], [nan], [nan]], [(10, 0)], Rule(3, 2.0, 100))
    assert np.isnan(row).all()


def test_a_point_on_the_place_decides_until_it_is_missing():
    values = [[5, nan, 5], [-100, 7, 1e6], [33, 3, -1e6]]
    (row,) = gridded([10, 30, 10], [0, 0, 40], values, [(10, 0)], Rule(3, 2.0, 100))
    others = (7 / 400 + 3 / 1600) / (1 / 400 + 1 / 1600)
    assert row.tolist() == pytest.approx([5, others, 5], rel=1e-3)
    assert row[:2].tolist() == pytest.approx([5, others], rel=1e-6)


def test_points_on_one_place_share_it():
    (row,) = gridded([10, 10, 30], [0, 0, 0], [[4, nan], [8, 6], [99, 99]], [(10, 0)],
                     Rule(3, 2.0, 100))  # fmt: skip
    assert row.tolist() == pytest.approx([6, 6], rel=1e-6)


def test_reach_is_inclusive_and_nothing_beyond_counts():
    x, y, values = [0, 300], [0, 0], [[2], [8]]
    places = [(300.0, 400.0), (300.0, 400.0000001), (0.0, 400.0)]
    rows = gridded(x, y, values, places, Rule(5, 2.0, 400))
    assert rows[0].tolist() == [8] and np.isnan(rows[1]).all() and rows[2].tolist() == [2]


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 3.5])
@pytest.mark.parametrize("neighbours", [1, 4, 50])
def test_random_points_against_the_formula(power, neighbours):
    random = np.random.default_rng(3)
    x, y = random.uniform(4_500_000, 4_501_000, (2, 40))
    values = random.normal(0, 30, (40, 6)).astype(np.float32)
    values[random.random(values.shape) < 0.2] = nan
    places = random.uniform(4_500_000, 4_501_000, (25, 2))
    places[0] = x[7], y[7]
    rule = Rule(neighbours, power, 220.0)
    rows = gridded(x, y, values, places, rule)
    expected = [
        [by_hand(x, y, values[:, t].astype(float), place, rule) for t in range(6)]
        for place in places
    ]
    if neighbours > 1:  # by_hand has no others to fall back on
        expected[0] = [e if v == v else r for e, v, r in zip(expected[0], values[7], rows[0])]
    assert rows == pytest.approx(np.array(expected), rel=2e-5, abs=1e-4, nan_ok=True)
    assert np.isnan(rows).any() and np.isfinite(rows).any()


def test_many_blocks_of_places_and_dates_with_gaps_at_some():
    random = np.random.default_rng(3)
    distance = random.uniform(1, 9, (9000, 3))
    distance[random.random(distance.shape) < 0.3] = np.inf
    index = np.where(np.isfinite(distance), random.integers(0, 50, distance.shape) * 2, 100)
    values = random.normal(0, 9, (100, 70)).astype(np.float32)
    values[random.random(100) < 0.3, 20:45] = np.nan
    values[::2, 66] = np.nan  # no point with a weight has a value
    matrix, columns = weight_matrix(distance, index, 2.0)
    np.testing.assert_array_equal(columns, np.arange(0, 100, 2))
    near = np.r_[values, np.full((1, 70), np.nan)].astype(float)[index]
    weight = np.where(np.isfinite(near), distance[:, :, None] ** -2.0, 0)
    with np.errstate(invalid="ignore"):
        expected = (weight * np.nan_to_num(near)).sum(axis=1) / weight.sum(axis=1)
    found = weighted_means(matrix, values[columns])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert np.isnan(found[:, 66]).all() and np.isnan(found).any(axis=1).all()
    assert found.T.flags.c_contiguous


def test_no_place_with_a_neighbour():
    matrix, columns = weight_matrix(np.full((4, 2), np.inf), np.full((4, 2), 9), 2.0)
    assert matrix.shape == (4, 0) and len(columns) == 0
    assert np.isnan(weighted_means(matrix, np.ones((0, 3), np.float32))).all()


def test_the_nearest_that_has_a_value():
    values = np.array([[nan, 1, nan], [4, 5, nan], [7, 8, 9]], np.float32)
    found = first_known(values, np.array([[0, 1, 2], [1, 3, 3], [3, 3, 3]]))
    expected = [[4, 1, 9], [4, 5, nan], [nan, nan, nan]]
    assert np.array_equal(found, np.array(expected, np.float32), equal_nan=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"neighbours": 0}, "NEIGHBOURS is 0; it must be 1 or more"),
        ({"power": -1}, "POWER is -1; it must be 0 or more"),
        ({"power": nan}, "POWER is nan"),
        ({"max_distance": 0}, r"MAX_DISTANCE is 0; it must be greater than 0 \(map units\)"),
    ],
)
def test_rules_out_of_range(options, words):
    with pytest.raises(InputError, match=words):
        Rule(**options)


def test_places_beyond_the_fill_distance_have_no_neighbours():
    # nearest points 10, 20 and 20.5 away; the first two places keep all points within 100
    rule = Rule(3, 2.0, 100.0, 20.0)
    distance = np.array([[10, 90.0], [20, 50], [20.5, 21], [np.inf, np.inf]])
    index = np.array([[0, 1], [1, 0], [1, 0], [2, 2]])
    leave_empty(distance, index, rule, 2)
    inf = np.inf
    assert distance.tolist() == [[10, 90], [20, 50], [inf, inf], [inf, inf]]
    assert index.tolist() == [[0, 1], [1, 0], [2, 2], [2, 2]]
    assert (rule.filled_within, rule.limit) == (20, "FILL_DISTANCE")
    assert (Rule().filled_within, Rule().limit) == (500, "MAX_DISTANCE")


@pytest.mark.parametrize("value", [0, -5, 100.5, nan, np.inf])
def test_a_fill_distance_out_of_range_is_refused(value):
    message = (
        rf"^FILL_DISTANCE is {value:g}; it must be greater than 0 and at most MAX_DISTANCE, 100 "
        r"\(map units\), or empty\.$"
    )
    with pytest.raises(InputError, match=message):
        Rule(3, 2.0, 100.0, value)
    assert Rule(3, 2.0, 100.0, 100.0).filled_within == 100
