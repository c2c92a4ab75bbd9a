"""Shapley values of pixels: equal to those of rows, additive, masked, and the dominant factor."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.explanation.background import make_background
from land_subsidence.subsidence_plugin.engine.explanation.dominant import (
    check_dominant,
    dominant_factor,
)
from land_subsidence.subsidence_plugin.engine.explanation.game import Game
from land_subsidence.subsidence_plugin.engine.explanation.permutations import (
    Estimator,
    draw_orders,
)
from land_subsidence.subsidence_plugin.engine.explanation.tiles import TileExplainer
from land_subsidence.subsidence_plugin.engine.models.card import Factor
from land_subsidence.subsidence_plugin.engine.models.encode import encode
from land_subsidence.subsidence_plugin.engine.prediction.tile_predictor import Stopped
from shap_models import baseline, factors, network, predictor, random_values

pytest.importorskip("torch")
pytest.importorskip("sklearn")


def classes(count=5):
    return [Factor(f"f{i}", "classes", 1, 3) for i in range(count)]


def setting(model, background=6, rounds=1, scale=0):
    game = Game(model, scale)
    known = encode(random_values(background, model.factors, 5), model.factors)[0]
    reference = make_background(known, game.for_thread())
    places = draw_orders(np.random.default_rng(1), rounds, background, game.factors)
    return game, reference, places


@pytest.mark.parametrize("own", [factors(), classes()], ids=["one-hot and continuous", "classes"])
@pytest.mark.parametrize("rounds", [1, 2])
def test_pixels_get_what_rows_get_from_the_same_orders(own, rounds):
    model = network("drdn", own, block_units=16, blocks=2)
    game, reference, places = setting(model, rounds=rounds)
    values = random_values(300, own, 7)
    tile = TileExplainer(game, reference, places)(np.ascontiguousarray(values.T))
    inputs = np.ascontiguousarray(encode(values, own)[0].T)
    value = game.for_thread()
    rows, _error = Estimator(game, value, reference).explain(inputs, value(inputs), places[:, None])
    assert np.allclose(tile.shap, rows.T, atol=1e-6)


@pytest.mark.parametrize("kind", ["logistic", "forest"])
@pytest.mark.parametrize("scale", [0, 1])
def test_base_and_bands_add_up_to_the_models_prediction_at_every_pixel(kind, scale):
    model = baseline(kind, factors())
    game, reference, places = setting(model, scale=scale)
    values = random_values(500, model.factors, 7)
    tile = TileExplainer(game, reference, places)(np.ascontiguousarray(values.T))
    wanted = predictor(model)(values)
    if scale:  # a forest's certain leaves are held from 0 and 1
        wanted = np.clip(wanted, 1e-6, 1 - 1e-6)
        wanted = np.log(wanted / (1 - wanted))
    assert np.abs(reference.base + tile.shap.sum(axis=0) - wanted).max() < 1e-4
    assert tile.additivity < 1e-5 and tile.shap.dtype == np.float32


def test_pixels_that_repeat_are_predicted_once_and_agree():
    own = classes()
    model = network("drdn", own, block_units=16, blocks=2)
    game, reference, places = setting(model)
    values = np.tile(random_values(20, own, 7), (50, 1))
    explainer = TileExplainer(game, reference, places)
    tile = explainer(np.ascontiguousarray(values.T))
    assert np.array_equal(tile.shap[:, :20], tile.shap[:, -20:])
    assert explainer.evaluations < 1000 + 20 * 6 * 2 * 4


def test_values_do_not_depend_on_the_tile_a_pixel_lies_in():
    own = factors()
    model = network("cnn", own, filters=4)
    game, reference, places = setting(model)
    values = np.ascontiguousarray(random_values(200, own, 7).T)
    whole = TileExplainer(game, reference, places)(values).shap
    half = TileExplainer(game, reference, places)(values[:, 150:]).shap
    assert np.allclose(whole[:, 150:], half, atol=1e-6)


def test_missing_values_and_unknown_categories_are_nodata():
    model = baseline("logistic", factors())
    game, reference, places = setting(model)
    values = np.ascontiguousarray(random_values(6, model.factors, 7).T)
    values[3, 1], values[9, 4] = np.nan, 9
    done = []
    tile = TileExplainer(game, reference, places, on_pixels=done.append)(values)
    assert np.isnan(tile.shap).all(axis=0).tolist() == [False, True, False, False, True, False]
    assert not np.isnan(tile.shap[:, [0, 2, 3, 5]]).any()
    assert tile.valid == 4 and sum(done) == pytest.approx(6)
    empty = TileExplainer(game, reference, places)(np.full((10, 4), np.nan, np.float32))
    assert empty.valid == 0 and empty.shap is None


def test_a_stopped_run_leaves_the_tile_unfinished():
    model = network("drdn", factors(), block_units=16, blocks=2)
    game, reference, places = setting(model)
    explainer = TileExplainer(game, reference, places, stopped=lambda: True)
    with pytest.raises(Stopped):
        explainer(np.ascontiguousarray(random_values(6, model.factors, 7).T))


def test_a_single_factor_gets_everything():
    model = baseline("logistic", factors(3, categorical=False))
    model.card.factors = model.card.factors[:1]
    model.arrays[0]["coefficients"] = model.arrays[0]["coefficients"][:1]
    game, reference, places = setting(model)
    tile = TileExplainer(game, reference, places)(np.array([[0.1, 0.9]], np.float32))
    assert np.allclose(
        reference.base + tile.shap[0], predictor(model)(np.array([[0.1], [0.9]])), atol=1e-6
    )


def test_dominant_factor_by_hand():
    nan = np.nan
    shap = np.array([[0.1, -0.4, 0.0, nan, -0.1], [-0.3, 0.2, 0.0, nan, -0.2]], np.float32)
    assert dominant_factor(shap).tolist() == [2, 1, 3, 0, 2]
    assert dominant_factor(shap, 1).tolist() == [1, 2, 3, 0, 3]
    assert dominant_factor(shap).dtype == np.uint8


def test_bad_dominant_maps_are_one_sentence():
    with pytest.raises(InputError, match="DOMINANT_BY is 2"):
        check_dominant(2, 5)
    with pytest.raises(InputError, match="255 factors"):
        check_dominant(0, 255)
