"""The graph of a GCN and the readout to blocks, worked out by hand and by dense matrices."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from land_subsidence.subsidence_plugin.engine.forecasters.space import GraphSpace, GridSpace
from land_subsidence.subsidence_plugin.engine.forecasting.graph import (
    block_ids,
    graph_of,
    groups,
    nearest_distance,
)


def test_nearest_nodes_with_normalised_weights():
    """Three nodes in a row and one far off; one neighbour each."""
    graph = graph_of(np.array([[0, 0], [1, 0], [3, 0], [100, 0]], float), 1)
    np.testing.assert_array_equal(graph.neighbours, [[0, 1], [1, 0], [2, 1], [3, 2]])
    np.testing.assert_allclose(graph.weights, 0.5)


def test_a_radius_drops_long_edges():
    graph = graph_of(np.array([[0, 0], [1, 0], [3, 0], [100, 0]], float), 2, radius=2.5)
    assert [sorted({n for n, w in zip(*row) if w}) for row in zip(*_rows(graph))] == [
        [0, 1], [0, 1, 2], [1, 2], [3],
    ]  # fmt: skip
    # degrees 2, 3, 2, 1: the edge from 0 to 1 weighs 1 / √(2 · 3)
    weight = dict(zip(graph.neighbours[0], graph.weights[0]))[1]
    assert weight == pytest.approx(1 / np.sqrt(6))
    assert graph.weights[3, 0] == 1


def _rows(graph):
    return graph.neighbours, graph.weights


def test_nodes_at_one_place_keep_themselves_first():
    graph = graph_of(np.zeros((4, 2)), 2)
    np.testing.assert_array_equal(graph.neighbours[:, 0], np.arange(4))
    for row in graph.neighbours:
        assert len(set(row)) == 3


def test_fewer_nodes_than_neighbours():
    graph = graph_of(np.array([[0, 0], [1, 0]], float), 8)
    assert graph.neighbours.shape == (2, 2)
    assert graph_of(np.zeros((1, 2)), 8).neighbours.tolist() == [[0]]


def test_aggregation_equals_the_dense_matrix():
    random = np.random.default_rng(0)
    graphs = [graph_of(random.random((7, 2)), 3) for _ in range(2)]
    x = torch.tensor(random.standard_normal((2, 4, 5, 7)), dtype=torch.float64)
    space = GraphSpace(
        torch.ones(2, 7, dtype=torch.float64),
        torch.from_numpy(np.stack([g.neighbours for g in graphs])),
        torch.from_numpy(np.stack([g.weights for g in graphs])),
    )
    found = space.aggregate(x).numpy()
    for row, graph in enumerate(graphs):
        dense = np.zeros((7, 7))
        for node in range(7):
            for other, weight in zip(graph.neighbours[node], graph.weights[node]):
                dense[node, other] += weight
        np.testing.assert_allclose(found[row], x[row].numpy() @ dense.T, atol=1e-6)


def test_blocks_of_nodes():
    xy = np.array([[0.5, 0.5], [3.9, 0.1], [4.1, 0.1], [-0.1, 0.1]])
    ids = block_ids(xy, 4)
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    mask = torch.tensor([[1.0, 1, 1, 0]])
    space = GraphSpace(
        mask,
        torch.zeros(1, 4, 1, dtype=torch.long),
        torch.ones(1, 4, 1),
        torch.from_numpy(ids)[None],
    )
    x = torch.tensor([2.0, 4.0, 10.0, 0.0]).reshape(1, 1, 1, 4)
    pooled = space.pool(x)[0, 0, 0]
    assert pooled[ids[0]] == 3
    assert pooled[ids[2]] == 10
    back = space.spread(pooled.reshape(1, 1, -1))[0, 0]
    assert back[:3].tolist() == [3, 3, 10]


def test_blocks_of_a_grid_leave_cells_without_data_out():
    mask = torch.tensor([[1.0, 1, 0, 1, 1, 1, 1, 1]])
    space = GridSpace(mask, (2, 4), 2)
    x = (torch.tensor([1.0, 2, 0, 4, 5, 6, 7, 8]) * mask[0]).reshape(1, 1, 1, 8)
    np.testing.assert_allclose(
        space.pool(x)[0, 0, 0], [(1 + 2 + 5 + 6) / 4, (4 + 7 + 8) / 3], rtol=2e-3
    )
    whole = GridSpace(mask, (2, 4), None)
    assert float(whole.pool(x)) == pytest.approx(33 / 7)
    assert whole.spread(whole.pool(x)[:, 0]).shape == (1, 1, 8)


def test_groups_cover_all_nodes_once():
    xy = np.random.default_rng(1).random((1000, 2)) * [10, 1]
    found = list(groups(xy, 130))
    assert max(map(len, found)) <= 130
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(1000))
    # compact: halves along the longer side first
    assert max(np.ptp(xy[index], axis=0)[0] for index in found) < 3


def test_distance_to_the_nearest():
    assert nearest_distance(np.array([[0, 0], [3, 0], [3, 4.0]])) == 3
    assert nearest_distance(np.zeros((1, 2))) == 1
