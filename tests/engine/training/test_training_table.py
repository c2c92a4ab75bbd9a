"""Samples become training rows: factors found, bad labels, fields and gaps said in one sentence."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training.table import encode_table, read_table

COUNT = 20


def columns(**changes):
    rng = np.random.default_rng(0)
    plain = {
        "fid": np.arange(COUNT, dtype=float),
        "label": np.tile([0.0, 1.0], COUNT // 2),
        "split": ["train"] * 14 + ["validation"] * 6,
        "fold": np.arange(COUNT) % 5 + 1.0,
        "slope": rng.random(COUNT),
        "soil": np.tile([1.0, 2.0], COUNT // 2),
        "note": ["x"] * COUNT,
    }
    plain.update(changes)
    return {key: value for key, value in plain.items() if value is not None}


METADATA = {
    "factors": json.dumps(["soil", "slope"]),
    "kinds": json.dumps({"slope": "continuous", "soil": "categorical"}),
    "rules": json.dumps({"a": 1}),
    "crs": "EPSG:32648",
}


def test_factors_in_the_order_of_the_stack():
    table = read_table(columns(), METADATA)
    assert (table.names, table.kinds) == (["soil", "slope"], ["categorical", "continuous"])
    assert (table.rules, table.crs) == ({"a": 1}, "EPSG:32648")
    assert table.counts() == {
        "train": {"rows": 14, "positive": 7}, "validation": {"rows": 6, "positive": 3},
    }  # fmt: skip
    encoded = encode_table(table)
    assert encoded.inputs.shape == (20, 3)
    assert encoded.part("train")[0].shape == (14, 3)


def test_without_metadata_all_other_numeric_fields_are_factors():
    lines = []
    progress = Progress(on_message=lambda text, level: lines.append(text))
    table = read_table(columns(), {}, progress=progress)
    assert table.names == ["slope", "soil"]
    assert "all are taken as continuous" in lines[0]
    assert read_table(columns(), METADATA, ["slope"]).names == ["slope"]


def test_scaling_comes_from_training_rows_alone():
    slope = np.linspace(0, 1, COUNT)
    factors = encode_table(read_table(columns(slope=slope), METADATA)).factors
    assert factors[1].maximum == pytest.approx(13 / 19)


def test_rows_with_gaps_are_dropped_and_counted():
    slope = np.linspace(0, 1, COUNT)
    slope[[2, 17]] = np.nan
    lines = []
    progress = Progress(on_message=lambda text, level: lines.append(text))
    table = read_table(columns(slope=slope), METADATA, progress=progress)
    assert len(table.label) == 18
    assert "2 of 20 rows lack a factor (most often 'slope')" in lines[0]


def test_unseen_category_outside_training_is_dropped():
    soil = np.tile([1.0, 2.0], COUNT // 2)
    soil[19] = 9
    encoded = encode_table(read_table(columns(soil=soil), METADATA))
    assert len(encoded.label) == len(encoded.fold) == 19


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"label": None}, "no field 'label'; run 'Extract samples' first"),
        ({"label": ["a"] * COUNT}, "'label' holds text"),
        ({"label": np.ones(COUNT)}, "'label' is 1 in all 20 rows"),
        ({"label": np.arange(COUNT)}, "must be 1 (subsidence) or 0"),
        ({"slope": ["steep"] * COUNT}, "The factor 'slope' holds text"),
        ({"slope": np.full(COUNT, np.nan)}, "'slope' has no value in any row"),
        ({"split": ["validation"] * COUNT}, "0 complete training rows (split 'train')"),
        ({"split": ["odd"] * COUNT}, "The field 'split' holds 'odd'"),
        ({"label": np.array([0.0] * 14 + [1.0] * 6)}, "All 14 training rows have the label 0"),
    ],
)
def test_bad_samples_are_one_sentence(changes, expected):
    with pytest.raises(InputError) as caught:
        read_table(columns(**changes), METADATA)
    assert expected in str(caught.value)


def test_constant_factor_no_rows_and_wrong_fields():
    with pytest.raises(InputError, match="'slope' is constant"):
        encode_table(read_table(columns(slope=np.ones(COUNT)), METADATA))
    with pytest.raises(InputError, match="hold no points"):
        read_table({"label": np.empty(0)}, METADATA)
    with pytest.raises(InputError, match="no field 'dem'; they have fid"):
        read_table(columns(), METADATA, ["dem"])
    with pytest.raises(InputError, match="The label 'label' cannot be a factor"):
        read_table(columns(), METADATA, ["slope", "label"])
