"""Values, factors and series of a place against rasters and points that were written by hand."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled
from land_subsidence.subsidence_plugin.engine.inspection.place import GONE, Source
from land_subsidence.subsidence_plugin.engine.jobs.inspect_place import read_place
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import transform_points
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from place_files import COLUMN, GRID, PLACE, QUIET, ROW, UTM, WGS84, numbered, raster

DATES = ["2024-01-01", "2024-01-13", "2024-01-25"]
LATER = ["2024-02-06", "2024-02-18"]


def at_place(*sources, place=PLACE, crs=UTM, **options):
    return read_place(QUIET, sources, *place, crs, **options)


def test_values_are_those_of_the_cell(tmp_path):
    probability = raster(tmp_path / "p.tif", numbered() / 100, "probability",
                         SUBSIDENCE_UNITS="probability")  # fmt: skip
    spread = raster(tmp_path / "s.tif", numbered() + 0.5, "ensemble_spread", SUBSIDENCE_UNITS="mm")
    found = at_place(probability, spread).values
    expected = 10 * ROW + COLUMN
    assert [(v.layer, v.kind, v.unit) for v in found] == [
        ("p", "probability", ""), ("s", "ensemble_spread", "mm"),
    ]  # fmt: skip
    assert [v.value for v in found] == pytest.approx([expected / 100, expected + 0.5])


@pytest.mark.parametrize("column", range(GRID.width))
@pytest.mark.parametrize("row", range(GRID.height))
def test_every_cell_up_to_its_edges_and_in_degrees(tmp_path, column, row):
    own = raster(tmp_path / "p.tif", numbered(), "probability")
    for dx, dy in ((0.01, 0.01), (0.5, 0.5), (0.99, 0.99)):
        x, y = GRID.xy(column + dx, row + dy)
        lon, lat = transform_points(np.array([x]), np.array([y]), UTM, WGS84)
        for place, crs in (((x, y), UTM), ((lon[0], lat[0]), WGS84)):
            assert at_place(own, place=place, crs=crs).values[0].value == 10 * row + column


def test_a_layer_moved_to_another_crs_in_the_map_is_read_there(tmp_path):
    own = raster(tmp_path / "p.tif", numbered(), "probability")
    neighbour = Source(own.name, own.source, True, "EPSG:32649")
    lon, lat = transform_points(np.array([PLACE[0]]), np.array([PLACE[1]]), "EPSG:32649", WGS84)
    found = at_place(neighbour, place=(lon[0], lat[0]), crs=WGS84)
    assert found.values[0].value == 10 * ROW + COLUMN


def test_outside_and_without_data(tmp_path):
    holes = numbered()
    holes[0, ROW, COLUMN] = np.nan
    own = raster(tmp_path / "p.tif", holes, "probability")
    report = at_place(own)
    assert np.isnan(report.values[0].value) and report.pixel("probability") is None
    for place in ((499999.0, 2300015.0), (500041.0, 2300015.0), (1e30, 0.0)):
        report = at_place(own, place=place)
        assert report.values == [] and not report.pixels[0].inside


def test_members_dates_and_labels(tmp_path):
    members = raster(tmp_path / "m.tif", [0.2, 0.4, 0.9], "members")
    residual = raster(tmp_path / "r.tif", [1, -2, np.nan], "residual_signed", DATES,
                      SUBSIDENCE_UNITS="mm")  # fmt: skip
    exceedance = raster(tmp_path / "e.tif", [0.1, 0.3], "exceedance", ["P85", "P95"])
    rule = {"method": "manual", "classes": 2, "breaks": [5], "labels": ["Low", "High"]}
    classes = raster(tmp_path / "c.tif", [2], "susceptibility_classes", dtype="uint8",
                     SUBSIDENCE_RULE=json.dumps(rule))  # fmt: skip
    other = raster(tmp_path / "other.tif", [3], "")
    report = at_place(members, residual, exceedance, classes, other)
    mean, last, first_level, second_level, label = report.values
    assert (mean.value, mean.low, mean.high, mean.count) == pytest.approx((0.5, 0.2, 0.9, 3))
    assert (last.value, last.date, last.unit) == (-2, DATES[1], "mm")
    assert [(v.name, round(v.value, 6)) for v in (first_level, second_level)] == [
        ("P85", 0.1), ("P95", 0.3),
    ]  # fmt: skip
    assert label.value == 2
    assert [pixel.layer for pixel in report.pixels] == ["m", "r", "e", "c"]


def test_factors_and_their_classes_share_a_row(tmp_path):
    rule = {"method": "manual", "classes": 3, "breaks": [10, 20], "labels": ["a", "b", "c"]}
    raw = raster(tmp_path / "raw.tif", [12.5, np.nan, 7], "factor_stack", ["slope", "Twi", "ndvi"])
    more = raster(tmp_path / "more.tif", [99, 3.25], "factor_stack", ["slope", "twi"])
    classes = raster(tmp_path / "classes.tif", [2, 0], "class_stack", ["Slope", "twi"], "uint8",
                     rules=[json.dumps(rule)] * 2)  # fmt: skip
    found = {factor.name: factor for factor in at_place(raw, more, classes).factors}
    assert list(found) == ["Slope", "twi", "ndvi"]
    assert (found["Slope"].value, found["Slope"].code) == (12.5, 2)
    assert found["twi"].value == 3.25 and np.isnan(found["twi"].code)
    assert found["ndvi"].value == 7 and found["ndvi"].label == ""


def deformation(tmp_path, **about):
    stack = raster(tmp_path / "stack.tif", [0, -2.5, -4], "deformation_stack", DATES,
                   SUBSIDENCE_UNITS="mm")  # fmt: skip
    about = {"SUBSIDENCE_MODEL": "m", "SUBSIDENCE_ORIGIN": DATES[-1], "SUBSIDENCE_COVERAGE": "0.9",
             "SUBSIDENCE_SOURCE": "C:\\gone\\stack.tif", **about}  # fmt: skip
    ends = [
        raster(tmp_path / f"{kind}.tif", values, kind, LATER, **about)
        for kind, values in (
            ("deformation_forecast", [-5, -6]), ("forecast_lower", [-7, -9]),
            ("forecast_upper", [-3, -3.5]),
        )
    ]  # fmt: skip
    return stack, ends


def test_series_of_a_cell_with_forecast_and_interval(tmp_path):
    stack, ends = deformation(tmp_path)
    (series,) = at_place(*ends, stack).series
    assert [str(date) for date in series.dates] == DATES and series.last == 2
    assert series.values.tolist() == [0, -2.5, -4] and series.distance is None
    (forecast,) = series.forecasts
    assert [str(date) for date in forecast.dates] == LATER and str(forecast.origin) == DATES[-1]
    assert forecast.values.tolist() == [-5, -6] and forecast.coverage == "0.9"
    assert forecast.lower.tolist() == [-7, -9] and forecast.upper.tolist() == [-3, -3.5]


def test_ends_of_another_model_are_not_taken_and_a_forecast_stands_alone(tmp_path):
    _stack, ends = deformation(tmp_path)
    other = raster(tmp_path / "lower2.tif", [-70, -90], "forecast_lower", LATER,
                   SUBSIDENCE_MODEL="other", SUBSIDENCE_ORIGIN=DATES[-1])  # fmt: skip
    (series,) = at_place(other, ends[0], ends[2]).series
    assert len(series.dates) == 0 and series.last is None
    assert series.forecasts[0].lower is None and series.forecasts[0].upper is None


def points(path, x, y, columns, metadata=None, crs=UTM):
    write_points(str(path), np.array(x), np.array(y), columns, crs, metadata or {})
    return Source(path.stem, f"{path}|layername={path.stem}", False)


def test_nearest_point_within_the_distance(tmp_path):
    x, y = PLACE
    columns = {"D20240101": np.array([1.0, 2, 3]), "D20240113": np.array([4.0, np.nan, 6]),
               "note": ["a", "b", "c"]}  # fmt: skip
    own = points(tmp_path / "insar.gpkg", [x + 300, x - 30, x], [y, y + 40, y + 60], columns,
                 {"COMPONENT": "LOS", "SUBSIDENCE_UNITS": "cm, cm/yr; away"})  # fmt: skip
    (series,) = at_place(own, within=100).series
    assert series.distance == pytest.approx(50, rel=1e-6)  # 30, 40, 50
    assert series.values.tolist()[0] == 2 and series.last == 0
    assert (series.component, series.unit) == ("LOS", "cm")
    assert [str(date) for date in series.dates] == DATES[:2]
    assert at_place(own, within=49.9).series == []
    assert len(at_place(own, within=50.1).series) == 1


def test_nearest_point_in_degrees_is_near_on_the_ground(tmp_path):
    # At 60° north a degree of longitude is half as long as one of latitude.
    x, y = np.array([10.0015, 10.0]), np.array([60.0, 60.001])
    columns = {"D20240101": np.array([1.0, 2]), "D20240113": np.array([1.0, 2])}
    own = points(tmp_path / "insar.gpkg", x, y, columns, crs=WGS84)
    (series,) = at_place(own, place=(10.0, 60.0), crs=WGS84).series
    # 0.0015° · 111412 m · cos 60° (WGS 84: 55800 m a degree there) = 83.7 m, against 111.4 m.
    assert series.values[0] == 1 and series.distance == pytest.approx(83.7, abs=0.1)


def test_points_with_forecast_replace_the_same_points_without(tmp_path):
    x, y = PLACE
    past = {"D20240101": np.array([1.0]), "D20240113": np.array([2.0])}
    later = {**past, "D20240206": np.array([5.0]), "H20240206": np.array([1.5])}
    about = {"SUBSIDENCE_KIND": "point_forecast", "FORECAST_FIELDS": "D20240206",
             "SUBSIDENCE_ORIGIN": "2024-01-13", "SUBSIDENCE_COVERAGE": "0.8"}  # fmt: skip
    plain = points(tmp_path / "insar.gpkg", [x], [y], past)
    ahead = points(tmp_path / "ahead.gpkg", [x], [y], later, about)
    (series,) = at_place(plain, ahead).series
    (forecast,) = series.forecasts
    assert series.layer == "ahead" and series.values.tolist() == [1, 2]
    assert (forecast.values[0], forecast.lower[0], forecast.upper[0]) == (5, 3.5, 6.5)


def test_values_come_before_long_stacks_and_cancel_stops(tmp_path):
    stack, ends = deformation(tmp_path)
    own = raster(tmp_path / "p.tif", numbered(), "probability")
    seen = []
    report = at_place(stack, *ends, own, on_values=seen.append)
    (early,) = seen
    assert [v.layer for v in early.values] == ["p"] and early.series == []
    assert [pixel.layer for pixel in early.pixels] == ["p"]  # not changed afterwards
    assert len(report.series) == 1 and repr(report.values) == repr(early.values)
    with pytest.raises(Cancelled):
        read_place(Progress(is_cancelled=lambda: True), [own], *PLACE, UTM)


def test_what_cannot_be_read_is_named(tmp_path):
    own = raster(tmp_path / "p.tif", numbered(), "probability")
    (tmp_path / "broken.tif").write_bytes(b"no raster")
    no_crs = raster(tmp_path / "nocrs.tif", numbered(), "spread",
                    grid=Grid(4, 3, GRID.transform, ""))  # fmt: skip
    gone = Source("gone", str(tmp_path / "gone.tif"))
    broken = Source("broken", str(tmp_path / "broken.tif"))
    vector = Source("vector", str(tmp_path / "broken.tif"), False)
    report = at_place(gone, broken, vector, no_crs, own)
    assert [v.layer for v in report.values] == ["p"]
    words = {one.layer: (one.reason, one.words) for one in report.skipped}
    assert words["gone"] == (GONE, "") and set(words) == {"gone", "broken", "vector", "nocrs"}
    assert "cannot be opened" in words["broken"][1] and "cannot be opened" in words["vector"][1]
    assert "has no coordinate reference system" in words["nocrs"][1]


@pytest.mark.parametrize(
    ("legend", "label"),
    [('{"2": "Clay", "3": "Sand"}', "Clay"), ('{"3": "Sand"}', ""), ("[1]", ""), ("broken", "")],
)
def test_a_category_of_a_factor_is_named_by_its_legend(tmp_path, legend, label):
    path = tmp_path / "factors.tif"
    metadata = {"SUBSIDENCE_KIND": "factor_stack"}
    with RasterWriter(str(path), GRID, ["geology"], kinds=["categorical"], metadata=metadata) as w:
        w.write(np.full((1, GRID.height, GRID.width), 2, np.float32))
        w.dataset.GetRasterBand(1).SetMetadataItem("legend", legend)
    (factor,) = at_place(Source("factors", str(path))).factors
    assert (factor.name, factor.value, factor.label) == ("geology", 2, label)
