"""The planted drivers of the example area, found again by the SHAP values of a trained model.

Gradient boosting, since it trains in seconds and comes within 0.004 of the AUC of the true
probability here. Reached with the seeds 1 to 5: Kendall's tau 1.0, 0.87, 0.87, 1.0, 1.0 (median
1.0), all six drivers above every other factor (closest: 0.0181 above 0.0178 with seed 4). The
true log-odds themselves, on samples of as many subsiding as other points, give 0.87: there the
first two weigh the same.
"""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.example.factors import FACTORS, example_factors
from land_subsidence.subsidence_plugin.engine.example.inventory import draw_presence
from land_subsidence.subsidence_plugin.engine.example.truth import DRIVERS, truth_probability
from land_subsidence.subsidence_plugin.engine.explanation.background import (
    draw_rows,
    make_background,
)
from land_subsidence.subsidence_plugin.engine.explanation.game import Game
from land_subsidence.subsidence_plugin.engine.explanation.rows import explain_rows
from land_subsidence.subsidence_plugin.engine.models.encode import encode
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training.fit import fit_model, recipe_of

pytest.importorskip("sklearn")
stats = pytest.importorskip("scipy.stats")

SHAPE, POINTS, EXPLAINED = (1000, 1200), 20_000, 250
NAMES = [factor.name for factor in FACTORS]
KINDS = [factor.kind for factor in FACTORS]


@pytest.fixture(scope="module")
def strengths():
    """Mean |SHAP| of each factor on rows not trained on, one row a seed."""
    layers = example_factors(SHAPE, 12.5, 42, Progress())[1]
    probability, _logit = truth_probability({name: layers[name] for name in DRIVERS})
    return np.array([strength(layers, probability, seed) for seed in range(1, 6)])


def strength(layers, probability, seed):
    random = np.random.default_rng(seed)
    rows, columns, _velocity = draw_presence(probability, POINTS, seed)
    presence = rows.astype(int) * SHAPE[1] + columns.astype(int)
    cells = np.concatenate([presence, random.choice(probability.size, POINTS, replace=False)])
    order = random.permutation(len(cells))
    label = np.repeat([1, 0], POINTS)[order]
    values = np.stack([layers[name].ravel()[cells[order]] for name in NAMES], axis=1)
    values, half = values.astype(np.float32), int(0.7 * len(order))
    recipe = recipe_of("boosting", {"iterations": 80, "leaves": 8})
    model = fit_model(recipe, values[:half], NAMES, KINDS, label[:half], seed=seed)
    inputs, _clipped, _valid = encode(values, model.factors)
    game = Game(model)
    behind = draw_rows(label[:half], 100, random)
    background = make_background(inputs[behind], game.for_thread())
    explained = inputs[half : half + EXPLAINED]
    return np.abs(explain_rows(game, background, explained, 1, seed)[0]).mean(axis=0)


@pytest.mark.slow
def test_every_driver_ranks_above_every_other_factor(strengths):
    planted = np.isin(NAMES, list(DRIVERS))
    mean = strengths.mean(axis=0)
    assert mean[planted].min() > mean[~planted].max()
    apart = strengths[:, planted].min(axis=1) > strengths[:, ~planted].max(axis=1)
    assert apart.sum() >= 4  # the median of five, and one seed of slack in so close a race


@pytest.mark.slow
def test_the_order_of_the_drivers_is_that_of_their_planted_weights(strengths):
    own = [NAMES.index(name) for name in DRIVERS]
    weights = list(DRIVERS.values())
    tau = [stats.kendalltau(weights, found[own])[0] for found in strengths]
    assert np.median(tau) >= 0.8
