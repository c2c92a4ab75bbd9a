"""The side of square blocks, suggested from how far the factors reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..needs import need
from ..sampling.splits import block_numbers
from .semivariogram import Semivariogram

#: Blocks a fold, at least: fewer make every repeat the same, and folds with one class.
BLOCKS_A_FOLD = 4
#: Share of the extent taken where no semivariogram could be fitted.
SHARE_OF_EXTENT = 0.1
SHRINK = 0.95


@dataclass(frozen=True)
class Suggestion:
    """A suggested block size in map units, and why.

    Parameters
    ----------
    size : float
    median_range : float
        Of the factors; NaN where nothing could be fitted.
    blocks : int
        Blocks of that size that hold rows.
    why : str
        The end of a sentence that begins with the size.
    """

    size: float
    median_range: float
    blocks: int
    why: str


def suggest_block_size(
    curves: Sequence[Semivariogram], x: np.ndarray, y: np.ndarray, folds: int
) -> Suggestion:
    """Return the median range of the factors, bounded so that there are blocks enough.

    Factors whose semivariance does not rise are left out: they do not leak between neighbours.

    Parameters
    ----------
    curves : sequence of Semivariogram
    x, y : 1d-array
        Coordinates of all rows.
    folds : int
        ``BLOCKS_A_FOLD`` times as many blocks must hold rows; the size never falls below twice
        the median distance of a row to its nearest neighbour, as blocks of one row are random
        folds.
    """
    ranges = [curve.range for curve in curves if curve.model and curve.limit != "<"]
    median = float(np.median(ranges)) if ranges else float("nan")
    extent = float(max(np.ptp(x), np.ptp(y))) or 1.0
    wanted = median if ranges else SHARE_OF_EXTENT * extent
    why = "the median range of the factors"
    if not ranges:
        why = "a tenth of the extent, as no factor resembles itself over a distance"
        if not any(len(curve.distance) for curve in curves):
            why = "a tenth of the extent, as the samples are too few for semivariograms"
    least = 2 * nearest_neighbour(x, y)
    size = float(min(max(wanted, least), extent))
    if size == least and wanted < least:
        why = f"twice the usual distance between neighbours; less ({wanted:.4g}) is {why}"
    blocks = _occupied(x, y, size)
    needed = min(BLOCKS_A_FOLD * folds, len(x))
    before = size
    while blocks < needed and size * SHRINK > least > 0:
        size *= SHRINK
        blocks = _occupied(x, y, size)
    if size < before:
        why = f"less than {why} ({wanted:.4g}), so that there are {blocks} blocks for {folds} folds"
    return Suggestion(_rounded(size), median, _occupied(x, y, _rounded(size)), why)


def nearest_neighbour(x: np.ndarray, y: np.ndarray) -> float:
    """Return the median distance of a place to the nearest other place; 0 for a single one."""
    places = np.unique(np.column_stack([x, y]).astype(float), axis=0)
    if len(places) < 2:
        return 0.0
    tree = need("scipy.spatial", "to find neighbours").cKDTree(places)
    return float(np.median(tree.query(places, k=2)[0][:, 1]))


def separation(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return the distance of each row to the nearest row of another fold.

    That is how far a prediction in this partition reaches from what the model has seen.
    """
    spatial = need("scipy.spatial", "to find neighbours")
    places = np.column_stack([x, y]).astype(float)
    result = np.empty(len(places))
    for number in np.unique(fold):
        test = fold == number
        result[test] = spatial.cKDTree(places[~test]).query(places[test])[0]
    return result


def _occupied(x: np.ndarray, y: np.ndarray, size: float) -> int:
    return int(block_numbers(x - x.min(), y - y.min(), size).max()) + 1


def _rounded(size: float) -> float:
    """Return the size with two significant digits, rounded down."""
    unit = 10.0 ** (np.floor(np.log10(size)) - 1)
    return float(np.floor(size / unit + 1e-9) * unit)
