"""Training learns, repeats itself bit for bit, keeps the best weights, and can be cancelled."""

import threading
import time

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, DeviceError, InputError
from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES, build
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training import member
from land_subsidence.subsidence_plugin.engine.training.device import choose_device
from land_subsidence.subsidence_plugin.engine.training.holdout import holdout_rows
from land_subsidence.subsidence_plugin.engine.training.loop import train
from land_subsidence.subsidence_plugin.engine.training.settings import Settings, settings_of
from land_subsidence.subsidence_plugin.engine.validation.metrics import auc

torch = pytest.importorskip("torch")
SMALL = {"blocks": 2, "block_units": 16, "dense1": 8, "dense2": 8}


def rows(count=300, seed=0):
    rng = np.random.default_rng(seed)
    inputs = rng.random((count, 4), dtype=np.float32)
    return inputs, (inputs[:, 0] + inputs[:, 1] > 1).astype(int)


def logits(trained, architecture, shape, inputs, member=0):
    module = build(architecture, inputs.shape[1], shape).eval()
    module.load_state_dict({k: torch.from_numpy(v) for k, v in trained.members[member].items()})
    with torch.no_grad():
        return module(torch.from_numpy(inputs)).numpy()


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_overfits_eight_rows(architecture):
    inputs = np.random.default_rng(0).random((8, 4), dtype=np.float32)
    label = np.array([0, 1, 1, 0, 1, 0, 0, 1])
    shape = {n: 0.0 for n in ARCHITECTURES[architecture].defaults if "dropout" in n}
    settings = Settings(epochs=150, batch_size=8, learning_rate=0.02, holdout_share=0)
    trained = train(architecture, shape, inputs, label, settings)
    assert ((logits(trained, architecture, shape, inputs) > 0) == label).all()
    assert trained.history[-1][2] < 0.1 < trained.history[0][2]
    assert len(trained.history) == 150


def test_same_seed_same_weights_whatever_happens_around():
    inputs, label = rows()
    settings = Settings(epochs=4)
    first = train("drdn", SMALL, inputs, label, settings, seed=5)
    torch.manual_seed(999)
    torch.rand(7)
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    second = train("drdn", SMALL, inputs, label, settings, seed=5)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
    other = train("drdn", SMALL, inputs, label, settings, seed=6)
    for name, tensor in first.members[0].items():
        np.testing.assert_array_equal(tensor, second.members[0][name])
    assert first.history == second.history
    assert not np.array_equal(first.members[0]["fuse.weight"], other.members[0]["fuse.weight"])


def test_two_trainings_in_two_threads_are_repeatable():
    inputs, label = rows()
    settings = Settings(epochs=5)
    alone = [train("drdn", SMALL, inputs, label, settings, seed=s) for s in (1, 2)]
    together = {}

    def work(seed):
        together[seed] = train("drdn", SMALL, inputs, label, settings, seed=seed)

    threads = [threading.Thread(target=work, args=(s,)) for s in (1, 2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    for seed in (1, 2):
        for name, tensor in alone[seed - 1].members[0].items():
            np.testing.assert_array_equal(tensor, together[seed].members[0][name])


def test_repeats_are_members_with_seeds_in_a_row():
    inputs, label = rows()
    settings = Settings(epochs=2)
    both = train("lstm", {}, inputs, label, settings, repeats=2, seed=3)
    second = train("lstm", {}, inputs, label, settings, seed=4)
    assert both.seeds == [3, 4]
    for name, tensor in second.members[0].items():
        np.testing.assert_array_equal(both.members[1][name], tensor)
    assert [row[:2] for row in both.history] == [[1, 1], [1, 2], [2, 1], [2, 2]]


def test_stops_early_with_the_best_weights():
    """A quarter of the labels is wrong: the hold-out loss falls, then rises by overfitting."""
    inputs, label = rows()
    wrong = np.random.default_rng(1).random(300) < 0.25
    label = np.where(wrong, 1 - label, label)
    settings = Settings(epochs=500, patience=4, learning_rate=0.01, batch_size=16)
    trained = train("drdn", SMALL, inputs, label, settings, seed=2)
    history = np.array(trained.history)
    best = int(np.argmin(history[:, 3]))
    summary = trained.summaries[0]
    assert len(history) == summary["epochs"] < 500
    assert len(history) == best + 1 + 4 and best > 0
    assert summary["best_epoch"] == best + 1
    held = holdout_rows(label, 0.15, 2)
    assert summary["holdout_rows"] == held.sum()
    score = logits(trained, "drdn", SMALL, inputs[held])
    assert auc(label[held], score) == pytest.approx(history[best, 4])
    loss = np.mean(np.logaddexp(0, score) - score * label[held])
    assert loss == pytest.approx(history[best, 3], rel=1e-5)


def test_patience_waits_for_a_network_to_begin_but_not_for_ever(monkeypatch):
    """Labels without any signal: the end comes with the step limit, 16 steps an epoch."""
    monkeypatch.setattr(member, "HOPELESS_STEPS", 30 * 16)
    rng = np.random.default_rng(1)
    inputs, label = rng.random((300, 4), dtype=np.float32), rng.integers(0, 2, 300)
    settings = Settings(epochs=500, patience=2, batch_size=16, learning_rate=0.01)
    trained = train("lstm", {}, inputs, label, settings)
    best = trained.summaries[0]["best_epoch"]
    assert len(trained.history) == max(best + 2, 30) < 500


def test_class_weights_move_the_probabilities_of_a_rare_class():
    rng = np.random.default_rng(4)
    inputs = rng.random((600, 4), dtype=np.float32)
    label = (rng.random(600) < 0.1).astype(int)
    means = {}
    for weights in ("none", "balanced"):
        settings = Settings(epochs=15, class_weights=weights, holdout_share=0)
        trained = train("drdn", SMALL, inputs, label, settings)
        means[weights] = (1 / (1 + np.exp(-logits(trained, "drdn", SMALL, inputs)))).mean()
    assert means["none"] == pytest.approx(label.mean(), abs=0.05)
    assert means["balanced"] == pytest.approx(0.5, abs=0.12)


def test_cancel_stops_within_a_mini_batch():
    inputs, label = rows(20_000)
    cancelled = threading.Event()
    thread = threading.Timer(0.3, cancelled.set)
    thread.start()
    begun = time.perf_counter()
    with pytest.raises(Cancelled):
        train("lstm", {}, inputs, label, Settings(epochs=10_000),
              progress=Progress(is_cancelled=cancelled.is_set))  # fmt: skip
    assert time.perf_counter() - begun < 3


def test_log_tells_epoch_best_and_time_left():
    inputs, label = rows()
    lines, fractions = [], []
    progress = Progress(fractions.append, lambda text, level: lines.append(text))
    train("lstm", {}, inputs, label, Settings(epochs=5), progress=progress)
    assert lines[0].startswith("Network: epoch 1 of at most 5, loss 0.")
    assert "hold-out AUC" in lines[0] and "in epoch 1" in lines[0]
    assert "the weights of epoch" in lines[-1]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"label": np.ones(300, int)}, "label 0 and rows with label 1"),
        ({"label": np.full(300, 2)}, "label 0 and rows with label 1"),
        ({"label": np.ones(3, int)}, "do not go together"),
        ({"repeats": 0}, "REPEATS is 0"),
    ],
)
def test_bad_rows_are_refused(change, expected):
    inputs, label = rows()
    given = {"label": label, "repeats": 1, **change}
    with pytest.raises(InputError, match=expected):
        train("lstm", {}, inputs, given["label"], Settings(epochs=1), repeats=given["repeats"])


