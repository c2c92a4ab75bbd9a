"""Factors as they are given: bands of rasters and fields of polygons, with names and kinds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Optional

from ..errors import InputError
from ..vector.read import spatial_reference
from .read import Band, Raster


@dataclass
class Source:
    """One factor before it is on the common grid: a band of a raster, or a field of polygons.

    ``title`` says where it comes from; ``legend`` names the codes of a categorical factor.
    """

    name: str
    title: str
    kind: str
    raster: Optional[Raster] = None
    band: Optional[Band] = None
    polygons: Optional[str] = None
    field: str = ""
    legend: dict[str, str] = dataclass_field(default_factory=dict)
    unit: str = ""


def find_sources(
    rasters: Sequence[Sequence[str]],
    categorical: Sequence[Sequence[str]],
    polygons: Optional[str],
    polygon_fields: Sequence[str],
) -> list[Source]:
    """Return the factors in order: bands of rasters, of categorical rasters, polygon fields."""
    sources = []
    for given, forced in ((rasters, None), (categorical, "categorical")):
        for path, layer in given:
            raster = Raster(path)
            spatial_reference(raster.grid.crs, f"The raster '{path}'")
            for band in raster.bands:
                band = replace(band, kind=forced or band.kind)
                name = band_name(raster, band, layer)
                title = f"{Path(path).name} band {band.index}"
                legend = band_legend(raster, band) if band.kind == "categorical" else {}
                unit = raster.dataset.GetRasterBand(band.index).GetMetadataItem("unit") or ""
                sources.append(
                    Source(name, title, band.kind, raster, band, legend=legend, unit=unit)
                )
    for name in polygon_fields if polygons else ():
        title = f"field '{name}' of {Path(polygons.split('|')[0]).name}"
        sources.append(Source(name, title, "categorical", polygons=polygons, field=name))
    if not sources:
        raise InputError("There is no factor; give RASTERS, CATEGORICAL or POLYGONS.")
    return sources


def band_name(raster: Raster, band: Band, layer: Optional[str]) -> str:
    """Return the name of a factor: band description, else layer name, else file stem."""
    described = raster.dataset.GetRasterBand(band.index).GetDescription().strip()
    if described:
        return described
    stem = (layer or "").strip() or Path(raster.path).stem
    return stem if len(raster.bands) == 1 else f"{stem}_{band.index}"


def band_legend(raster: Raster, band: Band) -> dict[str, str]:
    """Return the names of codes from the band's metadata or category names."""
    target = raster.dataset.GetRasterBand(band.index)
    try:
        legend = json.loads(target.GetMetadataItem("legend") or "null")
    except ValueError:
        legend = None
    if isinstance(legend, dict):
        return {str(code): str(text) for code, text in legend.items()}
    return {str(i): text for i, text in enumerate(target.GetCategoryNames() or []) if text}


def rename(sources: list[Source], names: Optional[str]) -> list[Source]:
    """Return the sources with the names of ``old=new, …`` or of a whole list in order."""
    parts = [p.strip() for p in (names or "").replace("\n", ",").replace(";", ",").split(",")]
    parts = [part for part in parts if part]
    if not parts:
        return sources
    pairs = [part.partition("=") for part in parts]
    if not any(sign for _old, sign, _new in pairs):
        if len(parts) != len(sources):
            raise InputError(
                f"NAMES has {len(parts)} names for {len(sources)} factors "
                f"({', '.join(s.name for s in sources)}); give one each, or old=new."
            )
        return [replace(source, name=name) for source, name in zip(sources, parts)]
    wrong = next((part for part, pair in zip(parts, pairs) if not all(map(str.strip, pair))), None)
    if wrong:
        raise InputError(f"NAMES: '{wrong}' is not of the form old=new.")
    new = {old.strip().casefold(): name.strip() for old, _sign, name in pairs}
    unknown = [old for old in new if old not in {s.name.casefold() for s in sources}]
    if unknown:
        raise InputError(
            f"NAMES: there is no factor '{unknown[0]}'; the factors are "
            f"{', '.join(s.name for s in sources)}."
        )
    return [replace(s, name=new.get(s.name.casefold(), s.name)) for s in sources]
