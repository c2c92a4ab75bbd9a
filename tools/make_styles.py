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
    Qgis,
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
#: ColorBrewer BrBG (colour-vision safe): like the training rows green, unlike them brown, changing
#: at the threshold; no colour of it stands for a susceptibility.
DISSIMILARITY = [
    "#01665e", "#35978f", "#80cdc1", "#c7eae5", "#f6e8c3", "#dfc27d", "#bf812d", "#8c510a",
]  # fmt: skip
APPLICABILITY = [("Outside: the model extrapolates", "#bf812d"), ("Inside", "#c7eae5")]
#: Nine steps of viridis (the last but one a little darker): ordered, and readable in every kind of
#: colour vision.
ORDINAL = [
    "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#9bd93c",
    "#fde725",
]  # fmt: skip
#: Upper bound (mm/yr) and colour of each velocity class; subsidence is negative and red.
VELOCITY = [
    (-40, "#4d0018"), (-20, "#b2182b"), (-10, "#d6604d"), (-5, "#f4a582"), (-2, "#fcd0b7"),
    (2, "#f7f7f7"), (5, "#92c5de"), (None, "#2166ac"),
]  # fmt: skip
#: Fill and outline of points: black and white stand out on every colour of the maps under them.
PRESENCE, ABSENCE = ("#1a1a1a", "#ffffff"), ("#ffffff", "#1a1a1a")
#: Paul Tol's "muted" scheme (colour-vision safe, unordered): neighbours in this order differ most.
FOLDS = [
    "#cc6677", "#332288", "#ddcc77", "#117733", "#88ccee", "#882255", "#44aa99", "#999933",
    "#aa4499",
]  # fmt: skip
OTHER_FOLDS = "#bbbbbb"
#: ColorBrewer RdBu reversed, its palest a little stronger: what lowers the prediction blue, raises
#: it red.
DIVERGING = ["#2166ac", "#67a9cf", "#c1dcec", "#f7f7f7", "#fccfb5", "#ef8a62", "#b2182b"]
#: Colours of dominant factors, the strongest factor first: Tol's scheme, then what is left beside
#: it; the last colour is that of "none".
FACTORS = [
    *FOLDS, "#f58231", "#4363d8", "#9a6324", "#bcf60c", "#f032e6", "#800000", "#46f0f0", "#808000",
    "#fabebe", "#000075", "#aaffc3", "#e6beff", "#ffd8b1", "#fffac8", "#3cb44b", "#f2f2f2",
]  # fmt: skip
#: ColorBrewer YlOrBr (colour-vision safe): probability to reach a level, none is nearly white.
REACHED = ["#f7f7f7", "#fed98e", "#fe9929", "#d95f0e", "#662506"]
LEVELS = [("Low", "#abd9e9"), ("Medium", "#ffffbf"), ("High", "#fdae61"), ("Highest", "#d7191c")]
#: Nine colours of two scales that differ in every kind of colour vision: level from pale to
#: orange, spread from pale to blue, both high dark; the legend lists the rows of R, Figure 8.
BIVARIATE = [
    "#f4eee6", "#a3d5ea", "#1f9ad6",
    "#fab186", "#b0988c", "#3b7089",
    "#f0641e", "#a3542d", "#4a3329",
]  # fmt: skip
GRADES = ("Low", "Medium", "High")
#: What to do, in the order of the rules (``engine/uncertainty/priority.py``, compared by a test).
PRIORITY = [
    ("Robust high: intervene first", "#a50026"),
    ("Unstable high: verify in the field before building", "#f46d43"),
    ("Dense monitoring (GNSS, corner reflectors)", "#542788"),
    ("Densify monitoring, verify", "#e3a8d5"),
    ("Densify, recalibrate thresholds", "#fee08b"),
    ("Model bias: check data", "#3182bd"),
    ("Routine: low-frequency inspection", "#e8e8e8"),
]
#: Where errors of a forecast cluster (``engine/residuals/hotspots.py``, compared by a test).
RESIDUAL_HOTSPOTS = [
    ("Small errors cluster (5 % false discoveries)", "#4393c3"),
    ("No cluster", "#f2f2f2"),
    ("Large errors cluster (5 % false discoveries)", "#fdae61"),
    ("Large errors cluster (1 % false discoveries)", "#a50026"),
]
#: ColorBrewer YlOrRd (colour-vision safe): size of an error.
ERRORS = ["#ffffcc", "#fed976", "#fd8d3c", "#e31a1c", "#800026"]
#: Ramps that go below zero.
SIGNED = ("ensemble_median", "deformation", "residual")
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
        save(raster, paletted(raster, [(str(k), c) for k, c in enumerate(FACTORS, 1)]),
             "dominant_factor")  # fmt: skip
        save(raster, diverging(raster), "shap")
        open_numbers("shap", [(rf'value="{value}"', f'value="${name}"') for value, name in ENDS])
        open_numbers("shap", [('band="1"', 'band="$band"'), ('Min="-3"', 'Min="$low3"'),
                              ('Max="3"', 'Max="$high3"'), ('Value="-3"', 'Value="$low3"'),
                              ('Value="3"', 'Value="$high3"')])  # fmt: skip
        save(raster, by_threshold(raster), "dissimilarity")
        fill_in("dissimilarity", len(DISSIMILARITY))
        save(raster, paletted(raster, APPLICABILITY, first=0), "applicability")
        uncertainty_styles(raster)
        points = QgsVectorLayer(
            "Point?field=label:integer&field=split:string&field=mean_velocity:double"
            "&field=fold_spatial:integer",
            "p",
            "memory",
        )
        save(points, samples(), "samples")
        save(points, inventory(), "inventory")
        save(points, velocity(), "insar", redrawn=True)
        save(points, changes(), "point_forecast", redrawn=True)
        open_points("point_forecast")
        save(points, folds(), "folds")
        save(points, shap_values(), "shap_samples")
        save(points, shap_values(), "residual_points")
        for name in ("shap_samples", "residual_points"):
            open_points(name)


