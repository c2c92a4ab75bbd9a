"""Job ``forecastdeformation`` on cells: values by hand, dates, gaps, tiles, bad input."""

import os
import re

import numpy as np
import pytest

gdal = pytest.importorskip("osgeo.gdal")
pytest.importorskip("torch")
pytest.importorskip("safetensors")

from forecast_world import (  # noqa: E402 - after the check that GDAL and torch are here
    HORIZON,
    WINDOW,
    Log,
    arrays_of,
    card_of,
    dates_of,
    series,
    write_forecaster,
    write_stack,
)
from land_subsidence.subsidence_plugin.engine.errors import (  # noqa: E402
    Cancelled,
    InputError,
    ModelFileError,
)
from land_subsidence.subsidence_plugin.engine.jobs import run_job  # noqa: E402
from land_subsidence.subsidence_plugin.engine.raster.read import Raster  # noqa: E402

CONFORMAL = {
    "coverages": [0.5, 0.9], "quantiles": [[1.0, 1.5, 2.0], [2.0, 3.0, 4.0]], "floor": 0.1,
    "ceiling": 50.0,
}  # fmt: skip
OUTPUTS = ("output", "spread", "lower", "upper", "members", "change")


@pytest.fixture
def place(tmp_path):
    return lambda name: str(tmp_path / name)


def forecast(place, stack, model, outputs=("output",), log=None, **more):
    paths = {name: place(f"{name}.tif") for name in outputs}
    arguments = {"input": stack, "model": model, "output": place("output.tif"), **paths,
                 "device": 1, **more}  # fmt: skip
    return run_job("forecastdeformation", arguments, log or Log())


def ahead(values, slope, gap=0):
    """Return last + steps · slope · last change: what the members of ``write_forecaster`` say."""
    steps = (1 + gap + np.arange(HORIZON))[:, None, None]
    return values[-1] + steps * slope * (values[-1] - values[-2])


def test_every_raster_by_hand(place):
    values, dates = series(), dates_of(14)
    stack = write_stack(place("s.tif"), values, dates)
    slopes = (0.5, 1.0, 3.0, 1.5)
    model = write_forecaster(place("m.safetensors"), card_of(conformal=CONFORMAL), slopes)
    log = Log()
    result = forecast(place, stack, model, OUTPUTS, log, step=2, coverage=90)
    members = np.stack([ahead(values, slope) for slope in slopes])
    median = np.sort(members, axis=0)[1:3].mean(axis=0)
    got = {name: Raster(place(f"{name}.tif")) for name in OUTPUTS}
    np.testing.assert_allclose(got["output"].read(), median, atol=2e-4)
    spread = np.sqrt(((members - members.mean(axis=0)) ** 2).mean(axis=0))
    np.testing.assert_allclose(got["spread"].read(), spread, atol=2e-4)
    np.testing.assert_allclose(got["members"].read(), members[:, 1], atol=2e-4)
    np.testing.assert_allclose(got["change"].read(), median - values[-1], atol=2e-4)
    steps = np.diff(values[-WINDOW:], axis=0)
    noise = 1.4826 / 2**0.5 * np.median(np.abs(steps - np.median(steps, axis=0)), axis=0)
    width = np.array([2.0, 3.0, 4.0])[:, None, None] * np.clip(noise, 0.1, 50)
    np.testing.assert_allclose(got["lower"].read(), median - width, atol=3e-4)
    np.testing.assert_allclose(got["upper"].read(), median + width, atol=3e-4)
    assert result == {
        "BANDS": 3, "CELLS": 600, "ORIGIN_DATE": "2020-03-21", "FIRST_DATE": "2020-03-27",
        "LAST_DATE": "2020-04-08",
    }  # fmt: skip
    assert "members: 4, window 8, horizon 3, gap 0" in log.text and not log.warnings
    assert "Seconds a member" in log.text


