"""Every algorithm cancelled or killed in mid-run: no part of an output, no temporary file."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from algorithm_calls import NETWORKS, calls

TESTS = Path(__file__).resolve().parents[1]
#: No job of the engine, one with a test of its own, and further networks, which are one job.
NOT_KILLED = ("mapproject", "createexample", *NETWORKS[1:])


@pytest.fixture
def nothing_temporary(qgis_app, tmp_path_factory, monkeypatch):
    """After the test no file of the run is left in the folders for such and in memory."""
    from osgeo import gdal
    from qgis.core import QgsProcessingUtils

    folder = tmp_path_factory.mktemp("temporary")
    for name in ("TMPDIR", "TEMP", "TMP", "CPL_TMPDIR"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)  # asked for anew
    before = set(os.listdir(QgsProcessingUtils.tempFolder()))
    threads = set(threading.enumerate())
    yield
    # QGIS and PyTorch make folders of their own there
    made = [p for p in folder.rglob("*") if p.is_file() or p.name.startswith("subsidence")]
    assert made == []
    assert set(os.listdir(QgsProcessingUtils.tempFolder())) == before
    assert not gdal.ReadDirRecursive("/vsimem/")
    assert [t for t in threading.enumerate() if t not in threads and t.is_alive()] == []


def whole(call, folder):
    """Tell whether all outputs are there and nothing aside."""
    names = {p.name for p in folder.iterdir()}
    return set(call.outputs.values()) <= names and not [n for n in names if "partial" in n]


def left(call, folder):
    return sorted({p.name for p in folder.iterdir()} - set(call.kept))


@pytest.mark.parametrize("call", calls())
@pytest.mark.parametrize("delay", [0.0, 0.15])
def test_cancel_from_another_thread_leaves_nothing(
    area, run, tmp_path, nothing_temporary, call, delay
):
    from qgis.core import QgsProcessingFeedback

    feedback = QgsProcessingFeedback()
    timer = threading.Timer(delay, feedback.cancel)
    if delay == 0:
        feedback.cancel()  # pressed before the work begins
    timer.start()
    start = time.monotonic()
    results = run(f"subsidence:{call.id}", call.parameters(area, tmp_path), feedback=feedback)
    timer.join()
    assert time.monotonic() - start < 30
    if call.is_long or delay == 0:
        assert not results  # quick ones may have finished before the delay was over
    if results:
        assert whole(call, tmp_path)
    else:
        assert left(call, tmp_path) == []


@pytest.mark.parametrize("call", calls())
@pytest.mark.parametrize("percent", [1, 50, 90])
def test_cancel_at_a_known_point_leaves_nothing(
    area, run, tmp_path, nothing_temporary, call, percent
):
    """Another thread cancels as soon as the progress is so far: the run must end as cancelled."""
    from qgis.core import QgsProcessingFeedback

    feedback, reached = QgsProcessingFeedback(False), []

    def cancel(progress):
        if not reached and percent <= progress < 100:
            reached.append(progress)
            thread = threading.Thread(target=feedback.cancel)
            thread.start()
            thread.join()

    feedback.progressChanged.connect(cancel)
    quick = call.is_long and percent > 1
    results = run(f"subsidence:{call.id}", call.parameters(area, tmp_path, quick), feedback)
    if reached:
        assert not results and left(call, tmp_path) == [], reached
    else:
        assert whole(call, tmp_path)


def children():
    """Return the processes that this one has started and that still run (Linux)."""
    lists = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {number for file in lists for number in file.read_text().split()}


@pytest.mark.parametrize(
    "call", [c for c in calls() if c.id in ("crossvalidate", "tunemodel", "tuneforecaster")]
)
def test_cancel_ends_worker_processes_too(area, run, tmp_path, nothing_temporary, call):
    """They end by themselves, long before they would be ended by force (20 s)."""
    from qgis.core import QgsProcessingFeedback

    before, feedback, lines = children(), QgsProcessingFeedback(False), []
    feedback.pushInfo = lines.append
    done, pressed = threading.Event(), []

    def cancel():
        while not any("2 worker processes" in line for line in lines) and not done.wait(0.02):
            pass
        done.wait(0.5)  # they are about to import their libraries
        pressed.append(time.monotonic())
        feedback.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    try:
        results = run(
            f"subsidence:{call.id}", {**call.parameters(area, tmp_path), "WORKERS": 2}, feedback
        )
    finally:
        done.set()
        thread.join()
    assert not results and any("2 worker processes" in line for line in lines)
    assert time.monotonic() - pressed[0] < 15
    assert left(call, tmp_path) == []
    assert children() - before == set()


# --- a killed process ------------------------------------------------------------------------

#: Runs each job in a fork of its own, which kills itself half-way, or before it moves its outputs.
KILLED = """
import json, os, signal, sys
sys.path.insert(0, sys.argv[1])
import conftest
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.outputs import Outputs
from land_subsidence.subsidence_plugin.engine.progress import Progress
for package in ("torch._dynamo", "sklearn.ensemble", "scipy.stats", "optuna", "numba"):
    try:
        __import__(package)
    except ImportError:
        pass

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

