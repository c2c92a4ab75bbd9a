"""Probabilities of one tile: mask, encode, compute in chunks, mean and spread of the members.

The map is what the model says: the members' mean, recalibrated where the model is, then corrected
for another prior where that is asked for. Members and spread go through the same function one by
one, so that they are on its scale; the mean of the members differs from the map where that
function is curved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from ..models.calibration import calibrate
from ..progress import Progress
from .encoding import TileEncoder
from .forward import Forwards
from .prior import correct_prior


class Stopped(Exception):
    """The run ends; a thread leaves its tile unfinished."""


@dataclass
class TileResult:
    """Probabilities of a tile, None where no pixel of it is valid.

    ``mean`` and ``spread`` are (pixels,), ``members`` (members, pixels), NaN where masked.
    """

    valid: int
    mean: Optional[np.ndarray] = None
    spread: Optional[np.ndarray] = None
    members: Optional[np.ndarray] = None


class TilePredictor:
    """Computes tiles; one object a thread, since it keeps buffers.

    Parameters
    ----------
    forwards : Forwards
    prior : (float, float), optional
        Shares of positives that the model believes in (``training_prevalence``) and in the area
        (see ``correct_prior``).
    spread, members : bool
        Whether these are wanted, too.
    stopped : callable
        Looked at before every chunk; True ends the tile with ``Stopped``.
    """

    def __init__(
        self,
        forwards: Forwards,
        prior: Optional[tuple[float, float]] = None,
        spread: bool = False,
        members: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._forwards = forwards.for_thread()
        self._chunk = forwards.chunk
        self._calibration = forwards.model.card.calibration
        self._prior, self._spread, self._members = prior, spread, members
        self._stopped = stopped
        self.encoder = TileEncoder(forwards.model.factors, self._chunk)

    def __call__(self, values: np.ndarray) -> TileResult:
        """Return the probabilities of (factors, pixels) float32 values, NaN where missing."""
        valid = self.encoder.valid(values)
        count = int(np.count_nonzero(valid))
        if count == 0:
            return TileResult(0)
        whole = count == values.shape[1]
        probability = self._probability(values if whole else values[:, valid])
        several = len(probability) > 1
        mean = self._corrected(probability.mean(axis=0)) if several else probability[0]
        if not several or self._spread or self._members:
            for row in probability:  # one by one: double precision takes memory
                row[:] = self._corrected(row)
        spread = probability.std(axis=0) if self._spread else None
        members = probability if self._members else None
        if whole:
            return TileResult(count, mean, spread, members)
        return TileResult(
            count, _placed(mean, valid), _placed(spread, valid), _placed(members, valid)
        )

    def _corrected(self, probability: np.ndarray) -> np.ndarray:
        """Return probabilities recalibrated and for the prior of the area, as far as either is."""
        probability = calibrate(self._calibration, probability)
        return correct_prior(probability, *self._prior) if self._prior else probability

    def _probability(self, values: np.ndarray) -> np.ndarray:
        """Return (members, pixels) of pixels that are all valid."""
        result = np.empty((len(self._forwards), values.shape[1]), dtype=np.float32)
        for start in range(0, values.shape[1], self._chunk):
            part = slice(start, start + self._chunk)
            inputs = self.encoder.encode(values[:, part])
            for forward, row in zip(self._forwards, result):
                if self._stopped():
                    raise Stopped
                forward(inputs, row[part])
        return result


def _placed(values: Optional[np.ndarray], valid: np.ndarray) -> Optional[np.ndarray]:
    """Return values of the valid pixels among NaN."""
    if values is None:
        return None
    full = np.full((*values.shape[:-1], len(valid)), np.nan, dtype=np.float32)
    full[..., valid] = values
    return full


def predict_array(
    forwards: Forwards,
    values: np.ndarray,
    prior: Optional[tuple[float, float]] = None,
    progress: Optional[Progress] = None,
) -> np.ndarray:
    """Return (members, rows) probabilities of (rows, factors) values, NaN where masked.

    Recalibrated member by member, where the model is. One thread; for tables and for machines
    without GDAL.
    """
    stopped = progress.cancelled if progress else lambda: False
    predictor = TilePredictor(forwards, prior, members=True, stopped=stopped)
    tile = predictor(np.ascontiguousarray(np.asarray(values, dtype=np.float32).T))
    if tile.members is None:
        return np.full((forwards.model.members, len(values)), np.nan, dtype=np.float32)
    return tile.members
