"""Folds in worker processes: the same figures, errors as sentences, dead workers replaced."""

import os
import signal

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.crossvalidation import parallel
from land_subsidence.subsidence_plugin.engine.crossvalidation.folds import (
    RANDOM,
    SPATIAL,
    Partition,
)
from land_subsidence.subsidence_plugin.engine.crossvalidation.parallel import (
    cross_validate_in_workers,
)
from land_subsidence.subsidence_plugin.engine.crossvalidation.recipes import main_candidate
from land_subsidence.subsidence_plugin.engine.crossvalidation.results import Rows
from land_subsidence.subsidence_plugin.engine.crossvalidation.running import cross_validate
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.progress import Progress

pytest.importorskip("sklearn")
CANDIDATES = [main_candidate("logistic"), main_candidate("frequencyratio")]


@pytest.fixture
def rows():
    random = np.random.default_rng(5)
    values = random.normal(size=(90, 3))
    label = (values[:, 0] + random.normal(size=90) > 0).astype(int)
    values[:, 2] = random.integers(1, 3, 90)
    values[4, 2] = 7  # a category of one fold alone: no probability there
    kinds = ("continuous", "continuous", "categorical")
    return Rows(values.astype(np.float32), label, ("a", "b", "c"), kinds)


@pytest.fixture
def partitions():
    fold = np.arange(90) % 3 + 1
    return [Partition(RANDOM, 1, 42, fold), Partition(SPATIAL, 1, 42, fold[::-1], fold)]


def test_two_workers_give_what_one_process_gives(rows, partitions):
    lines = []
    progress = Progress(on_message=lambda text, level: lines.append(text))
    here = cross_validate(CANDIDATES, rows, partitions)
    there = cross_validate_in_workers(CANDIDATES, rows, partitions, "cpu", 2, progress)
    assert [(s.model, s.scheme, s.fold, s.rows) for s in here.scores] == [
        (s.model, s.scheme, s.fold, s.rows) for s in there.scores
    ]
    assert [s.metrics for s in here.scores] == [s.metrics for s in there.scores]
    assert here.probability.keys() == there.probability.keys()
    for key, column in here.probability.items():
        np.testing.assert_array_equal(column, there.probability[key])
    assert lines[0].startswith("2 worker processes with one thread each (")
    assert sum("AUC: Logistic regression" in line for line in lines) == 6


def test_an_error_in_a_worker_is_its_sentence(rows, partitions):
    rows.values[:, 1] = 3
    with pytest.raises(InputError, match=r"Logistic regression in random fold . of repeat 1: The"):
        cross_validate_in_workers(CANDIDATES, rows, partitions, "cpu", 2, Progress())


@pytest.mark.skipif(os.name == "nt", reason="kills as only POSIX does")
def test_a_killed_worker_is_replaced_and_nothing_is_lost(rows, partitions, monkeypatch):
    killed, lines = [], []

    class Frail(parallel.WorkerProcess):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            if not killed:
                killed.append(self.pid)
                os.kill(self.pid, signal.SIGKILL)

    monkeypatch.setattr(parallel, "WorkerProcess", Frail)
    progress = Progress(on_message=lambda text, level: lines.append(text))
    found = cross_validate_in_workers(CANDIDATES, rows, partitions, "cpu", 2, progress)
    assert len(found.scores) == 12
    assert any("Worker 1 ended unexpectedly (code -9); another runs its 3" in x for x in lines)


def test_workers_that_keep_dying_are_one_sentence(rows, partitions, monkeypatch):
    monkeypatch.setattr(parallel, "RESTARTS", 0)
    monkeypatch.setattr(
        parallel, "_orders", lambda *arguments: {"candidates": [{"recipes": [{"settings": {}}]}]}
    )
    with pytest.raises(InputError, match=r"keep ending unexpectedly .code 1: KeyError.* WORKERS"):
        cross_validate_in_workers(CANDIDATES, rows, partitions, "cpu", 2, Progress())


def test_cancel_ends_the_workers(rows, partitions):
    lines = []
    progress = Progress(
        on_message=lambda text, level: lines.append(text), is_cancelled=lambda: len(lines) > 2
    )
    with pytest.raises(Cancelled):
        cross_validate_in_workers(CANDIDATES, rows, partitions, "cpu", 2, progress)
