"""Shapley values against their definition, against shap's explainers, and additivity everywhere."""

import threading

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.explanation.background import (
    draw_rows,
    make_background,
    representative,
)
from land_subsidence.subsidence_plugin.engine.explanation.game import EPSILON, Game
from land_subsidence.subsidence_plugin.engine.explanation.permutations import Background
from land_subsidence.subsidence_plugin.engine.explanation.rows import explain_rows
from land_subsidence.subsidence_plugin.engine.models.card import Factor
from land_subsidence.subsidence_plugin.engine.models.encode import encode
from land_subsidence.subsidence_plugin.engine.progress import Progress
from shap_models import baseline, brute_force, factors, network, predictor, random_values

pytest.importorskip("torch")
pytest.importorskip("sklearn")

ISOTONIC = {"method": "isotonic", "x": [0.0, 0.3, 0.7, 1.0], "y": [0.05, 0.1, 0.8, 0.9]}
SMALL = {
    "drdn": {"block_units": 16, "blocks": 2},
    "cnn": {"filters": 4},
    "lstm": {"lstm_units": 6},
    "cnnlstm": {"filters": 4, "lstm_units": 6},
}


def make(kind, own=None, **options):
    own = own or factors()
    if kind in SMALL:
        return network(kind, own, **{**SMALL[kind], **options})
    return baseline(kind, own, **options)


def explained(model, rows=6, background=20, rounds=2, scale=0, seed=1, workers=1, calibrated=True):
    """Return game, background, rows' values, Shapley values, errors and predictions."""
    game = Game(model, scale, calibrated)
    known = encode(random_values(background, model.factors, 5), model.factors)[0]
    values = random_values(40, model.factors, 6)[:rows]
    inputs = encode(values, model.factors)[0]
    reference = make_background(known, game.for_thread())
    return game, reference, values, *explain_rows(game, reference, inputs, rounds, seed, workers)


@pytest.mark.parametrize(
    "kind",
    ["drdn", "cnn", "lstm", "cnnlstm", "logistic", "forest", "boosting", "frequencyratio"],
)
@pytest.mark.parametrize("rounds", [1, 3])
def test_base_and_values_add_up_to_the_models_own_prediction(kind, rounds):
    model = make(kind)
    _game, reference, values, shap, error, prediction = explained(model, 20, rounds=rounds)
    own = predictor(model)
    assert np.abs(reference.base + shap.sum(axis=1) - own(values)).max() < 1e-5
    assert np.allclose(prediction, own(values), atol=1e-6)
    assert reference.base == pytest.approx(
        own(random_values(20, model.factors, 5)).mean(), abs=1e-6
    )
    assert (error is None) == (rounds == 1)


@pytest.mark.parametrize("kind", ["drdn", "lstm", "forest"])
def test_close_to_the_definition_over_all_coalitions_of_ten_factors(kind):
    model = make(kind)
    _game, _reference, values, shap, error, _prediction = explained(model, 3, 10, rounds=40)
    exact = brute_force(predictor(model), values, random_values(10, model.factors, 5))
    assert np.abs(shap - exact).mean() < 0.05 * np.abs(exact).mean()
    # The standard error tells the truth: some 5 % of errors are beyond two of them.
    assert (np.abs(shap - exact) < 2 * error + 1e-9).mean() > 0.85
    assert np.abs(shap - exact).max() < 5 * error.max()


def test_an_additive_model_is_explained_exactly():
    """On log-odds a logistic regression gives coefficient x (value - background mean)."""
    model = make("logistic")
    coefficients = model.arrays[0]["coefficients"]
    _game, reference, values, shap, _error, _prediction = explained(model, scale=1, rounds=1)
    inputs = encode(values, model.factors)[0]
    effect = (inputs - reference.inputs.mean(axis=1)) * coefficients
    exact = np.column_stack([effect[:, :9], effect[:, 9:].sum(axis=1)])  # one player of 4 inputs
    assert np.allclose(shap, exact, atol=2e-4)


def test_a_one_hot_factor_is_one_player():
    model = make("drdn")
    assert model.card.n_inputs == 13
    game, _reference, _values, shap, *_rest = explained(model, 2)
    assert shap.shape == (2, 10)
    assert game.owner.tolist() == [*range(9), 9, 9, 9, 9]


