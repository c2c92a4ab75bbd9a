"""The interpreter of worker processes: found from the running Python, tried out, never QGIS."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from land_subsidence.subsidence_plugin.engine.errors import MissingPackageError
from land_subsidence.subsidence_plugin.engine.workers import interpreter


@pytest.fixture(autouse=True)
def fresh():
    interpreter._checked.cache_clear()
    yield
    interpreter._checked.cache_clear()


def test_an_interpreter_of_this_version_is_found_and_imports_the_engine():
    found = interpreter.find_interpreter(["numpy"], "for tests")
    done = subprocess.run(
        [found, "-c", "import sys, engine.tuning.worker; print(sys.version_info[:2])"],
        env=interpreter.worker_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == str(sys.version_info[:2]), done.stderr


@pytest.mark.parametrize("program", ["/usr/bin/qgis", "C:/OSGeo4W/bin/qgis-bin.exe", "", None])
def test_qgis_is_never_taken_for_python(program, monkeypatch):
    monkeypatch.setattr(sys, "executable", program)
    monkeypatch.setattr(sys, "_base_executable", program, raising=False)
    assert interpreter.candidates()
    assert all(Path(c).name.startswith("python") for c in interpreter.candidates())


def test_windows_layout_is_known(monkeypatch, tmp_path):
    (tmp_path / "python.exe").write_text("")
    monkeypatch.setattr(interpreter.sys, "base_exec_prefix", str(tmp_path))
    monkeypatch.setattr(interpreter.os, "name", "nt")
    # A Path of Windows cannot be made here: only which names are tried matters.
    monkeypatch.setattr(interpreter, "Path", type(tmp_path))
    assert interpreter.candidates()[0] == str(tmp_path / "python.exe")
    assert interpreter.window_options() == {"creationflags": 0x08000000}


def test_no_interpreter_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(interpreter, "candidates", lambda: [])
    monkeypatch.setattr(interpreter.sys, "base_exec_prefix", str(tmp_path))
    with pytest.raises(
        MissingPackageError, match=f"found for tests .there is none under {tmp_path}"
    ):
        interpreter.find_interpreter(["numpy"], "for tests")


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exit 7", "it ended with code 7"),
        ("echo 2.7", "it is no Python"),
        ("echo 'No module named torch' >&2; exit 1", "No module named torch"),
    ],
)
def test_an_interpreter_that_cannot_serve_is_named_with_the_reason(
    script, expected, monkeypatch, tmp_path
):
    path = tmp_path / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(interpreter, "candidates", lambda: [str(path)])
    with pytest.raises(MissingPackageError) as error:
        interpreter.find_interpreter(["numpy"], "for tests")
    assert f"{path}: {expected}" in str(error.value) and "set WORKERS to 1" in str(error.value)


def test_workers_have_one_thread_and_the_parents_modules(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.setenv("PYTHONSTARTUP", "/nonsense.py")
    environment = interpreter.worker_environment()
    assert environment["OMP_NUM_THREADS"] == environment["MKL_NUM_THREADS"] == "1"
    assert "PYTHONSTARTUP" not in environment
    paths = environment["PYTHONPATH"].split(os.pathsep)
    assert Path(paths[0]).name == "subsidence_plugin"
    assert set(p for p in sys.path if p and Path(p).exists()) <= set(paths)
