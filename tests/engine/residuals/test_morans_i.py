"""Moran's I of tiles against the sum over all pairs of cells."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.residuals.moments import Moments
from land_subsidence.subsidence_plugin.engine.residuals.moran import MoransI


def brute_force(values):
    """The formula with a matrix of weights, written out."""
    cells = [(r, c) for r in range(values.shape[0]) for c in range(values.shape[1])
             if np.isfinite(values[r, c])]  # fmt: skip
    z = np.array([values[cell] for cell in cells]) - np.nanmean(values)
    weights = np.array([[float(abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1) for b in cells]
                        for a in cells])  # fmt: skip
    return len(z) / weights.sum() * (z @ weights @ z) / (z @ z)


def streamed(values, size):
    height, width = values.shape
    moran, moments = MoransI(width), Moments()
    for row in range(0, height, size[1]):
        for column in range(0, width, size[0]):
            tile = values[row : row + size[1], column : column + size[0]]
            moran.add((column, row, tile.shape[1], tile.shape[0]), tile)
            moments.add(tile[np.isfinite(tile)])
    return moran.value(moments.n, moments.mean, moments.sum_of_squares)


@pytest.mark.parametrize("size", [(9, 7), (1, 1), (4, 3), (2, 7), (9, 2)])
@pytest.mark.parametrize("offset", [0.0, 5000.0])
def test_tiles_make_no_difference(size, offset):
    random = np.random.default_rng(1)
    values = random.normal(0, 1, (7, 9)).cumsum(axis=1) + offset
    values[random.random(values.shape) < 0.2] = np.nan
    assert streamed(values, size) == pytest.approx(brute_force(values), rel=1e-8)


def test_chessboard_and_halves_by_hand():
    board = np.indices((4, 4)).sum(axis=0) % 2.0
    assert streamed(board, (3, 3)) == pytest.approx(-1)
    halves = np.repeat([[0.0, 0, 1, 1]], 4, axis=0)
    # 24 edges, 4 of them between the halves: (20 − 4) / 24
    assert streamed(halves, (2, 4)) == pytest.approx(16 / 24)


def test_cells_without_neighbours_have_no_value():
    values = np.full((3, 3), np.nan)
    values[0, 0] = values[2, 2] = 1.0
    assert np.isnan(streamed(values, (3, 3)))
