"""Trains and scores every model in every fold, each fitted to the other folds' rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from ..training.fit import Recipe, fit_model, predict_values
from ..training.holdout import holdout_rows
from .folds import SPATIAL, Partition
from .recipes import Candidate
from .results import CrossValidation, FoldLog, Rows


def cross_validate(
    candidates: Sequence[Candidate],
    rows: Rows,
    partitions: Sequence[Partition],
    device: str = "cpu",
    progress: Optional[Progress] = None,
) -> CrossValidation:
    """Return the scores of every candidate in every fold of every partition.

    Scaling, categories, class weights and early stopping see the training rows alone
    (``fit_model``). Early stopping holds out single training rows, or whole neighbourhoods in a
    spatial partition that has ``groups``.

    Parameters
    ----------
    candidates : sequence of Candidate
    rows : Rows
    partitions : sequence of Partition
    device : str
        ``"cpu"`` or ``"cuda"``, of the networks.
    progress : Progress, optional
        A log line a fold; cancels within one mini-batch.

    Raises
    ------
    InputError
        A fold cannot be trained, for example because a factor is constant without its rows.
    Cancelled
    """
    log = FoldLog(progress or Progress(), candidates, rows.label, partitions)
    for index, (partition, number) in enumerate(log.folds):
        log.add(index, run_fold(candidates, rows, partition, number, device, log.part))
    return log.result


def run_fold(
    candidates: Sequence[Candidate], rows: Rows, partition: Partition, number: int, device: str,
    part: Callable[[int], Progress],
) -> list[np.ndarray]:  # fmt: skip
    """Return each candidate's probabilities of the test rows of one fold.

    ``part(place)`` gives the progress of the candidate at that place.
    """
    test = partition.fold == number
    found = []
    for place, candidate in enumerate(candidates):
        try:
            found.append(_fitted_probability(candidate, rows, partition, test, device, part(place)))
        except InputError as error:
            raise InputError(
                f"{candidate.title} in {partition.scheme} fold {number} of repeat "
                f"{partition.repeat}: {error}"
            ) from error
    return found


def _fitted_probability(
    candidate: Candidate, rows: Rows, partition: Partition, test: np.ndarray, device: str,
    progress: Progress,
) -> np.ndarray:  # fmt: skip
    """Return the mean of the members' probabilities of the test rows."""
    values, label = rows.values[~test], rows.label[~test]
    total = np.zeros(int(test.sum()))
    for index, recipe in enumerate(candidate.recipes):
        seed = partition.seed + index
        model = fit_model(
            recipe, values, rows.names, rows.kinds, label, seed=seed, device=device,
            fold=_holdout_groups(recipe, partition, test, label, seed, progress),
            progress=progress.part(index / candidate.members, (index + 1) / candidate.members),
        )  # fmt: skip
        total += predict_values(model, rows.values[test])
    return total / candidate.members


def _holdout_groups(
    recipe: Recipe, partition: Partition, test: np.ndarray, label: np.ndarray, seed: int,
    progress: Progress,
) -> Optional[np.ndarray]:  # fmt: skip
    """Return the neighbourhoods of the training rows, None where single rows are held out."""
    share = recipe.settings.get("holdout_share", 0.0)
    if (
        partition.scheme != SPATIAL
        or partition.groups is None
        or not recipe.is_network
        or not share
    ):
        return None
    groups = partition.groups[~test]
    try:
        holdout_rows(label, share, seed, groups)
    except InputError:
        progress.warn(
            "No whole neighbourhoods with both classes can be held out for early stopping; single "
            "rows are held out instead."
        )
        return None
    return groups
