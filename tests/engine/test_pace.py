"""The time left, told by a clock that the test moves."""

import pytest
from land_subsidence.subsidence_plugin.engine.crossvalidation.folds import Partition
from land_subsidence.subsidence_plugin.engine.crossvalidation.results import FoldLog
from land_subsidence.subsidence_plugin.engine.errors import Cancelled
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.pace import Pace, duration
from land_subsidence.subsidence_plugin.engine.progress import Progress


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Run:
    """A timed progress, its log as (second, line) and the fractions that it passed on."""

    def __init__(self, is_cancelled=None):
        self.clock, self.lines, self.fractions = Clock(), [], []
        self.progress = Progress(
            self.fractions.append,
            lambda text, level: self.lines.append((self.clock.now - 1000, text)),
            is_cancelled,
        ).timed(self.clock)

    def go(self, seconds, start, stop, progress=None, every=0.5):
        """Move evenly from one fraction to another."""
        steps = round(seconds / every)
        for step in range(1, steps + 1):
            self.clock.now += every
            (progress or self.progress)(start + (stop - start) * step / steps)


def seconds_of(line):
    """Return the seconds that a line says are left."""
    number, unit = line.split("about ")[1].split()[:2]
    return float(number) * {"s": 1, "m": 60, "h": 3600}[unit[0]]


@pytest.mark.parametrize(
    "seconds, text",
    [(1, "5 seconds"), (12, "10 seconds"), (44, "45 seconds"), (57, "55 seconds"),
     (58, "1 minute"), (89, "1 minute"), (91, "2 minutes"), (3000, "50 minutes"),
     (5300, "88 minutes"), (5400, "1.5 hours"), (7300, "2 hours"), (130000, "1.5 days")],
)  # fmt: skip
def test_durations_as_people_say_them(seconds, text):
    assert duration(seconds) == text


def test_an_even_run_is_told_exactly_and_seldom():
    """607 s at one speed: at second t there are 607 - t left, and lines become rarer."""
    run = Run()
    run.go(607, 0, 1)
    assert run.fractions[-1] == 1
    moments = [moment for moment, _line in run.lines]
    assert moments[0] == 10
    for moment, line in run.lines:
        share = round(100 * moment / 607)
        assert line == f"{share} % done, about {duration(607 - moment)} left."
    gaps = [later - earlier for earlier, later in zip(moments, moments[1:])]
    assert all(gap >= 10 for gap in gaps) and gaps == sorted(gaps)
    assert 15 < len(moments) < 35


@pytest.mark.parametrize("seconds", [0.5, 5, 9.5, 14])
def test_a_short_run_says_nothing(seconds):
    """Before 10 s nothing is known well, and what ends within 5 s is not worth a line."""
    run = Run()
    run.go(seconds, 0, 1)
    assert run.lines == []


def test_a_slow_stage_after_a_quick_one_is_told_by_its_own_speed():
    """Half of the work in 10 s, then 1 % in 2 s: after a minute of it, 20 % in 40 s are left."""
    run = Run()
    run.go(10, 0, 0.5)
    run.go(60, 0.5, 0.8)
    assert run.progress.time_left() == "about 40 seconds left"


def test_what_comes_before_the_first_move_does_not_count():
    """20 s until packages are there, then 1 % a second: at 30 % there are 70 s left."""
    run = Run()
    run.clock.now += 20
    run.go(30, 0, 0.3)
    assert run.progress._pace.left() == pytest.approx(70, rel=0.02)
    assert 25 <= run.lines[0][0] <= 27 and len(run.lines) == 3
    for moment, line in run.lines:
        assert abs(seconds_of(line) - (120 - moment)) <= 30


def test_a_run_of_hours_is_not_told_every_ten_seconds():
    run = Run()
    run.go(600, 0, 0.05)
    assert 3 <= len(run.lines) <= 8
    assert run.lines[-1][1] == "5 % done, about 3 hours left."


def test_steps_of_equal_length_are_counted_down_between_them():
    """Ten folds of 30 s: 5 s into the fourth, 30 · 7 - 5 = 205 s are left."""
    run = Run()
    for fold in range(1, 4):
        run.clock.now += 30
        run.progress(fold / 10)
    run.clock.now += 5
    run.progress(0.3)
    assert run.progress._pace.left() == pytest.approx(205)
    assert run.progress.time_left() == "about 3 minutes left"


