"""Every shipped style is taken up by QGIS from the file beside the data, without being asked."""

import sys
from pathlib import Path

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.styles import STYLES, write_class_style, write_style
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

RASTER_STYLES = {
    "factors": "singlebandgray",
    "classes": "paletted",
    "probability": "singlebandpseudocolor",
    "truth": "singlebandpseudocolor",
    "members": "singlebandpseudocolor",
    "spread": "singlebandpseudocolor",
    "susceptibility_classes": "paletted",
}
POINT_STYLES = {
    "samples": "categorizedSymbol",
    "inventory": "categorizedSymbol",
    "insar": "graduatedSymbol",
}


def write_raster(path: Path, values: np.ndarray, dtype: str = "float32") -> str:
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    grid = Grid(
        values.shape[1], values.shape[0], (0.0, 30, 0, 3000, 0, -30), reference.ExportToWkt()
    )
    with RasterWriter(str(path), grid, ["band"], dtype) as writer:
        writer.write(values[None])
    return str(path)


def write_samples(path: Path) -> str:
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    columns = {
        "label": np.array([1, 1, 0, 0]),
        "split": ["train", "validation", "train", "test"],
        "mean_velocity": np.array([-50.0, -7.0, 0.5, 9.0]),
    }
    x, y = np.array([10.0, 40, 70, 100]), np.full(4, 50.0)
    write_points(str(path), x, y, columns, reference.ExportToWkt())
    return str(path)


def test_every_style_file_is_listed_here():
    assert {p.stem for p in STYLES.glob("*.qml")} >= {*RASTER_STYLES, *POINT_STYLES}


@pytest.mark.parametrize("name", RASTER_STYLES)
def test_raster_takes_the_style_beside_it(qgis_app, tmp_path, name):
    from qgis.core import QgsRasterLayer

    path = write_raster(
        tmp_path / f"{name}.tif", np.linspace(0, 1, 100, dtype="float32").reshape(10, 10)
    )
    assert QgsRasterLayer(path).renderer().type() != RASTER_STYLES[name] or name == "factors"
    write_style(name, path)
    assert QgsRasterLayer(path).renderer().type() == RASTER_STYLES[name]


@pytest.mark.parametrize("name", POINT_STYLES)
def test_points_in_a_geopackage_take_the_style_beside_it(qgis_app, tmp_path, name):
    from qgis.core import QgsVectorLayer

    path = write_samples(tmp_path / f"{name}.gpkg")
    assert QgsVectorLayer(path).renderer().type() == "singleSymbol"
    write_style(name, path)
    for source in (path, f"{path}|layername={name}"):
        assert QgsVectorLayer(source).renderer().type() == POINT_STYLES[name]


def symbol_colours(layer) -> list:
    """Return the fill colour that the renderer gives each feature, None where it draws nothing."""
    from qgis.core import QgsRenderContext

    renderer, context = layer.renderer().clone(), QgsRenderContext()
    renderer.startRender(context, layer.fields())
    colours = []
    for feature in layer.getFeatures():
        context.expressionContext().setFeature(feature)
        symbol = renderer.symbolForFeature(feature, context)
        colours.append(symbol.color().name() if symbol else None)
    renderer.stopRender(context)
    return colours


def test_samples_are_coloured_by_label_and_shaped_by_split(qgis_app, tmp_path):
    from qgis.core import QgsVectorLayer

    path = write_samples(tmp_path / "samples.gpkg")
    write_style("samples", path)
    layer = QgsVectorLayer(path)
    assert symbol_colours(layer) == ["#1a1a1a", "#1a1a1a", "#ffffff", "#ffffff"]
    shapes = {c.label(): c.symbol().symbolLayer(0).shape() for c in layer.renderer().categories()}
    assert (
        len({shapes[f"Subsidence, {split}"] for split in ("training", "validation", "test")}) == 3
    )
    assert shapes["Subsidence, test"] == shapes["No subsidence, test"]


def test_inventory_without_labels_is_drawn_as_subsidence(qgis_app, tmp_path):
    from qgis.core import QgsVectorLayer

    write_style("inventory", str(tmp_path / "points.gpkg"))
    labelled = QgsVectorLayer(write_samples(tmp_path / "points.gpkg"))
    assert symbol_colours(labelled) == ["#1a1a1a", "#1a1a1a", "#ffffff", "#ffffff"]
    write_style("inventory", str(tmp_path / "plain.gpkg"))
    write_points(str(tmp_path / "plain.gpkg"), np.zeros(1), np.zeros(1), {"id": [7]}, "EPSG:32648")
    assert symbol_colours(QgsVectorLayer(str(tmp_path / "plain.gpkg"))) == ["#1a1a1a"]


