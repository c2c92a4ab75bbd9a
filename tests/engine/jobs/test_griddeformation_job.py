"""Job ``griddeformation`` on files: against GDAL's own gridding, dates, references, bad input."""

import os

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

gdal = pytest.importorskip("osgeo.gdal")
pytest.importorskip("scipy")
from osgeo import ogr, osr  # noqa: E402 - after the check that GDAL is here

nan = np.nan


def wkt(code):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(code)
    return reference.ExportToWkt()


UTM32, WGS84 = wkt(32632), wkt(4326)
NAMES = ["D20200103", "D20200109", "D20200127", "D20200202"]


class Log(Progress):
    def __init__(self, **options):
        self.lines = []
        super().__init__(on_message=lambda text, level: self.lines.append(text), **options)

    @property
    def text(self):
        return "\n".join(self.lines)


def write(path, x, y, series, names=NAMES, crs=UTM32, metadata=None, **others):
    columns = {**others, **dict(zip(names, np.asarray(series, float).T))}
    write_points(str(path), np.array(x, float), np.array(y, float), columns, crs, metadata)
    return str(path)


@pytest.fixture
def points(tmp_path):
    """150 points, four dates, some values missing; one point lies on the centre of a cell."""
    random = np.random.default_rng(11)
    x, y = random.uniform(300_000, 302_000, 150), random.uniform(5_600_000, 5_601_500, 150)
    x[0], y[0] = 300_450, 5_600_750
    series = random.normal(0, 8, (150, 4)).round(1) + np.linspace(0, -20, 4)
    series[random.random(series.shape) < 0.15] = nan
    series[0] = -3.5, 2.25, nan, 1
    units = "mm, mm/yr; vertical (U); negative is subsidence"
    about = {"COMPONENT": "U", "SUBSIDENCE_UNITS": units, "PRODUCT": "EGMS L3"}
    source = write(tmp_path / "p.gpkg", x, y, series, metadata=about, mean_velocity=x * 0)
    return source, x, y, series


def run(source, folder, log=None, **options):
    target = str(folder / "stack.tif")
    result = run_job(
        "griddeformation", {"points": source, "output": target, **options}, log or Log()
    )
    return result, Raster(target)


def gdal_grid(source, name, grid, power, neighbours, radius, folder):
    """Grid one date with GDAL (points that have a value), rows from north to south."""
    x0, y0, x1, y1 = grid.bounds
    target = str(folder / f"{name}.tif")
    algorithm = (
        f"invdistnn:power={power}:smoothing=0:radius={radius}:max_points={neighbours}:"
        "min_points=1:nodata=-9999"
    )
    dataset = gdal.Grid(
        target, source, format="GTiff", outputType=gdal.GDT_Float64, algorithm=algorithm,
        zfield=name, outputBounds=[x0, y1, x1, y0], width=grid.width, height=grid.height,
        where=f"{name} IS NOT NULL",
    )  # fmt: skip
    values, up = dataset.ReadAsArray(), dataset.GetGeoTransform()[5] > 0
    values = values[::-1] if up else values
    return np.where(values == -9999, nan, values)


@pytest.mark.parametrize(("power", "radius"), [(2.0, 250.0), (1.0, 180.0), (3.5, 700.0)])
def test_equal_to_gdal(points, tmp_path, power, radius):
    _source, x, y, series = points
    # each date by itself, so that both take the neighbours that have a value then
    for number, name in enumerate(NAMES):
        has = np.isfinite(series[:, number])
        one = write(tmp_path / f"{name}.gpkg", x[has], y[has], series[has, number][:, None], [name])
        (tmp_path / name).mkdir(exist_ok=True)
        options = {"power": power, "neighbours": 7, "max_distance": radius, "left_out": 0}
        _result, raster = run(one, tmp_path / name, **options)
        expected = gdal_grid(one, name, raster.grid, power, 7, radius, tmp_path)
        found = raster.read()[0]
        assert np.array_equal(np.isnan(found), np.isnan(expected))
        assert found == pytest.approx(expected, rel=2e-5, abs=1e-5, nan_ok=True)
        assert (radius > 200) or np.isnan(found).any()


