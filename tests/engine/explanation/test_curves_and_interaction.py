"""ICE curves and interactions against functions whose answer is known."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.explanation.background import make_background
from land_subsidence.subsidence_plugin.engine.explanation.curves import (
    factor_grid,
    ice_curves,
    spread_rows,
)
from land_subsidence.subsidence_plugin.engine.explanation.game import Game
from land_subsidence.subsidence_plugin.engine.explanation.interaction import (
    h_statistic,
    interaction,
    strongest_pair,
)
from land_subsidence.subsidence_plugin.engine.explanation.result import Explanation
from land_subsidence.subsidence_plugin.engine.explanation.rows import explain_rows
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.encode import encode
from land_subsidence.subsidence_plugin.engine.models.model import Model
from shap_models import baseline, factors, network, predictor, random_values

pytest.importorskip("torch")
pytest.importorskip("sklearn")


def explanation_of(model, rows=8, scale=0, background=15):
    own = model.factors
    game = Game(model, scale)
    values = random_values(rows, own, 6)
    inputs = encode(values, own)[0]
    known = make_background(encode(random_values(background, own, 5), own)[0], game.for_thread())
    shap, error, prediction = explain_rows(game, known, inputs, 4)
    explanation = Explanation(
        [f.name for f in own], [f.kind for f in own], values, shap, known.base, prediction,
        error=error, categories={own[-1].name: {2.0: "sand"}},
    )  # fmt: skip
    return game, known, inputs, explanation


def test_curves_are_the_models_predictions_with_one_value_replaced():
    model = network("lstm", factors(), lstm_units=6)
    game, _known, _inputs, explanation = explanation_of(model)
    curves = ice_curves(game, game.for_thread(), explanation, 5)
    assert [c.factor for c in curves] == explanation.names
    for index in (0, 9):
        curve = curves[index]
        assert curve.curves.shape == (5, len(curve.grid))
        for place, row in enumerate(curve.rows):
            changed = np.repeat(explanation.values[[row]], len(curve.grid), axis=0)
            changed[:, index] = curve.grid
            assert np.allclose(curve.curves[place], predictor(model)(changed), atol=1e-6)
        assert np.allclose(curve.mean, curve.curves.mean(axis=0))
    assert curves[9].grid.tolist() == [1, 2, 3, 4]
    assert curves[9].labels == ["1", "sand", "3", "4"] and curves[0].labels == []


def test_grids_stay_inside_the_data_and_take_all_codes():
    values = np.array([3.0, 1, 2, 2, 5], np.float32)
    assert factor_grid(Factor("a"), values).tolist() == [1, 2, 3, 5]
    many = np.linspace(2, 7, 500).astype(np.float32)
    grid = factor_grid(Factor("a"), many, 6)
    assert grid == pytest.approx([2, 3, 4, 5, 6, 7], abs=1e-5)
    assert factor_grid(Factor("a", "classes", 1, 5), values[:2]).tolist() == [1, 2, 3, 4, 5]
    known = Factor("a", "categorical", 2, 9, (2.0, 9.0))
    assert factor_grid(known, values).tolist() == [2, 9]


def test_rows_of_curves_are_spread_along_the_predictions():
    prediction = np.array([0.9, 0.1, 0.5, 0.3, 0.7, 0.2])
    assert spread_rows(prediction, 3).tolist() == [2, 4, 5] or len(spread_rows(prediction, 3)) == 3
    low, middle, high = np.sort(prediction[spread_rows(prediction, 3)])
    assert low < 0.3 < middle < 0.7 <= high
    assert spread_rows(prediction, 9).tolist() == list(range(6))


def test_no_interaction_on_log_odds_of_a_logistic_regression():
    model = baseline("logistic", factors())
    game, known, inputs, explanation = explanation_of(model, scale=1)
    pair = strongest_pair(explanation)
    assert set(pair) == set(np.argsort(-explanation.mean_absolute)[:2])
    found = interaction(game, known, inputs, explanation, pair)
    assert np.abs(found.values).max() < 1e-4
    assert found.h < 1e-3
    assert found.first_strength >= found.second_strength > 0.1


def test_the_interaction_of_a_product_is_that_of_the_definition():
    """Two players: v(12) - v(1) - v(2) + v(0), the mean over the background rows."""
    own = factors(2, categorical=False)
    model = network("drdn", own, block_units=16, blocks=2, seed=3)
    game, known, inputs, explanation = explanation_of(model, 5)
    found = interaction(game, known, inputs, explanation, (0, 1))
    predict, behind = predictor(model), random_values(15, own, 5)

    def mixed(x, first, second):
        rows = behind.copy()
        rows[:, 0] = x[0] if first else rows[:, 0]
        rows[:, 1] = x[1] if second else rows[:, 1]
        return predict(rows).mean()

    exact = [
        mixed(x, 1, 1) - mixed(x, 1, 0) - mixed(x, 0, 1) + mixed(x, 0, 0)
        for x in explanation.values
    ]
    assert np.allclose(found.values, exact, atol=1e-5)
    assert np.abs(exact).max() > 1e-3
    assert np.allclose(found.error, 0, atol=1e-9)


def test_interactions_against_all_coalitions_of_five_factors():
    import itertools
    from math import factorial

    own = factors(5)
    model = network("lstm", own, lstm_units=6)
    game, known, inputs, explanation = explanation_of(model, 3, background=6)
    found = interaction(game, known, inputs, explanation, (1, 4), rounds=60)
    predict, behind = predictor(model), random_values(6, own, 5)

    def worth(x, members):
        rows = behind.copy()
        rows[:, list(members)] = x[list(members)]
        return predict(rows).mean()

    exact = []
    for x in explanation.values:
        total = 0.0
        for size in range(4):
            weight = factorial(size) * factorial(3 - size) / factorial(4)
            for s in itertools.combinations([0, 2, 3], size):
                gain = worth(x, (*s, 1, 4)) - worth(x, (*s, 1)) - worth(x, (*s, 4)) + worth(x, s)
                total += weight * gain
        exact.append(total)
    assert np.abs(found.values - exact).max() < 4 * found.error.max() + 1e-6
    assert np.abs(found.values - exact).mean() < 0.1 * np.abs(exact).mean() + 1e-4


def test_surface_is_the_two_way_partial_dependence():
    model = baseline("forest", factors())
    game, known, inputs, explanation = explanation_of(model)
    found = interaction(game, known, inputs, explanation, (0, 9))
    rows = random_values(15, model.factors, 5)
    rows[:, 0], rows[:, 9] = found.first_grid[2], found.second_grid[1]
    assert found.surface[2, 1] == pytest.approx(predictor(model)(rows).mean(), abs=1e-6)
    assert found.second_labels == ["1", "sand", "3", "4"]


def test_h_by_hand():
    assert h_statistic(np.add.outer([0.0, 1, 5], [2.0, 3])) == pytest.approx(0, abs=1e-6)
    assert h_statistic(np.outer([-1.0, 1], [-1.0, 1])) == pytest.approx(1)
    assert h_statistic(np.zeros((3, 3))) == 0


def test_a_model_of_one_factor_has_no_pair():
    card = Card("logistic", [Factor("a")])
    Model(card, [{"coefficients": np.array([1.0]), "intercept": np.array([0.0])}])
    one = Explanation(["a"], ["continuous"], np.zeros((2, 1)), np.ones((2, 1)), 0.0, np.ones(2))
    assert strongest_pair(one) is None


def test_summary_figures_by_hand():
    shap = np.array([[0.1, -0.3], [-0.1, 0.3], [0.2, 0.0]])
    values = np.array([[1.0, 3], [0, 1], [2, 2]])
    own = Explanation(
        ["a", "b"], ["continuous", "categorical"], values, shap, 0.5, 0.5 + shap.sum(axis=1)
    )
    assert own.mean_absolute == pytest.approx([0.4 / 3, 0.2])
    assert own.order.tolist() == [1, 0]
    assert own.share == pytest.approx([0.4, 0.6])
    assert own.direction[0] == pytest.approx(np.corrcoef(values[:, 0], shap[:, 0])[0, 1])
    assert np.isnan(own.direction[1])
    assert own.additivity < 1e-12 and own.standard_error is None
    own.error = np.array([[0.03, 0.0], [0.04, 0.0], [0.0, 0.0]])
    assert own.standard_error == pytest.approx([0.05 / 3**0.5, 0])
