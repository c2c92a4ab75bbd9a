"""Weight decay is torch's own (AdamW, SGD's L2), survives a checkpoint, and 0 changes nothing."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.networks.registry import build
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training.flat import (
    FlatNetwork,
    make_optimizer,
    named_arrays,
)
from land_subsidence.subsidence_plugin.engine.training.loop import train
from land_subsidence.subsidence_plugin.engine.training.settings import Settings
from land_subsidence.subsidence_plugin.engine.training.step import clip_gradient, make_step

torch = pytest.importorskip("torch")
SMALL = {"blocks": 2, "block_units": 16, "dense1": 8, "dense2": 8}
PLAIN = {
    "adam": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.5),
    "sgd": lambda p: torch.optim.SGD(p, 0.01, momentum=0.8, weight_decay=0.5),
}


def rows():
    rng = np.random.default_rng(0)
    inputs = rng.random((200, 4), dtype=np.float32)
    return inputs, (inputs[:, 0] + rng.normal(0, 0.3, 200) > 0.5).astype(int)


@pytest.mark.parametrize("architecture", ["drdn", "cnn", "lstm", "cnnlstm"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_ten_steps_equal_a_plain_torch_loop(architecture, optimizer):
    """Same weights as separate tensors, torch's own clipping, AdamW and SGD."""
    shape = {"dropout": 0.0} if architecture != "drdn" else {"dropout1": 0.0, "dropout2": 0.0}
    settings = Settings(optimizer=optimizer, learning_rate=0.01, momentum=0.8, weight_decay=0.5,
                        clip_norm=0.05)  # fmt: skip
    torch.manual_seed(2)
    plain = build(architecture, 6, shape)
    network = FlatNetwork(build(architecture, 6, shape))
    network.module.load_state_dict(plain.state_dict())
    own, other = make_optimizer(network, settings), PLAIN[optimizer](plain.parameters())
    step = make_step(architecture, network, "cpu")
    generator = torch.Generator().manual_seed(5)
    for _ in range(10):
        x = torch.rand(16, 6, generator=generator)
        y = (x[:, 0] > 0.5).float()
        step(x, y, None)
        clip_gradient(network.gradients, settings.clip_norm)
        own.step()
        other.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(plain(x), y).backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), settings.clip_norm)
        other.step()
    exported = named_arrays(network.module, network.snapshot())
    for name, tensor in plain.state_dict().items():
        np.testing.assert_allclose(exported[name], tensor.numpy(), atol=2e-4, err_msg=name)


def test_decoupled_decay_by_hand():
    """Without a gradient AdamW only shrinks: w · (1 − 0.1 · 0.5) a step; an L2 term would not."""
    network = FlatNetwork(build("lstm", 3, {}))
    before = network.snapshot()
    optimizer = make_optimizer(network, Settings(learning_rate=0.1, weight_decay=0.5))
    network.gradients.zero_()
    for _ in range(3):
        optimizer.step()
    np.testing.assert_allclose(network.snapshot(), before * 0.95**3, rtol=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_none_is_bit_for_bit_the_optimizer_without_it(optimizer):
    """A whole training, against one whose optimizer never heard of weight decay."""
    settings = Settings(epochs=5, optimizer=optimizer)
    given = train("drdn", SMALL, *rows(), settings)
    from land_subsidence.subsidence_plugin.engine.training import member

    def plain(network, how):
        kind = torch.optim.SGD if optimizer == "sgd" else torch.optim.Adam
        more = {"momentum": how.momentum} if optimizer == "sgd" else {}
        return kind([network.parameters], how.learning_rate, fused=True, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(member, "make_optimizer", plain)
        other = train("drdn", SMALL, *rows(), settings)
    assert given.history == other.history
    for name, array in given.members[0].items():
        np.testing.assert_array_equal(array, other.members[0][name])


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_large_decay_keeps_weights_small(optimizer):
    sums = []
    for decay in (0.0, 0.5):
        settings = Settings(epochs=40, learning_rate=0.02, optimizer=optimizer, holdout_share=0,
                            weight_decay=decay)  # fmt: skip
        trained = train("drdn", SMALL, *rows(), settings)
        sums.append(sum(np.square(a).sum() for a in trained.members[0].values()))
    assert sums[1] < 0.5 * sums[0]


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_cancelled_training_with_decay_goes_on_bit_for_bit(optimizer, tmp_path):
    path = str(tmp_path / "state.checkpoint")
    settings = Settings(epochs=8, optimizer=optimizer, weight_decay=0.1)
    looks = []
    progress = Progress(is_cancelled=lambda: looks.append(1) or len(looks) > 20)
    with pytest.raises(Cancelled):
        train("drdn", SMALL, *rows(), settings, checkpoint=path, progress=progress)
    resumed = train("drdn", SMALL, *rows(), settings, checkpoint=path)
    whole = train("drdn", SMALL, *rows(), settings)
    assert resumed.history == whole.history
    for name, array in whole.members[0].items():
        np.testing.assert_array_equal(array, resumed.members[0][name])
    with pytest.raises(InputError, match="other samples or other settings"):
        train("drdn", SMALL, *rows(), Settings(epochs=8, optimizer=optimizer), checkpoint=path)


def test_checkpoints_of_the_first_version_still_fit():
    """Their signature was made without ``weight_decay``: these are its very settings."""
    first = {
        "epochs": 1000, "batch_size": 32, "learning_rate": 1e-3, "optimizer": "adam",
        "momentum": 0.9, "class_weights": "none", "patience": 30, "holdout_share": 0.15,
        "clip_norm": 1.0,
    }  # fmt: skip
    assert json.dumps(Settings().identity(), sort_keys=True) == json.dumps(first, sort_keys=True)
    assert Settings(weight_decay=0.1).identity() == {**first, "weight_decay": 0.1}


def test_bad_decay_is_named():
    with pytest.raises(InputError, match=r"'weight_decay' is -1; allowed is 0\.0 to 100"):
        Settings(weight_decay=-1)


def test_every_epoch_is_told_and_what_is_raised_comes_through(tmp_path):
    told = []
    settings = Settings(epochs=3)
    trained = train("drdn", SMALL, *rows(), settings, repeats=2,
                    on_epoch=lambda *values: told.append(list(values)))  # fmt: skip
    assert told == trained.history
    assert [values[:2] for values in told] == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3]]

    class Pruned(Exception):
        pass

    def prune(member, epoch, loss, holdout_loss, holdout_auc):
        if epoch == 2:
            raise Pruned

    path = str(tmp_path / "state.checkpoint")
    with pytest.raises(Pruned):
        train("drdn", SMALL, *rows(), settings, checkpoint=path, on_epoch=prune)
    resumed = train("drdn", SMALL, *rows(), settings, checkpoint=path)
    assert resumed.history == trained.history[:3]


def test_without_holdout_its_figures_are_not_numbers():
    told = []
    train("drdn", SMALL, *rows(), Settings(epochs=1, holdout_share=0),
          on_epoch=lambda *values: told.append(values))  # fmt: skip
    assert np.isnan(told[0][3:]).all() and np.isfinite(told[0][2])
