"""Forecasts at points: those of the cells around them, or of a GCN whose nodes they are."""

import os

import numpy as np
import pytest

gdal = pytest.importorskip("osgeo.gdal")
pytest.importorskip("torch")
pytest.importorskip("scipy")
pytest.importorskip("safetensors")

from forecast_world import (  # noqa: E402 - after the check that GDAL and torch are here
    Log,
    card_of,
    dates_of,
    series,
    write_forecaster,
    write_series,
    write_stack,
)
from land_subsidence.subsidence_plugin.engine.errors import InputError  # noqa: E402
from land_subsidence.subsidence_plugin.engine.forecasting.area import Area  # noqa: E402
from land_subsidence.subsidence_plugin.engine.forecasting.file import (  # noqa: E402
    load_forecaster,
)
from land_subsidence.subsidence_plugin.engine.forecasting.node_forecast import (  # noqa: E402
    forecast_nodes,
)
from land_subsidence.subsidence_plugin.engine.jobs import run_job  # noqa: E402
from land_subsidence.subsidence_plugin.engine.raster.read import Raster  # noqa: E402
from land_subsidence.subsidence_plugin.engine.vector.read import read_features  # noqa: E402

nan = np.nan
CONFORMAL = {"coverages": [0.5, 0.9], "quantiles": [[1, 2, 3], [2, 3, 4]], "floor": 0.1,
             "ceiling": 50.0}  # fmt: skip
AHEAD = ["D20200303", "D20200309", "D20200315"]


@pytest.fixture
def place(tmp_path):
    return lambda name: str(tmp_path / name)


def forecast(place, stack, model, points, log=None, **more):
    arguments = {
        "input": stack, "model": model, "output": place("output.tif"), "points": points,
        "point_forecast": place("p.gpkg"), "device": 1, **more,
    }  # fmt: skip
    return run_job("forecastdeformation", arguments, log or Log())


def test_a_point_takes_the_cells_around_it_and_keeps_its_own_level(place):
    values, dates = series(10, 4, 5), dates_of(10)
    stack = write_stack(place("s.tif"), values, dates)
    model = write_forecaster(place("m.safetensors"), card_of(conformal=CONFORMAL), (0.5, 2.0))
    # On a centre; a quarter between four; outside; without values in the window.
    x = [300_250, 300_275, 299_000, 300_150]
    y = [5_599_850, 5_599_825, 5_599_850, 5_599_750]
    own = np.full((4, 10), nan)
    own[0] = values[:, 1, 2] + 3
    around = (
        0.75**2 * values[:, 1, 2] + 0.75 * 0.25 * (values[:, 1, 3] + values[:, 2, 2])
        + 0.25**2 * values[:, 2, 3]
    )  # fmt: skip
    own[1] = around - 1 + np.where(np.arange(10) % 2, 0.5, -0.5)
    own[1, 5] = nan
    own[2], own[3, 0] = 1.0, 4.0
    points = write_series(
        place("in.gpkg"), x, y, own, dates, {"COMPONENT": "U", "SUBSIDENCE_UNITS": "mm, mm/yr"},
        pid=["a", "b", "c", "d"], track=[15, 15, 44, 44], mean_velocity=[-2.5, -1, 0, 1.0],
    )  # fmt: skip
    log = Log()
    result = forecast(place, stack, model, points, log)
    assert result["POINTS"] == 2
    got = read_features(place("p.gpkg"))
    ahead = values[-1] + np.arange(1, 4)[:, None, None] * 1.25 * (values[-1] - values[-2])
    np.testing.assert_allclose([got.number(n)[0] for n in AHEAD], ahead[:, 1, 2] + 3, atol=1e-3)
    mixed = (
        0.75**2 * ahead[:, 1, 2] + 0.75 * 0.25 * (ahead[:, 1, 3] + ahead[:, 2, 2])
        + 0.25**2 * ahead[:, 2, 3]
    )  # fmt: skip
    # Of the eight dates 2 to 9, the fifth is missing: −0.5 four times, +0.5 three times.
    np.testing.assert_allclose([got.number(n)[1] for n in AHEAD], mixed - 1 - 0.5 / 7, atol=1e-3)
    assert np.isnan([got.number(n)[2:] for n in AHEAD]).all()
    for column, date in enumerate(dates):
        name = "D" + str(date).replace("-", "")
        np.testing.assert_allclose(got.number(name), own[:, column], atol=1e-4)
    assert got.columns["pid"] == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(got.number("track"), [15, 15, 44, 44])
    np.testing.assert_array_equal(got.number("mean_velocity"), [-2.5, -1, 0, 1])
    steps = np.diff(values[2:, 1, 2])
    noise = 1.4826 / 2**0.5 * np.median(np.abs(steps - np.median(steps)))
    widths = [got.number("H" + name[1:])[0] for name in AHEAD]
    np.testing.assert_allclose(widths, np.clip(noise, 0.1, 50) * np.array([2, 3, 4]), atol=1e-3)
    about = got.metadata
    assert about["FORECAST_FIELDS"] == ", ".join(AHEAD)
    assert about["HALF_WIDTH_FIELDS"] == "H20200303, H20200309, H20200315"
    assert about["SUBSIDENCE_KIND"] == "point_forecast" and about["COMPONENT"] == "U"
    assert (about["SUBSIDENCE_ORIGIN"], about["DATES"]) == ("2020-02-26", "13")
    assert about["FIRST_DATE"] == "2020-01-03" and about["LAST_DATE"] == "2020-03-15"
    assert os.path.exists(place("p.qml"))
    assert "2 of 4 points have no forecast" in log.text
    names = list(got.columns)
    assert names[:3] == ["pid", "track", "mean_velocity"] and names[-3:] == [
        "H20200303", "H20200309", "H20200315"
    ]  # fmt: skip


