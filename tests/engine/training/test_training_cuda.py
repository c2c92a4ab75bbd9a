"""On a CUDA GPU training gives what the CPU gives, to rounding; skips where there is none."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.model import Model
from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES
from land_subsidence.subsidence_plugin.engine.training.loop import train
from land_subsidence.subsidence_plugin.engine.training.settings import Settings

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA GPU here"),
]


def rows():
    rng = np.random.default_rng(0)
    inputs = rng.random((400, 5), dtype=np.float32)
    return inputs, (inputs[:, 0] + rng.normal(0, 0.2, 400) > 0.5).astype(int)


def without_dropout(architecture):
    return {name: 0.0 for name in ARCHITECTURES[architecture].defaults if "dropout" in name}


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_loss_follows_that_of_the_cpu(architecture):
    inputs, label = rows()
    settings = Settings(epochs=3)
    losses = [
        np.array(train(architecture, without_dropout(architecture), inputs, label, settings,
                       device=device).history)[:, 2:4]
        for device in ("cpu", "cuda")
    ]  # fmt: skip
    np.testing.assert_allclose(losses[0], losses[1], rtol=5e-3)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_probabilities_equal_those_of_the_cpu(architecture):
    inputs, label = rows()
    trained = train(architecture, {}, inputs, label, Settings(epochs=2), device="cuda")
    factors = [Factor(name) for name in "abcde"]
    model = Model(Card(architecture, factors), trained.members)
    on_cpu, on_gpu = model.probability(inputs), model.probability(inputs, device="cuda")
    np.testing.assert_allclose(on_cpu, on_gpu, atol=1e-3)


def test_checkpoint_goes_on_on_the_gpu(tmp_path):
    from land_subsidence.subsidence_plugin.engine.errors import Cancelled
    from land_subsidence.subsidence_plugin.engine.progress import Progress

    inputs, label = rows()
    path, looks = str(tmp_path / "state.checkpoint"), []
    progress = Progress(is_cancelled=lambda: looks.append(1) or len(looks) > 30)
    with pytest.raises(Cancelled):
        train("drdn", {}, inputs, label, Settings(epochs=6), device="cuda", checkpoint=path,
              progress=progress)  # fmt: skip
    resumed = train("drdn", {}, inputs, label, Settings(epochs=6), device="cuda", checkpoint=path)
    whole = train("drdn", {}, inputs, label, Settings(epochs=6), device="cuda")
    assert len(resumed.history) == len(whole.history)
    np.testing.assert_allclose(
        np.array(resumed.history)[:, 2:4], np.array(whole.history)[:, 2:4], rtol=1e-2
    )