def uncertainty_styles(raster: QgsRasterLayer) -> None:
    """Write the styles of an ensemble's maps; purple is doubt in all of them."""
    shares = ["0.0", "0.25", "0.5", "0.75", "1.0"]
    save(raster, ramp(raster, REACHED, 1.0, shares), "exceedance")
    save(raster, ramp(raster, PURPLES[::-1], 1.0, shares), "confidence")
    save(raster, paletted(raster, LEVELS), "levels")
    save(raster, bivariate(raster), "bivariate")
    save(raster, paletted(raster, PRIORITY), "priority")
    texts = ["0", *(f"$text_high{step}" for step in range(1, 5))]
    for name in ("rank_variance", "ensemble_spread", "forecast_spread"):
        save(raster, ramp(raster, PURPLES, 4.0, texts), name)
        open_ramp(name)
    for name in SIGNED:
        save(raster, displacement(raster, name == "residual"), name)
        open_ramp(name)
    for name in ("deformation", "residual", "forecast_spread"):
        open_numbers(name, [('band="1"', 'band="$band"')])
    save(raster, ramp(raster, ERRORS, 4.0, texts), "residual_absolute")
    open_ramp("residual_absolute")
    save(raster, paletted(raster, RESIDUAL_HOTSPOTS), "residual_hotspots")


def bivariate(layer: QgsRasterLayer) -> QgsPalettedRasterRenderer:
    """Classes 1 to 9, listed in the legend from high levels down, as the rows of a matrix."""
    entries = [
        QgsPalettedRasterRenderer.Class(
            3 * row + column + 1,
            QColor(BIVARIATE[3 * row + column]),
            f"{GRADES[row]} level × {GRADES[column].lower()} spread",
        )
        for row in (2, 1, 0)
        for column in range(3)
    ]
    return QgsPalettedRasterRenderer(layer.dataProvider(), 1, entries)


