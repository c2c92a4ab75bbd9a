"""Legends in the user's language: every text of a style is listed, found and replaced."""

import pytest
from land_subsidence.subsidence_plugin.engine.styles import write_class_style, write_style
from test_layers_loaded import write_raster

TRANSLATED = {
    "Very low": "Sehr gering",
    "High": "Hoch",
    "Robust high: intervene first": "Sicher hoch: zuerst eingreifen",
    "level high, spread low": "Stufe hoch, Streuung gering",
    "{number} and more since {date}": "{number} und mehr seit {date}",
    "{number} and less since {date}": "{number} und weniger seit {date}",
    "{number} and more": "{number} und mehr",
    "{low} to {high} mm/yr": "{low} bis {high} mm/Jahr",
    "below {number} mm/yr": "unter {number} mm/Jahr",
    "Fold {number}": "Teil {number}",
    "Medium": "Mittel",
    "Level": "Stufe",
}


@pytest.fixture
def german(qgis_app):
    """A translator that knows a few texts."""
    from land_subsidence.subsidence_plugin.translate import CONTEXT
    from qgis.PyQt.QtCore import QCoreApplication, QTranslator

    class Few(QTranslator):
        def isEmpty(self):
            return False

        def translate(self, context, text, disambiguation=None, n=-1):
            return TRANSLATED.get(text) if context == CONTEXT else None

    translator = Few()
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


def test_every_label_of_a_style_is_listed_once(qgis_app):
    from land_subsidence.subsidence_plugin.layers.labels import legend_labels

    labels = legend_labels()
    assert labels == sorted(set(labels))
    assert {*TRANSLATED} - {"Level"} <= {*labels}
    assert {"Subsidence, training", "No cluster", "Inside", "Other folds", "Highest"} <= {*labels}
    assert not [text for text in labels if "$" in text or text.replace(".", "").isdigit()]
    assert "−40 to −20 mm/yr" not in labels and "Fold 3" not in labels


@pytest.mark.parametrize(
    "text, expected",
    [
        ("High", "Hoch"),
        ("−109 mm and less since 2020-01-03", "−109 mm und weniger seit 2020-01-03"),
        ("0.486 mm and more", "0.486 mm und mehr"),
        ("−40 to −20 mm/yr", "−40 bis −20 mm/Jahr"),
        ("below −40 mm/yr", "unter −40 mm/Jahr"),
        ("Fold 12", "Teil 12"),
        ("Medium: 38.8 mm ≤ |m| < 92.5 mm", "Mittel: 38.8 mm ≤ |m| < 92.5 mm"),
        (
            "Robust high: intervene first\n(level high, spread low)",
            "Sicher hoch: zuerst\neingreifen\n(Stufe hoch, Streuung\ngering)",
        ),
        ("1.0", "1.0"),
        ("My own class: sand", "My own class: sand"),
        ("", ""),
    ],
)
def test_texts_are_translated_with_their_numbers(german, text, expected):
    from land_subsidence.subsidence_plugin.layers.labels import translated

    result = translated(text)
    if "\n" in expected:
        assert result.replace("\n", " ") == expected.replace("\n", " ")
        assert max(map(len, result.split("\n"))) <= max(map(len, text.split("\n")))
    else:
        assert result == expected


def test_without_a_language_nothing_changes(qgis_app):
    from land_subsidence.subsidence_plugin.layers.labels import legend_labels, translated

    wrapped = "Densify, recalibrate thresholds\n(spread or exceedance high, residual\nnot high)"
    for text in (*legend_labels(), wrapped, "−109 mm and less since 2020-01-03"):
        assert translated(text) == text


def legend(layer):
    return [text for text, _colour in layer.renderer().legendSymbologyItems()]


