"""Layer styles: copies a ``.qml`` of ``resources/styles`` beside an output, numbers filled in."""

from __future__ import annotations

from pathlib import Path
from string import Template
from xml.sax.saxutils import quoteattr

STYLES = Path(__file__).resolve().parents[2] / "resources" / "styles"


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
    plain = {key: quoteattr(str(value))[1:-1] for key, value in values.items()}
    styled = Template(text).safe_substitute(plain) if values else text
    Path(layer_path).with_suffix(".qml").write_text(styled, encoding="utf-8")
