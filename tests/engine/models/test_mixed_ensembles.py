"""Members of one file may differ in their hyperparameters (a tuned top K): used or refused."""

import json
import time

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError, ModelFileError
from land_subsidence.subsidence_plugin.engine.jobs.modelinfo import description
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.encode import encode
from land_subsidence.subsidence_plugin.engine.models.file import ENTRY, load_model, save_model
from land_subsidence.subsidence_plugin.engine.models.predict_rows import predict_samples
from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES, build
from land_subsidence.subsidence_plugin.engine.prediction.forward import Forwards
from land_subsidence.subsidence_plugin.engine.prediction.tile_predictor import TilePredictor
from land_subsidence.subsidence_plugin.engine.training.fit import recipe_of_card
from safetensors.numpy import save

torch = pytest.importorskip("torch")

FACTORS = [
    Factor("slope", "continuous", 0.0, 40.0),
    Factor("geology", "categorical", 1.0, 7.0, (1.0, 4.0, 7.0)),
]
#: Three members each: smaller, as declared, and another width.
SHAPES = {
    "drdn": [{"blocks": 1, "block_units": 16}, {}, {"block_units": 40, "dense1": 8, "dense2": 5}],
    "cnn": [{"filters": 8, "kernel_size": 1}, {}, {"kernel_size": 5, "dense1": 16}],
    "lstm": [{"lstm_units": 8}, {}, {"lstm_units": 48}],
    "cnnlstm": [{"filters": 8, "lstm_units": 16}, {}, {"kernel_size": 1, "dense": 9}],
}


def modules(architecture):
    found = []
    for seed, shape in enumerate(SHAPES[architecture]):
        torch.manual_seed(seed)
        module = build(architecture, 4, shape).eval()
        with torch.no_grad():
            module.output.weight *= 20  # an untrained network answers nearly constant
        found.append(module)
    return found


def arrays_of(module):
    return {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}


def card_of(architecture):
    own = [ARCHITECTURES[architecture].checked(shape) for shape in SHAPES[architecture]]
    return Card(architecture, list(FACTORS), own[0], member_hyperparameters=own, seeds=[1, 2, 3])


@pytest.fixture(params=sorted(SHAPES))
def mixed(request, tmp_path):
    """Return (modules as they were made, the model as it comes back from its file)."""
    made = modules(request.param)
    path = str(tmp_path / "mixed.safetensors")
    save_model(path, [arrays_of(m) for m in made], card_of(request.param))
    return made, load_model(path)


def rows(count=5000):
    rng = np.random.default_rng(3)
    values = np.stack([rng.uniform(-5, 50, count), rng.choice([1, 4, 7], count)], axis=1)
    values[7, 0], values[8, 1] = np.nan, 2
    return values.astype(np.float32)


def expected(made, values):
    """Return (members, rows) by the modules themselves, rows encoded by hand."""
    slope = np.clip(values[:, 0] / 40, 0, 1)
    inputs = np.column_stack([slope, *(values[:, 1] == c for c in (1, 4, 7))]).astype(np.float32)
    with torch.no_grad():
        found = np.stack([torch.sigmoid(m(torch.from_numpy(inputs))).numpy() for m in made])
    found[:, [7, 8]] = np.nan
    return found


def test_rows_of_a_table(mixed):
    made, model = mixed
    values = rows(600)
    found = predict_samples(model, {"geology": values[:, 1], "slope": values[:, 0]})
    np.testing.assert_allclose(found, expected(made, values), atol=1e-6)
    assert np.nanmax(found.std(axis=0)) > 0.04, "members that differ"
    inputs, _clipped, valid = encode(values, model.factors)
    mean = model.mean_probability(inputs[valid])
    np.testing.assert_allclose(mean, expected(made, values)[:, valid].mean(axis=0), atol=1e-6)


