"""Legends in the user's language: the style files stay English, layers are translated when loaded.

What a run fills in ("−109 mm and more") is recognised by the templates below.
"""

from __future__ import annotations

import json
import re
from html import unescape
from textwrap import wrap
from typing import Optional

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsColorRampShader,
    QgsGraduatedSymbolRenderer,
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsSingleBandPseudoColorRenderer,
)

from ..engine.errors import SubsidenceError
from ..engine.raster.read import Raster
from ..engine.styles import STYLES
from ..engine.uncertainty.levels import NAMES
from ..engine.uncertainty.priority import RULES, conditions
from ..translate import tr

#: Texts with numbers, the longer ones first; ``engine`` and ``tools/make_styles.py`` make them.
TEMPLATES = (
    "{low} to {high} mm since {date}",
    "above {number} mm since {date}",
    "below {number} mm since {date}",
    "{number} and more since {date}",
    "{number} and less since {date}",
    "{low} to {high} mm/yr",
    "above {number} mm/yr",
    "below {number} mm/yr",
    "{number} and more",
    "{number} and less",
    "{low} to {high}",
    "above {number}",
    "below {number}",
    "up to {number}",
    "Fold {number}",
)
#: In a style file: the texts of classes.
LABEL = re.compile(r'<(?:paletteEntry|item|range|category)\b[^>]*\blabel="([^"]*)"')
#: Numbers as legends have them, with a unit where there is one.
NUMBER = r"[−-]?\d[\d,.]*(?:e[+-]?\d+)?(?: [^ ]+)?"


def legend_labels() -> list[str]:
    """Return every text of a legend that is to be translated, those with numbers as templates."""
    found = set(TEMPLATES)
    for path in STYLES.glob("*.qml"):
        for text in map(unescape, LABEL.findall(path.read_text(encoding="utf-8"))):
            if re.search("[A-Za-z]", text) and "$" not in text and _template(text) is None:
                found.add(text)
    found |= {name for names in NAMES.values() for name in names}
    found |= {rule.label for rule in RULES}
    for exceedance, levels in ((True, True), (True, False), (False, True)):
        found |= set(conditions(exceedance, levels))
    return sorted(found)


def translated(text: str) -> str:
    """Return a legend's text in the user's language, as it stands where it is not known."""
    if tr(text) != text:
        return tr(text)
    match = _template(text)
    if match:
        return tr(match[0]).format(**match[1])
    action = re.fullmatch(r"(.+) \((.+)\)", " ".join(text.split("\n")))
    if action and tr(action[1]) != action[1]:
        width = max(map(len, text.split("\n")))
        return "\n".join(wrap(tr(action[1]), width) + wrap(f"({tr(action[2])})", width))
    name, colon, rest = text.partition(": ")
    return tr(name) + colon + (translated(rest) if colon else "")


def translate_legend(layer: QgsMapLayer) -> None:
    """Put the texts of a styled layer's legend into the user's language."""
    renderer = layer.renderer() if hasattr(layer, "renderer") else None
    if isinstance(renderer, QgsPalettedRasterRenderer):
        for entry in renderer.classes():
            renderer.setLabel(entry.value, translated(entry.label))
    elif isinstance(renderer, QgsSingleBandPseudoColorRenderer):
        _translate_ramp(renderer)
    elif isinstance(renderer, QgsCategorizedSymbolRenderer):
        for index, entry in enumerate(renderer.categories()):
            renderer.updateCategoryLabel(index, translated(entry.label()))
    elif isinstance(renderer, QgsGraduatedSymbolRenderer):
        for index, entry in enumerate(renderer.ranges()):
            renderer.updateRangeLabel(index, translated(entry.label()))
    else:
        return
    layer.emitStyleChanged()
    layer.legendChanged.emit()  # the layer tree has built its legend already


def add_limits(layer: QgsRasterLayer) -> None:
    """Add the limits of susceptibility classes, which the metadata tell, to their names."""
    renderer = layer.renderer()
    try:
        rule = json.loads(Raster(layer.source()).metadata.get("SUBSIDENCE_RULE", "{}"))
        breaks = [f"{float(value):.3g}" for value in rule.get("breaks", ())]
    except (SubsidenceError, ValueError, TypeError, AttributeError):
        return  # written by something else
    if not isinstance(renderer, QgsPalettedRasterRenderer) or not breaks:
        return
    limits = [
        tr("up to {number}").format(number=breaks[0]),
        *(tr("{low} to {high}").format(low=a, high=b) for a, b in zip(breaks, breaks[1:])),
        tr("above {number}").format(number=breaks[-1]),
    ]
    for entry in renderer.classes():
        code = int(entry.value)
        if 1 <= code <= len(limits) and not entry.label.endswith(")"):
            renderer.setLabel(entry.value, f"{entry.label} ({limits[code - 1]})")
    layer.emitStyleChanged()
    layer.legendChanged.emit()


def _translate_ramp(renderer: QgsSingleBandPseudoColorRenderer) -> None:
    function = renderer.shader().rasterShaderFunction() if renderer.shader() else None
    if not isinstance(function, QgsColorRampShader):
        return
    items = function.colorRampItemList()
    for item in items:
        item.label = translated(item.label)
    function.setColorRampItemList(items)
    settings = function.legendSettings()
    if settings is not None:
        own = type(settings)(settings)
        own.setMinimumLabel(translated(own.minimumLabel()))
        own.setMaximumLabel(translated(own.maximumLabel()))
        function.setLegendSettings(own)


def _template(text: str) -> Optional[tuple[str, dict[str, str]]]:
    """Return the template of a text and what it is filled with."""
    for template in TEMPLATES:
        pattern = re.escape(template)
        for name in re.findall(r"\{(\w+)\}", template):
            value = r"\d{4}-\d{2}-\d{2}" if name == "date" else NUMBER
            pattern = pattern.replace(rf"\{{{name}\}}", f"(?P<{name}>{value})")
        match = re.fullmatch(pattern, text)
        if match:
            return template, match.groupdict()
    return None
