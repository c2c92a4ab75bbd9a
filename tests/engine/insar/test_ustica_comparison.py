"""The statistics of tools/ustica against numbers worked out by hand."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).resolve().parents[3] / "tools" / "ustica" / "comparison.py"
DATES = np.datetime64("2020-01-01") + np.arange(0, 1461, 6)


@pytest.fixture(scope="module")
def tool():
    if not PATH.is_file():
        pytest.skip("the tools are not part of this copy")
    spec = importlib.util.spec_from_file_location("ustica_comparison", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def lines(slopes):
    """Curves with these velocities in mm/yr."""
    years = (DATES - DATES[0]).astype(float) / 365.25
    return np.outer(slopes, years)


def test_velocities_and_curves_are_compared_place_by_place(tool):
    """Differences 0.1, 0.1 and −0.2 mm/yr; curves ±0.2 mm in turn, moved by 5 mm."""
    velocity = np.array([[0.0, 1.0, 2.0], [0.1, 1.1, 1.8]])
    official = lines([0.0, 1.0, 2.0])
    zigzag = np.where(np.arange(len(DATES)) % 2, 0.2, -0.2)
    found = tool.agreement(velocity, np.stack([official, official + zigzag + 5]), DATES)
    assert found.places == 3
    assert found.bias == pytest.approx(0, abs=1e-12)
    assert found.rmse == pytest.approx(np.sqrt(0.06 / 3))
    # Covariance 1.7 / 3, variances 2 / 3 and 1.46 / 3.
    assert found.correlation == pytest.approx(1.7 / np.sqrt(2 * 1.46))
    assert found.series_rmse == pytest.approx(0.2, rel=1e-3)
    assert found.fitted_rmse == pytest.approx(0, abs=2e-3)  # a zigzag has a slight slope
    spread = official - official.mean(axis=1, keepdims=True)
    assert found.signal == pytest.approx(np.sqrt((spread**2).mean()))


def test_velocities_fitted_alike_need_no_delivered_ones(tool):
    """Curves 0.3 and 0.4 mm/yr apart: RMSE √0.125, whatever the products say."""
    series = np.stack([lines([-1.0, -2.0]), lines([-0.7, -2.4])])
    found = tool.agreement(np.array([[1.0, 2.0], [1.0, 2.0]]), series, DATES)
    assert found.rmse == 0
    assert found.fitted_rmse == pytest.approx(np.sqrt(0.125))


def test_only_common_cells_and_dates_are_paired(tool):
    """Points are paired by their cell of 100 m, not by their order."""

    def layer(x, y, dates, velocity, series, **columns):
        columns = {k: np.array(v, float) for k, v in columns.items()}
        return tool.SeriesLayer(
            "", np.array(x, float), np.array(y, float), np.array(dates, "datetime64[D]"),
            np.array(series, np.float32), {"mean_velocity": np.array(velocity, float), **columns},
        )  # fmt: skip

    official = layer([50, 150], [50, 50], ["2020-01-01", "2020-01-07"], [-1, -2], [[1, 2], [3, 4]])
    own = layer(
        [150, 950, 50], [50, 50, 50], ["2020-01-07", "2020-01-13"], [-2.5, 9, -1.5],
        [[5, 0], [0, 0], [6, 0]], points_ascending=[1, 2, 3], points_descending=[4, 5, 2],
    )  # fmt: skip
    pair = tool.at_cells("Vertical", official, own)
    assert pair.x.tolist() == [50, 150]
    assert pair.velocity.tolist() == [[-1, -2], [-1.5, -2.5]]
    assert pair.dates.astype(str).tolist() == ["2020-01-07"]
    assert pair.series[:, :, 0].tolist() == [[2, 4], [6, 5]]
    assert pair.support.tolist() == [2, 1]
