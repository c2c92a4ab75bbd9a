"""Progress scales, reports and cancels; jobs are found by name only."""

import json
import subprocess
import sys

import pytest
from land_subsidence.subsidence_plugin.engine.errors import (
    Cancelled,
    InputError,
    MissingPackageError,
)
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.needs import need
from land_subsidence.subsidence_plugin.engine.progress import Progress


def test_part_of_a_part_lands_where_it_should():
    seen = []
    progress = Progress(on_fraction=seen.append)
    progress.part(0.5, 1.0).part(0.0, 0.5)(0.5)
    assert seen == [0.625]


def test_fraction_stays_between_0_and_1():
    seen = []
    progress = Progress(on_fraction=seen.append)
    progress(-3)
    progress(7)
    assert seen == [0.0, 1.0]


def test_cancel_reaches_the_innermost_part():
    asked = []
    progress = Progress(is_cancelled=lambda: bool(asked)).part(0, 0.1).part(0, 0.1)
    progress(0.1)
    asked.append(True)
    with pytest.raises(Cancelled):
        progress(0.2)


def test_messages_keep_their_level():
    seen = []
    progress = Progress(on_message=lambda text, level: seen.append((text, level)))
    progress.info("a")
    progress.part(0, 1).warn("b")
    assert seen == [("a", "info"), ("b", "warning")]


@pytest.mark.parametrize("name", ["nosuchjob", "os.path", "../jobs", ""])
def test_unknown_job_is_refused(name):
    with pytest.raises(InputError, match="no job"):
        run_job(name, {}, Progress())


def test_missing_package_says_who_needs_it():
    with pytest.raises(MissingPackageError, match="'nosuchpackage' is needed to test"):
        need("nosuchpackage.part", "to test")


def test_worker_ends_with_1_and_one_sentence(tmp_path):
    task = tmp_path / "job.json"
    task.write_text(json.dumps({"job": "nosuchjob", "arguments": {}}))
    code = (
        "import sys, runpy; sys.path.insert(0, sys.argv.pop(1)); import conftest;"
        "runpy.run_module('land_subsidence.subsidence_plugin.engine.jobs', run_name='__main__')"
    )
    tests = str(__import__("pathlib").Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code, tests, str(task)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "There is no job 'nosuchjob'.\n"
