"""Cell sizes in metres, from projected units and from degrees."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.terrain.cells import (
    constant_cells,
    geographic_cells,
)

DEGREE = np.radians(1)


def test_length_of_a_degree_on_wgs84():
    """Published lengths (m) of a degree: longitude at 0, 45, 60; latitude there."""
    cells = geographic_cells(np.radians([0, 45, 60]), DEGREE, DEGREE)
    np.testing.assert_allclose(cells.dx, [111319.49, 78846.81, 55800.08], atol=0.5)
    np.testing.assert_allclose(cells.dy, [110574.28, 111131.75, 111412.24], atol=0.5)


def test_sphere():
    cells = geographic_cells(np.radians([60.0]), DEGREE, DEGREE, 6371000.0, 0)
    np.testing.assert_allclose(cells.dy, 6371000 * DEGREE)
    np.testing.assert_allclose(cells.dx, 6371000 * DEGREE / 2)


def test_pole_is_refused():
    with pytest.raises(InputError, match="beyond a pole"):
        geographic_cells(np.radians([89.0, 90.0]), DEGREE, DEGREE)


def test_contour_width_and_rows():
    cells = constant_cells(5, 4, 9)
    assert cells.width.tolist() == [6] * 5 and cells.area.tolist() == [36] * 5
    assert len(cells.rows(1, 3).dx) == 2
