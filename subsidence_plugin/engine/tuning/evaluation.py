"""What trials are judged by: training rows held out once, or fold by fold, at random or in space.

Validation and test rows take no part: they are to judge the model that is chosen.
"""

from __future__ import annotations

import numpy as np

from ..crossvalidation.folds import (
    BLOCKS,
    FIELD,
    KMEANS,
    Places,
    check_folds,
    field_folds,
    make_partitions,
)
from ..errors import InputError
from ..sampling.splits import random_folds
from ..training.holdout import holdout_rows

HOLDOUT, RANDOM = "holdout", "random"
#: In the order of the parameter ``EVALUATION``.
EVALUATIONS = (HOLDOUT, RANDOM, KMEANS, BLOCKS, FIELD)
TITLES = {
    HOLDOUT: "hold-out of training rows", RANDOM: "random folds of the training rows",
    KMEANS: "spatial folds (k-means) of the training rows",
    BLOCKS: "spatial folds (square blocks) of the training rows",
    FIELD: "folds of the training rows by the field 'fold'",
}  # fmt: skip


def held_rows(
    evaluation: str,
    label: np.ndarray,
    places: Places,
    *,
    share: float = 0.25,
    folds: int = 5,
    seed: int = 42,
) -> np.ndarray:
    """Return which rows trials are judged by, one mask an evaluation.

    The inner hold-out, which ends a training early, stays one of single rows also under spatial
    folds: whole neighbourhoods less to train on cost more than they told (measured on few rows).

    Parameters
    ----------
    evaluation : str
        One of ``EVALUATIONS``.
    label : 1d-array of 0 and 1, (rows,)
        Of the training rows.
    places : Places
        What the evaluation needs of them.
    share : float
        Of the rows in a hold-out, above 0 and at most 0.5.
    folds, seed : int

    Returns
    -------
    2d-array of bool, (evaluations, rows)
    """
    if evaluation == HOLDOUT:
        if not 0 < share <= 0.5:
            raise InputError(f"HOLDOUT is {share:g}; it must be above 0 and at most 0.5.")
        return holdout_rows(label, share, seed)[None, :]
    if evaluation == FIELD:
        fold = field_folds(places.field)
    elif evaluation == RANDOM:
        check_folds(label, folds)
        fold = random_folds(label, folds, seed)
    else:
        fold = make_partitions(label, places, evaluation, folds, 1, seed)[1].fold
    return np.array([fold == number for number in range(1, fold.max() + 1)])


def two_classes(held: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return which evaluations can be used: both classes judged, and both left for fitting.

    Raises
    ------
    InputError
        Fewer than half of the folds, or than two, can be used.
    """
    good = np.array([all(len(np.unique(label[m])) == 2 for m in (mask, ~mask)) for mask in held])
    least = 1 if len(held) == 1 else max(2, len(held) / 2)
    if good.sum() < least:
        raise InputError(
            f"Only {good.sum()} of the {len(held)} folds that trials are judged by hold rows of "
            "both classes; use fewer FOLDS, another EVALUATION or another SEED."
        )
    return good
