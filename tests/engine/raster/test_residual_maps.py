"""Job ``forecastresiduals`` on files: maps, table, points and hotspots against plain numpy."""

import os
import re
import threading

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError, OutputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster import residual_maps
from land_subsidence.subsidence_plugin.engine.raster.bilinear import sample_bilinear
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

gdal = pytest.importorskip("osgeo.gdal")
ogr = pytest.importorskip("osgeo.ogr")
osr = pytest.importorskip("osgeo.osr")
stats = pytest.importorskip("scipy.stats")
ndimage = pytest.importorskip("scipy.ndimage")
reference = osr.SpatialReference()
reference.ImportFromEPSG(32632)
UTM32 = reference.ExportToWkt()
TRANSFORM = (300_000.0, 100.0, 0, 5_600_000.0, 0, -100.0)
DATES = ("2024-01-01", "2024-01-07", "2024-01-13", "2024-01-19")
SHAPE = (60, 70)
pytestmark = pytest.mark.filterwarnings("ignore:Mean of empty slice")


def write(path, values, dates=None, transform=TRANSFORM, crs=UTM32, **about):
    values = np.asarray(values, np.float32)
    values = values[None] if values.ndim == 2 else values
    grid = Grid(values.shape[2], values.shape[1], transform, crs)
    names = dates or [f"b{number}" for number in range(1, len(values) + 1)]
    metadata = {f"SUBSIDENCE_{key.upper()}": value for key, value in about.items()}
    with RasterWriter(str(path), grid, names, metadata=metadata) as writer:
        writer.write(values)
    return str(path)


@pytest.fixture
def world(tmp_path):
    """A stack of four dates, two forecasts of the last three with holes in different places."""
    random = np.random.default_rng(3)
    bowl = np.exp(-((np.arange(70) - 40) ** 2 + (np.arange(60)[:, None] - 25) ** 2) / 90)
    observed = -np.arange(1, 5)[:, None, None] * (8 * bowl + 2) + random.normal(0, 1, (4, *SHAPE))
    first = observed[1:] + random.normal(0.5, 1, (3, *SHAPE)) + 4 * bowl
    second = np.repeat(observed[:1], 3, axis=0)
    observed[:, :5, :9] = np.nan
    first[0, 50:, 60:] = np.nan
    second[:, 20, 3] = np.nan
    maps = {"observed": observed, "first": first, "second": second}
    maps = {name: values.astype(np.float32) for name, values in maps.items()}
    paths = {
        "observed": write(tmp_path / "observed.tif", observed, DATES, kind="deformation_stack",
                          units="mm"),
        "first": write(tmp_path / "first.tif", first, DATES[1:], kind="deformation_forecast"),
        "second": write(tmp_path / "second.tif", second, DATES[1:]),
    }  # fmt: skip
    (tmp_path / "out").mkdir()
    return tmp_path / "out", paths, maps


def run(world, which=("first",), progress=None, **more):
    out, paths, _maps = world
    given = {
        "predicted": [paths[name] for name in which], "observed": paths["observed"],
        "signed": str(out / "signed.tif"), "absolute": str(out / "absolute.tif"), "threads": 1,
    }  # fmt: skip
    return run_job("forecastresiduals", {**given, **more}, progress or Progress())


def rows_of(path):
    dataset = ogr.Open(str(path))
    layer = dataset.GetLayer(0)
    names = [layer.GetLayerDefn().GetFieldDefn(i).GetName()
             for i in range(layer.GetLayerDefn().GetFieldCount())]  # fmt: skip
    return [{name: feature[name] for name in names} for feature in layer]


