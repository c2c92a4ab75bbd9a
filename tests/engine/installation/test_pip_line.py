"""The pip line of each kind of system, from made-up interpreters; no pip is run."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from land_subsidence.subsidence_plugin.engine.installation import pip_line as lines
from land_subsidence.subsidence_plugin.engine.installation import target
from land_subsidence.subsidence_plugin.engine.installation.requirements import Requirement
from land_subsidence.subsidence_plugin.engine.installation.target import Target, find_target

WANTED = [Requirement("torch", ">=2.8"), Requirement("optuna", ">=5,<6")]
PIP = ("/usr/bin/python3.11", "-m", "pip")


@pytest.fixture
def python(monkeypatch, tmp_path):
    """A Python under /usr without virtual environment; stdlib in ``tmp_path``."""
    monkeypatch.setattr(target.sys, "prefix", "/usr")
    monkeypatch.setattr(target.sys, "base_prefix", "/usr")
    monkeypatch.setattr(target.sys, "path", ["/usr/lib/python3/dist-packages", ""])
    monkeypatch.setattr(target.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(target, "candidates", lambda: [PIP[0], "/usr/bin/python3"])
    monkeypatch.setattr(target, "_has_pip", lambda: True)
    monkeypatch.delenv("FLATPAK_ID", raising=False)
    return monkeypatch


def test_a_free_linux_installs_into_the_users_folder(python):
    python.setattr(target.sys, "platform", "linux")
    assert find_target() == Target("Python of this system", PIP, ("--user",))


def test_a_managed_linux_needs_the_option_and_says_why(python, tmp_path):
    python.setattr(target.sys, "platform", "linux")
    (tmp_path / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    found = find_target()
    assert found.command == PIP and found.options == ("--user", "--break-system-packages")
    (note,) = found.notes
    assert "~/.local" in note and "virtual environment" in note
    python.setattr(target, "_has_pip", lambda: False)
    assert find_target().notes[0].endswith("install the package python3-pip first.")


def test_the_virtual_environment_that_runs(python):
    python.setattr(target.sys, "prefix", "/home/me/venv")
    assert find_target() == Target(
        "virtual environment /home/me/venv", ("/home/me/venv/bin/python", "-m", "pip")
    )


def test_a_virtual_environment_that_qgis_sees_through_pythonpath(python, tmp_path):
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    python.setattr(target.sys, "path", [str(site), "/usr/lib/python3/dist-packages"])
    assert find_target().command[0] == str(tmp_path / "venv" / "bin" / "python")


def test_flatpak(python):
    python.setenv("FLATPAK_ID", "org.qgis.qgis")
    found = find_target()
    assert " ".join(found.command) == "flatpak run --command=python3 org.qgis.qgis -m pip"
    assert found.options == ("--user",)


def test_conda(python, tmp_path):
    (tmp_path / "conda-meta").mkdir()
    python.setattr(target.sys, "base_prefix", str(tmp_path))
    python.setattr(target.sys, "prefix", str(tmp_path))
    python.setattr(target.sys, "platform", "linux")
    found = find_target()
    assert found.title == f"conda environment {tmp_path}" and found.options == ()
    python.setattr(target.sys, "platform", "win32")
    assert find_target().shell == "the Anaconda Prompt"


def test_macos_takes_the_python_of_the_bundle(python):
    inside = "/Applications/QGIS.app/Contents/MacOS/bin/python3.9"
    python.setattr(target.sys, "platform", "darwin")
    python.setattr(target, "candidates", lambda: [inside])
    found = find_target()
    assert found.command == (inside, "-m", "pip") and found.shell == "the Terminal"


def test_windows_takes_the_python_of_osgeo4w_in_its_shell(python):
    inside = r"C:\Program Files\QGIS 3.40\apps\Python312\python.exe"
    python.setattr(target, "candidates", lambda: [inside])
    python.setattr(target.sys, "platform", "win32")
    found = find_target()
    line = lines.pip_line(found, ["numpy==1.26.4"], WANTED)
    assert "OSGeo4W Shell" in found.shell
    assert line == (f'"{inside}" -m pip install numpy==1.26.4 "torch>=2.8" "optuna>=5,<6"')


@pytest.mark.parametrize("program", ["/usr/bin/qgis", "", None])
def test_qgis_itself_is_never_the_python_of_the_line(program, monkeypatch):
    monkeypatch.setattr(sys, "executable", program)
    monkeypatch.setattr(sys, "_base_executable", program, raising=False)
    assert Path(find_target().command[0]).name.startswith(("python", "flatpak"))


def test_without_any_interpreter_the_name_is_left_to_the_shell(python):
    python.setattr(target.sys, "platform", "linux")
    python.setattr(target, "candidates", lambda: [])
    assert find_target().command[0] == "python3"


@pytest.mark.skipif(os.name == "nt", reason="the shell of Linux and macOS")
def test_the_line_is_one_command_of_the_shell():
    tool = ("/a folder/python", "-m", "pip")
    line = lines.pip_line(Target("x", tool, ("--user",)), ["numpy==1.24.2"], WANTED, cpu_torch=True)
    words = [
        *tool, "install", "--user", "--extra-index-url", lines.CPU_INDEX, "numpy==1.24.2",
        "torch>=2.8", "optuna>=5,<6",
    ]  # fmt: skip
    assert shlex.split(line) == words and "\n" not in line
    # The shell itself must not take > and < for redirections.
    said = subprocess.run(
        ["sh", "-c", "printf '%s\\n' " + line], capture_output=True, text=True, check=True
    ).stdout
    assert said.splitlines() == words
