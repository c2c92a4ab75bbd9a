"""Correlation and inflation of factors, from samples or straight from a stack."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..correlation.inflation import TOO_HIGH, inflation, inflation_columns, tolerances
from ..correlation.matrix import Correlations, correlate, pair_columns
from ..correlation.moments import Moments, RowSample
from ..correlation.rows import Rows, categorical, check_complete, continuous, varying
from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.cache import STRIPS_BYTES, bounded_cache
from ..raster.read import Band, Raster, open_stack
from ..training.table import factor_kinds, factor_names
from ..validation.splits import TRAIN, read_split
from ..vector.read import read_features
from ..vector.write import write_table

#: Values of one tile over all bands: bounds the memory (float32 and float64 copies, 100 MiB).
TILE_VALUES = 2**22
TRAINING_ROWS, ALL_ROWS = range(2)


def run(
    progress: Progress,
    output: str,
    samples: Optional[str] = None,
    factors: Optional[str] = None,
    factor_fields: Sequence[str] = (),
    bands: Sequence[int] = (),
    label_field: str = "label",
    rows: int = TRAINING_ROWS,
    threshold: float = 0.7,
    cells: int = 100_000,
    seed: int = 42,
    vif: Optional[str] = None,
    report: Optional[str] = None,
) -> dict[str, Any]:
    """Correlate the continuous factors of a sample layer or of a stack.

    Parameters
    ----------
    output : str
        Table of the pairs.
    samples, factors : str, optional
        Exactly one: a layer with a numeric field a factor, or a multi-band raster.
    factor_fields : sequence of str
        Factors by name; empty: all.
    bands : sequence of int
        Bands of ``factors`` by number from 1, beside those named; empty: all.
    label_field : str
        Not a factor.
    rows : int
        0 training rows of the samples (all where there is no split), 1 all rows.
    threshold : float
        |Pearson's r| above which pairs are listed.
    cells : int
        Cells of a stack that are drawn for ranks and significance.
    seed : int
    vif, report : str, optional

    Returns
    -------
    dict
        ``PAIRS`` above the threshold, ``HIGHEST_VIF`` (None where infinite).
    """
    if bool(samples) == bool(factors):
        raise InputError(
            "Give either SAMPLES (a sample layer) or FACTORS (a factor stack), "
            + ("not both." if samples else "one of them.")
        )
    with Outputs(output, vif, report, inputs=[samples, factors]) as outputs:
        if samples:
            found = sample_rows(samples, factor_fields, label_field, rows, progress)
        else:
            found = stack_rows(factors, factor_fields, bands, cells, seed, progress.part(0.0, 0.85))
        found = varying(found, progress)
        table = correlate(found.names, found.moments, found.sample)
        own = _tolerances(table, progress)
        _log(table, own, threshold, progress)
        about = {"SUBSIDENCE_SOURCE": samples or factors, "rows": found.about}
        kind = {"SUBSIDENCE_KIND": "factor_correlation"}
        write_table(outputs.path(output), pair_columns(table, threshold), {**about, **kind})
        if vif:
            columns = inflation_columns(table.names, own)
            write_table(outputs.path(vif), columns, {**about, "SUBSIDENCE_KIND": "factor_vif"})
        progress(0.9)
        if report:
            from ..report.correlation_report import write_correlation_report

            facts = {
                "Samples": samples, "Factor stack": factors, "Rows": found.about,
                "Factors": ", ".join(table.names),
                "Left out": ", ".join(found.left_out), "Threshold": f"|r| > {threshold:g}",
                "Seed": seed if factors else None,
            }  # fmt: skip
            write_correlation_report(outputs.path(report), table, own, threshold, facts)
        progress(1.0)
    highest = float(np.max(inflation(own))) if np.isfinite(own).all() else np.nan
    return {
        "PAIRS": len(table.above(threshold)),
        "HIGHEST_VIF": highest if np.isfinite(highest) else None,
    }


def sample_rows(
    source: str, fields: Sequence[str], label_field: str, rows: int, progress: Progress
) -> Rows:
    """Return the complete rows of a sample layer."""
    features = read_features(source)
    columns = features.columns
    if not len(features):
        raise InputError(f"The samples '{source}' hold no rows; run 'Extract samples' first.")
    given = factor_names(columns, features.metadata, fields, label_field)
    names = continuous(given, _sample_kinds(given, features.metadata), progress)
    texts = [name for name in names if not isinstance(columns[name], np.ndarray)]
    if texts:
        raise InputError(f"The factor '{texts[0]}' holds text; correlate numeric fields.")
    values = np.stack([columns[name] for name in names], axis=1).astype(np.float64)
    chosen, part = np.ones(len(values), bool), "all rows"
    if rows == TRAINING_ROWS and "split" in columns:
        chosen, part = read_split(columns["split"], "split") == TRAIN, "training rows"
        if not chosen.any():
            raise InputError(
                "No row of the samples has the split 'train'; choose all rows in ROWS."
            )
    elif rows == TRAINING_ROWS:
        progress.info("The samples have no field 'split': all rows are correlated.")
    finite = np.isfinite(values)
    complete = finite.all(axis=1) & chosen
    check_complete(names, finite[chosen].sum(axis=0), int(complete.sum()), "rows")
    if complete.sum() < chosen.sum():
        worst = names[int(np.argmin(finite[chosen].sum(axis=0)))]
        progress.warn(
            f"{int(chosen.sum() - complete.sum())} of {int(chosen.sum())} rows lack a factor (most "
            f"often '{worst}') and are left out."
        )
    moments = Moments(len(names))
    moments.add(values[complete])
    about = f"{moments.count:,} complete {part}"
    return Rows(names, moments, values[complete], about, categorical(given, names))


def stack_rows(
    path: str,
    names: Sequence[str],
    indices: Sequence[int],
    cells: int,
    seed: int,
    progress: Progress,
) -> Rows:
    """Return the moments of all complete cells of a stack, and a sample of these cells."""
    raster = open_stack(path)
    chosen = _chosen_bands(raster, names, indices)
    given = [band.name for band in chosen]
    kept = continuous(given, [_band_kind(raster, band) for band in chosen], progress)
    chosen = [band for band in chosen if band.name in kept]
    moments, valid = Moments(len(chosen)), np.zeros(len(chosen), np.int64)
    sample = RowSample(cells, len(chosen), seed)
    side = int(np.clip(np.sqrt(TILE_VALUES / len(chosen)), 64, 512))
    with bounded_cache(STRIPS_BYTES):
        windows = raster.grid.windows(side)
        for number, window in enumerate(windows):
            progress(number / len(windows))
            tile = raster.read(window, [band.index for band in chosen]).reshape(len(chosen), -1)
            finite = np.isfinite(tile)
            valid += finite.sum(axis=1)
            rows = tile.T[finite.all(axis=0)]
            moments.add(rows)
            sample.add(rows)
    total = raster.grid.width * raster.grid.height
    check_complete(kept, valid, moments.count, "cells")
    about = f"{moments.count:,} complete cells of {total:,}"
    if len(sample.rows) < moments.count:
        about += f"; ranks and significance from {len(sample.rows):,} of them, drawn at random"
    progress.info(f"{about}.")
    return Rows(kept, moments, sample.rows, about, categorical(given, kept))


def _chosen_bands(raster: Raster, names: Sequence[str], indices: Sequence[int]) -> list[Band]:
    if not names and not indices:
        return raster.bands
    for index in indices:
        if not 1 <= index <= len(raster.bands):
            raise InputError(
                f"The stack has no band {index} (BANDS); it has {len(raster.bands)} bands."
            )
    wanted = {raster.band(name).index for name in names} | set(indices)
    return [band for band in raster.bands if band.index in wanted]


def _sample_kinds(names: Sequence[str], metadata: Mapping[str, str]) -> list[str]:
    """Return the kinds of factors; codes of unordered classes are categorical."""
    kinds = factor_kinds(names, metadata)
    try:
        rules = json.loads(metadata.get("rules") or "{}")
    except ValueError:
        rules = None
    rules = rules if isinstance(rules, dict) else {}
    return [
        "categorical" if kind == "classes" and _is_unordered(rules.get(name)) else kind
        for name, kind in zip(names, kinds)
    ]


def _is_unordered(rule: Any) -> bool:
    return isinstance(rule, dict) and rule.get("kind") == "categorical"


def _band_kind(raster: Raster, band: Band) -> str:
    """Return the kind of a band; in a class stack that of what the classes were made from."""
    if raster.metadata.get("SUBSIDENCE_KIND") != "class_stack":
        return band.kind
    before = raster.dataset.GetRasterBand(band.index).GetMetadataItem("source_kind")
    return "categorical" if before == "categorical" else "classes"


def _tolerances(table: Correlations, progress: Progress) -> np.ndarray:
    if table.count > len(table.names):
        return tolerances(table.pearson)
    progress.warn(
        f"{table.count} rows are too few for the inflation of {len(table.names)} factors, which "
        "needs more rows than factors."
    )
    return np.full(len(table.names), np.nan)


def _log(table: Correlations, own: np.ndarray, threshold: float, progress: Progress) -> None:
    for i, j in table.above(threshold):
        progress.info(f"{table.names[i]} and {table.names[j]}: r = {table.pearson[i, j]:.3f}.")
    for name, tolerance in zip(table.names, own):
        if tolerance == 0:
            progress.warn(f"{name} is exactly computable from other factors (VIF infinite).")
        elif 1 / tolerance > TOO_HIGH:
            progress.warn(f"{name} has a VIF of {1 / tolerance:.1f} (above {TOO_HIGH:g}).")
    if not table.above(threshold):
        progress.info(f"No pair has |r| above {threshold:g}.")
