"""Networks, models and training run where neither QGIS nor GDAL is installed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ENGINE = ROOT / "subsidence_plugin" / "engine"
ROOMS = ("networks", "training", "models", "baselines")
HEAVY = {"torch", "sklearn", "scipy", "numba", "safetensors", "matplotlib", "jinja2", "shap"}
FILES = sorted(path for room in ROOMS for path in (ENGINE / room).glob("*.py"))


def imported(node):
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return {node.module.split(".")[0]}
    if isinstance(node, ast.ImportFrom):
        return {f"..{(node.module or '').split('.')[0]}"} if node.level == 2 else set()
    return set()


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_no_gdal_no_qgis_and_nothing_heavy_at_the_top(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    everywhere = set().union(*(imported(node) for node in ast.walk(tree)))
    assert not everywhere & {"qgis", "osgeo", "pickle", "..raster", "..vector", "..jobs"}
    top = set().union(*(imported(node) for node in tree.body))
    assert not top & HEAVY


def test_trains_and_predicts_with_qgis_and_gdal_blocked():
    """scipy, scikit-learn and safetensors are blocked as well: a GPU host has torch alone."""
    code = f"""
import sys
for name in ("qgis", "osgeo", "scipy", "sklearn", "safetensors", "numba"):
    sys.modules[name] = None
sys.path.insert(0, {str(ROOT / "tools" / "bench")!r})
from checkout import load
load()
import numpy as np
from land_subsidence.subsidence_plugin.engine.models.card import Card
from land_subsidence.subsidence_plugin.engine.models.encode import encode, fit_factors
from land_subsidence.subsidence_plugin.engine.models.model import Model
from land_subsidence.subsidence_plugin.engine.training.loop import train
from land_subsidence.subsidence_plugin.engine.training.settings import Settings
rows = np.random.default_rng(0).random((60, 3), dtype=np.float32)
factors = fit_factors(rows, ["a", "b", "c"])
inputs = encode(rows, factors)[0]
trained = train("lstm", {{}}, inputs, (rows[:, 0] > 0.5).astype(int), Settings(epochs=2))
found = Model(Card("lstm", factors), trained.members).probability(inputs)
print(found.shape, float(found.min()) > 0, float(found.max()) < 1)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout.split("\n")[0] == "(1, 60) True True", done.stderr
