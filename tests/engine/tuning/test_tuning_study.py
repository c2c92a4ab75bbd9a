"""Studies: sampler settings, resuming, counting, broken-off trials, changes, several workers."""

import errno
import re
import threading

import numpy as np
import optuna
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.tuning import samplers
from land_subsidence.subsidence_plugin.engine.tuning.requeue import (
    requeue,
    requeue_lost,
    sweep,
)
from land_subsidence.subsidence_plugin.engine.tuning.search import search
from land_subsidence.subsidence_plugin.engine.tuning.space import Dimension
from land_subsidence.subsidence_plugin.engine.tuning.storage import open_storage
from land_subsidence.subsidence_plugin.engine.tuning.storage_url import place_of
from land_subsidence.subsidence_plugin.engine.tuning.study import (
    begin_study,
    counts,
    queue_grid,
    ranking,
)
from land_subsidence.subsidence_plugin.engine.tuning.task import Plan, Task
from land_subsidence.subsidence_plugin.engine.tuning.trials import TrialRunner, run_here

RUNNING, FAIL = optuna.trial.TrialState.RUNNING, optuna.trial.TrialState.FAIL


@pytest.fixture
def place(tmp_path):
    return place_of(str(tmp_path / "a.study"), "")


@pytest.fixture(params=["journal", "sqlite"])
def any_place(request, tmp_path):
    return place_of(str(tmp_path / {"journal": "a.study", "sqlite": "a.db"}[request.param]), "")


def values(study):
    return [(t.number, t.state.name, t.params, t.value) for t in study.get_trials()]


def objective(trial):
    return -((trial.suggest_float("x", 0, 1) - 0.3) ** 2) + trial.suggest_int("n", 1, 9) / 100


# --- samplers -----------------------------------------------------------------------------------


