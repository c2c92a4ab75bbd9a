"""Classes of factors by id: codes by hand, rules round trip, table, refusals."""

import csv
import json
import threading

import jenkspy
import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from osgeo import gdal, osr

ID = "subsidence:reclassifyfactors"
NAN = np.nan
SLOPE = [[0, 1, 2, 10], [11, 12, 50, 51], [NAN, 52, 1, 0]]
ASPECT = [[-1, 0, 45, 90], [135, 180, 225, 270], [315, 350, NAN, 22]]
SOIL = [[4, 4, 7, 7], [9, 9, 4, 4], [7, NAN, 4, 4]]


def write(path, bands, kinds=None, legend=None):
    arrays = [np.asarray(a, np.float32) for a in bands.values()]
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    rows, columns = arrays[0].shape
    grid = Grid(columns, rows, (0, 10.0, 0, 0, 0, -10.0), reference.ExportToWkt())
    with RasterWriter(str(path), grid, list(bands), kinds=kinds) as writer:
        for index, array in enumerate(arrays, start=1):
            writer.write(array, band=index)
        if legend:
            target = writer.dataset.GetRasterBand(len(arrays))
            target.SetMetadataItem("legend", json.dumps(legend))
    return str(path)


@pytest.fixture
def stack(tmp_path):
    return write(
        tmp_path / "factors.tif", {"slope": SLOPE, "Aspect": ASPECT, "soil": SOIL},
        ["continuous", "continuous", "categorical"], {"4": "clay", "7": "peat", "9": "sand"},
    )  # fmt: skip


def refusal(run, tmp_path, parameters):
    from qgis.core import QgsProcessingException

    folder = tmp_path / "out"
    folder.mkdir(exist_ok=True)
    targets = {"OUTPUT": folder / "c.tif", "TABLE": folder / "c.csv", "RULES_OUTPUT": folder / "r"}
    with pytest.raises(QgsProcessingException) as failure:
        run(ID, {**parameters, **{k: str(v) for k, v in targets.items()}})
    assert not list(folder.iterdir())
    assert "\n" not in str(failure.value).strip()
    return str(failure.value)