def test_the_series_can_be_imported_again_as_one_curve(place):
    """What viewers and our own gridding read: past and forecast are fields of one kind."""
    values, dates = series(10, 4, 5), dates_of(10)
    stack = write_stack(place("s.tif"), values, dates)
    model = write_forecaster(place("m.safetensors"), card_of())
    points = write_series(place("in.gpkg"), [300_250], [5_599_850], values[:, 1, 2][None], dates)
    forecast(place, stack, model, points)
    from land_subsidence.subsidence_plugin.engine.vector.series_layer import read_series

    layer = read_series(place("p.gpkg"), "The layer")
    assert len(layer.dates) == 13 and str(layer.dates[-1]) == str(dates[-1] + 18)
    assert not [name for name in layer.columns if name.startswith("H")]
    again = place("again.gpkg")
    os.rename(place("p.gpkg"), again)
    with pytest.raises(InputError, match="holds forecasts itself, which would count as observ"):
        forecast(place, stack, model, again)


def test_points_beside_the_stack_are_refused(place):
    values, dates = series(10, 4, 5), dates_of(10)
    stack = write_stack(place("s.tif"), values, dates)
    model = write_forecaster(place("m.safetensors"), card_of())
    own = values[:, 1, 2][None]
    far = write_series(place("far.gpkg"), [300_501], [5_599_850], own, dates)  # 1 m east of it
    before = sorted(os.listdir(os.path.dirname(stack)))
    with pytest.raises(InputError, match=r"No point of .*far.gpkg' \(POINTS\) lies on the stack"):
        forecast(place, stack, model, far)
    assert sorted(os.listdir(os.path.dirname(stack))) == before


def test_a_past_origin_hides_what_came_later(place):
    values, dates = series(14, 4, 5), dates_of(14)
    stack = write_stack(place("s.tif"), values, dates)
    model = write_forecaster(place("m.safetensors"), card_of())
    own = values[:, 1, 2][None].copy()
    own[0, 10:] = 500
    points = write_series(place("in.gpkg"), [300_250], [5_599_850], own, dates)
    log = Log()
    forecast(place, stack, model, points, log, origin=str(dates[9]))
    got = read_features(place("p.gpkg"))
    fields = [name for name in got.columns if name.startswith("D")]
    assert fields == ["D" + str(date).replace("-", "") for date in dates[:13]]
    change = values[9, 1, 2] - values[8, 1, 2]
    expected = values[9, 1, 2] + np.arange(1, 4) * change
    np.testing.assert_allclose([got.number(n)[0] for n in fields[10:]], expected, atol=1e-3)
    assert "4 dates of POINTS after the origin are left out" in log.text


def test_points_on_other_dates_are_compared_between_their_dates(place):
    values, dates = series(10, 4, 5), dates_of(10)
    stack = write_stack(place("s.tif"), values, dates)
    model = write_forecaster(place("m.safetensors"), card_of())
    own = 2.0 * np.arange(12)[None]  # 2 mm in 6 days, three days off the stack's dates
    points = write_series(place("in.gpkg"), [300_250], [5_599_850], own, dates_of(12) - 3)
    forecast(place, stack, model, points)
    got = read_features(place("p.gpkg"))
    # The last date of the window lies before a date of the points that is not known yet.
    offset = (2 * np.arange(2, 9) + 1 - values[2:9, 1, 2]).mean()
    expected = values[9, 1, 2] + np.arange(1, 4) * (values[9, 1, 2] - values[8, 1, 2]) + offset
    names = [name for name in got.columns if name.startswith("D")][-3:]
    np.testing.assert_allclose([got.number(n)[0] for n in names], expected, atol=2e-3)


def node_world(place, count=60, seed=4, **changes):
    """Return a stack, points that are nodes, and a GCN on these."""
    random = np.random.default_rng(seed)
    dates = dates_of(10)
    x = 300_000 + random.uniform(0, 3000, count)
    y = 5_600_000 - random.uniform(0, 2000, count)
    own = np.cumsum(random.normal(-0.5, 0.6, (count, 10)), axis=1)
    points = write_series(place("in.gpkg"), x, y, own, dates, mean_velocity=x * 0)
    metadata = {"GRIDDING": "inverse distance, power 2, 5 neighbours within 400"}
    stack = write_stack(place("s.tif"), series(10), dates, metadata)
    card = card_of("gcn", nodes="points", cell_size=250.0, **changes)
    return stack, points, card, (x, y, own)


