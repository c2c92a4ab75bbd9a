"""Cells that contain a point, and what is said of the others."""

import numpy as np
from land_subsidence.subsidence_plugin.engine.gridding.occupied import occupied_cells
from land_subsidence.subsidence_plugin.engine.gridding.summary import Coverage


def test_windows_of_occupied_cells():
    # a grid of 4 rows and 5 columns; two points share the cell (1, 2)
    cells = occupied_cells(np.array([3, 1, 1, 0, 1]), np.array([4, 2, 2, 0, 3]))
    assert cells.rows.tolist() == [0, 1, 1, 3] and cells.columns.tolist() == [0, 2, 3, 4]
    assert cells.within((0, 0, 3, 2)).tolist() == [True, False, False, False, False, True]
    assert cells.within((3, 1, 2, 3)).tolist() == [True, False, False, False, False, True]
    assert not cells.within((0, 2, 5, 1)).any() and not cells.within((1, 3, 3, 1)).any()
    assert cells.within((0, 0, 5, 4)).sum() == 4
    assert not occupied_cells(np.array([], int), np.array([], int)).within((0, 0, 2, 2)).any()


def test_the_sentence_of_interpolated_cells():
    coverage = Coverage(9, 50.0)
    inf = np.inf
    # the last cell holds a point in its corner, beyond what is filled
    distance = np.array([[5, 20], [30, 40], [50, inf], [inf, inf]])
    coverage.add(distance, np.array([True, False, False, True]))
    assert (coverage.supported, coverage.held, coverage.used) == (3, 1, 5)
    expected = (
        "2 of the 3 cells with a value contain no point; values there are interpolation "
        "(66.7% of these cells)."
    )
    assert coverage.say_interpolated() == expected
    full = Coverage(9, 50.0)
    full.add(np.array([[5.0], [30.0]]), np.array([True, True]))
    assert full.say_interpolated() == "All 2 cells with a value contain a point."
    ustica = Coverage(3000, 500.0, supported=1055, held=522)
    assert ustica.say_interpolated().startswith(
        "533 of the 1,055 cells with a value contain no point; values there are interpolation (50.5"
    )
