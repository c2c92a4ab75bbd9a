"""The cross-validation job: its four outputs, what it takes, and what it refuses."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.comparison.runs import collect_runs
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress

pytest.importorskip("osgeo.gdal")
pytest.importorskip("sklearn")

from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import save_model
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points, write_table

UTM = "EPSG:32648"


@pytest.fixture
def columns():
    """150 samples in a square of 3 km whose depth, and with it the label, grows to the east."""
    random = np.random.default_rng(3)
    x, y = random.random(150) * 3000, random.random(150) * 3000
    depth = x / 1000 + random.normal(0, 0.7, 150)
    return {
        "x": x, "y": y, "label": (depth + random.normal(0, 1, 150) > 1.5).astype(int),
        "split": ["train"] * 100 + ["validation"] * 50, "fold": (y // 1000).astype(int) + 1,
        "depth": depth, "slope": random.random(150), "clay": random.normal(40, 9, 150),
    }  # fmt: skip


def samples_of(folder, columns, crs=UTM, kinds=None):
    path = str(folder / "samples.gpkg")
    fields = {name: values for name, values in columns.items() if name not in "xy"}
    factors = [name for name in fields if name not in ("label", "split", "fold")]
    kinds = kinds or dict.fromkeys(factors, "continuous")
    metadata = {"factors": json.dumps(factors), "kinds": json.dumps(kinds)}
    write_points(path, columns["x"], columns["y"], fields, crs, metadata)
    return path


def cross_validate(folder, columns, log=None, **arguments):
    plain = {
        "samples": arguments.get("samples") or samples_of(folder, columns),
        "output": str(folder / "folds.gpkg"), "model_type": "logistic", "repeats": 1,
        "baselines": [], **arguments,
    }  # fmt: skip
    lines = log if log is not None else []
    progress = Progress(on_message=lambda text, level: lines.append(text))
    return run_job("crossvalidate", plain, progress), read_features(plain["output"]).columns


def test_all_outputs_say_the_same(tmp_path, columns):
    log, paths = [], {n: str(tmp_path / f"{n}.gpkg") for n in ("fold_map", "runs")}
    results, folds = cross_validate(
        tmp_path, columns, log, baselines=["frequencyratio"], repeats=2, method=1, folds=3,
        report=str(tmp_path / "report.html"), **paths,
    )  # fmt: skip
    assert len(folds["model"]) == 2 * 2 * 2 * 3
    assert folds["model"][:12] == ["Logistic regression"] * 12
    assert (folds["kind"][0], folds["scheme"][:2]) == ("baseline", ["random", "random"])
    own = np.array(folds["model"]) == "Logistic regression"
    for scheme in ("random", "spatial"):
        here = own & (np.array(folds["scheme"]) == scheme)
        assert folds["rows"][here].sum() == 2 * 150
        means = [folds["AUC"][here & (folds["repeat"] == r)].mean() for r in (1, 2)]
        assert results[f"{scheme.upper()}_AUC"] == pytest.approx(np.mean(means))
    assert results["BEST_BASELINE"] == "Frequency ratio"

    points = read_features(paths["fold_map"])
    np.testing.assert_allclose(np.sort(points.x), np.sort(columns["x"]))
    first = own & (folds["repeat"] == 1) & (np.array(folds["scheme"]) == "spatial")
    metrics = pytest.importorskip("sklearn.metrics")
    for number, area in zip(folds["fold"][first], folds["AUC"][first]):
        test = points.columns["fold_spatial"] == number
        found = points.columns["p_spatial"][test]
        assert metrics.roc_auc_score(points.columns["label"][test], found) == pytest.approx(area)
    # The map can stand for the samples: all fields, and no fold or probability among the factors.
    assert {"depth", "slope", "clay", "split", "fold"} < set(points.columns)
    assert json.loads(points.metadata["factors"]) == ["depth", "slope", "clay"]
    said = []
    cross_validate(tmp_path, columns, said, samples=paths["fold_map"], folds=3)
    assert any(line.startswith("3 factors;") for line in said)
    assert "Fold 3" in (tmp_path / "fold_map.qml").read_text(encoding="utf-8")
    assert "Fold 4" not in (tmp_path / "fold_map.qml").read_text(encoding="utf-8")

    runs = collect_runs([("runs", read_features(paths["runs"]).columns)], None, [], Progress())
    assert runs.split == "validation"
    assert {(g.model, g.configuration) for g in runs.groups} == {
        (m, f"default, {s} folds")
        for m in ("Logistic regression", "Frequency ratio") for s in ("random", "spatial")
    }  # fmt: skip
    spatial = next(g for g in runs.groups if g.label.startswith("Log") and "spat" in g.label)
    assert runs.values[spatial]["AUC"].mean() == pytest.approx(results["SPATIAL_AUC"])

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    lead = page[page.index('class="lead"') : page.index("<h2")]
    assert f"{results['SPATIAL_AUC']:.3f} ±" in lead and f"{results['RANDOM_AUC']:.3f} ±" in lead
    assert "Frequency ratio" in lead and "Under the same spatial folds" in lead
    assert "diamond: mean; dots: folds." in page
    names = {path.name for path in (tmp_path / "report_data").iterdir()}
    assert names == {
        "figure-1-fold-auc.csv", "figure-2-folds.csv", "figure-3-semivariograms.csv"
    }  # fmt: skip
    assert any(line.startswith("Repeat 2, spatial fold 3 of 3") for line in log)
    assert any("Suggested block size" in line for line in log)


def test_a_gradient_is_easier_to_guess_from_neighbours(tmp_path, columns):
    """The label follows x, so leaving out whole clusters costs a forest that knows x and y."""
    columns["clay"], columns["slope"] = columns["x"] / 50, columns["y"] / 100
    results, _ = cross_validate(
        tmp_path, columns, model_type="forest", hyperparameters="trees=25", repeats=2, method=1
    )
    assert results["RANDOM_AUC"] > results["SPATIAL_AUC"] + 0.05


def test_blocks_of_a_given_size_and_of_the_suggested(tmp_path, columns):
    log = []
    results, _ = cross_validate(tmp_path, columns, log, fold_map=str(tmp_path / "m.gpkg"))
    assert 0 < results["SUGGESTED_BLOCK_SIZE"] < 1000
    assert not any("as given" in line for line in log)
    cross_validate(tmp_path, columns, log, block_size=700)
    assert "Block size: 700 m, as given." in log


def test_degrees_become_metres(tmp_path, columns):
    log = []
    columns["x"], columns["y"] = 105.8 + columns["x"] / 105_000, 21 + columns["y"] / 110_700
    found, _ = cross_validate(
        tmp_path, columns, log, samples=samples_of(tmp_path, columns, "EPSG:4326")
    )
    assert "The points are in degrees: distances are metres on the ground." in log
    assert 50 < found["SUGGESTED_BLOCK_SIZE"] < 1000


def test_rows_and_incomplete_rows(tmp_path, columns):
    columns["clay"][[3, 120]] = np.nan
    log, folds = [], {}
    for rows in (0, 1):
        _, folds[rows] = cross_validate(
            tmp_path, columns, log, rows=rows, fold_map=str(tmp_path / f"{rows}.gpkg")
        )
    random = np.array(folds[0]["scheme"]) == "random"
    assert folds[0]["rows"][random].sum() == 148
    assert folds[1]["rows"][np.array(folds[1]["scheme"]) == "random"].sum() == 99
    points = read_features(str(tmp_path / "1.gpkg"))
    kept = np.delete(np.arange(100), 3)
    np.testing.assert_allclose(points.x, columns["x"][kept])
    np.testing.assert_array_equal(points.columns["label"], columns["label"][kept])
    assert "1 of 100 rows lack a factor (most often 'clay') and are left out." in log


def test_folds_of_the_samples_need_no_points(tmp_path, columns):
    path = str(tmp_path / "table.csv")
    write_table(path, {n: v for n, v in columns.items() if n not in ("x", "y")})
    report = str(tmp_path / "report.html")
    _, folds = cross_validate(tmp_path, columns, samples=path, method=2, report=report)
    spatial = np.array(folds["scheme"]) == "spatial"
    expected = np.bincount(columns["fold"])[1:]
    np.testing.assert_array_equal(folds["rows"][spatial], expected)
    with pytest.raises(InputError, match="are no points, and spatial folds by blocks need"):
        cross_validate(tmp_path, columns, samples=path, method=0)
    with pytest.raises(InputError, match="are no points, so there is no FOLD_MAP"):
        cross_validate(tmp_path, columns, samples=path, method=2, fold_map="m.gpkg")


def test_folds_of_a_field_that_are_no_places_are_doubted(tmp_path, columns):
    log, report = [], tmp_path / "report.html"
    cross_validate(tmp_path, columns, log, method=2)
    assert not any("say little about new places" in line for line in log)
    columns["fold"] = np.arange(150) % 5
    cross_validate(tmp_path, columns, log, method=2, report=str(report))
    assert any("say little about new places; take larger blocks" in line for line in log)
    assert "say little about new places" in report.read_text(encoding="utf-8")


def test_the_recipe_of_a_model_file_is_cross_validated(tmp_path, columns):
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    from land_subsidence.subsidence_plugin.engine.training.fit import fit_model, recipe_of

    values = np.stack([columns["depth"], columns["clay"]], axis=1)
    recipe = recipe_of("cnn", {"filters": 3}, {"epochs": 2})
    model = fit_model(recipe, values, ["depth", "clay"], ["continuous"] * 2, columns["label"])
    path, log = str(tmp_path / "tuned.safetensors"), []
    save_model(path, model.arrays, model.card)
    report = tmp_path / "report.html"
    cross_validate(
        tmp_path, columns, log, model_type="forest", model=path, report=str(report), folds=2
    )
    assert log[0].startswith("2 factors; rows")
    page = report.read_text(encoding="utf-8")
    assert "Cross-validation: CNN" in page and "filters = 3" in page and "epochs = 2" in page
    assert "Where it was tuned on these samples" in page
    card = Card("logistic", [Factor("depth"), Factor("gone")])
    arrays = [{"coefficients": np.ones(2), "intercept": np.zeros(1)}]
    save_model(path, arrays, card)
    with pytest.raises(InputError, match="have no field 'gone'"):
        cross_validate(tmp_path, columns, model=path)


def test_early_stopping_and_workers_are_handed_on(tmp_path, columns, monkeypatch):
    import sys

    from land_subsidence.subsidence_plugin.engine.crossvalidation import parallel, running

    job, seen = sys.modules[run_job.__module__ + ".crossvalidate"], {}

    def here(candidates, rows, partitions, device, progress):
        seen["groups"] = [p.groups is not None for p in partitions]
        return running.cross_validate(candidates, rows, partitions)

    def there(candidates, rows, partitions, device, workers, progress):
        seen["workers"] = workers
        return running.cross_validate(candidates, rows, partitions)

    monkeypatch.setattr(job, "cross_validate", here)
    monkeypatch.setattr(parallel, "cross_validate_in_workers", there)
    report = tmp_path / "r.html"
    cross_validate(tmp_path, columns, report=str(report))
    assert seen["groups"] == [False, False]
    assert "holds out single training rows, as" in report.read_text(encoding="utf-8")
    cross_validate(tmp_path, columns, holdout_folds=True, report=str(report))
    assert seen["groups"] == [False, True]
    assert "whole neighbourhoods in spatial ones" in report.read_text(encoding="utf-8")
    for holdout in ("rows", "folds"):  # as the model was trained
        card = Card("logistic", [Factor("depth")], training={"holdout": holdout})
        path = str(tmp_path / f"{holdout}.safetensors")
        save_model(path, [{"coefficients": np.ones(1), "intercept": np.zeros(1)}], card)
        cross_validate(tmp_path, columns, model=path)
        assert seen["groups"] == [False, holdout == "folds"]
    cross_validate(tmp_path, columns, workers=64)
    assert seen["workers"] == 10  # as many as there are folds
    with pytest.raises(InputError, match="WORKERS is 0"):
        cross_validate(tmp_path, columns, workers=0)


def test_folds_with_one_class_are_left_out_of_the_mean(tmp_path, columns):
    columns["label"][columns["fold"] == 1] = 0
    log = []
    results, folds = cross_validate(
        tmp_path, columns, log, method=2, fold_map=str(tmp_path / "m.gpkg"),
        report=str(tmp_path / "r.html"),
    )  # fmt: skip
    spatial = folds["AUC"][np.array(folds["scheme"]) == "spatial"]
    assert np.isnan(spatial).tolist() == [True, False, False]
    assert results["SPATIAL_AUC"] == pytest.approx(spatial[1:].mean())
    assert any("1 of 6 folds hold rows of one class only" in line for line in log)
    assert np.isfinite(read_features(str(tmp_path / "m.gpkg")).columns["p_spatial"]).all()


def test_samples_too_few_for_semivariograms_still_get_their_report(tmp_path, columns):
    """Seven pairs a distance class or so: nothing to draw, which the report says."""
    label = np.tile([0, 1], 8)
    few = {name: values[:16] for name, values in columns.items()}
    log, report = [], tmp_path / "r.html"
    cross_validate(tmp_path, {**few, "label": label}, log, folds=2, report=str(report))
    page = report.read_text(encoding="utf-8")
    assert "as the samples are too few for semivariograms" in page
    assert "How far the factors reach" in page and "Semivariance of the factors" not in page
    assert "figure-3-semivariograms.csv" not in {p.name for p in (tmp_path / "r_data").iterdir()}


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ({}, {"folds": 100}, "samples with label [01], too few for 100 folds"),
        ({}, {"folds": 1}, "FOLDS is 1"),
        ({}, {"repeats": 0}, "REPEATS is 0"),
        ({}, {"method": 5}, "METHOD is 5"),
        ({}, {"block_size": 9000}, "blocks of 9000 map units, too few for 5 folds"),
        ({"label": np.ones(150, int)}, {}, "is 1 in all 150 rows"),
        ({"slope": np.full(150, 3.0)}, {}, "The factor 'slope' is constant"),
        ({"fold": np.tile([1, 2], 75)}, {"method": 2, "hyperparameters": "x=1"}, "no hyperparam"),
        ({}, {"fold_map": "map.shp"}, "cannot be a shapefile"),
        ({}, {"rows": 1, "label_field": "nothing"}, "no field 'nothing'"),
    ],
)
def test_bad_input_gives_one_sentence_and_no_output(tmp_path, columns, change, arguments, words):
    with pytest.raises(InputError if "shapefile" not in words else Exception, match=words):
        cross_validate(tmp_path, {**columns, **change}, **arguments)
    assert {p.name for p in tmp_path.iterdir()} <= {"samples.gpkg"}


def test_training_rows_need_a_split(tmp_path, columns):
    del columns["split"]
    with pytest.raises(InputError, match="ROWS asks for training rows, but the samples have no"):
        cross_validate(tmp_path, columns, rows=1)


def test_cancelling_leaves_nothing(tmp_path, columns):
    lines = []
    progress = Progress(
        on_message=lambda text, level: lines.append(text),
        is_cancelled=lambda: any("fold 2" in line for line in lines),
    )
    arguments = {
        "samples": samples_of(tmp_path, columns), "output": str(tmp_path / "folds.gpkg"),
        "model_type": "logistic", "fold_map": str(tmp_path / "map.gpkg"), "baselines": [],
    }  # fmt: skip
    with pytest.raises(Cancelled):
        run_job("crossvalidate", arguments, progress)
    assert {p.name for p in tmp_path.iterdir()} == {"samples.gpkg"}
