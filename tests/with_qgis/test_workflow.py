"""The shipped workflow: listed by our provider, run by id, every output as the steps write it."""

import csv
from pathlib import Path

import pytest

WORKFLOW = "subsidence:susceptibilityworkflow"
FILE = (
    Path(__file__).resolve().parents[2]
    / "resources"
    / "workflows"
    / "susceptibilityworkflow.model3"
)
STEPS = {
    "reclassify": "reclassifyfactors",
    "absence": "absencepoints",
    "extract": "extractsamples",
    "train": "traindrdn",
    "predict": "predictsusceptibility",
    "classify": "classifysusceptibility",
    "ratio": "frequencyratio",
    "validate": "validatemodel",
}
OUTPUTS = {
    "reclassify:CLASSES": "classes.tif",
    "extract:SAMPLES": "samples.gpkg",
    "train:MODEL": "drdn.safetensors",
    "train:TRAINING_REPORT": "training.html",
    "predict:PROBABILITY": "susceptibility.tif",
    "classify:SUSCEPTIBILITY_CLASSES": "susceptibility_classes.tif",
    "classify:AREAS": "areas.csv",
    "ratio:FREQUENCY_RATIO": "frequency_ratio.csv",
    "ratio:REPORT": "ratio.html",
    "validate:METRICS": "metrics.csv",
    "validate:REPORT": "report.html",
}


@pytest.fixture(scope="module")
def area(qgis_app, tmp_path_factory) -> Path:
    """A small example area."""
    import processing

    folder = tmp_path_factory.mktemp("area")
    paths = {
        name: str(folder / f"{name.lower()}.{'tif' if name in ('FACTORS', 'TRUTH') else 'gpkg'}")
        for name in ("FACTORS", "INVENTORY", "INSAR", "TRUTH")
    }
    processing.run("subsidence:createexample", {"WIDTH": 120, "HEIGHT": 100, "SEED": 3, **paths})
    return folder


@pytest.fixture(scope="module")
def outcome(area) -> dict:
    """The result of one run, kept for all tests here."""
    import processing

    outputs = {name: str(area / file) for name, file in OUTPUTS.items()}
    inputs = {
        "FACTORS": str(area / "factors.tif"),
        "INVENTORY": str(area / "inventory.gpkg"),
        "EPOCHS": 8,
    }
    return processing.run(WORKFLOW, {**inputs, **outputs})


def rows(path: Path) -> list:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_workflow_is_listed_under_its_own_group(qgis_app):
    workflow = qgis_app.processingRegistry().algorithmById(WORKFLOW)
    assert workflow is not None
    assert workflow.provider().id() == "subsidence"
    assert workflow.groupId() == "workflows"
    assert workflow.displayName() == "Susceptibility workflow"
    copy = workflow.create()
    assert copy.displayName() == workflow.displayName()
    assert [p.name() for p in copy.parameterDefinitions()][:2] == ["FACTORS", "INVENTORY"]


def test_file_opens_in_the_modeler_with_every_step_known(qgis_app):
    from qgis.core import QgsProcessingModelAlgorithm

    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(FILE))
    children = model.childAlgorithms()
    assert {key: c.algorithmId() for key, c in children.items()} == {
        key: f"subsidence:{name}" for key, name in STEPS.items()
    }
    for key, child in children.items():
        assert child.algorithm() is not None
        assert model.validateChildAlgorithm(key) == (True, [])
        known = {p.name() for p in child.algorithm().parameterDefinitions()}
        assert set(child.parameterSources()) <= known
    assert "/" not in FILE.read_text(encoding="utf-8").replace("</", "").replace("/>", "")


def test_defaults_are_those_of_the_steps(qgis_app):
    """An input left out reaches a step as nothing, and the step then takes its own default."""
    from qgis.core import Qgis, QgsProcessingModelChildParameterSource

    workflow = qgis_app.processingRegistry().algorithmById(WORKFLOW)
    seen = set()
    # In an enum of its own from QGIS 3.34 on.
    enum = getattr(Qgis, "ProcessingModelChildParameterSource", None)
    static = (enum or QgsProcessingModelChildParameterSource.Source).StaticValue
    for child in workflow.childAlgorithms().values():
        for name, (source, *_) in child.parameterSources().items():
            own = child.algorithm().parameterDefinition(name).defaultValue()
            if source.source() == static and own is not None:
                assert own == source.staticValue(), (child.childId(), name)
            given = workflow.parameterDefinition(source.parameterName())
            if given is not None and given.defaultValue() is not None:
                assert own == given.defaultValue(), (child.childId(), name)
                seen.add(given.name())
    expected = {"CLASSES", "MIN_DISTANCE", "VALIDATION_SHARE", "EPOCHS", "PATIENCE", "SEED"}
    assert seen == expected


