"""The four architectures have the layers of the design and Appendix B; declarations are checked."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES, build

torch = pytest.importorskip("torch")


def count(module):
    return sum(p.numel() for p in module.parameters())


def linear(inputs, outputs):
    return inputs * outputs + outputs


def lstm(inputs, units):
    return 4 * (units * inputs + units * units + 2 * units)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "drdn",
            linear(19, 128) + 16 * linear(128, 128) + linear(1024, 128) + linear(128, 64)
            + linear(64, 32) + linear(32, 1),
        ),
        ("cnn", linear(3, 64) + linear(64 * 19, 128) + linear(128, 64) + linear(64, 1)),
        ("lstm", lstm(1, 32) + linear(32, 1)),
        ("cnnlstm", linear(3, 64) + lstm(64, 128) + linear(128, 64) + linear(64, 1)),
    ],
)  # fmt: skip
def test_parameters_counted_by_hand(name, expected):
    assert count(build(name, 19, {})) == expected


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
@pytest.mark.parametrize("n_inputs", [1, 2, 19])
def test_one_logit_a_row_and_rows_do_not_mix(name, n_inputs):
    module = build(name, n_inputs, {}).eval()
    rows = torch.rand(7, n_inputs)
    with torch.no_grad():
        whole = module(rows)
        single = torch.cat([module(row[None]) for row in rows])
    assert whole.shape == (7,)
    np.testing.assert_allclose(whole, single, atol=1e-6)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_presets_give_checked_hyperparameters(name):
    declared = ARCHITECTURES[name]
    for index in range(len(declared.presets)):
        hyperparameters, settings = declared.preset(index)
        assert set(hyperparameters) == set(declared.defaults)
        assert set(settings) <= {"optimizer", "learning_rate", "momentum", "batch_size", "epochs"}
    with pytest.raises(InputError, match="preset 2 does not exist; use 0 to 1"):
        declared.preset(2)


def test_appendix_b_of_the_hanoi_paper():
    cnn, how = ARCHITECTURES["cnn"].preset(1)
    assert (cnn["kernel_size"], cnn["dense1"], cnn["dense2"], cnn["dropout"]) == (3, 128, 64, 0.3)
    assert (how["optimizer"], how["batch_size"], how["epochs"]) == ("sgd", 32, 1000)
    assert ARCHITECTURES["lstm"].preset(1)[0]["lstm_units"] == 32
    drdn, how = ARCHITECTURES["drdn"].preset(1)
    assert list(drdn.values()) == [8, 128, 64, 32, 0.2, 0.3]
    assert (how["optimizer"], how["learning_rate"]) == ("adam", 1e-3)
    mixed, how = ARCHITECTURES["cnnlstm"].preset(1)
    assert [mixed[k] for k in ("kernel_size", "lstm_units", "dense", "dropout")] == [
        3,
        128,
        64,
        0.2,
    ]
    assert (how["optimizer"], how["learning_rate"]) == ("adam", 0.05)


def test_a_drdn_block_is_two_layers_with_identity_skip():
    """One block of one unit, weights set by hand: 2 + relu(3 · relu(0.5 · 2 + 1) − 1) = 7."""
    module = build("drdn", 1, {"blocks": 1, "block_units": 1})
    block = module.blocks[0]
    with torch.no_grad():
        for layer, weight, bias in ((block.first, 0.5, 1.0), (block.second, 3.0, -1.0)):
            layer.weight.fill_(weight)
            layer.bias.fill_(bias)
        assert block(torch.tensor([[2.0]])).item() == 7.0
        block.second.bias.fill_(-100.0)
        assert block(torch.tensor([[2.0]])).item() == 2.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"blocks": 0}, "'blocks' is 0; allowed is 1 to 64"),
        ({"blocks": 2.5}, "'blocks' must be a whole number, not 2.5"),
        ({"dropout1": float("nan")}, "'dropout1' must be a number, not nan"),
        ({"layers": 3}, "The network DRDN has no hyperparameter 'layers'"),
        ({"blocks": True}, "must be a whole number"),
    ],
)
def test_bad_hyperparameters_are_named(values, expected):
    with pytest.raises(InputError, match=expected):
        ARCHITECTURES["drdn"].checked(values)


def test_choices_are_kept():
    with pytest.raises(InputError, match="'kernel_size' is 4; allowed is 1, 3, 5"):
        ARCHITECTURES["cnn"].checked({"kernel_size": 4})
