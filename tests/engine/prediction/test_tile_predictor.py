"""Prediction on arrays: masks, scaling, members, precision, memory of the GPU."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import DeviceError, InputError
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.encode import encode
from land_subsidence.subsidence_plugin.engine.models.model import Model
from land_subsidence.subsidence_plugin.engine.networks.registry import build
from land_subsidence.subsidence_plugin.engine.prediction.cuda import Batch, in_batches
from land_subsidence.subsidence_plugin.engine.prediction.encoding import TileEncoder
from land_subsidence.subsidence_plugin.engine.prediction.forward import Forwards
from land_subsidence.subsidence_plugin.engine.prediction.precision import (
    bfloat16_is_fast,
    choose_precision,
)
from land_subsidence.subsidence_plugin.engine.prediction.prior import (
    correct_prior,
    training_prevalence,
)
from land_subsidence.subsidence_plugin.engine.prediction.tile_predictor import (
    Stopped,
    TilePredictor,
    predict_array,
)
from land_subsidence.subsidence_plugin.engine.progress import Progress

torch = pytest.importorskip("torch")

FACTORS = [
    Factor("slope", "continuous", 0.0, 40.0),
    Factor("geology", "categorical", 1.0, 7.0, (1.0, 4.0, 7.0)),
    Factor("twi", "continuous", -2.5, 9.1),
    Factor("depth", "classes", 1.0, 5.0),
]


def network_model(architecture="drdn", factors=FACTORS, members=1, **hyperparameters):
    card = Card(architecture, list(factors), hyperparameters, members)
    arrays = []
    for seed in range(members):
        torch.manual_seed(seed)
        module = build(architecture, card.n_inputs, hyperparameters)
        arrays.append({name: t.numpy().copy() for name, t in module.state_dict().items()})
        arrays[-1]["output.weight"] *= 20  # an untrained network answers nearly constant
    return Model(card, arrays, "test")


def rows(count=5000, seed=0):
    rng = np.random.default_rng(seed)
    values = np.empty((count, 4), np.float32)
    values[:, 0] = rng.uniform(-5, 50, count)
    values[:, 1] = rng.choice([1, 4, 7], count)
    values[:, 2] = rng.uniform(-2.5, 9.1, count)
    values[:, 3] = rng.integers(1, 6, count)
    return values


def test_encoder_equals_the_encoding_of_training_bit_by_bit():
    values = rows()
    values[3, 0], values[4, 2], values[5, 1], values[6, 3] = np.nan, np.inf, 2, -np.inf
    expected, clipped, valid = encode(values, FACTORS)
    encoder = TileEncoder(FACTORS, len(values))
    planar = np.ascontiguousarray(values.T)
    assert np.array_equal(encoder.valid(planar), valid)
    assert valid.sum() == len(values) - 4
    inputs = encoder.encode(planar[:, valid])
    assert np.array_equal(inputs.T, expected[valid])
    assert np.array_equal(encoder.clipped, clipped)
    assert clipped[0] > 500 and clipped[1] == clipped[2] == clipped[3] == 0


@pytest.mark.parametrize("architecture", ["drdn", "cnn", "lstm", "cnnlstm"])
def test_probabilities_equal_those_of_the_module(architecture):
    model = network_model(architecture)
    values = rows(4500)
    inputs, _clipped, valid = encode(values, FACTORS)
    with torch.inference_mode():
        expected = torch.sigmoid(model.network(0)(torch.from_numpy(inputs))).numpy()
    got = predict_array(Forwards(model), values)
    assert valid.all() and got.shape == (1, 4500) and got.dtype == np.float32
    assert np.abs(got[0] - expected).max() <= 1e-6
    assert expected.std() > 0.01  # else equality would say nothing


def test_other_sizes_of_the_residual_network():
    model = network_model("drdn", blocks=3, block_units=24, dense1=10, dense2=6)
    values = rows(100)
    with torch.inference_mode():
        inputs = torch.from_numpy(encode(values, FACTORS)[0])
        expected = torch.sigmoid(model.network(0)(inputs)).numpy()
    assert np.abs(predict_array(Forwards(model), values)[0] - expected).max() <= 1e-6


def test_missing_values_and_unseen_categories_mask_only_their_pixels():
    model = network_model()
    values = rows(50)
    whole = predict_array(Forwards(model), values)[0]
    values[7, 2] = np.nan
    values[9, 1] = 5
    masked = predict_array(Forwards(model), values)[0]
    assert list(np.flatnonzero(np.isnan(masked))) == [7, 9]
    kept = ~np.isnan(masked)
    assert np.abs(masked[kept] - whole[kept]).max() <= 1e-6


def test_a_tile_without_valid_pixel_is_told_apart_and_computes_nothing():
    predictor = TilePredictor(Forwards(network_model()))
    result = predictor(np.full((4, 9), np.nan, np.float32))
    assert result.valid == 0 and result.mean is None
    assert not predictor.encoder.seen.any()


def test_mean_and_spread_of_an_ensemble_by_hand():
    model = network_model(members=3)
    values = np.ascontiguousarray(rows(300).T)
    result = TilePredictor(Forwards(model), spread=True, members=True)(values)
    singles = []
    for member in range(3):
        single = Model(model.card, [model.arrays[member]])
        singles.append(predict_array(Forwards(single), values.T)[0].astype(float))
    a, b, c = singles
    mean = (a + b + c) / 3
    spread = np.sqrt(((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2) / 3)
    assert np.abs(result.members - np.array(singles)).max() == 0
    assert np.abs(result.mean - mean).max() < 1e-6
    assert np.abs(result.spread - spread).max() < 1e-6
    assert spread.max() > 1e-3


def test_prior_correction_by_hand():
    # p = 0.8 has odds 4; from 1:1 samples to 1 % of the area: 4 · (0.01/0.99) = 4/99 -> 4/103.
    got = correct_prior(np.array([0.8, 0.0, 1.0]), 0.5, 0.01)
    assert np.allclose(got, [4 / 103, 0, 1])
    # from 1 in 4 to 1 in 2: odds 1 · 1 · 3 = 3 -> 0.75
    assert np.allclose(correct_prior(np.array([0.5]), 0.25, 0.5), [0.75])


@pytest.mark.parametrize("near", [0.1, 1.0])
def test_prior_correction_in_single_precision_keeps_order(near):
    """The 2000 numbers below ``near`` that single precision can tell apart; a prior far lower."""
    steps = np.arange(2000, 0, -1)
    first = np.float32(near).view(np.int32)
    probability = (first - steps).astype(np.int32).view(np.float32)
    got = correct_prior(probability, 0.5, 0.01)
    odds = [Fraction(float(p)) / (1 - Fraction(float(p))) / 99 for p in probability]
    assert got.dtype == np.float32
    assert np.array_equal(got, np.array([float(o / (1 + o)) for o in odds], np.float32))
    assert (np.diff(got) >= 0).all() and (near < 1 or (np.diff(got) > 0).all())


CALIBRATIONS = [
    {"method": "isotonic", "x": [0.2, 0.5, 0.9], "y": [0.1, 0.6, 0.7], "rows": 90, "positive": 30},
    {"method": "platt", "slope": 0.5, "intercept": -1.0, "rows": 90, "positive": 30},
]


def by_hand(calibration, p, prior=None):
    """The calibrated probability for another prior, in double precision, by the formulas."""
    p = p.astype(float)
    if calibration and calibration["method"] == "isotonic":
        p = np.interp(p, [0.2, 0.5, 0.9], [0.1, 0.6, 0.7])
    elif calibration:
        p = 1 / (1 + np.exp(1) * np.sqrt((1 - p) / p))
    if prior:
        odds = p / (1 - p) * prior[1] / (1 - prior[1]) * (1 - prior[0]) / prior[0]
        p = odds / (1 + odds)
    return p


@pytest.mark.parametrize("prior", [None, (0.25, 0.1)])
@pytest.mark.parametrize("calibration", [None, *CALIBRATIONS])
def test_mean_then_calibration_then_prior_and_members_one_by_one(calibration, prior):
    model = network_model(members=3)
    values = np.ascontiguousarray(rows(400).T)
    raw = TilePredictor(Forwards(model), members=True)(values).members
    model.card.calibration = calibration
    result = TilePredictor(Forwards(model), prior, spread=True, members=True)(values)
    members = by_hand(calibration, raw, prior)
    assert np.abs(result.mean - by_hand(calibration, raw.mean(axis=0), prior)).max() < 2e-6
    assert np.abs(result.members - members).max() < 2e-6
    assert np.abs(result.spread - members.std(axis=0)).max() < 2e-6
    alone = TilePredictor(Forwards(model), prior)(values)  # nothing else asked for: the same map
    assert np.array_equal(alone.mean, result.mean)
    assert np.array_equal(predict_array(Forwards(model), values.T, prior), result.members)
    single = Model(model.card, model.arrays[:1])
    result = TilePredictor(Forwards(single), prior, members=True)(values)
    assert np.abs(result.mean - members[0]).max() < 2e-6
    assert np.array_equal(result.mean, result.members[0])


def test_prior_correction_keeps_the_order_of_an_ensembles_map():
    model = network_model(members=3)
    values = np.ascontiguousarray(rows(2000).T)
    plain = TilePredictor(Forwards(model))(values).mean
    rare = TilePredictor(Forwards(model), (0.5, 0.01))(values).mean
    assert (np.diff(rare[np.argsort(plain, kind="stable")]) >= 0).all()


@pytest.mark.parametrize("prevalence", [0, 1, -0.5, 2])
def test_impossible_prevalence(prevalence):
    with pytest.raises(InputError, match=r"PREVALENCE is .* between 0 and 1"):
        correct_prior(np.array([0.5]), 0.5, prevalence)


def test_share_of_positives_comes_from_the_training_rows_of_the_card():
    split = {"train": {"rows": 200, "positive": 50}, "validation": {"rows": 9, "positive": 9}}
    assert training_prevalence(Card("drdn", FACTORS, split=split)) == 0.25
    weighted = Card("drdn", FACTORS, split=split, training={"class_weights": "balanced"})
    assert training_prevalence(weighted) == 0.5
    with pytest.raises(InputError, match="does not say how many of its training rows"):
        training_prevalence(Card("drdn", FACTORS))
    # A calibrated probability believes in the rows of its calibration, whatever the training.
    weighted.calibration = CALIBRATIONS[0]
    assert training_prevalence(weighted) == pytest.approx(1 / 3)
    weighted.calibration = {"method": "platt", "slope": 1.0, "intercept": 0.0}
    with pytest.raises(InputError, match="does not say how many of the rows of its calibration"):
        training_prevalence(weighted)


def test_stops_between_chunks():
    calls = []

    def stopped():
        calls.append(1)
        return len(calls) > 2

    predictor = TilePredictor(Forwards(network_model()), stopped=stopped)
    with pytest.raises(Stopped):
        predictor(np.ascontiguousarray(rows(20_000).T))
    assert len(calls) == 3


def test_bfloat16_stays_near_float32():
    model = network_model()
    values = rows(3000)
    exact = predict_array(Forwards(model), values)
    rough = predict_array(Forwards(model, precision="bfloat16"), values)
    assert exact.std() > 0.02
    assert 0 < np.abs(exact - rough).max() < 0.02


def test_precision_falls_back_with_a_warning(monkeypatch):
    from land_subsidence.subsidence_plugin.engine.prediction import precision

    lines = []
    progress = Progress(on_message=lambda text, level: lines.append((level, text)))
    monkeypatch.setattr(precision, "bfloat16_is_fast", lambda device: False)
    assert choose_precision(1, "cpu", progress) == "float32"
    assert lines[0][0] == "warning" and "float32 instead of bfloat16" in lines[0][1]
    monkeypatch.setattr(precision, "bfloat16_is_fast", lambda device: True)
    assert choose_precision(1, "cpu", progress) == "bfloat16"
    assert choose_precision(0, "cpu", progress) == "float32"
    with pytest.raises(InputError, match="PRECISION is 2"):
        choose_precision(2, "cpu", progress)


def test_out_of_memory_halves_the_batch_and_goes_on():
    tried, changes = [], []

    def compute(inputs):
        tried.append(inputs.shape[1])
        if inputs.shape[1] > 300:
            raise torch.cuda.OutOfMemoryError("fake")
        return inputs[0] * 2

    emptied = []
    fake = SimpleNamespace(
        cuda=SimpleNamespace(
            OutOfMemoryError=torch.cuda.OutOfMemoryError, empty_cache=lambda: emptied.append(1)
        )
    )
    batch = Batch(changes.append)
    batch.rows = 1000
    inputs, out = np.arange(1000, dtype=np.float32)[None], np.zeros(1000, np.float32)
    in_batches(compute, inputs, out, batch, fake)
    assert np.array_equal(out, inputs[0] * 2)
    assert tried == [1000, 500, 250, 250, 250, 250]
    assert changes == [500, 250] and len(emptied) == 2 and batch.rows == 250


def test_out_of_memory_with_a_single_row_is_one_sentence():
    def compute(inputs):
        raise torch.cuda.OutOfMemoryError("fake")

    fake = SimpleNamespace(
        cuda=SimpleNamespace(OutOfMemoryError=torch.cuda.OutOfMemoryError, empty_cache=lambda: None)
    )
    with pytest.raises(DeviceError, match="even for a single pixel"):
        in_batches(compute, np.zeros((2, 8), np.float32), np.zeros(8, np.float32), Batch(), fake)


def test_two_threads_that_fail_together_halve_once():
    batch = Batch()
    batch.rows = 1024
    batch.halve(1024)
    batch.halve(1024)
    assert batch.rows == 512


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA GPU")


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("architecture", ["drdn", "cnn", "lstm", "cnnlstm"])
def test_cuda_agrees_with_the_cpu(architecture):
    model = network_model(architecture, members=2)
    values = rows(20_000)
    expected = predict_array(Forwards(model), values)
    torch.backends.cuda.matmul.allow_tf32 = False
    got = predict_array(Forwards(model, "cuda"), values)
    assert np.abs(got - expected).max() < 1e-4
    if bfloat16_is_fast("cuda"):
        rough = predict_array(Forwards(model, "cuda", "bfloat16"), values)
        assert np.abs(rough - expected).max() < 0.02


@pytest.mark.cuda
@needs_cuda
def test_cuda_out_of_memory_for_real():
    model = network_model("drdn", members=1)
    changes = []
    forwards = Forwards(model, "cuda", on_batch=changes.append)
    values = np.ascontiguousarray(rows(262_144).T)
    expected = TilePredictor(Forwards(model))(values).mean
    torch.cuda.set_per_process_memory_fraction(0.001)
    try:
        got = TilePredictor(forwards)(values).mean
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert changes and np.abs(got - expected).max() < 1e-4