def test_a_step_that_takes_ever_longer_is_not_told_to_end_at_once():
    run = Run()
    run.clock.now += 10
    run.progress(0.9)
    told = []
    for _second in range(60):
        run.clock.now += 1
        told.append(run.progress._pace.left())
    # 10 s for 0.9 are 1.11 s for the rest: as much again, whatever is waited.
    assert all(0 < left <= 1.12 for left in told)


def test_what_an_earlier_run_did_tells_nothing_of_the_speed():
    """A study taken up at 60 of 100 trials, 10 s a trial: after two more 380 s are left."""
    run = Run()
    part = run.progress.part(0, 1)
    part.resume(0.6)
    assert run.fractions == [0.6]
    for trial in (61, 62):
        run.clock.now += 10
        part(trial / 100)
    assert run.progress._pace.left() == pytest.approx(380)


def test_stages_name_the_lines_and_parts_share_the_clock():
    run = Run()
    run.progress.stage("Reading")
    run.go(20, 0, 1, run.progress.part(0, 0.1))
    run.progress.part(0.1, 1).stage("Training")
    run.go(30, 0, 1, run.progress.part(0.1, 1).part(0, 1 / 6))
    assert run.lines[0] == (10, "Reading: 5 % done, about 3 minutes left.")
    assert [line.split(":")[0] for _moment, line in run.lines] == ["Reading"] * 2 + ["Training"] * 3


def test_a_line_that_tells_the_time_left_stands_for_one_of_its_own():
    run = Run()
    for _trial in range(10):
        run.go(6, 0, 0, every=3)
        run.progress(len(run.fractions) / 100)
        left = run.progress.time_left()
        if left:
            run.progress.info(f"a trial; {left}")
    assert [line for _moment, line in run.lines if not line.startswith("a trial")] == []


def test_without_a_clock_nothing_is_said():
    progress = Progress()
    progress.stage("x")
    progress.resume(0.5)
    assert progress.time_left() == ""


def test_fractions_that_go_back_or_stand_still_do_no_harm():
    run = Run()
    for fraction in (0, 0.5, 0.2, 0.5, 0.5, 2, -1, 1):
        run.clock.now += 7
        run.progress(fraction)
    assert run.fractions == [0, 0.5, 0.2, 0.5, 0.5, 1, 0, 1]
    for _moment, line in run.lines:
        assert "nan" not in line and "-" not in line


def test_a_million_moves_are_not_kept():
    run = Run()
    for number in range(100_000):
        run.clock.now += 0.01
        run.progress(number / 200_000)
    assert len(run.progress._pace._moves) <= 256
    assert run.progress._pace.left() == pytest.approx(1000, rel=0.01)


def test_a_timed_run_is_cancelled_as_before():
    run = Run(is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        run.progress(0.5)
    assert run.fractions == []


def test_every_job_is_timed(monkeypatch):
    """What runs under a name (in QGIS, in a worker, on a cluster) has the time left in its log."""
    import sys
    from types import SimpleNamespace

    seen = []
    module = SimpleNamespace(run=lambda progress, **_arguments: seen.append(progress))
    name = "land_subsidence.subsidence_plugin.engine.jobs.madeupjob"
    monkeypatch.setitem(sys.modules, name, module)
    run_job("madeupjob", {}, Progress())
    assert isinstance(seen[0]._pace, Pace)


def test_folds_tell_best_value_and_time_left():
    """Two schemes of two folds, 20 s a fold: after the second fold 40 s are left."""
    import numpy as np

    run = Run()
    candidate = type("Candidate", (), {"title": "A"})()
    fold, label = np.array([1, 1, 2, 2]), np.array([0, 1, 0, 1])
    partitions = [Partition("random", 1, 7, fold), Partition("spatial", 1, 7, fold)]
    log = FoldLog(run.progress, [candidate], label, partitions)
    for index in range(3):
        run.clock.now += 20
        log.add(index, [np.array([0.1, 0.9])])
    own = [line for _moment, line in run.lines if line.startswith("Repeat")]
    assert own[1] == (
        "Repeat 1, random fold 2 of 2 (2 rows, 1 with label 1), AUC: A 1.000 (mean so far 1.000); "
        "about 40 seconds left."
    )
    assert len(own) == 3 and own[2].endswith("about 20 seconds left.")
