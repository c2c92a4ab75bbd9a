"""``fit_model``: one way to train whatever the model, on the given rows alone."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.models.encode import encode
from land_subsidence.subsidence_plugin.engine.training.fit import (
    MODEL_TYPES,
    Recipe,
    fit_model,
    predict_values,
    recipe_of,
    recipe_of_card,
)
from sklearn.linear_model import LogisticRegression

NAMES, KINDS = ["slope", "geology"], ["continuous", "categorical"]


@pytest.fixture
def rows():
    rng = np.random.default_rng(1)
    values = np.column_stack([rng.normal(5, 2, 120), rng.integers(1, 4, 120)])
    label = (values[:, 0] + values[:, 1] + rng.normal(0, 1, 120) > 7).astype(int)
    return values, label


@pytest.mark.parametrize("architecture", MODEL_TYPES)
def test_every_model_type_is_trained_and_told_apart(rows, architecture):
    recipe = recipe_of(architecture, settings={"epochs": 40})
    model = fit_model(recipe, rows[0], NAMES, KINDS, rows[1], seed=3, repeats=2)
    assert model.members == 2 and model.card.seeds == [3, 4]
    probability = predict_values(model, rows[0])
    label = rows[1]
    assert probability[label == 1].mean() > probability[label == 0].mean() + 0.05
    assert recipe_of_card(model.card) == recipe
    assert Recipe(**recipe.as_dict()) == recipe


def test_scaling_is_that_of_the_given_rows(rows):
    values, label = rows
    model = fit_model(recipe_of("logistic"), values[:60], NAMES, KINDS, label[:60])
    slope = model.factors[0]
    assert (slope.minimum, slope.maximum) == pytest.approx(
        (values[:60, 0].min(), values[:60, 0].max())
    )
    scaled = (values[:, 0] - slope.minimum) / (slope.maximum - slope.minimum)
    inputs = np.column_stack([scaled.clip(0, 1), *(values[:, 1] == c for c in (1, 2, 3))])
    independent = LogisticRegression(C=1e4, max_iter=2000, tol=1e-6)
    independent.fit(inputs[:60], label[:60])
    found = predict_values(model, values)
    assert found == pytest.approx(independent.predict_proba(inputs)[:, 1], abs=1e-3)


def test_an_unknown_category_has_no_probability(rows):
    model = fit_model(recipe_of("logistic"), rows[0], NAMES, KINDS, rows[1])
    found = predict_values(model, np.array([[5.0, 1.0], [5.0, 9.0]]))
    assert np.isfinite(found[0]) and np.isnan(found[1])


def test_the_mean_of_the_members_is_recalibrated(rows):
    model = fit_model(recipe_of("forest", {"trees": 5}), rows[0], NAMES, KINDS, rows[1], repeats=2)
    model.card.calibration = {"method": "platt", "slope": 2.0, "intercept": -0.5}
    inputs = encode(rows[0].astype(np.float32), model.factors)[0]
    mean = model.probability(inputs).astype(float).mean(axis=0).clip(1e-7, 1 - 1e-7)
    expected = 1 / (1 + np.exp(-(2 * np.log(mean / (1 - mean)) - 0.5)))
    assert predict_values(model, rows[0]) == pytest.approx(expected, abs=1e-6)
    plain = predict_values(model, rows[0], calibrated=False)
    assert plain == pytest.approx(mean, abs=2e-7)


@pytest.mark.parametrize(
    ("architecture", "hyperparameters", "words"),
    [
        ("forest", {"leaves": 3}, "has no hyperparameter 'leaves'"),
        ("drdn", {"blocks": 0}, "'blocks' is 0"),
        ("svm", {}, "model type 'svm' is not known"),
    ],
)
def test_a_recipe_is_checked(architecture, hyperparameters, words):
    with pytest.raises(InputError, match=words):
        recipe_of(architecture, hyperparameters)
