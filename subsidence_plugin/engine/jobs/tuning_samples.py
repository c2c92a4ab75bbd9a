"""From a samples layer to the arrays that trials work on: training rows, and those held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..crossvalidation.folds import BLOCKS, FIELD, KMEANS, Places
from ..crossvalidation.study import look_at_terrain
from ..errors import InputError
from ..progress import Progress
from ..training.table import Table
from ..tuning.evaluation import EVALUATIONS, HOLDOUT, TITLES, held_rows, two_classes
from ..tuning.susceptibility import make_data
from ..validation.splits import TRAIN
from ..vector.ground import on_the_ground
from ..vector.read import Features

WHAT = "The samples (SAMPLES)"


@dataclass(frozen=True)
class Evaluation:
    """How trials are judged, as the parameters say.

    Parameters
    ----------
    evaluation : int
        Index into ``EVALUATIONS``.
    holdout : float
        Share held out where there are no folds.
    folds : int
    block_size : float, optional
        Default: suggested from the semivariograms of the factors.
    seed : int
    """

    evaluation: int = 0
    holdout: float = 0.25
    folds: int = 5
    block_size: Optional[float] = None
    seed: int = 42

    @property
    def name(self) -> str:
        """One of ``EVALUATIONS``."""
        if not 0 <= self.evaluation < len(EVALUATIONS):
            raise InputError(
                f"EVALUATION is {self.evaluation}; it must be 0 to {len(EVALUATIONS) - 1}."
            )
        return EVALUATIONS[self.evaluation]

    def title(self, data: dict[str, np.ndarray]) -> str:
        """Return in words what trials are judged by."""
        held = data["held"]
        if self.name == HOLDOUT:
            return f"{TITLES[HOLDOUT]} ({int(held.sum())} of {held.shape[1]})"
        return f"{len(held)} {TITLES[self.name]}"


def tuning_data(
    features: Features, table: Table, how: Evaluation, progress: Progress
) -> dict[str, np.ndarray]:
    """Return the arrays of the training rows, in an order that does not depend on the layer's.

    Parameters
    ----------
    features : Features
        The layer.
    table : Table
        Its complete rows.
    how : Evaluation
    progress : Progress

    Raises
    ------
    InputError
        The evaluation needs coordinates or folds that are not there, or rows of both classes.
    """
    training = table.rows(TRAIN)
    values, label = table.values[training], table.label[training]
    field = None if table.fold is None else table.fold[training]
    x, y = _coordinates(features, table, how, progress)
    # QGIS hands selected rows over in another order each time.
    keys: list[Any] = [label, *values.T[::-1]] + ([] if x is None else [x, y])
    order = np.lexsort(keys)
    values, label = values[order], label[order]
    places = Places(
        *(None if a is None else a[order] for a in (x, y, field)), how.block_size
    )  # fmt: skip
    if how.name == BLOCKS and not how.block_size:
        terrain = look_at_terrain(
            places.x,
            places.y,
            values,
            table.names,
            table.kinds,
            folds=how.folds,
        )
        places = terrain.places
        progress.info(f"Blocks of {places.block_size:g} map units: {terrain.suggestion.why}.")
    held = held_rows(how.name, label, places, share=how.holdout, folds=how.folds, seed=how.seed)
    good = two_classes(held, label)
    if not good.all():
        progress.warn(
            f"{(~good).sum()} of {len(good)} folds hold rows of one class only and judge no trial."
        )
    return make_data(values, label, held[good], table.names, table.kinds)


def _coordinates(
    features: Features, table: Table, how: Evaluation, progress: Progress
) -> tuple[Optional[np.ndarray], Optional[np.ndarray]]:
    training = table.rows(TRAIN)
    if features.geometry != "point" or table.complete is None:
        if how.name in (KMEANS, BLOCKS):
            raise InputError(
                f"{WHAT} are no points, and spatial folds need coordinates; give a point layer, "
                "or choose another EVALUATION."
            )
        return None, None
    if how.name == FIELD and table.fold is None:
        return None, None
    if not features.crs and how.name not in (KMEANS, BLOCKS):
        return features.x[table.complete][training], features.y[table.complete][training]
    x, y, _unit = on_the_ground(features, table.complete, WHAT, progress)
    return x[training], y[training]
