"""A model comes back from its file as it went in, and gives the probabilities of its members."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import load_model, save_model
from land_subsidence.subsidence_plugin.engine.models.predict_rows import predict_samples
from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES, build

FACTORS = [Factor("Slope", "continuous", 0.0, 10.0), Factor("soil", "categorical", 1, 2, (1, 2))]


def members_of(architecture, count=2, seed=0):
    import torch

    torch.manual_seed(seed)
    return [
        {k: v.numpy() for k, v in build(architecture, 3, {}).state_dict().items()}
        for _ in range(count)
    ]


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_network_survives_saving_bit_for_bit(architecture, tmp_path):
    import torch

    path = str(tmp_path / "m.safetensors")
    members = members_of(architecture)
    card = Card(architecture, FACTORS, ARCHITECTURES[architecture].checked({}), seeds=[1, 2])
    model_id = save_model(path, members, card)
    model = load_model(path)
    assert (model.card, model.model_id, model.members) == (card, model_id, 2)
    rows = torch.rand(5000, 3)
    for index, member in enumerate(members):
        for name, array in member.items():
            np.testing.assert_array_equal(model.arrays[index][name], array)
        module = build(architecture, 3, {}).eval()
        module.load_state_dict({k: torch.from_numpy(v) for k, v in member.items()})
        with torch.no_grad():
            expected = torch.sigmoid(module(rows)).numpy()
        found = model.probability(rows.numpy(), member=index)
        assert found.shape == (1, 5000)
        np.testing.assert_allclose(found[0], expected, atol=1e-6)
    assert model.probability(rows.numpy()).shape == (2, 5000)


def test_model_id_follows_weights_and_card(tmp_path):
    path, card = str(tmp_path / "m.safetensors"), Card("lstm", FACTORS)
    first = save_model(path, members_of("lstm"), card)
    assert save_model(path, members_of("lstm"), card) == first
    assert save_model(path, members_of("lstm", seed=1), card) != first
    card.crs = "EPSG:32648"
    assert save_model(path, members_of("lstm"), card) != first


def test_rows_of_a_table_are_matched_by_name_and_masked_rows_are_nan(tmp_path):
    path = str(tmp_path / "m.safetensors")
    save_model(path, members_of("lstm"), Card("lstm", FACTORS))
    model = load_model(path)
    columns = {
        "SOIL": np.array([1, 2, 3, 1]),
        "other": ["x"] * 4,
        "slope": np.array([0.0, 5.0, 5.0, np.nan]),
    }
    found = predict_samples(model, columns)
    inputs = np.array([[0, 1, 0], [0.5, 0, 1]], np.float32)
    np.testing.assert_array_equal(found[:, :2], model.probability(inputs))
    assert np.isnan(found[:, 2:]).all()


def test_missing_and_text_factors_are_named(tmp_path):
    path = str(tmp_path / "m.safetensors")
    save_model(path, members_of("lstm"), Card("lstm", FACTORS))
    model = load_model(path)
    with pytest.raises(InputError, match="lack 1 of the model's 2 factors: soil; they have slope"):
        predict_samples(model, {"slope": np.zeros(2)})
    with pytest.raises(InputError, match="'soil' holds text"):
        predict_samples(model, {"slope": np.zeros(2), "soil": ["a", "b"]})


def test_card_keeps_every_field_through_json():
    card = Card(
        "drdn", FACTORS, {"blocks": 3}, 4, rules={"slope": [1, 2]}, training={"epochs": 5},
        split={"train": {"rows": 3}}, metrics={"train": {"AUC": 0.9}}, seeds=[1, 2, 3, 4],
        versions={"torch": "2"}, crs="EPSG:32648", source="samples.gpkg",
    )  # fmt: skip
    assert Card.from_json(card.to_json()) == card
    card.metrics = {"train": {"PPV": float("nan"), "TP": np.int64(3)}}
    assert Card.from_json(card.to_json()).metrics == {"train": {"PPV": None, "TP": 3}}
