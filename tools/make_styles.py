"""Draw ``resources/styles/*.qml`` with QGIS: ``.venv/bin/python tools/make_styles.py``.

Written by QGIS 3.22, so that every later version reads them; ``engine/styles.py`` copies them
beside outputs.
"""
# ruff: noqa: TID251 - the styles are drawn by QGIS itself

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_HASH_SEED"] = "0"  # attributes in the same order every time

import numpy as np
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsColorRampShader,
    QgsContrastEnhancement,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsGraduatedSymbolRenderer,
    QgsMapLayer,
    QgsMarkerSymbol,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsRasterMinMaxOrigin,
    QgsRasterShader,
    QgsRendererCategory,
    QgsRendererRange,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

STYLES = Path(__file__).resolve().parents[1] / "resources" / "styles"
#: ColorBrewer RdYlBu reversed (colour-vision safe): low susceptibility blue, high red.
RISK = ["#2c7bb6", "#abd9e9", "#ffffbf", "#fdae61", "#d7191c"]
CLASSES = ["Very low", "Low", "Moderate", "High", "Very high"]
PURPLES = ["#fcfbfd", "#dadaeb", "#9e9ac8", "#6a51a3", "#3f007d"]
#: Nine steps of viridis: ordered, and readable in every kind of colour vision.
ORDINAL = [
    "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30",
    "#fde725",
]  # fmt: skip
#: Upper bound (mm/yr) and colour of each velocity class; subsidence is negative and red.
VELOCITY = [
    (-40, "#67001f"), (-20, "#b2182b"), (-10, "#d6604d"), (-5, "#f4a582"), (-2, "#fddbc7"),
    (2, "#f7f7f7"), (5, "#92c5de"), (None, "#2166ac"),
]  # fmt: skip
#: Fill and outline of points: black and white stand out on every colour of the maps under them.
PRESENCE, ABSENCE = ("#1a1a1a", "#ffffff"), ("#ffffff", "#1a1a1a")
SHAPES = {"training": "circle", "validation": "triangle", "test": "square"}


def main() -> None:
    """Write every style."""
    application = QgsApplication([], False)
    application.initQgis()
    STYLES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        raster = raster_layer(Path(folder) / "raster.tif")
        save(raster, gray(raster), "factors")
        save(raster, paletted(raster, [(str(k), c) for k, c in enumerate(ORDINAL, 1)]), "classes")
        for name in ("probability", "truth", "members"):
            labels = ["0.0", "0.25", "0.5", "0.75", "1.0"]
            save(raster, ramp(raster, RISK, 1.0, labels), name)
        labels = ["0.00", "0.05", "0.10", "0.15", "0.20 and more"]
        save(raster, ramp(raster, PURPLES, 0.2, labels), "spread")
        save(raster, paletted(raster, list(zip(CLASSES, RISK))), "susceptibility_classes")
        points = QgsVectorLayer(
            "Point?field=label:integer&field=split:string&field=mean_velocity:double", "p", "memory"
        )
        save(points, samples(), "samples")
        save(points, inventory(), "inventory")
        save(points, velocity(), "insar")


def raster_layer(path: Path) -> QgsRasterLayer:
    """Return a small raster to draw the styles on."""
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 8, 8, 1, gdal.GDT_Float32)
    dataset.SetGeoTransform((0, 1, 0, 8, 0, -1))
    dataset.GetRasterBand(1).WriteArray(np.linspace(0, 1, 64, dtype="float32").reshape(8, 8))
    dataset = None
    return QgsRasterLayer(str(path), "raster")


def gray(layer: QgsRasterLayer) -> QgsSingleBandGrayRenderer:
    """Gray of band 1, stretched anew to 2..98 % of what is seen, whatever band is chosen."""
    renderer = QgsSingleBandGrayRenderer(layer.dataProvider(), 1)
    stretch = QgsContrastEnhancement(layer.dataProvider().dataType(1))
    stretch.setContrastEnhancementAlgorithm(
        QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum
    )
    stretch.setMinimumValue(0)
    stretch.setMaximumValue(1)
    renderer.setContrastEnhancement(stretch)
    origin = QgsRasterMinMaxOrigin()
    origin.setLimits(QgsRasterMinMaxOrigin.Limits.CumulativeCut)
    origin.setExtent(QgsRasterMinMaxOrigin.Extent.UpdatedCanvas)
    renderer.setMinMaxOrigin(origin)
    return renderer