def test_all_dates_at_once_with_missing_values(points, tmp_path):
    source, x, y, series = points
    log = Log()
    result, raster = run(source, tmp_path, log, neighbours=5, max_distance=300)
    assert (result["BANDS"], raster.grid.width, raster.grid.height) == (4, 20, 15)
    assert raster.grid.transform == (300_000, 100, 0, 5_601_500, 0, -100)
    maps = raster.read()
    for (row, column), place in (((7, 4), (300_450, 5_600_750)), ((2, 11), (301_150, 5_601_250))):
        distance = np.hypot(x - place[0], y - place[1])
        near = np.argsort(distance)[:5]
        near = near[distance[near] <= 300]
        for date in range(4):
            use = near[np.isfinite(series[near, date])]
            on = use[distance[use] == 0]
            weights = distance[use] ** -2.0 if not len(on) else (distance[use] == 0).astype(float)
            expected = weights @ series[use, date] / weights.sum()
            assert maps[date, row, column] == pytest.approx(expected, rel=1e-5)
    assert maps[:2, 7, 4].tolist() == [-3.5, 2.25]
    assert result["CELLS"] == np.isfinite(maps).any(axis=0).sum()
    assert "of the values are missing" in log.text and "RMSE in mm IDW" in log.text


def test_bands_and_metadata(points, tmp_path):
    _result, raster = run(points[0], tmp_path)
    assert raster.names == ["2020-01-03", "2020-01-09", "2020-01-27", "2020-02-02"]
    about = raster.metadata
    assert about["SUBSIDENCE_KIND"] == "deformation_stack" and about["SUBSIDENCE_UNITS"] == "mm"
    assert about["SUBSIDENCE_MEANING"] == "vertical (U); negative is subsidence"
    assert (about["COMPONENT"], about["PRODUCT"], about["DATES"]) == ("U", "EGMS L3", "4")
    assert (about["FIRST_DATE"], about["LAST_DATE"]) == ("2020-01-03", "2020-02-02")
    assert "power 2, 12 neighbours within 500" in about["GRIDDING"]
    assert float(about["GRIDDING_RMSE"]) > 0
    bands = [raster.dataset.GetRasterBand(i).GetMetadata() for i in range(1, 5)]
    assert [b["SUBSIDENCE_DATE"] for b in bands] == raster.names
    assert {b["SUBSIDENCE_GAP"] for b in bands} == {"no"}
    assert raster.bands[0].data_type == "Float32" and np.isnan(raster.bands[0].nodata)
    maps = raster.read().reshape(4, -1).astype(float)
    for values, band in zip(maps, bands):
        known = values[np.isfinite(values)]
        expected = known.min(), known.max(), known.mean(), known.std()
        names = ("MINIMUM", "MAXIMUM", "MEAN", "STDDEV")
        found = [float(band[f"STATISTICS_{name}"]) for name in names]
        assert found == pytest.approx(expected, rel=1e-5)
    style = (tmp_path / "stack.qml").read_text(encoding="utf-8")
    assert 'band="4"' in style and "mm and less" in style and "$" not in style


def test_equal_steps_with_gaps_marked(points, tmp_path):
    source, log = points[0], Log()
    _result, raster = run(source, tmp_path, log, step=6)
    assert raster.names == [f"2020-{day}" for day in "01-03 01-09 01-15 01-21 01-27 02-02".split()]
    items = [raster.dataset.GetRasterBand(i).GetMetadata() for i in range(1, 7)]
    assert [b["SUBSIDENCE_GAP"] for b in items] == ["no", "no", "yes", "yes", "no", "no"]
    assert items[2]["SUBSIDENCE_ACQUISITION"] == "2020-01-09"
    assert raster.metadata["GAP_BANDS"] == "3, 4" and raster.metadata["STEP_DAYS"] == "6"
    assert "2 have no acquisition within half a step and are marked" in log.text
    # at the cell of the first point: 2.25 on the 9th, no value on the 27th, 1 on 2 February
    assert raster.read()[1:, 7, 4] == pytest.approx(2.25 - 1.25 * np.arange(5) * 6 / 24, rel=1e-5)
    _result, short = run(source, tmp_path, step=6, max_gap=10)
    assert np.isnan(short.read(bands=[3, 4])).all() and np.isfinite(short.read(bands=[1, 5])).any()


def test_dates_out_of_order_are_sorted(points, tmp_path):
    source, x, y, series = points
    order = [2, 0, 3, 1]
    mixed = write(tmp_path / "m.gpkg", x, y, series[:, order], [NAMES[i] for i in order])
    _result, raster = run(source, tmp_path)
    expected = raster.read()
    (tmp_path / "two").mkdir()
    _result, other = run(mixed, tmp_path / "two")
    assert other.names == raster.names
    assert np.array_equal(other.read(), expected, equal_nan=True)


