"""Polygons as rings and as cells of a grid."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.vector import polygons as module
from land_subsidence.subsidence_plugin.engine.vector.metric_crs import metric_crs
from land_subsidence.subsidence_plugin.engine.vector.polygons import (
    cells_of_polygons,
    inner_points,
    rings_of,
)
from land_subsidence.subsidence_plugin.engine.vector.read import Features, transform_points
from osgeo import ogr, osr

reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
UTM48 = reference.ExportToWkt()
GRID = Grid(10, 10, (500000.0, 10.0, 0.0, 100.0, 0.0, -10.0), UTM48)


def features(*wkts, crs=UTM48):
    wkb = [bytes(ogr.CreateGeometryFromWkt(wkt).ExportToIsoWkb()) for wkt in wkts]
    return Features(crs, wkb=wkb, geometry="polygon")


def box(left, bottom, right, top):
    left, right = left + 500000, right + 500000
    return (
        f"POLYGON (({left} {bottom}, {right} {bottom}, {right} {top}, {left} {top}, "
        f"{left} {bottom}))"
    )


def cells(layer, labels, grid=GRID):
    rows, columns, values = cells_of_polygons(layer, np.array(labels), grid, Progress(), "It")
    return {(int(r), int(c)): int(v) for r, c, v in zip(rows, columns, values)}


def test_cells_are_those_with_their_centre_inside():
    # x 4..26 covers the centres 5, 15, 25; y 74..97 covers 75, 85, 95 (rows 2, 1, 0).
    expected = {(row, column): 1 for row in range(3) for column in range(3)}
    assert cells(features(box(4, 74, 26, 97)), [1]) == expected
    assert cells(features(box(6, 76, 24, 94)), [1]) == {(1, 1): 1}


def test_presence_wins_where_polygons_meet():
    found = cells(features(box(0, 80, 30, 100), box(20, 80, 50, 100)), [1, 0])
    assert [found[(0, c)] for c in range(5)] == [1, 1, 1, 0, 0]
    again = cells(features(box(20, 80, 50, 100), box(0, 80, 30, 100)), [0, 1])
    assert again == found


def test_a_polygon_smaller_than_a_cell_is_not_lost():
    assert cells(features(box(1, 1, 2, 2)), [1]) == {(9, 0): 1}


def test_a_multipolygon_with_a_hole():
    outer, hole = box(0, 0, 50, 50)[8:], box(10, 10, 40, 40)[8:]
    part = f"MULTIPOLYGON (({outer[1:-1]}, {hole[1:-1]}), {box(90, 90, 100, 100)[8:]})"
    found = cells(features(part), [1])
    assert (7, 2) not in found
    assert {(9, 0), (5, 4), (0, 9)} <= set(found)
    rings = rings_of(features(part), UTM48, "It")
    assert [len(r) for r in rings] == [2, 1]


def test_polygons_outside_give_no_cells_and_those_across_the_edge_are_cut():
    assert cells(features(box(500, 500, 600, 600)), [1]) == {}
    assert set(cells(features(box(-100, 84, 16, 300)), [1])) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_windows_do_not_change_the_cells(monkeypatch):
    layer = features(box(4, 14, 86, 97), box(33, 3, 44, 66))
    whole = cells(layer, [0, 1])
    monkeypatch.setattr(module, "WINDOW", 3)
    assert cells(layer, [0, 1]) == whole


def test_polygons_in_another_crs_cover_the_same_cells():
    x, y = np.array([4.0, 46, 46, 4, 4]) + 500000, np.array([54.0, 54, 96, 96, 54])
    lon, lat = transform_points(x, y, UTM48, "EPSG:4326")
    ring = ", ".join(f"{a} {b}" for a, b in zip(lon, lat))
    layer = features(f"POLYGON (({ring}))", crs="EPSG:4326")
    assert cells(layer, [1]) == cells(features(box(4, 54, 46, 96)), [1])
    assert len(cells(layer, [1])) == 25  # centres 5, 15, 25, 35, 45 both ways


def test_inner_points_lie_inside_also_of_a_bent_polygon():
    bent = "POLYGON ((0 0, 10 0, 10 1, 1 1, 1 10, 0 10, 0 0))"
    (x,), (y,) = inner_points(features(bent))
    assert (0 < x < 1 and 0 < y < 10) or (0 < x < 10 and 0 < y < 1)


def test_curves_become_lines():
    circle = "CURVEPOLYGON (CIRCULARSTRING (0 0, 2 0, 0 0))"
    (rings,) = rings_of(features(circle), UTM48, "It")
    assert np.hypot(rings[0][:, 0] - 1, rings[0][:, 1]) == pytest.approx(1)
    assert len(rings[0]) > 30
    whole = "CURVEPOLYGON (CIRCULARSTRING (500001 51, 500099 51, 500001 51))"
    # Centres 5, 15 ... 95 within 49 m of (50, 51).
    row, column = np.mgrid[0:10, 0:10]
    inside = np.hypot(10 * column + 5 - 50, 100 - (10 * row + 5) - 51) < 48.9
    assert set(cells(features(whole), [1])) == set(zip(*map(list, np.nonzero(inside))))


def test_degrees_get_a_metric_crs_in_which_areas_are_true():
    lon, lat = np.array([105.0, 105.01]), np.array([21.0, 21.01])
    crs = metric_crs("EPSG:4326", lon, lat, "It")
    x, y = transform_points(lon, lat, "EPSG:4326", crs)
    # WGS 84 at 21.005° N: a degree is 103.96 km of longitude and 110.70 km of latitude.
    assert np.ptp(x) == pytest.approx(1039.6, abs=1)
    assert np.ptp(y) == pytest.approx(1107.1, abs=1)
    assert metric_crs(UTM48, lon, lat, "It") == UTM48
