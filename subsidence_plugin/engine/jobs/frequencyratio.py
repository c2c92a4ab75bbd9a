"""Frequency ratios of every class of every band, with success- and prediction-rate curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

import numpy as np

from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.area import row_areas_km2
from ..raster.class_labels import class_meanings
from ..raster.read import Raster, open_stack
from ..validation.frequency_ratio import ClassCounts
from ..validation.rates import ProbabilityCounts
from ..validation.ratio_table import FactorRatios, factor_ratios, ratio_columns
from ..validation.splits import ALL, SPLITS, TRAIN, VALIDATION, presences, read_split
from ..vector.inventory import field_in_use
from ..vector.locate import EventCells
from ..vector.read import Features, read_features
from ..vector.write import write_table

#: Meaning of ``rows``: which events give the ratios.
ROWS = (VALIDATION, TRAIN, ALL)


@dataclass
class Events:
    """Subsidence events, which group (split) each is in, and what was left out."""

    features: Features
    groups: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def has_split(self) -> bool:
        """Tell whether there are splits."""
        return ALL not in self.groups


def run(
    progress: Progress,
    class_raster: str,
    points: str,
    output: str,
    label_field: Optional[str] = "label",
    split_field: Optional[str] = "split",
    probability: Optional[str] = None,
    rows: int = 0,
    one_per_cell: bool = True,
    report: Optional[str] = None,
) -> dict[str, Any]:
    """Count cells and events a class, write the table and the report.

    Parameters
    ----------
    class_raster : str
        One band a factor, whole numbers; or one band of susceptibility classes.
    points : str
        Points or polygons; inventory (all presences) or samples (``label_field``).
    output : str
        Table.
    label_field, split_field : str, optional
        Used where the layer has them; "label" and "split" may be absent.
    probability : str, optional
        Probability raster for the curves.
    rows : int
        Index into ``ROWS``.
    one_per_cell : bool
        Several events of one split in one cell count once.
    report : str, optional

    Returns
    -------
    dict
        ``EVENTS`` and, where known, ``SUCCESS_RATE`` and ``PREDICTION_RATE`` (areas under the
        curves of the probability raster, else of a single class raster).
    """
    events = read_events(points, label_field, split_field, progress)
    reported = reported_groups(events, ROWS[rows])
    with Outputs(output, report, inputs=[class_raster, points, probability]) as outputs:
        raster = open_stack(class_raster)
        meanings = [class_meanings(raster, band) for band in raster.bands]
        counts = [
            ClassCounts(band.name, events.groups, known)
            for band, known in zip(raster.bands, meanings)
        ]
        count_tiles(raster, events, one_per_cell, counts, progress.part(0.0, 0.6))
        is_susceptibility = raster.metadata.get("SUBSIDENCE_KIND") == "susceptibility_classes"
        tables = [
            factor_ratios(count, reported, is_susceptibility, known)
            for count, known in zip(counts, meanings)
        ]
        curves = None
        if probability:
            curves = ProbabilityCounts(probability, events.groups)
            part = progress.part(0.6, 0.95)
            count_tiles(Raster(probability), events, one_per_cell, [curves], part)
        # The probability raster ranks the cells of a susceptibility map more finely than classes.
        rates = (curves.success, curves.prediction) if curves and is_susceptibility else None
        write_table(
            outputs.path(output),
            ratio_columns(tables, rates),
            {"SUBSIDENCE_KIND": "frequency_ratio"},
        )
        results = _summary(tables, curves, progress)
        if report:
            from ..report.ratio_report import write_ratio_report

            write_ratio_report(
                outputs.path(report), tables, curves, reported, is_susceptibility,
                {
                    "Class raster": class_raster, "Layer of events": points,
                    "Probability": probability,
                    "Several events in a cell": "count once" if one_per_cell else "count each",
                },
            )  # fmt: skip
        progress(1.0)
    return results


def read_events(
    points: str, label_field: Optional[str], split_field: Optional[str], progress: Progress
) -> Events:
    """Return the subsidence events of a layer by split, and log what was counted."""
    features = read_features(points)
    if not len(features) or not (len(features.x) or features.wkb):
        raise InputError(f"The layer '{points}' has no points or polygons; choose another.")
    label_field = field_in_use(features, label_field, "label")
    split_field = field_in_use(features, split_field, "split")
    chosen = np.ones(len(features), bool)
    if label_field:
        chosen = presences(features.number(label_field), label_field)
    if label_field:
        progress.info(
            f"{int(chosen.sum())} of {len(features)} rows are subsidence ('{label_field}' = 1)."
        )
    else:
        progress.warn(
            f"No label field is given: all {len(features)} rows count as subsidence; name the "
            "field in LABEL_FIELD if some are stable."
        )
    if not split_field:
        progress.info("There is no split field: all events are counted together.")
        return Events(features, {ALL: chosen})
    split = read_split(features.columns[split_field], split_field)
    unknown = int((chosen & (split == "")).sum())
    if unknown:
        progress.warn(f"{unknown} events have no split and are left out.")
    events = Events(features, {name: chosen & (split == name) for name in SPLITS})
    progress.info(
        "Events by split: "
        + ", ".join(
            f"{name} {int(mask.sum())}" for name, mask in events.groups.items() if mask.any()
        )
        + "."
    )
    return events


def reported_groups(events: Events, rows: str) -> tuple[str, ...]:
    """Return the groups whose events give the ratios.

    Raises
    ------
    InputError
        There is no event in the rows asked for.
    """
    if not events.has_split:
        return (ALL,)
    groups = SPLITS if rows == ALL else (rows,)
    if not any(events.groups[name].any() for name in groups):
        there = [name for name in SPLITS if events.groups[name].any()]
        raise InputError(
            f"No subsidence event has the split '{rows}'; choose other ROWS "
            f"(there are events of {', '.join(there) or 'no split'})."
        )
    return groups


def count_tiles(
    raster: Raster,
    events: Events,
    once: bool,
    counts: Sequence[Union[ClassCounts, ProbabilityCounts]],
    progress: Progress,
) -> None:
    """Count cells and events of the first bands, one a count, reading the raster once by tile."""
    cells = EventCells(events.features, events.groups, raster.grid, once, progress)
    areas = row_areas_km2(raster.grid, f"The raster '{raster.path}'", progress)
    on_data = np.zeros(len(counts), np.int64)
    windows = raster.grid.windows()
    bands = [raster.bands[i].index for i in range(len(counts))]
    for number, window in enumerate(windows):
        tile = raster.read(window, bands)
        row_area = areas[window[1] : window[1] + window[3]]
        picked = {name: cells.pick(name, window, tile) for name in events.groups}
        for index, count in enumerate(counts):
            count.add_cells(tile[index], row_area)
            for name, values in picked.items():
                count.add_events(name, values[index])
                on_data[index] += int(np.isfinite(values[index]).sum())
        progress((number + 1) / len(windows))
    _log_places(raster, cells, on_data, progress)


def _log_places(raster: Raster, cells: EventCells, on_data: np.ndarray, progress: Progress) -> None:
    """Log how many events lie outside, in a cell already counted, or on no data."""
    without = cells.count - on_data
    message = f"{cells.count} events on '{raster.path}'"
    if cells.outside or cells.repeated:
        message += f"; {cells.outside} outside it, {cells.repeated} in a cell already counted"
    progress.info(message + ".")
    for index in np.flatnonzero(without):
        progress.info(f"{int(without[index])} of them on no data of '{raster.bands[index].name}'.")
    if not on_data.any():
        raise InputError(
            f"None of the subsidence events lies on data of '{raster.path}'; "
            "check that layer and raster cover the same area."
        )


def _summary(
    tables: list[FactorRatios], curves: Optional[ProbabilityCounts], progress: Progress
) -> dict[str, Any]:
    """Log and return the areas under the curves."""
    results: dict[str, Any] = {"EVENTS": int(sum(tables[0].reported_events))}
    by_kind = {}
    if curves is not None:
        by_kind = {"success": curves.success, "prediction": curves.prediction}
    elif len(tables) == 1:
        by_kind = {"success": tables[0].success, "prediction": tables[0].prediction}
    for kind, curve in by_kind.items():
        if curve is not None:
            results[f"{kind.upper()}_RATE"] = curve.under
            progress.info(f"Area under the {kind}-rate curve: {curve.under:.4f}.")
    return results