def test_velocities_diverge_around_zero_with_subsidence_in_red(qgis_app, tmp_path):
    from qgis.core import QgsVectorLayer

    path = write_samples(tmp_path / "insar.gpkg")
    write_style("insar", path)
    assert symbol_colours(QgsVectorLayer(path)) == ["#4d0018", "#f4a582", "#f7f7f7", "#2166ac"]


def test_susceptibility_classes_have_the_five_names_of_the_paper(qgis_app, tmp_path):
    from qgis.core import QgsRasterLayer

    path = write_raster(tmp_path / "c.tif", np.arange(1, 6, dtype="uint8").reshape(1, 5), "uint8")
    write_style("susceptibility_classes", path)
    layer = QgsRasterLayer(path)
    legend = layer.renderer().legendSymbologyItems()
    assert [text for text, _ in legend] == ["Very low", "Low", "Moderate", "High", "Very high"]
    assert [c.name() for _, c in legend] == ["#2c7bb6", "#abd9e9", "#ffffbf", "#fdae61", "#d7191c"]


@pytest.mark.parametrize("value, colour", [(0.0, "#2c7bb6"), (0.5, "#ffffbf"), (1.0, "#d7191c")])
def test_probability_runs_from_blue_over_yellow_to_red(qgis_app, tmp_path, value, colour):
    from qgis.core import QgsRasterLayer
    from qgis.PyQt.QtGui import QColor

    path = write_raster(tmp_path / "p.tif", np.full((4, 4), value, "float32"))
    write_style("probability", path)
    layer = QgsRasterLayer(path)
    block = layer.renderer().block(1, layer.extent(), 4, 4)
    assert QColor(block.color(1, 1)).name() == colour


def test_factors_are_stretched_to_their_own_values_when_drawn(qgis_app, tmp_path):
    from qgis.core import QgsMapRendererParallelJob, QgsMapSettings, QgsRasterLayer
    from qgis.PyQt.QtCore import QSize

    values = np.linspace(500, 900, 10000, dtype="float32").reshape(100, 100)
    path = write_raster(tmp_path / "f.tif", values)
    write_style("factors", path)
    layer, settings = QgsRasterLayer(path), QgsMapSettings()
    settings.setLayers([layer])
    settings.setExtent(layer.extent())
    settings.setOutputSize(QSize(100, 100))
    settings.setDestinationCrs(layer.crs())
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    grays = [job.renderedImage().pixelColor(50, row).red() for row in (0, 50, 99)]
    assert grays[0] < 15 and 115 < grays[1] < 140 and grays[2] > 240


@pytest.mark.parametrize(
    "labels", [["1"], ["low", 'a "b" <c> & d'], [str(i) for i in range(1, 31)]]
)
def test_class_style_has_one_colour_for_each_class(qgis_app, tmp_path, labels):
    from qgis.core import QgsRasterLayer

    path = write_raster(tmp_path / "c.tif", np.arange(1, 41, dtype="uint8").reshape(4, 10), "uint8")
    write_class_style(path, labels)
    layer = QgsRasterLayer(path)
    legend = layer.renderer().legendSymbologyItems()
    assert [text for text, _ in legend] == labels
    assert len({colour.name() for _, colour in legend}) == len(labels)
    assert legend[0][1].name() == "#440154"
    if len(labels) > 1:
        assert legend[-1][1].name() == "#fde725"


def test_placeholders_are_filled_in_and_escaped(tmp_path, monkeypatch):
    styles = sys.modules[write_style.__module__]
    monkeypatch.setattr(styles, "STYLES", tmp_path)
    (tmp_path / "x.qml").write_text('<a label="$label" expression="$id"/>', encoding="utf-8")
    write_style("x", str(tmp_path / "layer.tif"), label='5 < 6 & "7"')
    written = (tmp_path / "layer.qml").read_text(encoding="utf-8")
    assert written == '<a label="5 &lt; 6 &amp; &quot;7&quot;" expression="$id"/>'
