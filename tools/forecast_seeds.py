"""How far forecasts can be trusted, where the truth is known: over ten seeds of the example area.

    .venv/bin/python tools/forecast_seeds.py [seeds [trials [passes [top [workers]]]]]

tunes ResNet + Transformer on each area with the plugin's own jobs and prints, from the test dates
alone: skill against the best baseline at each step, coverage of the 90 % intervals, Brier scores
of the exceedance probabilities, and how well the ensemble's spread points at the planted fault
and bowl edges. A line a seed and the mean go into ``build/forecast-seeds/seeds.csv``.
"""
# ruff: noqa: E402 - the checkout has a name only once it is loaded

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))

from checkout import ROOT, load

load()

import numpy as np
from land_subsidence.subsidence_plugin.engine.forecasting.assess import assess
from land_subsidence.subsidence_plugin.engine.forecasting.conformal import coverage_of
from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster
from land_subsidence.subsidence_plugin.engine.forecasting.recipe import forecast_recipe
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.jobs.forecast_data import read_forecast_data
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.validation.metrics import auc
from osgeo import gdal, ogr

OUT = ROOT / "build" / "forecast-seeds"
QUANTILES = (85, 95, 99)
#: Cells to either side of a bowl's edge or the fault that count as edge.
NEAR = 1.0


def silent() -> Progress:
    """Return a progress that says nothing."""
    return Progress(on_message=lambda _text, _level: None)


def one_seed(seed: int, trials: int, epochs: int, top: int, workers: int) -> dict[str, float]:
    """Return the figures of one area."""
    folder = OUT / str(seed)
    folder.mkdir(parents=True, exist_ok=True)
    stack, points, model = (
        str(folder / name) for name in ("stack.tif", "insar.gpkg", "model.safetensors")
    )
    run_job(
        "createexample",
        {
            "width": 600, "height": 500, "seed": seed, "factors": str(folder / "factors.tif"),
            "inventory": str(folder / "inventory.gpkg"), "insar": points,
            "truth": str(folder / "truth.tif"),
        },
        silent(),
    )  # fmt: skip
    run_job("griddeformation", {"points": points, "output": stack, "left_out": 0}, silent())
    begin = time.perf_counter()
    run_job(
        "tuneforecaster",
        {
            "input": stack, "model": model, "trials": trials, "epochs": epochs, "top": top,
            "seed": seed, "workers": workers,
        },
        silent(),
    )  # fmt: skip
    seconds = time.perf_counter() - begin
    forecaster = load_forecaster(model)
    card = forecaster.card
    recipe = forecast_recipe("resnet", "transformer", "lastmap", card.window, card.horizon)
    data = read_forecast_data(silent(), recipe, stack).data
    found = assess(forecaster, data).found
    coverage = coverage_of(forecaster, data, coverages=(0.9,))[0]
    figures = {"seed": seed, "seconds": seconds, "members": forecaster.members}
    figures.update({f"skill_{h}": v for h, v in enumerate(found.by_horizon, 1)})
    figures["coverage"] = float(coverage.mean())
    figures.update(exceedance(forecaster, data))
    figures.update(edges(forecaster, data, planted(points), stack))
    return figures


def exceedance(forecaster, data) -> dict[str, float]:
    """Return mean Brier scores at the last step, of the ensemble, the base rate and persistence.

    The base rate is that of the observed maps themselves: the best constant in hindsight.
    """
    card, area = forecaster.card, data.areas[0]
    sums: dict[str, list[float]] = {}
    for origin in data.split.origins("test", card.window, card.horizon, card.gap):
        members = np.abs(forecaster.forecast(area, int(origin))[:, -1, area.mask])
        middle = np.abs(np.median(forecaster.forecast(area, int(origin))[:, -1, area.mask], axis=0))
        truth = np.abs(area.levels[origin + card.gap + card.horizon, area.mask])
        last = np.abs(area.levels[origin, area.mask])
        for q, limit in zip(QUANTILES, np.percentile(middle, QUANTILES)):
            event = truth >= limit
            for name, probability in (
                ("ensemble", (members >= limit).mean(axis=0)),
                ("base rate", event.mean()),
                ("persistence", (last >= limit).astype(float)),
            ):
                key = f"Brier P{q} {name}"
                sums.setdefault(key, []).append(float(np.mean((probability - event) ** 2)))
    return {name: float(np.mean(values)) for name, values in sums.items()}


def planted(points: str) -> dict:
    """Return bowls and fault from the metadata of the points."""
    opened = ogr.Open(points)
    return json.loads(opened.GetLayer().GetMetadataItem("PLANTED"))


def edges(forecaster, data, truth: dict, stack: str) -> dict[str, float]:
    """Return the AUC of spread and gradient for cells at the fault and at bowls' edges."""
    area = data.areas[0]
    left, size, _, top, _, down = gdal.Open(stack).GetGeoTransform()
    rows, columns = np.indices(area.mask.shape)
    x, y = left + (columns + 0.5) * size, top + (rows + 0.5) * down
    edge = np.zeros(area.mask.shape, bool)
    for bowl in truth["bowls"]:
        distance = np.hypot(x - bowl["x"], y - bowl["y"])
        edge |= np.abs(distance - bowl["radius"]) <= NEAR * size
    fault = truth["fault"]
    dx, dy = fault["x2"] - fault["x1"], fault["y2"] - fault["y1"]
    aside = ((x - fault["x1"]) * dy - (y - fault["y1"]) * dx) / np.hypot(dx, dy)
    edge |= np.abs(aside) <= NEAR * size
    members = forecaster.forecast(area, len(area.days) - 1)[:, -1]
    spread = np.abs(members).std(axis=0)
    median = np.where(area.mask, np.median(members, axis=0), 0)
    gradient = np.hypot(*np.gradient(median))
    mask = area.mask
    return {
        "AUC spread": auc(edge[mask].astype(int), spread[mask]),
        "AUC gradient": auc(edge[mask].astype(int), gradient[mask]),
    }


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    count, *settings = [*given, *(10, 8, 8, 5, 2)[len(given) :]]
    OUT.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(1, count + 1):
        rows.append(one_seed(seed, *settings))
        print(json.dumps({k: round(v, 4) for k, v in rows[-1].items()}), flush=True)
    mean = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    with (OUT / "seeds.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows([*rows, {**mean, "seed": "mean"}])
    for name, value in mean.items():
        spread = np.std([row[name] for row in rows])
        print(f"{name:24}{value:9.4f} ± {spread:.4f}")


if __name__ == "__main__":
    main()
