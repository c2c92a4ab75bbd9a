"""Drive the susceptibility chain of paper H with ``qgis_process`` alone, on the example area.

Leaves everything in ``build/demo`` and ends with the models' figures and where to look.
"""

from __future__ import annotations

import csv
import os
import time
from concurrent.futures import ThreadPoolExecutor

from headless import ROOT, Headless

OUT = ROOT / "build" / "demo"
step = Headless(OUT)
LAYERS = OUT / "layers"
CONTINUOUS = (
    "groundwater", "holocene_thickness", "rainfall", *(f"band{number}" for number in range(1, 8)),
)  # fmt: skip
CATEGORICAL = ("engineering_geology", "hydrogeology", "lulc")
NETWORKS = ("drdn", "cnn", "lstm", "cnnlstm")
#: The order in which they are trained, so that no core waits for the last one.
SLOWEST_FIRST = ("cnnlstm", "lstm", "drdn", "cnn")
#: Method of `trainbaseline` by the name of the model file.
BASELINES = {"logistic": 0, "forest": 1}
FIGURES = ("AUC", "ACC", "Kappa", "MAE_probability")


def prepare() -> None:
    """Make the example's raw layers, factors and classes from them, points and samples."""
    step(
        "createexample", WIDTH=600, HEIGHT=500, SEED=7, FACTORS=OUT / "example.tif",
        INVENTORY=OUT / "inventory.gpkg", INSAR=OUT / "insar.gpkg", TRUTH=OUT / "truth.tif",
        DEM=OUT / "dem.tif", FOLDER=LAYERS,
    )  # fmt: skip
    step("topographicfactors", INPUT=OUT / "dem.tif", OUTPUT=OUT / "topography.tif")
    step(
        "spectralindices", RED=LAYERS / "band4.tif", NIR=LAYERS / "band5.tif", INDICES=0, SCALE=1,
        OFFSET=0, OUTPUT=OUT / "ndvi.tif",
    )  # fmt: skip
    step(
        "alignfactors",
        RASTERS=[
            OUT / "topography.tif", OUT / "ndvi.tif",
            *(LAYERS / f"{name}.tif" for name in CONTINUOUS),
        ],
        CATEGORICAL=[LAYERS / f"{name}.tif" for name in CATEGORICAL],
        OUTPUT=OUT / "factors.tif",
    )  # fmt: skip
    step(
        "reclassifyfactors", FACTORS=OUT / "factors.tif", METHOD=0, CLASSES=5,
        OUTPUT=OUT / "classes.tif", RULES_OUTPUT=OUT / "rules.json", TABLE=OUT / "classes.csv",
    )  # fmt: skip
    step(
        "absencepoints", PRESENCE=OUT / "inventory.gpkg", MASK=OUT / "factors.tif", RATIO=1,
        MIN_DISTANCE=25, SEED=7, OUTPUT=OUT / "points.gpkg",
    )  # fmt: skip
    step(
        "extractsamples", POINTS=OUT / "points.gpkg", LABEL_FIELD="label",
        FACTORS=OUT / "classes.tif", VALIDATION_SHARE=0.3, SPLIT=0, SEED=7,
        OUTPUT=OUT / "samples.gpkg",
    )  # fmt: skip


def train() -> None:
    """Train four networks and two baselines, two at a time (each trains on one thread).

    The cross-validation waits for none of them and fills the cores. It is that of the forest,
    whose many trainings take seconds.
    """
    with ThreadPoolExecutor(max_workers=2) as pool:
        jobs = [
            pool.submit(
                step, f"train{name}", SAMPLES=OUT / "samples.gpkg", PATIENCE=15, EPOCHS=200,
                DEVICE=1, SEED=7, MODEL=OUT / f"{name}.safetensors",
                HISTORY=OUT / f"{name}_history.csv", REPORT=OUT / f"{name}.html",
            )
            for name in SLOWEST_FIRST
        ] + [
            pool.submit(
                step, "trainbaseline", SAMPLES=OUT / "samples.gpkg", METHOD=method, SEED=7,
                MODEL=OUT / f"{name}.safetensors",
            )
            for name, method in BASELINES.items()
        ] + [
            pool.submit(
                step, "crossvalidate", SAMPLES=OUT / "samples.gpkg", MODEL_TYPE=5, BASELINES=0,
                REPEATS=1, SEED=7, OUTPUT=OUT / "folds.csv", FOLD_MAP=OUT / "fold_map.gpkg",
                REPORT=OUT / "crossvalidation.html",
            )
        ]  # fmt: skip
        for job in jobs:
            job.result()


