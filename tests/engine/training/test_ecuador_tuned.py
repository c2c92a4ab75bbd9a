"""Tuned networks on the Ecuador landslides: beside logistic regression, under spatial folds.

The recipes were tuned on one k-means partition of the 350 points and are judged on another one
of the same points. Single partitions scatter by some 0.02, hence the tolerance.
"""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES
from land_subsidence.subsidence_plugin.engine.sampling.splits import kmeans_folds
from land_subsidence.subsidence_plugin.engine.training.fit import (
    fit_model,
    predict_values,
    recipe_of,
)
from land_subsidence.subsidence_plugin.engine.validation.metrics import auc

pytest.importorskip("torch")
FACTORS = ["slope", "cplan", "cprof", "elev", "log10_carea"]
#: Seeds of the partitions that were tuned on and that is judged on.
TUNED_ON, JUDGED_ON = 1, 3
TUNED = {
    "drdn": [
        {"blocks": 6, "block_units": 23, "dense1": 95, "dense2": 42, "dropout1": 0.11,
         "dropout2": 0.58, "learning_rate": 5e-4, "batch_size": 35, "weight_decay": 1.3e-4},
        {"blocks": 6, "block_units": 20, "dense1": 112, "dense2": 22, "dropout1": 0.062,
         "dropout2": 0.46, "learning_rate": 6.6e-4, "batch_size": 17, "weight_decay": 2.6e-4},
        {"blocks": 5, "block_units": 24, "dense1": 83, "dense2": 41, "dropout1": 0.034,
         "dropout2": 0.47, "learning_rate": 4.9e-4, "batch_size": 16, "weight_decay": 2.9e-4},
    ],
    "cnnlstm": [
        {"filters": 13, "kernel_size": 3, "lstm_units": 33, "dense": 106, "dropout": 0.26,
         "learning_rate": 4.8e-3, "batch_size": 79, "weight_decay": 6.9e-3},
        {"filters": 12, "kernel_size": 3, "lstm_units": 43, "dense": 41, "dropout": 0.34,
         "learning_rate": 5.8e-3, "batch_size": 65, "weight_decay": 5.6e-3},
        {"filters": 22, "kernel_size": 3, "lstm_units": 18, "dense": 24, "dropout": 0.36,
         "learning_rate": 3.6e-3, "batch_size": 96, "weight_decay": 6.7e-3},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def landslides(ecuador):
    pytest.importorskip("osgeo")
    from land_subsidence.subsidence_plugin.engine.vector.read import read_features

    features = read_features(str(ecuador / "lsl.gpkg"))
    label = np.array([str(v).lower() in ("1", "1.0", "true") for v in features.columns["lslpts"]])
    values = np.stack([features.number(name) for name in FACTORS], axis=1).astype(np.float32)
    return values, label.astype(int), features.x, features.y


def cross_validated(recipes, values, label, fold):
    """Return the mean over folds of the AUC of the recipes' mean probability."""
    areas = []
    for number in range(1, 6):
        test = fold == number
        members = []
        for seed, recipe in enumerate(recipes, start=42):
            model = fit_model(
                recipe, values[~test], FACTORS, ["continuous"] * 5, label[~test], seed=seed
            )
            members.append(predict_values(model, values[test]))
        areas.append(auc(label[test], np.mean(members, axis=0)))
    return float(np.mean(areas))


def test_the_partitions_differ(landslides):
    _values, _label, x, y = landslides
    one, other = (kmeans_folds(x, y, 5, seed) for seed in (TUNED_ON, JUDGED_ON))
    together = (one[:, None] == one) != (other[:, None] == other)
    assert together.mean() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("architecture", sorted(TUNED))
def test_tuned_networks_come_near_the_best_baseline(architecture, landslides):
    values, label, x, y = landslides
    fold = kmeans_folds(x, y, 5, JUDGED_ON)
    declared = ARCHITECTURES[architecture]
    recipes = [recipe_of(architecture, *declared.recipe_values(v)) for v in TUNED[architecture]]
    found = cross_validated(recipes, values, label, fold)
    best = cross_validated([recipe_of("logistic")], values, label, fold)
    assert best > 0.75
    assert found > best - 0.03
