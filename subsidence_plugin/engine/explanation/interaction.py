"""Interaction of two factors: Shapley interaction by sampling, and a two-way partial dependence.

The Shapley interaction index (Grabisch and Roubens 1999; SHAP interaction values, Lundberg et al.
2020, are its halves) is the mean of v(S, i, j) − v(S, i) − v(S, j) + v(S) over sets S of the other
factors whose size is uniform. Every background row draws a set and also takes its complement.
"""

from __future__ import annotations

from typing import Callable, Optional

import numpy as np

from ..models.encode import encode
from ..progress import Progress
from .curves import SURFACE_POINTS, factor_grid, grid_labels
from .game import Game, Value
from .permutations import Background
from .result import Explanation, Interaction
from .rows import PAIRS, in_threads, main_thread_value, slices


def strongest_pair(explanation: Explanation) -> Optional[tuple[int, int]]:
    """Return the indices of the two factors of largest mean |SHAP|, None for a single factor."""
    order = explanation.order
    return (int(order[0]), int(order[1])) if len(order) > 1 else None


def interaction(
    game: Game,
    background: Background,
    inputs: np.ndarray,
    explanation: Explanation,
    pair: tuple[int, int],
    rounds: int = 4,
    seed: int = 42,
    workers: int = 1,
    progress: Optional[Progress] = None,
) -> Interaction:
    """Return the interaction of a pair of factors at every explained row, and its surface.

    Parameters
    ----------
    game, background
        As the explanation was made with.
    inputs : 2d-array of float32, (rows, inputs)
        The explained rows.
    explanation : Explanation
    pair : (int, int)
        Factors by index.
    rounds : int
        Sets drawn for every background row; at least 2 are, for the standard error.
    seed, workers : int
    progress : Progress, optional
    """
    progress = progress or Progress()
    columns = np.ascontiguousarray(inputs.T, dtype=np.float32)
    rounds, rows = max(rounds, 2), columns.shape[1]
    values, errors = np.empty(rows), np.empty(rows)

    def make_worker(stopped: Callable[[], bool]) -> Callable[[slice], tuple]:
        value = game.for_thread(stopped)

        def work(part: slice) -> tuple:
            found = np.stack(
                [
                    _row(game, value, background, columns[:, row], pair, rounds, [seed, PAIRS, row])
                    for row in range(part.start, part.stop)
                ],
                axis=1,
            )
            return found[0], found[1]

        return work

    def store(part: slice, result: tuple) -> None:
        values[part], errors[part] = result

    size = max(1, game.batch // (8 * len(background) * rounds))
    in_threads(make_worker, slices(rows, size), store, workers, progress.part(0, 0.95))
    result = _surface(game, main_thread_value(game, progress), background, explanation, pair)
    result.values, result.error = values, errors
    progress(1)
    return result


def _row(
    game: Game, value: Value, background: Background, x: np.ndarray, pair: tuple[int, int],
    rounds: int, seed: list[int],
) -> tuple[float, float]:  # fmt: skip
    """Return the interaction at one row and its standard error."""
    rng, count = np.random.default_rng(seed), len(background)
    others = [i for i in range(game.factors) if i not in pair]
    places = np.argsort(rng.random((len(others), rounds, count)), axis=0)
    sizes = rng.integers(0, len(others) + 1, (rounds, count))
    known = np.zeros((game.factors, 4, 2, rounds, count), dtype=bool)
    chosen = places < sizes
    known[others, :, 0] = chosen[:, None]
    known[others, :, 1] = ~chosen[:, None]
    known[pair[0], [0, 1]] = known[pair[1], [0, 2]] = True  # both, first, second, none
    hybrids = np.where(
        known[game.owner], x[:, None, None, None, None], background.inputs[:, None, None, None, :]
    )
    found = value(hybrids.reshape(len(x), -1)).reshape(4, 2, rounds, count)
    gains = (found[0] - found[1] - found[2] + found[3]).mean(axis=0)
    variance = gains.var(axis=0, ddof=1).sum() / rounds / count**2
    return float(gains.mean()), float(np.sqrt(variance))


def _surface(
    game: Game,
    value: Value,
    background: Background,
    explanation: Explanation,
    pair: tuple[int, int],
) -> Interaction:
    """Return the two-way partial dependence over the background: v(i, j) at every grid point."""
    factors = game.model.factors
    grids = [factor_grid(factors[i], explanation.values[:, i], SURFACE_POINTS) for i in pair]
    points = np.meshgrid(*grids, indexing="ij")
    rows = np.repeat(explanation.values[:1], points[0].size, axis=0)
    for index, given in zip(pair, points):
        rows[:, index] = given.ravel()
    known = np.isin(game.owner, pair)
    inputs = encode(rows, factors)[0].T[:, :, None]
    hybrids = np.where(known[:, None, None], inputs, background.inputs[:, None, :])
    predicted = value(hybrids.reshape(len(known), -1)).reshape(points[0].size, -1)
    surface = predicted.mean(axis=1).reshape(points[0].shape)
    strength = explanation.mean_absolute
    names = [factors[i].name for i in pair]
    labels = [
        grid_labels(factors[i], grid, explanation.categories.get(factors[i].name, {}))
        for i, grid in zip(pair, grids)
    ]
    empty = np.empty(0)
    return Interaction(
        names[0], names[1], empty, empty, grids[0], grids[1], surface, labels[0], labels[1],
        float(strength[pair[0]]), float(strength[pair[1]]), h_statistic(surface),
    )  # fmt: skip


def h_statistic(surface: np.ndarray) -> float:
    """Return Friedman's H of a two-way partial dependence, its grid points taken as the data.

    Square root of the share of the surface's variance that the sum of its row and column means
    leaves (Friedman and Popescu 2008, equation 44): 0 additive, 1 nothing but interaction.
    """
    centred = surface - surface.mean()
    both = centred - centred.mean(axis=0) - centred.mean(axis=1, keepdims=True)
    total = float((centred**2).sum())
    return float(np.sqrt((both**2).sum() / total)) if total > 1e-20 else 0.0