def test_maps_of_one_forecast(world):
    out, _paths, maps = world
    result = run(world)
    residuals = maps["first"] - maps["observed"][1:]
    signed, absolute = Raster(str(out / "signed.tif")), Raster(str(out / "absolute.tif"))
    np.testing.assert_array_equal(signed.read(), residuals)
    assert signed.names == list(DATES[1:])
    assert signed.dataset.GetRasterBand(2).GetMetadataItem("SUBSIDENCE_DATE") == DATES[2]
    assert signed.metadata["SUBSIDENCE_KIND"] == "residual_signed"
    with np.errstate(invalid="ignore"):
        expected = np.sqrt(np.nanmean(residuals.astype(float) ** 2, axis=0))
    np.testing.assert_allclose(absolute.read()[0], expected, rtol=1e-6)
    known = residuals[np.isfinite(residuals)].astype(float)
    assert result["RMSE"] == pytest.approx(np.sqrt((known**2).mean()))
    assert result["BIAS"] == pytest.approx(known.mean())
    assert (result["DATES"], result["CELLS"]) == (3, 60 * 70 - 45)
    valid = np.isfinite(residuals)
    change = (maps["observed"][:1] - maps["observed"][1:])[valid].astype(float)
    skill = 1 - np.sqrt((known**2).mean() / (change**2).mean())
    assert result["SKILL"] == pytest.approx(skill)


def test_several_forecasts_share_dates_cells_and_scale(world):
    out, _paths, maps = world
    result = run(world, ("first", "second"), table=str(out / "t.gpkg"), hotspots=str(out / "h.tif"))
    both = np.stack([maps[name] - maps["observed"][1:] for name in ("first", "second")])
    both[:, ~np.isfinite(both).all(axis=0)] = np.nan
    signed, absolute = Raster(str(out / "signed.tif")), Raster(str(out / "absolute.tif"))
    assert signed.names == absolute.names == ["first", "second"]
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(signed.read(), np.nanmean(both, axis=1), atol=1e-5)
        expected = np.sqrt(np.nanmean(both.astype(float) ** 2, axis=1))
    np.testing.assert_allclose(absolute.read(), expected, rtol=1e-5)
    rows = rows_of(out / "t.gpkg")
    assert [(row["prediction"], row["date"]) for row in rows] == [
        (name, date) for name in ("first", "second") for date in ("all", *DATES[1:])
    ]
    for row in rows:
        own = both[("first", "second").index(row["prediction"])].astype(float)
        own = own if row["date"] == "all" else own[DATES.index(row["date"]) - 1]
        own = own[np.isfinite(own)]
        assert row["n"] == len(own)
        assert row["rmse"] == pytest.approx(np.sqrt((own**2).mean()))
        assert row["skewness"] == pytest.approx(stats.skew(own), rel=1e-5, abs=1e-7)
        assert row["q99"] == pytest.approx(np.quantile(own, 0.99), rel=2e-4)
    assert rows[4]["skill"] == pytest.approx(0, abs=1e-12)  # the second is persistence itself
    assert result["BEST"] == "first"
    text = (out / "absolute.qml").read_text(encoding="utf-8")
    assert "$" not in text + (out / "signed.qml").read_text(encoding="utf-8")


def test_moran_and_hotspots_are_those_of_the_whole_map(world, monkeypatch):
    out, _paths, _maps = world
    paths = {"hotspots": str(out / "hot.tif"), "table": str(out / "t.csv")}
    run(world, date="last", **paths)
    whole = Raster(paths["hotspots"]).read()[0]
    absolute = Raster(str(out / "absolute.tif")).read()[0].astype(float)
    known = np.isfinite(absolute)
    assert (np.isnan(whole) == ~known).all()
    n, mean, sd = known.sum(), absolute[known].mean(), absolute[known].std()
    kernel = np.ones((7, 7))
    w = np.maximum(ndimage.convolve(known.astype(float), kernel, mode="constant"), 1)
    sums = ndimage.convolve(np.where(known, absolute, 0), kernel, mode="constant")
    z = (sums - mean * w) / (sd * np.sqrt((n * w - w**2) / (n - 1)))
    p = np.sort(2 * stats.norm.sf(np.abs(z[known])))
    places = np.flatnonzero(p <= 0.05 * np.arange(1, n + 1) / n)
    hot = known & (z > 0) & (2 * stats.norm.sf(np.abs(z)) <= p[places[-1]] * (1 + 1e-6))
    assert hot.sum() > 20 and ((whole >= 3) == hot).all()
    assert hot[25, 40]  # where the forecast misses the bowl
    monkeypatch.setattr(residual_maps, "TILE", 16)
    run(world, date="last", **paths)
    np.testing.assert_array_equal(Raster(paths["hotspots"]).read()[0], whole)
    signed = Raster(str(out / "signed.tif")).read()[0].astype(float)
    centred = np.where(known, signed - signed[known].mean(), 0)
    pairs = (known[1:] & known[:-1]).sum() + (known[:, 1:] & known[:, :-1]).sum()
    products = (centred[1:] * centred[:-1]).sum() + (centred[:, 1:] * centred[:, :-1]).sum()
    (row,) = rows_of(paths["table"])
    expected = n / pairs * products / (centred**2).sum()
    assert float(row["moran_i"]) == pytest.approx(expected, rel=1e-5)
    assert int(row["hotspot_cells"]) == hot.sum()
    assert float(row["hotspot_km2"]) == pytest.approx(0.01 * hot.sum())


