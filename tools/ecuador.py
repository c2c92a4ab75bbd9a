"""Cross-validated figures of networks and baselines on the Ecuador landslides, as a table.

    SUBSIDENCE_TEST_DATA=../shared/data .venv/bin/python tools/ecuador.py [partitions [models ...]]

Mean AUROC over five folds and over partitions, as `crossvalidate` measures it: random folds
(stratified), and spatial folds (k-means on coordinates), the same for every model.
"""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))

from checkout import load

load()

FACTORS = ("slope", "cplan", "cprof", "elev", "log10_carea")
FOLDS = 5
#: Partitions of the points into folds, the same for every model.
PARTITIONS = 3


def read(folder: str):
    """Return the rows (factor values, labels) and places (coordinates) of the 350 points."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.crossvalidation.folds import Places
    from land_subsidence.subsidence_plugin.engine.crossvalidation.results import Rows
    from land_subsidence.subsidence_plugin.engine.vector.read import read_features

    features = read_features(str(Path(folder) / "ecuador" / "lsl.gpkg"))
    label = features.columns["lslpts"]
    if not isinstance(label, np.ndarray):
        label = np.array([value in ("1", "TRUE", "True", "true") for value in label])
    values = np.stack([features.number(name) for name in FACTORS], axis=1).astype(np.float32)
    kinds = ["continuous"] * len(FACTORS)
    rows = Rows(values, (label == 1).astype(int), FACTORS, kinds)
    return rows, Places(features.x, features.y)


def table(folder: str, count: int = PARTITIONS, models: tuple = ()) -> list[tuple]:
    """Return (model, partitions, random AUROC, spatial AUROC, seconds) of the models."""
    from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
    from land_subsidence.subsidence_plugin.engine.crossvalidation.folds import make_partitions
    from land_subsidence.subsidence_plugin.engine.crossvalidation.recipes import main_candidate
    from land_subsidence.subsidence_plugin.engine.crossvalidation.running import cross_validate
    from land_subsidence.subsidence_plugin.engine.crossvalidation.summary import summarise
    from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES
    from land_subsidence.subsidence_plugin.engine.progress import Progress

    rows, places = read(folder)
    partitions = make_partitions(rows.label, places, "kmeans", FOLDS, count, 0)
    partitions = [replace(p, groups=None) for p in partitions]  # early stopping as in training
    quiet = Progress(on_message=lambda text, level: None)
    found = []
    for model in models or [*BASELINES, *ARCHITECTURES]:
        begun = time.perf_counter()
        result = cross_validate([main_candidate(model)], rows, partitions, progress=quiet)
        (title, random), (_title, spatial) = (
            (summary.model, summary.auc) for summary in summarise(result, rows.label).values()
        )
        found.append((title, count, random, spatial, time.perf_counter() - begun))
        print(line(*found[-1]), flush=True)
    return found


def line(title: str, count: int, random: float, spatial: float, seconds: float) -> str:
    """Return one row of the table as Markdown."""
    return f"| {title:20} | {count:10d} | {random:13.3f} | {spatial:13.3f} | {seconds:7.0f} |"


if __name__ == "__main__":
    print("| model                | partitions | AUROC, random | AUROC, spatial | seconds |")
    print("|---|---|---|---|---|")
    partitions = int(sys.argv[1]) if len(sys.argv) > 1 else PARTITIONS
    table(os.environ.get("SUBSIDENCE_TEST_DATA", "../shared/data"), partitions, tuple(sys.argv[2:]))