def displacement(layer: QgsRasterLayer, residual: bool = False) -> QgsSingleBandPseudoColorRenderer:
    """Displacement from −4 to 4, subsidence (negative) red, which ``open_ramp`` leaves open.

    Of a ``residual`` what is predicted too high (positive) is red, as in R, Figure 9.
    """
    values = [-4, -3, -2, -1, 0, 1, 2, 3, 4]
    colours = ["#4d0018", "#b2182b", "#d6604d", "#f4a582", "#f7f7f7", "#c4deed", "#7fb8d8",
               "#4189bd", "#1a5596"]  # fmt: skip
    colours = colours[::-1] if residual else colours
    stops = [QgsGradientStop((v + 4) / 8, QColor(c)) for v, c in zip(values, colours)][1:-1]
    source = QgsGradientColorRamp(QColor(colours[0]), QColor(colours[-1]), False, stops)
    function = QgsColorRampShader(-4, 4, source, QgsColorRampShader.Type.Interpolated)
    texts = [f"$text_{'low' if v < 0 else 'high'}{abs(v)}" if v else "0" for v in values]
    function.setColorRampItemList(
        [
            QgsColorRampShader.ColorRampItem(v, QColor(c), text)
            for v, c, text in zip(values, colours, texts)
        ]
    )
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader)
    renderer.setClassificationMin(-4)
    renderer.setClassificationMax(4)
    return renderer


def open_ramp(name: str) -> None:
    """Turn the numbers −4 to 4 of a saved ramp into the placeholders of ``write_style``."""
    ends = [(4, "high4"), (-4, "low4")]
    open_numbers(name, [
        *((rf'(<item [^>]*value=)"{value}"', rf'\1"${word}{abs(value)}"')
          for word, values in (("high", range(1, 5)), ("low", range(-4, 0))) for value in values),
        *((rf'classification({end})="{value}"', rf'classification\1="${word}"')
          for end in ("Min", "Max") for value, word in ends),
        *((rf'{end}imumValue="{value}"', f'{end}imumValue="${word}"')
          for end in ("min", "max") for value, word in ends),
        ('maximumLabel=""', 'maximumLabel="$text_high4"'),
        *([('minimumLabel=""', 'minimumLabel="$text_low4"')] if name in SIGNED else []),
    ])  # fmt: skip


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


def by_threshold(layer: QgsRasterLayer) -> QgsSingleBandPseudoColorRenderer:
    """Colours of classes whose bounds 1, 2, ... and labels become placeholders (``fill_in``)."""
    count = len(DISSIMILARITY)
    function = QgsColorRampShader(0, count, None, QgsColorRampShader.Type.Discrete)
    function.setColorRampItemList(
        [
            QgsColorRampShader.ColorRampItem(np.inf if i == count else i, QColor(c), f"$text{i}")
            for i, c in enumerate(DISSIMILARITY, start=1)
        ]
    )
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader)
    renderer.setClassificationMin(0)
    renderer.setClassificationMax(count)
    return renderer


def fill_in(name: str, count: int) -> None:
    """Turn the bounds 1, 2, ... of a style's classes into placeholders ``$bound1``, ..."""
    path = STYLES / f"{name}.qml"
    text = path.read_text(encoding="utf-8")
    for i in range(1, count):
        text = re.sub(rf'(<item [^>]*value=)"{i}"', rf'\1"$bound{i}"', text)
    last = f"$bound{count - 1}"
    for attribute in ("classificationMax", "maximumValue"):
        text = text.replace(f'{attribute}="{count}"', f'{attribute}="{last}"')
    path.write_text(text, encoding="utf-8")


