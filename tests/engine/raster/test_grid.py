"""Cells, coordinates, windows, and which grids are the same."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid

GRID = Grid(4, 3, (100.0, 10.0, 0.0, 50.0, 0.0, -10.0), "")
ROTATED = Grid(4, 3, (100.0, 6.0, 8.0, 50.0, 8.0, -6.0), "")


def test_coordinates_by_hand():
    assert GRID.xy(0, 0) == (100, 50)
    assert GRID.xy(2.5, 1.5) == (125, 35)
    assert GRID.bounds == (100, 20, 140, 50)
    assert GRID.cell_area == 100


def test_cells_by_hand():
    x = np.array([100, 139.99, 140, 99.99, 125, 100])
    y = np.array([50, 20.01, 30, 30, 40, 20])
    rows, columns, inside = GRID.cells(x, y)
    assert inside.tolist() == [True, True, False, False, True, False]
    assert rows[inside].tolist() == [0, 2, 1]
    assert columns[inside].tolist() == [0, 3, 2]


@pytest.mark.parametrize("grid", [GRID, ROTATED])
def test_fractional_cells_invert_coordinates(grid):
    columns, rows = np.array([0.0, 1.25, 3.9]), np.array([2.5, 0.0, 1.1])
    back = grid.fractional_cells(*grid.xy(columns, rows))
    assert np.allclose(back, (columns, rows))


def test_points_that_could_not_be_transformed_lie_outside():
    with np.errstate(invalid="ignore"):
        inside = GRID.cells(np.array([np.inf, np.nan]), np.array([np.inf, 30]))[2]
    assert not inside.any()


def test_windows_cover_every_cell_once():
    seen = np.zeros((7, 10), int)
    for column, row, width, height in Grid(10, 7, GRID.transform, "").windows(4):
        seen[row : row + height, column : column + width] += 1
    assert (seen == 1).all()


def test_grids_match_to_a_thousandth_of_a_cell():
    near = Grid(4, 3, (100.005, 10.0, 0.0, 50.0, 0.0, -10.0), "other CRS text")
    shifted = Grid(4, 3, (105.0, 10.0, 0.0, 50.0, 0.0, -10.0), "")
    assert GRID.matches(near)
    assert not GRID.matches(shifted)
    assert not GRID.matches(Grid(4, 4, GRID.transform, ""))
    assert not GRID.matches(Grid(4, 3, (100.0, 10.1, 0.0, 50.0, 0.0, -10.0), ""))


def test_bounds_of_a_rotated_grid_hold_all_corners():
    """Turned by 45°: the corners lie at (0, 0), (2, 2), (3, -3), (5, -1)."""
    assert Grid(2, 3, (0, 1, 1, 0, 1, -1), "").bounds == (0, -3, 5, 2)
