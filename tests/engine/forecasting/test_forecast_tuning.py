"""The search of a forecaster: its objective, what it keeps, its references, its ensemble."""

import dataclasses
import json

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("optuna")

import optuna
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
from land_subsidence.subsidence_plugin.engine.forecasting.recipe import forecast_recipe
from land_subsidence.subsidence_plugin.engine.forecasting.training import (
    ForecastData,
    prepare,
    train_forecaster,
)
from land_subsidence.subsidence_plugin.engine.naive.time_split import TimeSplit
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.tuning.data_file import read_data, write_data
from land_subsidence.subsidence_plugin.engine.tuning.forecast import loss_of
from land_subsidence.subsidence_plugin.engine.tuning.forecast_arrays import from_arrays, to_arrays
from land_subsidence.subsidence_plugin.engine.tuning.forecast_ensemble import joined, top_candidates
from land_subsidence.subsidence_plugin.engine.tuning.forecast_search import (
    ForecastSearch,
    baseline_losses,
    expected,
)
from land_subsidence.subsidence_plugin.engine.tuning.outcome import Searched
from land_subsidence.subsidence_plugin.engine.tuning.storage_url import place_of
from land_subsidence.subsidence_plugin.engine.tuning.task import Plan, Task

QUIET = Progress(on_message=lambda _text, _level: None)


def world(dates=60, side=12, seed=4, **split):
    """Return one grid with a random walk all cells share, a trend each, and noise."""
    random = np.random.default_rng(seed)
    days = 18_000 + 6 * np.arange(dates)
    walk = np.cumsum(random.normal(0, 0.5, dates))[:, None, None]
    trend = -0.05 * np.arange(dates)[:, None, None] * random.random((side, side))
    levels = (walk + trend + random.normal(0, 0.3, (dates, side, side))).astype(np.float32)
    mask = np.ones((side, side), bool)
    mask[0, :3] = False
    observed = np.ones(levels.shape, bool)
    observed[50:53, 4, 4] = False
    own = Area(levels, mask, days, observed=observed)
    return ForecastData([own], 100.0, TimeSplit(dates, **split))


def small(spatial="resnet", temporal="transformer", **settings):
    return forecast_recipe(
        spatial, temporal, "lastmap", 8, 3, 0, settings={"epochs": 2, **settings}
    )


def searched(how=None, given=("epochs",), strategy="tpe", changes="", seed=1):
    return ForecastSearch.of(how or small(), given, strategy, changes, seed)


# --- arrays -------------------------------------------------------------------------------------


def test_arrays_give_the_same_data_again(tmp_path):
    own = world()
    own.areas[0].static = np.full((1, 12, 12), 0.5, np.float32)
    own.covariates.append({"name": "clay", "mean": 3.0, "std": 2.0})
    own.split = TimeSplit(60, 0.2, 0.1, (3, 7))
    write_data(str(tmp_path / "d.npz"), to_arrays(own))
    again = from_arrays(read_data(str(tmp_path / "d.npz")))
    assert again.split == own.split and again.covariates == own.covariates
    assert again.cell_size == 100.0 and len(again.areas) == 1
    for name in ("levels", "mask", "days", "static", "observed"):
        np.testing.assert_array_equal(getattr(again.areas[0], name), getattr(own.areas[0], name))


def test_groups_of_points_of_different_sizes_come_back():
    random = np.random.default_rng(1)
    areas = [
        Area(random.random((30, n)).astype(np.float32), np.ones(n, bool), 6 * np.arange(30),
             xy=random.random((n, 2)) * 500)
        for n in (5, 9)
    ]  # fmt: skip
    again = from_arrays(to_arrays(ForecastData(areas, 40.0, TimeSplit(30))))
    assert [a.shape for a in again.areas] == [(5,), (9,)] and not again.areas[0].is_grid
    for one, other in zip(again.areas, areas):
        np.testing.assert_array_equal(one.levels, other.levels)
        np.testing.assert_array_equal(one.xy, other.xy)
        assert one.observed is None


def test_trials_take_as_many_tiles_as_fit_and_at_least_one():
    own = world()
    own.areas = [own.areas[0]] * 4
    size = own.areas[0].levels.size
    assert len(to_arrays(own, 3 * size)["shapes"]) == 3
    assert len(to_arrays(own, size - 1)["shapes"]) == 1
    assert len(to_arrays(own)["shapes"]) == 4


def test_other_arrays_are_refused():
    with pytest.raises(InputError, match="not those of a forecaster's tuning"):
        from_arrays({"values": np.zeros(3)})


# --- objective ----------------------------------------------------------------------------------


