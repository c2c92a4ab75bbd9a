"""The job explainmodel on files: tables, sample layer, rasters that add up, places, bad input."""

import csv
import threading

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError, OutputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.encode import encode
from land_subsidence.subsidence_plugin.engine.models.file import save_model
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

pytest.importorskip("sklearn")
pytest.importorskip("safetensors")

FACTORS = [
    Factor("depth", "continuous", 0, 1),
    Factor("level", "continuous", 0, 1),
    Factor("noise", "continuous", 0, 1),
    Factor("rock", "categorical", 1, 3, (1.0, 2.0, 3.0)),
]
NAMES = [factor.name for factor in FACTORS]
GRID = Grid(60, 40, (500_000.0, 30.0, 0.0, 2_300_000.0, 0.0, -30.0), "")


def utm() -> str:
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    return reference.ExportToWkt()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A stack, samples of it and a small forest: depth counts most, noise not at all."""
    folder = tmp_path_factory.mktemp("explain")
    random = np.random.default_rng(3)
    grid = Grid(GRID.width, GRID.height, GRID.transform, utm())
    layers = random.random((4, 40, 60)).astype(np.float32)
    layers[3] = random.integers(1, 4, (40, 60))
    layers[0, 0, 0], layers[3, 0, 1], layers[1, 39, 59] = np.nan, 7, 2.0
    kinds = ["continuous"] * 3 + ["categorical"]
    order = [3, 0, 2, 1]  # bands in another order than the model's factors
    with RasterWriter(
        str(folder / "stack.tif"), grid, [NAMES[i] for i in order], kinds=[kinds[i] for i in order]
    ) as writer:
        writer.write(layers[order])
    rows, columns = random.integers(1, 39, 300), random.integers(1, 59, 300)
    values = layers[:, rows, columns]
    logit = 6 * (values[0] - 0.5) + 3 * (values[1] > 0.5) - 1.5 + (values[3] == 2)
    label = (random.random(300) < 1 / (1 + np.exp(-logit))).astype(int)
    table = {
        "label": label,
        "split": ["train"] * 200 + ["validation"] * 100,
        "town": [f"town {i % 7}" for i in range(300)],
        **{NAMES[i].upper() if i == 1 else NAMES[i]: values[i] for i in order},
    }
    x, y = grid.xy(columns + 0.5, rows + 0.5)
    write_points(str(folder / "samples.gpkg"), x, y, table, grid.crs)
    inputs = encode(values.T, FACTORS)[0]
    member = BASELINES["forest"].fit(inputs[:200], label[:200], seed=1, trees=15)
    card = Card("forest", FACTORS)
    save_model(str(folder / "forest.safetensors"), [member], card)
    flat = {"coefficients": np.zeros(6), "intercept": np.array([0.4])}
    save_model(str(folder / "flat.safetensors"), [flat], Card("logistic", FACTORS))
    return folder


def run(place, log=None, progress=None, **arguments):
    given = {
        "samples": str(place / "samples.gpkg"),
        "model": str(place / "forest.safetensors"),
        "output": str(place / "ranking.csv"),
        "background": 30,
        "rounds": 2,
        **arguments,
    }
    say = Progress(on_message=lambda text, _level: (log if log is not None else []).append(text))
    return run_job("explainmodel", given, progress or say)


def read_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_ranking_names_the_drivers_and_the_log_says_how(place):
    log = []
    result = run(place, log)
    rows = read_csv(place / "ranking.csv")
    assert [int(row["rank"]) for row in rows] == [1, 2, 3, 4]
    assert result["TOP_FACTOR"] == rows[0]["factor"] == "depth"
    strength = [float(row["mean_abs_shap"]) for row in rows]
    assert strength == sorted(strength, reverse=True)
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1)
    by_name = {row["factor"]: row for row in rows}
    assert float(by_name["depth"]["direction"]) > 0.8
    assert by_name["rock"]["direction"] == "" and by_name["rock"]["kind"] == "categorical"
    assert float(by_name["noise"]["mean_abs_shap"]) < float(by_name["level"]["mean_abs_shap"])
    assert result["ADDITIVITY"] < 1e-6 and 0 < result["STANDARD_ERROR"] < 0.1
    text = "\n".join(log)
    assert "100 rows (validation), background of 30 training rows, 2 rounds" in text
    assert "scale: probability, not recalibrated" in text
    assert "within" in text and "standard error" in text


def test_sample_layer_has_a_field_a_factor_that_add_up(place):
    run(place, sample_shap=str(place / "shap.gpkg"), rows=3, max_rows=120)
    layer = read_features(str(place / "shap.gpkg"))
    assert len(layer) == 120 and len(layer.x) == 120
    total = layer.number("base_value") + sum(layer.number(f"shap_{name}") for name in NAMES)
    assert np.abs(total - layer.number("prediction")).max() < 1e-6
    assert {"town", "split", "LEVEL"} <= set(layer.columns)
    assert layer.metadata["SUBSIDENCE_KIND"] == "shap_samples"
    assert layer.metadata["SUBSIDENCE_UNITS"] == "probability"
    style = (place / "shap.qml").read_text(encoding="utf-8")
    assert "shap_depth" in style and "$" not in style
    # Its fields are replaced, not doubled, when it is explained again.
    again = place / "again.gpkg"
    run(place, samples=str(place / "shap.gpkg"), sample_shap=str(again), rows=3, max_rows=0)
    assert sorted(read_features(str(again)).columns) == sorted(layer.columns)


def test_rasters_add_up_to_the_prediction_raster(place):
    shap, dominant = place / "shap.tif", place / "dominant.tif"
    log = []
    run(place, log, factors=str(place / "stack.tif"), raster_shap=str(shap),
        dominant=str(dominant), raster_background=5, threads=2)  # fmt: skip
    run_job(
        "predictsusceptibility",
        {
            "factors": str(place / "stack.tif"),
            "model": str(place / "forest.safetensors"),
            "output": str(place / "p.tif"),
        },
        Progress(),
    )
    bands, predicted = Raster(str(shap)), Raster(str(place / "p.tif")).read()[0]
    values = bands.read(dtype=np.float64)
    assert bands.names == NAMES
    assert bands.metadata["SUBSIDENCE_KIND"] == "shap"
    base = float(bands.metadata["SUBSIDENCE_BASE"])
    gap = np.abs(base + values.sum(axis=0) - predicted)
    assert np.nanmax(gap) < 1e-6
    assert np.isnan(predicted).sum() == 2
    assert (np.isnan(values) == np.isnan(predicted)).all()
    classes = Raster(str(dominant))
    codes = classes.read()[0]
    names = classes.dataset.GetRasterBand(1).GetCategoryNames()
    assert names == ["", *NAMES, "None (at the base value)"]
    assert np.isnan(codes).sum() == 2
    known = ~np.isnan(codes)
    assert (codes[known] == np.abs(values[:, known]).argmax(axis=0) + 1).mean() == 1
    assert np.bincount(codes[known].astype(int)).argmax() == 1
    style = (place / "dominant.qml").read_text(encoding="utf-8")
    assert all(f'label="{name}"' in style for name in NAMES)
    assert 'band="1"' in (place / "shap.qml").read_text(encoding="utf-8")
    assert "pixels a second" in "\n".join(log)
    assert "level 0.04%" in "\n".join(log)


def test_same_seed_same_rasters_whatever_the_threads(place):
    found = []
    for threads in (1, 3):
        path = place / f"threads{threads}.tif"
        run(place, factors=str(place / "stack.tif"), raster_shap=str(path), raster_background=3,
            threads=threads)  # fmt: skip
        found.append(Raster(str(path)).read())
    assert np.array_equal(*found, equal_nan=True)


def test_a_constant_model_has_zero_values_and_no_dominant_factor(place):
    log = []
    result = run(
        place, log, model=str(place / "flat.safetensors"), factors=str(place / "stack.tif"),
        dominant=str(place / "none.tif"), sample_shap=str(place / "zero.gpkg"),
    )  # fmt: skip
    codes = Raster(str(place / "none.tif")).read()[0]
    assert set(np.unique(codes[~np.isnan(codes)])) == {5}
    assert result["BASE_VALUE"] == pytest.approx(1 / (1 + np.exp(-0.4)), abs=1e-6)
    assert "the same everywhere" in "\n".join(log)
    assert result["TOP_FACTOR"] == ""
    layer = read_features(str(place / "zero.gpkg"))
    assert all(not layer.number(f"shap_{name}").any() for name in NAMES)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sample": "9999"}, "no feature of the samples has this id"),
        ({"sample": "town=town 9"}, "no row has the value 'town 9' in 'town'"),
        ({"sample": "village=1"}, "no field 'village'"),
        ({"sample": "1", "point": [0, 0, ""]}, "SAMPLE and POINT both"),
        ({"raster_shap": "x.tif"}, "RASTER_SHAP needs the factor stack"),
        ({"dominant": "x.tif"}, "DOMINANT needs the factor stack"),
        ({"rows": 1}, "no complete test row"),
        ({"rows": 7}, "ROWS is 7"),
        ({"background": 0}, "BACKGROUND is 0"),
        ({"rounds": 0}, "ROUNDS is 0"),
        ({"scale": 2}, "SCALE is 2"),
        ({"label_field": "nothing"}, "no field 'nothing'"),
        ({"split_field": "label"}, "holds numbers"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(place, arguments, words):
    output = place / "never.csv"
    with pytest.raises(InputError, match=words):
        run(place, output=str(output), **arguments)
    assert not output.exists() and not list(place.glob(".never*"))


def test_rasters_that_do_not_match_the_model(place):
    stack = Raster(str(place / "stack.tif"))
    with RasterWriter(str(place / "few.tif"), stack.grid, ["depth", "noise"]) as writer:
        writer.write(stack.read()[[1, 2]])
    with pytest.raises(InputError, match="lacks 2 of the model's 4 factors: level, rock"):
        run(place, factors=str(place / "few.tif"), raster_shap=str(place / "never.tif"))
    empty = np.full((4, 40, 60), np.nan, np.float32)
    with RasterWriter(str(place / "empty.tif"), stack.grid, stack.names) as writer:
        writer.write(empty)
    with pytest.raises(InputError, match="has no value at all in depth, level, noise, rock"):
        run(place, factors=str(place / "empty.tif"), raster_shap=str(place / "never.tif"))
    assert not (place / "never.tif").exists()


def test_samples_without_a_factor_or_without_training_rows(place, tmp_path):
    features = read_features(str(place / "samples.gpkg"))
    few = {k: v for k, v in features.columns.items() if k not in ("depth", "rock")}
    write_points(str(tmp_path / "few.gpkg"), features.x, features.y, few, features.crs)
    with pytest.raises(InputError, match="lack 2 of the model's 4 factors: depth, rock"):
        run(place, samples=str(tmp_path / "few.gpkg"))
    other = {**features.columns, "split": ["validation"] * 300}
    write_points(str(tmp_path / "other.gpkg"), features.x, features.y, other, features.crs)
    with pytest.raises(InputError, match="no complete training row"):
        run(place, samples=str(tmp_path / "other.gpkg"))


def test_samples_without_split_and_label_are_explained_with_a_warning(place, tmp_path):
    features = read_features(str(place / "samples.gpkg"))
    bare = {k: v for k, v in features.columns.items() if k not in ("label", "split")}
    bare["depth"] = bare["depth"].copy()
    bare["depth"][:10] = np.nan
    write_points(str(tmp_path / "bare.gpkg"), features.x, features.y, bare, features.crs)
    log = []
    run(place, log, samples=str(tmp_path / "bare.gpkg"), max_rows=20)
    text = "\n".join(log)
    assert "background is drawn from all rows" in text and "all are explained" in text
    assert "10 of 300 rows lack a factor" in text
    with pytest.raises(InputError, match=r"sample 3 \(SAMPLE 3\) has no \(known\) value"):
        run(place, samples=str(tmp_path / "bare.gpkg"), sample="3")


def test_a_shapefile_of_samples_is_refused(place):
    with pytest.raises(OutputError, match="10 characters"):
        run(place, sample_shap=str(place / "shap.shp"))


def test_cancel_in_the_rasters_leaves_nothing(place):
    seen = []
    progress = Progress(on_fraction=seen.append, is_cancelled=lambda: bool(seen) and seen[-1] > 0.1)
    before = threading.active_count()
    targets = {name: str(place / f"gone.{end}") for name, end in (
        ("output", "csv"), ("sample_shap", "gpkg"), ("raster_shap", "tif"))}  # fmt: skip
    with pytest.raises(Cancelled):
        run(place, progress=progress, factors=str(place / "stack.tif"), max_rows=10,
            raster_background=30, raster_rounds=20, **targets)  # fmt: skip
    assert threading.active_count() == before
    assert not list(place.glob("gone*")) and not list(place.glob(".gone*"))
    assert seen == sorted(seen) and seen[-1] < 0.9  # stopped inside the only tiles there are


def test_the_place_of_the_waterfall(place, monkeypatch):
    """What the report gets: the sample asked for, the nearest one, the cell, else the highest."""
    from land_subsidence.subsidence_plugin.engine.report import explanation_report

    got = {}

    def keep(path, explanation, sample, ices, interaction, facts):
        got.update(explanation=explanation, sample=sample, ices=ices, pair=interaction, facts=facts)
        with open(path, "w") as file:
            file.write("page")

    monkeypatch.setattr(explanation_report, "write_explanation_report", keep)
    report = {"report": str(place / "r.html"), "max_rows": 30}
    run(place, **report)
    explanation, sample = got["explanation"], got["sample"]
    assert sample.prediction == explanation.prediction.max() and sample.row is not None
    assert [ice.factor for ice in got["ices"]] == NAMES
    assert {got["pair"].first, got["pair"].second} == {explanation.names[i]
                                                       for i in explanation.order[:2]}  # fmt: skip
    assert got["facts"]["Seed"] == 42

    features = read_features(str(place / "samples.gpkg"))
    run(place, sample="17", **report)
    wanted = [features.columns[n][16] for n in ("depth", "LEVEL", "noise", "rock")]
    assert got["sample"].values == pytest.approx(wanted)
    assert "sample 17" in got["sample"].title
    base = got["explanation"].base
    assert base + got["sample"].shap.sum() == pytest.approx(got["sample"].prediction)

    run(place, sample="fid=17", **report)  # what QGIS shows as a field of a GeoPackage
    assert got["sample"].values == pytest.approx(wanted)
    run(place, sample="town=town 3", **report)
    assert "sample 4 " in got["sample"].title
    x, y = features.x[200], features.y[200]
    run(place, point=[x + 2, y - 2, features.crs], **report)
    assert got["sample"].values[0] == pytest.approx(features.columns["depth"][200])

    stack = str(place / "stack.tif")
    run(place, point=[500_045.0, 2_299_955.0, utm()], factors=stack, **report)
    cell = Raster(stack).read((1, 1, 1, 1))[[1, 3, 2, 0], 0, 0]
    assert got["sample"].values == pytest.approx(cell)
    assert "the cell at 500045, 2299955" in got["sample"].title
    with pytest.raises(InputError, match="lies outside the stack"):
        run(place, point=[0.0, 0.0, utm()], factors=stack, **report)
    with pytest.raises(InputError, match="no value in depth"):
        run(place, point=[500_005.0, 2_299_995.0, utm()], factors=stack, **report)
