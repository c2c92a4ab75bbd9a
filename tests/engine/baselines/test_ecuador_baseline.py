"""Logistic regression on the Ecuador landslides reaches the published AUROC in cross-validation."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.baselines.logistic import LOGISTIC
from land_subsidence.subsidence_plugin.engine.models.encode import encode, fit_factors
from land_subsidence.subsidence_plugin.engine.sampling.splits import kmeans_folds, random_folds
from land_subsidence.subsidence_plugin.engine.validation.metrics import auc

FACTORS = ("slope", "cplan", "cprof", "elev", "log10_carea")


@pytest.fixture(scope="module")
def landslides(ecuador):
    pytest.importorskip("osgeo")
    from land_subsidence.subsidence_plugin.engine.vector.read import read_features

    features = read_features(str(ecuador / "lsl.gpkg"))
    label = features.columns["lslpts"]
    if not isinstance(label, np.ndarray):
        label = np.array([str(v).lower() in ("1", "true") for v in label])
    values = np.stack([features.number(name) for name in FACTORS], axis=1).astype(np.float32)
    return values, (label == 1).astype(int), features.x, features.y


def cross_validated(values, label, fold):
    areas = []
    for number in range(1, 6):
        test = fold == number
        factors = fit_factors(values[~test], FACTORS)
        arrays = LOGISTIC.fit(encode(values[~test], factors)[0], label[~test])
        found = LOGISTIC.evaluator(arrays)(encode(values[test], factors)[0])
        areas.append(auc(label[test], found))
    return np.mean(areas)


def test_random_folds(landslides):
    values, label, _x, _y = landslides
    assert (len(label), label.sum()) == (350, 175)
    found = np.mean([cross_validated(values, label, random_folds(label, 5, s)) for s in range(20)])
    assert found == pytest.approx(0.81, abs=0.015)


def test_spatial_folds(landslides):
    values, label, x, y = landslides
    found = np.mean([cross_validated(values, label, kmeans_folds(x, y, 5, s)) for s in range(20)])
    assert found == pytest.approx(0.77, abs=0.015)
