"""The job that writes the example area: files, metadata, repeatability, refusals, Cancel."""

import hashlib
import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError, OutputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.read import Raster, open_stack
from land_subsidence.subsidence_plugin.engine.vector.read import read_features

NAMES = {
    "factors": "factors.tif", "inventory": "inventory.gpkg", "insar": "insar.gpkg",
    "truth": "truth.tif", "dem": "dem.tif",
}  # fmt: skip


def make(place, progress=None, **changes):
    """Run the job into a folder; returns its results."""
    arguments = {"width": 130, "height": 110, "seed": 5, "dates": 40}
    arguments.update({key: str(place / name) for key, name in NAMES.items()}, **changes)
    return run_job("createexample", arguments, progress or Progress())


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example")
    return folder, make(folder)


def digest(folder):
    """Hash of every number in the five files."""
    found = {}
    for key, name in NAMES.items():
        if name.endswith(".tif"):
            content = Raster(str(folder / name)).read().tobytes()
        else:
            layer = read_features(str(folder / name))
            parts = [layer.x.tobytes(), layer.y.tobytes()]
            parts += [np.asarray(c).tobytes() for c in layer.columns.values()]
            content = b"".join(parts)
        found[key] = hashlib.sha256(content).hexdigest()
    return found


def test_stack_has_names_kinds_units_and_legends(example):
    folder, _results = example
    stack = open_stack(str(folder / "factors.tif"))
    assert len(stack.bands) == 19 and stack.grid.width == 130 and stack.grid.height == 110
    kinds = {b.name for b in stack.bands if b.kind == "categorical"}
    assert kinds == {"engineering_geology", "hydrogeology", "lulc"}
    assert all(np.isnan(b.nodata) and b.data_type == "Float32" for b in stack.bands)
    geology = stack.dataset.GetRasterBand(stack.band("engineering_geology").index)
    assert json.loads(geology.GetMetadataItem("legend"))["1"] == "Rivers and lakes"
    rain = stack.dataset.GetRasterBand(stack.band("rainfall").index)
    assert rain.GetMetadataItem("unit") == "mm/year"


def test_kinds_crs_and_styles_of_all_files(example):
    from osgeo import osr

    folder, _results = example
    kinds = {"factors": "factor_stack", "truth": "truth", "dem": "dem"}
    for key, kind in kinds.items():
        raster = Raster(str(folder / NAMES[key]))
        assert raster.metadata["SUBSIDENCE_KIND"] == kind
        crs = osr.SpatialReference(raster.grid.crs)
        assert crs.GetAuthorityCode(None) == "32648"
    for key in ("inventory", "insar"):
        layer = read_features(str(folder / NAMES[key]))
        assert layer.metadata["SUBSIDENCE_KIND"] == key
        assert osr.SpatialReference(layer.crs).GetAuthorityCode(None) == "32648"
    for name in NAMES.values():
        assert (folder / name).with_suffix(".qml").exists()


def test_truth_tells_what_drives_it(example):
    folder, results = example
    truth = Raster(str(folder / "truth.tif"))
    drivers = json.loads(truth.metadata["DRIVERS"])
    assert list(drivers)[:2] == ["holocene_thickness", "groundwater"] and len(drivers) == 6
    assert json.loads(truth.metadata["INTERACTION"])["factors"] == list(drivers)[:2]
    assert float(truth.metadata["BAYES_AUC"]) == results["BAYES_AUC"]
    assert 0.85 <= results["BAYES_AUC_UNIFORM"] <= results["BAYES_AUC"] <= 0.93


def test_holes_in_the_stack_and_none_in_the_dem(example):
    folder, _results = example
    stack = open_stack(str(folder / "factors.tif")).read()
    missing = np.isnan(stack)
    assert 0.02 < missing.any(axis=0).mean() < 0.06
    assert (missing.any(axis=0) & ~missing.all(axis=0)).any()  # holes of single factors
    truth = Raster(str(folder / "truth.tif")).read()[0]
    assert (np.isnan(truth) == missing.all(axis=0)).all()
    assert not np.isnan(Raster(str(folder / "dem.tif")).read()).any()


