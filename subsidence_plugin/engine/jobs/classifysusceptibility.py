"""Probability raster to susceptibility classes, with area and share of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Optional

import numpy as np

from ..classes.breaks import PAPER_BREAKS, check_breaks
from ..classes.codes import Tally, classify
from ..classes.rules import Rule
from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.area import row_areas_km2
from ..raster.cache import STRIPS_BYTES, bounded_cache
from ..raster.read import Raster
from ..raster.settle import settle_band
from ..raster.write import RasterWriter
from ..styles import write_class_style
from ..vector.write import write_table

#: Methods by the integer of METHOD; the last takes the breaks of the Hanoi paper.
METHODS = ("jenks", "quantile", "equal", "stdev", "manual", "paper")
LABELS = {
    2: ("Low", "High"),
    3: ("Low", "Moderate", "High"),
    4: ("Low", "Moderate", "High", "Very high"),
    5: ("Very low", "Low", "Moderate", "High", "Very high"),
}


def run(
    progress: Progress,
    probability: str,
    output: str,
    method: int = 0,
    classes: int = 5,
    breaks: Optional[Sequence[float]] = None,
    table: Optional[str] = None,
) -> dict[str, Any]:
    """Write the class raster and, on request, the table of classes.

    Parameters
    ----------
    probability : str
        Raster whose first band is classified, of any range.
    output : str
    method : int
        Index into ``METHODS``.
    classes : int
    breaks : sequence of float, optional
        Inner breaks of the method ``manual``.
    table : str, optional

    Returns
    -------
    dict
        ``BREAKS``: the inner breaks; ``AREAS``: km² by class.
    """
    raster = Raster(probability)
    if len(raster.bands) > 1:
        progress.warn(
            f"'{probability}' has {len(raster.bands)} bands; the first, "
            f"'{raster.bands[0].name}', is classified."
        )
    areas = row_areas_km2(raster.grid, f"The raster '{probability}'", progress)
    rule = _rule(METHODS[method], classes, breaks)
    with bounded_cache(STRIPS_BYTES), Outputs(output, table, inputs=[probability]) as outputs:
        settled = settle_band(raster, raster.bands[0], rule, progress.part(0.0, 0.6))
        settled = _named(settled)
        place = outputs.path(output)
        tally, km2 = _write(place, raster, settled, areas, progress.part(0.6, 0.98))
        if not tally.valid:
            raise InputError(
                f"The raster '{probability}' has no valid cell to classify; choose another."
            )
        write_class_style(place, settled.labels, "susceptibility_classes")
        columns = class_columns(settled, tally, km2)
        _log(columns, progress)
        if table:
            metadata = {
                "SUBSIDENCE_KIND": "susceptibility_table",
                "SUBSIDENCE_SOURCE": probability,
            }
            write_table(outputs.path(table), columns, metadata)
        progress(1.0)
    return {"BREAKS": list(settled.breaks), "AREAS": columns["area_km2"]}


def class_columns(rule: Rule, tally: Tally, km2: np.ndarray) -> dict[str, list]:
    """Return the table: class, label, bounds, cells, km² and share of the area, from low to high.

    The bounds of the end classes are the smallest and largest value of the raster.
    """
    codes = range(1, rule.count + 1)
    ends = Rule(rule.method, breaks=rule.breaks).with_range(tally.minimum, tally.maximum)
    bounds = [ends.bounds(code) for code in codes]
    return {
        "class": list(codes),
        "label": list(rule.labels),
        "lower": [lower for lower, _ in bounds],
        "upper": [upper for _, upper in bounds],
        "cells": [int(tally.cells[code]) for code in codes],
        "area_km2": [float(km2[code]) for code in codes],
        "share": [float(km2[code] / km2[1:].sum()) for code in codes],
    }


def _rule(method: str, classes: int, breaks: Optional[Sequence[float]]) -> Rule:
    if method == "manual":
        return Rule("manual", breaks=tuple(check_breaks(breaks or (), "BREAKS")))
    if method == "paper":
        return Rule("manual", breaks=PAPER_BREAKS)
    return Rule(method, classes)


def _named(rule: Rule) -> Rule:
    count = rule.count
    other = [f"Class {code}" for code in range(1, count + 1)]
    other[0], other[-1] = "Class 1 (lowest)", f"Class {count} (highest)"
    return replace(rule, labels=LABELS.get(count, tuple(other)))


def _write(
    path: str, raster: Raster, rule: Rule, areas: np.ndarray, progress: Progress
) -> tuple[Tally, np.ndarray]:
    """Write the classes tile by tile; return counts and km² by class code."""
    band, tally, km2 = raster.bands[0], Tally(), np.zeros(256)
    metadata = {
        "SUBSIDENCE_KIND": "susceptibility_classes",
        "SUBSIDENCE_SOURCE": raster.path,
        "SUBSIDENCE_RULE": json.dumps(rule.as_json(), ensure_ascii=False),
    }
    if "SUBSIDENCE_MODEL" in raster.metadata:
        metadata["SUBSIDENCE_MODEL"] = raster.metadata["SUBSIDENCE_MODEL"]
    windows = raster.grid.windows()
    with RasterWriter(
        path, raster.grid, ["susceptibility_class"], "uint8", ["categorical"], metadata,
        progress=progress,
    ) as writer:  # fmt: skip
        writer.dataset.GetRasterBand(1).SetCategoryNames(["", *rule.labels])
        for number, (column, row, width, height) in enumerate(windows):
            progress(number / len(windows))
            values = raster.read((column, row, width, height), [band.index])[0]
            codes = classify(values, rule, band.name, tally)
            writer.write(codes, column, row, 1)
            weights = np.repeat(areas[row : row + height], width)
            km2 += np.bincount(codes.ravel(), weights, minlength=256)
            if column + width == raster.grid.width:
                writer.flush()
    return tally, km2


def _log(columns: dict[str, list], progress: Progress) -> None:
    rows = zip(*(columns[key] for key in ("class", "label", "lower", "upper", "area_km2", "share")))
    for code, label, lower, upper, area, share in rows:
        ends = " to ".join("…" if end is None else f"{end:.6g}" for end in (lower, upper))
        progress.info(f"{code} {label}: {ends}, {area:.6g} km², {100 * share:.2f} %")