def test_a_gcn_on_points_forecasts_them_and_the_cells_are_gridded_from_these(place):
    stack, points, card, (x, y, own) = node_world(place, conformal=CONFORMAL)
    slopes = (0.5, 1.0, 3.0)
    model = write_forecaster(place("m.safetensors"), card, slopes)
    log = Log()
    paths = {name: place(f"{name}.tif") for name in ("spread", "lower", "members", "change")}
    result = forecast(place, stack, model, points, log, step=1, **paths)
    change = own[:, -1] - own[:, -2]
    members = own[:, -1] + np.array(slopes)[:, None, None] * np.arange(1, 4)[:, None] * change
    got = read_features(place("p.gpkg"))
    np.testing.assert_allclose(
        [got.number(name) for name in last_three(got)], members[1], atol=2e-3
    )
    # GDAL's way by hand, at the centre of the cell in row 7, column 12.
    distance = np.hypot(x - 301_250, y - (5_600_000 - 750))
    near = np.argsort(distance)[:5]
    near = near[distance[near] <= 400]
    assert len(near) >= 2
    weights = distance[near] ** -2.0 / (distance[near] ** -2.0).sum()
    cell = members[:, :, near] @ weights
    at = (slice(None), 7, 12)
    np.testing.assert_allclose(Raster(place("output.tif")).read()[at], cell[1], atol=2e-3)
    np.testing.assert_allclose(Raster(paths["spread"]).read()[at], cell.std(axis=0), atol=2e-3)
    np.testing.assert_allclose(Raster(paths["members"]).read()[at], cell[:, 0], atol=2e-3)
    moved = cell[1] - own[near, -1] @ weights
    np.testing.assert_allclose(Raster(paths["change"]).read()[at], moved, atol=2e-3)
    about = Raster(paths["members"]).metadata
    assert about["SUBSIDENCE_REFERENCE_DATE"] == "2020-01-03"
    steps = np.diff(own[:, 2:], axis=1)
    noise = (
        1.4826 / 2**0.5 * np.median(np.abs(steps - np.median(steps, axis=1, keepdims=True)), axis=1)
    )
    half = np.array([2, 3, 4]) * (np.clip(noise, 0.1, 50)[near] @ weights)
    np.testing.assert_allclose(Raster(paths["lower"]).read()[at], cell[1] - half, atol=3e-3)
    assert result["POINTS"] == 60 and 0 < result["CELLS"] < 600


def last_three(features):
    return [name for name in features.columns if name.startswith("D")][-3:]


def test_points_with_gaps_or_far_from_the_stack(place):
    stack, points, card, (x, y, own) = node_world(place)
    own = own.copy()
    own[0, 2:5] = nan  # more than a quarter of the window
    own[1, -1] = nan
    points = write_series(place("gaps.gpkg"), x, y, own, dates_of(10))
    model = write_forecaster(place("m.safetensors"), card)
    log = Log()
    assert forecast(place, stack, model, points, log)["POINTS"] == 59
    got = read_features(place("p.gpkg"))
    values = np.array([got.number(name) for name in last_three(got)])
    assert np.isnan(values[:, 0]).all()
    np.testing.assert_allclose(values[:, 1], own[1, -2], atol=1e-3)  # no change since
    assert "1 points have too few values" in log.text
    far = write_series(place("far.gpkg"), x + 90_000, y, own, dates_of(10))
    with pytest.raises(InputError, match="lies near a cell of the stack; check the place"):
        forecast(place, stack, model, far)
    late = write_series(place("few.gpkg"), x, y, own[:, :6], dates_of(6))
    with pytest.raises(InputError, match=r"\(POINTS\) has 6 dates up to .* window of 8"):
        forecast(place, stack, model, late)


def test_groups_of_nodes_give_what_all_nodes_give(place, monkeypatch):
    from land_subsidence.subsidence_plugin.engine.forecasting import node_forecast

    card = card_of("gcn", nodes="points", hyperparameters={"readout_block": 2, "channels": 4})
    model = load_forecaster(write_forecaster(place("m.safetensors"), card, seeds=(1,)))
    random = np.random.default_rng(2)
    xy = random.uniform(0, 9000, (3000, 2))
    levels = np.cumsum(random.normal(0, 1, (9, 3000)), axis=0).astype(np.float32)
    area = Area(levels, np.ones(3000, bool), 6 * np.arange(9), xy=xy)
    targets = 6 * np.arange(9, 12)
    whole = model.forecast(area, 8, targets)
    monkeypatch.setattr(node_forecast, "MOST_NODES", 500)
    seconds = np.zeros(1)
    parts = forecast_nodes(model, area, targets, "cpu", lambda _share: None, seconds)
    assert np.abs(whole - levels[-1]).max() > 1 and seconds[0] > 0
    off = np.abs(parts - whole)
    assert np.quantile(off, 0.99) < 1e-3 and off.max() < 0.5
