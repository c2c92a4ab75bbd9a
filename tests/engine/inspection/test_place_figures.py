"""Pictures and the table of a place: sizes, what is drawn, what the file holds."""

import csv
import io

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.inspection.picture import (
    _waterfall,
    report_png,
    series_png,
    waterfall_png,
)
from land_subsidence.subsidence_plugin.engine.inspection.place import (
    FactorValue,
    Forecast,
    PlaceReport,
    PlaceShap,
    Series,
    Value,
)
from land_subsidence.subsidence_plugin.engine.inspection.series_figure import (
    interval_text,
    recent_span,
    series_figure,
)
from land_subsidence.subsidence_plugin.engine.inspection.table import COLUMNS, report_csv
from land_subsidence.subsidence_plugin.engine.inspection.words import Words
from matplotlib.backends.backend_agg import FigureCanvasAgg
from osgeo import osr


def days(start, count, step=6):
    return np.datetime64(start) + step * np.arange(count)


def make_series(count=100, horizon=4, **options):
    dates = days("2020-01-01", count)
    forecast = Forecast(
        "ahead", dates[-1], days(dates[-1] + 6, horizon), -np.arange(horizon) - 100.0,
        -np.arange(horizon) - 103.0, -np.arange(horizon) - 97.0, "0.9",
    )  # fmt: skip
    return Series("stack", dates, 0.0 - np.arange(count), forecasts=[forecast], **options)


def make_shap(count=15):
    shap = np.linspace(-0.2, 0.3, count)
    names = [f"factor{i}" for i in range(count)]
    return PlaceShap(names, [f"{n} = 1" for n in names], np.ones(count), shap, 0.1,
                     0.1 + float(shap.sum()))  # fmt: skip