Outputs._commit = die
for name, arguments in json.load(open(sys.argv[2])):
    child = os.fork()
    if not child:
        run_job(name, arguments, Progress(lambda f: f >= 0.5 and die(), lambda *_: None))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, name
"""


@pytest.fixture(scope="module")
def killed(area, tmp_path_factory):
    """Folders in which the job of each algorithm was killed in its middle, by id."""
    import processing
    from land_subsidence.algorithms import base

    folders, jobs = {}, []

    def keep(name, arguments, _progress):
        jobs.append((name, arguments))
        return {}

    given = {}
    for (call,) in (entry.values for entry in calls(*NOT_KILLED)):
        folders[call.id] = tmp_path_factory.mktemp(call.id)
        given[call.id] = call.parameters(area, folders[call.id], quick=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "run_job", keep)
        for name, parameters in given.items():
            processing.run(f"subsidence:{name}", parameters)
    tasks = tmp_path_factory.mktemp("killed") / "tasks.json"
    tasks.write_text(json.dumps(jobs))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(TESTS), str(tasks)], capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folders


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs SIGKILL and fork")
@pytest.mark.parametrize("call", calls(*NOT_KILLED))
def test_a_job_killed_half_way_is_swept_by_the_next_run(area, run, killed, call):
    folder = killed[call.id]
    aside = left(call, folder)
    assert aside and all("partial" in name for name in aside), aside
    results = run(f"subsidence:{call.id}", call.parameters(area, folder, quick=True))
    assert results and whole(call, folder)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_process_leaves_nothing_under_the_final_name(run, tmp_path):
    """Kill the making of an example in mid-run; the next run removes what it left."""
    task = tmp_path / "task.json"
    model = tmp_path / "out" / "m.tif"
    model.parent.mkdir()
    outputs = {k: str(model.parent / f"{k}.gpkg") for k in ("inventory", "insar")}
    arguments = {"width": 1500, "height": 1500, "seed": 1, "factors": str(model), **outputs}
    arguments["truth"] = str(model.parent / "t.tif")
    task.write_text(json.dumps({"job": "createexample", "arguments": arguments}))
    code = (
        f"import sys; sys.path.insert(0, {str(TESTS)!r}); import conftest;"
        "from land_subsidence.subsidence_plugin.engine.jobs.__main__ import main;"
        f"sys.exit(main({str(task)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    for _ in range(600):
        if [p for p in model.parent.iterdir() if "partial" in p.name]:
            break
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = [p.name for p in model.parent.iterdir()]
    assert left and all("partial" in name for name in left), left
    quick = {"WIDTH": 100, "HEIGHT": 100, "DATES": 20, "POINTS": 5, "FACTORS": str(model)}
    quick.update({k.upper(): v for k, v in outputs.items()}, TRUTH=arguments["truth"])
    run("subsidence:createexample", quick)
    names = [p.name for p in model.parent.iterdir()]
    assert "m.tif" in names and not [n for n in names if "partial" in n], names
