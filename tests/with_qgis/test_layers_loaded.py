"""Outputs that Processing loads: through its own code, into a project with a layer tree."""

from datetime import date, timedelta

import numpy as np
import pytest
from land_subsidence.algorithms import styling
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter

ORIGIN = (600000.0, 20.0, 0, 1200000.0, 0, -20.0)


def write_raster(path, values, kind, names=None, dates=None, dtype="float32"):
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    values = np.asarray(values, dtype)
    grid = Grid(values.shape[2], values.shape[1], ORIGIN, reference.ExportToWkt())
    names = names or [f"b{i}" for i in range(len(values))]
    with RasterWriter(str(path), grid, names, dtype, metadata={"SUBSIDENCE_KIND": kind}) as writer:
        writer.write(values)
        for index, day in enumerate(dates or (), 1):
            writer.dataset.GetRasterBand(index).SetMetadataItem("SUBSIDENCE_DATE", day)
    return str(path)


@pytest.fixture
def project(qgis_app):
    """The project that the window would show, empty before and after."""
    from qgis.core import QgsProject

    QgsProject.instance().clear()
    yield QgsProject.instance()
    QgsProject.instance().clear()


@pytest.fixture
def load(qgis_app, project, log):
    """Run an algorithm as the Toolbox would with 'Open output file after running'."""
    import processing
    from qgis.core import QgsProcessingContext

    def call(algorithm, parameters):
        context = QgsProcessingContext()
        context.setProject(project)
        return processing.runAndLoadResults(algorithm, parameters, feedback=log, context=context)

    return call


def tree(project):
    """Return (group, layer) of every layer in the tree from the top."""
    return [(n.parent().name(), n.name()) for n in project.layerTreeRoot().findLayers()]


@pytest.fixture
def probability(tmp_path):
    values = np.linspace(0, 1, 2500, dtype="float32").reshape(1, 50, 50)
    return write_raster(tmp_path / "probability.tif", values, "probability")


def classify(load, probability, folder, **more):
    areas = {"TABLE": str(folder / "areas.csv")}
    given = {"INPUT": probability, "OUTPUT": str(folder / "classes.tif"), **areas, **more}
    return load("subsidence:classifysusceptibility", given)


def test_classes_come_styled_and_grouped_by_kind(load, project, probability, tmp_path):
    classify(load, probability, tmp_path, METHOD=4, BREAKS="0.2, 0.4, 0.6, 0.8")
    groups = dict((name, group) for group, name in tree(project))
    assert groups == {"Susceptibility classes": "Susceptibility", "Table of classes": "Tables"}
    (layer,) = project.mapLayersByName("Susceptibility classes")
    assert layer.renderer().type() == "paletted"
    assert [c.label for c in layer.renderer().classes()] == [
        "Very low (up to 0.2)", "Low (0.2 to 0.4)", "Moderate (0.4 to 0.6)", "High (0.6 to 0.8)",
        "Very high (above 0.8)",
    ]  # fmt: skip
    assert styling._waiting == {}


def test_groups_keep_their_order_and_are_found_after_renaming(load, project, probability, tmp_path):
    classify(load, probability, tmp_path)
    project.layerTreeRoot().findGroup("Susceptibility").setName("My maps")
    (tmp_path / "again").mkdir()
    classify(load, probability, tmp_path / "again")
    top = [node.name() for node in project.layerTreeRoot().children()]
    assert top == ["My maps", "Tables"]
    assert len(project.layerTreeRoot().findGroup("My maps").findLayers()) == 2


def test_newest_map_is_seen_and_points_stay_above_it(project, probability, tmp_path):
    from qgis.core import QgsVectorLayer

    points = QgsVectorLayer("Point?crs=EPSG:32648", "Points of mine", "memory")
    project.addMapLayer(points)
    change_of_group(points, project, "points")
    ones = np.ones((1, 5, 5))
    first = write_raster(tmp_path / "a.tif", ones, "probability")
    second = write_raster(tmp_path / "b.tif", ones, "priority", dtype="uint8")
    for path in (first, second, first.replace("a.tif", "./a.tif")):
        finish(path, project, [])
        top = [node.name() for node in project.layerTreeRoot().children()]
    assert top == ["Points", "Susceptibility", "Uncertainty"]
    assert len(project.mapLayers()) == 4 and len(tree(project)) == 4


def change_of_group(layer, project, group):
    from land_subsidence.subsidence_plugin.layers.tree import move_layer

    return move_layer(layer, project, group)


