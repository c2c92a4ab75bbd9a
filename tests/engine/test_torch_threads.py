"""PyTorch's number of threads between jobs that overlap, and the cores that there are."""

import os
import threading

import pytest
from land_subsidence.subsidence_plugin.engine.cores import cores

torch = pytest.importorskip("torch")

from land_subsidence.subsidence_plugin.engine.torch_threads import (  # noqa: E402
    one_torch_thread,
)


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def in_new_thread():
    """Return the number that a thread gets which has not used PyTorch before."""
    found = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


class Job:
    """A thread that is inside the block until it is told to leave."""

    def __init__(self):
        self._inside, self._leave, self.numbers = threading.Event(), threading.Event(), []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._inside.wait(20)

    def _run(self):
        with one_torch_thread(torch):
            self.numbers.append(torch.get_num_threads())
            self._inside.set()
            self._leave.wait(20)
        self.numbers.append(torch.get_num_threads())

    def leave(self):
        self._leave.set()
        self._thread.join()


def test_overlapping_jobs_leave_the_number_as_it_was():
    """The first job to start ends first: the second must not put the 1 back for good."""
    first = Job()
    second = Job()
    assert in_new_thread() == 1
    first.leave()
    assert in_new_thread() == 1
    second.leave()
    assert first.numbers == second.numbers == [1, 3]
    assert in_new_thread() == torch.get_num_threads() == 3


def test_a_thread_that_met_the_one_outside_the_block_does_not_spread_it():
    """Such a thread keeps its 1; being the first inside later, it must not take that for all."""
    job, go, seen = Job(), threading.Event(), []
    met = threading.Event()

    def late():
        torch.get_num_threads()
        met.set()
        go.wait(20)
        with one_torch_thread(torch):
            pass
        seen.append(torch.get_num_threads())

    thread = threading.Thread(target=late)
    thread.start()
    assert met.wait(20)
    job.leave()
    go.set()
    thread.join()
    assert seen == [3] and in_new_thread() == 3


def test_a_block_inside_a_block_and_an_error():
    with pytest.raises(KeyError), one_torch_thread(torch):
        with one_torch_thread(torch):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == in_new_thread() == 3


def test_training_and_prediction_take_the_same_block():
    """A training inside a prediction's block leaves the one thread to the prediction."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.training.loop import train
    from land_subsidence.subsidence_plugin.engine.training.settings import Settings

    job = Job()
    inputs = np.random.default_rng(0).random((20, 2), dtype=np.float32)
    train("lstm", {}, inputs, np.arange(20) % 2, Settings(epochs=1))
    assert torch.get_num_threads() == 3 and in_new_thread() == 1
    job.leave()
    assert in_new_thread() == 3


def test_cores_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {2, 5, 7}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1
