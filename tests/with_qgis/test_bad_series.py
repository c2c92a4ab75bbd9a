"""Bad time series, grids and ensembles: one clear sentence by id, and no output file.

What a single job knows of is in its own test; here the same damage goes to every algorithm that
takes such a layer.
"""

import zipfile

import numpy as np
import pytest
from example_area import dates_of, raster_like, write_raster
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

OUTPUTS = {
    "griddeformation": {"OUTPUT": "o.tif", "REPORT": "r.html"},
    "decomposelos": {"VERTICAL": "o.gpkg", "EAST": "e.gpkg"},
    "insarinventory": {"OUTPUT": "o.gpkg", "STABLE": "s.gpkg"},
    "ensembleuncertainty": {"LEVELS": "l.tif", "EXCEEDANCE": "e.tif", "SPREAD": "s.tif",
                            "BIVARIATE": "b.tif", "REPORT": "r.html"},
}  # fmt: skip
POINTS = [name for name in OUTPUTS if name != "ensembleuncertainty"]


def parameters_of(algorithm, area, damaged):
    """Return the parameters of an algorithm with a damaged layer as (one) input."""
    if algorithm == "decomposelos":
        return {"ASCENDING": area["ASCENDING"], "DESCENDING": damaged}
    return {"INPUT": damaged}


def damaged(area, algorithm, target, change, crs=None):
    """Copy the layer that the algorithm takes with other columns, coordinates or CRS."""
    layer = read_features(area["DESCENDING" if algorithm == "decomposelos" else "INSAR"])
    layer.columns = dict(layer.columns)
    change(layer)
    crs = layer.crs if crs is None else crs
    write_points(str(target), layer.x, layer.y, layer.columns, crs, layer.metadata)
    return str(target)


def unchanged(_layer):
    pass


def without_dates(layer):
    for name in dates_of(layer.columns):
        del layer.columns[name]


def a_date_twice(layer):
    first = dates_of(layer.columns)[0]
    layer.columns[first[1:]] = layer.columns[first]


def text_in_a_date(layer):
    name = dates_of(layer.columns)[3]
    layer.columns[name] = ["much", *map(str, layer.columns[name][1:])]


def no_values(layer):
    for name in dates_of(layer.columns):
        layer.columns[name] = np.full(len(layer.x), np.nan)


def no_points(layer):
    layer.x, layer.y = layer.x[:0], layer.y[:0]
    layer.columns = {name: values[:0] for name, values in layer.columns.items()}


def text_of_velocity(layer):
    layer.columns["mean_velocity"] = ["fast"] * len(layer.x)


def no_velocity(layer):
    layer.columns["mean_velocity"] = np.full(len(layer.x), np.nan)


@pytest.mark.parametrize(
    ("algorithm", "change", "words"),
    [
        *((a, change, words)
          for a in ("griddeformation", "decomposelos")
          for change, words in (
              (without_dates, "has no column of a date (named 20200103, D20200103"),
              (a_date_twice, "twice, in the columns"),
              (text_in_a_date, "holds text in the field 'D"),
              (no_values, "holds no point with a time series"),
              (no_points, "holds no point"),
          )),
        ("insarinventory", text_of_velocity, "mean_velocity"),
        ("insarinventory", no_velocity, "is empty in all points"),
        ("insarinventory", no_points, "holds no points"),
    ],
)  # fmt: skip
def test_layers_of_series(area, refused, tmp_path, algorithm, change, words):
    layer = damaged(area, algorithm, tmp_path / "damaged.gpkg", change)
    message = refused(algorithm, parameters_of(algorithm, area, layer), **OUTPUTS[algorithm])
    assert words in message


@pytest.mark.parametrize("algorithm", POINTS)
def test_a_layer_without_crs(area, refused, tmp_path, algorithm):
    layer = damaged(area, algorithm, tmp_path / "bare.gpkg", unchanged, crs="")
    message = refused(algorithm, parameters_of(algorithm, area, layer), **OUTPUTS[algorithm])
    assert "coordinate reference system" in message


def test_dates_out_of_order_are_put_in_order(area, run, tmp_path):
    """Fields in any order give the stack that fields in order give."""

    def shuffled(layer):
        names = list(layer.columns)
        np.random.default_rng(3).shuffle(names)
        layer.columns = {name: layer.columns[name] for name in names}

    layer = damaged(area, "griddeformation", tmp_path / "shuffled.gpkg", shuffled)
    assert dates_of(read_features(layer).columns) != dates_of(read_features(area["INSAR"]).columns)
    stacks = []
    for name, source in (("a.tif", area["INSAR"]), ("b.tif", layer)):
        target = str(tmp_path / name)
        run("subsidence:griddeformation", {"INPUT": source, "OUTPUT": target, "LEFT_OUT": 0})
        stacks.append(Raster(target))
    assert stacks[0].names == stacks[1].names == sorted(stacks[0].names)
    np.testing.assert_array_equal(stacks[0].read(), stacks[1].read())


# --- tables to import ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pid,x,y\na,1,2\n", "has no column of a date (named 20200103"),
        ("x,y,20200103,2020-01-03\n1,2,3,4\n", "has the date 2020-01-03 twice, in the columns"),
        ("x,y,20200103,20200109\n1,2,a,b\n", "line 2: 'a' is no number in '20200103'"),
        ("x,y,20200103,20200109\n", "holds a header and no row"),
        ("", "is empty"),
    ],
)
def test_tables_of_series(refused, tmp_path, text, words):
    path = tmp_path / "t.csv"
    path.write_text(text)
    given = {"INPUT": [str(path)], "CRS": "EPSG:32648"}
    assert words in refused("importinsar", given, OUTPUT="o.gpkg")
    archive = tmp_path / "t.zip"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("t.csv", text)
    assert words in refused("importinsar", {**given, "INPUT": [str(archive)]}, OUTPUT="o.gpkg")