def make_map() -> None:
    """Map with the paper's network, its classes, and their frequency ratios."""
    step(
        "predictsusceptibility", FACTORS=OUT / "classes.tif", MODEL=OUT / "drdn.safetensors",
        OUTPUT=OUT / "susceptibility.tif",
    )  # fmt: skip
    step(
        "classifysusceptibility", INPUT=OUT / "susceptibility.tif",
        OUTPUT=OUT / "susceptibility_classes.tif", TABLE=OUT / "susceptibility_classes.csv",
    )  # fmt: skip
    step(
        "frequencyratio", CLASS_RASTER=OUT / "susceptibility_classes.tif",
        POINTS=OUT / "samples.gpkg", LABEL_FIELD="label", SPLIT_FIELD="split",
        PROBABILITY=OUT / "susceptibility.tif", OUTPUT=OUT / "frequency_ratio.csv",
        REPORT=OUT / "frequency_ratio.html",
    )  # fmt: skip


def trust() -> None:
    """Ask how far the map can be trusted, two questions at a time."""
    network = OUT / "drdn.safetensors"
    questions = [
        ("explainmodel", {
            "MODEL": network, "MAX_ROWS": 300, "ROUNDS": 2, "OUTPUT": OUT / "importance.csv",
            "SAMPLE_SHAP": OUT / "shap.gpkg", "REPORT": OUT / "explanation.html",
        }),
        ("applicability", {
            "MODEL": network, "FACTORS": OUT / "classes.tif",
            "PROBABILITY": OUT / "susceptibility.tif", "OUTPUT": OUT / "dissimilarity.tif",
            "AREA": OUT / "applicability.tif", "MASKED": OUT / "susceptibility_inside.tif",
            "REPORT": OUT / "applicability.html",
        }),
        ("validatemodel", {
            "MODELS": [OUT / f"{name}.safetensors" for name in (*NETWORKS, *BASELINES)],
            "OUTPUT": OUT / "metrics.csv", "DELONG": OUT / "delong.csv",
            "REPORT": OUT / "report.html",
        }),
        ("validatemodel", {
            "MODELS": network, "CALIBRATION": 2, "OUTPUT": OUT / "calibration.csv",
            "CALIBRATED_MODEL": OUT / "drdn_calibrated.safetensors",
            "REPORT": OUT / "calibration.html",
        }),
    ]  # fmt: skip
    with ThreadPoolExecutor(max_workers=2) as pool:
        jobs = [
            pool.submit(step, algorithm, SAMPLES=OUT / "samples.gpkg", SEED=7, **parameters)
            for algorithm, parameters in questions
        ]
        for job in jobs:
            job.result()


def make_project() -> None:
    """Collect the layers in a project with a print layout."""
    step(
        "mapproject", TITLE="Land subsidence susceptibility, example area",
        LAYERS=[
            OUT / "samples.gpkg", OUT / "fold_map.gpkg", OUT / "susceptibility_classes.tif",
            OUT / "susceptibility.tif", OUT / "susceptibility_inside.tif",
            OUT / "applicability.tif", OUT / "dissimilarity.tif", OUT / "classes.tif",
            OUT / "factors.tif",
        ],
        OUTPUT=OUT / "demo.qgz", PDF=OUT / "demo.pdf",
    )  # fmt: skip


def summary() -> None:
    """Print the models' figures on validation rows and what lies where."""
    with (OUT / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "validation"]
    print(f"\nValidation rows     {''.join(f'{name:>17}' for name in FIGURES)}")
    for row in rows:
        print(f"{row['model']:20}{''.join(f'{float(row[name]):17.3f}' for name in FIGURES)}")
    place = os.path.relpath(OUT)
    print(f"\nProject {place}/demo.qgz · map {place}/demo.pdf")
    reports = ("report", "calibration", "crossvalidation", "explanation", "applicability")
    print("Reports " + " · ".join(f"{place}/{name}.html" for name in reports))
    print(f"Ratios  {place}/frequency_ratio.csv · log {place}/log.txt")


def main() -> None:
    begin = time.perf_counter()
    print("Susceptibility chain on the example area:")
    prepare()
    train()
    make_map()
    trust()
    make_project()
    summary()
    print(f"Done in {time.perf_counter() - begin:.0f} s.")


if __name__ == "__main__":
    main()
