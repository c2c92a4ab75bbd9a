"""Splits into train, validation and test, and folds: random, by square blocks, by k-means.

Random parts are stratified by class. Spatial parts keep whole blocks or clusters together, since
neighbouring points share their factors and a random split then flatters a model (Brenning 2012).
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..errors import InputError
from ..needs import need
from ..validation.splits import SPLITS

#: Clusters that a k-means split deals out to the parts (folds are clusters themselves).
SPLIT_CLUSTERS = 20


def random_folds(labels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return a fold number (1 to ``folds``) a row; sizes and classes differ by at most one.

    Parameters
    ----------
    labels : 1d-array of int
        Class of each row.
    folds : int
        From 2 to the number of rows.
    seed : int
    """
    labels = np.asarray(labels)
    _check_folds(folds, len(labels), "points")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    result = np.empty(len(labels), dtype=np.int64)
    result[order] = np.arange(len(labels)) % folds + 1
    return result


def block_folds(
    x: np.ndarray, y: np.ndarray, labels: np.ndarray, size: float, folds: int, seed: int
) -> np.ndarray:
    """Return fold numbers (1 to ``folds``) that keep square blocks of ``size`` whole.

    Blocks are dealt out so that folds come as close to equal numbers of each class as they can.

    Parameters
    ----------
    x, y : 1d-array
        Coordinates in map units.
    labels : 1d-array of int
    size : float
        Side of a block in map units.
    folds, seed : int
    """
    blocks = block_numbers(x, y, size)
    _check_folds(folds, blocks.max(initial=-1) + 1, f"blocks of {size:g} map units")
    return deal_groups(blocks, labels, np.full(folds, 1.0 / folds), seed) + 1


def kmeans_folds(x: np.ndarray, y: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return fold numbers (1 to ``folds``): clusters of the coordinates (Brenning 2012).

    One start of k-means a seed, so that repeated seeds give different partitions, over which
    a spatial cross-validation is averaged.

    Parameters
    ----------
    x, y : 1d-array
        Coordinates in map units.
    folds, seed : int
    """
    points = np.column_stack([x, y]).astype(float)
    distinct = len(np.unique(points, axis=0))
    _check_folds(folds, distinct, "distinct points")
    cluster = need("sklearn.cluster", "to make spatial folds by k-means")
    # Far from the origin squared coordinates lose digits, so the mean goes first.
    means = cluster.KMeans(folds, n_init=1, random_state=seed).fit(points - points.mean(axis=0))
    return means.labels_.astype(np.int64) + 1


def split_shares(
    labels: np.ndarray,
    validation: float,
    test: float,
    seed: int,
    groups: Optional[np.ndarray] = None,
) -> np.ndarray:
    """Return ``"train"``, ``"validation"`` or ``"test"`` a row.

    Parameters
    ----------
    labels : 1d-array of int
        Each class is split in the same shares.
    validation, test : float
        Shares from 0 to 1; together less than 1.
    seed : int
    groups : 1d-array of int, optional
        Rows of one group stay together (blocks, clusters); shares are then as close as whole
        groups allow. Without groups each class has its shares to within one row.

    Raises
    ------
    InputError
        Shares outside 0 to 1, or a part that was asked for stays empty.
    """
    labels = np.asarray(labels)
    shares = check_shares(validation, test)
    if groups is not None:
        parts = deal_groups(groups, labels, shares, seed)
    else:
        parts = _random_parts(labels, shares, seed)
    for part, share in enumerate(shares):
        if share > 0 and not np.any(parts == part):
            what = "points" if groups is None else "blocks or clusters"
            raise InputError(
                f"There are too few {what} for a {SPLITS[part]} share of {share:g}; change "
                "VALIDATION_SHARE or TEST_SHARE, or use smaller blocks."
            )
    return np.array(SPLITS)[parts]


def check_shares(validation: float, test: float) -> np.ndarray:
    """Return the shares of train, validation and test, or say which one is not possible."""
    for name, share in (("VALIDATION_SHARE", validation), ("TEST_SHARE", test)):
        if not 0 <= share < 1:
            raise InputError(f"{name} is {share:g}; it must be at least 0 and less than 1.")
    if validation + test >= 1:
        raise InputError(
            f"VALIDATION_SHARE and TEST_SHARE add up to {validation + test:g}; "
            "they must leave something for training (less than 1)."
        )
    return np.array([1 - validation - test, validation, test])


def block_numbers(x: np.ndarray, y: np.ndarray, size: float) -> np.ndarray:
    """Return the number (from 0) of the square block of side ``size`` that each point lies in."""
    if not size or not np.isfinite(size) or size <= 0:
        raise InputError(f"BLOCK_SIZE is {size}; blocks need a side greater than 0 map units.")
    corners = np.column_stack([np.floor(np.asarray(v, float) / size) for v in (x, y)])
    return np.unique(corners, axis=0, return_inverse=True)[1].reshape(-1)


def deal_groups(
    groups: np.ndarray, labels: np.ndarray, shares: np.ndarray, seed: int
) -> np.ndarray:
    """Return the part (0 to ``len(shares) - 1``) of each row, groups kept whole.

    Groups come in random order and go where the sum over parts and classes of
    (count − wanted)² / wanted grows least; then single groups move while that sum falls.

    Parameters
    ----------
    groups : 1d-array of int
        Group number of each row, from 0.
    labels : 1d-array of int
    shares : 1d-array of float
        Wanted share of each part; a part of share 0 stays empty.
    seed : int
    """
    codes = np.unique(labels, return_inverse=True)[1].reshape(-1)
    sizes = np.zeros((int(groups.max()) + 1, codes.max() + 1))
    np.add.at(sizes, (groups, codes), 1)
    open_parts = np.flatnonzero(np.asarray(shares) > 0)
    wanted = np.asarray(shares)[open_parts, None] * sizes.sum(axis=0)
    counts = np.zeros_like(wanted)
    order = np.random.default_rng(seed).permutation(len(sizes))
    part_of = np.full(len(sizes), -1)
    for _round in range(10):
        moved = False
        for group in order:
            size, before = sizes[group], part_of[group]
            if before >= 0:
                counts[before] -= size
            costs = ((2 * (counts - wanted) + size) * size / wanted).sum(axis=1)
            best = int(np.argmin(costs))
            if before >= 0 and costs[best] >= costs[before] - 1e-9:
                best = before
            counts[best] += size
            part_of[group] = best
            moved = moved or best != before
        if not moved:
            break
    return open_parts[part_of][groups]


def _random_parts(labels: np.ndarray, shares: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    parts = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        edges = np.rint(np.cumsum(shares[::-1]) * len(rows)).astype(int)
        # Counted from the end, so that a share of 0 is empty whatever the rounding.
        for part, (start, stop) in enumerate(zip([0, *edges[:-1]], edges)):
            parts[rows[start:stop]] = len(shares) - 1 - part
    return parts


def _check_folds(folds: int, available: int, what: str) -> None:
    if folds < 2:
        raise InputError(f"FOLDS is {folds}; cross-validation needs at least 2 folds.")
    if folds > available:
        raise InputError(
            f"There are {available} {what}, too few for {folds} folds; use fewer folds"
            + (" or smaller blocks." if "block" in what else ".")
        )
