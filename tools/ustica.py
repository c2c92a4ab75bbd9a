"""Real EGMS data of Ustica through the plugin's algorithms, beside what is known of them.

    SUBSIDENCE_TEST_DATA=../shared/data .venv/bin/python tools/ustica.py

Reads the four files, decomposes the two tracks and compares them with official level 3 at the
cells and gridded; repeats published errors of simple forecasts; trains forecasters with and
without a gap. Leaves ``report.html``, tables and layers in ``build/ustica`` and prints the table
of the README. ``quick`` as an argument leaves the networks out.
"""
# ruff: noqa: E402 - the checkout has a name only once it is loaded

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent / name) for name in ("bench", "ustica")]

from checkout import ROOT, load

load()

import numpy as np
from comparison import at_cells, cells_of, on_grid, read
from findings import Findings, agreements
from forecasts import (
    GAPS,
    HORIZON,
    STEPS,
    TEST_SHARE,
    VALIDATION_SHARE,
    WINDOW,
    baselines,
    same_baselines,
    skill_against_best,
    trained,
)
from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster
from page import write_page

OUT = ROOT / "build" / "ustica"
LOG = OUT / "log.txt"
#: Layer, file, and what the report calls it.
FILES = {
    "ascending": ("EGMS_L2b_117_0227_IW2_VV_2020_2024_1.zip", "L2b 117 ascending"),
    "descending": ("EGMS_L2b_022_0845_IW2_VV_2020_2024_1.zip", "L2b 022 descending"),
    "vertical_l3": ("EGMS_L3_E45N17_100km_U_2020_2024_1.csv", "L3 vertical (U)"),
    "east_l3": ("EGMS_L3_E45N17_100km_E_2020_2024_1.csv", "L3 east (E)"),
}
#: Algorithm, place of the spatial encoder, own parameters; the first one is spoken of.
SEED, RESNET = 7, 2
NETWORKS = {
    "resnet": ("trainforecaster", RESNET, {"REPEATS": 3}),
    "gcn": ("trainforecaster", 1, {"REPEATS": 3}),
    "tuned": ("tuneforecaster", RESNET, {"TRIALS": 8, "TOP": 3, "WORKERS": 1}),
}
#: Largest difference in mm between baselines of this tool and of the trainer's tables.
SAME = 0.001


def step(algorithm: str, **parameters: object) -> dict[str, str]:
    """Run one algorithm and return its results; on failure end with its last lines."""
    command = [str(ROOT / "tools" / "qgis-process.sh"), "run", f"subsidence:{algorithm}"]
    command += [f"--{name}={value}" for name, value in parameters.items()]
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command[1:])}\n{done.stdout}{done.stderr}\n")
    if done.returncode:
        sys.exit("\n".join([f"{algorithm} failed:", *done.stderr.strip().splitlines()[-5:]]))
    print(f"  {algorithm:24}{time.perf_counter() - begin:6.1f} s", flush=True)
    results = done.stdout.rpartition("Results")[2].splitlines()
    return dict(line.split(":\t", 1) for line in results if ":\t" in line)


def prepare(folder: Path) -> tuple[float, float]:
    """Import, decompose and grid; return the RMSE of both griddings at left-out points."""
    for name, (file, _title) in FILES.items():
        step("importinsar", INPUT=folder / file, OUTPUT=OUT / f"{name}.gpkg")
    step(
        "decomposelos", ASCENDING=OUT / "ascending.gpkg", DESCENDING=OUT / "descending.gpkg",
        RESOLUTION=100, DATES=2, STEP=6, VERTICAL=OUT / "vertical.gpkg", EAST=OUT / "east.gpkg",
    )  # fmt: skip
    official = read(OUT / "vertical_l3.gpkg")
    cells = np.array(list(cells_of(official))) * 100
    (left, bottom), (right, top) = cells.min(axis=0), cells.max(axis=0) + 100
    found = [
        step(
            "griddeformation", INPUT=OUT / f"{name}.gpkg", OUTPUT=OUT / f"{name}.tif",
            EXTENT=f"{left},{right},{bottom},{top} [EPSG:3035]",
        )
        for name in ("vertical_l3", "vertical")
    ]  # fmt: skip
    return tuple(float(result["RMSE"]) for result in found)


