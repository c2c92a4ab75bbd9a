"""Training of forecasters: what it learns, repeats, masks and refuses."""

import numpy as np
import pytest

pytest.importorskip("torch")

from forecast_help import TYPES, area, data, recipe
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
from land_subsidence.subsidence_plugin.engine.forecasting.batch import Window, season_of
from land_subsidence.subsidence_plugin.engine.forecasting.member import targets_of
from land_subsidence.subsidence_plugin.engine.forecasting.recipe import (
    forecast_recipe,
    parse_values,
)
from land_subsidence.subsidence_plugin.engine.forecasting.sampling import WindowSampler, spaced
from land_subsidence.subsidence_plugin.engine.forecasting.training import (
    ForecastData,
    make_card,
    prepare,
    train_forecaster,
)
from land_subsidence.subsidence_plugin.engine.progress import Progress


def travelling(dates=90, side=16, seed=3):
    """Return a pattern that moves one cell to the right a date: only neighbours foretell it."""
    random = np.random.default_rng(seed)
    line = random.normal(0, 1, (side, side + dates))
    levels = np.stack([line[:, dates - t : dates - t + side] for t in range(dates)])
    return Area(levels.astype(np.float32), np.ones((side, side), bool), 6 * np.arange(dates))


@pytest.mark.parametrize("spatial", ["cnn", "resnet"])
def test_convolutions_learn_what_comes_from_a_neighbour(spatial):
    """The linear start knows a cell's own past alone, and cannot foresee the pattern."""
    how = recipe(
        spatial, "lstm", window=4, horizon=1, epochs=25, patience=0, learning_rate=0.02,
        channels=8, decoder_width=12, crop=16,
    )  # fmt: skip
    trained = train_forecaster(how, prepare(how, data(travelling())))
    assert trained.history[0][3] == pytest.approx(1)
    assert trained.summaries[0]["validation_loss"] < 0.5


@pytest.mark.parametrize(("spatial", "temporal"), TYPES)
def test_a_training_repeats(spatial, temporal):
    how, own = recipe(spatial, temporal, epochs=1), data()
    runs = [train_forecaster(how, prepare(how, own), seed=7).forecaster for _ in range(2)]
    for name, array in runs[0].arrays[0].items():
        np.testing.assert_array_equal(array, runs[1].arrays[0][name], err_msg=name)
    other = train_forecaster(how, prepare(how, own), seed=8).forecaster
    assert any(
        not np.array_equal(array, other.arrays[0][name])
        for name, array in runs[0].arrays[0].items()
    )


def test_members_are_those_of_their_seeds():
    how, own = recipe(epochs=1), data()
    prepared = prepare(how, own)
    two = train_forecaster(how, prepared, seed=7, repeats=2)
    assert two.forecaster.card.seeds == [7, 8]
    second = train_forecaster(how, prepared, seed=8).forecaster
    for name, array in second.arrays[0].items():
        np.testing.assert_array_equal(array, two.forecaster.arrays[1][name], err_msg=name)
    assert [row[0] for row in two.history] == [1, 1, 2, 2]


def test_scaling_comes_from_the_training_part():
    own = data()
    plain = prepare(recipe(), own)
    later = Area(own.areas[0].levels.copy(), own.areas[0].mask, own.areas[0].days)
    later.levels[48:] += 1000
    shifted = prepare(recipe(), data(later))
    assert shifted.start.mean == plain.start.mean
    assert shifted.start.std == plain.start.std
    np.testing.assert_array_equal(shifted.start.ridge.weights, plain.start.ridge.weights)
    train = own.areas[0].series()[:, :48]
    assert plain.start.mean == pytest.approx(train.mean(), abs=1e-4)
    assert plain.start.std == pytest.approx(train.std(), abs=1e-4)


def test_the_test_part_decides_nothing():
    how, own = recipe(), data()
    before = train_forecaster(how, prepare(how, own)).forecaster
    other = Area(own.areas[0].levels.copy(), own.areas[0].mask, own.areas[0].days)
    other.levels[54:] -= 500
    after = train_forecaster(how, prepare(how, data(other))).forecaster
    for name, array in before.arrays[0].items():
        np.testing.assert_array_equal(array, after.arrays[0][name], err_msg=name)


def test_only_observed_targets_of_valid_cells_count():
    own = area()
    own.observed = np.ones(own.levels.shape, bool)
    own.observed[31, 2, 4] = False
    card = make_card(recipe(), prepare(recipe(), data(own)))
    target, known = targets_of(card, [Window(own, 30)], 144)
    seen = known[0].reshape(3, 12, 12).astype(bool)
    assert not seen[0, 2, 4]
    assert seen[1, 2, 4]
    np.testing.assert_array_equal(seen[1], own.mask)
    level = (own.levels[32, 5, 6] - card.mean) / card.std
    assert target[0, 1].reshape(12, 12)[5, 6] == pytest.approx(level, rel=1e-5)
    assert target[0, 0].reshape(12, 12)[2, 4] == 0