def test_temporary_outputs_are_styled_and_grouped_too(load, project, probability):
    load(
        "subsidence:classifysusceptibility",
        {"INPUT": probability, "OUTPUT": "TEMPORARY_OUTPUT", "TABLE": "TEMPORARY_OUTPUT"},
    )
    assert {group for group, _name in tree(project)} == {"Susceptibility", "Tables"}
    (layer,) = project.mapLayersByName("Susceptibility classes")
    assert layer.renderer().type() == "paletted"


def test_the_users_group_for_results_holds_the_groups(load, project, probability, tmp_path):
    from processing.core.ProcessingConfig import ProcessingConfig

    setting = ProcessingConfig.RESULTS_GROUP_NAME
    ProcessingConfig.setSettingValue(setting, "Results")
    try:
        classify(load, probability, tmp_path)
    finally:
        ProcessingConfig.setSettingValue(setting, "")
    (top,) = project.layerTreeRoot().children()
    assert top.name() == "Results"
    assert {n.name() for n in top.children()} == {"Susceptibility", "Tables"}


def test_a_model_of_the_user_gets_groups_as_well(load, project, probability, tmp_path):
    from qgis.core import (
        QgsProcessing,
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
        QgsProcessingModelParameter,
        QgsProcessingParameterRasterLayer,
    )

    model = QgsProcessingModelAlgorithm("mine", "mine")
    model.addModelParameter(
        QgsProcessingParameterRasterLayer("map", "map"), QgsProcessingModelParameter("map")
    )
    child = QgsProcessingModelChildAlgorithm("subsidence:classifysusceptibility")
    child.setChildId("classify")
    child.addParameterSources(
        "INPUT", [QgsProcessingModelChildParameterSource.fromModelParameter("map")]
    )
    output = QgsProcessingModelOutput("My classes")
    output.setChildId("classify")
    output.setChildOutputName("OUTPUT")
    child.setModelOutputs({"My classes": output})
    model.addChildAlgorithm(child)
    model.updateDestinationParameters()
    name = next(d.name() for d in model.parameterDefinitions() if d.isDestination())
    load(model, {"map": probability, name: QgsProcessing.TEMPORARY_OUTPUT})
    assert tree(project) == [("Susceptibility", "My classes")]
    (layer,) = project.mapLayers().values()
    assert layer.renderer().type() == "paletted"


def test_without_a_window_nothing_is_loaded_or_kept(run, probability, tmp_path):
    run("subsidence:classifysusceptibility",
        {"INPUT": probability, "OUTPUT": str(tmp_path / "c.tif")})  # fmt: skip
    assert styling._waiting == {}


def test_square_legend_stays_after_saving(load, project, tmp_path):
    from qgis.core import QgsImageLegendNode, QgsProject

    rng = np.random.default_rng(1)
    members = rng.normal(0, 40, (3, 50, 50)).cumsum(axis=2).astype("float32")
    source = write_raster(tmp_path / "members.tif", members, "forecast_members")
    outputs = {
        name: str(tmp_path / f"{name.lower()}.tif")
        for name in ("BIVARIATE", "SPREAD", "LEVELS", "EXCEEDANCE")
    }
    load("subsidence:ensembleuncertainty", {"INPUT": [source], **outputs})
    (layer,) = [x for x in project.mapLayers().values() if "bivariate" in x.source()]
    assert tree(project)[0][0] == "Uncertainty"
    assert project.write(str(tmp_path / "p.qgz"))
    again = QgsProject()
    assert again.read(str(tmp_path / "p.qgz"))
    for where, one in ((project, layer), (again, again.mapLayer(layer.id()))):
        node = where.layerTreeRoot().findLayer(one.id())
        (entry,) = one.legend().createLayerTreeModelLegendNodes(node)
        assert isinstance(entry, QgsImageLegendNode)


def test_main_result_lies_on_top_of_the_others_of_its_run(load, project, tmp_path):
    rng = np.random.default_rng(1)
    members = rng.normal(0, 40, (3, 50, 50)).cumsum(axis=2).astype("float32")
    source = write_raster(tmp_path / "members.tif", members, "forecast_members")
    names = ("MEDIAN", "SPREAD", "LEVELS", "EXCEEDANCE", "CONFIDENCE", "BIVARIATE")
    for run in ("a", "b"):
        outputs = {n: str(tmp_path / run / f"{n.lower()}.tif") for n in names}
        load("subsidence:ensembleuncertainty", {"INPUT": [source], **outputs})
    found = [n.layer().source().split("/")[-2:] for n in project.layerTreeRoot().findLayers()]
    order = ["bivariate", "levels", "exceedance", "confidence", "spread", "median"]
    assert found == [[run, f"{name}.tif"] for run in ("b", "a") for name in order]


