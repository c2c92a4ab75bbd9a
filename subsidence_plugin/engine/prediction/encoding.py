"""Factor values of a tile, one row a factor, to model inputs: the fast twin of ``models.encode``.

Rasters are read band by band, so values lie as (factors, pixels). Scaling them in that order, a
chunk at a time in buffers that stay in the processor's cache, spares the transposition.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..models.card import Factor


class TileEncoder:
    """Masks, scales and one-hot encodes; one object a thread, since it keeps buffers.

    The result equals ``models.encode.encode`` on the transposed values bit by bit (a test holds
    the two together).

    Parameters
    ----------
    factors : sequence of Factor
    chunk : int
        Most pixels that ``encode`` is given at once.

    Attributes
    ----------
    clipped : 1d-array of int64, (factors,)
        Values outside the training range so far, over valid pixels.
    seen : 1d-array of bool, (factors,)
        Factors that had a value in some tile.
    """

    def __init__(self, factors: Sequence[Factor], chunk: int) -> None:
        self.factors = list(factors)
        low = np.array([f.minimum for f in factors], dtype=np.float32)
        high = np.array([f.maximum for f in factors], dtype=np.float32)
        span = np.where(high > low, high - low, np.float32(1))
        self._low, self._high = low[:, None], high[:, None]
        self._factor = (np.float32(1) / span)[:, None]
        self._categorical = {
            i: np.asarray(f.categories, dtype=np.float32)
            for i, f in enumerate(factors)
            if f.kind == "categorical"
        }
        self._numeric = [i for i in range(len(factors)) if i not in self._categorical]
        self._starts = np.cumsum([0] + [f.width for f in factors])
        self._scaled = np.empty((len(factors), chunk), dtype=np.float32)
        self._outside = np.empty((len(factors), chunk), dtype=bool)
        self._above = np.empty((len(factors), chunk), dtype=bool)
        self._inputs = self._scaled
        if self._categorical:
            self._inputs = np.empty((int(self._starts[-1]), chunk), dtype=np.float32)
        self.clipped = np.zeros(len(factors), dtype=np.int64)
        self.seen = np.zeros(len(factors), dtype=bool)

    def valid(self, values: np.ndarray) -> np.ndarray:
        """Return (pixels,) bool: every factor has a value, and every category was seen.

        Parameters
        ----------
        values : 2d-array of float32, (factors, pixels)
        """
        finite = np.isfinite(values)
        valid = finite.all(axis=0)
        if not self.seen.all():
            self.seen |= finite.any(axis=1)
        for i, known in self._categorical.items():
            valid &= known[_index(known, values[i])] == values[i]
        return valid

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return (inputs, pixels) of valid pixels; the array is overwritten by the next call.

        Parameters
        ----------
        values : 2d-array of float32, (factors, pixels)
            Pixels for which ``valid`` was True, at most ``chunk`` of them.
        """
        n = values.shape[1]
        scaled, outside, above = self._scaled[:, :n], self._outside[:, :n], self._above[:, :n]
        np.less(values, self._low, out=outside)
        np.greater(values, self._high, out=above)
        outside |= above
        counts = np.count_nonzero(outside, axis=1)
        counts[list(self._categorical)] = 0
        self.clipped += counts
        np.subtract(values, self._low, out=scaled)
        scaled *= self._factor
        np.clip(scaled, 0, 1, out=scaled)
        return self._with_one_hot(values, scaled) if self._categorical else scaled

    def _with_one_hot(self, values: np.ndarray, scaled: np.ndarray) -> np.ndarray:
        n = values.shape[1]
        inputs = self._inputs[:, :n]
        inputs[:] = 0
        inputs[self._starts[self._numeric]] = scaled[self._numeric]
        for i, known in self._categorical.items():
            inputs[self._starts[i] + _index(known, values[i]), np.arange(n)] = 1
        return inputs


def _index(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.minimum(np.searchsorted(known, values), len(known) - 1)
