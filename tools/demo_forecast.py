"""Drive the forecasting workflow of paper R with ``qgis_process`` alone, on the example area.

Leaves maps, reports and a project in ``build/demo-forecast`` and ends with the figures.
"""

from __future__ import annotations

import csv
import os
import time

from headless import ROOT, Headless

OUT = ROOT / "build" / "demo-forecast"
step = Headless(OUT)
#: A tenth of the paper's trials: enough to see the chain, not to judge the method.
TRIALS, TOP, EPOCHS = 5, 3, 6
HORIZON = 10
#: Output of the workflow and the file it becomes.
FILES = {
    "grid:DEFORMATION": "deformation.tif", "grid:REPORT": "gridding.html",
    "tune:MODEL": "forecaster.safetensors", "tune:SCORES": "scores.csv",
    "tune:TUNING_REPORT": "forecaster.html", "past:PAST_FORECAST": "past_forecast.tif",
    "residuals:SIGNED_RESIDUALS": "residuals.tif",
    "residuals:ABSOLUTE_RESIDUALS": "absolute_residuals.tif",
    "residuals:RESIDUAL_REPORT": "residuals.html", "forecast:FORECAST": "forecast.tif",
    "forecast:CHANGE": "change.tif",
    "forecast:LOWER": "lower.tif", "forecast:UPPER": "upper.tif",
    "forecast:MEMBERS": "members.tif", "forecast:POINT_FORECAST": "point_forecast.gpkg",
    "uncertainty:LEVELS": "levels.tif", "uncertainty:EXCEEDANCE": "exceedance.tif",
    "uncertainty:CONFIDENCE": "confidence.tif", "uncertainty:SPREAD": "spread.tif",
    "uncertainty:BIVARIATE": "bivariate.tif",
    "uncertainty:UNCERTAINTY_REPORT": "uncertainty.html", "priority:PRIORITY": "priority.tif",
    "priority:AREAS": "areas.csv",
}  # fmt: skip
#: From top to bottom.
LAYERS = (
    "point_forecast.gpkg", "priority.tif", "bivariate.tif", "levels.tif", "exceedance.tif",
    "confidence.tif", "spread.tif", "change.tif", "residuals.tif", "absolute_residuals.tif",
    "forecast.tif", "lower.tif", "upper.tif", "deformation.tif",
)  # fmt: skip


def summary() -> None:
    """Print the scores at some steps, the areas of the actions, and what lies where."""
    with (OUT / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    steps = (1, HORIZON // 2, HORIZON)
    head = "".join(f"{'step ' + str(s):>10}" for s in steps)
    print(f"\n{'RMSE of test dates, mm':44}{head}")
    for model in dict.fromkeys(row["model"] for row in rows):
        own = {int(row["step"]): float(row["rmse"]) for row in rows if row["model"] == model}
        print(f"{model:44}{''.join(f'{own[s]:10.2f}' for s in steps)}")
    with (OUT / "areas.csv").open(encoding="utf-8", newline="") as file:
        print("\nMonitoring priority, km²")
        for row in csv.DictReader(file):
            print(f"{float(row['area_km2']):8.2f}  {row['label']}")
    place = os.path.relpath(OUT)
    print(f"\nProject {place}/demo.qgz · map {place}/demo.pdf")
    reports = ("forecaster", "residuals", "uncertainty", "gridding")
    print("Reports " + " · ".join(f"{place}/{name}.html" for name in reports))


def main() -> None:
    begin = time.perf_counter()
    print("Forecasting chain on the example area:")
    step(
        "createexample", WIDTH=600, HEIGHT=500, SEED=7, FACTORS=OUT / "factors.tif",
        INVENTORY=OUT / "inventory.gpkg", INSAR=OUT / "insar.gpkg", TRUTH=OUT / "truth.tif",
    )  # fmt: skip
    step(
        "forecastworkflow", POINTS=OUT / "insar.gpkg", RESOLUTION=100, WINDOW=60, HORIZON=HORIZON,
        GAP=0, TRIALS=TRIALS, TOP=TOP, EPOCHS=EPOCHS, WORKERS=2, SEED=7,
        **{name: OUT / file for name, file in FILES.items()},
    )  # fmt: skip
    step(
        "mapproject", TITLE="Deformation forecast and monitoring priority, example area",
        LAYERS=[OUT / name for name in LAYERS], OUTPUT=OUT / "demo.qgz", PDF=OUT / "demo.pdf",
    )  # fmt: skip
    summary()
    print(f"Done in {time.perf_counter() - begin:.0f} s.")


if __name__ == "__main__":
    main()
