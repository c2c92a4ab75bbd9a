"""Layer styles: copies a ``.qml`` of ``resources/styles`` beside an output, numbers filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

STYLES = Path(__file__).resolve().parents[2] / "resources" / "styles"
CATEGORY = re.compile(r'[ \t]*<category\b[^>]*\bvalue="(\d*)"[^>]*/>\n?')
ENTRY = re.compile(r'<paletteEntry [^>]*color="(#[0-9a-f]{6})"[^>]*/>')
#: What a style holds of a raster and of points; one file may hold both.
PARTS = tuple(
    re.compile(rf"[ \t]*<{name}\b.*?</{name}>\n?", re.DOTALL) for name in ("pipe", "renderer-v2")
)


def write_style(name: str, layer_path: str, **values: object) -> None:
    """Write the style ``name`` beside ``layer_path`` (same stem, ``.qml``), which QGIS then loads.

    Parameters
    ----------
    name : str
        File stem in ``resources/styles``.
    layer_path : str
        Path of the data file, usually one given out by ``Outputs.path``.
    **values
        Replace ``$name`` placeholders of the style; text is escaped for XML attributes.
    """
    text = (STYLES / f"{name}.qml").read_text(encoding="utf-8")
    plain = {key: _escaped(value) for key, value in values.items()}
    styled = Template(text).safe_substitute(plain) if values else text
    Path(layer_path).with_suffix(".qml").write_text(styled, encoding="utf-8")


def replace_field(layer_path: str, field: str, expression: str) -> None:
    """Let the style beside ``layer_path`` colour points by ``expression`` instead of a field."""
    path = Path(layer_path).with_suffix(".qml")
    text = path.read_text(encoding="utf-8")
    changed = text.replace(f'attr="{field}"', f'attr="{_escaped(expression)}"')
    path.write_text(changed, encoding="utf-8")


def keep_other_style(path: Path, other: Path) -> None:
    """Add to the style ``path`` what ``other`` holds of the other kind of layer.

    QGIS finds styles by the stem alone, so that ``map.tif`` and ``map.gpkg`` share ``map.qml``.
    """
    text, known = (p.read_text(encoding="utf-8") for p in (path, other))
    for part in PARTS:
        found = part.search(known)
        if found and not part.search(text):
            text = text.replace("</qgis>", f"{found[0].rstrip()}\n</qgis>")
    path.write_text(text, encoding="utf-8")


def write_class_style(layer_path: str, labels: Sequence[str], name: str = "classes") -> None:
    """Write a style with one colour for each of the classes 1, 2, ... beside ``layer_path``.

    Parameters
    ----------
    layer_path : str
        Path of the class raster.
    labels : sequence of str
        Legend text of class 1, 2, ... (for a stack, whose bands share the colours: the numbers).
    name : str
        Style whose palette is spread over the classes, from its first colour to its last.
    """
    text = (STYLES / f"{name}.qml").read_text(encoding="utf-8")
    _write_palette(layer_path, text, labels, class_colours(len(labels), name))


def _write_palette(
    layer_path: str, text: str, labels: Sequence[str], colours: Sequence[str]
) -> None:
    entries = [
        f'<paletteEntry label="{_escaped(label)}" value="{value}" color="{colour}" alpha="255"/>'
        for value, (label, colour) in enumerate(zip(labels, colours), 1)
    ]
    whole = re.compile(r"<colorPalette>.*?</colorPalette>", re.DOTALL)
    styled = whole.sub(lambda _: f"<colorPalette>{''.join(entries)}</colorPalette>", text)
    Path(layer_path).with_suffix(".qml").write_text(styled, encoding="utf-8")


def write_fold_style(layer_path: str, folds: int) -> None:
    """Write the style ``folds`` beside a fold map, with the folds 1 to ``folds`` in its legend.

    Folds beyond the style's own share one colour.
    """
    text = (STYLES / "folds.qml").read_text(encoding="utf-8")
    known = [int(match[1]) for match in CATEGORY.finditer(text) if match[1]]

    def kept(match: re.Match) -> str:
        number = int(match[1]) if match[1] else len(known) + 1
        return match[0] if number <= folds else ""

    Path(layer_path).with_suffix(".qml").write_text(CATEGORY.sub(kept, text), encoding="utf-8")


def write_factor_style(layer_path: str, labels: Sequence[str], order: Sequence[int]) -> None:
    """Write the style of a map of dominant factors: the strongest gets the clearest colour.

    Parameters
    ----------
    layer_path : str
    labels : sequence of str
        Legend text of class 1, 2, ...: the factors, then that of no factor.
    order : sequence of int
        Indices of the factors, the strongest first.
    """
    text = (STYLES / "dominant_factor.qml").read_text(encoding="utf-8")
    *own, none = [match[1] for match in ENTRY.finditer(text)]
    colours = [none] * len(labels)
    for rank, index in enumerate(order):
        colours[index] = own[rank % len(own)]
    _write_palette(layer_path, text, labels, colours)


def class_colours(count: int, name: str = "classes") -> list[str]:
    """Return the colours (``#rrggbb``) that the style ``name`` gives ``count`` classes."""
    text = (STYLES / f"{name}.qml").read_text(encoding="utf-8")
    return _spread([match[1] for match in ENTRY.finditer(text)], count)


def _escaped(text: object) -> str:
    """Return text for an attribute; a plain line break would be read back as a space."""
    return escape(str(text), quote=False).replace('"', "&quot;").replace("\n", "&#10;")


def _spread(palette: Sequence[str], count: int) -> list[str]:
    """Return ``count`` colours, evenly along ``palette``, mixed between its neighbours."""
    colours = []
    for index in range(count):
        place = index * (len(palette) - 1) / max(count - 1, 1)
        left = min(int(place), len(palette) - 2)
        mixed = (
            round(a + (b - a) * (place - left))
            for a, b in zip(_rgb(palette[left]), _rgb(palette[left + 1]))
        )
        colours.append("#{:02x}{:02x}{:02x}".format(*mixed))
    return colours


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