def test_single_bands_say_what_they_are_compared_with(world, tmp_path):
    out, paths, maps = world
    lines = []
    one = write(tmp_path / "one.tif", maps["first"][2])
    progress = Progress(on_message=lambda text, level: lines.append((level, text)))
    result = run_job(
        "forecastresiduals",
        {"predicted": [one], "observed": paths["observed"], "signed": str(out / "s.tif"),
         "absolute": str(out / "a.tif")},
        progress,
    )  # fmt: skip
    np.testing.assert_array_equal(
        Raster(str(out / "s.tif")).read()[0], maps["first"][2] - maps["observed"][3]
    )
    assert ("warning", "Not all rasters have dates, so PREDICTED is compared with OBSERVED in its "
            "band 4 (2024-01-19, the last). Give DATE for another one.") in lines  # fmt: skip
    assert "SKILL" not in result
    dated = write(tmp_path / "dated.tif", maps["first"][1], date="2024-01-13")
    paths["dated"] = dated
    assert run(world, ("dated",))["DATES"] == 1
    assert Raster(str(out / "signed.tif")).names == ["2024-01-13"]
    for name in ("signed", "absolute"):
        for end in ("tif", "qml"):
            os.remove(out / f"{name}.{end}")
    assert sorted(os.listdir(out)) == ["a.qml", "a.tif", "s.qml", "s.tif"]  # no hotspots aside


def test_names_that_say_nothing_are_those_of_the_models(world):
    out, paths, _maps = world
    run(world, ("first", "second", "second"), names=["M-CNN + L", "OUTPUT", "OUTPUT"])
    assert Raster(str(out / "signed.tif")).names == ["M-CNN + L", "OUTPUT", "OUTPUT (2)"]
    dataset = gdal.OpenEx(paths["second"], gdal.OF_UPDATE)
    dataset.SetMetadataItem("SUBSIDENCE_MODEL_NAME", "ResNet + Transformer")
    dataset = None
    run(world, ("second",), names=["OUTPUT"])
    assert Raster(str(out / "absolute.tif")).names == ["ResNet + Transformer"]


@pytest.mark.parametrize("shift, digits", [(0.0, 2), (2.5, 0), (2.5, 3)])
def test_equal_residuals_are_said_to_be_equal(world, tmp_path, shift, digits):
    pytest.importorskip("matplotlib")
    out, _paths, maps = world
    whole = np.round(maps["observed"], digits)  # with digits the float32 sum is rounded
    observed = write(tmp_path / "whole.tif", whole, DATES)
    copy = write(tmp_path / "copy.tif", whole[1:] + shift, DATES[1:])
    lines = []
    result = run_job(
        "forecastresiduals",
        {"predicted": [copy], "observed": observed, "signed": str(out / "s.tif"),
         "absolute": str(out / "a.tif"), "hotspots": str(out / "h.tif"),
         "table": str(out / "t.csv"), "report": str(out / "r.html")},
        Progress(on_message=lambda text, level: lines.append(text)),
    )  # fmt: skip
    assert result["RMSE"] == pytest.approx(shift) and result["HOTSPOT_KM2"] == 0
    assert any(f"all residuals are {shift:g} mm; there is no spread" in line for line in lines)
    page = (out / "r.html").read_text(encoding="utf-8")
    assert f"All residuals of the forecast are equal ({shift:g} mm)" in page
    codes = Raster(str(out / "h.tif")).read()
    assert set(np.unique(codes[np.isfinite(codes)])) == {2}