def test_an_ensemble_is_explained_by_the_mean_of_its_members():
    model = make("drdn", members=3)
    _game, _reference, values, shap, _error, _p = explained(model, 2, 10, rounds=40)
    exact = brute_force(predictor(model), values, random_values(10, model.factors, 5))
    assert np.abs(shap - exact).mean() < 0.05 * np.abs(exact).mean()
    single = make("drdn")
    assert not np.allclose(predictor(single)(values), predictor(model)(values), atol=1e-3)


@pytest.mark.parametrize("scale", [0, 1])
def test_a_recalibrated_model_is_explained_as_it_maps_or_raw_on_request(scale):
    model = make("drdn")
    model.card.calibration = ISOTONIC
    own = {c: predictor(model, c)(random_values(40, model.factors, 6)[:6]) for c in (True, False)}
    assert np.allclose(own[True], np.interp(own[False], ISOTONIC["x"], ISOTONIC["y"]), atol=1e-6)
    for calibrated in (True, False):
        game, reference, _values, shap, _e, _p = explained(
            model, scale=scale, calibrated=calibrated
        )
        wanted = own[calibrated]
        wanted = np.log(wanted / (1 - wanted)) if scale else wanted
        assert np.allclose(reference.base + shap.sum(axis=1), wanted, atol=1e-4)
        assert game.calibrated == calibrated
    model.card.calibration = None
    assert not Game(model).calibrated


def test_log_odds_of_certain_probabilities_stay_finite():
    game = Game(make("logistic"), scale=1)
    assert game.on_scale(np.array([0.0, 1.0])) == pytest.approx(
        [np.log(EPSILON), -np.log(EPSILON)], rel=1e-4
    )


def test_forest_against_the_exact_tree_explainer_of_shap():
    """Without one-hot factors, whose inputs are several players to shap."""
    shap = pytest.importorskip("shap")
    ensemble = pytest.importorskip("sklearn.ensemble")
    from land_subsidence.subsidence_plugin.engine.baselines import forest
    from land_subsidence.subsidence_plugin.engine.models.card import Card
    from land_subsidence.subsidence_plugin.engine.models.model import Model

    own = factors(6, categorical=False)
    values = random_values(300, own, 1)
    label = (values[:, 0] + values[:, 1] * values[:, 2] > 0.8).astype(int)
    fitted = ensemble.RandomForestClassifier(15, random_state=0).fit(values, label)
    arrays = forest.flatten([forest._arrays(tree.tree_) for tree in fitted.estimators_])
    model = Model(Card("forest", own), [arrays])
    _g, reference, rows, ours, _e, _p = explained(model, 15, 30, rounds=30)
    known = random_values(30, own, 5)
    explainer = shap.TreeExplainer(fitted, data=known, feature_perturbation="interventional")
    theirs = explainer.shap_values(rows, check_additivity=False)[..., 1]
    assert np.abs(ours - theirs).mean() < 0.03 * np.abs(theirs).mean()
    assert np.abs(ours - theirs).max() < 0.02
    assert reference.base == pytest.approx(explainer.expected_value[1], abs=1e-6)


def test_against_the_permutation_explainer_of_shap():
    shap = pytest.importorskip("shap")
    own = factors(6, categorical=False)
    model = network("lstm", own, lstm_units=6)
    _g, _reference, rows, ours, _e, _p = explained(model, 4, 5, rounds=60)
    explainer = shap.PermutationExplainer(
        predictor(model), shap.maskers.Independent(random_values(5, own, 5)), seed=3
    )
    theirs = explainer(rows, max_evals=40 * 13, silent=True).values
    assert np.abs(ours - theirs).mean() < 0.05 * np.abs(theirs).mean()


