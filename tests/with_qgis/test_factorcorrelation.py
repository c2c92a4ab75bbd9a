"""The correlation of factors by id, and through ``qgis_process``."""

import csv
import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingException, QgsVectorLayer

stats = pytest.importorskip("scipy.stats")


@pytest.fixture
def values():
    a, b = np.random.default_rng(4).normal(size=(2, 120)).astype(np.float32)
    return {"depth": a, "clay": a + np.float32(0.2) * b, "slope": b}


@pytest.fixture
def samples(tmp_path, values):
    path = str(tmp_path / "samples.gpkg")
    columns = {"label": np.tile([0, 1], 60), "split": ["train"] * 80 + ["validation"] * 40}
    metadata = {"kinds": json.dumps({"slope": "categorical"})}
    place = np.arange(120.0)
    write_points(path, place, place, {**columns, **values}, "EPSG:32648", metadata)
    return path


@pytest.fixture
def stack(tmp_path, values):
    path = str(tmp_path / "stack.tif")
    crs = QgsCoordinateReferenceSystem("EPSG:32648").toWkt()
    grid = Grid(12, 10, (0, 10, 0, 100, 0, -10), crs)
    with RasterWriter(path, grid, list(values), "float32", ["continuous"] * 3, {}) as writer:
        for index, band in enumerate(values.values(), 1):
            writer.write(band.reshape(10, 12), 0, 0, index)
    return path


def rows_of(path):
    return [f.attributeMap() for f in QgsVectorLayer(path, "t", "ogr").getFeatures()]


def test_samples_by_id(samples, values, tmp_path, run, log):
    result = run(
        "subsidence:factorcorrelation",
        {
            "SAMPLES": samples,
            "OUTPUT": str(tmp_path / "pairs.gpkg"),
            "VIF": str(tmp_path / "vif.gpkg"),
            "REPORT": str(tmp_path / "report.html"),
        },
        log,
    )
    (row,) = rows_of(result["OUTPUT"])  # slope is categorical
    r, _p = stats.pearsonr(values["depth"][:80], values["clay"][:80])
    assert row["pearson"] == pytest.approx(r, rel=1e-6)
    assert (row["n"], row["pearson_stars"], row["above_threshold"]) == (80, "***", "yes")
    assert result["PAIRS"] == 1
    # of two factors: 1 / (1 - r²)
    assert [v["vif"] for v in rows_of(result["VIF"])] == pytest.approx([1 / (1 - r**2)] * 2)
    assert result["HIGHEST_VIF"] == pytest.approx(1 / (1 - r**2))
    assert "left out: slope" in log.text
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_all_rows_and_chosen_fields(samples, values, tmp_path, run):
    result = run(
        "subsidence:factorcorrelation",
        {"SAMPLES": samples, "ROWS": 1, "FACTOR_FIELDS": ["clay", "depth"],
         "OUTPUT": str(tmp_path / "pairs.csv")},
    )  # fmt: skip
    (row,) = rows_of(result["OUTPUT"])
    assert (row["factor1"], row["factor2"], row["n"]) == ("clay", "depth", 120)
    assert "VIF" not in result


def test_bands_of_a_stack_by_id(stack, values, tmp_path, run):
    result = run(
        "subsidence:factorcorrelation",
        {"FACTORS": stack, "BANDS": [1, 3], "OUTPUT": str(tmp_path / "pairs.csv")},
    )
    (row,) = rows_of(result["OUTPUT"])
    rho, _p = stats.spearmanr(values["depth"], values["slope"])
    assert (row["factor2"], row["n"]) == ("slope", 120)
    assert row["spearman"] == pytest.approx(rho, rel=1e-6)


def test_either_samples_or_a_stack(samples, stack, tmp_path, run):
    output = {"OUTPUT": str(tmp_path / "pairs.csv")}
    for given, words in (({}, "one of them"), ({"SAMPLES": samples, "FACTORS": stack}, "not both")):
        with pytest.raises(QgsProcessingException, match=words):
            run("subsidence:factorcorrelation", {**given, **output})
    with pytest.raises(QgsProcessingException, match="one factor with a continuous scale"):
        run("subsidence:factorcorrelation",
            {"SAMPLES": samples, "FACTOR_FIELDS": ["clay", "slope"], **output})  # fmt: skip
    assert not (tmp_path / "pairs.csv").exists()


def test_through_qgis_process(stack, tmp_path, qgis_process):
    done = qgis_process(
        "run", "subsidence:factorcorrelation", f"--FACTORS={stack}", "--BANDS=1", "--BANDS=2",
        f"--OUTPUT={tmp_path / 'pairs.csv'}", f"--VIF={tmp_path / 'vif.csv'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (tmp_path / "pairs.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["factor1"], row["factor2"], row["above_threshold"]) == ("depth", "clay", "yes")
    bad = qgis_process(
        "run", "subsidence:factorcorrelation", f"--OUTPUT={tmp_path / 'other.csv'}"
    )  # fmt: skip
    assert bad.returncode != 0
    assert "Give either SAMPLES" in bad.stdout + bad.stderr
    assert not (tmp_path / "other.csv").exists()
