"""What a model file says of itself: figures beside the baseline's, versions, and its maps."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
from land_subsidence.subsidence_plugin.engine.errors import InputError, ModelFileError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import load_model, save_model
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points, write_table
from land_subsidence.subsidence_plugin.engine.version import base_versions, plugin_version

CRS = "EPSG:32648"
METRICS = {"train": {"AUC": 0.95}, "validation": {"AUC": 0.875, "ACC": 0.75, "SST": None}}


@pytest.fixture
def model(tmp_path):
    """A forest's file (of two rows), whose card has everything."""
    inputs, label = np.array([[0.0], [0.2], [0.7], [1.0]]), np.array([0, 1, 0, 1])
    arrays = BASELINES["logistic"].fit(inputs, label)
    card = Card(
        "logistic", [Factor("slope", "continuous", 2.0, 34.5)], metrics=METRICS, seeds=[7],
        source="samples.gpkg", split={"train": {"rows": 4, "positive": 2}},
        baseline={"validation": {"AUC": 0.8, "ACC": 0.7}},
        training={"class_weights": "none", "members": [{}],
                  "tuning": {"strategy": "TPE search", "trials": 50, "best_value": 0.91}},
        versions=base_versions(numpy="1.24.2"), crs=CRS,
    )  # fmt: skip
    path = tmp_path / "m.safetensors"
    return str(path), save_model(str(path), [arrays], card)


def info(path, **arguments):
    lines = []
    progress = Progress(on_message=lambda text, level: lines.append(f"{level}: {text}"))
    return run_job("modelinfo", {"model": path, **arguments}, progress), "\n".join(lines)


def raster(path, metadata):
    with RasterWriter(str(path), Grid(2, 1, (0, 1, 0, 0, 0, -1), ""), ["a"],
                      metadata=metadata) as writer:  # fmt: skip
        writer.write(np.zeros((1, 1, 2), np.float32))
    return str(path)


def test_the_log_has_every_split_beside_the_baseline(model):
    results, text = info(model[0])
    assert results == {"ARCHITECTURE": "logistic", "MEMBERS": 1, "FACTORS": "slope",
                       "MODEL_ID": model[1]}  # fmt: skip
    assert "On the train rows: AUC 0.950\n" in text
    assert (
        "On the validation rows: AUC 0.875, ACC 0.750; logistic regression: AUC 0.800, ACC 0.700\n"
        in text
    )
    assert "Trained on samples.gpkg: train 4 rows (2 with label 1)" in text
    assert f"Seeds: 7; versions: land_subsidence {plugin_version()}, numpy 1.24.2" in text
    assert "Training: class_weights none\n" in text
    assert "Tuned: best_value 0.91, strategy TPE search, trials 50\n" in text
    assert "CRS of what it was trained on: WGS 84 / UTM zone 48N" in text


def test_the_table_has_the_same_figures_and_the_id(model, tmp_path):
    path = str(tmp_path / "f.gpkg")
    info(model[0], table=path)
    table = read_features(path)
    rows = sorted(zip(*(table.columns[name] for name in ("model", "split", "metric", "value"))))
    assert rows == [
        ("Logistic regression", "train", "AUC", 0.95),
        ("Logistic regression", "validation", "ACC", 0.7),
        ("Logistic regression", "validation", "ACC", 0.75),
        ("Logistic regression", "validation", "AUC", 0.8),
        ("Logistic regression", "validation", "AUC", 0.875),
    ]
    assert table.metadata["SUBSIDENCE_MODEL"] == model[1]


def test_the_page_has_them_too(model, tmp_path):
    page = tmp_path / "r.html"
    info(model[0], report=str(page))
    html = page.read_text(encoding="utf-8")
    for text in ("0.875", "0.800", "samples.gpkg", "numpy 1.24.2", "TPE search", model[1]):
        assert text in html, text


def test_a_map_leads_back_to_its_model(model, tmp_path):
    own = raster(tmp_path / "own.tif", {"SUBSIDENCE_MODEL": model[1]})
    results, text = info(model[0], layer=own)
    assert results["MATCHES"] is True
    assert f"info: 'own.tif' was made by this model ({model[1]})." in text


def test_points_and_tables_lead_back_as_well(model, tmp_path):
    points, runs = str(tmp_path / "p.gpkg"), str(tmp_path / "t.gpkg")
    write_points(points, np.zeros(1), np.zeros(1), {"a": np.ones(1)}, "", {
        "SUBSIDENCE_MODEL": model[1]})  # fmt: skip
    write_table(runs, {"a": [1.0]}, {"model_id": model[1]})
    for layer in (points, runs, f"{points}|layername=p"):
        assert info(model[0], layer=layer)[0]["MATCHES"] is True, layer


def test_a_map_of_another_model_is_named(model, tmp_path):
    other = raster(tmp_path / "other.tif", {"SUBSIDENCE_MODEL": "0123456789ab"})
    results, text = info(model[0], layer=other)
    assert results["MATCHES"] is False
    assert "warning: 'other.tif' was made by another model: its id is 0123456789ab." in text
    results, text = info(model[0], layer=raster(tmp_path / "bare.tif", {}))
    assert results["MATCHES"] is False
    assert "warning: 'bare.tif' does not say by which model it was made." in text


def test_a_layer_that_is_none_is_one_sentence(model, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no layer")
    with pytest.raises(InputError, match=r"The layer '.*notes\.txt' cannot be opened"):
        info(model[0], layer=str(text))


def test_files_of_before_have_no_baseline(model):
    """A card without the entry is read; one with nonsense in it is damaged."""
    content = json.loads(load_model(model[0]).card.to_json())
    del content["baseline"]
    assert Card.from_json(json.dumps(content)).baseline == {}
    for nonsense in (3, [], {"test": 1}, {"test": {"AUC": "high"}}):
        with pytest.raises(ModelFileError, match="damaged: baseline"):
            Card.from_json(json.dumps({**content, "baseline": nonsense}))


def test_the_version_is_that_of_the_plugin():
    from pathlib import Path

    root = Path(__file__).resolve().parents[3]
    assert f"version={plugin_version()}\n" in (root / "metadata.txt").read_text(encoding="utf-8")
