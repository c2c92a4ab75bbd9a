"""Bins of a band: exact counts and sums, held or streamed."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.classes import distribution as module
from land_subsidence.subsidence_plugin.engine.classes.distribution import collect, from_values


def test_few_distinct_values_give_one_bin_each():
    found = from_values(np.array([5, 1, 5, 2, 1, 5], np.float32))
    assert found.upper.tolist() == [1, 2, 5]
    assert found.count.tolist() == [2, 1, 3]
    # the mean is 19 / 6; sums of deviations: 2 - 19/3, 2 - 19/6, 15 - 19/2
    assert found.mean == pytest.approx(19 / 6)
    assert found.total == pytest.approx([2 - 19 / 3, 2 - 19 / 6, 15 - 9.5])
    assert found.square == pytest.approx(1 + 25 + 1 + 4 + 25 + 25 - 19**2 / 6)
    assert found.deviation == pytest.approx(np.std([5, 1, 5, 2, 1, 5]))
    assert (found.exact, found.distinct, found.size) == (True, 3, 6)


def test_many_values_are_binned_with_exact_sums_and_whole_ties():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.standard_t(2, 200_000), np.full(30_000, 0.25)])
    values = values.astype(np.float32)
    found = from_values(values.copy())
    assert not found.exact
    assert len(found.upper) <= module.MAX_BINS
    assert found.size == 230_000
    assert np.all(found.lower[1:] > found.upper[:-1])  # equal values are never split
    inside = [(values >= a) & (values <= b) for a, b in zip(found.lower[:50], found.upper[:50])]
    assert found.count[:50].tolist() == [mask.sum() for mask in inside]
    deviations = values.astype(float) - values.mean(dtype=float)
    assert found.total[:50] == pytest.approx([deviations[mask].sum() for mask in inside])
    assert found.total.sum() == pytest.approx(0, abs=1e-6)
    assert found.square == pytest.approx((deviations**2).sum(), rel=1e-12)


@pytest.mark.parametrize("distinct", [True, False])
def test_streaming_gives_the_same_counts_and_sums(monkeypatch, distinct):
    rng = np.random.default_rng(4)
    values = rng.integers(0, 900, 60_000) if distinct else rng.lognormal(size=60_000)
    values = values.astype(np.float32)
    monkeypatch.setattr(module, "MAX_BINS", 1024)
    monkeypatch.setattr(module, "CHUNK", 5_000)
    held = from_values(values.copy())
    monkeypatch.setattr(module, "HELD", 1_000)
    calls = []

    def chunks():
        calls.append(1)
        return iter(np.array_split(values, 37))

    streamed = collect(chunks, len(values))
    assert streamed.values is None
    assert len(calls) == 2
    assert (streamed.minimum, streamed.maximum) == (held.minimum, held.maximum)
    assert streamed.size == held.size
    assert streamed.square == pytest.approx(held.square, rel=1e-12)
    assert streamed.exact is distinct
    if distinct:
        assert streamed.upper.tolist() == held.upper.tolist()
        assert streamed.count.tolist() == held.count.tolist()
    order = np.sort(values)
    ends = np.cumsum(streamed.count).astype(int)
    assert streamed.upper.tolist() == order[ends - 1].tolist()
    sums = np.diff(np.r_[0, np.cumsum(order.astype(float))[ends - 1]])
    expected = sums - streamed.count * values.mean(dtype=float)
    assert streamed.total == pytest.approx(expected, abs=1e-6)


def test_no_value_gives_none(monkeypatch):
    empty = np.empty(0, np.float32)
    assert collect(lambda: iter([empty]), 100) is None
    monkeypatch.setattr(module, "HELD", 10)
    assert collect(lambda: iter([empty]), 100) is None
