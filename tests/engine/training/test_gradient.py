"""The fast training step is the textbook one: hand-written against autograd, flat against plain."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.networks.registry import build
from land_subsidence.subsidence_plugin.engine.training.flat import (
    FlatNetwork,
    make_optimizer,
    named_arrays,
    optimizer_arrays,
    set_optimizer_arrays,
)
from land_subsidence.subsidence_plugin.engine.training.settings import Settings
from land_subsidence.subsidence_plugin.engine.training.step import (
    autograd_step,
    clip_gradient,
    make_step,
)

torch = pytest.importorskip("torch")


def batch(rows, inputs=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(rows, inputs, generator=generator)
    return x, (x[:, 0] > 0.5).float(), torch.rand(rows, generator=generator) + 0.5


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_hand_written_drdn_gradient_equals_autograd(weighted, dropout):
    torch.manual_seed(1)
    shape = {"blocks": 3, "block_units": 16, "dropout1": dropout, "dropout2": dropout}
    network = FlatNetwork(build("drdn", 6, shape))
    by_hand, automatic = make_step("drdn", network, "cpu"), autograd_step(network)
    assert by_hand.__qualname__.startswith("drdn_gradient")
    for rows in (32, 5, 32, 1):
        x, y, w = batch(rows, seed=rows)
        w = w if weighted else None
        found = []
        for step in (by_hand, automatic):
            torch.manual_seed(9)
            loss = step(x, y, w)
            found.append((float(loss), network.gradients.clone()))
        assert found[0][0] == pytest.approx(found[1][0], abs=1e-6)
        torch.testing.assert_close(found[0][1], found[1][1], atol=1e-6, rtol=1e-5)
        assert found[1][1].abs().max() > 1e-3


@pytest.mark.parametrize("architecture", ["drdn", "cnn", "lstm", "cnnlstm"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_ten_steps_equal_a_plain_torch_loop(architecture, optimizer):
    """Same weights as separate tensors, torch's own clipping and optimizer."""
    shape = {"dropout": 0.0} if architecture != "drdn" else {"dropout1": 0.0, "dropout2": 0.0}
    settings = Settings(optimizer=optimizer, learning_rate=0.01, momentum=0.8, clip_norm=0.05)
    torch.manual_seed(2)
    plain = build(architecture, 6, shape)
    network = FlatNetwork(build(architecture, 6, shape))
    network.module.load_state_dict(plain.state_dict())
    own = make_optimizer(network, settings)
    other = (
        torch.optim.SGD(plain.parameters(), 0.01, momentum=0.8)
        if optimizer == "sgd"
        else torch.optim.Adam(plain.parameters(), 0.01)
    )
    step = make_step(architecture, network, "cpu")
    for number in range(10):
        x, y, w = batch(16, seed=number)
        step(x, y, w)
        clip_gradient(network.gradients, settings.clip_norm)
        own.step()
        other.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(plain(x), y, weight=w).backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), settings.clip_norm)
        other.step()
    exported = named_arrays(network.module, network.snapshot())
    for name, tensor in plain.state_dict().items():
        np.testing.assert_allclose(exported[name], tensor.numpy(), atol=2e-4, err_msg=name)


def test_optimizer_state_survives_as_arrays():
    torch.manual_seed(3)
    networks = [FlatNetwork(build("lstm", 6, {})) for _ in range(2)]
    networks[1].restore(networks[0].snapshot())
    optimizers = [make_optimizer(network, Settings()) for network in networks]
    steps = [make_step("lstm", network, "cpu") for network in networks]
    x, y, w = batch(16)
    for _ in range(3):
        steps[0](x, y, w)
        optimizers[0].step()
    networks[1].restore(networks[0].snapshot())
    set_optimizer_arrays(optimizers[1], optimizer_arrays(optimizers[0]))
    for step, optimizer in zip(steps, optimizers):
        step(x, y, w)
        optimizer.step()
    np.testing.assert_array_equal(networks[0].snapshot(), networks[1].snapshot())
