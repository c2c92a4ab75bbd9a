"""Correlations, their significance and inflation factors against scipy and stored statsmodels."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.correlation.inflation import (
    inflation,
    inflation_columns,
    tolerances,
    verdict,
)
from land_subsidence.subsidence_plugin.engine.correlation.matrix import (
    correlate,
    least_significant,
    p_values,
    pair_columns,
    spearman_matrix,
    stars,
)
from land_subsidence.subsidence_plugin.engine.correlation.moments import Moments, RowSample

stats = pytest.importorskip("scipy.stats")

#: Ten places: elevation, distance to a river, clay share, slope.
PLACES = np.array([
    [12.1, 3, 0.2, 5.5], [10.4, 4, 0.1, 6.1], [15.8, 1, 0.9, 4.2], [9.9, 5, 0.3, 6.0],
    [13.0, 3, 0.8, 5.6], [11.2, 4, 0.4, 4.9], [14.7, 2, 0.7, 5.1], [8.5, 5, 0.2, 6.6],
    [16.0, 1, 0.5, 3.8], [12.9, 2, 0.6, 5.3],
])  # fmt: skip
NAMES = ["elevation", "river", "clay", "slope"]


def moments_of(rows, parts=1):
    moments = Moments(rows.shape[1])
    for part in np.array_split(rows, parts):
        moments.add(part)
    return moments


def test_both_coefficients_and_their_p_are_scipys():
    found = correlate(NAMES, moments_of(PLACES), PLACES)
    for i, j in found.pairs():
        r, p = stats.pearsonr(PLACES[:, i], PLACES[:, j])
        assert (found.pearson[i, j], found.pearson_p[i, j]) == pytest.approx((r, p), rel=1e-9)
        rho, p = stats.spearmanr(PLACES[:, i], PLACES[:, j])  # with ties
        assert (found.spearman[i, j], found.spearman_p[i, j]) == pytest.approx((rho, p), rel=1e-9)
    assert (found.count, found.tested) == (10, 10)


def test_inflation_is_statsmodels():
    """variance_inflation_factor with a constant, statsmodels 0.14.1, on ``PLACES``."""
    expected = [30.705082789646656, 17.179456440679175, 2.7420548738057047, 5.71410845793681]
    found = tolerances(moments_of(PLACES).correlation())
    assert inflation(found) == pytest.approx(expected, rel=1e-9)
    columns = inflation_columns(NAMES, found)
    assert columns["factor"] == ["elevation", "river", "slope", "clay"]
    assert columns["verdict"] == ["too high", "too high", "high", "low"]


def test_inflation_is_that_of_least_squares():
    random = np.random.default_rng(3)
    rows = random.normal(size=(400, 6)) @ random.normal(size=(6, 6)) + 1000
    found = tolerances(moments_of(rows).correlation())
    for j in range(6):
        design = np.column_stack([np.ones(400), np.delete(rows, j, axis=1)])
        residual = rows[:, j] - design @ np.linalg.lstsq(design, rows[:, j], rcond=None)[0]
        assert found[j] == pytest.approx(residual.var() / rows[:, j].var(), rel=1e-6)


def test_an_exact_combination_has_infinite_inflation_and_others_keep_theirs():
    random = np.random.default_rng(5)
    a, b, c = random.normal(size=(3, 500)).astype(np.float32)
    d = np.float32(0.5) * a - np.float32(2) * b  # rounded to float32, as rasters hold it
    rows = np.stack([a, b, c, d], axis=1)
    found = tolerances(moments_of(rows).correlation())
    assert found[[0, 1, 3]].tolist() == [0, 0, 0]
    assert inflation(found)[2] == pytest.approx(
        1 / (1 - np.corrcoef(c, _fitted(c, a, b))[0, 1] ** 2), rel=1e-6
    )
    columns = inflation_columns("abcd", found)
    assert columns["factor"] == ["a", "b", "d", "c"]
    assert np.isnan(columns["vif"][0])
    assert columns["verdict"][0] == "combination of others"


def _fitted(y, *others):
    design = np.column_stack([np.ones(len(y)), *others])
    return design @ np.linalg.lstsq(design, y, rcond=None)[0]


def test_the_same_factor_twice_is_perfectly_correlated():
    rows = PLACES[:, [0, 0]] * [1, -3]
    found = correlate(["up", "down"], moments_of(rows), rows)
    assert found.pearson[0, 1] == pytest.approx(-1)
    assert found.pearson_p[0, 1] < 1e-12
    assert tolerances(found.pearson).tolist() == [0, 0]
    assert [verdict(v) for v in (np.nan, 1, 5.1, 10.1)] == ["not known", "low", "high", "too high"]


def test_moments_of_parts_are_those_of_the_whole_and_exact_far_from_zero():
    random = np.random.default_rng(1)
    rows = random.normal(size=(1001, 3)) @ random.normal(size=(3, 3)) + [0, 1e8, -1e6]
    found = moments_of(rows, parts=7)
    assert found.count == 1001
    assert found.mean == pytest.approx(rows.mean(axis=0), rel=1e-14)
    # np.corrcoef subtracts the mean of all rows first, as is done here part by part
    assert found.correlation() == pytest.approx(np.corrcoef(rows, rowvar=False), abs=1e-9)
    found.add(np.empty((0, 3)))
    assert found.count == 1001


def test_a_constant_factor_is_seen_and_has_no_correlation():
    rows = np.column_stack([np.arange(6.0), np.full(6, 0.1), np.arange(6.0) ** 2])
    found = moments_of(rows, parts=3)
    assert found.constant.tolist() == [False, True, False]
    r = found.correlation()
    assert np.isnan(r[1]).all()
    assert np.isnan(r[:, 1]).all()
    assert r[0, 2] == pytest.approx(np.corrcoef(rows[:, 0], rows[:, 2])[0, 1])
    assert np.isnan(spearman_matrix(rows)[0, 1])


def test_the_sample_is_of_all_parts_alike_and_repeatable():
    def draw(seed):
        sample = RowSample(1000, 1, seed)
        for start in range(0, 100_000, 7919):
            sample.add(np.arange(start, min(start + 7919, 100_000), dtype=float)[:, None])
        return np.sort(sample.rows[:, 0])

    rows = draw(42)
    assert len(np.unique(rows)) == 1000  # without repetition
    assert np.array_equal(rows, draw(42))
    assert not np.array_equal(rows, draw(43))
    assert stats.kstest(rows / 100_000, "uniform").pvalue > 0.01
    few = RowSample(1000, 2, 1)
    few.add(np.ones((10, 2)))
    assert few.rows.shape == (10, 2)


def test_significance():
    assert [stars(p) for p in (0.0009, 0.001, 0.01, 0.05, 0.0501, np.nan)] == [
        "***", "***", "**", "*", "", ""
    ]  # fmt: skip
    assert p_values(np.array([1.0, -1.0, 0.0]), 10).tolist() == [0, 0, 1]
    assert np.isnan(p_values(np.array([0.5]), 2)).all()
    # the 5 % point of r for 10 pairs in printed tables
    assert least_significant(10) == pytest.approx(0.6319, abs=5e-5)
    assert p_values(np.array([least_significant(500)]), 500)[0] == pytest.approx(0.05)


def test_the_table_lists_the_strongest_pair_first():
    found = correlate(NAMES, moments_of(PLACES), PLACES)
    columns = pair_columns(found, 0.76)
    assert (columns["factor1"][0], columns["factor2"][0]) == ("elevation", "river")
    assert columns["pearson"][0] == pytest.approx(-0.9681879048596372)
    assert columns["above_threshold"] == ["yes"] * 3 + ["no"] * 3
    assert columns["pearson_stars"] == ["***", "***", "**", "*", "*", ""]
    assert columns["n"] == [10] * 6
    assert found.above(0.76) == [(0, 1), (0, 3), (1, 3)]
