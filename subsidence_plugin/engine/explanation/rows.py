"""Shapley values of many rows: batches of them in several threads."""

from __future__ import annotations

from typing import Callable, Optional

import numpy as np

from ..errors import InputError
from ..prediction.pipeline import Pipeline
from ..progress import Progress
from .game import Game, Value
from .permutations import Background, Estimator, draw_orders

#: Seeds of the parts of a run, so that none shares random numbers with another.
ORDERS, PAIRS, BACKGROUND, ROWS = range(4)


def explain_rows(
    game: Game,
    background: Background,
    inputs: np.ndarray,
    rounds: int = 4,
    seed: int = 42,
    workers: int = 1,
    progress: Optional[Progress] = None,
) -> tuple[np.ndarray, Optional[np.ndarray], np.ndarray]:
    """Return the Shapley values, standard errors and predictions of rows.

    Every row draws orders of its own from ``seed`` and its number, so the result depends neither
    on the threads nor on the batches.

    Parameters
    ----------
    game : Game
    background : Background
    inputs : 2d-array of float32, (rows, inputs)
    rounds : int
        Orders drawn for every background row, each taken in both directions. The standard error
        falls with the square root.
    seed, workers : int
    progress : Progress, optional

    Returns
    -------
    values, errors : 2d-array of float64, (rows, factors)
        Errors are None for a single round.
    prediction : 1d-array of float64, (rows,)
    """
    if rounds < 1:
        raise InputError(f"ROUNDS is {rounds}; at least 1 is needed.")
    columns = np.ascontiguousarray(inputs.T, dtype=np.float32)
    rows, factors = columns.shape[1], game.factors
    values, prediction = np.empty((rows, factors)), np.empty(rows)
    errors = np.empty((rows, factors)) if rounds > 1 else None

    def make_worker(stopped: Callable[[], bool]) -> Callable[[slice], tuple]:
        value = game.for_thread(stopped)
        estimator = Estimator(game, value, background)

        def work(part: slice) -> tuple:
            own = columns[:, part]
            places = np.concatenate(
                [
                    draw_orders(
                        np.random.default_rng([seed, ORDERS, row]), rounds, len(background), factors
                    )[:, None]
                    for row in range(part.start, part.stop)
                ],
                axis=1,
            )
            predicted = value(own)
            return (*estimator.explain(own, predicted, places), predicted)

        return work

    def store(part: slice, result: tuple) -> None:
        values[part], prediction[part] = result[0], result[2]
        if errors is not None:
            errors[part] = result[1]

    size = Estimator(game, None, background).rows_at_once(game.batch)
    in_threads(make_worker, slices(rows, size), store, workers, progress or Progress())
    return values, errors, prediction


def slices(rows: int, size: int) -> list[slice]:
    """Return slices of at most ``size`` that cover ``rows``."""
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def in_threads(
    make_worker: Callable[[Callable[[], bool]], Callable],
    parts: list,
    store: Callable,
    workers: int,
    progress: Progress,
) -> None:
    """Run ``work(part)`` in threads and ``store(part, result)`` in this one, in order.

    ``make_worker(stopped)`` is called in every thread and returns its ``work``. Cancel stops
    within a chunk of the model.
    """
    pipeline = Pipeline(
        lambda: lambda part: part, lambda: make_worker(pipeline.stopped), 1, max(workers, 1)
    )
    pipeline.run(parts, store, progress)


def main_thread_value(game: Game, progress: Progress) -> Value:
    """Return the game's value function for this thread, which raises ``Cancelled`` on Cancel."""

    def stopped() -> bool:
        progress.check()
        return False

    return game.for_thread(stopped)
