"""What the plugin adds to starting QGIS: ``qgis_process list`` without and with it, in turns.

Beside it stands a plugin whose provider lists nothing, run in the same turns: what Python plugins
cost by themselves, and what a busy machine adds to everything. Processor time says more than the
clock where other programs run.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
TURNS = 7
BUDGET = 0.2
#: What listing algorithms and opening dialogs does not need.
HEAVY = (
    "torch", "sklearn", "scipy", "numpy", "matplotlib", "shap", "optuna", "numba", "jinja2",
    "safetensors", "jenkspy", "pandas", "sqlite3",
)  # fmt: skip
METADATA = """[general]
name=Empty
description=Lists nothing
version=1
qgisMinimumVersion=3.22
author=nobody
email=nobody@example.org
about=A provider without algorithms
hasProcessingProvider=yes
"""
EMPTY = """def classFactory(iface):
    from qgis.core import QgsApplication, QgsProcessingProvider

    class Provider(QgsProcessingProvider):
        def id(self):
            return "empty"

        def name(self):
            return "Empty"

        def loadAlgorithms(self):
            pass

    class Plugin:
        def initProcessing(self):
            self.provider = Provider()
            QgsApplication.processingRegistry().addProvider(self.provider)

    return Plugin()
"""


class Spent(NamedTuple):
    """Seconds by the clock, and of the processor."""

    clock: float
    processor: float


def bench() -> list[dict]:
    """Return the added seconds and the heavy packages imported by listing."""
    program = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    with tempfile.TemporaryDirectory() as folder:
        homes = [Path(folder) / name for name in ("plain", "empty", "enabled")]
        environments = [environment(home) for home in homes]
        (homes[2] / "plugins" / "land_subsidence").symlink_to(ROOT)
        add_empty(homes[1] / "plugins" / "empty_provider")
        run([program, "plugins", "enable", "empty_provider"], environments[1])
        run([program, "plugins", "enable", "land_subsidence"], environments[2])
        listings = [run([program, "list"], e) for e in environments]  # also warms the caches
        turns = [[spent(program, e) for e in environments] for _ in range(TURNS)]
        before, imported = (imports(program, environments[i]) for i in (1, 2))
    if "subsidence" not in listings[2] or "subsidence:" in listings[0]:
        raise RuntimeError("qgis_process does not list the plugin, so there is nothing to measure")
    # Other programs only ever add: the least of several turns is nearest to the truth.
    plain, empty, enabled = (Spent(*map(min, zip(*own))) for own in zip(*turns))
    rows = [
        ("qgis_process list, added by the plugin", enabled.clock - plain.clock, True),
        ("the same in processor time", enabled.processor - plain.processor, True),
        ("added by a plugin with an empty provider", empty.clock - plain.clock, False),
        ("the same in processor time", empty.processor - plain.processor, False),
    ]
    own = [name for name in imported if name not in before]
    return [
        *(
            {"name": f"{name} (least of {TURNS} turns)", "value": round(value, 3), "unit": "s",
             "target": f"at most {BUDGET}" if judged else "none",
             "ok": not judged or value <= BUDGET}
            for name, value, judged in rows
        ),
        {
            "name": f"of {len(HEAVY)} heavy packages imported by listing",
            "value": ", ".join(own) or "none", "unit": "", "target": "none", "ok": not own,
        },
    ]  # fmt: skip


def add_empty(folder: Path) -> None:
    """Write a plugin whose provider has no algorithm."""
    folder.mkdir()
    (folder / "metadata.txt").write_text(METADATA, encoding="utf-8")
    (folder / "__init__.py").write_text(EMPTY, encoding="utf-8")


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a QGIS profile with plugins of its own."""
    plugins = home / "plugins"
    plugins.mkdir(parents=True)
    site = next((ROOT / ".venv" / "lib").glob("python3*/site-packages"), ROOT)
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,  # users have compiled modules from the second start on
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_PLUGINPATH": str(plugins),
        "PYTHONPATH": str(site),
    }


def spent(program: str, chosen: dict[str, str]) -> Spent:
    """Return what listing costs in this environment."""
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run([program, "list"], chosen)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(time.perf_counter() - begin, processor)


def imports(program: str, chosen: dict[str, str]) -> list[str]:
    """Return which of the heavy packages Python imports while listing."""
    told = {**chosen, "PYTHONVERBOSE": "1"}
    done = subprocess.run(
        [program, "list"], env=told, capture_output=True, text=True, errors="replace", check=True
    )
    if "import 'encodings" not in done.stderr and "import 'qgis" not in done.stderr:
        raise RuntimeError("Python did not say what it imports")
    return [name for name in HEAVY if f"import '{name}'" in done.stderr]


def run(command: list[str], chosen: dict[str, str]) -> str:
    """Return what a command says."""
    return subprocess.run(
        command, env=chosen, capture_output=True, text=True, errors="replace", check=True
    ).stdout


if __name__ == "__main__":
    rows = bench()
    for row in rows:
        print(*(f"{key}={value}" for key, value in row.items()))
    sys.exit(not all(row["ok"] for row in rows))