def test_bands_and_metadata_say_what_they_are(place):
    stack = write_stack(place("s.tif"), series(), dates_of(14), {"REFERENCE": "as delivered"})
    model = write_forecaster(place("m.safetensors"), card_of(gap=2), (1.0, 2.0))
    forecast(place, stack, model, ("output", "spread", "members"), step=3)
    raster = Raster(place("output.tif"))
    assert raster.names == ["2020-04-08", "2020-04-14", "2020-04-20"]  # 3 · 6 days after the last
    band = raster.dataset.GetRasterBand(2)
    assert band.GetMetadata()["SUBSIDENCE_DATE"] == "2020-04-14"
    assert band.GetMetadata()["SUBSIDENCE_STEP"] == "2"
    assert band.DataType == gdal.GDT_Float32 and np.isnan(band.GetNoDataValue())
    assert float(band.GetMetadata()["STATISTICS_MEAN"]) == pytest.approx(
        float(np.nanmean(raster.read(bands=[2]))), abs=1e-4
    )
    about = raster.metadata
    expected = {
        "SUBSIDENCE_KIND": "deformation_forecast", "SUBSIDENCE_UNITS": "mm", "COMPONENT": "U",
        "SUBSIDENCE_ORIGIN": "2020-03-21", "SUBSIDENCE_SOURCE": stack, "SUBSIDENCE_MEMBERS": "2",
        "SUBSIDENCE_MODEL_NAME": "CNN + LSTM", "REFERENCE": "as delivered", "STEP_DAYS": "",
    }  # fmt: skip
    assert {k: about.get(k, "") for k in expected} == expected
    assert len(about["SUBSIDENCE_MODEL"]) == 12
    members = Raster(place("members.tif"))
    assert members.names == ["member_1", "member_2"]
    assert members.metadata["SUBSIDENCE_KIND"] == "forecast_members"
    assert members.metadata["SUBSIDENCE_DATE"] == "2020-04-20"
    assert members.metadata["SUBSIDENCE_STEP"] == "3"
    style = open(place("output.qml"), encoding="utf-8").read()
    assert 'band="3"' in style and "$" not in style
    assert 'band="3"' in open(place("spread.qml"), encoding="utf-8").read()
    assert not [name for name in os.listdir(os.path.dirname(stack)) if name.startswith(".")]


def test_a_past_origin_that_knows_of_what_it_forecasts_is_said(place):
    """Dates that were trained on, and an origin interpolated across a gap."""
    dates = dates_of(14)
    stack = write_stack(place("s.tif"), series(), dates)
    dataset = gdal.Open(stack, gdal.GA_Update)
    dataset.GetRasterBand(10).SetMetadataItem("SUBSIDENCE_GAP", "yes")
    dataset = None
    model = write_forecaster(place("m.safetensors"), card_of(seen_until=str(dates[11])))
    log = Log()
    forecast(place, stack, model, log=log, origin=str(dates[9]))
    trained, gap = log.warnings
    assert trained.startswith("2 of the 3 dates forecast are among those that the forecaster was")
    assert "(until 2020-03-09)" in trained and "later ORIGIN" in trained
    assert gap.startswith("Nothing was measured at the origin 2020-02-26")
    assert Raster(place("output.tif")).metadata["SUBSIDENCE_SEEN_UNTIL"] == "2020-03-09"
    for origin in (str(dates[11]), None):
        log = Log()
        forecast(place, stack, model, log=log, origin=origin)
        assert not log.warnings


def test_members_feed_the_uncertainty_maps(place):
    values = series()
    stack = write_stack(place("s.tif"), values, dates_of(14))
    model = write_forecaster(place("m.safetensors"), card_of(), (0.5, 1.0, 3.0))
    forecast(place, stack, model, ("output", "members"), step=1)
    run_job(
        "ensembleuncertainty",
        {"members": [place("members.tif")], "median": place("median.tif")},
        Log(),
    )
    own = Raster(place("median.tif"))
    np.testing.assert_allclose(own.read()[0], Raster(place("output.tif")).read()[0], atol=1e-5)
    assert own.metadata["SUBSIDENCE_UNITS"] == "mm"
    log = Log()
    run_job(
        "ensembleuncertainty", {"members": [place("members.tif")], "report": place("r.html")}, log
    )
    said = "orecast of 2020-03-27 (step 1, origin 2020-03-21), displacement since 2020-01-03"
    assert said in open(place("r.html"), encoding="utf-8").read()
    assert f"Members: f{said}." in log.text
    with pytest.raises(InputError, match=r"output.tif' are dates, not members of an"):
        run_job("ensembleuncertainty", {"members": [place("output.tif")], "median": "m.tif"}, Log())


