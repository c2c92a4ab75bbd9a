"""Dissimilarity index of the pixels of one tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from ..models.encode import encode
from ..prediction.tile_predictor import Stopped
from .dissimilarity import TrainingDissimilarity
from .nearest import CHUNK, nearest_search
from .space import PredictorSpace
from .tally import PixelTally, bin_width


@dataclass(frozen=True)
class Reference:
    """What pixels are compared with: the space, the training rows in it, and what they say."""

    space: PredictorSpace
    rows: np.ndarray
    training: TrainingDissimilarity

    @property
    def threshold(self) -> float:
        """Largest index that counts as inside."""
        return self.training.threshold

    def new_tally(self) -> PixelTally:
        """Return an empty tally with bins that suit the threshold."""
        largest = float(np.nanmax(self.training.index))
        return PixelTally(len(self.space.factors), bin_width(self.threshold, largest))


@dataclass
class TileIndex:
    """Index of a tile, (pixels,) float32 with NaN where missing (None: missing everywhere)."""

    tally: PixelTally
    index: Optional[np.ndarray] = None


class TileIndexer:
    """Computes tiles; one object a thread, since it keeps buffers.

    Parameters
    ----------
    reference : Reference
    stopped : callable
        Looked at before every chunk; True ends the tile with ``Stopped``.
    """

    def __init__(self, reference: Reference, stopped: Callable[[], bool] = lambda: False) -> None:
        self._reference, self._stopped = reference, stopped
        self._nearest = nearest_search(reference.rows)

    def __call__(self, values: np.ndarray) -> TileIndex:
        """Return the index of (factors, pixels) float32 values, NaN where missing.

        A pixel lies outside where its index, as it is written (float32), is above the threshold.
        """
        factors = self._reference.space.factors
        tally = self._reference.new_tally()
        inputs, beyond, valid = encode(values.T, factors, clip=False)
        tally.unknown = int(np.isfinite(values).all(axis=0).sum() - valid.sum())
        if not valid.any():
            return TileIndex(tally)
        tally.beyond += beyond
        result = np.full(len(valid), np.nan, dtype=np.float32)
        places = np.flatnonzero(valid)
        for start in range(0, len(places), CHUNK):
            if self._stopped():
                raise Stopped
            chosen = places[start : start + CHUNK]
            result[chosen] = self._chunk(inputs[chosen], values[:, chosen], tally)
        return TileIndex(tally, result)

    def _chunk(self, inputs: np.ndarray, values: np.ndarray, tally: PixelTally) -> np.ndarray:
        space, training = self._reference.space, self._reference.training
        points = space.coordinates(inputs)
        distance, row = self._nearest(points)
        index = (distance / training.mean_distance).astype(np.float32)
        tally.count(index)
        outside = np.flatnonzero(is_outside(index, training.threshold))
        if len(outside):
            tally.outside += len(outside)
            difference = points[outside] - self._reference.rows[row[outside]]
            tally.squares += space.by_factor((difference**2).sum(axis=0))
            tally.beyond_outside += encode(values[:, outside].T, space.factors)[1]
        return index


def is_outside(index: np.ndarray, threshold: float) -> np.ndarray:
    """Return where the float32 ``index`` is above the threshold; NaN is not.

    The threshold is rounded as the index is, so that the training row that sets it is inside.
    """
    return index > np.float32(threshold)
