"""What the plugin adds to starting QGIS: ``qgis_process list`` with it and without it, in pairs."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAIRS = 7
HEAVY = ("torch", "sklearn")


def bench() -> list[dict]:
    """Return the added seconds and the heavy packages imported by listing."""
    program = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    with tempfile.TemporaryDirectory() as folder:
        plain, enabled = Path(folder) / "plain", Path(folder) / "enabled"
        environments = [environment(plain), environment(enabled, plugin=True)]
        run([program, "plugins", "enable", "land_subsidence"], environments[1])
        listings = [run([program, "list"], e) for e in environments]  # also warms the caches
        added = [seconds(program, environments) for _ in range(PAIRS)]
        imported = heavy_imports(program, environments[1])
    if "subsidence" not in listings[1] or "subsidence:" in listings[0]:
        raise RuntimeError("qgis_process does not list the plugin, so there is nothing to measure")
    cost = statistics.median(added)
    return [
        {
            "name": "qgis_process list, added by the plugin (median of pairs)",
            "value": round(cost, 3), "unit": "s", "target": "at most 0.2", "ok": cost <= 0.2,
        },
        {
            "name": "torch and scikit-learn imported by listing",
            "value": ", ".join(imported) or "none", "unit": "", "target": "none",
            "ok": not imported,
        },
    ]  # fmt: skip


def environment(home: Path, plugin: bool = False) -> dict[str, str]:
    """Return the environment of a QGIS profile of its own, which may see this checkout."""
    plugins = home / "plugins"
    plugins.mkdir(parents=True)
    if plugin:
        (plugins / "land_subsidence").symlink_to(ROOT)
    site = next((ROOT / ".venv" / "lib").glob("python3*/site-packages"), ROOT)
    return {
        **os.environ,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_PLUGINPATH": str(plugins),
        "PYTHONPATH": str(site),
    }


def seconds(program: str, environments: list[dict[str, str]]) -> float:
    """Return how much longer the second environment takes to list, run right after the first."""
    times = []
    for chosen in environments:
        begin = time.perf_counter()
        run([program, "list"], chosen)
        times.append(time.perf_counter() - begin)
    return times[1] - times[0]


def heavy_imports(program: str, chosen: dict[str, str]) -> list[str]:
    """Return which of the heavy packages Python imports while listing."""
    told = {**chosen, "PYTHONVERBOSE": "1"}
    done = subprocess.run(
        [program, "list"], env=told, capture_output=True, text=True, errors="replace", check=True
    )
    if "import 'land_subsidence" not in done.stderr:
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