def test_large_stacks_have_overviews(points, tmp_path):
    _result, raster = run(points[0], tmp_path, resolution=3.5, left_out=0)
    band = raster.dataset.GetRasterBand(4)
    assert raster.grid.width > 512 and band.GetOverviewCount() == 1
    assert band.GetMetadata()["STATISTICS_VALID_PERCENT"]


def test_blocks_change_nothing(points, tmp_path, monkeypatch):
    from land_subsidence.subsidence_plugin.engine.jobs import griddeformation

    for folder in ("whole", "blocks"):
        (tmp_path / folder).mkdir()
    _result, whole = run(points[0], tmp_path / "whole", resolution=40)
    monkeypatch.setattr(griddeformation, "BLOCK", 16)
    monkeypatch.setattr(griddeformation, "DATES", 3)
    _result, blocks = run(points[0], tmp_path / "blocks", resolution=40)
    assert whole.read() == pytest.approx(blocks.read(), rel=1e-5, abs=1e-5, nan_ok=True)


def polygon(path, box, crs=UTM32):
    reference = osr.SpatialReference(crs)
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = dataset.CreateLayer("area", reference, ogr.wkbPolygon)
    feature = ogr.Feature(layer.GetLayerDefn())
    x0, y0, x1, y1 = box
    ring = f"{x0} {y0}, {x1} {y0}, {x1} {y1}, {x0} {y1}, {x0} {y0}"
    feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON (({ring}))"))
    layer.CreateFeature(feature)
    dataset = layer = None
    return str(path)


def test_reference_area_and_median(points, tmp_path):
    source, x, _y, series = points
    _result, plain = run(source, tmp_path)
    expected = plain.read()
    area = polygon(tmp_path / "a.gpkg", (300_000, 5_600_000, 300_700, 5_601_500))
    log = Log()
    _result, raster = run(source, tmp_path, log, reference=area)
    inside = x <= 300_700
    level = np.nanmean(series[inside], axis=0)
    assert raster.read() == pytest.approx(expected - level[:, None, None], abs=1e-4, nan_ok=True)
    assert f"mean of the {inside.sum()} points in the reference area" in log.text
    assert "reference area" in raster.metadata["REFERENCE"]
    _result, raster = run(source, tmp_path, remove_median=True)
    level = np.nanmedian(series, axis=0)
    assert raster.read() == pytest.approx(expected - level[:, None, None], abs=1e-4, nan_ok=True)
    nowhere = polygon(tmp_path / "n.gpkg", (0, 0, 10, 10))
    with pytest.raises(InputError, match="No InSAR point lies inside REFERENCE"):
        run(source, tmp_path, reference=nowhere)
    with pytest.raises(InputError, match="REFERENCE holds no polygons"):
        run(source, tmp_path, reference=source)
    with pytest.raises(InputError, match="either REFERENCE or REMOVE_MEDIAN"):
        run(source, tmp_path, reference=area, remove_median=True)


def test_extent_takes_points_just_outside(points, tmp_path):
    source = points[0]
    _result, raster = run(source, tmp_path)
    whole = raster.read()
    (tmp_path / "part").mkdir()
    box = [300_510, 5_600_410, 301_090, 5_600_990, UTM32]
    log = Log()
    _result, part = run(source, tmp_path / "part", log, extent=box)
    assert part.grid.bounds == (300_500, 5_600_400, 301_100, 5_601_000)
    assert part.read() == pytest.approx(whole[:, 5:11, 5:11], rel=1e-5, abs=1e-5)
    assert "points lie within reach of EXTENT" in log.text


def test_points_in_degrees_go_to_their_utm_zone(points, tmp_path):
    source, x, y, series = points
    to = osr.CoordinateTransformation(*map(_reference, (UTM32, WGS84)))
    lonlat = np.array(to.TransformPoints(np.column_stack([x, y]).tolist()))
    degrees = write(tmp_path / "d.gpkg", lonlat[:, 0], lonlat[:, 1], series, crs=WGS84)
    _result, raster = run(source, tmp_path, max_distance=300)
    expected = raster.read()
    (tmp_path / "d").mkdir()
    log = Log()
    _result, other = run(degrees, tmp_path / "d", log, max_distance=300)
    assert osr.SpatialReference(other.grid.crs).GetAuthorityCode(None) == "32632"
    assert "brought to WGS 84 / UTM zone 32N" in log.text
    assert other.read()[[0, 1]] == pytest.approx(expected[[0, 1]], rel=1e-3, abs=1e-2, nan_ok=True)
    with pytest.raises(InputError, match="CRS is 'WGS 84', which is in degrees; choose a proj"):
        run(source, tmp_path, crs=WGS84)