def test_inventory_lies_on_the_truth(example):
    folder, results = example
    truth = Raster(str(folder / "truth.tif"))
    points = read_features(str(folder / "inventory.gpkg"))
    assert len(points) == results["PRESENCE_COUNT"] == 400
    assert set(points.number("label")) == {1}
    rows, columns, inside = truth.grid.cells(points.x, points.y)
    values = truth.read()[0]
    assert inside.all() and not np.isnan(values[rows, columns]).any()
    assert values[rows, columns].mean() > 2 * np.nanmean(values)


def test_insar_layer_carries_what_was_planted(example):
    folder, results = example
    layer = read_features(str(folder / "insar.gpkg"))
    planted = json.loads(layer.metadata["PLANTED"])
    assert len(layer) == results["INSAR_COUNT"] > 300
    assert {b["kind"] for b in planted["bowls"]} == {"accelerating", "steady", "seasonal"}
    assert planted["fault"]["slip"] < 0 and layer.metadata["COMPONENT"] == "U"
    assert len([name for name in layer.columns if name.startswith("D20")]) == 40


def test_terrain_bands_are_those_of_topographicfactors(example, tmp_path):
    folder, _results = example
    again = str(tmp_path / "terrain.tif")
    run_job("topographicfactors", {"dem": str(folder / "dem.tif"), "output": again}, Progress())
    terrain, stack = Raster(again), open_stack(str(folder / "factors.tif"))
    for name in ("slope", "aspect", "curvature", "twi"):
        ours = stack.read(bands=[stack.band(name).index])[0]
        theirs = terrain.read(bands=[terrain.band(name).index])[0]
        valid = ~np.isnan(ours)
        np.testing.assert_allclose(ours[valid], theirs[valid], rtol=1e-4, atol=1e-3, err_msg=name)


def test_two_runs_give_the_same_numbers(example, tmp_path):
    folder, _results = example
    make(tmp_path)
    assert digest(tmp_path) == digest(folder)
    make(tmp_path, seed=6)
    assert not set(digest(tmp_path).values()) & set(digest(folder).values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 99}, "WIDTH is 99; it must be from 100 to 5000."),
        ({"height": 5001}, "HEIGHT is 5001; it must be from 100 to 5000."),
        ({"resolution": 0.5}, "RESOLUTION is 0.5; it must be from 1 to 1000."),
        ({"seed": -1}, "SEED is -1"),
        ({"dates": 2}, "DATES is 2; it must be from 20 to 2000."),
        ({"points": 0}, "POINTS is 0; it must be from 1 to 14300."),
    ],
)
def test_impossible_sizes_are_refused(tmp_path, change, message):
    with pytest.raises(InputError) as error:
        make(tmp_path, **change)
    assert message in str(error.value)
    assert not list(tmp_path.iterdir())


def test_series_as_shapefile_are_refused(tmp_path):
    with pytest.raises(OutputError, match="cannot be a shapefile"):
        make(tmp_path, insar=str(tmp_path / "insar.shp"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("moment", [0.1, 0.5, 0.62, 0.9])
def test_cancel_leaves_nothing(tmp_path, moment):
    state = {"now": 0.0}

    def remember(fraction):
        state["now"] = fraction

    progress = Progress(remember, is_cancelled=lambda: state["now"] >= moment)
    with pytest.raises(Cancelled):
        make(tmp_path, progress)
    assert not list(tmp_path.iterdir())


def test_more_points_than_subsiding_cells_are_said(tmp_path):
    said = []
    results = make(tmp_path, Progress(on_message=lambda t, _l: said.append(t)), points=9000)
    assert 900 < results["PRESENCE_COUNT"] < 9000
    assert any("so the inventory has no 9000 points" in text for text in said)


def test_raw_layers_are_the_bands_that_are_not_derived(example, tmp_path):
    folder, _results = example
    make(tmp_path, folder=str(tmp_path / "layers"))
    stack = Raster(str(folder / "factors.tif"))
    derived = {"aspect", "slope", "curvature", "elevation", "ndvi", "twi"}
    written = {path.stem: path for path in (tmp_path / "layers").glob("*.tif")}
    assert set(written) == set(stack.names) - derived
    for name, path in written.items():
        raw, band = open_stack(str(path)), stack.band(name)
        assert (raw.names, raw.bands[0].kind) == ([name], band.kind)
        assert np.array_equal(raw.read()[0], stack.read(bands=[band.index])[0], equal_nan=True)
