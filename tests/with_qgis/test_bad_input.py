"""Bad points, labels, factors and grids get one clear sentence, a failure and no output file.

What only one algorithm knows is tested beside it; here are the cases that run through the chain.
Model files and devices are in test_bad_models, series and ensembles in test_bad_series, folders,
a full disk, Cancel and a killed process in test_unwritable and test_cancel_and_kill.
"""

import numpy as np
import pytest
from algorithm_calls import TRAINERS
from example_area import points_like, raster_like
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

# --- points and labels -----------------------------------------------------------------------


def no_rows(columns):
    return np.zeros(len(columns["label"]), bool)


def one_class(columns):
    return columns["label"] == 1


def labels_of_two_and_three(columns):
    columns["label"] = columns["label"] + 2


def labels_as_text(columns):
    columns["label"] = ["yes" if v else "no" for v in columns["label"]]


def test_no_points(area, refused, tmp_path):
    empty = points_like(area["POINTS"], tmp_path / "empty.gpkg", no_rows)
    for algorithm, parameters, output in (
        ("absencepoints", {"PRESENCE": empty, "MASK": area["FACTORS"]}, {"OUTPUT": "o.gpkg"}),
        ("extractsamples", {"POINTS": empty, "FACTORS": area["FACTORS"]}, {"OUTPUT": "o.gpkg"}),
        ("frequencyratio", {"POINTS": empty, "CLASS_RASTER": area["CLASSES"]}, {"OUTPUT": "o.csv"}),
    ):
        message = refused(algorithm, parameters, **output)
        assert "point" in message or "features" in message


@pytest.mark.parametrize("trainer", TRAINERS)
def test_no_samples(area, refused, tmp_path, trainer):
    empty = points_like(area["SAMPLES"], tmp_path / "empty.gpkg", no_rows)
    message = refused(trainer, {"SAMPLES": empty}, MODEL="m.safetensors")
    assert "sample" in message.lower() or "row" in message.lower()


@pytest.mark.parametrize("trainer", TRAINERS)
def test_one_class_only(area, refused, tmp_path, trainer):
    single = points_like(area["SAMPLES"], tmp_path / "single.gpkg", one_class)
    message = refused(trainer, {"SAMPLES": single}, MODEL="m.safetensors")
    assert "label" in message or "class" in message


@pytest.mark.parametrize("change", [labels_of_two_and_three, labels_as_text])
def test_labels_other_than_0_and_1(area, refused, tmp_path, change):
    points = points_like(area["POINTS"], tmp_path / "points.gpkg", change)
    samples = points_like(area["SAMPLES"], tmp_path / "samples.gpkg", change)
    for algorithm, parameters, output in (
        ("extractsamples", {"POINTS": points, "FACTORS": area["FACTORS"]}, {"OUTPUT": "o.gpkg"}),
        ("trainbaseline", {"SAMPLES": samples}, {"MODEL": "m.safetensors"}),
        ("traindrdn", {"SAMPLES": samples}, {"MODEL": "m.safetensors"}),
        ("validatemodel", {"SAMPLES": samples, "MODELS": [area["MODEL"]]}, {"OUTPUT": "o.csv"}),
    ):
        assert "label" in refused(algorithm, parameters, **output)


def test_points_outside_of_the_raster(area, refused, tmp_path):
    layer = read_features(area["POINTS"])
    away = str(tmp_path / "away.gpkg")
    write_points(away, layer.x + 1e6, layer.y, {"label": layer.columns["label"]}, layer.crs)
    message = refused(
        "extractsamples", {"POINTS": away, "FACTORS": area["FACTORS"]}, OUTPUT="o.gpkg"
    )
    assert "None of the 300" in message
    parameters = {"CLASS_RASTER": area["CLASSES"], "POINTS": away}
    assert "same area" in refused("frequencyratio", parameters, OUTPUT="o.csv")


# --- factors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("trainer", ["traindrdn", "trainbaseline"])
def test_a_constant_factor(area, run, refused, tmp_path, trainer):
    """Refused by name, or trained without harm: never NaN (a constant has no range to scale)."""

    def constant(columns):
        columns["rainfall"] = np.full(len(columns["label"]), 1800.0)

    samples = points_like(area["SAMPLES"], tmp_path / "samples.gpkg", constant)
    assert "rainfall" in refused(trainer, {"SAMPLES": samples}, MODEL="m.safetensors")