def test_tpe_takes_20_random_trials_and_the_best_quarter_as_good(monkeypatch):
    seen = []
    original = optuna.samplers._tpe.sampler._split_trials

    def split(study, trials, n_below, *further):
        seen.append((len(trials), n_below))
        return original(study, trials, n_below, *further)

    monkeypatch.setattr(optuna.samplers._tpe.sampler, "_split_trials", split)
    study = optuna.create_study(direction="maximize", sampler=samplers.make_sampler("tpe", 3))
    study.optimize(objective, 60)
    sizes = sorted(set(seen))
    # ceil(25 %) of 20, 21 ... 59 finished trials.
    assert sizes[0] == (20, 5) and sizes[-1] == (59, 15) and len(sizes) == 40
    assert all(good == -(-done // 4) for done, good in sizes)
    # Univariate: every parameter is drawn by itself, so there are two splits a trial.
    assert len(seen) == 2 * 40


def test_the_first_20_trials_are_those_of_random_search():
    found = []
    for strategy in ("tpe", "random"):
        study = optuna.create_study(sampler=samplers.make_sampler(strategy, 3))
        study.optimize(objective, 22)
        found.append([trial.params for trial in study.trials])
    assert found[0][:20] == found[1][:20]
    assert found[0][20:] != found[1][20:]


def test_no_warning_of_optuna_is_left(recwarn):
    samplers._classes.cache_clear()
    samplers.make_sampler("tpe", 1)
    assert [str(w.message) for w in recwarn] == []


def test_median_pruner_keeps_to_its_warm_up():
    pruner = samplers.make_pruner(True, 30)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    for _ in range(10):
        trial = study.ask()
        for step in (25, 30, 35):
            trial.report(0.8, step)
        study.tell(trial, 0.8)
    trial = study.ask()
    trial.report(0.5, 25)
    assert not trial.should_prune()
    trial.report(0.5, 30)
    assert trial.should_prune()
    assert isinstance(samplers.make_pruner(False, 30), optuna.pruners.NopPruner)


# --- resuming -----------------------------------------------------------------------------------


def cancel_after(trials):
    """Return a progress that cancels in the middle of the trial after ``trials`` finished ones."""
    done = []

    def message(text, _level):
        if text.startswith("Trial "):
            done.append(text)

    looks = []

    def cancelled():
        if len(done) < trials:
            return False
        looks.append(1)
        return len(looks) > 4

    return Progress(None, message, cancelled)


def test_a_cancelled_search_goes_on_as_if_it_had_not_been(place, quick, data, tmp_path):
    plan = Plan("tpe", 24, 5)
    whole = search(quick, data, plan, place_of(str(tmp_path / "whole.study"), ""), "s")
    with pytest.raises(Cancelled):
        search(quick, data, plan, place, "s", progress=cancel_after(21))
    study = search(quick, data, plan, place, "s")
    assert counts(study).finished == 24 == counts(whole).finished
    complete = [t.params for t in study.get_trials() if t.state.name == "COMPLETE"]
    # What was cut off is run again with its values; the draws before it are the same.
    assert complete[:22] == [t.params for t in whole.get_trials()][:22]


def test_trials_count_what_is_there(place, quick, data, log):
    search(quick, data, Plan("random", 4, 1), place, "s")
    study = search(quick, data, Plan("random", 6, 1), place, "s", progress=log)
    assert [t.number for t in study.get_trials()] == list(range(6))
    assert "holds 4 finished trials (0 pruned) and goes on" in log.text
    again = search(quick, data, Plan("random", 5, 1), place, "s")
    assert values(again) == values(study)
    fresh = search(quick, data, Plan("random", 6, 1), place, "another")
    # Interrupted or not, the draws follow from the seed and the trial's number.
    assert [t.params for t in fresh.get_trials()] == [t.params for t in study.get_trials()]


def test_a_search_is_repeatable_by_its_seed(tmp_path, quick, data):
    found = [
        values(search(quick, data, Plan("tpe", 22, seed), place_of(str(tmp_path / name), ""), "s"))
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert found[0] == found[1] != found[2]


# --- changes ------------------------------------------------------------------------------------


def test_a_changed_space_is_named(any_place, quick, data):
    search(quick, data, Plan("random", 1, 1), any_place, "mine")
    changed = Task(quick.objective, quick.arguments, (Dimension("classes", 10, 2, 20),))
    with pytest.raises(InputError) as error:
        search(changed, data, Plan("random", 3, 1), any_place, "mine")
    assert str(error.value) == (
        "The study 'mine' was begun otherwise: 'classes' was 2 to 40 and now is 2 to 20. Set it "
        "back, or choose another STUDY name."
    )


def test_a_changed_setting_and_changed_samples_are_named(place, quick, data):
    search(quick, data, Plan("random", 2, 1), place, "mine")
    other = Task(quick.objective, {**quick.arguments, "metric": "logloss"}, quick.space)
    with pytest.raises(InputError, match="metric was auc and now is logloss"):
        search(other, data, Plan("random", 3, 1), place, "mine")
    flipped = {**data, "held": ~data["held"]}
    with pytest.raises(InputError, match="begun with other samples, another EVALUATION"):
        search(quick, flipped, Plan("random", 3, 1), place, "mine")


def test_an_objective_of_a_shared_database_is_never_imported_by_its_name(quick, data):
    hostile = Task.from_dict({**quick.as_dict(), "objective": "os"})
    with pytest.raises(InputError, match="objective 'os', which this version"):
        hostile.prepare(data)


# --- trials that broke off ----------------------------------------------------------------------


def begun(place, task, data, plan):
    return begin_study(open_storage(place, on_stale=requeue), place, "s", task, data, plan)


def zombie(study, value=7, worker=None):
    """Leave a running trial, as a killed worker does."""
    trial = study.ask()
    trial.suggest_int("classes", 2, 40)
    trial.set_user_attr("worker", worker or {"host": "", "pid": 0})
    return trial


def dead_pid():
    import subprocess
    import sys

    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def here(pid):
    import socket

    return {"host": socket.gethostname(), "pid": pid, "run": "gone"}


def test_the_trial_of_a_dead_worker_is_run_again_with_its_values(any_place, quick, data, log):
    plan = Plan("random", 2, 1)
    study = begun(any_place, quick, data, plan)
    left = zombie(study, worker=here(dead_pid()))
    wanted = dict(left.params)
    study = search(quick, data, plan, any_place, "s", progress=log)
    trials = study.get_trials()
    assert trials[left.number].state == FAIL and counts(study).finished == 2
    again = [t for t in trials if left.number in t.system_attrs.get("retry_history", [])]
    assert [(t.params, t.state.name) for t in again] == [(wanted, "COMPLETE")]
    assert f"run again: {left.number}" in log.text


def test_trials_of_this_very_process_are_left_alone_while_they_run(place, quick, data):
    from land_subsidence.subsidence_plugin.engine.tuning.requeue import worker_name

    study = begun(place, quick, data, Plan("random", 4, 1))
    with worker_name() as name:
        zombie(study, worker=name)
        assert sweep(study) == []
    assert sweep(study) == [0]  # the run has ended, the process (QGIS) lives on


def test_a_trial_of_another_computer_is_left_alone(place, quick, data):
    study = begun(place, quick, data, Plan("random", 4, 1))
    zombie(study, worker={"host": "elsewhere", "pid": dead_pid(), "run": "x"})
    assert sweep(study) == [] and counts(study).running == 1


def test_a_trial_that_kills_its_worker_is_not_tried_for_ever(place, quick, data):
    study = begun(place, quick, data, Plan("random", 4, 1))
    zombie(study, worker=here(dead_pid()))
    for _ in range(10):
        if not sweep(study):
            break
        trial = study.ask()
        if "retry_history" not in study.get_trials()[trial.number].system_attrs:
            break
        trial.suggest_int("classes", 2, 40)
        trial.set_user_attr("worker", here(dead_pid()))
    histories = [len(t.system_attrs.get("retry_history", [])) for t in study.get_trials()]
    assert max(histories) == 3


def test_a_crash_between_failing_and_queueing_is_made_up_for(place, quick, data):
    study = begun(place, quick, data, Plan("random", 4, 1))
    trial = zombie(study)
    study.tell(trial.number, state=FAIL)  # and the process died before it queued it again
    assert requeue_lost(study) == [trial.number]
    assert requeue_lost(study) == []
    assert counts(study).waiting == 1


# --- grid ---------------------------------------------------------------------------------------

GRID = (Dimension("classes", 10, choices=(5, 8, 10, 20)),)


def test_a_grid_is_worked_off_once_also_where_a_point_broke_off(any_place, quick, data):
    task, plan = Task(quick.objective, quick.arguments, GRID), Plan("grid", 50, 1)
    study = begun(any_place, task, data, plan)
    assert queue_grid(study, task, plan) == 4
    trial = study.ask()  # a worker takes the first point and is killed
    trial.suggest_categorical("classes", [5, 8, 10, 20])
    trial.set_user_attr("worker", here(dead_pid()))
    study = search(task, data, plan, any_place, "s")
    complete = [t.params["classes"] for t in study.get_trials() if t.state.name == "COMPLETE"]
    assert sorted(complete) == [5, 8, 10, 20]
    again = search(task, data, plan, any_place, "s")
    assert len(again.get_trials()) == 5  # the four points, and the one that broke off


def test_part_of_a_grid_and_then_the_rest(place, quick, data, log):
    task = Task(quick.objective, quick.arguments, GRID)
    first = search(task, data, Plan("grid", 2, 1), place, "s", progress=log)
    assert counts(first).finished == 2 and "grid has 4 points; TRIALS allows 2" in log.text
    second = search(task, data, Plan("grid", 4, 1), place, "s")
    assert sorted(t.params["classes"] for t in second.get_trials()) == [5, 8, 10, 20]


# --- several workers at once --------------------------------------------------------------------


def test_workers_at_once_run_exactly_as_many_trials_as_wanted(place, quick, data):
    plan = Plan("random", 17, 1)
    begun(place, quick, data, plan)

    def work():
        study = begun(place, quick, data, plan)
        run_here(TrialRunner(study, place, quick, data, plan, Progress()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    study = begun(place, quick, data, plan)
    assert counts(study).finished == 17 and counts(study).running == 0


def test_a_trial_finished_by_two_workers_keeps_the_first_result(place, quick, data, log):
    """A worker slept so long that its trial was given to another; then it awakes."""
    plan = Plan("random", 3, 1)
    study = begun(place, quick, data, plan)
    runner = TrialRunner(study, place, quick, data, plan, log)
    other = begun(place, quick, data, plan)
    honest, taken = runner.objective, []

    def interrupted(values, report, progress):
        if not taken:
            number = next(t.number for t in other.get_trials() if t.state == RUNNING)
            other.tell(number, 0.625)
            taken.append(number)
        return honest(values, report, progress)

    runner.objective = interrupted
    run_here(runner)
    trials = study.get_trials()
    assert trials[taken[0]].value == 0.625
    assert counts(study).finished == 3 and "another worker meanwhile" in log.text


# --- what cannot be computed --------------------------------------------------------------------


def test_a_diverging_trial_counts_as_pruned_with_a_note(place, quick, data, log):
    plan = Plan("random", 3, 1)
    study = begun(place, quick, data, plan)
    runner = TrialRunner(study, place, quick, data, plan, log)
    honest, calls = runner.objective, []

    def sometimes(values, report, progress):
        calls.append(1)
        if len(calls) == 2:
            raise InputError("The training diverged in epoch 3.")
        return honest(values, report, progress)

    runner.objective = sometimes
    run_here(runner)
    assert [t.state.name for t in study.get_trials()] == ["COMPLETE", "PRUNED", "COMPLETE"]
    assert study.get_trials()[1].user_attrs["note"] == "The training diverged in epoch 3."


def test_a_search_in_which_nothing_can_be_computed_ends_with_the_reason(place, quick, data):
    plan = Plan("random", 30, 1)
    study = begun(place, quick, data, plan)
    runner = TrialRunner(study, place, quick, data, plan, Progress())

    def never(values, report, progress):
        raise InputError("The factor 'a' is constant.")

    runner.objective = never
    with pytest.raises(InputError, match="None of 3 trials could be computed: The factor 'a' is"):
        run_here(runner)
    assert counts(study).finished == 3


def test_the_ranking_has_every_set_of_values_once(place, quick, data):
    study = begun(place, quick, data, Plan("random", 3, 1))
    distributions = {"classes": optuna.distributions.IntDistribution(2, 40)}
    for classes, value in ((5, 0.7), (6, 0.9), (5, 0.8), (7, 0.9)):
        study.add_trial(optuna.create_trial(
            params={"classes": classes}, distributions=distributions, value=value))  # fmt: skip
    assert [(t.number, t.params["classes"]) for t in ranking(study)] == [(1, 6), (3, 7), (2, 5)]
    assert np.isfinite([t.value for t in ranking(study)]).all()


# --- storages that fail -------------------------------------------------------------------------


def test_a_full_disk_is_one_sentence_and_the_search_goes_on_later(place, quick, data, monkeypatch):
    from optuna.storages.journal import JournalFileBackend

    original, written = JournalFileBackend.append_logs, []

    def append(self, logs):
        written.append(logs)
        if len(written) > 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(self, logs)

    monkeypatch.setattr(JournalFileBackend, "append_logs", append)
    with pytest.raises(InputError) as error:
        search(quick, data, Plan("random", 20, 1), place, "s")
    found = re.search(
        r"dropped out \(\[Errno 28\] No space .*; the finished trials \((\d+)\)", str(error.value)
    )
    assert found and int(found[1]) >= 2
    monkeypatch.undo()
    study = search(quick, data, Plan("random", 20, 1), place, "s")
    assert counts(study).finished == 20


def test_an_error_of_a_trial_is_not_laid_to_the_storage(any_place, quick, data):
    plan = Plan("random", 3, 1)
    study = begun(any_place, quick, data, plan)
    runner = TrialRunner(study, any_place, quick, data, plan, Progress())

    def broken(values, report, progress):
        raise OSError(errno.ENOENT, "a library of torch is missing")

    runner.objective = broken
    with pytest.raises(OSError, match="a library of torch is missing"):
        run_here(runner)


def test_a_trial_that_another_worker_gives_up_is_made_up_for(place, quick, data):
    """While this process waits for the last trial, its worker dies for the fourth time."""
    plan = Plan("random", 2, 1)
    study = begun(place, quick, data, plan)
    import os
    import subprocess
    import sys

    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    trial = zombie(study, worker=here(other.pid))
    study._storage.set_trial_system_attr(trial._trial_id, "retry_history", [7, 8, 9])
    lines = []

    def message(text, _level):
        lines.append(text)
        if text.startswith("Waiting for trials"):
            os.kill(other.pid, 9)
            other.wait()

    found = search(quick, data, plan, place, "s", progress=Progress(None, message))
    assert counts(found).finished == 2 and found.get_trials()[trial.number].state == FAIL
    assert any(line.endswith("other workers run: 1.") for line in lines)
