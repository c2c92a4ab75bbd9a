"""Damaged, renamed and hostile files give one clear sentence, and cost neither memory nor time."""

import json
import pickle
import struct
import time

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import ModelFileError
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import ENTRY, load_model
from land_subsidence.subsidence_plugin.engine.networks.registry import build
from safetensors.numpy import save

FACTORS = [Factor("slope", "continuous", 0.0, 10.0), Factor("wind", "continuous", 0.0, 1.0)]


def arrays(architecture="lstm"):
    module = build(architecture, 2, {})
    return {f"0/{k}": v.numpy().copy() for k, v in module.state_dict().items()}


def card(**changes):
    content = json.loads(Card("lstm", FACTORS, {"lstm_units": 32, "dropout": 0.0}).to_json())
    content.update(changes)
    return content


def refused(tmp_path, content, expected):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    begun = time.perf_counter()
    with pytest.raises(ModelFileError) as caught:
        load_model(str(path))
    assert expected in str(caught.value)
    assert str(caught.value).startswith("'model.safetensors': t")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    assert time.perf_counter() - begun < 5


def stored(content, tensors=None):
    text = content if isinstance(content, str) else json.dumps(content)
    return save(arrays() if tensors is None else tensors, metadata={ENTRY: text})


def test_the_untouched_file_loads(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(stored(card()))
    assert load_model(str(path)).members == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"abc", b"\x89PNG\r\n\x1a\n" + bytes(100), pickle.dumps({"a": 1}), b"PK\x03\x04" * 50],
)
def test_other_kinds_of_file_are_recognised(tmp_path, content):
    refused(tmp_path, content, "this is not a model file of this plugin")


def test_truncated_at_every_length(tmp_path):
    whole = stored(card())
    for length in (9, 200, len(whole) // 2, len(whole) - 1):
        refused(tmp_path, whole[:length], "cut off")


def test_huge_header_is_not_read(tmp_path):
    refused(tmp_path, struct.pack("<Q", 2**62) + b"{" + bytes(50), "is not a model file")


def test_safetensors_of_somebody_else(tmp_path):
    refused(tmp_path, save({"a": np.zeros(3)}), "but no model of this plugin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"format_version": NaN}', "not valid JSON"),
        ("[1]", "no JSON object"),
        ("{}", "format version None"),
    ],
)
def test_bad_json(tmp_path, text, expected):
    refused(tmp_path, stored(text), expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"format_version": 99}, "format version 99, this plugin reads version 1"),
        ({"architecture": "os.system"}, "'os.system' is not known"),
        ({"architecture": 3}, "architecture: not a str"),
        ({"members": 10**9}, "members: 1000000000 instead of 1 to 1000"),
        ({"members": 2}, "is missing"),
        ({"factors": []}, "factors: 0 instead of"),
        ({"factors": [{"name": "a", "kind": "odd"}]}, "the kind 'odd' is not known"),
        ({"factors": [{"name": "a", "kind": "continuous", "minimum": 2, "maximum": 1}]}, "ordered"),
        ({"hyperparameters": {"lstm_units": 10**9}}, "'lstm_units' is 1000000000; allowed is 1"),
        ({"hyperparameters": {"lstm_units": "32"}}, "must be a whole number"),
        ({"hyperparameters": {"lstm_units": 16}}, "its architecture needs float32 (64, 1)"),
        ({"hyperparameters": {"rm": 1}}, "has no hyperparameter 'rm'"),
        ({"metrics": {"train": [1]}}, "metrics: not numbers by part"),
        ({"split": {"train": {"rows": "many"}}}, "split: not numbers by part"),
        ({"seeds": ["a"]}, "seeds: not whole numbers"),
        ({"versions": {"torch": 2}}, "versions: not text"),
        ({"calibration": {"method": "magic"}}, "calibration 'magic' is not known"),
    ],
)
def test_bad_cards(tmp_path, changes, expected):
    refused(tmp_path, stored(card(**changes)), expected)


def test_factor_twice_or_too_many_categories(tmp_path):
    entry = {"name": "a", "kind": "continuous", "minimum": 0, "maximum": 1, "categories": []}
    refused(tmp_path, stored(card(factors=[entry, {**entry, "name": "A"}])), "twice")
    many = {**entry, "kind": "categorical", "categories": list(range(5000))}
    refused(tmp_path, stored(card(factors=[many])), "5000 categories")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.pop("0/output.bias"), "'output.bias' is missing"),
        (lambda t: t.update({"0/extra": np.zeros(2, np.float32)}), "'extra' is surplus"),
        (lambda t: t.update({"1/x": np.zeros(2, np.float32)}), "'1/x' is no part"),
        (lambda t: t.update({"../x": np.zeros(2, np.float32)}), "'../x' is no part"),
        (lambda t: t["0/output.bias"].fill(np.nan), "no finite numbers"),
        (lambda t: t.update({"0/output.bias": np.zeros(7, np.float32)}), "needs float32 (1,)"),
        (lambda t: t.update({"0/output.bias": np.zeros(1)}), "is float64 (1,)"),
    ],
)
def test_bad_tensors(tmp_path, change, expected):
    tensors = arrays()
    change(tensors)
    refused(tmp_path, stored(card(), tensors), expected)


def test_absurd_networks_are_refused_without_being_built(tmp_path):
    """A DRDN of 64 blocks × 2048 units would take 2 GB; the file has none of its tensors."""
    content = card(architecture="drdn", hyperparameters={"blocks": 64, "block_units": 2048})
    refused(tmp_path, stored(content), "is missing")


def test_missing_file():
    with pytest.raises(ModelFileError, match=r"cannot be read \(No such file or directory\)"):
        load_model("/nowhere/model.safetensors")


def test_flipped_bytes_never_end_in_anything_else(tmp_path):
    """Whatever byte of header or card is changed: the model loads, or there is one sentence."""
    whole = stored(card())
    rng = np.random.default_rng(0)
    path = tmp_path / "model.safetensors"
    header = int.from_bytes(whole[:8], "little") + 8
    for position in rng.integers(0, header, 400):
        damaged = bytearray(whole)
        damaged[position] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged))
        try:
            load_model(str(path))
        except ModelFileError as error:
            assert "\n" not in str(error)