@pytest.mark.parametrize("trainer", ["traindrdn", "trainbaseline"])
def test_a_factor_of_text(area, refused, tmp_path, trainer):
    def text(columns):
        columns["rainfall"] = ["much"] * len(columns["label"])

    samples = points_like(area["SAMPLES"], tmp_path / "samples.gpkg", text)
    parameters = {"SAMPLES": samples, "FACTOR_FIELDS": ["slope", "rainfall"]}
    assert "rainfall" in refused(trainer, parameters, MODEL="m.safetensors")


def test_a_factor_that_is_all_nodata(area, refused, tmp_path):
    def blank(data):
        data[1] = np.nan
        return data

    stack = raster_like(area["FACTORS"], tmp_path / "s.tif", blank, bands=["twi", "rainfall"])
    message = refused("reclassifyfactors", {"FACTORS": stack}, OUTPUT="o.tif")
    assert "rainfall" in message
    message = refused(
        "extractsamples", {"POINTS": area["POINTS"], "FACTORS": stack}, OUTPUT="o.gpkg"
    )
    assert "rainfall" in message


def test_a_constant_factor_cannot_be_broken_into_classes(area, refused, tmp_path):
    def flat(data):
        return np.where(np.isnan(data), np.nan, 7).astype(np.float32)

    stack = raster_like(area["FACTORS"], tmp_path / "s.tif", flat, bands=["rainfall"])
    assert "rainfall" in refused("reclassifyfactors", {"FACTORS": stack}, OUTPUT="o.tif")


@pytest.mark.parametrize("method", [0, 1])
def test_more_classes_than_distinct_values(area, refused, tmp_path, method):
    def three(data):
        return np.where(np.isnan(data), np.nan, np.floor(3 * data).clip(0, 2) / 4).astype("f4")

    source = raster_like(area["TRUTH"], tmp_path / "three.tif", three)
    for algorithm, name in (("classifysusceptibility", "INPUT"), ("reclassifyfactors", "FACTORS")):
        parameters = {name: source, "METHOD": method, "CLASSES": 5}
        message = refused(algorithm, parameters, OUTPUT="o.tif")
        assert "5" in message and "class" in message


# --- grids -----------------------------------------------------------------------------------


def test_rasters_that_do_not_overlap(area, refused, tmp_path):
    away = raster_like(
        area["FACTORS"], tmp_path / "away.tif", bands=["twi"],
        transform=(900_000.0, 12.5, 0.0, 2_100_000.0, 0.0, -12.5),
    )  # fmt: skip
    parameters = {"RASTERS": [area["TRUTH"], away], "REFERENCE": area["TRUTH"]}
    message = refused("alignfactors", parameters, OUTPUT="o.tif")
    assert "away" in message or "twi" in message


def test_a_raster_without_crs(area, refused, tmp_path):
    bare = raster_like(area["DEM"], tmp_path / "bare.tif", crs="")
    message = refused("alignfactors", {"RASTERS": [bare, area["TRUTH"]]}, OUTPUT="o.tif")
    assert "coordinate reference system" in message or "CRS" in message
    message = refused("topographicfactors", {"INPUT": bare}, OUTPUT="o.tif")
    assert "coordinate reference system" in message or "CRS" in message
    message = refused(
        "extractsamples", {"POINTS": area["POINTS"], "FACTORS": bare}, OUTPUT="o.gpkg"
    )
    assert "coordinate reference system" in message or "CRS" in message


def test_rasters_on_different_grids(area, refused, tmp_path):
    bands = {name: tmp_path / f"{name}.tif" for name in ("band4", "band5")}
    raster_like(area["FACTORS"], bands["band4"], bands=["band4"])
    raster_like(area["FACTORS"], bands["band5"], lambda d: d[:, :-5, :-5], bands=["band5"])
    parameters = {"RED": str(bands["band4"]), "NIR": str(bands["band5"]), "INDICES": [0]}
    assert "grid" in refused("spectralindices", parameters, OUTPUT="o.tif")
