"""Explain model by id, and through ``qgis_process``: parameters, styles, one clear sentence."""

import csv

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import save_model
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from qgis.core import QgsProcessingException, QgsRasterLayer, QgsVectorLayer

pytest.importorskip("safetensors")
pytest.importorskip("scipy")


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A stack of two factors, samples of it and a logistic model, whose SHAP values are known."""
    from osgeo import osr

    folder, random = tmp_path_factory.mktemp("explain"), np.random.default_rng(4)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    grid = Grid(30, 20, (500_000.0, 10.0, 0, 2_300_000.0, 0, -10.0), reference.ExportToWkt())
    layers = random.random((2, 20, 30)).astype(np.float32)
    with RasterWriter(str(folder / "stack.tif"), grid, ["slope", "depth"]) as writer:
        writer.write(layers)
    rows, columns = random.integers(0, 20, 200), random.integers(0, 30, 200)
    values = layers[:, rows, columns]
    table = {
        "label": (values[1] > 0.5).astype(int),
        "split": ["train"] * 100 + ["validation"] * 100,
        "depth": values[1],
        "slope": values[0],
    }
    write_points(str(folder / "samples.gpkg"), *grid.xy(columns + 0.5, rows + 0.5), table, grid.crs)
    member = {"coefficients": np.array([4.0, -1.0]), "intercept": np.array([-2.0])}
    card = Card("logistic", [Factor("depth"), Factor("slope")])
    save_model(str(folder / "model.safetensors"), [member], card)
    return folder


def parameters(material, **further):
    return {
        "SAMPLES": str(material / "samples.gpkg"),
        "MODEL": str(material / "model.safetensors"),
        "OUTPUT": str(material / "ranking.gpkg"),
        **{name: str(material / v) if "." in str(v) else v for name, v in further.items()},
    }


def test_ranking_samples_rasters_and_report_by_id(material, run, log):
    result = run(
        "subsidence:explainmodel",
        parameters(
            material, SAMPLE_SHAP="points.gpkg", FACTORS="stack.tif", RASTER_SHAP="shap.tif",
            DOMINANT="dominant.tif", REPORT="report.html", SCALE=1, POINT="500105,2299895",
        ),
        log,
    )  # fmt: skip
    rows = [f.attributeMap() for f in QgsVectorLayer(result["OUTPUT"], "t", "ogr").getFeatures()]
    assert [row["factor"] for row in rows] == ["depth", "slope"]
    assert rows[0]["direction"] == pytest.approx(1, abs=1e-3)
    assert rows[1]["direction"] == pytest.approx(-1, abs=1e-3)
    assert rows[0]["mean_abs_shap"] > 3 * rows[1]["mean_abs_shap"]
    assert result["TOP_FACTOR"] == "depth" and result["ADDITIVITY"] < 1e-3
    layer = QgsVectorLayer(result["SAMPLE_SHAP"], "s", "ogr")
    assert layer.renderer().type() == "graduatedSymbol"
    assert layer.renderer().classAttribute() == '"shap_depth"'
    for feature in layer.getFeatures():
        total = feature["base_value"] + feature["shap_depth"] + feature["shap_slope"]
        assert total == pytest.approx(feature["prediction"], abs=1e-6)
        # On log-odds: coefficients times the distance from the background's mean.
        assert feature["prediction"] == pytest.approx(
            4 * feature["depth"] - feature["slope"] - 2, abs=1e-3
        )
    shap = QgsRasterLayer(result["RASTER_SHAP"], "r")
    assert shap.bandCount() == 2 and shap.renderer().type() == "singlebandpseudocolor"
    dominant = QgsRasterLayer(result["DOMINANT"], "d")
    labels = [entry.label for entry in dominant.renderer().classes()]
    assert labels == ["depth", "slope", "None (at the base value)"]
    assert "log-odds" in log.text
    page = (material / "report.html").read_text(encoding="utf-8")
    assert "depth" in page and "log-odds" in page and "he cell at" in page


def test_the_diverging_style_is_symmetrical_around_zero(material, run):
    result = run(
        "subsidence:explainmodel",
        parameters(material, FACTORS="stack.tif", RASTER_SHAP="own.tif"),
    )
    layer = QgsRasterLayer(result["RASTER_SHAP"], "r")  # kept: it owns the renderer
    renderer = layer.renderer()
    items = renderer.shader().rasterShaderFunction().colorRampItemList()
    values = [item.value for item in items]
    assert values == [-v for v in reversed(values)] and values[3] == 0
    assert renderer.classificationMax() == values[-1] > 0
    assert items[0].color.blue() > items[0].color.red()
    assert items[-1].color.red() > items[-1].color.blue()
    assert renderer.band() == 1


@pytest.mark.parametrize(
    ("further", "words"),
    [
        ({"SAMPLE": "5000"}, "no feature of the samples has this id"),
        ({"RASTER_SHAP": "never.tif"}, "RASTER_SHAP needs the factor stack"),
        ({"SAMPLE": "1", "POINT": "0,0"}, "give one"),
        ({"SAMPLE_SHAP": "never.shp"}, "10 characters"),
        ({"ROUNDS": 0}, "ROUNDS is 0"),
    ],
)
def test_bad_input_is_one_sentence_and_no_output(material, run, further, words):
    arguments = parameters(material, **{**further, "OUTPUT": "never.csv"})
    with pytest.raises(QgsProcessingException, match=words):
        run("subsidence:explainmodel", arguments)
    assert not [p for p in material.iterdir() if "never" in p.name]


def test_through_qgis_process(material, qgis_process):
    given = [f"--{k}={v}" for k, v in parameters(material, OUTPUT="p.csv").items()]
    done = qgis_process(
        "run", "subsidence:explainmodel", *given, "--SAMPLE=split=validation", "--MAX_ROWS=20",
        f"--REPORT={material / 'p.html'}", "--POINT=",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with (material / "p.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["factor"] for row in rows] == ["depth", "slope"]
    assert "TOP_FACTOR:\tdepth" in done.stdout
    bad = qgis_process("run", "subsidence:explainmodel", *given, "--SAMPLE=village=1")
    assert bad.returncode != 0 and "no field 'village'" in bad.stdout + bad.stderr
    assert "Traceback" not in bad.stdout + bad.stderr
