"""The common grid: worked out by hand in one CRS, against pyproj-free facts in several."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.area import distorts_area, row_areas_km2
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.target_grid import (
    cell_size,
    make_grid,
    transform_box,
)
from osgeo import osr


def wkt(code):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(code)
    return reference.ExportToWkt()


UTM, DEGREES = wkt(32648), wkt(4326)


def grid(x, y, width, height, cell=10.0, crs=UTM):
    return Grid(width, height, (x, cell, 0.0, y, 0.0, -cell), crs)


def test_common_extent_keeps_whole_cells_of_the_first_raster():
    first = grid(500_000, 2_300_000, 100, 80)  # to x 501 000, y 2 299 200
    second = grid(500_203, 2_299_996, 30, 20, 30.0)  # to x 501 103, y 2 299 396
    made = make_grid([("a", first), ("b", second)])
    # columns from 500 210 to 501 000, rows from 2 299 990 to 2 299 400
    assert made.transform == (500_210, 10, 0, 2_299_990, 0, -10)
    assert (made.width, made.height) == (79, 59)
    assert make_grid([("a", first)]) == first


def test_an_extent_that_is_given_is_covered_by_cells_of_the_first_raster():
    first = grid(500_000, 2_300_000, 100, 80)
    made = make_grid([("a", first)], extent=((500_011, 2_299_905, 500_049, 2_299_988), UTM))
    assert made.transform == (500_010, 10, 0, 2_299_990, 0, -10)
    assert (made.width, made.height) == (4, 9)


def test_another_resolution_starts_at_the_corner():
    first = grid(500_000, 2_300_000, 100, 80)
    made = make_grid([("a", first)], resolution=30)
    assert made.transform == (500_000, 30, 0, 2_300_000, 0, -30)
    assert (made.width, made.height) == (33, 26)  # whole cells within 1000 x 800 m
    made = make_grid(
        [("a", first)], resolution=30, extent=((500_000, 2_299_905, 500_100, 2_300_000), UTM)
    )
    assert (made.width, made.height) == (4, 4)  # covers 100 x 95 m


def test_rounding_costs_no_row():
    third = 1 / 3
    first = Grid(300, 300, (105.1, third, 0.0, 21.7, 0.0, -third), "")
    first = Grid(300, 30, (105.1, third, 0.0, 21.7, 0.0, -third), DEGREES)
    made = make_grid([("a", first), ("b", first)])
    assert (made.width, made.height) == (300, 30)


def test_a_global_raster_does_not_spoil_the_extent():
    first = grid(580_000, 2_330_000, 50, 50)
    world = Grid(3600, 1800, (-180, 0.1, 0, 90, 0, -0.1), DEGREES)
    assert make_grid([("a", first), ("world", world)]) == first
    # and in degrees, from the raster in UTM first
    made = make_grid([("world", world), ("a", first)], crs=UTM, resolution=10)
    assert made.width >= 50
    assert made.bounds[0] <= 580_000 <= made.bounds[2]


def test_no_overlap_names_the_raster():
    with pytest.raises(InputError, match="The raster 'b' does not overlap 'a'"):
        make_grid([("a", grid(500_000, 2_300_000, 10, 10)), ("b", grid(600_000, 2_300_000, 9, 9))])


def test_no_crs_names_the_raster():
    with pytest.raises(InputError, match="The raster 'b' has no coordinate reference system"):
        make_grid([("a", grid(0, 0, 9, 9)), ("b", grid(0, 0, 9, 9, crs=""))])


def test_impossible_resolutions():
    first = [("a", grid(500_000, 2_300_000, 10, 10))]
    with pytest.raises(InputError, match="The grid would have no cell"):
        make_grid(first, resolution=5000)
    with pytest.raises(InputError, match="RESOLUTION is in units of the CRS"):
        make_grid(first, resolution=1e-5)


def test_cell_size_in_degrees_of_ten_metres():
    size = cell_size(grid(586_000, 2_325_000, 10, 10), DEGREES)  # 21 degrees north
    metres = np.sqrt(110_730 * 103_970)  # of a degree of latitude and of longitude there
    assert size[0] == size[1] == pytest.approx(10 / metres, rel=2e-3)


def test_box_of_a_curved_outline_holds_all_of_it():
    west, south, east, north = transform_box((104, 10, 106, 23), DEGREES, UTM)
    assert west < 500_000 - 109_000  # widest in the south
    assert east > 500_000 + 109_000
    assert (south, north) == pytest.approx((1_105_400, 2_544_200), abs=1500)


def test_area_of_a_projected_cell_and_of_the_globe():
    assert row_areas_km2(grid(0, 0, 5, 3, 500.0), "x").tolist() == [0.25] * 3
    world = Grid(360, 180, (-180, 1, 0, 90, 0, -1), DEGREES)
    areas = row_areas_km2(world, "x")
    assert areas.sum() * 360 == pytest.approx(510_065_622, rel=1e-8)  # WGS 84
    assert areas[0] < areas[45] < areas[89] == pytest.approx(12_308.46, rel=1e-4)
    feet = Grid(2, 2, (0, 1000, 0, 0, 0, -1000), wkt(2225))  # California, US survey feet
    assert row_areas_km2(feet, "x")[0] == pytest.approx(0.3048006096**2, rel=1e-9)


def test_mercator_is_known_to_distort():
    lines = []
    progress = Progress(on_message=lambda text, level: lines.append((level, text)))
    row_areas_km2(grid(0, 0, 5, 3), "x", progress)
    assert not lines
    row_areas_km2(grid(0, 0, 5, 3, crs=wkt(3857)), "x", progress)
    assert lines[0][0] == "warning" and "areas in km² are too large" in lines[0][1]
    assert distorts_area(grid(0, 0, 5, 3, crs=wkt(3857)), "x")
    assert not distorts_area(grid(0, 0, 5, 3), "x")
    assert not distorts_area(grid(0, 0, 5, 3, 1.0, DEGREES), "x")
