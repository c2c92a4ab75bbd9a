"""Job ``extractsamples``: labelled points or polygons and a factor stack become samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.describe import as_json, stack_metadata
from ..raster.read import Raster, open_stack
from ..raster.sample import sample_cells
from ..sampling.cells import one_per_cell
from ..sampling.divide import METHODS, divide
from ..sampling.labels import LABEL
from ..sampling.splits import check_shares
from ..styles import write_style
from ..validation.splits import SPLITS
from ..vector.inventory import inventory_labels, read_inventory
from ..vector.locate import Located, locate
from ..vector.metric_crs import is_geographic
from ..vector.read import Features
from ..vector.write import refuse_shapefile, write_points

#: Fields of the output that no factor may be called.
OWN_FIELDS = (LABEL, "split", "fold")
WHAT = "The layer of points"


def run(
    progress: Progress,
    points: str,
    factors: str,
    output: str,
    label_field: Optional[str] = None,
    validation_share: float = 0.3,
    test_share: float = 0.0,
    split: int = 0,
    block_size: Optional[float] = None,
    folds: int = 5,
    one_per_cell: bool = True,
    seed: int = 42,
) -> dict[str, Any]:
    """Write a point layer with ``label``, ``split``, ``fold`` and a field a factor.

    Parameters
    ----------
    progress : Progress
    points : str
        Points, multipoints or polygons in any CRS.
    factors : str
        Factor stack or class stack.
    output : str
        Any vector format that keeps long field names.
    label_field : str, optional
        Field with 0 and 1; default ``label`` where there is one, else all are presence.
    validation_share, test_share : float
    split : int
        0 random, 1 square blocks, 2 k-means on coordinates.
    block_size : float, optional
        Side of the blocks in map units of the stack; default a tenth of the samples' extent.
    folds : int
    one_per_cell : bool
        Several samples in one cell count once; presence wins.
    seed : int

    Returns
    -------
    dict
        Counts of samples, parts and of what was dropped.
    """
    refuse_shapefile(output, "Samples")
    check_shares(validation_share, test_share)
    stack = open_stack(factors)
    _check_names(stack)
    counts: dict[str, int] = {}
    with Outputs(output, inputs=[points, factors]) as outputs:
        samples = _locate(points, label_field, stack, counts, progress.part(0, 0.2))
        if one_per_cell:
            samples = _thin(samples, stack, counts, progress)
        values = sample_cells(stack, samples.rows, samples.columns, progress.part(0.2, 0.8))
        samples, values = _drop_missing(samples, values, stack, counts, progress)
        progress(0.8)
        settings = {
            "method": METHODS[split],
            "validation_share": validation_share,
            "test_share": test_share,
            "block_size": _block_size(METHODS[split], block_size, samples, progress),
            "folds": folds,
        }
        parts, fold = _divide(samples, stack, settings, seed)
        _report(samples.labels, parts, fold, counts, progress)
        fields = {LABEL: samples.labels.astype(np.int32), "split": parts}
        fields["fold"] = fold.astype(np.int32)
        fields.update(zip(stack.names, values.T))
        metadata = {
            "SUBSIDENCE_KIND": "samples",
            **stack_metadata(stack),
            "points": points,
            "counts": as_json(counts),
            "split": as_json(settings),
            "seed": str(seed),
        }
        progress(0.85)
        target = outputs.path(output)
        write_points(target, samples.x, samples.y, fields, stack.grid.crs, metadata)
        if Path(output).suffix.lower() != ".gpkg":
            progress.warn("Only GPKG keeps the kinds and class rules of the factors with samples.")
        write_style("samples", target)
        progress(1)
    names = {"SAMPLES": "samples", "TRAINING": "train", "VALIDATION": "validation"}
    return {"counts": counts, **{key: counts[name] for key, name in names.items()}}


def _check_names(stack: Raster) -> None:
    for name in stack.names:
        if name.casefold() in OWN_FIELDS:
            raise InputError(
                f"The stack '{stack.path}' has a factor called '{name}', which samples use for "
                "themselves; rename it."
            )


def _locate(
    source: str, label_field: Optional[str], stack: Raster, counts: dict, progress: Progress
) -> Located:
    """Read the inventory and find the cell of each of its points, or the cells of polygons."""
    features = read_inventory(source, WHAT, progress)
    progress(0.5)
    labels = inventory_labels(features, label_field or LABEL, WHAT, progress)
    counts["read"] = len(labels)
    counts["without_geometry"] = features.empty
    counts["multipoints"] = features.multipoints
    located = locate(features, labels, stack.grid, progress, WHAT, "The factor stack")
    _count_places(features, located, counts, progress)
    if len(located) == 0:
        raise InputError(
            f"None of the {len(labels)} features lies on the factor stack; check the coordinate "
            "reference systems of both and the extent of the stack."
        )
    return located


def _count_places(
    features: Features, located: Located, counts: dict[str, int], progress: Progress
) -> None:
    read = len(features)
    if features.geometry == "polygon":
        counts["polygons"], counts["cells_of_polygons"] = read, len(located)
        progress.info(
            f"{read} polygons cover {len(located)} cells of the stack (cells whose centre lies "
            "inside, at least one a polygon)."
        )
    elif len(located) < read:
        counts["outside"] = read - len(located)
        progress.warn(
            f"{read - len(located)} of {read} points lie outside the factor stack: dropped."
        )


def _thin(samples: Located, stack: Raster, counts: dict, progress: Progress) -> Located:
    choice = one_per_cell(samples.rows * stack.grid.width + samples.columns, samples.labels)
    if choice.dropped:
        counts["same_cell"], counts["label_conflicts"] = choice.dropped, choice.conflicts
        text = f"{choice.dropped} points share a cell with another: each cell counts once"
        if choice.conflicts:
            text += f"; in {choice.conflicts} cells the labels differ: subsidence (1) wins"
        progress.warn(text + ".")
    return samples.take(choice.rows)


def _drop_missing(samples: Located, values, stack: Raster, counts, progress: Progress):
    missing = ~np.isfinite(values)
    by_factor = missing.sum(axis=0)
    for name, number in zip(stack.names, by_factor):
        if number == len(samples):
            raise InputError(
                f"The factor '{name}' has no data at any of the {number} samples; "
                "check that layer or leave it out of the stack."
            )
    dropped = missing.any(axis=1)
    if dropped.any():
        counts["missing_factor"] = int(dropped.sum())
        worst = np.argsort(-by_factor, kind="stable")[:5]
        named = ", ".join(f"{stack.names[i]} {by_factor[i]}" for i in worst if by_factor[i])
        progress.warn(
            f"{dropped.sum()} of {len(samples)} samples lie where a factor has no data "
            f"({named}): dropped."
        )
    if dropped.all():
        raise InputError(
            "No sample lies where all factors have data; check the extents of the factors."
        )
    keep = np.flatnonzero(~dropped)
    return samples.take(keep), values[keep]


def _block_size(
    method: str, given: Optional[float], samples: Located, progress: Progress
) -> Optional[float]:
    if method != "blocks" or given:
        return given if method == "blocks" else None
    size = float(max(np.ptp(samples.x), np.ptp(samples.y)) / 10 or 1.0)
    progress.info(f"Blocks have a side of {size:g} map units (a tenth of the samples' extent).")
    return size


def _divide(
    samples: Located, stack: Raster, settings: dict[str, Any], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the part and the fold of each sample."""
    x, y = samples.x, samples.y
    if settings["method"] == "kmeans" and is_geographic(stack.grid.crs, "The factor stack"):
        x = x * np.cos(np.radians(y.mean()))  # a degree of longitude is shorter
    return divide(
        settings["method"], x, y, samples.labels,
        settings["validation_share"], settings["test_share"], settings["folds"], seed,
        settings["block_size"],
    )  # fmt: skip


def _report(labels, parts, fold, counts: dict, progress: Progress) -> None:
    counts["samples"] = len(labels)
    for part in SPLITS:
        chosen = parts == part
        ones = int(labels[chosen].sum())
        counts[part] = int(chosen.sum())
        counts[f"{part}_presence"] = ones
        if counts[part]:
            progress.info(f"{part}: {counts[part]} samples, {ones} subsidence (1).")
    if len(np.unique(labels)) == 1:
        progress.warn(
            f"All samples have the label {labels[0]}; training needs 0 and 1 "
            "(make absence points with 'Absence points')."
        )
        return
    for part in SPLITS:
        if counts[part] and len(np.unique(labels[parts == part])) == 1:
            progress.warn(f"The {part} part holds one class only; change the split or its seed.")
    single = [int(f) for f in np.unique(fold) if len(np.unique(labels[fold == f])) == 1]
    if single:
        named = ", ".join(map(str, single))
        progress.warn(f"Fold {named} holds one class only, so it has no AUC.")