def test_bilinear_values_are_those_of_scipy(tmp_path):
    random = np.random.default_rng(8)
    values = random.normal(0, 5, (2, 40, 300)).astype(np.float32)
    raster = Raster(write(tmp_path / "r.tif", values))
    x, y = 300_000 + random.uniform(50, 29_950, 500), 5_600_000 - random.uniform(50, 3950, 500)
    found = sample_bilinear(raster, [2], x, y, Progress())
    places = [(5_600_000 - y) / 100 - 0.5, (x - 300_000) / 100 - 0.5]
    expected = ndimage.map_coordinates(values[1].astype(float), places, order=1)
    np.testing.assert_allclose(found[:, 0], expected, rtol=2e-4, atol=1e-4)


def test_bilinear_at_edges_and_holes(tmp_path):
    values = np.array([[1, 2, 3], [4, np.nan, 6]], np.float32)
    raster = Raster(write(tmp_path / "r.tif", values))
    x = 300_000 + np.array([10, 150, 100, 110, -1, 290])
    y = 5_600_000 - np.array([10, 50, 50, 110, 10, 199])
    found = sample_bilinear(raster, [1], x, y, Progress())[:, 0]
    np.testing.assert_allclose(found, [1, 2, 1.5, np.nan, np.nan, 6])


@pytest.fixture
def points(tmp_path, world):
    """Points at cell centres with the observed series, each 5 mm lower than its cell."""
    _out, _paths, maps = world
    rows, columns = np.array([10, 25, 40]), np.array([20, 40, 30])
    x, y = 300_000 + 100 * (columns + 0.5), 5_600_000 - 100 * (rows + 0.5)
    fields = {f"D{date.replace('-', '')}": maps["observed"][k][rows, columns].astype(float) - 5
              for k, date in enumerate(DATES)}  # fmt: skip
    path = str(tmp_path / "points.gpkg")
    write_points(path, x, y, fields, UTM32)
    return path, rows, columns


def test_points_with_an_offset(world, points):
    out, _paths, maps = world
    path, rows, columns = points
    run(world, points=path, point_residuals=str(out / "p.gpkg"), table=str(out / "t.gpkg"))
    own = (maps["first"] - maps["observed"][1:])[:, rows, columns].T
    found = rows_of(out / "p.gpkg")
    for place, row in enumerate(found):
        assert row["D20240113"] == pytest.approx(own[place, 1], abs=1e-4)
        assert row["signed"] == pytest.approx(own[place].mean(), abs=1e-4)
        assert row["absolute"] == pytest.approx(np.sqrt((own[place] ** 2).mean()), abs=1e-4)
        assert row["surface"] == pytest.approx(own[place].mean() + 5, abs=1e-4)
    kinds = {(row["at"], row["date"]): row["bias"] for row in rows_of(out / "t.gpkg")}
    assert kinds["points (surface minus point)", "all"] == pytest.approx(own.mean() + 5, abs=1e-4)
    assert kinds["points (change since the origin)", "all"] == pytest.approx(own.mean(), abs=1e-4)
    text = (out / "p.qml").read_text(encoding="utf-8")
    assert 'attr="signed"' in text and "$" not in text