@pytest.fixture
def stack(tmp_path):
    """Five dates, six days apart, of which the style shows the last."""
    from land_subsidence.subsidence_plugin.engine.progress import Progress
    from land_subsidence.subsidence_plugin.engine.raster.deformation_stack import finish_stack

    days = [str(np.datetime64("2024-01-01") + 6 * k) for k in range(5)]
    values = np.ones((5, 20, 20), "float32") * np.arange(5)[:, None, None]
    path = write_raster(tmp_path / "stack.tif", values, "deformation_stack", days, days)
    finish_stack(path, Progress())
    return path


def finish(path, project, lines):
    """Load a raster as Processing does, and dress it."""
    from land_subsidence.subsidence_plugin.layers.finish import finish_layer
    from qgis.core import QgsRasterLayer

    layer = QgsRasterLayer(path, "Deformation")
    project.addMapLayer(layer)
    finish_layer(layer, project, lines.append)
    return layer


def shown(layers, day, end=None):
    """Return the bands that are drawn while the controller is at ``day``, or from it to ``end``."""
    from qgis.core import Qgis, QgsDateTimeRange
    from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

    def at(when):
        hour = 0 if end else 12  # frames go from midnight to midnight
        return QDateTime(QDate(when.year, when.month, when.day), QTime(hour, 0), Qt.TimeSpec.UTC)

    moment = QgsDateTimeRange(at(day), at(end or day), True, False)
    found = []
    for layer in layers:
        properties = layer.temporalProperties()
        if not properties.isVisibleInTemporalRange(moment):
            continue
        if hasattr(Qgis.RasterTemporalMode, "FixedRangePerBand"):
            found.append(properties.bandForTemporalRange(layer, moment))
        else:
            found.append(layer.renderer().usesBands()[0])
    return found


def test_each_date_of_a_stack_shows_from_its_day_to_the_next(project, stack, tmp_path):
    from qgis.core import QgsProject

    lines = []
    finish(stack, project, lines)
    layers = list(project.mapLayers().values())
    assert all(layer.temporalProperties().isActive() for layer in layers)
    for day, band in ((1, 1), (6, 1), (7, 2), (13, 3), (24, 4), (25, 5), (30, 5)):
        assert shown(layers, date(2024, 1, day)) == [band], day
    assert shown(layers, date(2024, 2, 2)) == [] and shown(layers, date(2023, 12, 31)) == []
    for step in range(5):  # the controller's frames, of which the next begins where one ends
        start = date(2024, 1, 1 + 6 * step)
        assert shown(layers, start, start + timedelta(6)) == [step + 1]
    assert project.write(str(tmp_path / "p.qgz"))
    again = QgsProject()
    assert again.read(str(tmp_path / "p.qgz"))
    assert shown(again.mapLayers().values(), date(2024, 1, 7), date(2024, 1, 13)) == [2]
    whole = project.timeSettings().temporalRange()
    assert whole.begin().date().toString("yyyy-MM-dd") == "2024-01-01"
    assert whole.end().date().toString("yyyy-MM-dd") == "2024-01-31"
    assert project.timeSettings().timeStep() == 6
    assert lines == []


def test_older_qgis_gets_a_folded_group_that_is_switched_off(project, stack):
    from land_subsidence.subsidence_plugin.layers.tree import date_groups
    from qgis.core import Qgis

    if hasattr(Qgis.RasterTemporalMode, "FixedRangePerBand"):
        pytest.skip("this QGIS knows a time range for each band")
    layer = finish(stack, project, [])
    (group,) = date_groups(project)
    assert group.name() == "Deformation: by date"
    assert group.parent().name() == "Deformation"
    assert not group.itemVisibilityChecked() and not group.isExpanded()
    assert [n.name()[-10:] for n in group.findLayers()] == [
        "2024-01-01", "2024-01-07", "2024-01-13", "2024-01-19",
    ]  # fmt: skip
    assert layer.renderer().usesBands() == [5]
    kinds = {n.layer().renderer().type() for n in group.findLayers()}
    assert kinds == {"singlebandpseudocolor"}


