"""Absence points: inside the mask, away from subsidence, reprojected, counted."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import read_features, transform_points
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from osgeo import gdal, ogr, osr


def wkt(code):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(code)
    return reference.ExportToWkt()


UTM48 = wkt(32648)
GRID = Grid(100, 100, (500000.0, 30.0, 0.0, 2300000.0, 0.0, -30.0), UTM48)
LEFT, BOTTOM, RIGHT, TOP = GRID.bounds


@pytest.fixture
def presence(tmp_path):
    rng = np.random.default_rng(1)
    return points_file(
        tmp_path / "presence.gpkg", rng.uniform(LEFT, RIGHT, 60), rng.uniform(BOTTOM, TOP, 60)
    )


def points_file(path, x, y, crs=UTM48, **columns):
    write_points(str(path), x, y, columns, crs)
    return str(path)


@pytest.fixture
def mask(tmp_path):
    """Two bands; valid in both only right of column 50 and below row 20."""
    values = np.ones((2, 100, 100), np.float32)
    values[0, :, :50] = np.nan
    values[1, :20] = np.nan
    with RasterWriter(str(tmp_path / "mask.tif"), GRID, ["a", "b"]) as writer:
        writer.write(values)
    return str(tmp_path / "mask.tif")


def polygons_file(path, rings, crs=32648):
    dataset = gdal.GetDriverByName("GPKG").Create(str(path), 0, 0, 0, gdal.GDT_Unknown)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(crs)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    layer = dataset.CreateLayer("polygons", reference, ogr.wkbPolygon)
    for ring in rings:
        text = ", ".join(f"{x} {y}" for x, y in [*ring, ring[0]])
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON (({text}))"))
        layer.CreateFeature(feature)
    return str(path)


def square(left, bottom, side):
    x, y = LEFT + left, BOTTOM + bottom
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]


def make(tmp_path, presence, **options):
    target, lines = str(tmp_path / "out.gpkg"), []
    progress = Progress(on_message=lambda text, level: lines.append(f"{level}: {text}"))
    run_job("absencepoints", {"presence": presence, "output": target, **options}, progress)
    found = read_features(target)
    absent = found.number("label") == 0
    return found, absent, "\n".join(lines)


def nearest(x, y, other_x, other_y):
    return np.hypot(x[:, None] - other_x, y[:, None] - other_y).min(axis=1)


def test_points_lie_on_valid_cells_at_their_distances(tmp_path, presence, mask):
    options = {"ratio": 2, "min_distance": 120, "spacing": 60}
    found, absent, log = make(tmp_path, presence, mask=mask, **options)
    given = read_features(presence)
    assert absent.sum() == 120
    assert found.x[~absent].tolist() == given.x.tolist()
    x, y = found.x[absent], found.y[absent]
    rows, columns, inside = GRID.cells(x, y)
    assert inside.all()
    assert columns.min() >= 50
    assert rows.min() >= 20
    assert nearest(x, y, given.x, given.y).min() >= 120
    among = np.hypot(x[:, None] - x, y[:, None] - y)
    assert among[~np.eye(len(x), dtype=bool)].min() >= 60
    assert "info: The mask has 4000 valid cells." in log
    assert "info: 60 subsidence points (1) and 120 absence points (0) written." in log
    assert found.metadata["SUBSIDENCE_KIND"] == "inventory"
    assert (tmp_path / "out.qml").exists()


def test_subsidence_outside_of_the_mask_is_counted_or_refused(tmp_path, mask):
    away = points_file(tmp_path / "a.gpkg", [LEFT + 9, LEFT - 9e5], [TOP - 9, TOP])
    found, _absent, log = make(tmp_path, away, mask=mask)
    assert len(found) == 4 and "1 of 2 subsidence points lie outside the mask raster" in log
    away = points_file(tmp_path / "b.gpkg", [LEFT - 9e5], [TOP])
    with pytest.raises(InputError, match=r"No subsidence lies on the mask .*mask\.tif"):
        make(tmp_path, away, mask=mask)


def test_a_mask_raster_is_covered_evenly(tmp_path, presence, mask):
    found, absent, _log = make(tmp_path, presence, mask=mask, ratio=50)
    rows, columns, _inside = GRID.cells(found.x[absent], found.y[absent])
    assert len(set(zip(rows, columns))) == absent.sum() == 3000  # at most one a cell
    shares = np.histogram(columns, bins=5, range=(50, 100))[0] / 3000
    assert shares == pytest.approx([0.2] * 5, abs=0.02)
    within = (found.x[absent] - LEFT) / 30 % 1
    assert np.histogram(within, bins=4, range=(0, 1))[0] / 3000 == pytest.approx(
        [0.25] * 4, abs=0.03
    )


def test_too_little_room_is_a_warning_with_the_reason(tmp_path, presence, mask):
    _found, absent, log = make(tmp_path, presence, mask=mask, spacing=1000)
    assert 1 <= absent.sum() < 10
    assert f"warning: Only {absent.sum()} of 60 absence points were found: 4000 places" in log
    assert "too near another absence point (SPACING)" in log


def test_no_room_at_all_is_an_error_and_leaves_no_file(tmp_path, presence, mask):
    with pytest.raises(InputError, match=r"No absence point was found: 4000 places .* smaller"):
        make(tmp_path, presence, mask=mask, min_distance=5000)
    assert not (tmp_path / "out.gpkg").exists()


def test_mask_polygons_in_degrees(tmp_path, presence):
    ring = np.array(square(600, 600, 900))
    lon, lat = transform_points(*ring.T, UTM48, "EPSG:4326")
    mask = polygons_file(tmp_path / "m.gpkg", [list(zip(lon, lat))], 4326)
    found, absent, _log = make(tmp_path, presence, mask_polygons=mask, ratio=5)
    x, y = found.x[absent] - LEFT, found.y[absent] - BOTTOM
    assert absent.sum() == 300
    assert min(x.min(), y.min()) >= 599.9
    assert max(x.max(), y.max()) <= 1500.1


def test_candidates_are_chosen_from_and_masked(tmp_path, presence, mask):
    rng = np.random.default_rng(5)
    x, y = rng.uniform(LEFT, RIGHT, 500), rng.uniform(BOTTOM, TOP, 500)
    candidates = points_file(
        tmp_path / "c.gpkg", *transform_points(x, y, UTM48, "EPSG:4326"), wkt(4326)
    )
    found, absent, log = make(tmp_path, presence, mask=mask, candidates=candidates, ratio=1)
    assert absent.sum() == 60
    assert nearest(found.x[absent], found.y[absent], x, y).max() < 1e-3
    assert GRID.cells(found.x[absent], found.y[absent])[1].min() >= 50
    rows, columns, _inside = GRID.cells(x, y)
    outside = ((columns < 50) | (rows < 20)).sum()
    assert f"warning: {outside} of 500 candidates lie outside the mask." in log


def test_without_mask_the_bounding_box_is_taken_with_a_warning(tmp_path, presence):
    found, absent, log = make(tmp_path, presence, ratio=3)
    given = read_features(presence)
    assert absent.sum() == 180
    assert found.x[absent].min() >= given.x.min()
    assert found.y[absent].max() <= given.y.max()
    assert "warning: No MASK and no CANDIDATES" in log


def test_presence_in_degrees_means_distances_in_metres(tmp_path, mask):
    rng = np.random.default_rng(1)
    x, y = rng.uniform(LEFT, RIGHT, 20), rng.uniform(BOTTOM, TOP, 20)
    lon, lat = transform_points(x, y, UTM48, "EPSG:4326")
    presence = points_file(tmp_path / "p.gpkg", lon, lat, wkt(4326))
    found, absent, log = make(tmp_path, presence, mask=mask, ratio=5, min_distance=200)
    back = transform_points(found.x[absent], found.y[absent], "EPSG:4326", UTM48)
    assert absent.sum() == 100
    assert 199.8 <= nearest(*back, x, y).min() < 230
    assert "distances are metres on the ground" in log
    assert osr.SpatialReference(found.crs).GetAuthorityCode(None) == "4326"


def test_a_mask_in_degrees_is_thinned_towards_the_pole(tmp_path):
    """Cells of equal degrees shrink with the cosine of latitude: 0..80° N, share below 40°."""
    grid = Grid(10, 80, (0.0, 1.0, 0.0, 80.0, 0.0, -1.0), wkt(4326))
    with RasterWriter(str(tmp_path / "m.tif"), grid, ["a"]) as writer:
        writer.write(np.ones((1, 80, 10), np.float32))
    presence = points_file(tmp_path / "p.gpkg", np.array([5.0]), np.array([40.0]), wkt(4326))
    found, absent, _log = make(tmp_path, presence, mask=str(tmp_path / "m.tif"), ratio=150)
    expected = np.sin(np.radians(40)) / np.sin(np.radians(80))
    assert (found.y[absent] < 40).mean() == pytest.approx(expected, abs=0.1)  # 0.65, not 0.5


@pytest.mark.parametrize(
    ("options", "count", "text"),
    [
        ({}, 2, "2 polygons become one point each"),
        ({"polygon_spacing": 100}, 5, "2 polygons become 5 points: points 100 map units apart"),
    ],
)
def test_polygon_inventories(tmp_path, options, count, text):
    rings = [square(600, 600, 200), square(1210, 1210, 30)]
    presence = polygons_file(tmp_path / "p.gpkg", rings)
    box = polygons_file(tmp_path / "m.gpkg", [square(0, 0, 3000)])
    found, absent, log = make(
        tmp_path, presence, mask_polygons=box, ratio=100, min_distance=150, **options
    )
    assert text in log
    assert (~absent).sum() == count
    assert absent.sum() == 100 * count
    x, y = found.x[~absent] - LEFT, found.y[~absent] - BOTTOM
    inside_small = (abs(x - 1225) < 15) & (abs(y - 1225) < 15)
    inside_large = (abs(x - 700) < 100) & (abs(y - 700) < 100)
    assert inside_small.sum() == 1
    assert (inside_small | inside_large).all()
    for left, side in ((600, 200), (1210, 30)):
        x, y = found.x[absent] - LEFT - left, found.y[absent] - BOTTOM - left
        dx, dy = (np.maximum(np.maximum(-v, v - side), 0) for v in (x, y))
        assert np.hypot(dx, dy).min() >= 150


def test_polygon_inventory_takes_the_cells_of_the_mask(tmp_path, mask):
    # 210 m from x 1800 (column 60), y 300 (row 90 upwards): 7 × 7 cells
    presence = polygons_file(tmp_path / "p.gpkg", [square(1800, 300, 210)])
    found, absent, log = make(tmp_path, presence, mask=mask)
    assert "1 polygons become 49 points: cells of the mask." in log
    rows, columns, _inside = GRID.cells(found.x[~absent], found.y[~absent])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (83, 89, 60, 66)


def test_features_of_label_0_are_not_presence(tmp_path, mask):
    x = np.linspace(LEFT, RIGHT, 10)
    labels = np.array([1, 0] * 5)
    presence = points_file(tmp_path / "p.gpkg", x, np.full(10, BOTTOM + 5), label=labels)
    found, absent, log = make(tmp_path, presence, mask=mask)
    assert found.x[~absent].tolist() == x[::2].tolist()
    assert "warning: 5 features with label 0 are left out of the subsidence." in log


def test_same_seed_same_points(tmp_path, presence, mask):
    first, again, other = (
        make(tmp_path, presence, mask=mask, seed=seed)[0].x.tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_bad_input_is_one_sentence(tmp_path, presence, mask):
    empty = points_file(tmp_path / "empty.gpkg", np.empty(0), np.empty(0))
    zeros = points_file(tmp_path / "zeros.gpkg", np.ones(2), np.ones(2), label=[0, 0])
    bare = points_file(tmp_path / "bare.gpkg", np.ones(2), np.arange(2.0), "")
    far = points_file(tmp_path / "far.gpkg", np.ones(2), np.arange(2.0))
    single = points_file(tmp_path / "single.gpkg", np.ones(1), np.ones(1))
    for given, options, text in [
        (empty, {}, "The layer of subsidence holds no points or polygons; choose"),
        (zeros, {}, "All features of the layer of subsidence have the label 0"),
        (bare, {}, "has no coordinate reference system; assign one first"),
        (single, {}, "The inventory has no extent .* give a MASK or CANDIDATES"),
        (presence, {"ratio": 0}, "RATIO is 0; it must be greater than 0"),
        (presence, {"spacing": -1}, "SPACING is -1; it must be 0 or more"),
        (presence, {"mask_polygons": far}, "The mask layer holds no polygons"),
        (presence, {"candidates": empty}, "The layer of candidates holds no points"),
        (presence, {"candidates": far, "mask": mask}, "No candidate lies inside the mask"),
    ]:
        with pytest.raises(InputError, match=text):
            make(tmp_path, given, **options)
    assert not (tmp_path / "out.gpkg").exists()


def test_an_empty_mask_is_named(tmp_path, presence):
    with RasterWriter(str(tmp_path / "none.tif"), GRID, ["a"]) as writer:
        writer.write(np.full((1, 100, 100), np.nan, np.float32))
    with pytest.raises(InputError, match=r"The mask 'none\.tif' has no valid cell"):
        make(tmp_path, presence, mask=str(tmp_path / "none.tif"))
