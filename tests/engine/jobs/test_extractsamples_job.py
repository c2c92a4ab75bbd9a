"""Samples: values of the right cells, everything odd counted, parts and metadata as promised."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError, OutputError
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
GRID = Grid(20, 10, (500000.0, 10.0, 0.0, 2000100.0, 0.0, -10.0), UTM48)
NAMES = ["slope", "geology"]


def write_stack(path, grid=GRID, names=NAMES, metadata=None, hole=True):
    values = np.arange(400, dtype=np.float32).reshape(2, 10, 20)
    if hole:
        values[1, 0, 19] = np.nan
    with RasterWriter(
        str(path), grid, names, kinds=["continuous", "categorical"], metadata=metadata
    ) as writer:
        writer.write(values)
    return str(path)


@pytest.fixture
def stack(tmp_path):
    return write_stack(tmp_path / "stack.tif")


def centres(*cells):
    rows, columns = np.array(cells, float).reshape(-1, 2).T
    return GRID.xy(columns + 0.5, rows + 0.5)


def write_inventory(path, x, y, labels=None, crs=UTM48):
    write_points(str(path), x, y, {} if labels is None else {"label": labels}, crs)
    return str(path)


class Log(list):
    def progress(self):
        return Progress(on_message=lambda text, level: self.append(f"{level}: {text}"))

    @property
    def text(self):
        return "\n".join(self)


def extract(tmp_path, points, stack, log=None, **options):
    target = str(tmp_path / "samples.gpkg")
    arguments = {"points": points, "factors": stack, "output": target, **options}
    result = run_job("extractsamples", arguments, (log if log is not None else Log()).progress())
    return read_features(target), result


EVERYWHERE = [(r, c) for r in range(10) for c in range(0, 19)]


def everywhere(tmp_path):
    x, y = centres(*EVERYWHERE)
    labels = np.random.default_rng(0).integers(0, 2, len(x))
    return write_inventory(tmp_path / "points.gpkg", x, y, labels)


def test_values_are_those_of_the_cells(tmp_path, stack):
    points = write_inventory(tmp_path / "p.gpkg", *centres((0, 0), (9, 19), (4, 7)), [1, 0, 1])
    found, result = extract(tmp_path, points, stack, folds=2)
    assert list(found.columns) == ["label", "split", "fold", "slope", "geology"]
    assert found.number("slope").tolist() == [0, 199, 87]
    assert found.number("geology").tolist() == [200, 399, 287]
    assert found.number("label").tolist() == [1, 0, 1]
    assert result["SAMPLES"] == 3


def test_everything_odd_is_dropped_and_counted(tmp_path, stack):
    cells = [(0, 0), (0, 0), (0, 0), (3, 3), (3, 3), (0, 19), (5, 5), (6, 6)]
    labels = [0, 0, 1, 1, 1, 1, 0, 1]
    x, y = centres(*cells)
    x, y = np.append(x, [499999, 500200]), np.append(y, [2000050, 2000050])  # right edge is outside
    points = write_inventory(tmp_path / "p.gpkg", x, y, [*labels, 1, 0])
    log = Log()
    found, result = extract(tmp_path, points, stack, log, folds=2)
    counts = result["counts"]
    assert counts["read"] == 10
    assert counts["outside"] == 2
    assert counts["same_cell"] == 3
    assert counts["label_conflicts"] == 1
    assert counts["missing_factor"] == 1
    assert counts["samples"] == len(found) == 4
    assert dict(zip(found.number("slope"), found.number("label"))) == {0: 1, 63: 1, 105: 0, 126: 1}
    assert "warning: 2 of 10 points lie outside the factor stack: dropped." in log
    assert (
        "warning: 3 points share a cell with another: each cell counts once; in 1 cells the "
        "labels differ: subsidence (1) wins." in log
    )
    assert "warning: 1 of 5 samples lie where a factor has no data (geology 1): dropped." in log


def test_points_of_one_cell_all_stay_on_request(tmp_path, stack):
    points = write_inventory(tmp_path / "p.gpkg", *centres((1, 1), (1, 1), (2, 2)), [0, 1, 1])
    found, result = extract(tmp_path, points, stack, one_per_cell=False, folds=2)
    assert found.number("label").tolist() == [0, 1, 1]
    assert result["counts"]["samples"] == 3


def test_points_of_another_crs_land_in_the_same_cells(tmp_path, stack):
    x, y = centres(*EVERYWHERE)
    lon, lat = transform_points(x, y, UTM48, "EPSG:4326")
    labels = np.arange(len(x)) % 2
    points = write_inventory(tmp_path / "p.gpkg", lon, lat, labels, wkt(4326))
    found, _result = extract(tmp_path, points, stack)
    assert found.number("slope").tolist() == [20 * r + c for r, c in EVERYWHERE]
    assert osr.SpatialReference(found.crs).GetAuthorityCode(None) == "32648"
    assert np.allclose(found.x, x, atol=1e-3)


def write_polygons(path, boxes, labels=None):
    dataset = gdal.GetDriverByName("GPKG").Create(str(path), 0, 0, 0, gdal.GDT_Unknown)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    layer = dataset.CreateLayer("polygons", reference, ogr.wkbPolygon)
    if labels is not None:
        layer.CreateField(ogr.FieldDefn("label", ogr.OFTInteger))
    for number, (left, top, right, bottom) in enumerate(boxes):
        (x1, y1), (x2, y2) = GRID.xy(left, top), GRID.xy(right, bottom)
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(
            ogr.CreateGeometryFromWkt(
                f"POLYGON (({x1} {y1}, {x2} {y1}, {x2} {y2}, {x1} {y2}, {x1} {y1}))"
            )
        )
        if labels is not None:
            feature.SetField("label", labels[number])
        layer.CreateFeature(feature)
    return str(path)


def test_polygons_become_the_cells_inside(tmp_path, stack):
    boxes = [(0, 0, 3, 2), (2, 1, 5, 3), (10.1, 5.1, 10.3, 5.3), (50, 50, 60, 60)]
    points = write_polygons(tmp_path / "p.gpkg", boxes, [1, 0, 1, 1])
    log = Log()
    found, _result = extract(tmp_path, points, stack, log, folds=2)
    cells = {int(v): int(n) for v, n in zip(found.number("slope"), found.number("label"))}
    presence = {20 * r + c: 1 for r in range(2) for c in range(3)} | {110: 1}
    absence = {20 * r + c: 0 for r in (1, 2) for c in (2, 3, 4)}
    assert cells == {**absence, **presence}
    assert (
        "info: 4 polygons cover 12 cells of the stack (cells whose centre lies inside, at least "
        "one a polygon)." in log
    )
    assert "info: 1 of 4 polygons lie outside the raster." in log


def test_without_label_field_all_are_presence_with_a_warning(tmp_path, stack):
    points = write_inventory(tmp_path / "p.gpkg", *centres((1, 1), (2, 2), (3, 3)))
    log = Log()
    found, _result = extract(tmp_path, points, stack, log, folds=2)
    assert found.number("label").tolist() == [1, 1, 1]
    assert "There is no field 'label': all features count as subsidence (1)" in log.text
    assert "All samples have the label 1; training needs 0 and 1" in log.text


@pytest.mark.parametrize("split", [0, 1, 2])
def test_parts_and_folds_of_each_method(tmp_path, stack, split):
    options = {"split": split, "block_size": 20, "validation_share": 0.25, "test_share": 0.25}
    found, result = extract(tmp_path, everywhere(tmp_path), stack, folds=4, **options)
    parts = np.array(found.columns["split"])
    assert set(parts) == {"train", "validation", "test"}
    assert (parts == "train").mean() == pytest.approx(0.5, abs=0.06)
    assert set(found.number("fold")) == {1, 2, 3, 4}
    assert result["TRAINING"] == (parts == "train").sum()
    settings = json.loads(found.metadata["split"])
    assert settings["method"] == ("random", "blocks", "kmeans")[split]
    block = [f"{int(x // 20)} {int(y // 20)}" for x, y in zip(found.x, found.y)]
    homes = {}
    for key, part in zip(block, parts):
        homes.setdefault(key, set()).add(part)
    assert all(len(h) == 1 for h in homes.values()) == (split == 1)


def test_metadata_tell_where_samples_come_from(tmp_path, stack):
    found, _result = extract(tmp_path, everywhere(tmp_path), stack, seed=7)
    assert found.metadata["SUBSIDENCE_KIND"] == "samples"
    assert json.loads(found.metadata["factors"]) == NAMES
    assert json.loads(found.metadata["kinds"]) == {"slope": "continuous", "geology": "categorical"}
    assert found.metadata["SUBSIDENCE_SOURCE"] == stack
    assert found.metadata["seed"] == "7"
    assert json.loads(found.metadata["counts"])["samples"] == 190
    assert "UTM zone 48N" in found.metadata["crs"]
    assert (tmp_path / "samples.qml").exists()


def test_class_rules_travel_with_samples(tmp_path):
    path = str(tmp_path / "classes.tif")
    values = (np.arange(400).reshape(2, 10, 20) % 5 + 1).astype(np.uint8)
    rule = {"method": "manual", "breaks": [1.5, 2.5, 3.5, 4.5]}
    metadata = {"SUBSIDENCE_KIND": "class_stack"}
    with RasterWriter(path, GRID, NAMES, "uint8", metadata=metadata) as writer:
        writer.write(values)
        writer.dataset.GetRasterBand(1).SetMetadataItem("rule", json.dumps(rule))
        writer.dataset.GetRasterBand(1).SetMetadataItem("classes", "5")
    found, _result = extract(tmp_path, everywhere(tmp_path), path)
    assert json.loads(found.metadata["rules"]) == {"slope": rule}
    assert json.loads(found.metadata["classes"]) == {"slope": 5}
    assert set(json.loads(found.metadata["kinds"]).values()) == {"classes"}
    assert found.number("slope").min() == 1


def test_same_seed_same_samples(tmp_path, stack):
    points = everywhere(tmp_path)
    first, again, other = (
        extract(tmp_path, points, stack, seed=seed)[0].columns["split"] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("split", [0, 1, 2])
def test_the_order_of_the_points_does_not_change_their_parts(tmp_path, stack, split):
    x, y = centres(*EVERYWHERE)
    labels = np.random.default_rng(0).integers(0, 2, len(x))
    found = []
    for step in (1, -1):
        points = write_inventory(tmp_path / "p.gpkg", x[::step], y[::step], labels[::step])
        samples, _result = extract(tmp_path, points, stack, split=split)
        places = zip(samples.number("slope"), samples.columns["split"], samples.number("fold"))
        found.append(sorted(places))
    assert found[0] == found[1]


def far_points(tmp_path):
    return write_inventory(tmp_path / "p.gpkg", np.full(3, 4e5), np.full(3, 1e6), [0, 1, 1])


def odd_labels(tmp_path):
    return write_inventory(tmp_path / "p.gpkg", *centres((1, 1), (2, 2), (3, 3)), [1, 2, 2])


def no_points(tmp_path):
    return write_inventory(tmp_path / "p.gpkg", np.empty(0), np.empty(0), np.empty(0))


def without_crs(tmp_path):
    return write_inventory(tmp_path / "p.gpkg", *centres((1, 1)), [1], "")


@pytest.mark.parametrize(
    ("make", "options", "text"),
    [
        (no_points, {}, "The layer of points holds no points or polygons; choose"),
        (far_points, {}, "None of the 3 features lies on the factor stack; check the coordinate"),
        (odd_labels, {}, r"The field 'label' must be 1 .* also holds 2 \(2×\)"),
        (everywhere, {"label_field": "x"}, r"no field 'x' \(LABEL_FIELD\); its fields are label"),
        (everywhere, {"validation_share": 1.0}, "VALIDATION_SHARE is 1; it must be"),
        (everywhere, {"validation_share": 0.6, "test_share": 0.5}, "add up to 1.1"),
        (everywhere, {"folds": 500}, "There are 190 points, too few for 500 folds"),
        (everywhere, {"split": 1, "block_size": 900}, "blocks of 900 map units, too few"),
        (without_crs, {}, "The layer of points has no coordinate reference system; assign one"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_no_file(tmp_path, stack, make, options, text):
    with pytest.raises(InputError, match=text):
        extract(tmp_path, make(tmp_path), stack, **options)
    assert not list(tmp_path.glob("*samples*"))


def test_bad_stacks_are_one_sentence(tmp_path):
    points = everywhere(tmp_path)
    no_crs = Grid(GRID.width, GRID.height, GRID.transform, "")
    for number, (grid, names, text) in enumerate(
        [
            (no_crs, NAMES, "has no coordinate reference system; assign the right one"),
            (GRID, ["slope", "Label"], "has a factor called 'Label', which samples use"),
            (GRID, ["slope", "SLOPE"], "Two factors are called 'SLOPE'"),
        ]
    ):
        path = write_stack(tmp_path / f"{number}.tif", grid, names)
        with pytest.raises(InputError, match=text):
            extract(tmp_path, points, path)


def test_a_factor_without_data_is_named(tmp_path):
    path = str(tmp_path / "s.tif")
    values = np.ones((2, 10, 20), np.float32)
    values[1] = np.nan
    with RasterWriter(path, GRID, NAMES) as writer:
        writer.write(values)
    with pytest.raises(InputError, match="The factor 'geology' has no data at any of the 190"):
        extract(tmp_path, everywhere(tmp_path), path)


def test_shapefiles_are_refused(tmp_path, stack):
    with pytest.raises(OutputError, match="Samples cannot be a shapefile"):
        extract(tmp_path, everywhere(tmp_path), stack, output=str(tmp_path / "samples.shp"))


def test_cancel_leaves_nothing(tmp_path, stack):
    points, calls = everywhere(tmp_path), []

    def cancelled():
        calls.append(1)
        return len(calls) > 3

    target = str(tmp_path / "samples.gpkg")
    with pytest.raises(Cancelled):
        arguments = {"points": points, "factors": stack, "output": target}
        run_job("extractsamples", arguments, Progress(is_cancelled=cancelled))
    assert not list(tmp_path.glob("*samples*"))


@pytest.mark.parametrize("split", [0, 1, 2])
def test_ecuador_table_is_reproduced(tmp_path, ecuador, split):
    table = read_features(str(ecuador / "lsl.gpkg"))
    found, _result = extract(
        tmp_path, str(ecuador / "lsl.gpkg"), str(ecuador / "ta.tif"),
        label_field="lslpts", one_per_cell=False, split=split, block_size=300,
    )  # fmt: skip
    assert len(found) == 350
    for name in ("slope", "cplan", "cprof", "elev", "log10_carea"):
        assert np.abs(found.number(name) - table.number(name)).max() < 1e-3
    assert found.number("label").tolist() == table.number("lslpts").tolist()
    train = np.array(found.columns["split"]) == "train"
    assert train.mean() == pytest.approx(0.7, abs=0.06)