def test_tiles_with_spread_and_members(mixed):
    """More pixels than a chunk, one missing, one of an unknown category."""
    made, model = mixed
    values = rows()
    tile = TilePredictor(Forwards(model), spread=True, members=True)(values.T.copy())
    wanted = expected(made, values)
    assert tile.valid == len(values) - 2
    np.testing.assert_allclose(tile.members, wanted, atol=2e-6)
    np.testing.assert_allclose(tile.mean, wanted.mean(axis=0), atol=2e-6)
    np.testing.assert_allclose(tile.spread, wanted.std(axis=0), atol=2e-6)


def test_half_precision_stays_close():
    made = modules("drdn")
    model_card = card_of("drdn")
    from land_subsidence.subsidence_plugin.engine.models.model import Model

    model = Model(model_card, [arrays_of(m) for m in made])
    values = rows(300)
    tile = TilePredictor(Forwards(model, precision="bfloat16"), members=True)(values.T.copy())
    np.testing.assert_allclose(tile.members, expected(made, values), atol=0.03)


def test_every_member_has_its_own_recipe(mixed):
    _made, model = mixed
    architecture = model.card.architecture
    for index, shape in enumerate(SHAPES[architecture]):
        wanted = ARCHITECTURES[architecture].checked(shape)
        assert model.card.hyperparameters_of(index) == wanted
        assert recipe_of_card(model.card, index).hyperparameters == wanted


def test_every_member_has_its_own_settings():
    card = card_of("drdn")
    card.training = {"learning_rate": 0.5, "members": [
        {"epochs": 7, "settings": {"learning_rate": 0.25, "batch_size": 64}}, {"epochs": 9}, 3,
    ]}  # fmt: skip
    found = [recipe_of_card(card, i).settings for i in range(3)]
    assert [s["learning_rate"] for s in found] == [0.25, 0.5, 0.5]
    assert [s["batch_size"] for s in found] == [64, 32, 32]
    # ``epochs`` of a summary is what it ran, not what it was allowed.
    assert {s["epochs"] for s in found} == {1000}
    card.training["members"][1] = {"settings": {"batch_size": "all"}}
    with pytest.raises(InputError, match="'batch_size' must be a whole number, not 'all'"):
        recipe_of_card(card, 1)


def test_described_member_by_member(mixed):
    _made, model = mixed
    lines = description(model, "mixed.safetensors")
    assert "members: 3" in lines[0] and " to " in lines[0]
    own = [line for line in lines if line.startswith("Hyperparameters of member")]
    assert len(own) == 3 and own[1].startswith("Hyperparameters of member 2: ")
    name = next(iter(SHAPES[model.card.architecture][0]))
    assert f"{name} {SHAPES[model.card.architecture][0][name]}" in own[0]


def refused(tmp_path, content, tensors, sentence):
    path = tmp_path / "model.safetensors"
    path.write_bytes(save(tensors, metadata={ENTRY: json.dumps(content)}))
    begun = time.perf_counter()
    with pytest.raises(ModelFileError) as caught:
        load_model(str(path))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    assert time.perf_counter() - begun < 5


def stored():
    """Return card content and tensors of a DRDN ensemble as a file holds them."""
    made = modules("drdn")
    card = card_of("drdn")
    card.members = len(made)
    tensors = {f"{i}/{k}": v for i, m in enumerate(made) for k, v in arrays_of(m).items()}
    return json.loads(card.to_json()), tensors


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda own: own.pop(), "member_hyperparameters: 2 for 3 members"),
        (lambda own: own.append({}), "member_hyperparameters: 4 for 3 members"),
        (lambda own: own.__setitem__(1, None), "member_hyperparameters: not a list of objects"),
        (lambda own: own.__setitem__(1, [8]), "member_hyperparameters: not a list of objects"),
        (lambda own: own[2].update(blocks=10**9), "'blocks' is 1000000000; allowed is 1 to 64"),
        (lambda own: own[2].update(blocks="8"), "'blocks' must be a whole number, not '8'"),
        (lambda own: own[2].update(rm=1), "DRDN has no hyperparameter 'rm'"),
        (lambda own: own.reverse(), "is missing (member 1)"),
        (lambda own: own[0].update(blocks=2), "'blocks.1.first.weight' is missing (member 1)"),
        (lambda own: own[1].update(blocks=7), "'blocks.7.first.bias' is surplus (member 2)"),
        (lambda own: own[2].update(blocks=64, block_units=2048), "(member 3)"),
    ],
)
def test_inconsistent_cards_are_refused(change, sentence, tmp_path):
    content, tensors = stored()
    change(content["member_hyperparameters"])
    refused(tmp_path, content, tensors, sentence)


