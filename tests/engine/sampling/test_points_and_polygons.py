"""Points in polygons, near edges, thinned, one a cell, labelled."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.sampling.cells import one_per_cell
from land_subsidence.subsidence_plugin.engine.sampling.labels import binary_labels
from land_subsidence.subsidence_plugin.engine.sampling.polygons import (
    edges_of,
    inside_polygons,
    near_edges,
)
from land_subsidence.subsidence_plugin.engine.sampling.spacing import far_from, spaced

L_SHAPE = np.array([[0.0, 0], [4, 0], [4, 1], [1, 1], [1, 4], [0, 4]])


def test_inside_an_l_and_not_in_its_notch():
    x, y = np.array([0.5, 3.5, 0.5, 2, 5, -1]), np.array([0.5, 0.5, 3.5, 2, 0.5, 0.5])
    assert inside_polygons(x, y, [[L_SHAPE]]).tolist() == [True, True, True, False, False, False]


def test_a_hole_is_outside_unless_another_part_covers_it():
    outer = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])
    hole = np.array([[4.0, 4], [6, 4], [6, 6], [4, 6]])
    x, y = np.array([5.0, 1]), np.array([5.0, 1])
    assert inside_polygons(x, y, [[outer, hole]]).tolist() == [False, True]
    assert inside_polygons(x, y, [[outer, hole], [hole]]).tolist() == [True, True]


def test_inside_agrees_with_matplotlib():
    path = pytest.importorskip("matplotlib.path")
    rng = np.random.default_rng(2)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * rng.uniform(0.3, 1, (40, 1))
    x, y = rng.uniform(-1, 1, (2, 5000))
    expected = path.Path(ring).contains_points(np.column_stack([x, y]))
    assert np.array_equal(inside_polygons(x, y, [[ring]]), expected)


def test_near_edges_by_hand():
    edges = edges_of([[np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])]])
    x, y = np.array([5, 5, 13, 12, 5, 11.5]), np.array([2, -2.9, 14, 5, 5, 11.5])
    # distances: 2, 2.9, 5 (3-4-5 from the corner), 2, 5, 2.12
    assert near_edges(x, y, edges, 3).tolist() == [True, True, False, True, False, True]
    assert near_edges(x, y, edges, 5).tolist() == [True, True, False, True, False, True]
    assert near_edges(x, y, edges, 5.001).all()


def test_near_edges_against_all_pairs():
    rng = np.random.default_rng(4)
    edges = rng.uniform(0, 100, (30, 4))
    x, y = rng.uniform(0, 100, (2, 2000))
    a, b, p = edges[:, :2], edges[:, 2:], np.column_stack([x, y])
    along = ((p[:, None] - a) * (b - a)).sum(-1) / ((b - a) ** 2).sum(-1)
    nearest = a + np.clip(along, 0, 1)[..., None] * (b - a)
    distance = np.hypot(*np.moveaxis(p[:, None] - nearest, -1, 0)).min(axis=1)
    assert np.array_equal(near_edges(x, y, edges, 2.5), distance < 2.5)


def test_far_from_counts_the_distance_itself_as_far():
    x = np.array([0.0, 2.9, 3.0, 9.0, 9.5])
    other = np.array([6.0]), np.array([0.0])
    assert far_from(x, 0 * x, *other, 3).tolist() == [True, True, True, True, True]
    assert far_from(x, 0 * x, *other, 3.05).tolist() == [True, True, False, False, True]


def test_spaced_keeps_earlier_points_and_stops_at_most():
    x = np.array([0.0, 1, 2, 3, 4])
    assert spaced(x, 0 * x, 2).tolist() == [0, 2, 4]
    assert spaced(x, 0 * x, 2, most=2).tolist() == [0, 2]
    assert spaced(x, 0 * x, 2, kept=np.array([[0.5, 0]])).tolist() == [3]
    assert spaced(x, 0 * x, 0).tolist() == [0, 1, 2, 3, 4]


def test_spaced_equals_the_plain_loop_over_several_chunks():
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 100, (2, 2500))
    kept = []
    for i in range(len(x)):
        if all(np.hypot(x[i] - x[j], y[i] - y[j]) >= 4 for j in kept):
            kept.append(i)
    assert spaced(x, y, 4).tolist() == kept


def test_one_per_cell_by_hand():
    cells = np.array([7, 3, 7, 3, 9, 7])
    labels = np.array([0, 1, 1, 1, 0, 0])
    choice = one_per_cell(cells, labels)
    assert choice.rows.tolist() == [1, 2, 4]  # first 1 of cell 3, the 1 of cell 7, cell 9
    assert (choice.dropped, choice.conflicts) == (3, 1)
    assert one_per_cell(np.empty(0, int), np.empty(0, int)).rows.tolist() == []


def test_labels_as_numbers_and_as_text():
    assert binary_labels(np.array([1.0, 0]), "f").tolist() == [1, 0]
    assert binary_labels(["1", "0", "1.0"], "f").tolist() == [1, 0, 1]


def test_other_labels_are_named_with_their_counts():
    with pytest.raises(InputError) as error:
        binary_labels(np.array([1, 0, 2, 2, np.nan]), "The field 'damage'")
    assert str(error.value) == (
        "The field 'damage' must be 1 (subsidence) or 0 (none), but it also holds 2 (2×), "
        "null (1×); choose another field or recode it."
    )
    with pytest.raises(InputError, match=r"also holds 'yes' \(1×\), null \(1×\);"):
        binary_labels(["1", "yes", None], "f")
    with pytest.raises(InputError, match="and 3 further values"):
        binary_labels(np.arange(2, 10.0), "f")
