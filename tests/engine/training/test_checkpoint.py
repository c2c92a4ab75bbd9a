"""A killed or cancelled training goes on from its checkpoint to the bit-identical end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError, OutputError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training.loop import train
from land_subsidence.subsidence_plugin.engine.training.settings import Settings

pytest.importorskip("torch")
ROOT = Path(__file__).resolve().parents[3]
SMALL = {"blocks": 2, "block_units": 16, "dense1": 8, "dense2": 8}


def rows():
    rng = np.random.default_rng(0)
    inputs = rng.random((200, 4), dtype=np.float32)
    return inputs, (inputs[:, 0] + rng.normal(0, 0.3, 200) > 0.5).astype(int)


def run(architecture="drdn", checkpoint=None, progress=None, seed=1, **settings):
    shape = SMALL if architecture == "drdn" else {}
    given = {"epochs": 12, "patience": 5, **settings}
    return train(architecture, shape, *rows(), Settings(**given), repeats=2, seed=seed,
                 checkpoint=checkpoint, progress=progress)  # fmt: skip


def same(one, two):
    # repr, since not-a-number differs from itself
    assert repr(one.history) == repr(two.history)
    assert one.summaries == two.summaries
    for a, b in zip(one.members, two.members):
        for name in a:
            np.testing.assert_array_equal(a[name], b[name])


@pytest.mark.parametrize("batches", [1, 40, 75])
@pytest.mark.parametrize("changes", [{}, {"optimizer": "sgd", "holdout_share": 0.0}])
def test_cancelled_training_goes_on_bit_for_bit(batches, changes, tmp_path):
    """An epoch has 6 or 7 batches, so these cuts lie in the first, a later and the next member."""
    path = str(tmp_path / "state.checkpoint")
    looks = []
    progress = Progress(is_cancelled=lambda: looks.append(1) or len(looks) > batches)
    with pytest.raises(Cancelled):
        run(checkpoint=path, progress=progress, **changes)
    lines = []
    resumed = run(
        checkpoint=path, progress=Progress(on_message=lambda t, _l: lines.append(t)), **changes
    )
    same(resumed, run(**changes))
    assert ("Going on from the checkpoint" in lines[0]) == (batches > 1)


def test_killed_process_goes_on_bit_for_bit(tmp_path):
    path = tmp_path / "state.checkpoint"
    code = f"""
import sys
sys.path[:0] = [{str(ROOT / "tools" / "bench")!r}, {str(Path(__file__).parent)!r}]
from checkout import load
load()
import test_checkpoint
test_checkpoint.run("lstm", {str(path)!r}, epochs=25, patience=0)
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 60
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    process.wait()
    resumed = run("lstm", str(path), epochs=25, patience=0)
    same(resumed, run("lstm", epochs=25, patience=0))


def test_finished_checkpoint_gives_the_result_at_once(tmp_path):
    path = str(tmp_path / "state.checkpoint")
    first = run(checkpoint=path)
    epochs = []
    again = run(checkpoint=path, progress=Progress(on_fraction=epochs.append))
    same(first, again)
    assert not epochs


def test_checkpoint_of_another_training_is_refused(tmp_path):
    path = str(tmp_path / "state.checkpoint")
    run(checkpoint=path, epochs=1)
    for changes in ({"seed": 2}, {"learning_rate": 0.5}, {"epochs": 3}):
        with pytest.raises(InputError, match="other samples or other settings; delete it"):
            run(checkpoint=path, **{"epochs": 1, **changes})


@pytest.mark.parametrize("cut", [0, 5, 300, -10])
def test_damaged_checkpoint_is_one_sentence(cut, tmp_path):
    path = tmp_path / "state.checkpoint"
    run(checkpoint=str(path), epochs=1)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match="is damaged or of another kind; delete it"):
        run(checkpoint=str(path), epochs=1)


def test_unwritable_checkpoint_is_one_sentence(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        run(checkpoint=str(tmp_path / "absent" / "state.checkpoint"), epochs=1)


def test_nothing_but_the_checkpoint_is_left(tmp_path):
    run(checkpoint=str(tmp_path / "state.checkpoint"), epochs=2)
    assert [p.name for p in tmp_path.iterdir()] == ["state.checkpoint"]
