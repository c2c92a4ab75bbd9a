"""The temporary folder of workers goes with its job, or with the next one after a kill."""

import os
import subprocess
import sys

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.outputs import host
from land_subsidence.subsidence_plugin.engine.workers import folder as room
from land_subsidence.subsidence_plugin.engine.workers.folder import read_arrays, sweep


@pytest.fixture
def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_folder_is_there_within_the_block_only(tmp_path, monkeypatch):
    monkeypatch.setattr(room.tempfile, "tempdir", str(tmp_path))
    with room.worker_folder() as folder:
        assert folder.is_dir() and folder.parent == tmp_path
        (folder / "samples.npz").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


def test_the_next_job_removes_what_a_killed_one_left(tmp_path, monkeypatch, gone):
    monkeypatch.setattr(room.tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"subsidence-{host()}-{gone}-abc"
    left.mkdir()
    (left / "samples.npz").write_bytes(b"x")
    with room.worker_folder():
        assert not left.exists()


def test_nothing_else_is_removed(tmp_path, gone):
    kept = [
        f"subsidence-{host()}-{os.getpid()}-abc",  # runs
        f"subsidence-other{host()}-{gone}-abc",  # of another computer
        f"subsidence-{host()}-abc",
        f"my-subsidence-{host()}-{gone}-abc",
    ]
    for name in kept:
        (tmp_path / name).mkdir()
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "file").write_text("x")
    link = tmp_path / f"subsidence-{host()}-{gone}-link"
    link.symlink_to(target)
    sweep(tmp_path)
    assert all((tmp_path / name).is_dir() for name in kept)
    assert (target / "file").exists() and link.is_symlink()
    sweep(tmp_path / "absent")


def test_arrays_are_read_without_running_anything(tmp_path):
    path = str(tmp_path / "a.npz")
    np.savez(path, a=np.arange(3), b=np.eye(2), c=np.array([{}], dtype=object))
    assert list(read_arrays(path, 2)) == ["a", "b"]
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_arrays(path)
