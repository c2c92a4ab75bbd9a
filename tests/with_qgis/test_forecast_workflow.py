"""The forecasting workflow: every step, its outputs, and dates that fit one another."""

from pathlib import Path

import pytest
from osgeo import gdal, ogr

WORKFLOW = "subsidence:forecastworkflow"
FILE = Path(__file__).resolve().parents[2] / "resources" / "workflows" / "forecastworkflow.model3"
STEPS = {
    "grid": "griddeformation",
    "tune": "tuneforecaster",
    "past": "forecastdeformation",
    "residuals": "forecastresiduals",
    "forecast": "forecastdeformation",
    "uncertainty": "ensembleuncertainty",
    "priority": "monitoringpriority",
}


@pytest.fixture(scope="module")
def files(qgis_app) -> dict:
    """A file for each output of the workflow."""
    workflow = qgis_app.processingRegistry().algorithmById(WORKFLOW)
    return {
        output.name(): f"{output.name().split(':')[1].lower()}.{output.defaultFileExtension()}"
        for output in workflow.destinationParameterDefinitions()
    }


@pytest.fixture(scope="module")
def outcome(qgis_app, files, tmp_path_factory) -> Path:
    """The folder of one run by qgis_process-like text values, which lengths must survive."""
    import processing

    folder = tmp_path_factory.mktemp("forecast")
    insar = str(folder / "insar.gpkg")
    processing.run(
        "subsidence:createexample",
        {
            "WIDTH": 120, "HEIGHT": 100, "SEED": 3, "DATES": 90, "INSAR": insar,
            "FACTORS": str(folder / "f.tif"), "INVENTORY": str(folder / "i.gpkg"),
            "TRUTH": str(folder / "t.tif"),
        },
    )  # fmt: skip
    processing.run(
        WORKFLOW,
        {
            "POINTS": insar, "RESOLUTION": "60", "WINDOW": "10", "HORIZON": "4", "GAP": "1",
            "TRIALS": "2", "TOP": "2", "EPOCHS": "1", "WORKERS": "1", "SEED": "3",
            **{name: str(folder / file) for name, file in files.items()},
        },
    )  # fmt: skip
    return folder


def dates(path: Path) -> list:
    raster = gdal.Open(str(path))
    return [raster.GetRasterBand(i + 1).GetDescription() for i in range(raster.RasterCount)]


def test_it_is_listed_and_opens_in_the_modeler(qgis_app):
    from qgis.core import QgsProcessingModelAlgorithm

    workflow = qgis_app.processingRegistry().algorithmById(WORKFLOW)
    assert workflow.displayName() == "Forecasting workflow"
    assert workflow.groupId() == "workflows"
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(FILE))
    children = model.childAlgorithms()
    assert {key: c.algorithmId() for key, c in children.items()} == {
        key: f"subsidence:{name}" for key, name in STEPS.items()
    }
    for key in children:
        assert model.validateChildAlgorithm(key) == (True, [])


def test_every_output_is_there(outcome, files):
    for file in files.values():
        assert (outcome / file).stat().st_size > 0, file
    assert not list(outcome.glob(".*partial*"))


def test_the_past_forecast_ends_with_the_last_observed_date(outcome):
    """So that residuals compare dates that were observed, and none that were trained on."""
    observed = dates(outcome / "deformation.tif")
    assert dates(outcome / "past_forecast.tif") == observed[-4:]
    origin = gdal.Open(str(outcome / "past_forecast.tif")).GetMetadataItem("SUBSIDENCE_ORIGIN")
    assert origin == observed[-6]
    assert dates(outcome / "signed_residuals.tif") == observed[-4:]


def test_the_forecast_begins_after_it(outcome):
    observed = dates(outcome / "deformation.tif")
    forecast = dates(outcome / "forecast.tif")
    assert len(forecast) == 4
    assert min(forecast) > observed[-1]
    opened = ogr.Open(str(outcome / "point_forecast.gpkg"))
    names = {field.GetName() for field in opened.GetLayer().schema}
    assert {f"D{date.replace('-', '')}" for date in (*observed, *forecast)} <= names


def test_lengths_left_out_are_the_steps_defaults(qgis_app):
    """The expression of the past origin must know them, too."""
    workflow = qgis_app.processingRegistry().algorithmById(WORKFLOW)
    children = workflow.childAlgorithms()
    source = children["past"].parameterSources()["ORIGIN"][0]
    tune = qgis_app.processingRegistry().algorithmById("subsidence:tuneforecaster")
    horizon, gap = (tune.parameterDefinition(n).defaultValue() for n in ("HORIZON", "GAP"))
    assert f"coalesce(to_int(@HORIZON), {horizon})" in source.expression()
    assert f"coalesce(to_int(@GAP), {gap})" in source.expression()
