"""Overlapped reading, computing and writing: order, errors, Cancel, memory, tiles."""

import threading
import time

import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled
from land_subsidence.subsidence_plugin.engine.prediction.pipeline import Pipeline
from land_subsidence.subsidence_plugin.engine.prediction.tiles import tile_size, tile_windows
from land_subsidence.subsidence_plugin.engine.progress import Progress

#: Threads that were there before: tests of other rooms leave progress monitors of libraries.
BEFORE = set()


@pytest.fixture(autouse=True)
def threads_of_others():
    BEFORE.clear()
    BEFORE.update(threading.enumerate())


def ours():
    return [t for t in threading.enumerate() if t not in BEFORE and t.daemon]


@pytest.mark.parametrize(("readers", "workers"), [(1, 1), (2, 3)])
def test_results_are_written_in_order_in_the_calling_thread(readers, workers):
    written, fractions = [], []

    def work(value):
        time.sleep(0.003 if value % 4 == 0 else 0)
        return value * value

    pipeline = Pipeline(lambda: lambda item: item + 1, lambda: work, readers, workers)
    pipeline.run(
        range(50),
        lambda item, result: written.append((item, result, threading.current_thread())),
        Progress(fractions.append),
    )
    main = threading.main_thread()
    assert written == [(i, (i + 1) ** 2, main) for i in range(50)]
    assert fractions[-1] == 1 and fractions == sorted(fractions)
    assert not ours()


def test_every_thread_makes_its_own_reader_and_worker():
    made = []

    def maker(kind):
        def make():
            made.append((kind, threading.current_thread()))
            return lambda value: value

        return make

    Pipeline(maker("read"), maker("work"), 2, 3).run(range(5), lambda i, r: None, Progress())
    assert len(set(made)) == 5
    assert sum(kind == "work" for kind, _thread in made) == 3


def test_items_on_the_way_are_bounded():
    on_the_way, most, lock = [0], [0], threading.Lock()

    def read(item):
        with lock:
            on_the_way[0] += 1
            most[0] = max(most[0], on_the_way[0])
        return item

    def write(item, result):
        time.sleep(0.002)
        with lock:
            on_the_way[0] -= 1

    Pipeline(lambda: read, lambda: lambda value: value, 2, 3).run(range(60), write, Progress())
    assert 2 <= most[0] <= 2 * 3 + 2


@pytest.mark.parametrize("where", ["make_reader", "read", "make_worker", "work", "write"])
def test_an_error_anywhere_is_raised_and_ends_all_threads(where):
    def step(name):
        def call(value, *_):
            if name == where and value == 7:
                raise OSError(f"broken {name}")
            return value

        def make():
            if where == f"make_{name}er" or (where, name) == ("make_reader", "read"):
                raise OSError("broken maker")
            return call

        return make

    pipeline = Pipeline(step("read"), step("work"), 1, 2)
    with pytest.raises(OSError, match="broken"):
        pipeline.run(range(30), step("write")() if where == "write" else lambda i, r: i, Progress())
    assert not ours()


def test_cancel_ends_while_a_worker_is_busy():
    cancelled = threading.Event()
    pipeline = None

    def work(value):
        while not pipeline.stopped():
            time.sleep(0.005)
        return value

    pipeline = Pipeline(lambda: lambda item: item, lambda: work, 1, 2)
    threading.Timer(0.2, cancelled.set).start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        pipeline.run(range(9), lambda i, r: None, Progress(is_cancelled=cancelled.is_set))
    assert time.monotonic() - start < 2
    assert not ours()


@pytest.mark.parametrize(
    ("size", "block", "bands", "expected"),
    [
        ((4000, 3000), (256, 256), 19, (256, 256)),  # one block of the output
        ((4000, 3000), (128, 128), 19, (256, 256)),  # a VRT's blocks
        ((4000, 3000), (512, 512), 3, (1024, 512)),
        ((1000, 3000), (1000, 1), 19, (1000, 64)),  # strips: whole rows
        ((60, 50), (60, 50), 5, (60, 50)),
        ((90_000, 90_000), (90_000, 1), 19, (82_782, 1)),  # a row too long for a tile
        ((9000, 9000), (9000, 9000), 19, (9000, 9)),  # stored in one piece
    ],
)
def test_tiles_follow_the_blocks(size, block, bands, expected):
    assert tile_size(size, block, bands) == expected


def test_windows_cover_the_raster_once():
    cells = set()
    for column, row, width, height in tile_windows((70, 50), (32, 16)):
        block = {(c, r) for c in range(column, column + width) for r in range(row, row + height)}
        assert not cells & block
        cells |= block
    assert cells == {(c, r) for c in range(70) for r in range(50)}