def test_a_trial_is_one_training_and_its_loss_that_of_the_best_pass():
    """The loss of the objective is that of a training by hand with the same values and seed."""
    own, search = world(), searched()
    judge = search.task.prepare(to_arrays(own), 1, QUIET)
    values = {"channels": 9, "learning_rate": 0.004}
    heard = []
    loss = judge(values, lambda step, value: heard.append((step, value)), QUIET)
    how = small().with_values(values)
    trained = train_forecaster(how, prepare(how, own), seed=1, progress=QUIET)
    held = [row[3] for row in trained.history]
    assert loss == pytest.approx(min(held), abs=1e-9)
    assert heard == [(n, pytest.approx(v)) for n, v in enumerate(held) if n]


def test_a_pruned_trial_ends_after_the_pass():
    judge = searched().task.prepare(to_arrays(world()), 1, QUIET)

    class Enough(Exception):
        pass

    def report(step, _value):
        if step == 1:
            raise Enough
        raise AssertionError("a second pass")

    with pytest.raises(Enough):
        judge({}, report, QUIET)


def test_networks_of_trials_are_kept_beside_the_study_and_taken_again(tmp_path):
    own, place = to_arrays(world()), place_of(str(tmp_path / "a.study"), "")
    judge = searched().task.prepare(own, 1, QUIET, place.aside)
    loss = judge({"channels": 9}, lambda *_: None, QUIET)
    files = list((tmp_path / "a.study.networks").iterdir())
    assert len(files) == 1
    heard = []
    assert judge({"channels": 9}, lambda *a: heard.append(a), QUIET) == loss and not heard
    files[0].write_bytes(files[0].read_bytes()[:200])
    assert judge({"channels": 9}, lambda *a: heard.append(a), QUIET) == loss and len(heard) == 2
    judge({"channels": 10}, lambda *_: None, QUIET)
    other = searched(small("cnn")).task.prepare(own, 1, QUIET, place.aside)
    other({}, lambda *_: None, QUIET)
    folder = files[0].parent
    (folder / f".{files[0].name}.1.partial").write_bytes(b"cut off by a kill")
    assert len(list(folder.iterdir())) == 4
    judge.keep_only([({"channels": 9}, 1)])
    left = list(folder.iterdir())
    assert len(left) == 2 and files[0] in left, "that of the other task stays"


def test_a_full_disk_or_a_database_keeps_nothing_and_trains_all_the_same(tmp_path):
    (tmp_path / "file").write_text("in the way")
    judge = searched().task.prepare(to_arrays(world()), 1, QUIET, str(tmp_path / "file" / "n"))
    assert judge({}, lambda *_: None, QUIET) == judge({}, lambda *_: None, QUIET)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert place_of("postgresql://me@h/db", "").aside is None
    assert place_of("sqlite:////a/b.db?timeout=3", "").aside == "/a/b.db.networks"
    assert place_of("", "/a/m.study").aside == "/a/m.study.networks"


def test_without_a_validation_part_no_trial_can_be_judged():
    with pytest.raises(InputError, match="there is none; raise VALIDATION_SHARE"):
        searched().task.prepare(to_arrays(world(validation_share=0.0)), 1, QUIET)


# --- what is searched ---------------------------------------------------------------------------


def test_what_is_given_is_not_searched_unless_space_names_it():
    how = small(learning_rate=0.007)
    names = {d.name for d in searched(how, ("epochs", "learning_rate")).space}
    assert {"channels", "blocks", "heads", "batch_size", "weight_decay"} <= names
    assert "learning_rate" not in names and "epochs" not in names
    both = searched(how, ("learning_rate",), changes="learning_rate=1e-3..1e-2; channels=12")
    assert "learning_rate" in {d.name for d in both.space}
    assert "channels" not in {d.name for d in both.space}
    assert both.base.hyperparameters["channels"] == 12
    stored = searched(how, ("learning_rate",)).task.arguments["recipe"]
    assert (
        stored["settings"]["learning_rate"] == 0.007
        and "channels" not in (stored["hyperparameters"])
    )
    with pytest.raises(InputError, match="There is nothing to search"):
        searched(strategy="grid")
    assert {d.name for d in searched(strategy="grid", changes="channels=8,16").space} == {
        "channels"
    }


def test_the_task_survives_a_storage_and_seeds_have_studies_of_their_own():
    search, own = searched(), to_arrays(world())
    again = Task.from_dict(json.loads(json.dumps(search.task.as_dict())))
    assert again.changes(search.task) == "" and again.maximise is False
    assert search.name(own).startswith("resnet-transformer-")
    assert search.name(own) == searched().name(own) != search.repeated(1).name(own)


def test_naive_baselines_are_judged_as_trials_are():
    """Persistence by hand: mean over steps of its MSE on the windows, over the linear start's."""
    own = world()
    judge = searched().judge(to_arrays(own), "cpu", None)
    found = baseline_losses(judge)
    assert list(found) == ["persistence", "mean", "linear", "annual", "recent", "ridge"]
    levels, seen = own.areas[0].levels.astype(float), own.areas[0].observed
    mask = own.areas[0].mask
    first, stop = own.split.bounds("validation")
    origins = range(first - 1, stop - 3)
    errors = []
    for h in (1, 2, 3):
        squares = [
            (levels[o] - levels[o + h])[mask & seen[o + h]] ** 2 for o in origins
        ]  # fmt: skip
        errors.append(np.concatenate(squares).mean())
    reference = judge.prepared.validation.reference
    assert found["persistence"] == pytest.approx(np.mean(np.array(errors) / reference), rel=1e-5)


