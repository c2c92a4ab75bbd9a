"""Factor stack to class stack: rules found on all valid cells, or given, then applied."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Optional

from ..classes.breaks import METHODS, check_breaks
from ..classes.codes import Tally, classify
from ..classes.rules import Rule, load_rules, rules_text
from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.cache import STRIPS_BYTES, bounded_cache
from ..raster.read import Band, Raster, open_stack
from ..raster.settle import settle_band
from ..raster.write import RasterWriter
from ..styles import write_class_style
from ..vector.write import write_table


def run(
    progress: Progress,
    factors: str,
    output: str,
    method: int = 0,
    classes: int = 5,
    breaks: Optional[Sequence[float]] = None,
    rules: Optional[str] = None,
    rules_output: Optional[str] = None,
    table: Optional[str] = None,
    folder: Optional[str] = None,
) -> dict[str, Any]:
    """Write the class stack, and on request its rules, table and single rasters.

    Parameters
    ----------
    factors : str
        Factor stack; bands of kind ``categorical`` become unique values, a band called
        ``aspect`` nine aspect classes, unless ``rules`` says otherwise.
    output : str
    method : int
        Index into ``METHODS`` for all other bands.
    classes : int
    breaks : sequence of float, optional
        Inner breaks of the method ``manual``.
    rules : str, optional
        JSON text or the path of a JSON file, see ``classes.rules``.
    rules_output, table : str, optional
    folder : str, optional
        Folder for one class raster a factor.

    Returns
    -------
    dict
        ``CLASSES``: number of classes by factor.
    """
    given = load_rules(rules)
    raster = open_stack(factors)
    chosen = choose_rules(raster, _default(method, classes, breaks), given, progress)
    singles = _single_paths(folder, raster.names)
    rules_path = rules if rules and not rules.lstrip().startswith("{") else None
    targets = (output, rules_output, table, *singles)
    with bounded_cache(STRIPS_BYTES), Outputs(*targets, inputs=[factors, rules_path]) as outputs:
        settled = settle_rules(raster, chosen, progress.part(0.0, 0.6))
        places = [outputs.path(output), *(outputs.path(single) for single in singles)]
        tallies = write_classes(places, raster, settled, progress.part(0.6, 0.98))
        _log_coded(settled, tallies, progress)
        settled = {
            name: rule.with_range(tally.minimum, tally.maximum)
            for (name, rule), tally in zip(settled.items(), tallies)
        }
        _write_styles(places, settled)
        if rules_output:
            Path(outputs.path(rules_output)).write_text(rules_text(settled), encoding="utf-8")
        if table:
            metadata = {"SUBSIDENCE_KIND": "class_table", "SUBSIDENCE_SOURCE": factors}
            write_table(outputs.path(table), class_columns(settled, tallies), metadata)
        progress(1.0)
    return {"CLASSES": {name: rule.count for name, rule in settled.items()}}


def choose_rules(
    raster: Raster, default: Rule, given: Mapping[str, Rule], progress: Progress
) -> dict[str, Rule]:
    """Return the rule of each band: the given one, or the default of its kind and name."""
    by_name = {name.casefold(): rule for name, rule in given.items()}
    surplus = [name for name in given if name.casefold() not in map(str.casefold, raster.names)]
    if given and len(surplus) == len(given):
        raise InputError(
            f"RULES has no rule for any factor of '{raster.path}': it names {', '.join(given)}, "
            f"the raster has {', '.join(raster.names)}."
        )
    if surplus:
        progress.warn(f"RULES names factors that the raster does not have: {', '.join(surplus)}.")
    return {
        band.name: by_name.get(band.name.casefold()) or _rule_of(band, default)
        for band in raster.bands
    }


def settle_rules(raster: Raster, rules: Mapping[str, Rule], progress: Progress) -> dict[str, Rule]:
    """Return complete rules, found where needed on all valid cells of the band."""
    settled = {}
    for number, band in enumerate(raster.bands):
        part = progress.part(number / len(raster.bands), (number + 1) / len(raster.bands))
        settled[band.name] = settle_band(raster, band, rules[band.name], part)
    return settled


def write_classes(
    places: Sequence[str], raster: Raster, rules: Mapping[str, Rule], progress: Progress
) -> list[Tally]:
    """Write the class stack (first path) and single rasters (other paths, one a band)."""
    tallies = [Tally() for _ in raster.bands]
    windows = raster.grid.windows()
    with ExitStack() as opened:
        writers = [
            opened.enter_context(_writer(place, raster, rules, bands, progress))
            for place, bands in zip(places, [raster.bands, *([b] for b in raster.bands)])
        ]
        for number, window in enumerate(windows):
            progress(number / len(windows))
            tile = raster.read(window)
            for index, band in enumerate(raster.bands):
                codes = classify(tile[index], rules[band.name], band.name, tallies[index])
                writers[0].write(codes, window[0], window[1], index + 1)
                if writers[1:]:
                    writers[index + 1].write(codes, window[0], window[1], 1)
            if window[0] + window[2] == raster.grid.width:
                for writer in writers:
                    writer.flush()
    return tallies


def class_columns(rules: Mapping[str, Rule], tallies: Sequence[Tally]) -> dict[str, list]:
    """Return the table: a row for each class of each factor; shares are of its valid cells."""
    columns: dict[str, list] = {
        key: [] for key in ("factor", "class", "lower", "upper", "label", "cells", "share")
    }
    for (name, rule), tally in zip(rules.items(), tallies):
        for code in range(1, rule.count + 1):
            cells = int(tally.cells[code])
            lower, upper = rule.bounds(code)
            row = (name, code, lower, upper, rule.labels[code - 1], cells, cells / tally.valid)
            for values, value in zip(columns.values(), row):
                values.append(value)
    return columns


def _default(method: int, classes: int, breaks: Optional[Sequence[float]]) -> Rule:
    if METHODS[method] != "manual":
        return Rule(METHODS[method], classes)
    return Rule("manual", breaks=tuple(check_breaks(breaks or (), "BREAKS")))


def _rule_of(band: Band, default: Rule) -> Rule:
    if band.kind == "categorical":
        return Rule("unique", kind="categorical")
    if band.name.casefold() == "aspect":
        return Rule("aspect")
    return default


def _single_paths(folder: Optional[str], names: Sequence[str]) -> list[str]:
    if not folder:
        return []
    stems = [re.sub(r"[^\w.-]+", "_", name) for name in names]
    return [str(Path(folder) / f"{stem}.tif") for stem in stems]


def _writer(
    path: str,
    raster: Raster,
    rules: Mapping[str, Rule],
    bands: Sequence[Band],
    progress: Progress,
) -> RasterWriter:
    """Open a class raster; codes are ordinal numbers, so the kind of every band is continuous."""
    writer = RasterWriter(
        path,
        raster.grid,
        [band.name for band in bands],
        "uint8",
        ["continuous"] * len(bands),
        {"SUBSIDENCE_KIND": "class_stack", "SUBSIDENCE_SOURCE": raster.path},
        progress=progress,
    )
    for index, band in enumerate(bands, start=1):
        rule = rules[band.name]
        target = writer.dataset.GetRasterBand(index)
        target.SetMetadataItem("ordinal", "yes")
        target.SetMetadataItem("source_kind", band.kind)
        target.SetMetadataItem("classes", str(rule.count))
        target.SetMetadataItem("rule", json.dumps(rule.as_json(), ensure_ascii=False))
        target.SetCategoryNames(["", *rule.labels])
    return writer


def _write_styles(places: Sequence[str], rules: Mapping[str, Rule]) -> None:
    most = max(rule.count for rule in rules.values())
    labels = [str(code) for code in range(1, most + 1)]
    if len(rules) == 1:
        labels = list(next(iter(rules.values())).labels)
    write_class_style(places[0], labels)
    for place, rule in zip(places[1:], rules.values()):
        write_class_style(place, rule.labels)


def _log_coded(rules: Mapping[str, Rule], tallies: Sequence[Tally], progress: Progress) -> None:
    for (name, rule), tally in zip(rules.items(), tallies):
        if not tally.valid:
            raise InputError(
                f"The factor '{name}' has no cell with a class: all are nodata, or of values that "
                "its rule does not list; leave it out or mend the rule."
            )
        if tally.below or tally.above:
            progress.info(
                f"{name}: {tally.below} cells below and {tally.above} above the range on which "
                "the rule was found went to the end classes."
            )
        if tally.unseen:
            progress.warn(
                f"{name}: {tally.unseen} cells have values that the rule does not list; "
                "they became nodata."
            )
        used = int((tally.cells[1:] > 0).sum())
        if used == 1:
            progress.warn(
                f"{name}: all cells fall into one class, which tells places apart no more."
            )
        elif used < rule.count:
            progress.info(f"{name}: {rule.count - used} of {rule.count} classes are empty.")