def test_a_past_origin_knows_nothing_of_later_dates_and_keeps_the_dates_of_the_stack(place):
    values, dates = series(16), dates_of(16).copy()
    dates[13:] += 30  # a gap in time after the origin
    stack = write_stack(place("s.tif"), values, dates)
    model = write_forecaster(place("m.safetensors"), card_of())
    forecast(place, stack, model, origin=str(dates[11]))
    raster = Raster(place("output.tif"))
    assert raster.names == [str(date) for date in dates[12:15]]
    np.testing.assert_allclose(raster.read(), ahead(values[:12], 1.0), atol=2e-4)
    forecast(place, stack, model, origin=str(dates[14]))  # one known date, then typical steps
    assert Raster(place("output.tif")).names == [
        str(date) for date in (dates[15], dates[15] + 6, dates[15] + 12)
    ]


def test_a_negative_origin_counts_dates_back(place):
    values, dates = series(16), dates_of(16)
    stack = write_stack(place("s.tif"), values, dates)
    model = write_forecaster(place("m.safetensors"), card_of())
    forecast(place, stack, model, origin="-4")
    assert Raster(place("output.tif")).metadata["SUBSIDENCE_ORIGIN"] == str(dates[11])
    np.testing.assert_allclose(
        Raster(place("output.tif")).read(), ahead(values[:12], 1.0), atol=2e-4
    )
    with pytest.raises(InputError, match=r"ORIGIN is -16, but .* has only 16 dates"):
        forecast(place, stack, model, origin="-16")
    with pytest.raises(InputError, match=r"needs its window of .*or a later ORIGIN"):
        forecast(place, stack, model, origin="-15")


def test_bands_out_of_order_are_put_in_order(place):
    values, dates = series(), dates_of(14)
    order = np.random.default_rng(0).permutation(14)
    stack = write_stack(place("s.tif"), values[order], dates[order])
    model = write_forecaster(place("m.safetensors"), card_of())
    forecast(place, stack, model)
    np.testing.assert_allclose(Raster(place("output.tif")).read(), ahead(values, 1.0), atol=2e-4)


def test_gaps_take_the_last_value_and_cells_without_support_are_nodata(place):
    values = series(14, 6, 9)
    whole = values.copy()
    values[13, 0, 0] = np.nan  # the last date: last change is then 0
    values[6, 1, 1] = np.nan  # the first of the window: filled from the date before, 5
    values[:8, 2, 2] = np.nan  # begins within the window: 6 of 8 dates are there
    values[6:9, 3, 3] = np.nan  # 3 of 8 lack: more than a quarter
    values[:, 4, 4] = np.nan
    stack = write_stack(place("s.tif"), values, dates_of(14))
    card = card_of()
    arrays = arrays_of(card, slope=1.0)
    arrays["linear.weight"][:, 0] = 0.25  # the first date of the window counts as well
    from land_subsidence.subsidence_plugin.engine.forecasting.file import save_forecaster

    save_forecaster(place("m.safetensors"), card, [arrays])
    result = forecast(place, stack, place("m.safetensors"), ("output", "change"))
    got = Raster(place("output.tif")).read()
    filled = whole.copy()
    filled[13, 0, 0] = whole[12, 0, 0]
    filled[6, 1, 1] = whole[5, 1, 1]
    filled[6:8, 2, 2] = whole[8, 2, 2]
    expected = ahead(filled, 1.0) + 0.25 * (filled[6] - filled[13])
    expected[:, 3, 3] = expected[:, 4, 4] = np.nan
    np.testing.assert_allclose(got, expected, atol=2e-4)
    change = Raster(place("change.tif")).read()  # from the filled level, not from nodata
    np.testing.assert_allclose(change, expected - filled[13], atol=2e-4)
    assert result["CELLS"] == 52


