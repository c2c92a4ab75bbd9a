"""The plugin as QGIS sees it: loading, listing, names that stay, help, missing packages."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Parameters and outputs of each algorithm, by which saved models and scripts call them.
NAMES = {
    "createexample": "WIDTH HEIGHT SEED FACTORS INVENTORY INSAR TRUTH",
    "topographicfactors": "INPUT OUTPUT",
    "spectralindices": "OUTPUT",
    "alignfactors": "RASTERS CATEGORICAL POLYGONS POLYGON_FIELD NAMES REFERENCE CRS RESOLUTION "
    "EXTENT OUTPUT",
    "reclassifyfactors": "FACTORS METHOD CLASSES BREAKS RULES OUTPUT RULES_OUTPUT TABLE",
    "absencepoints": "PRESENCE CANDIDATES MASK RATIO MIN_DISTANCE SPACING SEED OUTPUT",
    "extractsamples": "POINTS LABEL_FIELD FACTORS VALIDATION_SHARE TEST_SHARE SPLIT BLOCK_SIZE "
    "FOLDS SEED OUTPUT",
    **{
        f"train{name}": "SAMPLES FACTOR_FIELDS EPOCHS BATCH_SIZE LEARNING_RATE OPTIMIZER "
        "CLASS_WEIGHTS PATIENCE REPEATS SEED DEVICE CHECKPOINT MODEL HISTORY REPORT"
        for name in ("cnn", "lstm", "drdn", "cnnlstm")
    },
    "trainbaseline": "SAMPLES FACTOR_FIELDS METHOD REPEATS SEED MODEL REPORT RUNS",
    "predictsusceptibility": "FACTORS MODEL DEVICE PRECISION PREVALENCE OUTPUT SPREAD MEMBERS",
    "classifysusceptibility": "INPUT METHOD CLASSES BREAKS OUTPUT TABLE",
    "frequencyratio": "CLASS_RASTER POINTS LABEL_FIELD SPLIT_FIELD PROBABILITY OUTPUT REPORT",
    "validatemodel": "SAMPLES MODELS CALIBRATION OUTPUT CALIBRATED_MODEL REPORT",
    "factorcorrelation": "SAMPLES FACTORS FACTOR_FIELDS THRESHOLD OUTPUT VIF REPORT",
    "crossvalidate": "SAMPLES MODEL_TYPE METHOD FOLDS BLOCK_SIZE REPEATS SEED DEVICE OUTPUT "
    "FOLD_MAP RUNS REPORT",
    "tunemodel": "SAMPLES MODEL_TYPE STRATEGY TRIALS TOP STORAGE STUDY WORKERS REPEATS SEED "
    "DEVICE MODEL TRIALS_TABLE RUNS REPORT",
    "comparemodels": "RUNS BASELINE ALPHA OUTPUT REPORT",
    "explainmodel": "SAMPLES MODEL SAMPLE FACTORS SEED OUTPUT SAMPLE_SHAP RASTER_SHAP DOMINANT "
    "REPORT",
    "applicability": "SAMPLES MODEL FACTORS OUTPUT AREA",
    "griddeformation": "INPUT RESOLUTION NEIGHBOURS POWER MAX_DISTANCE EXTENT STEP REFERENCE "
    "OUTPUT REPORT",
    "forecastdeformation": "INPUT MODEL POINTS COVARIATES STEP COVERAGE ORIGIN DEVICE THREADS "
    "OUTPUT CHANGE SPREAD LOWER UPPER MEMBERS POINT_FORECAST",
    "forecastresiduals": "PREDICTED OBSERVED POINTS DATE TOLERANCE RADIUS SIGNED ABSOLUTE HOTSPOTS "
    "POINT_RESIDUALS TABLE REPORT",
    "trainforecaster": "INPUT POINTS COVARIATES SPATIAL TEMPORAL VARIANT WINDOW HORIZON GAP EPOCHS "
    "BATCH_SIZE LEARNING_RATE HYPERPARAMETERS REPEATS SEED DEVICE MODEL TABLE RUNS REPORT",
    "tuneforecaster": "INPUT POINTS COVARIATES SPATIAL TEMPORAL VARIANT WINDOW HORIZON GAP EPOCHS "
    "BATCH_SIZE LEARNING_RATE HYPERPARAMETERS STRATEGY TRIALS TOP STORAGE STUDY WORKERS REPEATS "
    "SEED DEVICE MODEL TABLE TRIALS_TABLE RUNS REPORT",
    "mapproject": "LAYERS TITLE OUTPUT PDF",
    "checkinstallation": "TABLE REPORT",
    "susceptibilityworkflow": "FACTORS INVENTORY",
}
#: Words of the enum options in their order: models store the number, so it never changes.
ENUMS = {
    ("reclassifyfactors", "METHOD"): [
        "jenks", "quantile", "equal", "standard", "manual", "aspect", "unique",
    ],
    ("extractsamples", "SPLIT"): ["random", "square", "k-means"],
    ("trainbaseline", "METHOD"): ["logistic", "random forest", "gradient", "frequency"],
    ("predictsusceptibility", "PRECISION"): ["float32", "bfloat16"],
    ("predictsusceptibility", "DEVICE"): ["auto", "cpu", "cuda"],
    ("traindrdn", "DEVICE"): ["auto", "cpu", "cuda"],
    ("validatemodel", "CALIBRATION"): ["none", "isotonic", "platt"],
    ("crossvalidate", "METHOD"): ["square", "k-means", "field"],
    **{
        (name, "MODEL_TYPE"): ["cnn", "lstm", "drdn", "cnn-lstm", "logistic", "random forest",
                               "gradient", "frequency"]
        for name in ("crossvalidate", "tunemodel")
    },
    ("tunemodel", "STRATEGY"): ["grid", "random", "tpe"],
    ("forecastdeformation", "DEVICE"): ["auto", "cpu", "cuda"],
    **{
        (f"{verb}forecaster", name): words
        for verb in ("train", "tune")
        for name, words in (
            ("SPATIAL", ["cnn", "gcn", "resnet"]), ("TEMPORAL", ["lstm", "transformer"]),
            ("VARIANT", ["last", "paper"]), ("DEVICE", ["auto", "cpu", "cuda"]),
        )
    },
    ("tuneforecaster", "STRATEGY"): ["grid", "random", "tpe"],
}  # fmt: skip


@pytest.fixture(scope="module")
def algorithms(qgis_app) -> dict:
    return {a.name(): a for a in qgis_app.provider.algorithms()}


@pytest.fixture(scope="module")
def parameters(algorithms) -> list:
    return [
        (a, p) for a in algorithms.values() if a.groupId() != "workflows"
        for p in a.parameterDefinitions()
    ]  # fmt: skip


def test_plugin_registers_and_removes_its_provider(qgis_app, tmp_path):
    code = """
    registry = QgsApplication.processingRegistry()
    plugin = module.classFactory(None)
    before = plugin.provider
    plugin.initGui()
    registered = registry.providerById("subsidence") is plugin.provider
    plugin.unload()
    after = registry.providerById("subsidence")
    plugin.unload()
    print("SEEN", before, registered, after)
    """
    done = fresh(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "SEEN None True None" in done.stdout


def test_every_algorithm_of_the_design_is_listed(algorithms):
    assert sorted(set(NAMES) - set(algorithms)) == []


def test_every_file_of_a_group_folder_gives_an_algorithm(algorithms):
    files = {p.stem for p in (ROOT / "algorithms").glob("*/*.py") if p.stem != "__init__"}
    assert {name for name in files if not name.startswith("_")} - set(algorithms) == {
        name for name in files if not _has_algorithm(name)
    }


def _has_algorithm(stem: str) -> bool:
    (path,) = (ROOT / "algorithms").glob(f"*/{stem}.py")
    return re.search(r'^    NAME = "', path.read_text(encoding="utf-8"), re.MULTILINE) is not None


def test_ids_are_plain_words(algorithms):
    assert [name for name in algorithms if not re.fullmatch(r"[a-z0-9]+", name)] == []


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_outputs_keep_their_names(algorithms, name):
    if name not in algorithms:
        pytest.fail(f"{name} is not listed")
    found = {p.name() for p in algorithms[name].parameterDefinitions()}
    assert sorted(set(NAMES[name].split()) - found) == []


def test_names_are_upper_case_words(parameters):
    wrong = [p.name() for _, p in parameters if not re.fullmatch(r"[A-Z][A-Z0-9_]*", p.name())]
    assert wrong == []


@pytest.mark.parametrize("key", ENUMS, ids="-".join)
def test_enum_options_keep_their_order(algorithms, key):
    name, parameter = key
    options = algorithms[name].parameterDefinition(parameter).options()
    assert len(options) == len(ENUMS[key])
    for option, expected in zip(options, ENUMS[key]):
        assert expected in option.lower()


def test_every_parameter_has_a_description_and_help(parameters):
    wrong = [f"{a.name()} {p.name()}" for a, p in parameters if len(p.help()) < 15]
    wrong += [f"{a.name()} {p.name()}" for a, p in parameters if len(p.description()) < 3]
    assert wrong == []


def test_descriptions_fit_a_dialog(parameters):
    wrong = [f"{a.name()} {p.name()}" for a, p in parameters if len(p.description()) > 70]
    assert wrong == []


def test_every_algorithm_explains_itself(algorithms):
    wrong = [name for name, a in algorithms.items() if len(a.shortHelpString()) < 100]
    assert wrong == []


def test_a_copy_of_an_algorithm_is_like_it(algorithms):
    for algorithm in algorithms.values():
        copy = algorithm.create()
        assert copy.name() == algorithm.name()
        before = {p.name(): p for p in algorithm.parameterDefinitions()}
        after = {p.name(): p for p in copy.parameterDefinitions()}
        assert list(before) == list(after)
        for name, parameter in before.items():
            for other in (after[name], parameter.clone()):
                assert other.help() == parameter.help(), (algorithm.name(), name)
                assert other.flags() == parameter.flags(), (algorithm.name(), name)
                assert other.defaultValue() == parameter.defaultValue(), (algorithm.name(), name)


def test_vector_outputs_are_files(parameters):
    from qgis.core import QgsProcessingParameterFeatureSink, QgsProcessingParameterVectorDestination

    for algorithm, parameter in parameters:
        where = (algorithm.name(), parameter.name())
        assert not isinstance(parameter, QgsProcessingParameterFeatureSink), where
        if isinstance(parameter, QgsProcessingParameterVectorDestination):
            assert not parameter.supportsNonFileBasedOutput(), where
            assert not parameter.clone().supportsNonFileBasedOutput(), where


def test_optional_outputs_are_not_made_unless_asked_for(parameters):
    from qgis.core import QgsProcessingParameterDefinition

    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    # The two maps that are the point of the algorithm, either of which may be skipped.
    usual = {("forecastresiduals", "SIGNED"), ("forecastresiduals", "ABSOLUTE")}
    for algorithm, parameter in parameters:
        if parameter.isDestination() and parameter.flags() & optional:
            place = (algorithm.name(), parameter.name())
            assert parameter.createByDefault() == (place in usual), place


def fresh(code: str, tmp_path) -> subprocess.CompletedProcess:
    """Run ``code`` in a new Python with QGIS and our provider."""
    start = """
    import importlib.util, os, sys
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    spec = importlib.util.spec_from_file_location(
        "land_subsidence", ROOT + "/__init__.py", submodule_search_locations=[ROOT]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["land_subsidence"] = module
    spec.loader.exec_module(module)
    from qgis.core import *
    app = QgsApplication([], False)
    app.initQgis()
    """
    text = f"ROOT = {str(ROOT)!r}\n" + textwrap.dedent(start) + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip


def test_listing_imports_nothing_heavy(qgis_app, tmp_path):
    code = """
    import json
    before = set(sys.modules)
    plugin = module.classFactory(None)
    plugin.initProcessing()
    for algorithm in plugin.provider.algorithms():
        algorithm.create().shortHelpString()
    print("LOADED", json.dumps(sorted({m.split(".")[0] for m in set(sys.modules) - before})))
    """
    done = fresh(code, tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(re.search(r"LOADED (.*)", done.stdout)[1])
    heavy = {
        "torch", "sklearn", "scipy", "shap", "optuna", "numba", "jenkspy", "matplotlib", "pandas",
        "safetensors", "jinja2",
    }  # fmt: skip
    assert "land_subsidence" in loaded and heavy & set(loaded) == set()


def test_missing_package_is_one_sentence_when_running_and_not_before(qgis_app, tmp_path):
    """Without torch, scikit-learn and the like everything is listed, and a run says what to do."""
    code = """
    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in ("torch", "sklearn", "safetensors", "numba", "jenkspy"):
                raise ModuleNotFoundError(f"No module named '{name}'", name=name)

    sys.meta_path.insert(0, Missing())
    sys.path.append(QgsApplication.pkgDataPath() + "/python/plugins")
    from processing.core.Processing import Processing
    import processing

    Processing.initialize()
    plugin = module.classFactory(None)
    plugin.initProcessing()
    print("LISTED", len(plugin.provider.algorithms()))
    from land_subsidence.subsidence_plugin.engine.vector.write import write_points
    import numpy as np
    n = 20
    label = np.arange(n) % 2
    columns = {"label": label, "split": ["train"] * 14 + ["validation"] * 6,
               "a": label + np.arange(n) / 10.0, "b": np.arange(n, dtype=float)}
    folder = os.environ["HOME"]
    write_points(folder + "/s.gpkg", np.arange(n) * 9.0, np.zeros(n), columns, "EPSG:32648")
    try:
        processing.run("subsidence:traindrdn", {
            "SAMPLES": folder + "/s.gpkg", "EPOCHS": 1, "MODEL": folder + "/m.safetensors"})
    except QgsProcessingException as error:
        print("ERROR", error)
    print("LEFT", sorted(f for f in os.listdir(folder) if f.startswith((".m", "m."))))
    """
    done = fresh(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(re.search(r"LISTED (\d+)", done.stdout)[1]) >= len(NAMES)
    message = re.search(r"ERROR (.*)", done.stdout)[1]
    assert re.match(r"The Python package '(torch|safetensors)' is needed to ", message)
    assert "see 'Check installation'" in message and "\n" not in message
    assert "LEFT []" in done.stdout


def test_qgis_process_lists_and_explains(qgis_process):
    done = qgis_process("help", "subsidence:mapproject")
    assert done.returncode == 0, done.stderr
    assert "LAYERS" in done.stdout and "Map as PDF" in done.stdout
