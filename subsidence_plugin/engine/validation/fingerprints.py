"""Fingerprints of sample rows: so that a calibration is never measured on the rows it came from."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

#: Hexadecimal digits of a fingerprint (CRC-32).
DIGITS = 8


@dataclass(frozen=True)
class Fingerprints:
    """One number a row of its factor values, and one of its place.

    ``values`` is (rows,) uint32; ``places`` likewise, None for a table without points. ``crs`` is
    that of the places: those of another one cannot be compared.
    """

    values: np.ndarray
    places: Optional[np.ndarray] = None
    crs: str = ""

    def take(self, chosen: np.ndarray) -> Fingerprints:
        """Return those of the chosen rows."""
        places = None if self.places is None else self.places[chosen]
        return Fingerprints(self.values[chosen], places, self.crs)

    def as_dict(self) -> dict[str, str]:
        """Return them as a card stores them."""
        stored = {"row_values": _text(self.values), "crs": self.crs}
        if self.places is not None:
            stored["row_places"] = _text(self.places)
        return stored


def fingerprints(
    values: np.ndarray,
    x: Optional[np.ndarray] = None,
    y: Optional[np.ndarray] = None,
    crs: str = "",
) -> Fingerprints:
    """Return the fingerprints of rows.

    Parameters
    ----------
    values : (rows, factors) float32
        Factor values in the order of the model.
    x, y : 1d-array, optional
        Coordinates; class codes of few factors repeat, so that values alone say too little.
    crs : str
        WKT of the coordinates.
    """
    if x is None or y is None or len(x) != len(values):
        return Fingerprints(_checksums(values))
    return Fingerprints(_checksums(values), _checksums(np.stack([x, y], axis=1)), crs)


def seen_rows(calibration: Optional[Mapping[str, Any]], rows: Fingerprints) -> np.ndarray:
    """Return which rows a calibration was fitted on, as far as it remembers (mask).

    A row is the same if its factors are, and its place where both sides know places in one CRS.
    """
    nothing = np.zeros(len(rows.values), bool)
    if not calibration:
        return nothing
    values = _numbers(calibration.get("row_values"))
    if values is None:
        return nothing
    places = _numbers(calibration.get("row_places"))
    same_crs = calibration.get("crs") == rows.crs
    if places is None or rows.places is None or not same_crs or len(places) != len(values):
        return np.isin(rows.values, values)
    return np.isin(_joined(rows.values, rows.places), _joined(values, places))


def _checksums(values: np.ndarray) -> np.ndarray:
    # float32, as samples are read; adding zero makes -0 the 0 that it equals.
    rows = np.ascontiguousarray(np.asarray(values, dtype="<f4") + np.float32(0))
    return np.array([zlib.crc32(row.tobytes()) for row in rows], dtype=np.uint32)


def _joined(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    return values.astype(np.uint64) << np.uint64(32) | places.astype(np.uint64)


def _text(numbers: np.ndarray) -> str:
    return "".join(f"{int(n):0{DIGITS}x}" for n in numbers)


def _numbers(text: object) -> Optional[np.ndarray]:
    """Return stored fingerprints, None where there are none (or the text is no such thing)."""
    if not isinstance(text, str) or len(text) % DIGITS:
        return None
    try:
        whole = bytes.fromhex(text)
    except ValueError:
        return None
    return np.frombuffer(whole, dtype=">u4").astype(np.uint32)
