"""Absence points: uniform, at the distances asked for, counted, seeded."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.sampling.absence import (
    Box,
    Candidates,
    CellArea,
    PolygonArea,
    Presence,
    choose_absence,
)

NOWHERE = Presence(np.empty(0), np.empty(0), [])
SQUARE = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])


def distances(a, b):
    return np.hypot(a[0][:, None] - b[0], a[1][:, None] - b[1])


def test_distances_hold_and_the_count_is_met():
    rng = np.random.default_rng(1)
    presence = Presence(*rng.uniform(0, 1000, (2, 100)), [])
    found = choose_absence(Box((0, 0, 1000, 1000)), presence, 200, 30, 20, 5)
    assert len(found.x) == 200
    assert distances((found.x, found.y), (presence.x, presence.y)).min() >= 30
    among = distances((found.x, found.y), (found.x, found.y))
    assert among[~np.eye(200, dtype=bool)].min() >= 20


def test_no_room_gives_fewer_points_and_ends():
    found = choose_absence(Box((0, 0, 10, 10)), NOWHERE, 1000, 0, 5, 5)
    assert 4 <= len(found.x) <= 9  # at most 3 × 3 discs of 5 fit
    assert found.crowded > 1000


def test_nothing_left_beside_presence():
    presence = Presence(np.array([5.0]), np.array([5.0]), [])
    found = choose_absence(Candidates(np.arange(9.0), np.full(9, 5.0)), presence, 3, 100, 0, 1)
    assert (len(found.x), found.tried, found.near) == (0, 9, 9)


def test_candidates_are_taken_once_and_at_random():
    x = np.arange(100.0)
    found = choose_absence(Candidates(x, x), NOWHERE, 100, 0, 0, 1)
    assert sorted(found.x) == list(x)
    few = choose_absence(Candidates(x, x), NOWHERE, 10, 0, 0, 1)
    assert few.x.max() > 50


def test_polygons_of_presence_keep_their_distance_and_their_inside():
    presence = Presence(np.empty(0), np.empty(0), [[SQUARE]])
    found = choose_absence(Box((-10, -10, 20, 20)), presence, 500, 3, 0, 2)
    dx = np.maximum(np.maximum(0 - found.x, found.x - 10), 0)
    dy = np.maximum(np.maximum(0 - found.y, found.y - 10), 0)
    assert len(found.x) == 500
    assert np.hypot(dx, dy).min() >= 3


def test_polygon_area_is_uniform_also_where_polygons_overlap():
    parts = [[SQUARE], [SQUARE], [SQUARE + np.array([5, 0])]]  # union 15 × 10, holes none
    x, y = np.empty(0), np.empty(0)
    area, rng = PolygonArea(parts), np.random.default_rng(0)
    while len(x) < 30000:
        more = area.draw(10000, rng, Progress())
        x, y = np.append(x, more[0]), np.append(y, more[1])
    counts = np.histogram(x, bins=[0, 5, 10, 15])[0] / len(x)
    assert counts == pytest.approx([1 / 3] * 3, abs=0.01)
    assert np.histogram(y, bins=2, range=(0, 10))[0] / len(y) == pytest.approx([0.5] * 2, abs=0.01)


def test_polygon_area_leaves_holes_free():
    area = PolygonArea([[SQUARE, SQUARE * 0.6 + 2]])
    x, y = area.draw(5000, np.random.default_rng(0), Progress())
    assert not ((x > 2) & (x < 8) & (y > 2) & (y < 8)).any()
    assert len(x) == pytest.approx(5000 * 0.64, rel=0.05)


def cell_area(total, keep=lambda numbers: np.ones(len(numbers), bool)):
    def place(numbers, rng, progress):
        return numbers.astype(float), np.zeros(len(numbers)), keep(numbers)

    return CellArea(total, place)


def test_cells_are_taken_at_most_once_until_none_is_left():
    found = choose_absence(cell_area(1000), NOWHERE, 5000, 0, 0, 3)
    assert sorted(found.x) == list(range(1000))


def test_cells_are_uniform_in_a_large_mask():
    found = choose_absence(cell_area(10**9), NOWHERE, 20000, 0, 0, 3)
    assert len(set(found.x)) == 20000
    shares = np.histogram(found.x, bins=4, range=(0, 1e9))[0] / 20000
    assert shares == pytest.approx([0.25] * 4, abs=0.015)


def test_same_seed_same_points():
    first, again, other = (
        choose_absence(Box((0, 0, 1, 1)), NOWHERE, 50, 0, 0.01, seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.x, again.x)
    assert not np.array_equal(first.x, other.x)


def test_cancel_stops_the_search():
    progress = Progress(is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        choose_absence(Box((0, 0, 1, 1)), NOWHERE, 50, 0, 0, 1, progress)