def test_the_change_says_since_when_it_counts(place):
    dates = dates_of(14)
    stack = write_stack(place("s.tif"), series() - 50, dates)
    model = write_forecaster(place("m.safetensors"), card_of())
    forecast(place, stack, model, ("output", "change", "members"), origin="-3")
    raster = Raster(place("change.tif"))
    assert raster.names == [str(date) for date in dates[11:14]]
    expected = {
        "SUBSIDENCE_KIND": "forecast_change", "SUBSIDENCE_ORIGIN": "2020-03-03",
        "SUBSIDENCE_REFERENCE_DATE": "2020-03-03", "SUBSIDENCE_UNITS": "mm",
        "FIRST_DATE": "2020-03-09", "DATES": "3",
    }  # fmt: skip
    assert {key: raster.metadata.get(key) for key in expected} == expected
    band = raster.dataset.GetRasterBand(2).GetMetadata()
    assert (band["SUBSIDENCE_DATE"], band["SUBSIDENCE_STEP"]) == ("2020-03-15", "2")
    for name, since in (("change", "2020-03-03"), ("output", "2020-01-03")):
        style = open(place(f"{name}.qml"), encoding="utf-8").read()
        assert f" mm and more since {since}" in style and f" mm and less since {since}" in style
        assert 'band="3"' in style and "$" not in style
        top = float(re.search(r'classificationMax="([^"]+)"', style)[1])
        sizes = np.abs(Raster(place(f"{name}.tif")).read()[2])
        assert top == pytest.approx(np.quantile(sizes, 0.98), rel=1e-4)  # a range of its own
    assert Raster(place("members.tif")).metadata["SUBSIDENCE_REFERENCE_DATE"] == "2020-01-03"
    for job, key in (("ensembleuncertainty", "members"), ("forecastresiduals", "predicted")):
        given = {key: [place("change.tif")], "median": place("m.tif")}
        if key == "predicted":
            given = {key: given[key], "observed": stack, "signed": place("r.tif"),
                     "absolute": place("a.tif")}  # fmt: skip
        with pytest.raises(InputError, match=r"are dates, not members|kind 'forecast_change'"):
            run_job(job, given, Log())


@pytest.mark.parametrize(
    ("spatial", "temporal"), [("cnn", "transformer"), ("resnet", "lstm"), ("gcn", "lstm")]
)
def test_tiles_give_what_the_whole_grid_gives(place, spatial, temporal, monkeypatch):
    """Members that look differently far, over several blocks and tiles, with nodata inside."""
    from land_subsidence.subsidence_plugin.engine.forecasting import block_forecast
    from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
    from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster

    random = np.random.default_rng(5)
    values = series(9, 70, 300)
    if spatial != "gcn":  # edges of a graph grow longer around holes
        values[:, random.random((70, 300)) < 0.1] = np.nan
    stack = write_stack(place("s.tif"), values, dates_of(9))
    own = [{"readout_block": 4, "channels": 4}, {"readout_block": 8, "channels": 3}]
    card = card_of(spatial, temporal, hyperparameters={}, member_hyperparameters=own)
    model = write_forecaster(place("m.safetensors"), card, seeds=(1, 2))
    monkeypatch.setattr(block_forecast, "SIDES", (32,))
    forecast(place, stack, model, ("output", "members"), threads=2)
    mask = np.isfinite(values[0])
    days = dates_of(9).astype(int)
    area = Area(np.nan_to_num(values), mask, days)
    loaded = load_forecaster(model)
    whole = loaded.forecast(area, 8, days[-1] + 6 * np.arange(1, 4))
    changes = np.abs(whole[:, :, mask] - values[-1][mask])
    assert np.median(changes) > 0.5  # the networks do say something
    found, members = Raster(place("output.tif")).read(), Raster(place("members.tif")).read()
    for got, expected in ((found, np.median(whole, axis=0)), (members, whole[:, -1])):
        np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
        off = np.abs(got - expected)[np.isfinite(expected)]
        # At the edge of the raster equally near cells tie for the edges of a graph.
        assert off.max() < (0.1 if spatial == "gcn" else 2e-3)
        assert np.quantile(off, 0.999) < 2e-3


@pytest.mark.parametrize("spatial", ["cnn", "gcn"])
def test_a_single_valid_cell_is_enough(place, spatial):
    values = np.full((9, 40, 300), np.nan, np.float32)
    values[:, 3, 270] = np.arange(9)
    stack = write_stack(place("s.tif"), values, dates_of(9))
    model = write_forecaster(place("m.safetensors"), card_of(spatial))
    assert forecast(place, stack, model)["CELLS"] == 1
    got = Raster(place("output.tif")).read()
    np.testing.assert_allclose(got[:, 3, 270], [9, 10, 11], atol=1e-3)