def test_divergence_is_one_sentence():
    inputs, label = rows()
    settings = Settings(epochs=50, learning_rate=10.0, optimizer="sgd", clip_norm=1e6)
    big = inputs * np.float32(3e38)
    with pytest.raises(InputError, match=r"diverged in epoch .* smaller LEARNING_RATE than 10"):
        train("cnn", {}, big, label, settings)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"epochs": 0}, "'epochs' is 0; allowed is 1 to 100000"),
        ({"holdout_share": 0.7}, "'holdout_share' is 0.7"),
        ({"optimizer": "rmsprop"}, "'optimizer' is 'rmsprop'; allowed is adam or sgd"),
        ({"epochs": "many"}, "'epochs' must be a whole number, not 'many'"),
        ({"batch_size": 2.5}, "'batch_size' must be a whole number, not 2.5"),
        ({"learning_rate": None}, "'learning_rate' must be a number, not None"),
        ({"patience": True}, "'patience' must be a whole number, not True"),
        ({"momentum": float("nan")}, "'momentum' is nan; allowed is 0.0 to 0.999"),
    ],
)
def test_bad_settings_are_named(values, expected):
    with pytest.raises(InputError, match=expected):
        Settings(**values)


def test_whole_numbers_may_come_as_floats():
    settings = Settings(batch_size=64.0, patience=5.0)
    assert [type(v) for v in (settings.batch_size, settings.patience)] == [int, int]
    assert settings == Settings(batch_size=64, patience=5)


def test_given_settings_replace_the_presets():
    found = settings_of({"learning_rate": 0.05, "epochs": 7}, {"learning_rate": None, "epochs": 9})
    assert (found.learning_rate, found.epochs, found.batch_size) == (0.05, 9, 32)


def test_holdout_is_stratified_and_seeded():
    label = np.array([0] * 80 + [1] * 20)
    mask = holdout_rows(label, 0.15, 1)
    assert (mask[label == 0].sum(), mask[label == 1].sum()) == (12, 3)
    np.testing.assert_array_equal(mask, holdout_rows(label, 0.15, 1))
    assert not np.array_equal(mask, holdout_rows(label, 0.15, 2))
    assert not holdout_rows(label, 0, 1).any()


def test_holdout_of_whole_folds():
    label = np.tile([0, 1], 50)
    fold = np.repeat(np.arange(10), 10)
    mask = holdout_rows(label, 0.15, 3, fold)
    assert mask.sum() == 20
    assert all(mask[fold == f].all() or not mask[fold == f].any() for f in range(10))
    with pytest.raises(InputError, match="No choice of whole folds"):
        holdout_rows(label, 0.15, 3, label)
    with pytest.raises(InputError, match="1 training rows with label 1"):
        holdout_rows(np.array([0, 0, 0, 1]), 0.2, 1)


def test_device_is_chosen_and_said():
    lines = []
    progress = Progress(on_message=lambda text, level: lines.append(text))
    assert choose_device(1, progress) == "cpu"
    assert lines == ["Computing on the CPU, as asked."]


def test_cuda_where_there_is_none_is_refused():
    if torch.cuda.is_available():
        pytest.skip("this computer has a CUDA GPU")
    with pytest.raises(
        DeviceError, match="PyTorch finds no CUDA GPU here; choose Automatic or CPU"
    ):
        choose_device(2)
