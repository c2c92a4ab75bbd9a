"""Small models for the tests of explanations, and Shapley values by their definition."""

import itertools
import math

import numpy as np
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.encode import encode
from land_subsidence.subsidence_plugin.engine.models.model import Model

NAMES = ["depth", "level", "clay", "slope", "band1", "band2", "rain", "twi", "ndvi", "aquifer"]


def factors(count=10, categorical=True):
    """Return factors with values from 0 to 1, the last one of four categories."""
    own = [Factor(name) for name in NAMES[:count]]
    if categorical:
        own[-1] = Factor(NAMES[count - 1], "categorical", 1, 4, (1.0, 2.0, 3.0, 4.0))
    return own


def random_values(rows, own, seed=0):
    """Return (rows, factors) values: uniform, categories drawn from the known ones."""
    random = np.random.default_rng(seed)
    values = random.random((rows, len(own))).astype(np.float32)
    for index, factor in enumerate(own):
        if factor.kind == "categorical":
            values[:, index] = random.choice(factor.categories, rows)
        if factor.kind == "classes":
            values[:, index] = random.integers(factor.minimum, factor.maximum + 1, rows)
    return values


def network(architecture, own, seed=0, members=1, **hyperparameters):
    """Return an untrained network, its last layer scaled so that log-odds spread by 2."""
    import torch
    from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES, build

    settings = ARCHITECTURES[architecture].checked(hyperparameters)
    card = Card(architecture, own, settings, members=members)
    arrays = []
    for member in range(members):
        torch.manual_seed(seed + member)
        module = build(architecture, card.n_inputs, settings)
        inputs = torch.from_numpy(encode(random_values(200, own), own)[0])
        with torch.no_grad():
            logit = module.eval()(inputs)
            module.output.weight *= 2 / logit.std()
            module.output.bias -= module(inputs).mean()
        arrays.append({name: tensor.numpy() for name, tensor in module.state_dict().items()})
    return Model(card, arrays)


def baseline(name, own, seed=0, rows=400):
    """Return a baseline fitted to a surface with thresholds and an interaction."""
    from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES

    values = random_values(rows, own, seed)
    logit = 8 * (values[:, 0] - 0.5) + 6 * (values[:, 1] > 0.4) * values[:, 2] - 2
    logit += np.where(values[:, -1] == 2, 2, 0)
    label = (np.random.default_rng(seed).random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    options = {"forest": {"trees": 20}, "boosting": {"iterations": 20}}.get(name, {})
    inputs = encode(values, own)[0]
    return Model(Card(name, own), [BASELINES[name].fit(inputs, label, seed=seed, **options)])


def brute_force(predict, values, background):
    """Return Shapley values from the definition: every coalition of factors, every background row.

    ``predict`` takes (rows, factors) values in the factors' units.
    """
    count = values.shape[1]
    coalitions = list(itertools.product([False, True], repeat=count))
    weight = [math.factorial(s) * math.factorial(count - s - 1) / math.factorial(count)
              for s in range(count)]  # fmt: skip
    number = {members: place for place, members in enumerate(coalitions)}
    result = np.zeros(values.shape)
    for row, x in enumerate(values):
        worth = np.array(
            [predict(np.where(members, x, background)).mean() for members in coalitions]
        )
        for members, place in number.items():
            for factor in range(count):
                if not members[factor]:
                    joined = (*members[:factor], True, *members[factor + 1 :])
                    gain = worth[number[joined]] - worth[place]
                    result[row, factor] += weight[sum(members)] * gain
    return result


def predictor(model, calibrated=True):
    """Return the model's own prediction of (rows, factors) values, by another path than ours."""
    return lambda values: model.mean_probability(
        encode(np.asarray(values, np.float32), model.factors)[0], calibrated
    )