def _reference(text):
    reference = osr.SpatialReference(text)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def test_few_points_and_doubles(tmp_path):
    source = write(tmp_path / "f.gpkg", [50, 50, 250], [50, 50, 50],
                   [[1, 2, 3, 4], [3, 4, 5, 6], [9, 9, 9, 9]])  # fmt: skip
    log = Log()
    result, raster = run(source, tmp_path, log)
    assert raster.read()[:, 0, 0].tolist() == pytest.approx([2, 3, 4, 5], rel=1e-6)
    assert raster.read()[0, 0, 1] == pytest.approx((1 + 3 + 9) / 3)
    assert "There are 3 points, fewer than NEIGHBOURS" in log.text
    assert "1 points share their position with another" in log.text
    assert result["CELLS"] == 3


def test_cells_far_from_points_are_not_filled(tmp_path):
    """Five cells of 100 m in a row, points in the middle of the first and of the second."""
    source = write(tmp_path / "f.gpkg", [50, 150], [50, 50], [[0, 0, 0, 0], [10, 20, 30, 40]])
    box, report = [0, 0, 500, 100, UTM32], tmp_path / "r.html"
    options = {"extent": box, "left_out": 0, "report": str(report), "max_distance": 250}
    # nearest points 0, 0, 100, 200, 300 m away; in the third cell the points are 200 and 100 m
    # away: weights 1 : 4; in the fourth only one is within 250 m
    log = Log()
    result, raster = run(source, tmp_path, log, **options)
    maps = raster.read()[:, 0]
    assert maps[0, :4] == pytest.approx([0, 10, 8, 10], abs=1e-5) and np.isnan(maps[:, 4]).all()
    assert result["CELLS"] == 4 and "FILL_DISTANCE" not in raster.metadata
    told = (
        "2 of the 4 cells with a value contain no point; values there are interpolation "
        "(50.0% of these cells)."
    )
    assert told in log.text and told in report.read_text(encoding="utf-8")
    assert "4 of 5 cells (80.0%) have a value; the others have no point within 250 m" in log.text
    # up to 100 m: the fourth cell is empty, the third still takes the point 200 m away
    log = Log()
    result, raster = run(source, tmp_path, log, **options, fill_distance=100)
    maps = raster.read()[:, 0]
    assert maps[:, 2] == pytest.approx([8, 16, 24, 32], rel=1e-5)
    assert maps[0, :3] == pytest.approx([0, 10, 8], abs=1e-5) and np.isnan(maps[:, 3:]).all()
    assert result["CELLS"] == 3 and raster.metadata["FILL_DISTANCE"] == "100"
    assert raster.metadata["GRIDDING"].endswith("power 2, 12 neighbours within 250")
    assert "3 of 5 cells (60.0%) have a value; the others have no point within 100 m" in log.text
    told = "1 of the 3 cells with a value contain no point; values there are interpolation (33.3%"
    text = report.read_text(encoding="utf-8")
    assert told in log.text and told in text and "Grey: no point within 100 m" in text
    assert "nearest point is farther than 100 m are left empty" in text
    # as far as the neighbours, nothing changes
    _result, raster = run(source, tmp_path, **options, fill_distance=250)
    assert np.isfinite(raster.read()[:, 0, :4]).all()
    # every cell with a value contains its point
    log = Log()
    result, _raster = run(source, tmp_path, log, **options, fill_distance=60)
    assert result["CELLS"] == 2 and "All 2 cells with a value contain a point." in log.text


def test_a_single_point(tmp_path):
    source = write(tmp_path / "o.gpkg", [50], [50], [[1, 2, 3, 4]])
    log = Log()
    result, raster = run(source, tmp_path, log, report=str(tmp_path / "r.html"))
    assert raster.read().ravel().tolist() == [1, 2, 3, 4] and "RMSE" not in result
    assert "no error can be told" in log.text
    assert "was not measured" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_date_without_any_value_is_an_empty_band(points, tmp_path):
    _source, x, y, series = points
    series[:, 3] = nan
    _result, raster = run(write(tmp_path / "e.gpkg", x, y, series), tmp_path,
                          report=str(tmp_path / "r.html"))  # fmt: skip
    maps = raster.read()
    assert np.isnan(maps[3]).all() and np.isfinite(maps[0]).any()
    assert 'band="3"' in (tmp_path / "stack.qml").read_text(encoding="utf-8")


