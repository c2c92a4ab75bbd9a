"""The tuning report: what it says first, what its figures draw, where it must be careful."""

import math

import numpy as np
import pytest

pytest.importorskip("optuna")
pytest.importorskip("matplotlib")

import optuna
from land_subsidence.subsidence_plugin.engine.models.card import Card
from land_subsidence.subsidence_plugin.engine.models.model import Model
from land_subsidence.subsidence_plugin.engine.report.tuning_figures import (
    importance_bars,
    optimisation_history,
    slices,
    value_range,
)
from land_subsidence.subsidence_plugin.engine.report.tuning_report import (
    lead,
    write_tuning_report,
)
from land_subsidence.subsidence_plugin.engine.report.tuning_sections import (
    best_trials,
    course,
    not_beaten,
)
from land_subsidence.subsidence_plugin.engine.tuning.model_search import ModelSearch
from land_subsidence.subsidence_plugin.engine.tuning.outcome import Outcome
from land_subsidence.subsidence_plugin.engine.tuning.results import (
    best_so_far,
    importances,
    trial_columns,
)
from land_subsidence.subsidence_plugin.engine.tuning.space import Dimension
from land_subsidence.subsidence_plugin.engine.tuning.storage_url import place_of
from land_subsidence.subsidence_plugin.engine.tuning.study import best_trial
from land_subsidence.subsidence_plugin.engine.tuning.task import Plan

URL = "postgresql://tuner:geheim@db/studies"


