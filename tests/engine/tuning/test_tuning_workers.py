"""Trials in worker processes: shared out, replaced when killed, ended with their parent."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("torch")

from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.tuning.data_file import read_data, write_data
from land_subsidence.subsidence_plugin.engine.tuning.requeue import requeue
from land_subsidence.subsidence_plugin.engine.tuning.search import search
from land_subsidence.subsidence_plugin.engine.tuning.storage import open_storage
from land_subsidence.subsidence_plugin.engine.tuning.storage_url import place_of
from land_subsidence.subsidence_plugin.engine.tuning.study import begin_study, counts
from land_subsidence.subsidence_plugin.engine.tuning.task import Plan
from land_subsidence.subsidence_plugin.engine.workers.interpreter import worker_environment

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path):
    return place_of(str(tmp_path / "a.study"), "")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_worker_is_replaced_and_its_trial_run_again(place, slow, data):
    lines, killed = [], []
    plan = Plan("random", 6, 1)

    def message(text, _level):
        lines.append(text)
        if text.startswith("Trial ") and not killed:
            killed.append(kill_a_running_worker(place))

    study = search(slow, data, plan, place, "s", workers=2, progress=Progress(None, message))
    log = "\n".join(lines)
    assert counts(study).finished == 6 and counts(study).running == 0
    number = killed[0].number
    again = [t for t in study.get_trials() if number in t.system_attrs.get("retry_history", [])]
    assert [(t.state.name, t.params) for t in again] == [("COMPLETE", killed[0].params)]
    assert study.get_trials()[number].state.name == "FAIL"
    assert f"ended unexpectedly (code -9); trial {number} is queued again" in log
    assert "cannot be repeated by the seed" in log and "best so far" in log


def kill_a_running_worker(place):
    import optuna

    study = optuna.load_study(study_name="s", storage=open_storage(place))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for trial in study.get_trials():
            worker = trial.user_attrs.get("worker")
            # One that has most of its 40 epochs before it.
            if trial.state.name == "RUNNING" and worker and (trial.last_step or 0) <= 15:
                os.kill(worker["pid"], signal.SIGKILL)
                return trial
        time.sleep(0.01)
    raise AssertionError("no trial runs")


def test_cancel_ends_the_workers_and_keeps_what_is_finished(place, slow, data):
    asked = threading.Event()

    def message(text, _level):
        if text.startswith("Trial "):
            asked.set()

    plan = Plan("random", 50, 1)
    progress = Progress(None, message, asked.is_set)
    with pytest.raises(Cancelled):
        search(slow, data, plan, place, "s", workers=2, progress=progress)
    study = begin_study(open_storage(place), place, "s", slow, data, plan)
    now = counts(study)
    assert now.finished >= 1 and now.running == 0 and now.waiting == now.lost >= 1
    pids = {t.user_attrs["worker"]["pid"] for t in study.get_trials() if t.user_attrs}
    assert not any(alive(pid) for pid in pids)


def test_an_error_in_a_worker_comes_through_as_its_sentence(place, slow, data, monkeypatch):
    from land_subsidence.subsidence_plugin.engine.tuning import parallel

    def other_data(path, arrays):
        write_data(path, {**arrays, "label": 1 - arrays["label"]})

    monkeypatch.setattr(parallel, "write_data", other_data)
    with pytest.raises(InputError, match="begun with other samples than those given to this wor"):
        search(slow, data, Plan("random", 4, 1), place, "s", workers=2)


def test_a_worker_ends_with_its_parent(place, slow, data, tmp_path):
    plan = Plan("random", 200, 1)
    study = begin_study(open_storage(place, on_stale=requeue), place, "s", slow, data, plan)
    write_data(tmp_path / "d.npz", data)
    orders = {"address": place.address, "shown": place.shown, "is_database": False, "hidden": [],
              "study": "s", "data": str(tmp_path / "d.npz"), "trials": 200,
              "heartbeat": 10}  # fmt: skip
    # The parent starts a worker and is killed; the worker sees its line close.
    code = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-m', 'engine.tuning.worker', '--managed'],"
        " stdin=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL)\n"
        f"p.stdin.write({json.dumps(orders)!r} + '\\n'); p.stdin.flush()\n"
        "print(p.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=worker_environment()
    )
    pid = int(parent.stdout.readline())
    end = time.monotonic() + 90
    while counts(study).finished < 1 or not any(
        t.state.name == "RUNNING" and t.params for t in study.get_trials(deepcopy=False)
    ):  # one that is cut off before it has drawn its values is no loss
        assert time.monotonic() < end and alive(pid)
        time.sleep(0.05)
    finished = counts(study).finished
    parent.kill()
    parent.communicate()
    end = time.monotonic() + 40
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(pid)
    after = counts(study)
    assert after.running == 0
    # Put back by the worker, unless it ended just before the line closed.
    assert after.waiting == 1 or after.finished > finished


def test_worker_alone_says_what_is_missing(place, quick, data, tmp_path, start_worker):
    write_data(tmp_path / "d.npz", data)
    begin_study(open_storage(place), place, "other", quick, data, Plan("random", 2, 1))
    worker = start_worker("--storage", place.address, "--study", "x", "--samples",
                          tmp_path / "d.npz")  # fmt: skip
    assert "holds no study 'x'; start the tuning first" in worker.communicate(timeout=60)[1]
    assert worker.returncode == 1
    worker = start_worker("--storage", "a.study", "--study", "x", "--samples", tmp_path / "no.npz")
    assert "cannot be read as an .npz file" in worker.communicate(timeout=60)[1]


def test_data_files_hold_arrays_and_nothing_else(tmp_path, data):
    path = tmp_path / "d.npz"
    write_data(str(path), data)
    assert {name: array.tolist() for name, array in read_data(str(path)).items()} == {
        name: array.tolist() for name, array in data.items()
    }
    assert [p.name for p in tmp_path.iterdir()] == ["d.npz"]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=r"cannot be read as an \.npz file"):
        read_data(str(path))


def test_the_engine_s_worker_needs_neither_gdal_nor_qgis(tmp_path):
    code = (
        "import sys\n"
        "for name in ('qgis', 'osgeo', 'sklearn', 'scipy', 'safetensors'):\n"
        "    sys.modules[name] = None\n"
        "import engine.tuning.worker, engine.tuning.susceptibility\n"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('torch', 'optuna')))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=worker_environment(), text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr


def test_a_worker_that_a_batch_system_ends_puts_its_trial_back(
    place, slow, data, tmp_path, start_worker
):
    study = begin_study(open_storage(place), place, "s", slow, data, Plan("random", 200, 1))
    write_data(tmp_path / "d.npz", data)
    worker = start_worker("--storage", place.address, "--study", "s", "--samples",
                          tmp_path / "d.npz")  # fmt: skip
    end = time.monotonic() + 90
    while not (counts(study).finished and any(
        t.state.name == "RUNNING" and t.user_attrs.get("worker") for t in study.get_trials()
    )):  # fmt: skip
        assert time.monotonic() < end
        time.sleep(0.02)
    worker.terminate()
    output = worker.communicate(timeout=60)[1]
    assert "is run again by another worker" in output and worker.returncode == 2
    now = counts(study)
    assert now.running == 0 and now.waiting == 1


def test_a_worker_does_not_begin_a_study_in_a_mistyped_file(data, tmp_path):
    write_data(tmp_path / "d.npz", data)
    for name in ("typo.db", "typo.study"):
        path = tmp_path / name
        done = subprocess.run(
            [sys.executable, "-m", "engine.tuning.worker", "--storage", str(path), "--study", "s",
             "--samples", str(tmp_path / "d.npz")],
            env=worker_environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1 and not path.exists()
        assert f"There is no study in '{path}'" in done.stderr