def test_a_graph_has_the_baselines_of_the_same_cells():
    grid = baseline_losses(searched().judge(to_arrays(world()), "cpu", None))
    graph = baseline_losses(
        searched(small("gcn", "lstm")).judge(to_arrays(world()), "cpu", None)
    )  # fmt: skip
    assert graph == pytest.approx(grid, rel=1e-5)


def test_the_reference_is_the_defaults_of_the_declaration_and_what_was_given():
    search = searched(small(learning_rate=0.007), ("learning_rate",))
    judge = search.judge(to_arrays(world()), "cpu", None)
    network = judge.network({}, QUIET)
    assert network.card.hyperparameters == small().hyperparameters
    assert network.card.training["settings"]["learning_rate"] == 0.007
    found = search.references(judge, QUIET)
    assert found["defaults"] == loss_of(network) and len(found) == 7
    assert search.references(judge, QUIET, {"ridge": 0.5}) == {
        "defaults": found["defaults"], "ridge": 0.5
    }  # fmt: skip
    assert search.reference_title("ridge") == "Ridge on differences"
    assert search.reference_title("defaults") == "ResNet + Transformer with its defaults (manual)"


def test_a_search_says_how_long_it_will_take():
    """8 trials with 2 workers are 4 rounds of 60 s."""
    assert expected(8, 2)(60.0) == (
        "A trial takes about 60 s, as the defaults did (pruned ones less, larger networks more); "
        "8 trials with 2 workers about 4 min."
    )
    assert expected(1, 1)(5.4).endswith("; 1 trial about 5 s.")
    assert expected(50, 1)(600.0).endswith("; 50 trials about 8.3 h.")
    assert expected(9, 2)(0.3) == ""


# --- ensemble -----------------------------------------------------------------------------------


def study(values):
    """Return a study with a completed trial for each (channels, value); None is pruned."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    made = optuna.create_study(direction="minimize")
    states = optuna.trial.TrialState
    for channels, value in values:
        made.add_trial(optuna.create_trial(
            params={"channels": channels},
            distributions={"channels": optuna.distributions.IntDistribution(1, 50)},
            state=states.PRUNED if value is None else states.COMPLETE, value=value,
        ))  # fmt: skip
    return made


def search_of(values, seed):
    plan, place = Plan("tpe", 5, seed), place_of("", "/a/m.study")
    tuned = searched(changes="channels=8..20", seed=seed)
    tuned = dataclasses.replace(tuned, space=tuple(d for d in tuned.space if d.name == "channels"))
    return Searched(tuned, plan, place, "s", "2 windows", 1, "cpu", "a.tif", study(values))


def test_the_top_candidates_differ_and_come_from_all_searches():
    first = search_of([(8, 0.9), (9, 0.7), (9, 0.7), (10, None)], 1)
    second = search_of([(8, 0.8), (11, 0.85), (12, 1.0)], 2)

    def found(count):
        top = top_candidates([first, second], count)
        return [(c.seed, c.number, c.params["channels"], c.value) for c in top]

    assert found(3) == [(1, 1, 9, 0.7), (2, 0, 8, 0.8), (2, 1, 11, 0.85)]
    # The defaults (12 channels) are a member where they are good enough, with their best seed.
    first.study.set_user_attr("references", {"defaults": 0.78, "ridge": 0.1})
    second.study.set_user_attr("references", {"defaults": 0.75, "ridge": 0.1})
    assert found(3) == [(1, 1, 9, 0.7), (2, None, 12, 0.75), (2, 0, 8, 0.8)]
    assert len(found(99)) == 4, "12 channels, the same values as the worst trial, count once"


def test_members_of_the_ensemble_forecast_as_the_networks_they_were():
    own = world()
    judge = searched().judge(to_arrays(own), "cpu", None)
    wanted = [({"channels": 9, "readout_block": 4}, 1), ({"channels": 14, "blocks": 2}, 5)]
    networks = [judge.network(values, QUIET, seed=seed) for values, seed in wanted]
    ensemble = joined(networks)
    assert ensemble.members == 2 and ensemble.card.seeds == [1, 5]
    assert [h["channels"] for h in ensemble.card.member_hyperparameters] == [9, 14]
    together = ensemble.forecast(own.areas[0], 40)
    for row, network in zip(together, networks):
        np.testing.assert_array_equal(row, network.forecast(own.areas[0], 40)[0])
    settings = ensemble.card.training["members"][1]["settings"]
    assert settings["epochs"] == 2
    assert networks[0].card.members == 1, "the networks stay as they were"
