"""Residuals at points: what the offset of the grid does, worked out by hand."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.residuals.points import point_residuals

pytest.importorskip("scipy")

X = np.array([0.0, 1, 2])
LABELS = ["2024-01-07", "2024-01-13"]
#: Own values at two dates; at the origin they were −10, −20, −30.
SERIES = np.array([[-12, -14], [-21, np.nan], [-33, -36]], np.float32)
ORIGIN = np.array([[-10, -20, -30]], np.float32)
#: The gridded surface at the origin is 3 mm above every point.
SURFACE = ORIGIN + 3
PREDICTED = np.array([[[-8, -9], [-18, -19], [-28, -30]]], np.float32)


def test_change_since_the_origin_takes_the_offset_off():
    found = point_residuals(X, X, PREDICTED, SERIES, LABELS, SURFACE, ORIGIN)
    # first point: forecast −7 → −8, a change of −1; the point changed by −2: residual +1
    np.testing.assert_allclose(found.change[0], [[1, 2], [0, np.nan], [2, 3]])
    np.testing.assert_allclose(found.raw[0], [[4, 5], [3, np.nan], [5, 6]])
    assert found.kind == "change since the origin" and found.best is found.change
    sample = found.samples[0].all
    assert sample.moments.n == 5 and sample.moments.mean == pytest.approx(8 / 5)
    # persistence says no change: its residuals are minus the points' own changes
    expected = np.sqrt(np.mean(np.square([2, 4, 1, 3, 6])))
    assert sample.baseline_rmse == pytest.approx(expected)
    assert found.raw_samples[0].all.moments.mean == pytest.approx(23 / 5)


def test_without_origin_the_offset_stays():
    found = point_residuals(X, X, PREDICTED, SERIES, LABELS)
    assert found.change is None and found.best is found.raw
    assert found.kind == "surface minus point" and np.isnan(found.samples[0].all.skill)


def test_forecasts_are_compared_where_all_have_a_value():
    other = PREDICTED.copy()
    other[0, 0, 0] = np.nan
    both = np.concatenate([PREDICTED, other])
    found = point_residuals(X, X, both, SERIES, LABELS)
    assert [samples.all.moments.n for samples in found.samples] == [4, 4]
