"""Normalized differences and relatives of Landsat reflectances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

#: Reflectances outside are no measurement (fill, saturation, cloud, a wrong scale).
LOWEST, HIGHEST = -0.1, 1.2
#: Soil brightness term of SAVI for intermediate cover (Huete 1988).
SOIL = 0.5


@dataclass(frozen=True)
class Index:
    """A spectral index: band name, first and second band, and where it comes from.

    The value is (first - second) / (first + second), for SAVI with its soil term.
    """

    name: str
    first: str
    second: str
    source: str
    soil: float = 0.0


#: In the order of the enum ``INDICES``, which saved models keep as integers: append only.
INDICES = (
    Index("ndvi", "NIR", "RED", "Rouse et al. 1974: vegetation"),
    Index("ndwi", "GREEN", "NIR", "McFeeters 1996: open water"),
    Index("ndbi", "SWIR1", "NIR", "Zha et al. 2003: built-up and bare land"),
    Index("mndwi", "GREEN", "SWIR1", "Xu 2006: open water beside built-up land"),
    Index("savi", "NIR", "RED", "Huete 1988: vegetation over bright soil", SOIL),
)


def bands_needed(indices: list[Index]) -> list[str]:
    """Return the names of the bands that the indices take, each once, in a fixed order."""
    wanted = {band for index in indices for band in (index.first, index.second)}
    return [band for band in ("GREEN", "RED", "NIR", "SWIR1") if band in wanted]


def reflectance(values: np.ndarray, scale: float, offset: float) -> tuple[np.ndarray, int, int]:
    """Return surface reflectance in 0..1 from stored values, and what had to be corrected.

    ``scale`` × value + ``offset``. Slightly impossible results of the atmospheric correction
    (down to -0.1, up to 1.2) are set to 0 or 1; what lies farther off becomes NaN.

    Returns
    -------
    reflectance : float32 array
    clipped, refused : int
        Cells set to 0 or 1, and cells made NaN.
    """
    result = values * np.float32(scale) + np.float32(offset)
    with np.errstate(invalid="ignore"):
        refused = (result < LOWEST) | (result > HIGHEST)
        clipped = ~refused & ((result < 0) | (result > 1))
    result[refused] = np.nan
    np.clip(result, 0, 1, out=result)
    return result, int(np.count_nonzero(clipped)), int(np.count_nonzero(refused))


def spectral_index(index: Index, bands: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return one index of reflectances, -1 to 1.

    NaN where a band is NaN and where both are zero (nothing reflected, the index is undefined).
    """
    first, second = bands[index.first], bands[index.second]
    total = first + second
    undefined = ~(total > 0)
    total[undefined] = np.nan
    return (first - second) / (total + np.float32(index.soil)) * np.float32(1 + index.soil)