def paletted(
    layer: QgsRasterLayer, classes: list[tuple[str, str]], first: int = 1
) -> QgsPalettedRasterRenderer:
    """Colours for the values ``first``, ``first`` + 1, ..."""
    entries = [
        QgsPalettedRasterRenderer.Class(value, QColor(colour), label)
        for value, (label, colour) in enumerate(classes, start=first)
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


def folds() -> QgsCategorizedSymbolRenderer:
    """Spatial fold as colour; the last category takes what has none of its own."""
    categories = [
        QgsRendererCategory(number, marker(colour, "#1a1a1a", 1.9), f"Fold {number}")
        for number, colour in enumerate(FOLDS, 1)
    ]
    categories.append(QgsRendererCategory(None, marker(OTHER_FOLDS, "#1a1a1a", 1.9), "Other folds"))
    return QgsCategorizedSymbolRenderer("fold_spatial", categories)


#: Numbers that stand for those that a run fills in, and the placeholders of ``write_style``.
ENDS = [
    (-3, "low3"), (-2, "low2"), (-1, "low1"), (1, "high1"), (2, "high2"), (3, "high3"),
]  # fmt: skip


def diverging(layer: QgsRasterLayer) -> QgsSingleBandPseudoColorRenderer:
    """SHAP values from −3 to 3, which ``open_numbers`` turns into placeholders."""
    values = list(range(-3, 4))
    stops = [QgsGradientStop((v + 3) / 6, QColor(c)) for v, c in zip(values, DIVERGING)][1:-1]
    source = QgsGradientColorRamp(QColor(DIVERGING[0]), QColor(DIVERGING[-1]), False, stops)
    function = QgsColorRampShader(-3, 3, source, QgsColorRampShader.Type.Interpolated)
    labels = {0: "0", **{value: f"${name}" for value, name in ENDS}}
    function.setColorRampItemList(
        [
            QgsColorRampShader.ColorRampItem(v, QColor(c), labels[v])
            for v, c in zip(values, DIVERGING)
        ]
    )
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader)
    renderer.setClassificationMin(-3)
    renderer.setClassificationMax(3)
    return renderer


def shap_values(colours: list[str] = DIVERGING) -> QgsGraduatedSymbolRenderer:
    """SHAP values of a factor, diverging around zero; field and bounds become placeholders."""
    names = dict(ENDS)
    bounds = [-1_000_000, *names, 1_000_000]
    ranges = []
    for lower, upper, colour in zip(bounds, bounds[1:], colours):
        text = f"${names.get(lower)} to ${names.get(upper)}"
        text = f"below ${names[upper]}" if lower not in names else text
        text = f"above ${names[lower]}" if upper not in names else text
        symbol = marker(colour, "#595959", 2.0)
        symbol.symbolLayer(0).setStrokeWidth(0.1)
        ranges.append(QgsRendererRange(lower, upper, symbol, text))
    return QgsGraduatedSymbolRenderer("fold_spatial", ranges)


def open_numbers(name: str, replacements: list[tuple[str, str]]) -> None:
    """Put placeholders for numbers of a saved style (patterns of regular expressions)."""
    path = STYLES / f"{name}.qml"
    text = path.read_text(encoding="utf-8")
    for pattern, placeholder in replacements:
        text = re.sub(pattern, placeholder, text)
    path.write_text(text, encoding="utf-8")


def open_points(name: str) -> None:
    """Turn field and bounds of saved diverging points into the placeholders of ``write_style``."""
    open_numbers(name, [('attr="fold_spatial"', 'attr="$field"')])
    open_numbers(name, [
        (rf'{end}="{value}\.0+"', f'{end}="${word}"')
        for end in ("lower", "upper") for value, word in ENDS
    ])  # fmt: skip


def changes() -> QgsGraduatedSymbolRenderer:
    """Displacement that is forecast, in mm: as SHAP values, but subsidence (negative) red."""
    renderer = shap_values(DIVERGING[::-1])
    for index, entry in enumerate(renderer.ranges()):
        text = entry.label().replace("$low", "$text_low")  # with the typographic minus
        renderer.updateRangeLabel(index, f"{text} mm since $since")
    return renderer


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


def save(layer, renderer, name: str, redrawn: bool = False) -> None:
    """Save the symbology alone, without what belongs to the layer it was drawn on.

    A layer that is ``redrawn`` follows the temporal controller by its expression.
    """
    layer.setRenderer(renderer)
    path = STYLES / f"{name}.qml"
    category = QgsMapLayer.StyleCategory.Symbology
    if redrawn:
        category |= QgsMapLayer.StyleCategory.Temporal
        layer.temporalProperties().setMode(Qgis.VectorTemporalMode.RedrawLayerOnly)
        layer.temporalProperties().setIsActive(True)
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