def test_report_says_the_error_first(points, tmp_path):
    report = tmp_path / "r.html"
    result, _raster = run(points[0], tmp_path, report=str(report), step=6)
    text = report.read_text(encoding="utf-8")
    lead = text.index("Inverse distance weighting is no better here than the mean of all points")
    assert lead < text.index("Error of the gridding")  # noise: nothing to interpolate
    assert f"{result['RMSE']:.2f} mm" in text and "error-by-date.csv" in text
    tables = {p.name for p in (tmp_path / "r_data").iterdir()}
    assert {"figure-1-change.csv", "figure-2-error-by-date.csv"} <= tables


BAD = {
    "no dates": r"has no column of a date \(named 20200103, D20200103 or 2020-01-03\)",
    "no crs": "has no coordinate reference system",
    "far extent": r"No point lies within MAX_DISTANCE \(500 map units\) of EXTENT; the points lie",
    "no reach": r"No cell has a point within MAX_DISTANCE \(0.001 map units\)",
    "fill beyond": r"FILL_DISTANCE is 501; .* at most MAX_DISTANCE, 500 \(map units\), or empty",
    "fill nothing": "FILL_DISTANCE is 0; it must be greater than 0 and at most",
    "no fill": r"No cell has a point within FILL_DISTANCE \(0.001 map .*enlarge FILL_DISTANCE or",
    "no area": "EXTENT has no area",
    "resolution": "RESOLUTION is 0; it must be greater than 0",
    "cells": "RESOLUTION is in units of the CRS",
    "empty": "holds no point with a time series",
    "step": "STEP is 400 days, longer than the series",
    "text": "holds text in the field 'D20200103'",
    "twice": "has the date 2020-01-03 twice",
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case, points, tmp_path):
    source, x, y, series = points
    options = {
        "far extent": {"extent": [0, 0, 1000, 1000, UTM32]},
        "no reach": {"max_distance": 0.001, "extent": [300_100, 5_600_100, 300_300, 5_600_300, ""]},
        "fill beyond": {"fill_distance": 501.0},
        "fill nothing": {"fill_distance": 0.0},
        "no fill": {"fill_distance": 0.001, "extent": [300_100, 5_600_100, 300_300, 5_600_300, ""]},
        "no area": {"extent": [5, 5, 5, 9, UTM32]},
        "resolution": {"resolution": 0},
        "cells": {"resolution": 0.001},
        "step": {"step": 400},
    }.get(case, {})
    target = tmp_path / "bad.gpkg"
    if case == "no dates":
        source = write(target, x, y, series, ["a", "b", "c", "d"])
    elif case == "no crs":
        source = write(target, x, y, series, crs="")
    elif case == "empty":
        source = write(target, x, y, series * nan)
    elif case == "text":
        columns = {"D20200103": ["much"] * 150, "D20200109": series[:, 1]}
        write_points(str(target), x, y, columns, UTM32)
        source = str(target)
    elif case == "twice":
        source = write(target, x, y, series, ["D20200103", "20200103", "c", "d"])
    before = set(os.listdir(tmp_path))
    with pytest.raises(InputError, match=BAD[case]):
        run(source, tmp_path, **options)
    assert set(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("limit", [0.1, 0.44, 0.6, 0.9])
def test_cancel_leaves_nothing(points, tmp_path, limit):
    fractions = []
    log = Log(
        on_fraction=fractions.append, is_cancelled=lambda: bool(fractions and fractions[-1] > limit)
    )
    before = set(os.listdir(tmp_path))
    with pytest.raises(Cancelled):
        run(points[0], tmp_path, log, report=str(tmp_path / "r.html"))
    assert set(os.listdir(tmp_path)) == before


def test_ustica_as_delivered(real_data, tmp_path):
    """EGMS L3 points lie on the centres of 100 m cells, so their values come back."""
    folder = real_data / "egms_ustica"
    if not folder.is_dir():
        pytest.skip("no folder egms_ustica")
    points = str(tmp_path / "u.gpkg")
    source = str(folder / "EGMS_L3_E45N17_100km_U_2020_2024_1.csv")
    run_job("importinsar", {"inputs": [source], "output": points}, Log())
    result, raster = run(points, tmp_path)
    assert result["BANDS"] == 304 and raster.metadata["COMPONENT"] == "U"
    table = np.genfromtxt(source, delimiter=",", names=True, usecols=("easting", "northing"))
    last = np.genfromtxt(source, delimiter=",", skip_header=1)[:, -1]
    rows, columns, inside = raster.grid.cells(table["easting"], table["northing"])
    found = raster.read(bands=[304])[0][rows, columns]
    assert inside.all() and found == pytest.approx(last, abs=1e-4)
    assert 2.5 < result["RMSE"] < 3.5  # of another gridding: 2.92 against 3.09 of the plain mean