def test_covariates_are_matched_by_name_and_mask_where_they_lack(place):
    values = series(9)
    stack = write_stack(place("s.tif"), values, dates_of(9))
    entries = [{"name": "Clay", "mean": 5.0, "std": 2.0}, {"name": "sand", "mean": 0.0, "std": 1.0}]
    card = card_of(covariates=entries)
    model = write_forecaster(place("m.safetensors"), card, seeds=(3,))
    static = np.random.default_rng(1).normal(5, 2, (3, 20, 30)).astype(np.float32)
    static[2, 0, 0] = np.nan
    covariates = _raster(place("c.tif"), static, ["SAND", "spare", "clay"])
    forecast(place, stack, model, covariates=covariates)
    from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
    from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster

    scaled = np.nan_to_num(np.stack([(static[2] - 5) / 2, static[0]]))
    mask = np.isfinite(static[2])
    area = Area(values, mask, dates_of(9).astype(int), static=scaled)
    expected = load_forecaster(model).forecast(area, 8)[0]
    np.testing.assert_allclose(Raster(place("output.tif")).read(), expected, atol=1e-3)
    with pytest.raises(InputError, match=r"trained with covariates \(Clay, sand\); give them"):
        forecast(place, stack, model)
    other = _raster(place("d.tif"), static[:2], ["sand", "silt"])
    with pytest.raises(InputError, match="has no band 'Clay'; the forecaster needs Clay, sand"):
        forecast(place, stack, model, covariates=other)
    small = _raster(place("e.tif"), static[:, :10], ["sand", "silt", "clay"])
    with pytest.raises(InputError, match="has other cells than the stack; align it"):
        forecast(place, stack, model, covariates=small)


def _raster(path, values, names):
    from forecast_world import utm
    from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
    from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter

    _bands, rows, columns = values.shape
    grid = Grid(columns, rows, (300_000.0, 100.0, 0, 5_600_000.0, 0, -100.0), utm())
    with RasterWriter(path, grid, names) as writer:
        writer.write(values)
    return path


@pytest.mark.parametrize("spatial", ["resnet", "gcn"])
def test_the_papers_variant_takes_its_own_grid_as_one(place, spatial):
    values = series(9, 20, 30)
    stack = write_stack(place("s.tif"), values, dates_of(9))
    card = card_of(spatial, variant="paper", shape=[20, 30])
    model = write_forecaster(place("m.safetensors"), card, seeds=(1,))
    forecast(place, stack, model)
    from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
    from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster

    area = Area(values, np.ones((20, 30), bool), dates_of(9).astype(int))
    expected = load_forecaster(model).forecast(area, 8)[0]
    np.testing.assert_allclose(Raster(place("output.tif")).read(), expected, atol=1e-3)
    wide = write_stack(place("w.tif"), series(9, 20, 31), dates_of(9))
    with pytest.raises(InputError, match=r"was trained on 30 × 20 cells .* the stack has 31 × 20"):
        forecast(place, wide, model)


def test_what_is_unlike_the_training_is_said(place):
    stack = write_stack(place("s.tif"), series(9), dates_of(9, 12), {"COMPONENT": "E"}, cell=50.0)
    card = card_of(crs="EPSG:3035")
    log = Log()
    forecast(place, stack, write_forecaster(place("m.safetensors"), card), log=log)
    assert [line.split(",")[0].split(":")[0] for line in log.warnings] == [
        "The cells are 50 m wide",
        "The stack is in 'WGS 84 / UTM zone 32N'",
        "The stack holds the component E",
        "The dates are typically 12 days apart",
    ]