def ramp(
    layer: QgsRasterLayer, colours: list[str], maximum: float, labels: list[str]
) -> QgsSingleBandPseudoColorRenderer:
    """Interpolated colours from 0 to ``maximum``."""
    values = np.linspace(0, maximum, len(colours)).tolist()
    stops = [QgsGradientStop(v / maximum, QColor(c)) for v, c in zip(values, colours)][1:-1]
    source = QgsGradientColorRamp(QColor(colours[0]), QColor(colours[-1]), False, stops)
    function = QgsColorRampShader(0, maximum, source, QgsColorRampShader.Type.Interpolated)
    function.setColorRampItemList(
        [
            QgsColorRampShader.ColorRampItem(v, QColor(c), label)
            for v, c, label in zip(values, colours, labels)
        ]
    )
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader)
    renderer.setClassificationMin(0)
    renderer.setClassificationMax(maximum)
    return renderer


def paletted(layer: QgsRasterLayer, classes: list[tuple[str, str]]) -> QgsPalettedRasterRenderer:
    """Colours for the values 1, 2, ..."""
    entries = [
        QgsPalettedRasterRenderer.Class(value, QColor(colour), label)
        for value, (label, colour) in enumerate(classes, start=1)
    ]
    return QgsPalettedRasterRenderer(layer.dataProvider(), 1, entries)


def marker(fill: str, outline: str, size: float, shape: str = "circle") -> QgsMarkerSymbol:
    """Return a point symbol."""
    return QgsMarkerSymbol.createSimple(
        {
            "name": shape,
            "color": fill,
            "outline_color": outline,
            "outline_width": "0.2",
            "size": str(size),
        }
    )


def samples() -> QgsCategorizedSymbolRenderer:
    """Label as colour, split as shape."""
    categories = []
    for label, text, colours in ((1, "Subsidence", PRESENCE), (0, "No subsidence", ABSENCE)):
        for split, shape in SHAPES.items():
            key = "train" if split == "training" else split
            symbol = marker(*colours, 2.2 if shape == "triangle" else 1.8, shape)
            categories.append(QgsRendererCategory(f"{label} {key}", symbol, f"{text}, {split}"))
    return QgsCategorizedSymbolRenderer('concat("label", \' \', "split")', categories)


def inventory() -> QgsCategorizedSymbolRenderer:
    """Label as colour; a layer without labels is an inventory of subsidence."""
    return QgsCategorizedSymbolRenderer(
        "coalesce(attribute($currentfeature, 'label'), 1)",
        [
            QgsRendererCategory(1, marker(*PRESENCE, 1.8), "Subsidence"),
            QgsRendererCategory(0, marker(*ABSENCE, 1.8), "No subsidence"),
        ],
    )


def velocity() -> QgsGraduatedSymbolRenderer:
    """Mean velocity in mm/yr, diverging around zero."""
    ranges, lower = [], None
    for upper, colour in VELOCITY:
        if lower is None:
            text = f"below {upper}"
        else:
            text = f"above {lower}" if upper is None else f"{lower} to {upper}"
        bounds = (-1e6 if lower is None else lower, 1e6 if upper is None else upper)
        symbol = marker(colour, "#595959", 1.4)
        symbol.symbolLayer(0).setStrokeWidth(0.05)
        ranges.append(QgsRendererRange(*bounds, symbol, f"{text} mm/yr".replace("-", "−")))
        lower = upper
    return QgsGraduatedSymbolRenderer("mean_velocity", ranges)


def save(layer, renderer, name: str) -> None:
    """Save the symbology alone, without what belongs to the layer it was drawn on."""
    layer.setRenderer(renderer)
    path = STYLES / f"{name}.qml"
    category = QgsMapLayer.StyleCategory.Symbology
    layer.saveNamedStyle(str(path), QgsMapLayer.StyleCategories(category))
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'\n\s*<prop [kv]="[^"]*" [kv]="[^"]*"/>', "", text)  # the old form of <Option>
    text = re.sub(
        r"<data_defined_properties>.*?</data_defined_properties>\s*", "", text, flags=re.S
    )
    path.write_text(text.rstrip() + "\n", encoding="utf-8")
    print(f"{path.name}: {len(text)} characters")


if __name__ == "__main__":
    main()
