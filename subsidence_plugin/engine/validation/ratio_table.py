"""Frequency ratios and rates of one factor, and the table of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from .class_meaning import ClassMeaning
from .frequency_ratio import ClassCounts, Ratios, frequency_ratio
from .rates import RateCurve, rate_curve, success_group
from .splits import ALL, TRAIN, VALIDATION


@dataclass(frozen=True)
class FactorRatios:
    """What is known of one factor (or of a susceptibility map), a value a class.

    ``events`` is counted by group (split), ``reported_events`` are those that ``ratios`` is made
    from. ``success`` and ``prediction`` are the curves over the classes, None without events.
    """

    name: str
    classes: np.ndarray
    labels: list[str]
    bounds: list[tuple[Optional[float], Optional[float]]]
    cells: np.ndarray
    area: np.ndarray
    events: dict[str, np.ndarray]
    reported_events: np.ndarray
    ratios: Ratios
    success: Optional[RateCurve]
    prediction: Optional[RateCurve]


def factor_ratios(
    counts: ClassCounts,
    reported: Sequence[str],
    ordered: bool,
    meanings: Mapping[int, ClassMeaning],
) -> FactorRatios:
    """Return the ratios and curves of one factor.

    Parameters
    ----------
    counts : ClassCounts
    reported : sequence of str
        Groups whose events give the ratios.
    ordered : bool
        True for susceptibility classes: curves go from the highest class down. Otherwise classes
        are ordered by the ratio of the training events (of all, without splits), so that
        validation events do not order the classes that they judge.
    meanings : mapping of int to ClassMeaning
        Label and bounds of classes, where known.
    """
    events = {name: counts.events(name) for name in counts.groups}
    trained = events[success_group(events)]
    chosen = sum(events[name] for name in reported)
    order = counts.classes if ordered else frequency_ratio(counts.area, trained).ratio
    known = [meanings.get(code) or ClassMeaning() for code in counts.classes.tolist()]
    held_out = events.get(VALIDATION)
    return FactorRatios(
        counts.name, counts.classes,
        [m.label for m in known], [(m.lower, m.upper) for m in known],
        counts.cells, counts.area, events, chosen, frequency_ratio(counts.area, chosen),
        rate_curve(counts.area, trained, order),
        None if held_out is None or (not ordered and not trained.sum())
        else rate_curve(counts.area, held_out, order),
    )  # fmt: skip


def ratio_columns(
    tables: Sequence[FactorRatios],
    rates: Optional[tuple[Optional[RateCurve], Optional[RateCurve]]] = None,
) -> dict[str, object]:
    """Return the table of all factors as columns: one row a class.

    ``area_percent`` and ``event_percent`` are in percent as in H's Table 2; the events of the
    training and the validation rows stand beside those that the ratio is made from. The areas
    under the success- and prediction-rate curve are those of ``rates`` where given, else each
    factor's own, from its classes.
    """
    with_split = ALL not in tables[0].events
    columns: dict[str, object] = {
        "factor": [t.name for t in tables for _ in t.classes],
        "class": np.concatenate([t.classes for t in tables]),
        "label": [label or None for t in tables for label in t.labels],
        "lower": np.array([b[0] for t in tables for b in t.bounds], dtype=float),
        "upper": np.array([b[1] for t in tables for b in t.bounds], dtype=float),
        "cells": np.concatenate([t.cells for t in tables]),
        "area_km2": np.concatenate([t.area for t in tables]),
        "events": np.concatenate([t.reported_events for t in tables]),
        "area_percent": 100 * np.concatenate([t.ratios.area_share for t in tables]),
        "event_percent": 100 * np.concatenate([t.ratios.event_share for t in tables]),
        "frequency_ratio": np.concatenate([t.ratios.ratio for t in tables]),
    }
    if with_split:
        for name, title in ((TRAIN, "training"), (VALIDATION, "validation")):
            events = [t.events[name] for t in tables]
            ratios = [frequency_ratio(t.area, e).ratio for t, e in zip(tables, events)]
            columns[f"{title}_events"] = np.concatenate(events)
            columns[f"{title}_ratio"] = np.concatenate(ratios)
    success, prediction = rates or (None, None)
    columns["success_rate_area"] = _repeated(tables, [success or t.success for t in tables])
    columns["prediction_rate_area"] = _repeated(
        tables, [prediction or t.prediction for t in tables]
    )
    return columns


def _repeated(tables: Sequence[FactorRatios], curves: Sequence[Optional[RateCurve]]) -> np.ndarray:
    under = [np.nan if curve is None else curve.under for curve in curves]
    return np.repeat(under, [len(t.classes) for t in tables])