def size(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return tuple(int.from_bytes(png[at : at + 4], "big") for at in (16, 20))


@pytest.mark.parametrize("width", [3.3, 3.6, 7.0])
def test_pictures_are_as_wide_as_asked(width):
    for png in (waterfall_png(make_shap(), width=width), series_png(make_series(), width=width)):
        assert size(png)[0] == pytest.approx(96 * width, abs=1)
    wide, _height = size(waterfall_png(make_shap(), width=width, dpi=192))
    assert wide == pytest.approx(192 * width, abs=1)


def texts_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []


def test_series_shows_all_dates_and_a_short_forecast_closer():
    series = make_series()
    figure = series_figure(series)
    whole, recent = figure.axes
    observed = whole.get_lines()[0]
    assert len(observed.get_xdata()) == 100
    # The last panel: three lengths of the forecast (24 days from its origin) before the origin.
    first, last = recent_span(series)
    assert last - first == np.timedelta64(4 * 24, "D")
    assert len(recent.get_lines()[0].get_xdata()) == 13
    assert texts_of(recent) == [
        "observed", "90 % interval", "forecast", "origin 2021-08-17", "last 2021-08-17: −99.0 mm",
    ]  # fmt: skip


def test_one_panel_where_the_forecast_is_long_or_absent():
    assert len(series_figure(make_series(20, 10)).axes) == 1
    bare = Series("stack", days("2020-01-01", 5), np.arange(5.0))
    assert len(series_figure(bare).axes) == 1
    gaps = Series("stack", days("2020-01-01", 5), np.array([1, np.nan, 3, 4, np.nan]))
    assert gaps.last == 3 and len(series_figure(gaps).axes[0].get_lines()[0].get_xdata()) == 3


@pytest.mark.parametrize("values", [[np.nan] * 3, [np.nan, 1, np.nan], []])
def test_hardly_any_value_is_drawn_without_failing(values):
    dates = days("2020-01-01", len(values))
    bare = Series("stack", dates, np.array(values, float))
    assert size(series_png(bare))[0] > 300
    single = Forecast("f", None, days("2020-03-01", 1), np.array([1.0]), np.array([0.0]),
                      np.array([2.0]))  # fmt: skip
    assert size(series_png(Series("stack", dates, bare.values, forecasts=[single])))[0] > 300


def test_words_are_those_given():
    words = Words(
        observed="gemessen", interval="{percent}-%-Bereich", some_interval="Bereich",
        displacement="Bewegung ({unit})", others="{count} weitere", probability="Wahr",
    )  # fmt: skip
    figure = series_figure(make_series(unit="cm"), words)
    assert "gemessen" in texts_of(figure.axes[-1])
    assert figure.axes[0].get_ylabel() == "Bewegung (cm)"
    forecast = make_series().forecasts[0]
    assert interval_text(forecast, words) == "90-%-Bereich"
    forecast.coverage = ""
    assert interval_text(forecast, words) == "Bereich"
    assert words.unit("probability") == "Wahr" and words.unit("other") == "other"


def test_all_constant_shap_values_are_drawn():
    shap = make_shap(3)
    shap.shap = np.zeros(3)
    assert size(waterfall_png(shap))[1] > 100


def make_report():
    report = PlaceReport(1.5, 2.5, "EPSG:32648")
    report.values = [
        Value("map", "probability", "", 0.1 + 0.2),
        Value("ens", "members", "", 0.5, low=0.25, high=0.75, count=3),
        Value("cls", "levels", "", 4.0, "Highest, by far", date="2024-01-01"),
    ]
    report.factors = [FactorValue("tiefe", 3.5, 2.0, "a, b"), FactorValue("slope")]
    report.shap = make_shap(2)
    report.series = [make_series(3, 2), make_series(2, 1, distance=12.5)]
    report.series[1].values[1] = np.nan
    return report


def test_picture_of_all_holds_every_figure():
    report = make_report()
    width, height = size(report_png(report, "Title", ["line"], ["first", "second"]))
    report.series = report.series[:1]
    assert width == 1120 and size(report_png(report, "Title"))[1] < height
    report.shap, report.series = None, []
    assert size(report_png(report, "Title"))[0] == 1120


def crs_of(text):
    reference = osr.SpatialReference()
    reference.SetFromUserInput(text)
    return reference


@pytest.mark.parametrize("style", ["WKT1_GDAL", "WKT2_2019"])
def test_table_names_the_reference_system_by_its_code(style):
    report = make_report()
    report.crs = crs_of("EPSG:32648").ExportToWkt([f"FORMAT={style}"])
    assert "\nplace,,,crs,,,EPSG:32648,\n" in report_csv(report)
    report.crs = own = crs_of("+proj=tmerc +lon_0=105.3 +datum=WGS84").ExportToWkt(
        [f"FORMAT={style}"]
    )
    rows = csv.DictReader(io.StringIO(report_csv(report)))
    assert next(row["meaning"] for row in rows if row["name"] == "crs") == own


@pytest.mark.parametrize("width", [5.0, 5.4, 7.0])
def test_the_title_of_a_waterfall_is_not_cut(width):
    shap = make_shap()
    shap.texts = [f"distance to the nearest river {i} = 1234.5" for i in range(15)]
    words = Words(waterfall="Vorhersage {prediction}, ausgehend vom Mittel {mean} (gestrichelt)",
                  factor=str.upper)  # fmt: skip
    figure = _waterfall(shap, words, width)
    assert figure.axes[0].get_yticklabels()[0].get_text().startswith("DISTANCE TO")
    FigureCanvasAgg(figure).draw()
    title = figure._suptitle.get_window_extent()
    top = figure.axes[0].get_tightbbox(figure.canvas.get_renderer()).y1
    assert 0 <= title.x0 and title.x1 <= figure.bbox.x1 and top <= title.y0


def test_table_holds_everything_in_full():
    rows = list(csv.DictReader(io.StringIO(report_csv(make_report()))))
    assert tuple(rows[0]) == COLUMNS
    of = {part: [row for row in rows if row["part"] == part] for part in {r["part"] for r in rows}}
    assert [(r["name"], r["value"], r["meaning"]) for r in of["place"]] == [
        ("x", "1.5", ""), ("y", "2.5", ""), ("crs", "", "EPSG:32648"),
    ]  # fmt: skip
    assert of["value"][0]["value"] == "0.30000000000000004"
    assert [r["name"] for r in of["value"]] == ["", "", "minimum", "maximum", ""]
    assert of["value"][-1]["meaning"] == "Highest, by far" and of["value"][-1]["date"]
    assert [(r["name"], r["value"]) for r in of["factor"]] == [("tiefe", "3.5"), ("slope", "")]
    assert [(r["value"], r["meaning"]) for r in of["class"]] == [("2.0", "a, b")]
    assert [r["name"] for r in of["shap"]] == ["base", "prediction", "factor0", "factor1"]
    assert [(r["kind"], r["date"], r["value"]) for r in of["observed"]] == [
        ("cell", "2020-01-01", "0.0"), ("cell", "2020-01-07", "-1.0"),
        ("cell", "2020-01-13", "-2.0"), ("point", "2020-01-01", "0.0"), ("point", "2020-01-07", ""),
    ]  # fmt: skip
    assert [r["value"] for r in of["lower"]] == ["-103.0", "-104.0", "-103.0"]
    assert of["forecast"][0]["name"] == "origin 2020-01-13" and of["distance"][0]["value"] == "12.5"