def test_each_kind_of_band_gets_its_classes(run, log, tmp_path, stack):
    output, table, rules = (str(tmp_path / n) for n in ("classes.tif", "classes.csv", "rules.json"))
    folder = tmp_path / "single"
    result = run(
        ID,
        {
            "FACTORS": stack, "CLASSES": 3, "OUTPUT": output, "RULES_OUTPUT": rules,
            "TABLE": table, "FOLDER": str(folder),
        },
        feedback=log,
    )  # fmt: skip
    assert result["OUTPUT"] == output and result["RULES_OUTPUT"] == rules
    classes = Raster(output)
    assert classes.metadata["SUBSIDENCE_KIND"] == "class_stack"
    assert [b.data_type for b in classes.bands] == ["Byte"] * 3
    assert [b.nodata for b in classes.bands] == [0] * 3
    codes = np.nan_to_num(classes.read()).astype(int)
    assert codes[0].tolist() == [[1, 1, 1, 2], [2, 2, 3, 3], [0, 3, 1, 1]]
    assert codes[1].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 2, 0, 2]]
    assert codes[2].tolist() == [[1, 1, 2, 2], [3, 3, 1, 1], [2, 0, 1, 1]]
    finite = [v for row in SLOPE for v in row if v == v]
    breaks = json.loads(open(rules, encoding="utf-8").read())["factors"]["slope"]["breaks"]
    assert breaks == jenkspy.jenks_breaks(finite, n_classes=3)[1:-1] == [2, 12]
    dataset = gdal.Open(output)
    band = dataset.GetRasterBand(3)
    assert band.GetMetadataItem("kind") == "continuous"
    assert band.GetMetadataItem("ordinal") == "yes"
    assert band.GetMetadataItem("source_kind") == "categorical"
    assert band.GetMetadataItem("classes") == "3"
    assert band.GetCategoryNames() == ["", "clay", "peat", "sand"]
    with open(table, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 + 9 + 3
    assert rows[1] == {
        "factor": "slope", "class": "2", "lower": "2", "upper": "12", "label": "2 to 12",
        "cells": "3", "share": rows[1]["share"],
    }  # fmt: skip
    assert float(rows[1]["share"]) == pytest.approx(3 / 11)
    assert (rows[0]["lower"], rows[2]["upper"]) == ("0", "52")
    assert sum(float(r["share"]) for r in rows) == pytest.approx(3)
    assert sorted(p.name for p in folder.glob("*.tif")) == ["Aspect.tif", "slope.tif", "soil.tif"]
    assert np.array_equal(Raster(str(folder / "slope.tif")).read()[0], classes.read()[0], True)
    style = (folder / "soil.qml").read_text(encoding="utf-8")
    assert "clay" in style and "sand" in style
    assert (tmp_path / "classes.qml").exists()  # though classes.csv was written too
    assert "slope: 3 classes (jenks), breaks 2, 12" in log.text


def test_saved_rules_are_applied_to_another_raster(run, log, tmp_path, stack):
    rules = str(tmp_path / "rules.json")
    first = str(tmp_path / "a.tif")
    run(ID, {"FACTORS": stack, "CLASSES": 3, "OUTPUT": first, "RULES_OUTPUT": rules})
    other = write(
        tmp_path / "other.tif",
        {"soil": [[7, 5], [4, 9]], "SLOPE": [[-3, 12], [13, 99]]}, ["categorical", "continuous"],
    )  # fmt: skip
    output = str(tmp_path / "b.tif")
    run(ID, {"FACTORS": other, "RULES": rules, "OUTPUT": output}, feedback=log)
    codes = np.nan_to_num(Raster(output).read()).astype(int)
    assert codes.tolist() == [[[2, 0], [1, 3]], [[1, 2], [3, 3]]]
    assert "SLOPE: 1 cells below and 1 above the range" in log.text
    assert "soil: 1 cells have values that the rule does not list" in log.text
    assert "RULES names factors that the raster does not have: Aspect" in log.text


def test_rules_override_methods_by_factor(run, tmp_path, stack):
    rules = '{"aspect": "unique", "soil": {"method": "equal", "classes": 2}}'
    output, saved = str(tmp_path / "c.tif"), str(tmp_path / "r.json")
    run(
        ID,
        {
            "FACTORS": stack, "METHOD": 4, "BREAKS": "10, 50", "RULES": rules, "OUTPUT": output,
            "RULES_OUTPUT": saved,
        },
    )  # fmt: skip
    codes = np.nan_to_num(Raster(output).read()).astype(int)
    assert codes[0].tolist() == [[1, 1, 1, 1], [2, 2, 2, 3], [0, 3, 1, 1]]
    assert codes[1].max() == 11
    assert codes[2].tolist() == [[1, 1, 2, 2], [2, 2, 1, 1], [2, 0, 1, 1]]  # break 6.5
    content = json.loads(open(saved, encoding="utf-8").read())["factors"]
    assert content["slope"]["minimum"] == 0
    assert content["slope"]["maximum"] == 52
    assert content["soil"]["kind"] == "continuous"


@pytest.mark.parametrize(
    ("method", "breaks"), [(0, [3, 30]), (1, [2, 30]), (2, [21, 41]), (3, [9.2, 42.8]), (6, None)]
)
def test_methods_on_small_bands(run, tmp_path, method, breaks):
    values = [[1, 2, 3], [30, 31, 61]]  # mean 21.33, standard deviation 22.05
    source = write(tmp_path / "f.tif", {"a": values})
    rules = str(tmp_path / "r.json")
    run(
        ID,
        {
            "FACTORS": source, "METHOD": method, "CLASSES": 3, "OUTPUT": str(tmp_path / "c.tif"),
            "RULES_OUTPUT": rules,
        },
    )  # fmt: skip
    rule = json.loads(open(rules, encoding="utf-8").read())["factors"]["a"]
    if method == 6:
        assert rule["values"] == [1, 2, 3, 30, 31, 61]
    elif method == 3:
        flat = np.ravel(values)
        assert rule["breaks"] == pytest.approx(
            [flat.mean() - flat.std() / 2, flat.mean() + flat.std() / 2], rel=1e-6
        )
    elif method == 0:
        assert rule["breaks"] == jenkspy.jenks_breaks(np.ravel(values), n_classes=3)[1:-1]
    else:
        assert rule["breaks"] == pytest.approx(breaks)


def test_real_terrain(run, tmp_path, ecuador):
    output, rules = str(tmp_path / "c.tif"), str(tmp_path / "r.json")
    run(ID, {"FACTORS": str(ecuador / "ta.tif"), "OUTPUT": output, "RULES_OUTPUT": rules})
    raster = Raster(str(ecuador / "ta.tif"))
    codes = np.nan_to_num(Raster(output).read()).astype(int)
    for index, rule in enumerate(
        json.loads(open(rules, encoding="utf-8").read())["factors"].values()
    ):
        values = raster.read(bands=[index + 1])[0]
        expected = np.digitize(values, np.float32(rule["breaks"]), right=True) + 1
        expected[np.isnan(values)] = 0
        assert np.array_equal(codes[index], expected)
        assert rule["classes"] == 5


def test_refusals(run, tmp_path, stack):
    constant = write(tmp_path / "constant.tif", {"a": SLOPE, "b": np.full((3, 4), 2.0)})
    empty = write(tmp_path / "empty.tif", {"a": SLOPE, "b": np.full((3, 4), NAN)})
    many = write(tmp_path / "many.tif", {"a": np.arange(300.0).reshape(20, 15)})
    for parameters, message in (
        ({"FACTORS": stack, "CLASSES": 20}, "9 distinct values, fewer than the 20 classes"),
        ({"FACTORS": constant}, "'b' is constant (2 in every cell)"),
        ({"FACTORS": empty}, "'b' has no valid cell (all nodata)"),
        ({"FACTORS": empty, "RULES": '{"b": {"breaks": [1]}}'}, "'b' has no cell with a class"),
        ({"FACTORS": many, "METHOD": 6}, "'a' has 300 distinct values, but at most 255 classes"),
        ({"FACTORS": stack, "METHOD": 4}, "the manual method needs breaks"),
        ({"FACTORS": stack, "METHOD": 4, "BREAKS": "5, 5"}, "the breaks 5, 5 do not increase"),
        ({"FACTORS": stack, "METHOD": 4, "BREAKS": "5, x"}, "'5, x' is not a list of numbers"),
        ({"FACTORS": stack, "RULES": '{"slop": "jenks"}'}, "RULES has no rule for any factor"),
        ({"FACTORS": stack, "RULES": "{"}, "RULES is not valid JSON"),
    ):
        assert message in refusal(run, tmp_path, parameters), parameters
    degrees = write(tmp_path / "degrees.tif", {"aspect": np.arange(400.0, 412).reshape(3, 4)})
    assert "no aspect in degrees" in refusal(run, tmp_path, {"FACTORS": degrees})


def test_cancel_leaves_nothing(run, tmp_path):
    from qgis.core import QgsProcessingFeedback

    rng = np.random.default_rng(0)
    source = write(tmp_path / "f.tif", {f"f{i}": rng.normal(size=(1100, 1100)) for i in range(3)})
    folder = tmp_path / "out"
    folder.mkdir()
    feedback = QgsProcessingFeedback(False)
    timer = threading.Timer(0.2, feedback.cancel)
    timer.start()
    try:
        run(ID, {"FACTORS": source, "OUTPUT": str(folder / "c.tif")}, feedback=feedback)
    finally:
        timer.cancel()
    assert feedback.isCanceled()
    assert not list(folder.iterdir())


def test_headless_failure_has_an_exit_code(qgis_process, tmp_path, stack):
    done = qgis_process(
        "run", ID, f"--FACTORS={stack}", "--CLASSES=20", f"--OUTPUT={tmp_path}/out/c.tif"
    )
    assert done.returncode != 0
    assert "9 distinct values, fewer than the 20 classes" in done.stderr + done.stdout
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