def test_steps_lie_apart_on_the_canvas(qgis_app):
    from qgis.core import QgsProcessingModelAlgorithm

    model = QgsProcessingModelAlgorithm()
    model.fromFile(str(FILE))
    boxes = [*model.childAlgorithms().values(), *model.parameterComponents().values()]
    boxes += [o for c in model.childAlgorithms().values() for o in c.modelOutputs().values()]
    places = [
        (b.position().x(), b.position().y(), b.size().width(), b.size().height()) for b in boxes
    ]
    for index, (x, y, width, height) in enumerate(places):
        for x2, y2, width2, height2 in places[:index]:
            apart = abs(x - x2) >= (width + width2) / 2 or abs(y - y2) >= (height + height2) / 2
            assert apart, ((x, y), (x2, y2))


def test_every_output_is_there(outcome, area):
    assert {k: v for k, v in outcome.items() if k in OUTPUTS} == {
        name: str(area / file) for name, file in OUTPUTS.items()
    }
    for file in OUTPUTS.values():
        assert (area / file).stat().st_size > 0
    assert not list(area.glob(".*partial*"))


def test_maps_are_what_the_steps_promise(outcome, area):
    from osgeo import gdal

    factors = gdal.Open(str(area / "factors.tif"))
    classes = gdal.Open(str(area / "classes.tif"))
    assert classes.RasterCount == factors.RasterCount == 19
    names = [
        [d.GetRasterBand(i + 1).GetDescription() for i in range(19)] for d in (factors, classes)
    ]
    assert names[0] == names[1]
    probability = gdal.Open(str(area / "susceptibility.tif")).ReadAsArray()
    levels = gdal.Open(str(area / "susceptibility_classes.tif")).ReadAsArray()
    valid = probability == probability
    assert 0 <= probability[valid].min() < 0.4 and 0.6 < probability[valid].max() <= 1
    assert set(levels[valid]) == {1, 2, 3, 4, 5} and set(levels[~valid]) <= {0}
    tops = [probability[levels == level].max() for level in (1, 2, 3, 4)]
    bottoms = [probability[levels == level].min() for level in (2, 3, 4, 5)]
    assert all(top <= bottom for top, bottom in zip(tops, bottoms))
    for file in ("classes", "susceptibility", "susceptibility_classes", "samples"):
        assert (area / f"{file}.qml").exists()


def test_layers_for_the_window_are_called_by_title_and_styled(area, run, monkeypatch):
    from land_subsidence.algorithms import styling
    from qgis.core import QgsProcessingContext, QgsProject

    monkeypatch.setattr(styling, "_waiting", {})  # no window comes to load what waits
    context, project = QgsProcessingContext(), QgsProject()
    path = str(area / "window.tif")
    context.addLayerToLoadOnCompletion(
        path, QgsProcessingContext.LayerDetails("PROBABILITY", project, "predict:PROBABILITY")
    )
    inputs = {"FACTORS": str(area / "factors.tif"), "INVENTORY": str(area / "inventory.gpkg")}
    outputs = {name: str(area / f"window_{file}") for name, file in OUTPUTS.items()}
    run(WORKFLOW, {**inputs, **outputs, "EPOCHS": 1, "predict:PROBABILITY": path}, context=context)
    details = context.layerToLoadOnCompletionDetails(path)
    assert details.name == "Subsidence probability"
    assert details.postProcessor() is not None


def test_map_finds_the_subsidence_and_the_ratios_rise(outcome, area):
    table = rows(area / "frequency_ratio.csv")
    ratios = {int(row["class"]): float(row["frequency_ratio"]) for row in table}
    assert ratios[5] > 1.5 > 0.8 > ratios[1]
    metrics = {row["split"]: row for row in rows(area / "metrics.csv")}
    assert set(metrics) >= {"train", "validation"}
    assert 0.65 < float(metrics["validation"]["AUC"]) <= 1
    total = sum(float(row["share"]) for row in rows(area / "areas.csv"))
    assert total == pytest.approx(1, abs=1e-6)


def test_qgis_process_lists_the_workflow_and_explains_it(qgis_process):
    done = qgis_process("help", WORKFLOW)
    assert done.returncode == 0, done.stderr
    for name in ("FACTORS", "INVENTORY", "predict:PROBABILITY", "ratio:FREQUENCY_RATIO"):
        assert name in done.stdout
