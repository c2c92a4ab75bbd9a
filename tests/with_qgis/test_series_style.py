"""Points follow the temporal controller: what QGIS draws at a time, and how quickly."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.insar.dates import date_field
from land_subsidence.subsidence_plugin.engine.series_style import (
    FEWEST_DATES,
    chosen_dates,
    write_forecast_style,
    write_velocity_style,
)
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

DATES = np.datetime64("2020-01-03") + 365 * np.arange(3)


def points(path, columns):
    count = len(next(iter(columns.values())))
    x = 500000 + 100.0 * np.arange(count)
    write_points(str(path), x, np.full(count, 2e6), columns, "EPSG:32648")
    return str(path)


def colours(layer, day=None):
    """Return the fill colour of each point, with the controller at ``day`` or off."""
    from qgis.core import (
        QgsDateTimeRange,
        QgsExpressionContext,
        QgsExpressionContextUtils,
        QgsMapSettings,
        QgsRenderContext,
    )
    from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

    settings = QgsMapSettings()
    if day:
        start = QDateTime(QDate.fromString(day, "yyyy-MM-dd"), QTime(0, 0), Qt.TimeSpec.UTC)
        settings.setIsTemporal(True)
        settings.setTemporalRange(QgsDateTimeRange(start, start.addDays(30)))
    scopes = QgsExpressionContext()
    scopes.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    context = QgsRenderContext.fromMapSettings(settings)
    context.setExpressionContext(scopes)
    renderer = layer.renderer().clone()
    renderer.startRender(context, layer.fields())
    found = []
    for feature in layer.getFeatures():
        context.expressionContext().setFeature(feature)
        symbol = renderer.symbolForFeature(feature, context)
        found.append(symbol.color().name() if symbol else None)
    renderer.stopRender(context)
    return found


def test_velocities_give_way_to_displacement_at_the_date(qgis_app, tmp_path):
    from qgis.core import Qgis, QgsVectorLayer

    # Two years: 1.9986 years of 365.25 days. Displacement of −20 mm is −10.007 mm/yr of it.
    series = {date_field(d): v for d, v in zip(DATES, np.array([[0, 3], [-20, 1], [-90, 1.0]]))}
    path = points(tmp_path / "insar.gpkg", {"mean_velocity": np.array([-45.0, 0.5]), **series})
    write_velocity_style(path, DATES, 2)
    layer = QgsVectorLayer(path)
    worst, strong, none = "#4d0018", "#b2182b", "#f7f7f7"
    assert colours(layer) == [worst, none]
    assert colours(layer, "2020-02-01") == [none, none]
    assert colours(layer, "2019-12-01") == [none, none]  # before the first date: the first
    assert colours(layer, "2021-01-01") == [none, none]  # a day before the second
    second = colours(layer, "2021-01-02")
    assert second[0] not in (none, worst) and second[1] == none
    assert colours(layer, "2030-01-01") == [worst, none]
    assert strong not in second  # −10.007 lies in −20 to −10
    layer.loadDefaultStyle()  # as outputs do; QGIS resets the time of a layer that it opens
    properties = layer.temporalProperties()
    assert properties.isActive()
    assert properties.mode() == Qgis.VectorTemporalMode.RedrawLayerOnly


def test_forecast_points_show_the_change_since_the_origin(qgis_app, tmp_path):
    from qgis.core import QgsVectorLayer

    values = np.array([[-500.0, -510, -590], [7, 7, 7], [0, 30, 90]])
    columns = {date_field(d): v for d, v in zip(DATES, values.T)}
    path = points(tmp_path / "f.gpkg", {"mean_velocity": np.full(3, -99.0), **columns})
    write_forecast_style(path, DATES[0], DATES[1:], values[:, 1:], values[:, 0])
    layer = QgsVectorLayer(path)
    # −90, 0 and 90 mm: classes end at 20, 50 and 100 mm; subsidence is red.
    assert colours(layer) == ["#ef8a62", "#f7f7f7", "#67a9cf"]
    assert colours(layer, "2020-06-01") == ["#f7f7f7"] * 3
    assert colours(layer, "2021-06-01") == ["#f7f7f7", "#f7f7f7", "#c1dcec"]
    labels = [entry.label() for entry in layer.renderer().ranges()]
    assert labels[0] == "below −100 mm since 2020-01-03"
    assert labels[3] == "−20 to 20 mm since 2020-01-03"


@pytest.mark.parametrize(
    "dates, count, kept",
    [(300, 1653, 300), (300, 100_000, 24), (300, 10_000_000, FEWEST_DATES), (5, 10**8, 5)],
)
def test_large_layers_tell_fewer_dates_apart(dates, count, kept):
    days = np.datetime64("2020-01-03") + 6 * np.arange(dates)
    chosen = chosen_dates(days, count)
    assert kept - 2 <= len(chosen) <= kept
    assert chosen[-1] == days[-1]
    assert len(set(np.diff(chosen).astype(int))) <= 1


def test_drawing_many_points_reads_few_fields(qgis_app, tmp_path):
    """All 300 fields would be read by an expression that puts a name together."""
    from qgis.core import QgsRenderContext, QgsVectorLayer

    days = np.datetime64("2020-01-03") + 6 * np.arange(300)
    columns = {date_field(d): np.zeros(2) for d in days}
    path = points(tmp_path / "many.gpkg", {"mean_velocity": np.zeros(2), **columns})
    write_velocity_style(path, days, 100_000)
    layer = QgsVectorLayer(path)
    read = layer.renderer().usedAttributes(QgsRenderContext())
    fields = {name for name in read if name in columns or name == "mean_velocity"}
    assert len(fields) <= 26 and not [name for name in read if "all" in name.casefold()]


def test_raster_and_points_of_one_stem_share_one_style_file(qgis_app, tmp_path):
    from land_subsidence.subsidence_plugin.engine.outputs import Outputs
    from land_subsidence.subsidence_plugin.engine.styles import write_style
    from qgis.core import QgsRasterLayer, QgsVectorLayer
    from test_layers_loaded import write_raster

    ends = {f"{word}{k}": sign * k for word, sign in (("low", -1), ("high", 1)) for k in (1, 2, 3)}

    def make(raster, vector):
        with Outputs(*(t for t in (vector, raster) if t)) as outputs:
            if vector:
                points(outputs.path(vector), {"shap_slope": np.array([-9.0, 9.0])})
                write_style("shap_samples", outputs.path(vector), field='"shap_slope"', **ends)
            if raster:
                write_raster(outputs.path(raster), [[[-9, 9]]], "shap")
                write_style("shap", outputs.path(raster), band=1, **ends)

    raster, vector = str(tmp_path / "shap.tif"), str(tmp_path / "shap.gpkg")
    for targets in ((raster, vector), (None, vector), (raster, None)):
        make(*targets)
        assert QgsRasterLayer(raster).renderer().type() == "singlebandpseudocolor", targets
        layer = QgsVectorLayer(vector)
        assert layer.renderer().type() == "graduatedSymbol", targets
        assert layer.renderer().classAttribute() == '"shap_slope"'
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.endswith(".aux.xml")) == [
        "shap.gpkg", "shap.qml", "shap.tif",
    ]  # fmt: skip
