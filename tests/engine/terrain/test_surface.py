"""Slope, aspect, curvature: by hand, on planes and paraboloids, and against gdaldem."""

import math

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.terrain.cells import CellSizes, constant_cells
from land_subsidence.subsidence_plugin.engine.terrain.surface import (
    HALO,
    aspect,
    curvature,
    gradient,
    slope,
)
from osgeo import gdal


def window(z, dtype=np.float32):
    return np.pad(np.asarray(z, dtype), HALO, constant_values=np.nan)


def holes(z):
    """Punch holes with cells beside, between and around the corner of them."""
    z = z.copy()
    z[4, 4] = z[4, 6] = z[0, 9] = z[8, 0] = np.nan
    z[10:12, 7:] = np.nan
    return z


def test_three_by_three_by_hand():
    """East: (2 + 2·3 + 5)/80; north: (-6 - 2·7 - 9)/80; curvature -100 (1 + 1)/100."""
    z = window([[1, 2, 3], [4, 5, 7], [7, 9, 12]])
    cells = constant_cells(3, 10, 10)
    east, north = gradient(z, cells)
    assert east[1, 1] == pytest.approx(0.1625)
    assert north[1, 1] == pytest.approx(-0.3625)
    assert slope(east, north)[1, 1] == pytest.approx(21.6664, abs=1e-3)
    assert aspect(east, north)[1, 1] == pytest.approx(360 - 24.1455, abs=1e-3)
    assert curvature(z, cells)[1, 1] == pytest.approx(-2)


def test_edges_by_hand():
    """Top middle: east = 4·(3-1)/80; north from one-sided differences 2(1-4)+4(2-5)+2(3-7)."""
    east, north = gradient(window([[1, 2, 3], [4, 5, 7], [7, 9, 12]]), constant_cells(3, 10, 10))
    assert east[0, 1] == pytest.approx(8 / 80)
    assert north[0, 1] == pytest.approx((-6 - 12 - 8) / 80)


@pytest.mark.parametrize(
    ("east", "north", "faces"),
    [(0, -1, 0), (-1, -1, 45), (-1, 0, 90), (-1, 1, 135), (0, 1, 180), (1, 1, 225), (1, 0, 270),
     (1, -1, 315), (0, 0, -1)],
)  # fmt: skip
def test_planes_face_their_descent_everywhere(east, north, faces):
    """On a plane every cell is exact: sides, corners, beside holes; holes stay holes."""
    row, column = np.mgrid[:14, :12]
    z = holes((column * 3.0 * east - row * 2.0 * north).astype(float))
    found = gradient(window(z, np.float64), constant_cells(14, 3, 2))
    for value, expected in zip(found, (east, north)):
        np.testing.assert_allclose(value[~np.isnan(z)], expected, atol=1e-12)
        assert np.isnan(value[np.isnan(z)]).all()
    np.testing.assert_allclose(aspect(*found)[~np.isnan(z)], faces, atol=1e-9)
    steep = math.degrees(math.atan(math.hypot(east, north)))
    np.testing.assert_allclose(slope(*found)[~np.isnan(z)], steep, atol=1e-9)


def test_flat_is_minus_one_and_never_nodata():
    flat = gradient(window(np.full((5, 5), 7.3)), constant_cells(5, 10, 10))
    assert (aspect(*flat) == -1).all()
    assert (slope(*flat) == 0).all()


def test_a_single_cell_is_flat():
    assert aspect(*gradient(window([[3.0]]), constant_cells(1, 10, 10))) == -1
    assert curvature(window([[3.0]]), constant_cells(1, 10, 10)) == 0


def test_aspect_stays_below_360():
    tiny = np.array([[1e-12]], np.float32), np.array([[-1.0]], np.float32)
    assert 0 <= aspect(*tiny)[0, 0] < 360


def test_curvature_of_a_paraboloid_is_exact_up_to_the_edge():
    """z = -(x²/2 + y²) is convex: -100 (-1 - 2) = +300 in every cell, also at the edge."""
    row, column = np.mgrid[:9, :10] * 1.0
    z = -((column * 2.0) ** 2 / 2 + (row * 5.0) ** 2)
    z[4, 5] = np.nan
    found = curvature(window(z, np.float64), constant_cells(9, 2, 5))
    np.testing.assert_allclose(found[~np.isnan(z)], 300, rtol=1e-9)
    assert np.isnan(found[4, 5])


def test_rows_of_different_width():
    """The same rise a column over cells of half the width is twice as steep."""
    z = window(np.tile(np.arange(6.0), (2, 1)))
    east, _ = gradient(z, CellSizes(np.array([10.0, 5.0]), np.array([10.0, 10.0])))
    np.testing.assert_allclose(east, np.repeat([[0.1], [0.2]], 6, axis=1))


@pytest.fixture(scope="module")
def rough():
    rng = np.random.default_rng(3)
    z = rng.normal(size=(60, 70)).cumsum(0).cumsum(1) / 10
    # In steps of 1/64, so that gdaldem's float32 sums are exact and only formulas are compared.
    return (np.round((z - z.min()) * 64) / 64).astype(np.float32)


def gdaldem(z, processing, edges, height=10):
    source = gdal.GetDriverByName("MEM").Create("", z.shape[1], z.shape[0], 1, gdal.GDT_Float32)
    source.SetGeoTransform((0, 12.5, 0, 0, 0, -height))
    source.GetRasterBand(1).WriteArray(z)
    result = gdal.DEMProcessing("", source, processing, format="MEM", computeEdges=edges)
    return result.ReadAsArray()


def angle_between(a, b):
    return np.abs((a - b + 180) % 360 - 180)


def test_gdaldem_agrees_inside(rough):
    inside = np.s_[1:-1, 1:-1]
    found = slope(*gradient(window(rough), constant_cells(60, 12.5, 10)))
    np.testing.assert_allclose(found[inside], gdaldem(rough, "slope", False)[inside], atol=1e-4)
    # gdaldem takes cells for squares when it computes the aspect
    found = gradient(window(rough), constant_cells(60, 12.5, 12.5))
    difference = angle_between(aspect(*found), gdaldem(rough, "aspect", False, 12.5))[inside]
    assert difference.max() < 1e-4


def test_gdaldem_agrees_on_the_sides(rough):
    found = slope(*gradient(window(rough), constant_cells(60, 12.5, 10)))
    reference = gdaldem(rough, "slope", True)
    for side in (np.s_[0, 1:-1], np.s_[-1, 1:-1], np.s_[1:-1, 0], np.s_[1:-1, -1]):
        np.testing.assert_allclose(found[side], reference[side], atol=1e-4)
