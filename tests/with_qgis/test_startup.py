"""Starting QGIS with the plugin imports nothing heavy, reads nothing twice, opens nothing."""

import json
import os
import subprocess
import sys

import pytest

#: Loads the plugin as QGIS does, in a Python of its own, and tells what that brought.
CODE = """
import builtins, io, json, os, sys
from pathlib import Path
from qgis.core import QgsApplication
app = QgsApplication([], False)
app.initQgis()
sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))
from processing.core.Processing import Processing
Processing.initialize()
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
import conftest
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
plugin = sys.modules["land_subsidence"].classFactory(None)
from land_subsidence.algorithms.base import SubsidenceAlgorithm
declared = []
init = SubsidenceAlgorithm.initAlgorithm
def count(self, configuration=None):
    declared.append(self.name())
    init(self, configuration)
SubsidenceAlgorithm.initAlgorithm = count
plugin.initProcessing()
registry = QgsApplication.processingRegistry()
print(json.dumps({
    "new": sorted(set(sys.modules) - before),
    "declared": declared,
    "opened": [name for name in opened if "land_subsidence" in name or sys.argv[2] in name],
    "algorithms": [a.name() for a in registry.providerById("subsidence").algorithms()],
    "found": registry.algorithmById("subsidence:forecastworkflow") is not None,
}))
os._exit(0)
"""
#: Packages that only a computation, a report or a dialog may import.
HEAVY = {
    "torch", "sklearn", "scipy", "numpy", "matplotlib", "shap", "optuna", "numba", "jinja2",
    "safetensors", "jenkspy", "pandas", "sqlite3", "sqlalchemy", "multiprocessing", "unittest",
    "asyncio", "http", "xml",
}  # fmt: skip


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    from conftest import ROOT

    home = str(tmp_path_factory.mktemp("home"))
    environment = {**os.environ, "HOME": home, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(ROOT / "tests"), str(ROOT)], env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_nothing_heavy_is_imported(started):
    assert {name.partition(".")[0] for name in started["new"]} & HEAVY == set()
    # GDAL belongs to QGIS's own Processing plugin; our rooms that read files come with a run.
    rooms = {name for name in started["new"] if ".engine.raster" in name or ".vector" in name}
    assert rooms == set()


def test_the_window_is_not_imported_without_one(started):
    ours = [name for name in started["new"] if name.startswith("land_subsidence.")]
    assert [name for name in ours if ".gui" in name or ".map_" in name] == []
    # Algorithms, their parts, and the declarations of models: each a small file.
    assert len(ours) < 120


def test_every_algorithm_is_declared_once_and_again_for_workflows_only(started):
    """Workflows hold copies of their steps; else loading is not done twice."""
    own = [n for n in started["algorithms"] if not n.endswith("workflow")]
    first = started["declared"][: len(own)]
    assert sorted(first) == sorted(own)
    assert len(started["declared"]) < 2 * len(own)
    assert started["found"]


def test_no_file_of_data_is_read(started):
    """Only modules: help pages, styles and reports are read when they are shown."""
    read = {os.path.splitext(name)[1] for name in started["opened"]}
    assert read <= {".pyc", ".py", ""}, sorted(started["opened"])
