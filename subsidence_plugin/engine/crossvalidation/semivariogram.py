"""Semivariograms of the factors: how far apart samples must be to say something new.

Half the mean squared difference of two rows against their distance, and the distance at which it
stops growing (the range). Blocks of about that size keep most of what neighbours share on one
side of a split (Valavi et al. 2019, *Methods in Ecology and Evolution* 10; Roberts et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..needs import need

SPHERICAL, EXPONENTIAL = "spherical", "exponential"
#: Rows of the subsample: two million pairs, in under a second.
MOST_ROWS = 2000
#: Upper bounds of the distance classes as shares of the longest distance, fine where it counts
#: (Hiemstra et al. 2009, automap), and that distance as a share of the extent's diagonal.
CLASSES = np.array([2, 4, 6, 9, 12, 15, 20, 25, 30, 35, 42, 50, 58, 65, 72, 80, 90, 100]) / 100
LONGEST = 0.35
#: A class with fewer pairs says nothing (Journel and Huijbregts 1978).
FEWEST_PAIRS = 30
#: Fewer classes than this cannot be fitted by three numbers.
FEWEST_CLASSES = 4
#: Share of the semivariance below which its rise with distance is taken for noise.
FLAT = 0.15
#: Smallest semivariance in the weights, as a share of the largest.
LEAST_GAMMA = 0.1


@dataclass(frozen=True)
class Semivariogram:
    """Semivariogram of one factor, in units of its variance, and the model fitted to it.

    Parameters
    ----------
    factor : str
    distance : 1d-array
        Mean distance of the pairs of each class, in map units.
    gamma : 1d-array
        Half the mean squared difference divided by the variance of the rows; of a categorical
        factor the share of pairs that differ, divided by that of all pairs.
    pairs : 1d-array of int
    model : str
        ``SPHERICAL`` or ``EXPONENTIAL``; empty where nothing could be fitted.
    nugget, sill : float
        At distance 0, and the rise above it.
    range : float
        Distance at which the model is flat (exponential: at 95 % of its rise); where ``limit`` is
        ``"<"`` or ``">"`` the shortest or longest distance, as the range lies beyond it.
    limit : str
        ``""``, ``"<"`` or ``">"``.
    scale : float
        The range as fitted.
    """

    factor: str
    distance: np.ndarray
    gamma: np.ndarray
    pairs: np.ndarray
    model: str = ""
    nugget: float = float("nan")
    sill: float = float("nan")
    range: float = float("nan")
    limit: str = ""
    scale: float = float("nan")

    def at(self, distance: np.ndarray) -> np.ndarray:
        """Return the fitted model at these distances."""
        return MODELS[self.model](np.asarray(distance, float), self.nugget, self.sill, self.scale)


def spherical(distance: np.ndarray, nugget: float, sill: float, range_: float) -> np.ndarray:
    """Return nugget + sill (1.5 h − 0.5 h³), h = distance / range, flat from the range on."""
    h = np.minimum(distance / range_, 1.0)
    return nugget + sill * (1.5 * h - 0.5 * h**3)


def exponential(distance: np.ndarray, nugget: float, sill: float, range_: float) -> np.ndarray:
    """Return nugget + sill (1 − exp(−3 distance / range)): 95 % of the sill at the range."""
    return nugget + sill * (1.0 - np.exp(-3.0 * distance / range_))


MODELS = {SPHERICAL: spherical, EXPONENTIAL: exponential}


def semivariograms(
    x: np.ndarray,
    y: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    kinds: Sequence[str],
    seed: int = 42,
) -> list[Semivariogram]:
    """Return the fitted semivariogram of each factor.

    Parameters
    ----------
    x, y : 1d-array, (rows,)
        Coordinates as long in x as in y; at most ``MOST_ROWS`` rows are drawn.
    values : 2d-array, (rows, factors)
    names, kinds : sequence of str
        A ``categorical`` factor counts as different or alike.
    seed : int
    """
    chosen = np.random.default_rng([seed, 5]).permutation(len(x))[:MOST_ROWS]
    chosen.sort()
    categorical = np.array([kind == "categorical" for kind in kinds])
    distance, gamma, pairs = empirical(x[chosen], y[chosen], values[chosen], categorical)
    return [fitted(name, distance, gamma[:, i], pairs) for i, name in enumerate(names)]


def empirical(
    x: np.ndarray, y: np.ndarray, values: np.ndarray, categorical: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distance, semivariance and number of pairs of each distance class with enough pairs.

    Parameters
    ----------
    x, y : 1d-array, (rows,)
    values : 2d-array, (rows, factors)
    categorical : 1d-array of bool, (factors,)

    Returns
    -------
    distance : 1d-array, (classes,)
    gamma : 2d-array, (classes, factors)
        Divided by the variance (ddof 0) of the rows, or the share of all pairs that differ.
    pairs : 1d-array of int, (classes,)
    """
    separation = need("scipy.spatial.distance", "to compute semivariograms").pdist(
        np.column_stack([x, y]).astype(float)
    )
    longest = LONGEST * float(np.hypot(np.ptp(x), np.ptp(y)))
    near = np.flatnonzero(separation <= longest)
    separation = separation[near]
    count = len(CLASSES)
    # A pair at a bound belongs to the class below it.
    index = np.minimum(np.searchsorted(longest * CLASSES, separation), count - 1)
    pairs = np.bincount(index, minlength=count)
    enough = pairs >= FEWEST_PAIRS
    divisor = np.maximum(pairs, 1)
    first, second = (rows[near] for rows in np.triu_indices(len(x), 1))
    gamma = np.empty((count, values.shape[1]))
    for column in range(values.shape[1]):
        difference, scale = _differences(values[:, column], first, second, categorical[column])
        gamma[:, column] = np.bincount(index, difference, count) / divisor / scale
    distance = np.bincount(index, separation, count) / divisor
    return distance[enough], gamma[enough], pairs[enough]


