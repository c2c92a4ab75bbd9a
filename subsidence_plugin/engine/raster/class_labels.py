"""What the classes of a class raster mean, where its metadata says so."""

from __future__ import annotations

import json
from typing import Optional

from ..classes.rules import Rule, read_rule
from ..validation.class_meaning import ClassMeaning
from .read import Band, Raster


def class_meanings(raster: Raster, band: Band) -> dict[int, ClassMeaning]:
    """Return the meaning of each class of a band; empty where the raster says nothing.

    The rule stands in the band's metadata ``rule`` (class stack) or in the dataset's
    ``SUBSIDENCE_RULE`` (susceptibility classes), the labels in GDAL's category names, those of a
    categorical factor in the band's metadata ``legend``.
    """
    target = raster.dataset.GetRasterBand(band.index)
    names = target.GetCategoryNames() or []
    meanings = {code: ClassMeaning(name) for code, name in enumerate(names) if name}
    rule = _rule(target.GetMetadataItem("rule") or raster.metadata.get("SUBSIDENCE_RULE"))
    if rule is None:
        meanings.update(_legend(target.GetMetadataItem("legend")))
    else:
        for code in range(1, rule.count + 1):
            label = meanings[code].label if code in meanings else ""
            meanings[code] = ClassMeaning(label, *rule.bounds(code))
    return meanings


def _legend(text: Optional[str]) -> dict[int, ClassMeaning]:
    """Return the meanings of a ``legend``, a JSON object of texts by code; empty for others."""
    try:
        listed = json.loads(text or "{}")
        return {int(code): ClassMeaning(str(label)) for code, label in listed.items()}
    except (ValueError, AttributeError):
        return {}


def _rule(text: Optional[str]) -> Optional[Rule]:
    """Return the rule of metadata, None where it is not one (another program may have written)."""
    try:
        rule = read_rule(json.loads(text or "null"), "The rule")
    except ValueError:
        return None
    return rule if rule.complete else None