def test_classes_of_a_raster_and_ends_of_a_ramp_are_replaced(german, tmp_path):
    from land_subsidence.subsidence_plugin.layers.labels import translate_legend
    from qgis.core import QgsRasterLayer

    path = write_raster(tmp_path / "c.tif", [[[1, 2, 3, 4, 5]]], "susceptibility_classes")
    labels = ["Very low", "Low", "Moderate", "High", "Mine"]
    write_class_style(path, labels, "susceptibility_classes")
    layer = QgsRasterLayer(path)
    translate_legend(layer)
    assert legend(layer) == ["Sehr gering", "Low", "Moderate", "Hoch", "Mine"]
    path = write_raster(tmp_path / "d.tif", [[[1, 2, 3, 4, 5]]], "deformation_stack")
    values = {
        f"{word}{k}": k * sign for word, sign in (("low", -1), ("high", 1)) for k in (1, 2, 3, 4)
    }
    texts = {f"text_{word}{k}": str(k) for word in ("low", "high") for k in (1, 2, 3)}
    ends = {"text_low4": "−4 mm and less", "text_high4": "4 mm and more"}
    write_style("deformation", path, band=1, **values, **texts, **ends)
    layer = QgsRasterLayer(path)
    translate_legend(layer)
    settings = layer.renderer().shader().rasterShaderFunction().legendSettings()
    assert settings.maximumLabel() == "4 mm und mehr"
    assert layer.renderer().shader().rasterShaderFunction().colorRampItemList()[-1].label == (
        "4 mm und mehr"
    )


def test_layer_tree_that_is_shown_already_gets_the_new_texts(german, tmp_path):
    from land_subsidence.subsidence_plugin.layers.labels import translate_legend
    from qgis.core import QgsLayerTreeModel, QgsProject, QgsRasterLayer, QgsVectorLayer
    from test_styles import write_samples

    raster = write_raster(tmp_path / "c.tif", [[[1, 2]]], "levels", dtype="uint8")
    write_class_style(raster, ["Very low", "Medium: 38.8 mm ≤ |m| < 92.5 mm"], "levels")
    points = write_samples(tmp_path / "insar.gpkg")
    write_style("insar", points)
    project = QgsProject()
    layers = [QgsRasterLayer(raster), QgsVectorLayer(points)]
    project.addMapLayers(layers)
    model = QgsLayerTreeModel(project.layerTreeRoot())
    shown = []
    for layer in layers:
        translate_legend(layer)
        node = project.layerTreeRoot().findLayer(layer.id())
        shown.append([entry.data(0) for entry in model.layerLegendNodes(node)])  # 0: the text
    assert shown[0][-2:] == ["Sehr gering", "Mittel: 38.8 mm ≤ |m| < 92.5 mm"]
    assert shown[1][:2] == ["unter −40 mm/Jahr", "−40 bis −20 mm/Jahr"]


def test_points_keep_their_colours_under_new_texts(german, tmp_path):
    from land_subsidence.subsidence_plugin.layers.labels import translate_legend
    from qgis.core import QgsVectorLayer
    from test_styles import symbol_colours, write_samples

    path = write_samples(tmp_path / "insar.gpkg")
    write_style("insar", path)
    layer = QgsVectorLayer(path)
    before = symbol_colours(layer)
    translate_legend(layer)
    assert symbol_colours(layer) == before
    labels = [entry.label() for entry in layer.renderer().ranges()]
    assert labels[:2] == ["unter −40 mm/Jahr", "−40 bis −20 mm/Jahr"]


def test_square_has_translated_axes_and_the_colours_of_the_style(german):
    from land_subsidence.subsidence_plugin.layers.bivariate import square
    from qgis.PyQt.QtGui import QColor

    colours = {k: QColor(25 * k, 10, 200) for k in range(1, 10)}
    image = square(colours)
    seen = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }
    assert {colour.name() for colour in colours.values()} <= seen
    wide = square(colours, 3.0)
    assert wide.width() == pytest.approx(3 * image.width(), abs=3)
    # High levels lie above low ones, and high spread right of low spread.
    places = {}
    for number, colour in colours.items():
        found = [
            (x, y) for x in range(image.width()) for y in range(image.height())
            if image.pixelColor(x, y).name() == colour.name()
        ]  # fmt: skip
        places[number] = [sum(axis) / len(found) for axis in zip(*found)]
    assert places[7][1] < places[4][1] < places[1][1]
    assert places[1][0] < places[2][0] < places[3][0]