def _differences(
    column: np.ndarray, first: np.ndarray, second: np.ndarray, categorical: bool
) -> tuple[np.ndarray, float]:
    """Return half the squared difference of each pair, and what it is among all rows."""
    if categorical:
        share = np.unique(column, return_counts=True)[1] / len(column)
        return (column[first] != column[second]).astype(float), float(1 - (share**2).sum()) or 1.0
    column = column.astype(float)
    return 0.5 * (column[first] - column[second]) ** 2, float(column.var()) or 1.0


def fitted(
    factor: str, distance: np.ndarray, gamma: np.ndarray, pairs: np.ndarray
) -> Semivariogram:
    """Return the semivariogram with the better of two models.

    A class weighs by its pairs / semivariance² (Cressie 1985, *Mathematical Geology* 17): by
    pairs alone the far classes, which are no matter here, would decide. Where the semivariance
    does not rise with distance, the range is below the shortest distance; where it rises to the
    end, above the longest.
    """
    plain = Semivariogram(factor, distance, gamma, pairs)
    if len(distance) < FEWEST_CLASSES or not gamma.any():
        return plain
    optimize = need("scipy.optimize", "to fit semivariograms")
    shortest, longest = float(distance[0]), float(distance[-1])
    start = (max(gamma.min(), 0.0), max(np.ptp(gamma), 1e-6), 1 / 3)
    # Beyond twice the longest distance a rise is a straight line and its range anything.
    bounds = ([0.0, 0.0, 0.1 * shortest / longest], [np.inf, np.inf, 2.0])
    error_of_class = np.maximum(gamma, LEAST_GAMMA * gamma.max()) / np.sqrt(pairs)
    found = []
    for name, model in MODELS.items():
        try:  # in shares of the longest distance, so that the three numbers are of one size
            best, _covariance = optimize.curve_fit(
                model, distance / longest, gamma, start, sigma=error_of_class, bounds=bounds,
                max_nfev=2000,
            )  # fmt: skip
        except RuntimeError:  # no convergence
            continue
        residual = model(distance / longest, *best) - gamma
        error = float(((residual / error_of_class) ** 2).sum())
        found.append((error, name, *map(float, best)))
    if not found:
        return plain
    _error, name, nugget, sill, scale = min(found)
    scale *= longest
    reach, limit = scale, ""
    end = float(MODELS[name](np.array([longest]), nugget, sill, scale)[0])
    if end - nugget < FLAT * end or scale < shortest:
        reach, limit = shortest, "<"
    elif scale > longest:
        reach, limit = longest, ">"
    return Semivariogram(
        factor, distance, gamma, pairs, name, nugget, sill, reach, limit, scale
    )  # fmt: skip