def test_dates_that_were_trained_on_are_in_log_and_report(world, tmp_path):
    """As 'Forecast deformation' marks its rasters."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    out, paths, maps = world
    paths["seen"] = write(tmp_path / "seen.tif", maps["first"], DATES[1:], seen_until=DATES[1])
    log = []
    progress = Progress(on_message=lambda text, level: log.append((level, text)))
    run(world, ["seen"], progress, report=str(out / "r.html"))
    words = "1 of the 3 dates compared are among those that its forecaster was trained"
    assert any(level == "warning" and words in text for level, text in log)
    assert words in (out / "r.html").read_text(encoding="utf-8")


def test_report_of_all_there_is(world, points):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    out, _paths, _maps = world
    run(world, ("first", "second"), points=points[0], report=str(out / "r.html"))
    page = (out / "r.html").read_text(encoding="utf-8")
    assert "Of 2 forecasts, first is the closest: off by" in page and page.count("<img") == 5
    assert re.search(
        r"% less than persistence \([\d.]+ mm; the training report compares with better "
        r"baselines\)",
        page,
    )
    assert "At the original points" in page
    run(world, report=str(out / "r.html"), date="2024-01-13")
    page = (out / "r.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2 and "mm, at 2024-01-13; " in page
    data = (out / "r_data" / "figure-1-residuals.csv").read_text(encoding="utf-8")
    assert data.startswith("forecast,share,normal_quantile,residual")


REFUSED = {
    "grid": ({"transform": (300_050.0, 100.0, 0, 5_600_000.0, 0, -100.0)}, "has not the cells of"),
    "crs": ({"crs": ""}, "has no coordinate reference system"),
    "kind": ({"kind": "residual_signed"}, "raster of the kind 'residual_signed'"),
    "units": ({"units": "cm"}, "PREDICTED is in 'cm', but OBSERVED in 'mm'"),
    "dates": ({"dates": ["2025-01-01", "2025-01-07", "2025-01-13"]}, "no date in common"),
    "twice": ({"dates": ["2024-01-07", "2024-01-07", "2024-01-13"]}, "two bands of the same date"),
    "counts": ({"dates": ["a", "b", "c"]}, "different numbers of bands"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(world, tmp_path, name):
    out, paths, maps = world
    change, message = REFUSED[name]
    bad = write(tmp_path / "bad.tif", maps["first"], **{"dates": DATES[1:], **change})
    paths["bad"] = bad
    with pytest.raises(InputError, match=message):
        run(world, ("bad",))
    assert os.listdir(out) == []


def test_a_grid_that_differs_is_named_with_both_sizes(world, tmp_path):
    out, paths, maps = world
    paths["bad"] = write(tmp_path / "bad.tif", maps["first"][:, :50], DATES[1:])
    with pytest.raises(InputError, match=r"'.*bad.tif', has not .*'.*observed.tif' \(70 × 50 aga"):
        run(world, ("first", "bad"))
    assert os.listdir(out) == []


def test_no_common_cell_no_points_and_points_without_points(world, points, tmp_path):
    out, paths, _maps = world
    paths["empty"] = write(tmp_path / "empty.tif", np.full((3, *SHAPE), np.nan), DATES[1:])
    with pytest.raises(InputError, match="No cell has a value in all PREDICTED and in OBSERVED"):
        run(world, ("first", "empty"))
    with pytest.raises(InputError, match="POINT_RESIDUALS needs the InSAR points"):
        run(world, point_residuals=str(out / "p.gpkg"))
    far = str(tmp_path / "far.gpkg")
    write_points(far, np.zeros(2), np.zeros(2), {"D20240113": np.ones(2)}, UTM32)
    with pytest.raises(InputError, match="No point of POINTS lies on the forecast"):
        run(world, points=far)
    late = str(tmp_path / "late.gpkg")
    x, y = np.full(2, 302_000.0), np.full(2, 5_598_000.0)
    write_points(late, x, y, {"D20300113": np.ones(2)}, UTM32)
    with pytest.raises(InputError, match="POINTS has no value at the dates compared"):
        run(world, points=late)
    with pytest.raises(OutputError, match="is also an input"):
        run(world, signed=paths["first"])
    assert os.listdir(out) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_folder(world):
    out, _paths, _maps = world
    out.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        run(world)


def test_a_folder_that_is_a_file(world):
    out, paths, _maps = world
    with pytest.raises(OutputError, match="cannot be written to"):
        run(world, table=paths["first"] + "/t.gpkg")
    assert os.listdir(out) == []


@pytest.mark.parametrize("at", [0.05, 0.5, 0.75, 0.92])
def test_cancel_leaves_nothing(world, points, at):
    out, _paths, _maps = world
    stop = threading.Event()
    progress = Progress(
        lambda done: stop.set() if done >= at else None, lambda *_: None, stop.is_set
    )
    with pytest.raises(Cancelled):
        run(world, ("first", "second"), progress, points=points[0], table=str(out / "t.gpkg"))
    assert os.listdir(out) == []
