"""The example area's number to reach: calibrated to 0.03 on rows that no fit has seen."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.example.factors import FACTORS, example_factors
from land_subsidence.subsidence_plugin.engine.example.truth import DRIVERS, truth_probability
from land_subsidence.subsidence_plugin.engine.models.calibration import calibrate
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training.fit import (
    fit_model,
    predict_values,
    recipe_of,
)
from land_subsidence.subsidence_plugin.engine.validation.calibration import reliability
from land_subsidence.subsidence_plugin.engine.validation.recalibration import fit_calibration

pytest.importorskip("sklearn")
NAMES, KINDS = [f.name for f in FACTORS], [f.kind for f in FACTORS]
#: Rows to train on, to calibrate with, and to measure on.
ROWS = 2000, 2500, 9000


@pytest.fixture(scope="module")
def area():
    """Factor values, truth, and labels drawn from it, of every cell of a small example."""
    _land, layers = example_factors((320, 320), 30.0, 42, Progress())
    truth, _logit = truth_probability({name: layers[name] for name in DRIVERS})
    values = np.stack([layers[name].ravel() for name in NAMES], axis=1).astype(np.float32)
    truth = truth.ravel().astype(float)
    return values, truth, np.random.default_rng(5).random(len(truth)) < truth


@pytest.fixture(scope="module")
def samples(area):
    """Rows of the three parts, as many of either label, as samples are drawn."""
    _values, _truth, label = area
    random = np.random.default_rng(6)
    chosen = [random.permutation(np.flatnonzero(label == wanted)) for wanted in (True, False)]
    ends = np.cumsum([0, *ROWS]) // 2
    return [np.concatenate([rows[a:b] for rows in chosen]) for a, b in zip(ends, ends[1:])]


@pytest.mark.parametrize("architecture", ["boosting", "logistic"])
def test_recalibrated_probabilities_come_true_on_unseen_rows(area, samples, architecture):
    values, truth, label = area
    training, validation, unseen = samples
    label = label.astype(int)
    model = fit_model(recipe_of(architecture), values[training], NAMES, KINDS, label[training])
    raw = predict_values(model, values[validation]), predict_values(model, values[unseen])
    # What a balanced sample makes of the true probability: the odds times the inverse prior odds.
    share = label.mean()
    odds = truth[unseen] / (1 - truth[unseen]) * (1 - share) / share
    balanced = odds / (1 + odds)
    distance = np.mean((raw[1] - balanced) ** 2)
    before = reliability(label[unseen], raw[1])
    assert reliability(label[unseen], balanced).ece < 0.02  # the truth itself, as a yardstick
    for method in ("isotonic", "platt"):
        fitted = fit_calibration(method, label[validation], raw[0])
        probability = calibrate(fitted, raw[1])
        after = reliability(label[unseen], probability)
        assert after.ece < 0.03
        if before.ece > 0.03:  # overconfident: brought nearer to the truth, not only to labels
            assert after.brier < before.brier
            assert np.mean((probability - balanced) ** 2) < distance
    if architecture == "boosting":
        assert before.ece > 0.03
