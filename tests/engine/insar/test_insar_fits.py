"""Velocity, acceleration and season against known curves, numpy's and scipy's least squares."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.insar.fits import (
    amplitude,
    design_matrix,
    fit_series,
    series_statistics,
)

TIME = np.arange(0, 5, 6 / 365.25)


def test_known_coefficients_come_back():
    t = TIME - TIME.mean()
    wave = 3 * np.cos(2 * np.pi * t) - 4 * np.sin(2 * np.pi * t)
    series = np.stack([1 - 7 * t + wave, 2 + 5 * t])
    found = series_statistics(series, TIME)
    np.testing.assert_allclose(found["mean_velocity"], [-7, 5], atol=1e-9)
    np.testing.assert_allclose(found["seasonality"], [5, 0], atol=1e-9)
    np.testing.assert_allclose(found["rmse"], 0, atol=1e-9)
    curved = series_statistics((1.5 * t**2 / 2)[None], TIME)
    assert curved["acceleration"][0] == pytest.approx(1.5)


def test_line_agrees_with_scipy_including_its_standard_error():
    from scipy.stats import linregress

    rng = np.random.default_rng(1)
    time = np.arange(0, 0.9, 6 / 365.25)  # less than a year: no wave
    series = rng.normal(size=(3, len(time))) - 6 * time
    found = series_statistics(series, time)
    for row in range(3):
        expected = linregress(time, series[row])
        assert found["mean_velocity"][row] == pytest.approx(expected.slope)
        assert found["mean_velocity_std"][row] == pytest.approx(expected.stderr)
    assert np.isnan(found["acceleration"]).all() and np.isnan(found["seasonality"]).all()


def test_gaps_are_left_out_row_by_row():
    rng = np.random.default_rng(2)
    t = TIME - TIME.mean()
    series = rng.normal(size=(20, len(t))) + 2 * t
    series[rng.random(series.shape) < 0.3] = np.nan
    design = design_matrix(t, 2, True)
    fit = fit_series(series, design)
    for row in range(20):
        known = np.isfinite(series[row])
        expected, squares, *_ = np.linalg.lstsq(design[known], series[row, known], rcond=None)
        np.testing.assert_allclose(fit.coefficients[row], expected, atol=1e-9)
        freedom = known.sum() - 5
        normal = np.linalg.inv(design[known].T @ design[known])
        np.testing.assert_allclose(fit.covariance[row], normal * squares[0] / freedom, rtol=1e-7)
        assert fit.residual[row] == pytest.approx(np.sqrt(squares[0] / known.sum()))


def test_too_few_values_give_nan_and_no_warning():
    series = np.full((2, len(TIME)), np.nan)
    series[0, :3] = 1
    found = series_statistics(series, TIME)
    assert all(np.isnan(values[1]) for values in found.values())
    assert found["mean_velocity"][0] == pytest.approx(0, abs=1e-9)  # three values: a line alone
    assert np.isnan(found["acceleration"][0]) and np.isnan(found["seasonality"][0])
    alone = series_statistics(np.array([[1.0, 3.0]]), np.array([0, 0.5]))
    assert alone["mean_velocity"][0] == pytest.approx(4)
    assert np.isnan(alone["mean_velocity_std"][0])


def test_the_amplitude_and_its_error_to_first_order():
    covariance = np.array([[[0.04, 0.01], [0.01, 0.09]]])
    size, error = amplitude(np.array([[3.0, 4.0]]), covariance)
    assert size[0] == pytest.approx(5)
    slope = np.array([0.6, 0.8])
    assert error[0] == pytest.approx(np.sqrt(slope @ covariance[0] @ slope))