@pytest.mark.parametrize(
    ("changes", "arguments", "expected"),
    [
        ({}, {"step": 4}, "STEP is 4; this forecaster has the steps 1 to 3"),
        ({}, {"origin": "2020-01-20"}, "ORIGIN is 2020-01-20, which is no date of the stack .*"
         "; the nearest are 2020-01-15 and 2020-01-21"),
        ({}, {"origin": "2019-12-01"}, "no date of the stack .*; the nearest is 2020-01-03[.]"),
        ({}, {"origin": "soon"}, "ORIGIN is 'soon'; it must be a date such as"),
        ({}, {"origin": "2020-02-08"}, "has 7 dates up to 2020-02-08, and the forecaster needs its "
         "window of 8; give a longer series, or a later ORIGIN"),
        ({"window": 15}, {}, "has 14 dates up to 2020-03-21, and the forecaster needs its window "
         "of 15; give a longer series[.]"),
        ({}, {"spread": "spread.tif"}, "SPREAD needs a forecaster of several members"),
        ({}, {"lower": "lower.tif"}, "intervals were not calibrated"),
        ({"conformal": CONFORMAL}, {"upper": "u.tif", "coverage": 95},
         "COVERAGE is 95 %; this forecaster's intervals were calibrated for 50 to 90 %"),
        ({"conformal": CONFORMAL}, {"upper": "u.tif", "coverage": 99.9}, "COVERAGE is 99.9 %;"),
        ({}, {"coverage": 100}, "COVERAGE is 100; it must lie between 0 and 100"),
        ({}, {"point_forecast": "p.gpkg"}, "POINT_FORECAST needs the InSAR points"),
        ({"units": "cm"}, {}, "is in mm, and the forecaster was trained on cm; bring the stack"),
        ({"nodes": "points", "spatial": "gcn"}, {}, "nodes of this forecaster are points"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence(place, changes, arguments, expected):
    stack = write_stack(place("s.tif"), series(), dates_of(14))
    model = write_forecaster(place("m.safetensors"), card_of(**changes))
    named = {
        key: place(value) if str(value).endswith((".tif", ".gpkg")) else value
        for key, value in arguments.items()
    }
    before = sorted(os.listdir(os.path.dirname(stack)))
    with pytest.raises(InputError, match=expected) as caught:
        forecast(place, stack, model, **named)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(os.path.dirname(stack))) == before


def test_bad_stacks(place):
    model = write_forecaster(place("m.safetensors"), card_of())
    with pytest.raises(InputError, match="has bands without a date"):
        forecast(place, write_stack(place("n.tif"), series(9), dates_of(9), described=False), model)
    empty = series(9)
    empty[5:] = np.nan
    with pytest.raises(InputError, match="no cell with values at three quarters of the 8 dates"):
        forecast(place, write_stack(place("e.tif"), empty, dates_of(9)), model)
    with pytest.raises(InputError, match="cannot be opened"):
        forecast(place, place("none.tif"), model)
    assert not os.path.exists(place("output.tif"))


def test_other_models_and_damaged_files(place):
    from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
    from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
    from land_subsidence.subsidence_plugin.engine.models.file import load_model, save_model

    stack = write_stack(place("s.tif"), series(9), dates_of(9))
    fitted = BASELINES["logistic"].fit(np.array([[0.0], [0.3], [1.0]]), np.array([0, 1, 1]))
    save_model(place("s.safetensors"), [fitted], Card("logistic", [Factor("slope")]))
    with pytest.raises(ModelFileError, match="no forecaster but a model of susceptibility"):
        forecast(place, stack, place("s.safetensors"))
    model = write_forecaster(place("m.safetensors"), card_of())
    with pytest.raises(ModelFileError, match=r"'m.safetensors': this is a forecaster of deform"):
        load_model(model)
    whole = open(model, "rb").read()
    with open(place("cut.safetensors"), "wb") as file:
        file.write(whole[: len(whole) // 2])
    with pytest.raises(ModelFileError, match="cut off"):
        forecast(place, stack, place("cut.safetensors"))


def test_cancel_leaves_nothing(place):
    stack = write_stack(place("s.tif"), series(9, 300, 300), dates_of(9))
    model = write_forecaster(place("m.safetensors"), card_of(), (1.0, 2.0))
    before = sorted(os.listdir(os.path.dirname(stack)))
    seen = []
    log = Log(on_fraction=seen.append, is_cancelled=lambda: bool(seen) and max(seen) > 0.1)
    with pytest.raises(Cancelled):
        forecast(place, stack, model, ("output", "spread"), log)
    assert sorted(os.listdir(os.path.dirname(stack))) == before
