"""What is explained: the model's prediction as a function of encoded rows, on a stated scale."""

from __future__ import annotations

from typing import Callable

import numpy as np

from ..errors import InputError
from ..models.calibration import calibrate
from ..models.model import Model
from ..prediction.forward import Forwards
from ..prediction.tile_predictor import Stopped
from .result import SCALES

#: Log-odds are taken of probabilities held this far from 0 and 1: float32 knows no closer ones.
EPSILON = 1e-6
#: Rows a batch: larger ones fall out of the processor's cache (feasibility study, section 2).
BATCH = 8000

#: Takes (inputs, rows) float32 and returns (rows,) float64 predictions on the game's scale.
Value = Callable[[np.ndarray], np.ndarray]


class Game:
    """The model's output: mean of the members, recalibrated or not, as probability or log-odds.

    The factors are the players: all inputs of a one-hot factor belong to one of them.

    Parameters
    ----------
    model : Model
    scale : int
        Index into ``SCALES``.
    calibrated : bool
        Apply the model's recalibration, if it has one.
    device : str
        Torch device of networks.

    Attributes
    ----------
    owner : 1d-array of int, (inputs,)
        Factor to which each input belongs.
    calibrated : bool
        Whether a recalibration is applied.
    """

    def __init__(
        self, model: Model, scale: int = 0, calibrated: bool = True, device: str = "cpu"
    ) -> None:
        if not 0 <= scale < len(SCALES):
            raise InputError(f"SCALE is {scale}; allowed is 0 to {len(SCALES) - 1}.")
        self.model, self.scale = model, SCALES[scale]
        self.calibrated = calibrated and model.card.calibration is not None
        self.owner = np.repeat(np.arange(len(model.factors)), [f.width for f in model.factors])
        self._forwards = Forwards(model, device)
        self.batch = max(BATCH, self._forwards.chunk)

    @property
    def factors(self) -> int:
        """Number of players."""
        return len(self.model.factors)

    def on_scale(self, probability: np.ndarray) -> np.ndarray:
        """Return the members' mean probability recalibrated and on the scale, as float64."""
        result = np.asarray(probability, dtype=np.float64)
        if self.calibrated:
            result = calibrate(self.model.card.calibration, result)
        if self.scale == SCALES[0]:
            return result
        held = np.clip(result, EPSILON, 1 - EPSILON)
        return np.log(held) - np.log1p(-held)

    def for_thread(self, stopped: Callable[[], bool] = lambda: False) -> Value:
        """Return the value function, to be used by one thread only.

        Parameters
        ----------
        stopped : callable
            Looked at before every chunk; True ends the work with ``Stopped``.
        """
        forwards, chunk = self._forwards.for_thread(), self._forwards.chunk

        def value(inputs: np.ndarray) -> np.ndarray:
            members = np.empty((len(forwards), inputs.shape[1]), dtype=np.float32)
            for start in range(0, inputs.shape[1], chunk):
                part = np.ascontiguousarray(inputs[:, start : start + chunk])
                for forward, row in zip(forwards, members):
                    if stopped():
                        raise Stopped
                    forward(part, row[start : start + chunk])
            return self.on_scale(members.mean(axis=0, dtype=np.float64))

        return value
