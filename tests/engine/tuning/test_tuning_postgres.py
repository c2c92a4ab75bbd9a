"""Studies in a real PostgreSQL server: shared by processes, killed workers, a server that stops."""

import json
import os
import re
import signal
import threading
import time

import numpy as np
import pytest

pytest.importorskip("torch")

from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.tuning.data_file import write_data
from land_subsidence.subsidence_plugin.engine.tuning.requeue import requeue
from land_subsidence.subsidence_plugin.engine.tuning.search import search
from land_subsidence.subsidence_plugin.engine.tuning.storage import open_storage, quiet_optuna
from land_subsidence.subsidence_plugin.engine.tuning.storage_url import place_of
from land_subsidence.subsidence_plugin.engine.tuning.study import begin_study, counts
from land_subsidence.subsidence_plugin.engine.tuning.task import Plan

TRIALS = 6


def finished(study):
    return {
        t.number: (t.value, t.params)
        for t in study.get_trials()
        if t.state.name in ("COMPLETE", "PRUNED")
    }


def wait_until(condition, seconds=90):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


def young_trial_of(study, pid):
    """Return the trial that a process runs, if it has most of its 40 epochs before it."""
    for trial in study.get_trials():
        if trial.state.name == "RUNNING" and trial.user_attrs.get("worker", {}).get("pid") == pid:
            return trial if (trial.last_step or 0) <= 15 else None
    return None


@pytest.mark.slow
def test_two_processes_share_a_study_and_one_is_killed(postgres, slow, data, tmp_path,
                                                       start_worker):  # fmt: skip
    place = place_of(postgres.url(), "")
    write_data(tmp_path / "samples.npz", data)
    with quiet_optuna():
        storage = open_storage(place, 1, requeue)
        study = begin_study(storage, place, "shared", slow, data, Plan("random", TRIALS, 5))
    command = ("--storage", postgres.url(), "--study", "shared", "--samples",
               tmp_path / "samples.npz", "--heartbeat", 1)  # fmt: skip
    workers = [start_worker(*command) for _ in range(2)]
    wait_until(lambda: len(finished(study)) >= 2)
    before = finished(study)
    killed = wait_until(lambda: young_trial_of(study, workers[0].pid))
    os.kill(workers[0].pid, signal.SIGKILL)
    workers[0].wait(10)
    output = workers[1].communicate(timeout=120)[1]
    assert workers[1].returncode == 0, output

    after = finished(study)
    assert {number: after[number] for number in before} == before  # no finished trial is lost
    assert counts(study).finished == TRIALS and counts(study).running == 0
    states = {t.number: t.state.name for t in study.get_trials()}
    assert states[killed.number] == "FAIL"
    again = [t for t in study.get_trials() if killed.number in t.system_attrs.get(
        "retry_history", [])]  # fmt: skip
    assert [t.state.name for t in again] == ["COMPLETE"]
    assert again[0].params == killed.params
    assert {t.user_attrs["worker"]["pid"] for t in study.get_trials() if t.number in after} == {
        w.pid for w in workers
    }
    assert postgres.word not in output and "best so far" in output


@pytest.mark.slow
def test_search_with_workers_masks_the_password_everywhere(postgres, quick, data, log):
    place = place_of(postgres.url(), "")
    study = search(
        quick, data, Plan("random", 6, 1), place, "masked", workers=2, heartbeat=1, progress=log
    )
    assert counts(study).finished == 6
    stored = json.dumps([study.user_attrs, [t.user_attrs for t in study.get_trials()]])
    for text in (log.text, stored, place.shown, repr(place)):
        assert postgres.word not in text
    assert place.shown.startswith("postgresql://tuner:***@127.0.0.1:")


def test_a_wrong_password_is_one_sentence_that_does_not_show_it(postgres):
    place = place_of(postgres.url("wrongword"), "")
    with pytest.raises(InputError, match=r"cannot be reached .*password authentication") as error:
        open_storage(place)
    assert "wrongword" not in str(error.value) and "***" in str(error.value)
    assert error.value.__cause__ is None and error.value.__suppress_context__


def test_no_server_there_is_one_sentence():
    place = place_of("postgresql://tuner:secretword@127.0.0.1:1/none", "")
    with pytest.raises(InputError, match=r"tuner:\*\*\*@127.0.0.1:1/none cannot be reached"):
        open_storage(place)


def test_a_server_that_stops_loses_nothing_and_the_study_goes_on(postgres, slow, data, log):
    place, plan = place_of(postgres.url(), ""), Plan("random", 4, 2)
    stopped = threading.Event()

    def stop_server(text, _level):
        log.lines.append(text)
        if text.startswith("Trial 1 ") and not stopped.is_set():
            stopped.set()
            postgres.stop()

    with pytest.raises(InputError) as error:
        search(slow, data, plan, place, "stopped", heartbeat=1, progress=Progress(
            on_message=stop_server))  # fmt: skip
    assert stopped.is_set()
    sentence = str(error.value)
    assert re.search(r"dropped out \(.*\); the finished trials \(2\) are kept there", sentence)
    assert "run again with the same STORAGE and STUDY" in sentence
    assert postgres.word not in sentence
    postgres.start()
    study = search(slow, data, plan, place, "stopped", heartbeat=1, progress=log)
    assert counts(study).finished == 4
    assert "holds 2 finished trials" in log.text


def test_another_place_with_the_same_data_only(postgres, quick, data, tmp_path, start_worker):
    place = place_of(postgres.url(), "")
    search(quick, data, Plan("random", 1, 1), place, "mine", heartbeat=1)
    other = {**data, "label": 1 - data["label"]}
    write_data(tmp_path / "other.npz", other)
    worker = start_worker("--storage", postgres.url(), "--study", "mine", "--samples",
                          tmp_path / "other.npz", "--trials", 3)  # fmt: skip
    output = worker.communicate(timeout=60)[1]
    assert worker.returncode == 1 and "begun with other samples" in output
    assert np.array_equal(np.load(tmp_path / "other.npz")["label"], other["label"])
