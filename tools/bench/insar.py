"""Import of InSAR time series: 100,000 points × 300 dates against ``ogr2ogr`` from the same csv.

Both write a GPKG of points with a spatial index, each in its own process, in turns; the best turn
of each counts. ``ogr2ogr`` guesses the types of columns, as its users let it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load

POINTS, DATES, STEP, TURNS = 100_000, 300, 6, 2
#: Rows with different numbers; more are their repetition at other places.
PATTERNS = 4000
GIBIBYTE = 2**30
STATIC = (
    "pid,easting,northing,height_ortho,rmse_ts,mean_velocity,mean_velocity_std,acceleration,"
    "acceleration_std,seasonality,seasonality_std,gnss_velocity_n,gnss_velocity_e,gnss_velocity_u"
)


def bench() -> list[dict]:
    """Return seconds and peak memory of both, and their ratio (targets 1.5 and 1.5 GiB)."""
    load()
    tool = shutil.which("ogr2ogr")
    what = f"{POINTS:,} points × {DATES} dates"
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "EGMS_L3_E40N30_100km_U_2020_2024_1.csv"
        write_table(table)
        ours, theirs = [], []
        for _turn in range(TURNS):
            ours.append(measured(import_command(folder, table)))
            if tool:
                theirs.append(measured(ogr_command(tool, folder, table)))
        seconds, peak = best(ours)
        rows = [row(f"subsidence:importinsar, {what}", seconds, "s")]
        limit = 1.5
        if theirs:
            reference, their_peak = best(theirs)
            rows += [
                row(f"ogr2ogr -oo AUTODETECT_TYPE=YES, {what}", reference, "s"),
                row("importinsar / ogr2ogr", seconds / reference, "ratio", f"<= {limit}",
                    seconds <= limit * reference),
                row("ogr2ogr, peak memory", their_peak, "GiB"),
            ]  # fmt: skip
        rows.append(row("importinsar, peak memory", peak, "GiB", "< 1.5", peak < 1.5))
        return rows


def row(name, value, unit, target=None, ok=None) -> dict:
    return {"name": name, "value": round(value, 3), "unit": unit, "target": target, "ok": ok}


def write_table(path: Path) -> None:
    """Write a csv in the columns of EGMS L3, values with one decimal as delivered."""
    import numpy as np

    rng = np.random.default_rng(1)
    days = np.datetime64("2020-01-03") + STEP * np.arange(DATES)
    names = [str(day).replace("-", "") for day in days]
    series = np.round(np.cumsum(rng.normal(0, 1, (PATTERNS, DATES)), axis=1), 1)
    static = np.round(rng.normal(0, 2, (PATTERNS, STATIC.count(",") - 2)), 1)
    tails = [",".join(map(str, line)) for line in np.hstack([static, series]).tolist()]
    with open(path, "w", encoding="ascii") as stream:
        stream.write(",".join([STATIC, *names]) + "\n")
        for index in range(POINTS):
            x, y = 4_000_050 + 100 * (index % 1000), 3_000_050 + 100 * (index // 1000)
            stream.write(f"10LD{index:06d},{x},{y},{tails[index % PATTERNS]}\n")


def import_command(folder: str, table: Path) -> list[str]:
    """Return the command that runs our job in a process of its own."""
    target = Path(folder) / "ours.gpkg"
    target.unlink(missing_ok=True)
    task = Path(folder) / "task.json"
    arguments = {"inputs": [str(table)], "output": str(target)}
    task.write_text(json.dumps({"job": "importinsar", "arguments": arguments}), encoding="utf-8")
    return [sys.executable, "-m", "engine.jobs", str(task)]


def ogr_command(tool: str, folder: str, table: Path) -> list[str]:
    """Return the command of GDAL's own tool."""
    target = Path(folder) / "theirs.gpkg"
    target.unlink(missing_ok=True)
    places = ["X_POSSIBLE_NAMES=easting", "Y_POSSIBLE_NAMES=northing"]
    options = [part for place in places for part in ("-oo", place)]
    return [
        tool, "-oo", "AUTODETECT_TYPE=YES", *options, "-a_srs", "EPSG:3035", str(target),
        str(table),
    ]  # fmt: skip


def measured(command: list[str]) -> tuple[float, float]:
    """Return seconds and peak memory (GiB) of a command."""
    folder = Path(__file__).resolve().parents[2] / "subsidence_plugin"
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, peak_memory(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with {process.returncode}.")
    return time.perf_counter() - start, peak


def peak_memory(process: int) -> float:
    """Return the largest resident size so far, GiB; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0].split()[1]) * 1024 / GIBIBYTE if found else 0.0


def best(runs: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the least seconds and the largest memory."""
    return min(seconds for seconds, _peak in runs), max(peak for _seconds, peak in runs)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for result in bench():
        print(result)