@pytest.mark.parametrize("value", [None, {}, "drdn", 3])
def test_another_type_than_a_list_is_refused(value, tmp_path):
    content, tensors = stored()
    content["member_hyperparameters"] = value
    refused(tmp_path, content, tensors, "member_hyperparameters: not a list of objects")


def test_shared_hyperparameters_are_checked_beside(tmp_path):
    content, tensors = stored()
    content["hyperparameters"] = {"rm": 1}
    refused(tmp_path, content, tensors, "DRDN has no hyperparameter 'rm'")


def test_without_its_own_hyperparameters_a_mixed_file_is_refused(tmp_path):
    content, tensors = stored()
    content["member_hyperparameters"] = []
    refused(tmp_path, content, tensors, "is surplus")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.pop("2/fuse.weight"), "'fuse.weight' is missing (member 3)"),
        (lambda t: t.update({"1/x": np.zeros(2, np.float32)}), "'x' is surplus (member 2)"),
        (lambda t: t.update({"3/x": np.zeros(2, np.float32)}), "'3/x' is no part"),
        (lambda t: t["2/output.bias"].fill(np.inf), "no finite numbers"),
        (lambda t: t.update({"1/fuse.weight": t["0/fuse.weight"]}), "(member 2)"),
    ],
)
def test_tensors_of_another_member_are_refused(change, sentence, tmp_path):
    content, tensors = stored()
    change(tensors)
    refused(tmp_path, content, tensors, sentence)


def test_flipped_bytes_never_end_in_anything_else(tmp_path):
    content, tensors = stored()
    whole = save(tensors, metadata={ENTRY: json.dumps(content)})
    rng = np.random.default_rng(0)
    path = tmp_path / "model.safetensors"
    header = int.from_bytes(whole[:8], "little") + 8
    for position in rng.integers(0, header, 100):
        damaged = bytearray(whole)
        damaged[position] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged))
        try:
            load_model(str(path))
        except ModelFileError as error:
            assert "\n" not in str(error)


def test_a_member_that_is_not_there_has_no_recipe():
    with pytest.raises((InputError, IndexError)):
        recipe_of_card(card_of("drdn"), 5)


def test_baselines_may_differ_too(tmp_path):
    from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES

    rng = np.random.default_rng(1)
    inputs = rng.random((200, 2), dtype=np.float32)
    label = (inputs[:, 0] > 0.5).astype(int)
    own = [{"trees": 5, "min_samples_leaf": 1, "max_features": 0.0},
           {"trees": 9, "min_samples_leaf": 20, "max_features": 1.0}]  # fmt: skip
    forest = BASELINES["forest"]
    members = [forest.fit(inputs, label, seed=2, **h) for h in own]
    factors = [Factor("a"), Factor("b")]
    path = str(tmp_path / "forest.safetensors")
    save_model(path, members, Card("forest", factors, own[0], member_hyperparameters=own))
    model = load_model(path)
    tile = TilePredictor(Forwards(model), spread=True, members=True)(inputs.T.copy())
    for found, member in zip(tile.members, members):
        np.testing.assert_allclose(found, forest.evaluator(member)(inputs), atol=1e-6)
    assert recipe_of_card(model.card, 1).hyperparameters == own[1]