def test_codes_that_agree_with_the_background_are_skipped_and_nothing_changes():
    own = [Factor(f"f{i}", "classes", 1, 3) for i in range(6)]
    model = network("drdn", own, block_units=16, blocks=2)
    game = Game(model)
    values, known = random_values(4, own, 2), random_values(15, own, 3)
    asked = []

    def value(inputs):
        asked.append(inputs.shape[1])
        return game.for_thread()(inputs)

    from land_subsidence.subsidence_plugin.engine.explanation.permutations import (
        Estimator,
        draw_orders,
    )

    inputs = np.ascontiguousarray(encode(values, own)[0].T)
    reference = make_background(encode(known, own)[0], game.for_thread())
    places = draw_orders(np.random.default_rng(0), 4, 15, 6)[None]
    estimator = Estimator(game, value, reference)
    prediction = game.for_thread()(inputs)
    skipped, _none = estimator.explain(inputs, prediction, places)
    estimator._changed = lambda *_: None
    whole, _none = estimator.explain(inputs, prediction, places)
    assert np.allclose(skipped, whole, atol=1e-6)
    agree = (values[:, None] == known[None]).mean()
    assert asked[1] == 4 * 15 * 2 * 5
    assert asked[0] == pytest.approx(asked[1] * (1 - agree), rel=0.1)


def test_same_seed_same_values_whatever_the_threads_and_batches():
    model = make("drdn")
    one = explained(model, 30, workers=1)
    other = explained(model, 30, workers=3)
    assert np.array_equal(one[3], other[3]) and np.array_equal(one[4], other[4])
    assert not np.array_equal(one[3], explained(model, 30, seed=2)[3])
    few = explained(model, 5)
    assert np.allclose(one[3][:5], few[3], atol=1e-6)


def test_standard_error_falls_with_the_rounds():
    model = make("drdn")
    few, many = (explained(model, 10, rounds=rounds)[4] for rounds in (4, 16))
    assert np.sqrt((few**2).mean() / (many**2).mean()) == pytest.approx(2, rel=0.25)


def test_a_single_factor_gets_the_whole_difference():
    model = baseline("logistic", factors(3, categorical=False))
    model.card.factors = model.card.factors[:1]
    model.arrays[0]["coefficients"] = model.arrays[0]["coefficients"][:1]
    _g, reference, _values, shap, error, prediction = explained(model)
    assert np.allclose(shap[:, 0], prediction - reference.base)
    assert np.allclose(error, 0)


def test_a_constant_model_has_zero_values():
    model = make("logistic")
    model.arrays[0]["coefficients"] = np.zeros(13)
    _g, reference, _v, shap, error, prediction = explained(model)
    assert not shap.any() and not error.any()
    assert np.allclose(prediction, reference.base)


def test_cancel_ends_within_a_chunk_and_leaves_no_thread():
    model = make("forest")
    inputs = encode(random_values(3000, model.factors, 6), model.factors)[0]
    game = Game(model)
    reference = make_background(inputs[:100], game.for_thread())
    seen = []
    progress = Progress(on_fraction=seen.append, is_cancelled=lambda: len(seen) > 2)
    before = threading.active_count()
    with pytest.raises(Cancelled):
        explain_rows(game, reference, inputs, 4, 1, 2, progress)
    assert threading.active_count() == before
    assert 0 < seen[-1] < 0.5


@pytest.mark.parametrize(("name", "value"), [("ROUNDS", 0), ("SCALE", 2)])
def test_bad_numbers_are_one_sentence(name, value):
    model = make("logistic")
    with pytest.raises(InputError, match=f"{name} is {value}"):
        explained(model, **{"rounds" if name == "ROUNDS" else "scale": value})


def test_background_rows_are_drawn_as_the_labels_are_shared():
    label = np.repeat([0, 1], [70, 30])
    rows = draw_rows(label, 20, np.random.default_rng(0))
    assert label[rows].sum() == 6 and len(set(rows)) == 20
    assert draw_rows(label, 500, np.random.default_rng(0)).tolist() == list(range(100))
    assert label[draw_rows(label, 3, np.random.default_rng(0))].sum() == 1
    again = draw_rows(label, 20, np.random.default_rng(0))
    assert rows.tolist() == again.tolist()


def test_the_representative_rows_keep_the_base_value():
    prediction = np.linspace(0, 1, 100) ** 3
    whole = Background(np.arange(100, dtype=np.float32)[None], prediction)
    part = representative(whole, 10)
    assert part.base == pytest.approx(whole.base, abs=0.005)
    assert part.inputs[0].tolist() == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]
    assert representative(whole, 200) is whole