def test_a_table_without_crs_and_a_zip_without_table(refused, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y,20200103,20200109\n1,2,3,4\n")
    message = refused("importinsar", {"INPUT": [str(path)]}, OUTPUT="o.gpkg")
    assert "does not say which coordinate reference system" in message
    archive = tmp_path / "t.zip"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("t.xml", "<x/>")
    given = {"INPUT": [str(path), str(archive)], "CRS": "EPSG:32648"}
    assert "holds no csv file" in refused("importinsar", given, OUTPUT="o.gpkg")


def test_one_broken_row_among_100_000(run, log, tmp_path):
    """It is named with its line, and all others are in the layer."""
    path, target = tmp_path / "large.csv", str(tmp_path / "o.gpkg")
    rows = [f"p{i},{500_000 + i},{2_300_000 + i % 7},{i % 50},{-(i % 50)}" for i in range(100_000)]
    rows[77_000] = "p77000,577000,2300000,1.5,broken"
    path.write_text("pid,x,y,20200109,20200103\n" + "\n".join(rows) + "\n")
    result = run(
        "subsidence:importinsar", {"INPUT": [str(path)], "CRS": "EPSG:32648", "OUTPUT": target}, log
    )
    assert (result["POINTS"], result["BROKEN_ROWS"]) == (99_999, 1)
    assert "large.csv, line 77002: 'broken' is no number in '20200103'" in log.text
    assert "the dates are out of order and are put in order" in log.text
    found = read_features(target)
    assert dates_of(found.columns) == ["D20200103", "D20200109"]
    kept = np.delete(np.arange(100_000), 77_000)
    np.testing.assert_array_equal(found.x, 500_000 + kept)
    np.testing.assert_array_equal(found.columns["D20200103"], -(kept % 50))


# --- grids and ensembles ---------------------------------------------------------------------


def blank(data):
    return np.full_like(data, np.nan)


def test_grids_without_a_valid_cell(area, refused, tmp_path):
    empty = raster_like(area["MEMBERS"], tmp_path / "empty.tif", blank)
    outputs = OUTPUTS["ensembleuncertainty"]
    message = refused("ensembleuncertainty", {"INPUT": [empty]}, **outputs)
    assert "No cell is valid in all 5 members" in message
    good = {name: area[name] for name in ("SPREAD", "RESIDUAL", "EXCEEDANCE")}
    for name in good:
        empty = raster_like(area[name], tmp_path / f"{name}.tif", blank)
        message = refused("monitoringpriority", {**good, name: empty}, OUTPUT="o.tif")
        assert "No cell is valid in all of the rasters given" in message
    far = {"MAX_DISTANCE": 0.001, "EXTENT": "575100,575200,2339800,2339900 [EPSG:32648]"}
    message = refused("griddeformation", {"INPUT": area["INSAR"], **far}, OUTPUT="o.tif")
    assert "MAX_DISTANCE (0.001 map units)" in message


def test_members_on_different_grids_or_of_different_counts(area, refused, tmp_path):
    values = Raster(area["MEMBERS"])
    one = write_raster(tmp_path / "one.tif", values.grid, values.read(bands=[1]))
    two = write_raster(tmp_path / "two.tif", values.grid, values.read(bands=[1, 2]))
    smaller = raster_like(one, tmp_path / "smaller.tif", lambda data: data[:, :-3])
    degrees = Grid(140, 120, (105.0, 1e-4, 0, 21.0, 0, -1e-4), "EPSG:4326")
    other = write_raster(tmp_path / "degrees.tif", degrees, values.read(bands=[1]))
    bare = raster_like(one, tmp_path / "bare.tif", crs="")
    outputs = OUTPUTS["ensembleuncertainty"]
    for second, words in (
        (two, "different numbers of bands"), (smaller, "has not the cells of"),
        (other, "has not the cells of"), (bare, "coordinate reference system"),
    ):  # fmt: skip
        message = refused("ensembleuncertainty", {"INPUT": [one, second]}, **outputs)
        assert words in message, message
    message = refused("ensembleuncertainty", {"INPUT": [one]}, **outputs)
    assert "has a single band" in message
    good = {name: area[name] for name in ("SPREAD", "EXCEEDANCE")}
    for residual, words in ((smaller, "RESIDUAL"), (other, "RESIDUAL"), (bare, "RESIDUAL")):
        message = refused("monitoringpriority", {**good, "RESIDUAL": residual}, OUTPUT="o.tif")
        assert words in message, message


def test_tracks_that_do_not_belong_together(area, refused, tmp_path):
    """The same track twice, and a track whose angles are missing."""
    outputs = OUTPUTS["decomposelos"]
    both = {"ASCENDING": area["ASCENDING"], "DESCENDING": area["ASCENDING"]}
    assert "look from nearly the same side" in refused("decomposelos", both, **outputs)

    def without_angles(layer):
        del layer.columns["incidence_angle"]

    bare = damaged(area, "decomposelos", tmp_path / "bare.gpkg", without_angles)
    both = {"ASCENDING": area["ASCENDING"], "DESCENDING": bare}
    assert "(DESCENDING) has neither the fields" in refused("decomposelos", both, **outputs)