def compare(left_out: tuple[float, float]) -> Findings:
    """Compare with level 3, and score the simple forecasts."""
    layers = {name: read(OUT / f"{name}.gpkg") for name in (*FILES, "vertical", "east")}
    cells = [
        at_cells("Vertical", layers["vertical_l3"], layers["vertical"]),
        at_cells("East", layers["east_l3"], layers["east"]),
    ]
    grid = on_grid("Vertical, gridded", OUT / "vertical_l3.tif", OUT / "vertical.tif")
    known = cells_of(layers["vertical_l3"])
    places = zip((grid.x // 100).astype(int), (grid.y // 100).astype(int))
    grid.support[:] = [place in known for place in places]
    scored = {gap: baselines(layers["vertical_l3"], gap) for gap in GAPS}
    return Findings(
        {title: layers[name] for name, (_file, title) in FILES.items()}, cells, grid, left_out,
        len(set(cells_of(layers["vertical"])) - set(known)),
        {gap: curves for gap, (curves, _origins) in scored.items()},
        {gap: origins for gap, (_curves, origins) in scored.items()},
    )  # fmt: skip


def train_one(name: str, gap: int) -> None:
    """Train or tune one forecaster and leave its table and report."""
    algorithm, spatial, own = NETWORKS[name]
    data = {"INPUT": OUT / "vertical_l3.tif"} if spatial == RESNET else {}
    step(
        algorithm, **data, POINTS=OUT / "vertical_l3.gpkg", SPATIAL=spatial, TEMPORAL=1, VARIANT=0,
        WINDOW=WINDOW, HORIZON=HORIZON, GAP=gap, VALIDATION_SHARE=VALIDATION_SHARE,
        TEST_SHARE=TEST_SHARE, SEED=SEED, DEVICE=1, MODEL=OUT / f"{name}_{gap}.safetensors",
        TABLE=OUT / f"{name}_{gap}.csv", REPORT=OUT / f"{name}_{gap}.html", **own,
    )  # fmt: skip


def train() -> None:
    """Train and tune the forecasters, two at a time, the slowest first."""
    slowest_first = sorted(NETWORKS, key=lambda name: NETWORKS[name][0], reverse=True)
    with ThreadPoolExecutor(max_workers=2) as pool:
        jobs = [pool.submit(train_one, name, gap) for name in slowest_first for gap in GAPS]
        for job in jobs:
            job.result()


def add_curves(found: Findings) -> None:
    """Add what the forecasters' tables say, after a check that they were scored alike."""
    for gap in GAPS:
        found.trained[gap], found.coverage[gap] = {}, {}
        for name, (_algorithm, spatial, _own) in NETWORKS.items():
            split = "test at points" if spatial == RESNET else "test"
            curves = trained(OUT / f"{name}_{gap}.csv", split)
            apart = same_baselines(found.simple[gap], curves)
            if apart > SAME:
                sys.exit(
                    f"{name}_{gap}.csv was not scored on the same values: its baselines differ by "
                    f"{apart:.3f} mm from those of this tool."
                )
            own = {c.title: c for c in curves.values() if not c.is_baseline}
            found.trained[gap].update(own)
            card = load_forecaster(str(OUT / f"{name}_{gap}.safetensors")).card
            inside = float(np.mean(card.metrics["coverage"]["90 %"]))
            found.coverage[gap].update({title: 100 * inside for title in own})
    found.about["Forecasters"] = (
        f"window {WINDOW}, horizon {HORIZON}, validation share {VALIDATION_SHARE:g}, test share "
        f"{TEST_SHARE:g}, seed {SEED}; declared defaults, tuned: best 3 of 8 trials and the "
        "defaults"
    )
    found.about["Reports of the forecasters"] = ", ".join(
        f"{name}_{gap}.html" for name in NETWORKS for gap in GAPS
    )


def write_tables(found: Findings) -> None:
    """Write agreements and errors as CSV, and print those of the README."""
    rows = agreements(found)
    with (OUT / "comparison.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["what", *next(iter(rows.values()))._fields])
        writer.writerows([name, *values] for name, values in rows.items())
    heads = [f"{step} steps" if step > 1 else "1 step" for step in STEPS] + ["all"]
    print(f"\n| RMSE (mm) | gap | {' | '.join(heads)} | skill |\n|---|---|---|---|---|---|---|")
    with (OUT / "forecasts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["forecast", "gap", "step", "rmse"])
        for gap in GAPS:
            simple = found.simple[gap]
            for curve in [*simple.values(), *found.trained.get(gap, {}).values()]:
                writer.writerow([curve.title, gap, "all", f"{curve.overall:.4f}"])
                writer.writerows(
                    [curve.title, gap, i, f"{value:.4f}"] for i, value in enumerate(curve.rmse, 1)
                )
                skill = f"{skill_against_best(curve, simple)[-1]:+.3f}"
                shown = [f"{value:.2f}" for value in curve.cells]
                shown.append("" if curve.is_baseline else skill)
                print(f"| {curve.title} | {gap} | {' | '.join(shown)} |")


def main() -> None:
    folder = Path(os.environ.get("SUBSIDENCE_TEST_DATA", "../shared/data")) / "egms_ustica"
    missing = [file for file, _title in FILES.values() if not (folder / file).is_file()]
    if missing:
        sys.exit(
            f"SUBSIDENCE_TEST_DATA must name a folder with egms_ustica/{missing[0]}; there is no "
            f"{folder / missing[0]}."
        )
    OUT.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    begin = time.perf_counter()
    print("Ustica:")
    found = compare(prepare(folder.resolve()))
    if "quick" not in sys.argv[1:]:
        train()
        add_curves(found)
    write_tables(found)
    write_page(str(OUT / "report.html"), found)
    place = os.path.relpath(OUT)
    print(f"\nReport {place}/report.html · tables {place}/*.csv · log {place}/log.txt")
    print(f"Done in {time.perf_counter() - begin:.0f} s.")


if __name__ == "__main__":
    main()
