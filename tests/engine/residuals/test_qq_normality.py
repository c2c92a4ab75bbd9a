"""Q–Q points, the two lines and the test against scipy and a loop over all pairs."""

import itertools

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.residuals.normality import (
    FITTED,
    MARKS,
    plotting_shares,
)
from land_subsidence.subsidence_plugin.engine.residuals.sample import Sample, Samples

stats = pytest.importorskip("scipy.stats")


def sample_of(values, observed=None, baseline=None):
    values = np.asarray(values, np.float32)
    observed = values if observed is None else np.asarray(observed, np.float32)
    found = Sample()
    half = len(values) // 2
    for part in (slice(None, half), slice(half, None)):
        found.add(values[part], observed[part], baseline[part] if baseline is not None else None)
    found.settle()
    found.add_again(values[half:])
    found.add_again(values[:half])
    return found


def test_few_residuals_have_a_point_each():
    values = np.random.default_rng(1).standard_t(3, 60).astype(np.float32)
    found = sample_of(values).normality
    shares = (np.arange(1, 61) - 0.5) / 60
    np.testing.assert_allclose(found.theoretical, stats.norm.ppf(shares), rtol=1e-12)
    np.testing.assert_allclose(found.values, np.sort(values), rtol=2e-4)
    line = stats.linregress(stats.norm.ppf(shares), np.sort(values))
    assert found.ols.slope == pytest.approx(line.slope, rel=2e-4)
    assert found.ols.intercept == pytest.approx(line.intercept, rel=2e-4, abs=1e-5)
    x, y = stats.norm.ppf(shares), np.sort(values).astype(float)
    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i, j in itertools.combinations(range(60), 2)]
    assert found.robust.slope == pytest.approx(np.median(slopes), rel=1e-3)
    assert found.normal.slope == pytest.approx(values.std(), rel=1e-6)
    assert found.normal.intercept == pytest.approx(values.mean(), rel=1e-6)


def test_many_residuals_give_the_lines_of_all_of_them():
    values = np.random.default_rng(2).standard_t(5, 50_000).astype(np.float32) * 3 + 1
    found = sample_of(values).normality
    assert found.fitted.sum() == FITTED and len(found.shares) > FITTED
    (_x, _y), (slope, intercept, _r) = stats.probplot(values)
    assert found.ols.slope == pytest.approx(slope, rel=0.02)
    assert found.ols.intercept == pytest.approx(intercept, abs=0.02)
    # heavy tails: the robust line follows the bulk, the normal one the tails
    assert found.robust.slope < found.ols.slope < found.normal.slope
    np.testing.assert_allclose(found.marks, np.quantile(values, MARKS), rtol=2e-4)
    assert (np.diff(found.values) >= 0).all()
    assert found.values[0] == pytest.approx(values.min(), rel=2e-4)
    assert found.values[-1] == pytest.approx(values.max(), rel=2e-4)


def test_jarque_bera_is_that_of_scipy():
    values = np.random.default_rng(3).gamma(5, 1, 400).astype(np.float32)
    found = sample_of(values).normality
    expected = stats.jarque_bera(values.astype(float))
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-6)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-5)


def test_hollow_symbols_are_at_and_beyond_q1_and_q99():
    shares, fitted = plotting_shares(1_000_000)
    assert fitted.sum() == FITTED and shares[0] == 0.5e-6
    found = sample_of(np.random.default_rng(4).normal(0, 1, 5000)).normality
    assert found.extreme.sum() == ((found.shares <= 0.01) | (found.shares >= 0.99)).sum() > 6
    assert not found.extreme[np.abs(found.theoretical) < 2.3].any()


@pytest.mark.parametrize("size", [1, 2, 500])
def test_equal_residuals_have_level_lines(size):
    found = sample_of(np.full(size, 2.5))
    lines = found.normality.normal, found.normality.ols, found.normality.robust
    assert [line.slope for line in lines] == [0, 0, 0]
    assert [line.intercept for line in lines] == pytest.approx([2.5] * 3)
    assert np.isnan(found.normality.p) and found.beyond.tolist() == [0, 0]
    assert found.rmse == pytest.approx(2.5) and np.isnan(found.row()["skewness"])


def test_row_against_formulas():
    random = np.random.default_rng(5)
    observed = random.normal(-20, 8, 3000).astype(np.float32)
    values = random.normal(1, 2, 3000).astype(np.float32)
    baseline = random.normal(0, 4, 3000).astype(np.float32)
    baseline[:100] = np.nan
    found = sample_of(values, observed, baseline)
    row = found.row()
    residual, level = values.astype(float), observed.astype(float)
    assert row["bias"] == pytest.approx(residual.mean())
    assert row["mae"] == pytest.approx(np.abs(residual).mean())
    assert row["rmse"] == pytest.approx(np.sqrt((residual**2).mean()))
    expected = 1 - (residual**2).sum() / ((level - level.mean()) ** 2).sum()
    assert row["r2"] == pytest.approx(expected)
    own, other = (np.sqrt((part[100:].astype(float) ** 2).mean()) for part in (values, baseline))
    assert row["skill"] == pytest.approx(1 - own / other)
    assert row["persistence_rmse"] == pytest.approx(other)
    off = np.abs(residual - residual.mean()) / residual.std()
    assert row["beyond_2sd"] == pytest.approx((off > 2).mean())
    assert row["beyond_3sd"] == pytest.approx((off > 3).mean())
    assert row["median"] == pytest.approx(np.median(residual), rel=2e-4)
    assert row["q2_5"] == pytest.approx(np.quantile(residual, 0.025), rel=2e-4)


def test_all_dates_together_are_the_sum_of_the_dates():
    random = np.random.default_rng(6)
    parts = [random.normal(k, 1 + k, 300).astype(np.float32) for k in range(3)]
    samples = Samples(3)
    for sample, part in zip(samples.by_date, parts):
        sample.add(part, part)
    samples.settle()
    for date, part in enumerate(parts):
        samples.add_again(date, part)
    whole = np.concatenate(parts).astype(float)
    assert samples.all.moments.n == 900
    assert samples.all.rmse == pytest.approx(np.sqrt((whole**2).mean()))
    np.testing.assert_allclose(
        samples.all.normality.marks, np.quantile(whole, MARKS), rtol=2e-4, atol=1e-5
    )
    one = Samples(1)
    assert one.all is one.by_date[0]
