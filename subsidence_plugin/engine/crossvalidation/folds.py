"""Partitions of samples into folds: random and spatial ones, the same for every model.

A random fold leaves every test row with training rows next to it, which share its factors; a
spatial fold moves whole neighbourhoods out, as a new place would be (Brenning 2012; Roberts et
al. 2017, *Ecography* 40). Setting both beside each other shows how much the first flatters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError
from ..sampling.splits import (
    SPLIT_CLUSTERS,
    block_folds,
    block_numbers,
    kmeans_folds,
    random_folds,
)

RANDOM, SPATIAL = "random", "spatial"
SCHEMES = (RANDOM, SPATIAL)
BLOCKS, KMEANS, FIELD = "blocks", "kmeans", "field"
#: In the order of the parameter ``METHOD``.
METHODS = (BLOCKS, KMEANS, FIELD)
#: Folds named one by one in a warning.
NAMED = 5


@dataclass(frozen=True)
class Partition:
    """One way to cut all rows into folds.

    Parameters
    ----------
    scheme : str
        ``RANDOM`` or ``SPATIAL``.
    repeat : int
        From 1; the random and the spatial partition of one repeat belong together.
    seed : int
        Of the partition, and of the models trained in it.
    fold : 1d-array of int, (rows,)
        From 1.
    groups : 1d-array of int, (rows,), optional
        Small neighbourhoods, of which early stopping holds out whole ones; None: single rows. On
        the 350 rows of Ecuador a CNN lost 0.05 of spatial AUC by whole ones, a DRDN gained 0.01.
    """

    scheme: str
    repeat: int
    seed: int
    fold: np.ndarray
    groups: Optional[np.ndarray] = None

    @property
    def folds(self) -> int:
        """Number of folds."""
        return int(self.fold.max())

    def two_classes(self, label: np.ndarray) -> np.ndarray:
        """Return which folds hold rows of both classes, (folds,)."""
        numbers = range(1, self.folds + 1)
        return np.array([len(np.unique(label[self.fold == n])) == 2 for n in numbers])


@dataclass(frozen=True)
class Places:
    """Where the rows are: coordinates as long in x as in y, or fold numbers of their own.

    ``field`` holds the fold numbers of method ``FIELD``; ``block_size`` the side of the squares.
    """

    x: Optional[np.ndarray] = None
    y: Optional[np.ndarray] = None
    field: Optional[np.ndarray] = None
    block_size: Optional[float] = None


def make_partitions(
    label: np.ndarray, places: Places, method: str, folds: int, repeats: int, seed: int
) -> list[Partition]:
    """Return a random and a spatial partition a repeat, with the seeds ``seed``, ``seed`` + 1, ...

    Parameters
    ----------
    label : 1d-array of 0 and 1
    places : Places
    method : str
        One of ``METHODS``, for the spatial folds. Squares get another origin in each repeat;
        folds of a field stay, and give the number of random folds too.
    folds, repeats, seed : int

    Raises
    ------
    InputError
        Fewer rows (of a class), blocks or places than folds.
    """
    if repeats < 1:
        raise InputError(f"REPEATS is {repeats}; it must be at least 1.")
    own = field_folds(places.field) if method == FIELD else None
    if own is not None:
        folds = int(own.max())
    check_folds(label, folds)
    order = np.arange(len(label))
    if places.x is not None:  # by place: QGIS hands selected rows over in another order each time
        order = np.lexsort((label, places.x, places.y))
    back = np.argsort(order)
    result = []
    for repeat in range(1, repeats + 1):
        number = seed + repeat - 1
        fold = random_folds(label[order], folds, number)[back]
        result.append(Partition(RANDOM, repeat, number, fold))
        if own is not None:
            result.append(Partition(SPATIAL, repeat, number, own, own))
            continue
        fold, groups = _spatial(places, order, label, method, folds, number)
        result.append(Partition(SPATIAL, repeat, number, fold[back], groups[back]))
    return result


def _spatial(
    places: Places, order: np.ndarray, label: np.ndarray, method: str, folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return folds and small groups of the rows in this order."""
    x, y, label = places.x[order], places.y[order], label[order]
    if method == KMEANS:
        fold = kmeans_folds(x, y, folds, seed)
        distinct = len(np.unique(np.column_stack([x, y]), axis=0))
        clusters = min(max(SPLIT_CLUSTERS, 4 * folds), max(2, len(x) // 5), distinct)
        return fold, kmeans_folds(x, y, clusters, seed)
    size = places.block_size
    block_numbers(x[:1], y[:1], size)  # refuses a size that is none
    shift = np.random.default_rng([seed, 11]).random(2) * size
    x, y = x - x.min() + shift[0], y - y.min() + shift[1]
    return block_folds(x, y, label, size, folds, seed), block_numbers(x, y, size)


def field_folds(field: Optional[np.ndarray]) -> np.ndarray:
    """Return the folds of a numeric column, numbered from 1 in the order of its values."""
    if field is None:
        raise InputError(
            "METHOD takes the folds from the samples, which have no numeric field 'fold'; run "
            "'Extract samples' with FOLDS, or choose another METHOD."
        )
    missing = int((~np.isfinite(field)).sum())
    if missing:
        raise InputError(
            f"The field 'fold' is empty in {missing} rows; fill it, or choose another METHOD."
        )
    known, fold = np.unique(field, return_inverse=True)
    if len(known) < 2:
        raise InputError(
            f"The field 'fold' holds the value {known[0]:g} only; at least 2 folds are needed."
        )
    return fold.reshape(-1).astype(np.int64) + 1


def check_folds(label: np.ndarray, folds: int) -> None:
    """Refuse more folds than there are rows of the rarer class.

    Raises
    ------
    InputError
    """
    if folds < 2:
        raise InputError(f"FOLDS is {folds}; cross-validation needs at least 2 folds.")
    if folds > len(label):
        raise InputError(
            f"There are {len(label)} complete samples, too few for {folds} folds; set FOLDS to "
            "less or give more samples."
        )
    for value in (0, 1):
        rows = int((label == value).sum())
        if rows < folds:
            raise InputError(
                f"There are {rows} samples with label {value}, too few for {folds} folds that "
                f"hold both classes; set FOLDS to {max(rows, 2)} or less, or give more samples."
            )


def check_partitions(partitions: Sequence[Partition], label: np.ndarray) -> list[str]:
    """Return warnings of folds with one class, or refuse a partition with too many of them.

    Raises
    ------
    InputError
        Fewer than half of the folds (or than 2) of a partition hold both classes, or what is
        left for training has one class only.
    """
    odd = []
    for p in partitions:
        good = p.two_classes(label)
        where = f"{p.scheme} folds of repeat {p.repeat}"
        if good.sum() < max(2, p.folds / 2):
            raise InputError(
                f"Only {good.sum()} of the {p.folds} {where} hold both classes, too few for a "
                "mean AUC; use fewer FOLDS, another METHOD, another BLOCK_SIZE or another SEED."
            )
        for number in np.flatnonzero(~good) + 1:
            if len(np.unique(label[p.fold != number])) < 2:
                raise InputError(
                    f"Fold {number} of the {where} holds all rows of one class, so nothing can be "
                    "trained without it; use fewer FOLDS, another METHOD or another SEED."
                )
            odd.append(f"fold {number} ({p.scheme}, repeat {p.repeat})")
    if not odd:
        return []
    named = ", ".join(odd[:NAMED]) + (f" and {len(odd) - NAMED} more" if len(odd) > NAMED else "")
    return [
        f"{len(odd)} of {sum(p.folds for p in partitions)} folds hold rows of one class only and "
        f"have no AUC of their own: {named}. They are left out of the mean AUC and count in the "
        "pooled AUC."
    ]
