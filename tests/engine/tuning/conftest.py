"""Small data, tasks and a PostgreSQL server of our own for the tests of tuning."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("optuna")

from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training.fit import recipe_of
from land_subsidence.subsidence_plugin.engine.tuning.space import Dimension
from land_subsidence.subsidence_plugin.engine.tuning.susceptibility import make_data
from land_subsidence.subsidence_plugin.engine.tuning.task import Task

PLUGIN = Path(__file__).resolve().parents[3] / "subsidence_plugin"


@pytest.fixture(scope="session")
def rows():
    """Factor values (200 × 3), labels that follow the first two, and a hold-out."""
    rng = np.random.default_rng(3)
    values = rng.random((200, 3)).astype(np.float32)
    label = (values[:, 0] + 0.5 * values[:, 1] + rng.normal(0, 0.15, 200) > 0.75).astype(int)
    held = np.zeros((1, 200), dtype=bool)
    held[0, ::4] = True
    return values, label, held


@pytest.fixture(scope="session")
def data(rows):
    values, label, held = rows
    return make_data(values, label, held, ["a", "b", "c"], ["continuous"] * 3)


@pytest.fixture
def quick():
    """A task whose trials take milliseconds: classes of the frequency ratio model."""
    arguments = {"recipe": recipe_of("frequencyratio").as_dict(), "metric": "auc", "seed": 1}
    return Task("susceptibility", arguments, (Dimension("classes", 10, 2, 40),))


@pytest.fixture
def slow():
    """A task whose trials take about a second: an LSTM trained for a fixed number of epochs."""
    recipe = recipe_of("lstm", {}, {"epochs": 40, "patience": 0}).as_dict()
    arguments = {"recipe": recipe, "metric": "auc", "seed": 1}
    return Task("susceptibility", arguments, (Dimension("lstm_units", 8, 4, 16),))


@pytest.fixture
def log():
    """A progress that keeps its lines in ``log.lines``."""

    class Log(Progress):
        def __init__(self):
            self.lines = []
            super().__init__(on_message=lambda text, _level: self.lines.append(text))

        @property
        def text(self):
            return "\n".join(self.lines)

    return Log()


@pytest.fixture
def start_worker():
    """Start ``python -m engine.tuning.worker`` as the documentation says; killed at the end."""
    started = []

    def start(*arguments, **environment):
        paths = os.pathsep.join([str(PLUGIN), *(p for p in sys.path if "site-packages" in p)])
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.tuning.worker", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tempfile.gettempdir(),
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


class Server:
    """A PostgreSQL server with password login, of the test run's own user."""

    def __init__(self, programs, folder, owner):
        self.programs, self.folder, self.owner = Path(programs), Path(folder), owner
        self.port, self.word = free_port(), secrets.token_hex(8) + "@/:%"
        self.run("initdb", "-D", self.folder / "data", "-U", "tuner", "-A", "scram-sha-256",
                 "--pwfile", self.write("word", self.word), "-E", "UTF8", "--no-sync")  # fmt: skip
        self.start()

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        if self.owner:
            shutil.chown(path, self.owner)
        return path

    def run(self, program, *arguments):
        done = subprocess.run(
            [str(self.programs / program), *map(str, arguments)], capture_output=True, text=True,
            cwd=self.folder, check=False, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            **({"user": self.owner, "group": self.owner, "extra_groups": []} if self.owner else {}),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        # Its output goes to a file: a pipe would be kept open by the server.
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log",
                 "-o", options, "start")  # fmt: skip

    def stop(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-m", "immediate", "stop")

    def url(self, name="${SUBSIDENCE_TEST_WORD}"):
        return f"postgresql://tuner:{name}@127.0.0.1:{self.port}/postgres"


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@pytest.fixture(scope="session")
def postgres_server():
    """A running server; skips only where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    programs = found[-1].parent if found else None
    if programs is None and shutil.which("initdb"):
        programs = Path(shutil.which("initdb")).parent
    if programs is None:
        pytest.skip("PostgreSQL is not installed (tools/setup.sh installs it)")
    pytest.importorskip("psycopg2", reason="psycopg2 is not installed")
    # PostgreSQL refuses to run as root: then as the user that its package made.
    owner = "postgres" if hasattr(os, "getuid") and os.getuid() == 0 else None
    folder = tempfile.mkdtemp(prefix="subsidence-pg-")
    if owner:
        shutil.chown(folder, owner)
    server = None
    try:
        server = Server(programs, folder, owner)
        yield server
    finally:
        if server is not None and (Path(folder) / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server, monkeypatch):
    """The server, its password in the environment."""
    monkeypatch.setenv("SUBSIDENCE_TEST_WORD", postgres_server.word)
    return postgres_server