def test_values_at_unobserved_targets_change_nothing():
    how = recipe(epochs=1)
    arrays = []
    for value in (0, 400):
        own = area()
        own.observed = np.ones(own.levels.shape, bool)
        # the last dates of the training part: targets of the last windows, inputs of none
        own.observed[47, 3:6] = False
        prepared = prepare(how, data(own))
        own.levels[47, 3:6] = value
        prepared = prepared.__class__(prepared.data, prepared.start, prepared.origins, None)
        arrays.append(train_forecaster(how, prepared).forecaster.arrays[0])
    for name, array in arrays[0].items():
        np.testing.assert_array_equal(array, arrays[1][name], err_msg=name)


def test_series_that_do_not_change_are_refused():
    own = area()
    own.levels[:] = -3
    with pytest.raises(InputError, match="do not change at all"):
        prepare(recipe(), data(own))


def test_cancel_comes_through_within_a_step():
    how, own = recipe(epochs=50), data()
    calls = []

    def cancelled():
        calls.append(1)
        return len(calls) > 5

    with pytest.raises(Cancelled):
        train_forecaster(how, prepare(how, own), progress=Progress(is_cancelled=cancelled))
    assert len(calls) < 9


def test_the_pruner_hears_of_every_pass():
    heard = []
    how, own = recipe(epochs=3, patience=0), data()
    train_forecaster(how, prepare(how, own), on_pass=lambda *row: heard.append(row))
    assert [row[0] for row in heard] == [1, 2, 3]
    assert all(np.isfinite(row[2]) for row in heard)


def test_a_gcn_trains_on_groups_and_forecasts_points():
    random = np.random.default_rng(4)
    xy = random.random((150, 2)) * 2000
    levels = (np.arange(60)[:, None] * random.normal(-0.4, 0.2, 150)).astype(np.float32)
    levels += random.normal(0, 0.3, levels.shape).astype(np.float32)
    own = Area(levels, np.ones(150, bool), 6 * np.arange(60), xy=xy)
    how = recipe("gcn", "lstm", epochs=1)
    network = train_forecaster(how, prepare(how, ForecastData([own], 100.0, data().split)))
    assert network.forecaster.forecast(own, 50).shape == (1, 3, 150)


def test_the_papers_gcn_trains_on_what_it_pools_in_a_forecast(monkeypatch):
    """All nodes at once, however many there are to a group."""
    from land_subsidence.subsidence_plugin.engine.forecasting import training

    pytest.importorskip("scipy")
    monkeypatch.setattr(training, "GROUP", 50)
    nodes = {}
    for variant in ("lastmap", "paper"):
        own = prepare(recipe("gcn", "lstm", variant), data()).data
        nodes[variant] = [area.mask.size for area in own.areas]
    assert nodes["paper"] == [140] and max(nodes["lastmap"]) <= 50
    two = ForecastData([area(), area()], 100.0, data().split)
    how = recipe("gcn", "lstm", "paper")
    with pytest.raises(InputError, match=r"pools the whole map .* groups of many points"):
        train_forecaster(how, prepare(how, two))


def test_the_sampler_shows_every_origin_once_an_epoch():
    sampler = WindowSampler([area(), area(rows=10)], np.arange(7, 31), 8)
    windows = [w for batch in sampler.epoch(np.random.default_rng(1), 5) for w in batch]
    assert sorted(w.origin for w in windows) == list(range(7, 31))
    assert {w.area.shape for w in windows} == {(8, 8)}
    assert sampler.steps(5) == 5


def test_crops_avoid_empty_places():
    empty = area(rows=40, columns=40)
    empty.mask[:] = False
    empty.mask[30, 30] = True
    sampler = WindowSampler([empty], np.arange(7, 207), 20)
    windows = [w for batch in sampler.epoch(np.random.default_rng(1), 5) for w in batch]
    assert np.mean([w.area.mask.any() for w in windows]) > 0.95


def test_spaced_origins():
    np.testing.assert_array_equal(spaced(np.arange(10, 21), 3), [10, 15, 20])
    np.testing.assert_array_equal(spaced(np.arange(3), 5), [0, 1, 2])


def test_the_season_turns_in_a_year():
    np.testing.assert_allclose(season_of(0), [1, 0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(season_of(365.25 / 4), [0, 1, -1, 0], atol=1e-6)


def test_hyperparameters_as_text():
    assert parse_values("channels=16\n blocks = 2, dropout=0.3;") == {
        "channels": 16, "blocks": 2, "dropout": 0.3,
    }  # fmt: skip
    with pytest.raises(InputError, match="holds 'channels'; write name=value"):
        parse_values("channels")
    with pytest.raises(InputError, match="'blocks' twice"):
        parse_values("blocks=1,blocks=2")


def test_recipes_are_checked():
    with pytest.raises(InputError, match="has no hyperparameter 'units'"):
        forecast_recipe("resnet", "transformer", hyperparameters={"units": 3})
    with pytest.raises(InputError, match="'channels' is 0; allowed is 1"):
        forecast_recipe("resnet", "transformer", hyperparameters={"channels": 0})
    with pytest.raises(InputError, match="HORIZON is 0; allowed is 1 to 365"):
        forecast_recipe("resnet", "transformer", horizon=0)
    how = forecast_recipe("cnn", "lstm").with_values({"units": 8, "learning_rate": 0.01})
    assert how.hyperparameters["units"] == 8
    assert how.settings["learning_rate"] == 0.01
    assert type(how)(**how.as_dict()) == how
