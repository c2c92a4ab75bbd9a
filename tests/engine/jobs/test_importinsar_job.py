"""Job ``importinsar``: EGMS tiles of all levels and releases, generic tables, bad input."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError, OutputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.series_layer import read_series

OLD_L3 = (
    "pid,easting,northing,height,rmse,mean_velocity,mean_velocity_std,acceleration,"
    "acceleration_std,seasonality,seasonality_std"
)
NEW_L3 = (
    "pid,easting,northing,height_ortho,rmse_ts,mean_velocity,mean_velocity_std,acceleration,"
    "acceleration_std,seasonality,seasonality_std,gnss_velocity_n,gnss_velocity_e,gnss_velocity_u"
)
OLD_L2 = (
    "pid,mp_type,latitude,longitude,easting,northing,height,height_wgs84,line,pixel,rmse,"
    "temporal_coherence,amplitude_dispersion,incidence_angle,track_angle,los_east,los_north,"
    "los_up,mean_velocity,mean_velocity_std,acceleration,acceleration_std,seasonality,"
    "seasonality_std"
)
NEW_L2 = (
    OLD_L2.replace("height,height_wgs84", "height_ortho,height_ellipse").replace("rmse", "rmse_ts")
    + ",gnss_velocity"
)
DATES = ["20200103", "20200109", "20200115"]


class Log:
    def __init__(self):
        self.lines = []
        self.progress = Progress(None, lambda text, _level: self.lines.append(text))

    @property
    def text(self):
        return "\n".join(self.lines)


@pytest.fixture
def log():
    return Log()


def egms(folder, name, header, points, dates=DATES, **special):
    """Write a tile; a point is (pid, easting, northing, series)."""
    columns = header.split(",")
    lines = [",".join([header, *dates])]
    for pid, x, y, series in points:
        x, y = (v + o if isinstance(v, int) else v for v, o in ((x, 4_000_000), (y, 3_000_000)))
        row = {name: "1.5" for name in columns} | {"pid": pid, "easting": x, "northing": y}
        row |= {"track_angle": "-9", "incidence_angle": "38", "los_east": "-0.6"} | special
        lines.append(",".join([*(str(row[c]) for c in columns), *map(str, series)]))
    (folder / name).write_text("\n".join(lines) + "\n")
    return str(folder / name)


def imported(log, folder, inputs, **options):
    target = str(folder / "out.gpkg")
    result = run_job("importinsar", {"inputs": inputs, "output": target, **options}, log.progress)
    return result, read_features(target)


@pytest.mark.parametrize(
    "name, header, title, component",
    [
        ("EGMS_L3_E40N30_100km_U_2019_2023_1.csv", OLD_L3, "EGMS L3, old columns", "U"),
        ("EGMS_L3_E40N30_100km_E_2020_2024_1.csv", NEW_L3, "EGMS L3, new columns", "E"),
        ("EGMS_L2b_117_0227_IW2_VV_2019_2023_1.csv", OLD_L2, "EGMS L2b, old columns", "LOS"),
        ("EGMS_L2b_117_0227_IW2_VV_2020_2024_1.csv", NEW_L2, "EGMS L2b, new columns", "LOS"),
        ("L2a.csv", OLD_L2 + ",cluster_label", "EGMS L2a, old columns", "LOS"),
        ("EGMS_L2a_117_0227_IW2_VV_2020_2024_1.csv", NEW_L2 + ",cluster_label",
         "EGMS L2a, new columns, track 117", "LOS"),
    ],
)  # fmt: skip
def test_all_levels_and_releases(tmp_path, log, name, header, title, component):
    path = egms(tmp_path, name, header, [("a", 50, 50, [1.5, 2, -3])])
    result, found = imported(log, tmp_path, [path])
    assert title in log.text
    assert result["COMPONENT"] == component
    assert result["GEOMETRY"] == ("ascending" if component == "LOS" else "")
    assert found.columns["D20200115"].tolist() == [-3]
    assert found.columns["mean_velocity"].tolist() == [1.5]  # as delivered, not fitted
    assert list(found.columns) == header.split(",") + ["D" + d for d in DATES]
    assert (found.x[0], found.y[0]) == (4000050, 3000050)
    assert "ETRS89" in found.crs and found.metadata["COMPONENT"] == component
    assert found.metadata["SUBSIDENCE_KIND"] == "insar"
    assert found.metadata["STEP_DAYS"] == "6"
    assert "Unit: mm and mm/yr; the sign is kept as delivered." in log.text


def test_a_descending_track(tmp_path, log):
    path = egms(tmp_path, "d.csv", NEW_L2, [("a", 1, 2, [1, 2, 3])], track_angle="191")
    assert imported(log, tmp_path, [path])[0]["GEOMETRY"] == "descending"


def test_overlapping_tiles_with_other_dates(tmp_path, log):
    first = egms(tmp_path, "EGMS_L3_E40N30_100km_U_2020_2024_1.csv", NEW_L3,
                 [("a", 50, 50, [1, 2, 3]), ("b", 150, 50, [4, 5, 6])])  # fmt: skip
    second = egms(tmp_path, "EGMS_L3_E41N30_100km_U_2020_2024_1.csv", NEW_L3,
                  [("b", 150, 50, [7, 8, 9, 10]), ("c", 250, 50, [1, 1, 1, 1])],
                  [*DATES, "20200121"])  # fmt: skip
    result, found = imported(log, tmp_path, [first, second])
    assert result["DUPLICATES"] == 1 and result["POINTS"] == 3 and result["DATES"] == 4
    assert found.columns["pid"] == ["a", "b", "c"]
    np.testing.assert_array_equal(found.columns["D20200103"], [1, 7, 1])
    np.testing.assert_array_equal(found.columns["D20200121"], [np.nan, 10, 1])
    assert "The files have different dates: 3 of 4 are in all" in log.text
    assert "1 points stand twice (overlapping tiles)" in log.text
    assert found.metadata["TILE"] == "E40N30, E41N30"


def test_old_and_new_columns_in_one_layer(tmp_path, log):
    old = egms(tmp_path, "EGMS_L3_E40N30_100km_U_2019_2023_1.csv", OLD_L3, [("a", 1, 2, [1, 2, 3])])
    new = egms(tmp_path, "EGMS_L3_E41N30_100km_U_2020_2024_1.csv", NEW_L3, [("b", 3, 4, [1, 2, 3])])
    _result, found = imported(log, tmp_path, [old, new])
    assert found.columns["rmse_ts"].tolist() == [1.5, 1.5]
    assert "rmse" not in found.columns and "height" not in found.columns
    assert "Files of old and new EGMS releases are mixed" in log.text


def test_a_generic_table_gets_a_velocity_and_keeps_its_columns(tmp_path, log):
    path = tmp_path / "series.csv"
    path.write_text(
        "Name;X;Y;Class;2020-01-01;2021-01-01;2020-07-02\n"
        "p1;500000;2000000;roof;0;-10;-4,5\np2;500100;2000000;;0;5;\n"
    )
    result, found = imported(log, tmp_path, [str(path)], crs="EPSG:32648", component=2)
    assert result["COMPONENT"] == "U"
    assert [n for n in found.columns if n.startswith("D2")] == ["D20200101", "D20200702",
                                                               "D20210101"]  # fmt: skip
    assert found.columns["Class"] == ["roof", None] or found.columns["Class"] == ["roof", ""]
    np.testing.assert_array_equal(found.columns["D20200702"], [-4.5, np.nan])
    t = np.array([0, 183, 366]) / 365.25
    expected = np.polyfit(t, [0, -4.5, -10], 1)[0]
    assert found.columns["mean_velocity"][0] == pytest.approx(expected, abs=1e-4)
    assert found.columns["mean_velocity"][1] == pytest.approx(5 / t[2], abs=1e-4)
    assert "the dates are out of order and are put in order" in log.text
    assert "There is no velocity: it is computed by least squares" in log.text


def test_names_of_other_tools_units_and_reserved_names(tmp_path, log):
    path = tmp_path / "series.csv"
    path.write_text("fid,lon,lat,VEL,D20200103,D20200109\n7,13.1,38.7,-0.02,0.001,0.002\n")
    result, found = imported(log, tmp_path, [str(path)], unit=2)
    assert result["COMPONENT"] == ""
    assert list(found.columns)[:4] == ["fid_source", "lon", "lat", "mean_velocity"]
    assert found.columns["mean_velocity"].tolist() == [-20]
    assert found.columns["D20200109"].tolist() == [2]
    assert "WGS 84" in found.crs
    assert "longitude and latitude (EPSG:4326)" in log.text
    assert "The component (LOS, U, E, N) is unknown" in log.text
    assert "(delivered in m)" in log.text


def test_filters_of_dates_and_extent(tmp_path, log):
    points = [("a", 50, 50, [0, 2, 0]), ("b", 950, 50, [1, 2, 3])]
    path = egms(tmp_path, "EGMS_L3_E40N30_100km_U_2020_2024_1.csv", NEW_L3, points)
    options = {
        "min_date": "2020-01-03",
        "max_date": "2020-01-10",
        "extent": [4e6, 3e6, 4000100, 3000100, ""],
    }
    result, found = imported(log, tmp_path, [path], **options)
    assert result["POINTS"] == 1 and result["DATES"] == 2
    assert found.columns["mean_velocity"][0] == pytest.approx(2 / (6 / 365.25), abs=1e-3)
    assert "Dates are left out, so velocity and its quality are computed anew." in log.text
    with pytest.raises(InputError) as error:
        imported(log, tmp_path, [path], min_date="2021-01-01")
    assert str(error.value) == (
        "0 of 3 dates (2020-01-03 to 2020-01-15) lie between MIN_DATE (2021-01-01) and MAX_DATE "
        "(not set); at least 2 are needed."
    )
    with pytest.raises(InputError, match="No point is left; check EXTENT, MIN_DATE and MAX_DATE"):
        imported(log, tmp_path, [path], extent=[5000, 5000, 6000, 6000, ""])


def test_one_broken_row_is_named_and_the_rest_kept(tmp_path, log):
    points = [(f"p{i}", 50 + 100 * i, 50, [1, 2, 3]) for i in range(500)]
    points[300] = ("p300", 5, 50, [1, "x", 3])
    points[400] = ("p400", "", 50, [1, 2, 3])
    points[450] = ("p450", 7, 50, ["", "nan", "NULL"])
    path = egms(tmp_path, "EGMS_L3_E40N30_100km_U_2020_2024_1.csv", NEW_L3, points)
    result, _found = imported(log, tmp_path, [path])
    assert result["POINTS"] == 497 and result["BROKEN_ROWS"] == 2
    name = "EGMS_L3_E40N30_100km_U_2020_2024_1.csv"
    assert f"Row left out: {name}, line 302: 'x' is no number in '20200109'." in log.text
    assert f"Row left out: {name}, line 402: no coordinates." in log.text
    assert "1 rows without any displacement are left out." in log.text


def refused(log, folder, text, name="t.csv", **options):
    path = folder / name
    path.write_text(text)
    with pytest.raises(InputError) as error:
        imported(log, folder, [str(path)], **options)
    assert sorted(p.name for p in folder.iterdir()) == [name]
    return str(error.value)


@pytest.mark.parametrize(
    "text, options, message",
    [
        ("pid,x,y\na,1,2\n", {}, "The file 't.csv' has no column of a date"),
        ("x,y,20200103,D20200103\n1,2,3,4\n", {}, "The file 't.csv' has the date 2020-01-03 twice"),
        ("x,y,20200103,20200109\n1,2,3,4\n", {}, "does not say which coordinate reference system"),
        ("a,b,20200103,20200109\n1,2,3,4\n", {}, "The file 't.csv' has no columns of coordinates"),
        ("a,b,20200103,20200109\n1,2,3,4\n", {"x_field": "a"}, "Y_FIELD is empty; name both"),
        ("a,b,20200103,20200109\n1,2,3,4\n", {"x_field": "a", "y_field": "q"},
         "The file 't.csv' has no column 'q' (Y_FIELD)."),
        ("x,y,20200103,20200109\nq,2,3,4\n", {"crs": "EPSG:3035"},
         "No row of INPUT can be read: t.csv, line 2: 'q' is no number in 'x'."),
        ("x,y,20200103,20200109\n", {"crs": "EPSG:3035"}, "holds a header and no row; choose"),
        ("lon,lat,20200103,20200109\n1,200,3,4\n", {}, "'t.csv' has a latitude of 200; its"),
        ("x,y,20200103\n1,2,3\n", {"crs": "EPSG:3035"}, "1 of 1 dates"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_imported(tmp_path, log, text, options, message):
    assert message in refused(log, tmp_path, text, **options)


def test_files_that_do_not_belong_together(tmp_path, log):
    point = [("a", 1, 2, [1, 2, 3])]
    up = egms(tmp_path, "EGMS_L3_E40N30_100km_U_2020_2024_1.csv", NEW_L3, point)
    east = egms(tmp_path, "EGMS_L3_E40N30_100km_E_2020_2024_1.csv", NEW_L3, point)
    with pytest.raises(InputError, match=r"The files differ in component: .* is U, .* is E;"):
        imported(log, tmp_path, [up, east])
    first = egms(tmp_path, "a.csv", NEW_L2, point)
    second = egms(tmp_path, "d.csv", NEW_L2, point, track_angle="190")
    with pytest.raises(InputError, match=r"The files differ in geometry: 'a.csv' is ascending, 'd"):
        imported(log, tmp_path, [first, second])
    with pytest.raises(OutputError, match="A layer of InSAR time series cannot be a shapefile"):
        run_job("importinsar", {"inputs": [up], "output": str(tmp_path / "o.shp")}, Progress())
    with pytest.raises(InputError, match="No file is chosen; choose csv or zip files in INPUT"):
        imported(log, tmp_path, [])


def test_egms_columns_in_another_crs(tmp_path, log):
    """A layer of ours or of a viewer, written as csv, must not be taken for EPSG:3035."""
    path = egms(tmp_path, "t.csv", NEW_L3, [("a", "575000", "2340000", [1, 2, 3])])
    with pytest.raises(InputError) as error:
        imported(log, tmp_path, [path])
    assert str(error.value) == (
        "The file 't.csv' has EGMS columns, but its easting of 575000 lies outside the area of "
        "EPSG:3035; choose its CRS."
    )
    assert "UTM zone 48N" in imported(log, tmp_path, [path], crs="EPSG:32648")[1].crs
    assert "EGMS is delivered in EPSG:3035; the CRS chosen is used instead." in log.text
    dated = egms(tmp_path, "d.csv", NEW_L3, [("a", 1, 2, [1, 2, 3])], ["D" + d for d in DATES])
    with pytest.raises(InputError, match="does not say which coordinate reference system"):
        imported(log, tmp_path, [dated])


def test_cancel_leaves_nothing(tmp_path):
    path = egms(tmp_path, "EGMS_L3_E40N30_100km_U_2020_2024_1.csv", NEW_L3,
                [("a", 1, 2, [1, 2, 3])])  # fmt: skip
    progress = Progress(is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        run_job("importinsar", {"inputs": [path], "output": str(tmp_path / "o.gpkg")}, progress)
    assert [p.name for p in tmp_path.iterdir()] == ["EGMS_L3_E40N30_100km_U_2020_2024_1.csv"]


def test_all_files_of_ustica(real_data, tmp_path, log):
    """Counts and dates as SOURCE.md states them; the fitted velocity is the delivered one."""
    folder = real_data / "egms_ustica"
    expected = {
        "EGMS_L2b_022_0845_IW2_VV_2020_2024_1.zip": (11590, 210, "LOS", "descending"),
        "EGMS_L2b_117_0227_IW2_VV_2020_2024_1.zip": (11759, 207, "LOS", "ascending"),
        "EGMS_L3_E45N17_100km_E_2020_2024_1.csv": (522, 304, "E", ""),
        "EGMS_L3_E45N17_100km_U_2020_2024_1.csv": (522, 304, "U", ""),
    }
    for name, (points, dates, component, geometry) in expected.items():
        arguments = {"inputs": [str(folder / name)], "output": str(tmp_path / "out.gpkg")}
        result = run_job("importinsar", arguments, log.progress)
        assert (result["POINTS"], result["DATES"]) == (points, dates)
        assert (result["COMPONENT"], result["GEOMETRY"]) == (component, geometry)
    assert result["BROKEN_ROWS"] == 0
    import csv

    with open(folder / name, newline="") as stream:
        row = next(csv.DictReader(stream))
    layer = read_series(str(tmp_path / "out.gpkg"), "It")
    np.testing.assert_allclose(
        layer.series[0], [float(row[d]) for d in row if d.startswith("20")], rtol=1e-6
    )
    from land_subsidence.subsidence_plugin.engine.insar.dates import years
    from land_subsidence.subsidence_plugin.engine.insar.fits import series_statistics

    fitted = series_statistics(layer.series.astype(float), years(layer.dates))
    for what, tolerance in (("mean_velocity", 0.055), ("acceleration", 0.011)):
        assert np.abs(fitted[what] - layer.columns[what]).max() < tolerance
