"""Cross-validated figures of networks and baselines on the Ecuador landslides, as a table.

    SUBSIDENCE_TEST_DATA=../shared/data .venv/bin/python tools/ecuador.py [partitions [models ...]]

Mean AUROC over five folds and over partitions: random folds (stratified), and spatial folds
(k-means on coordinates). Scaling, training and early stopping see the other folds' rows alone.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))

from checkout import load

load()

FACTORS = ("slope", "cplan", "cprof", "elev", "log10_carea")
FOLDS = 5
#: Partitions of the points into folds, the same for every model.
PARTITIONS = 3


def read(folder: str):
    """Return factor values, labels and coordinates of the 350 points."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.vector.read import read_features

    features = read_features(str(Path(folder) / "ecuador" / "lsl.gpkg"))
    label = features.columns["lslpts"]
    if not isinstance(label, np.ndarray):
        label = np.array([value in ("1", "TRUE", "True", "true") for value in label])
    values = np.stack([features.number(name) for name in FACTORS], axis=1)
    return values.astype(np.float32), (label == 1).astype(int), features.x, features.y


def probabilities(method: str, train_rows, label, test_rows, seed: int):
    """Return probabilities of ``test_rows`` from a model trained on ``train_rows``."""
    import numpy as np
    import torch
    from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
    from land_subsidence.subsidence_plugin.engine.models.encode import encode, fit_factors
    from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES, build
    from land_subsidence.subsidence_plugin.engine.training.loop import train
    from land_subsidence.subsidence_plugin.engine.training.settings import settings_of

    factors = fit_factors(train_rows, FACTORS)
    inputs, test_inputs = encode(train_rows, factors)[0], encode(test_rows, factors)[0]
    if method in BASELINES:
        arrays = BASELINES[method].fit(inputs, label, seed=seed)
        return BASELINES[method].evaluator(arrays)(test_inputs)
    hyperparameters, general = ARCHITECTURES[method].preset(0)
    trained = train(method, hyperparameters, inputs, label, settings_of(general, {}), seed=seed)
    module = build(method, inputs.shape[1], hyperparameters).eval()
    module.load_state_dict({k: torch.from_numpy(v) for k, v in trained.members[0].items()})
    with torch.no_grad():
        return np.asarray(torch.sigmoid(module(torch.from_numpy(test_inputs))))


def mean_auc(method: str, values, label, fold) -> float:
    """Return the mean over folds of the AUROC on the fold left out."""
    from land_subsidence.subsidence_plugin.engine.validation.metrics import auc

    areas = []
    for number in range(1, FOLDS + 1):
        test = fold == number
        found = probabilities(method, values[~test], label[~test], values[test], number)
        areas.append(auc(label[test], found))
    return sum(areas) / len(areas)


def table(folder: str, count: int = PARTITIONS, methods: tuple = ()) -> list[tuple]:
    """Return (method, partitions, random AUROC, spatial AUROC, seconds) of the models."""
    from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
    from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES
    from land_subsidence.subsidence_plugin.engine.sampling.splits import kmeans_folds, random_folds

    values, label, x, y = read(folder)
    rows = []
    for method in methods or [*BASELINES, *ARCHITECTURES]:
        begun = time.perf_counter()
        random = [mean_auc(method, values, label, random_folds(label, FOLDS, s))
                  for s in range(count)]  # fmt: skip
        spatial = [mean_auc(method, values, label, kmeans_folds(x, y, FOLDS, s))
                   for s in range(count)]  # fmt: skip
        title = {**BASELINES, **ARCHITECTURES}[method].title
        seconds = time.perf_counter() - begun
        rows.append((title, count, sum(random) / count, sum(spatial) / count, seconds))
        print(line(*rows[-1]), flush=True)
    return rows


def line(title: str, count: int, random: float, spatial: float, seconds: float) -> str:
    """Return one row of the table as Markdown."""
    return f"| {title:20} | {count:10d} | {random:13.3f} | {spatial:13.3f} | {seconds:7.0f} |"


if __name__ == "__main__":
    print("| model                | partitions | AUROC, random | AUROC, spatial | seconds |")
    print("|---|---|---|---|---|")
    partitions = int(sys.argv[1]) if len(sys.argv) > 1 else PARTITIONS
    table(os.environ.get("SUBSIDENCE_TEST_DATA", "../shared/data"), partitions, tuple(sys.argv[2:]))