def test_group_of_dates_lies_right_below_its_layer(project, tmp_path):
    """QGIS unfolds the way to the first layer of a project that it opens: that is no date."""
    from land_subsidence.subsidence_plugin.layers.finish import finish_layer
    from land_subsidence.subsidence_plugin.layers.tree import DATES, date_groups
    from qgis.core import QgsRasterLayer

    kinds = ("forecast_change", "forecast_lower", "forecast_upper")
    days = ["2024-03-01", "2024-03-13"]
    for kind in (kinds[0], kinds[2], kinds[1]):  # the last one comes between the others
        path = write_raster(tmp_path / f"{kind}.tif", np.ones((2, 5, 5)), kind, days, days)
        layer = QgsRasterLayer(path, kind)
        project.addMapLayer(layer)
        finish_layer(layer, project, print, run="a run")
    (group,) = project.layerTreeRoot().children()
    nodes, layers = group.children(), [n for n in group.children() if n.name() in kinds]
    assert [node.name() for node in layers] == list(kinds)
    for found in date_groups(project):  # none in newer QGIS
        above = nodes[nodes.index(found) - 1]
        assert above.layerId() == found.customProperty(DATES)


def test_saved_dates_keep_the_ends_of_their_ramp(project, stack, tmp_path):
    layer = finish(stack, project, [])
    ends = (layer.renderer().classificationMin(), layer.renderer().classificationMax())
    for one in project.mapLayers().values():
        assert (one.renderer().classificationMin(), one.renderer().classificationMax()) == ends
    assert project.write(str(tmp_path / "p.qgs"))
    text = (tmp_path / "p.qgs").read_text(encoding="utf-8")
    assert 'classificationMin="' in text and 'classificationMin="nan"' not in text
    assert 'classificationMax="nan"' not in text


def test_time_of_a_project_that_has_one_stays(project, stack):
    from qgis.core import QgsDateTimeRange
    from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

    own = QgsDateTimeRange(
        QDateTime(QDate(1990, 1, 1), QTime(0, 0), Qt.TimeSpec.UTC),
        QDateTime(QDate(1991, 1, 1), QTime(0, 0), Qt.TimeSpec.UTC),
    )
    project.timeSettings().setTemporalRange(own)
    finish(stack, project, [])
    assert project.timeSettings().temporalRange() == own


def test_time_of_results_grows_with_the_next_result(project, stack, tmp_path):
    days = ["2024-03-01", "2024-03-13"]
    finish(stack, project, [])
    forecast = write_raster(tmp_path / "f.tif", np.ones((2, 5, 5)), "deformation_forecast", days)
    finish(forecast, project, [])
    whole = project.timeSettings().temporalRange()
    ends = [t.date().toString("yyyy-MM-dd") for t in (whole.begin(), whole.end())]
    assert ends == ["2024-01-01", "2024-03-25"]
    assert project.timeSettings().timeStep() == 6


def test_points_give_the_project_their_time(project, load, tmp_path):
    names = {"FACTORS": "f.tif", "INVENTORY": "i.gpkg", "INSAR": "insar.gpkg", "TRUTH": "t.tif"}
    outputs = {key: str(tmp_path / name) for key, name in names.items()}
    size = {"WIDTH": 100, "HEIGHT": 100, "DATES": 24, "POINTS": 200}
    load("subsidence:createexample", {**size, **outputs})
    assert {group for group, _name in tree(project)} == {
        "Points", "Susceptibility", "Conditioning factors",
    }  # fmt: skip
    whole = project.timeSettings().temporalRange()
    ends = [t.date().toString("yyyy-MM-dd") for t in (whole.begin(), whole.end())]
    assert ends == ["2020-01-03", "2020-05-26"]  # 24 dates, six days each
    (layer,) = [x for x in project.mapLayers().values() if "insar" in x.source()]
    assert layer.temporalProperties().isActive()
    assert "@map_start_time" in layer.renderer().classAttribute()


@pytest.mark.parametrize(
    "count, band, expected",
    [(5, 5, [1, 2, 3, 4, 5]), (7, 7, [1, 4, 7]), (7, 6, [3, 6]), (8, 8, [2, 5, 8])],
)
def test_too_many_dates_are_thinned_evenly_with_the_one_shown(count, band, expected):
    from land_subsidence.subsidence_plugin.layers.dates import chosen_bands

    most = 5 if count == 5 else 3
    assert chosen_bands(count, band, most) == expected


def test_bands_without_dates_are_left_alone(project, tmp_path):
    path = write_raster(tmp_path / "s.tif", np.ones((3, 5, 5)), "deformation_stack")
    layer = finish(path, project, [])
    assert list(project.mapLayers().values()) == [layer]
    assert not layer.temporalProperties().isActive()
    assert project.timeSettings().temporalRange().isInfinite()