def study_of(maximise=True, trials=30):
    """A study of 30 trials whose value follows the first parameter, some pruned."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    direction = "maximize" if maximise else "minimize"
    study = optuna.create_study(direction=direction, study_name="s")
    distributions = {
        "trees": optuna.distributions.IntDistribution(10, 100, log=True),
        "min_samples_leaf": optuna.distributions.IntDistribution(1, 20),
    }
    rng = np.random.default_rng(5)
    for number in range(trials):
        params = {"trees": int(rng.integers(10, 101)), "min_samples_leaf": int(rng.integers(1, 21))}
        value = 0.6 + 0.003 * params["trees"] + 0.0001 * params["min_samples_leaf"]
        states = optuna.trial.TrialState
        pruned = number % 7 == 6
        study.add_trial(optuna.create_trial(
            params=params, distributions=distributions,
            state=states.PRUNED if pruned else states.COMPLETE,
            value=None if pruned else (value if maximise else 1.2 - value),
            intermediate_values={1: 0.55},
            user_attrs={"worker": {"host": "h", "pid": 7}},
        ))  # fmt: skip
    return study


def outcome_of(study, references, metrics=None, metric="auc", workers=1):
    tuned = ModelSearch.of("forest", "tpe", metric, "trees=10..100; min_samples_leaf=1..20; "
                           "max_features=0.5", {}, 1)  # fmt: skip
    study.set_user_attr("references", references)
    card = Card("forest", [], metrics=metrics or {}, seeds=[1], split={"train": {"rows": 90}})
    return Outcome(
        tuned, Plan("tpe", 30, 1), place_of(URL, ""), "s", "5 random folds of the training rows",
        workers, "cpu", "/data/samples.gpkg", study, best_trial(study), Model(card, [{}]),
    )  # fmt: skip


def metrics_of(auc):
    return {"AUC": auc, "TP": 40, "FN": 10, "TN": 40, "FP": 10}


def test_lead_names_the_better_one_whichever_it_is():
    study = study_of()
    best = best_trial(study).value
    behind = lead(outcome_of(study, {"defaults": 0.7, "logistic": best + 0.01}))
    assert behind.startswith(
        f"The best of 30 trials of Random forest reaches an AUC of {best:.3f} by 5 random folds of "
        "the training rows (Random forest with its defaults 0.700, Logistic regression "
    )
    assert "behind the best baseline, logistic regression" in behind
    assert behind.endswith("there are no other rows to judge it.")
    assert "ahead of the best baseline" in lead(outcome_of(study, {"logistic": best - 0.01}))
    assert "level with the best baseline" in lead(outcome_of(study, {"logistic": best}))


def test_lead_of_a_loss_takes_less_for_better():
    study = study_of(maximise=False)
    best = best_trial(study).value
    text = lead(outcome_of(study, {"logistic": best + 0.01}, metric="logloss"))
    assert f"reaches a log loss of {best:.3f}" in text and "ahead of the best baseline" in text


def test_lead_judges_by_rows_that_decided_nothing():
    outcome = outcome_of(study_of(), {}, {"train": metrics_of(0.99), "validation": metrics_of(0.8)})
    outcome.logistic = {"validation": metrics_of(0.81)}
    assert "on the validation rows, which decided nothing, it has an AUC of 0.800" in lead(outcome)
    assert "no clear difference from logistic regression (0.810)" in lead(outcome)


def test_page_masks_the_password_and_says_what_repeats(tmp_path):
    page = {}
    for workers in (1, 2):
        path = tmp_path / f"{workers}.html"
        outcome = outcome_of(study_of(), {"defaults": 0.7}, workers=workers)
        write_tuning_report(str(path), outcome)
        page[workers] = path.read_text(encoding="utf-8")
    assert "geheim" not in page[1] and "postgresql://tuner:***@db/studies" in page[1]
    assert "the same seed and data repeat the search" in page[1]
    assert "the seed does not repeat it" in page[2]
    assert "Of 30 finished trials 26 were completed and 4 pruned" in page[1]


def test_random_start_up_trials_are_not_called_tpe():
    few, one, many = (course(outcome_of(study_of(trials=n), {})) for n in (8, 1, 21))
    assert few.startswith("All 8 trials were drawn at random; TPE (tree-structured Parzen")
    assert "begins after 20. Of 8 finished trials 7 were completed" in few
    assert one.startswith("The only trial was drawn at random; TPE")
    assert many.startswith("TPE (tree-structured Parzen estimator; Bergstra et al., 2011): 20")


def test_a_search_that_does_not_beat_the_defaults_says_so(tmp_path):
    study = study_of()
    best = best_trial(study).value
    pages = []
    for number, defaults in enumerate((best - 0.01, best, best + 0.01)):
        write_tuning_report(str(tmp_path / f"{number}.html"), outcome_of(study, {
            "defaults": defaults}))  # fmt: skip
        pages.append((tmp_path / f"{number}.html").read_text(encoding="utf-8"))
    plain = "No trial beats the defaults (AUC "
    assert [plain in page for page in pages] == [False, True, True]
    assert f"{plain}{best + 0.01:.4f}; best trial {best:.4f})." in pages[2]
    less = study_of(maximise=False)
    low = best_trial(less).value
    assert not_beaten(outcome_of(less, {}, metric="logloss"), low + 0.01) == ""
    assert not_beaten(outcome_of(less, {}, metric="logloss"), low - 0.01).startswith(
        "No trial beats the defaults (log loss "
    )


def test_the_defaults_among_the_best_trials_are_named():
    outcome = outcome_of(study_of(), {})
    trial = outcome.trial
    assert "defaults" not in best_trials(outcome).caption
    named = best_trials(outcome, 2, [("3", trial), ("defaults", trial)])
    assert "the defaults among them" in named.caption and named.caption.endswith(
        "The first 2 are the members of the ensemble."
    )


def test_two_processes_of_earlier_runs_count_as_parallel():
    study = study_of()
    outcome = outcome_of(study, {})
    assert not outcome.is_parallel
    study.add_trial(optuna.create_trial(value=0.5, user_attrs={"worker": {"host": "g", "pid": 7}}))
    assert outcome.is_parallel


def test_importance_finds_what_the_value_follows():
    shares = importances(study_of(trials=60))
    assert next(iter(shares)) == "trees" and shares["trees"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)
    assert importances(study_of(trials=8)) == {}


def test_trial_table():
    study = study_of(trials=14)
    columns = trial_columns(study, outcome_of(study, {}).tuned.space)
    assert columns["state"].count("pruned") == 2 and columns["best"].sum() == 1
    pruned = columns["state"].index("pruned")
    assert math.isnan(columns["value"][pruned]) and columns["last_value"][pruned] == 0.55
    assert columns["trees"][3] == study.trials[3].params["trees"]
    assert set(columns["worker"]) == {"h:7"}
    lengths = {len(values) for values in columns.values()}
    assert lengths == {14}


def test_best_so_far_and_the_range_drawn():
    value = np.array([0.5, 0.7, np.nan, 0.6, 0.8])
    assert best_so_far(value, True).tolist() == [0.5, 0.7, 0.7, 0.7, 0.8]
    assert best_so_far(value, False).tolist() == [0.5, 0.5, 0.5, 0.5, 0.5]
    # The median lies 0.01 below the best: the axis reaches 0.04 below it, and to the reference.
    many = np.array([0.1, 0.2, 0.79, 0.795, 0.8])
    assert value_range(many, True) == pytest.approx((0.76, 0.8))
    assert value_range(many, True, [0.65]) == pytest.approx((0.65, 0.8))
    assert value_range(1 - many, False) == pytest.approx((0.2, 0.24))
    assert value_range(np.array([0.7]), True) == pytest.approx((0.69, 0.71))


def test_figures_draw_every_completed_trial():
    study = study_of()
    outcome = outcome_of(study, {})
    columns = trial_columns(study, outcome.tuned.space)
    figure = optimisation_history(columns, "AUC", True, {"Defaults": 0.7}, 20)
    points = next(x for x in figure.axes[0].lines if x.get_label() == "completed trial")
    assert len(points.get_xdata()) == 26
    crosses = next(x for x in figure.axes[0].lines if "pruned" in x.get_label())
    assert list(crosses.get_xdata()) == [6, 13, 20, 27]
    panels = slices(columns, outcome.tuned.space, "AUC", True).axes
    assert [ax.get_title("left") for ax in panels[:2]] == ["min_samples_leaf", "trees"] or [
        ax.get_title("left") for ax in panels[:2]] == ["trees", "min_samples_leaf"]  # fmt: skip
    assert len(importance_bars({"a": 0.7, "b": 0.3}).axes[0].patches) == 2


@pytest.mark.parametrize(("high", "log"), [(3, False), (4, False), (9, True), (60, True)])
def test_whole_numbered_values_have_whole_numbered_ticks(high, log):
    columns = {
        "trial": np.arange(3), "value": np.array([0.5, 0.7, 0.6]), "blocks": np.array([1, 2, high]),
        "best": np.array([0, 1, 0]),
    }  # fmt: skip
    ax = slices(columns, (Dimension("blocks", 2, 1, high, log),), "AUC", True).axes[0]
    first, last = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if first <= tick <= last]
    assert len(ticks) >= 2 and all(tick == pytest.approx(round(tick)) for tick in ticks)
