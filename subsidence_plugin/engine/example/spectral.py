"""Landsat 8 bands 1-7 and NDVI with the correlations that the paper reports between them."""

from __future__ import annotations

import numpy as np

from .fields import (
    correlated,
    parcel_noise,
    parcels,
    smooth_noise,
    squashed,
    standardised,
    texture,
)
from .landscape import Landscape

#: Pearson correlations of the paper (section 5, step iii, and Figure 3).
CORRELATIONS = {
    ("band1", "band2"): 0.94,
    ("band3", "band4"): 0.87,
    ("band6", "band7"): 0.80,
    ("ndvi", "band5"): 0.75,
}
#: Correlation of bands 3 (about) and 5, not given in the paper, "low" there.
RED_WITH_NEAR_INFRARED = 0.25
#: Mean and standard deviation of the reflectance; that of band 4 follows from NDVI.
REFLECTANCE = {
    "band1": (0.118, 0.008), "band2": (0.102, 0.009), "band3": (0.098, 0.010),
    "band4": (0.105, None), "band5": (0.160, 0.0175), "band6": (0.165, 0.020),
    "band7": (0.115, 0.018),
}  # fmt: skip
#: What a land use adds to each latent field: agricultural, building, water, vegetation.
COVER = {
    "haze": (0.0, 0.35, 0.1, -0.3),
    "red": (0.0, 0.45, 0.4, -0.45),
    "leaf": (0.15, -0.55, -1.7, 0.6),
    "dry": (0.0, 0.55, -1.7, -0.2),
}


def spectral_bands(land: Landscape, cover: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return ``band1`` … ``band7`` (top-of-atmosphere reflectance) and ``ndvi``, float32.

    Pairs are mixed to the correlations of ``CORRELATIONS``; NDVI is computed from bands 4 and 5,
    and the spread of band 4 is chosen so that its correlation with band 5 is the paper's.

    Parameters
    ----------
    land : Landscape
    cover : (rows, columns) array of the land use codes 1 to 4
    seed : int
    """
    number = parcels(land.shape, max(4.0, 0.016 * min(land.shape)), seed, "parcels")
    haze, red, leaf, dry = (_latent(name, cover, number, seed) for name in COVER)
    # fields vary more in brightness than in green, so red and near infrared rise together a
    # little; without that NDVI would follow red as closely as near infrared
    red = correlated(leaf, red, RED_WITH_NEAR_INFRARED)
    bands = {}
    for first, second, base in (("band1", "band2", haze), ("band3", "band4", red)):
        bands[first] = _reflectance(first, base)
        bands[second] = _paired(first, second, base, seed)
    near_infrared = _reflectance("band5", leaf)
    bands["band4"] = _red_band(bands["band4"], near_infrared)
    bands["band5"] = near_infrared
    bands["band6"] = _reflectance("band6", dry)
    # the two short-wave bands differ in wetness, which varies over longer distances than texture
    wetness = smooth_noise(land.shape, 0.035, seed, "wetness", 2.4)
    other = wetness + 0.4 * texture(land.shape, 0.6, seed, "band7")
    mixed = correlated(dry, squashed(other), CORRELATIONS["band6", "band7"])
    bands["band7"] = _reflectance("band7", mixed)
    bands["ndvi"] = ndvi(bands["band4"], near_infrared)
    return bands


def ndvi(red: np.ndarray, near_infrared: np.ndarray) -> np.ndarray:
    """Return (near infrared - red) / (near infrared + red)."""
    return (near_infrared - red) / (near_infrared + red)


def _latent(name: str, cover: np.ndarray, number: np.ndarray, seed: int) -> np.ndarray:
    """Return a standardised field: land use, parcels, slow change and fine texture."""
    shape = cover.shape
    table = np.array((0.0, *COVER[name]), dtype=np.float32)
    field = 0.75 * smooth_noise(shape, 0.045, seed, f"{name} slow", 2.4)
    field += 0.55 * parcel_noise(number, seed, f"{name} parcels") * (cover == 1)
    field += 0.5 * texture(shape, 0.8, seed, f"{name} roofs") * (cover == 2)
    field *= np.where(cover == 3, np.float32(0.35), np.float32(1))
    field += table[cover] + 0.22 * texture(shape, 0.5, seed, f"{name} texture")
    return standardised(squashed(standardised(field), 2.6))


def _paired(first: str, second: str, base: np.ndarray, seed: int) -> np.ndarray:
    own = smooth_noise(base.shape, 0.03, seed, f"{second} slow", 2.4)
    own = squashed(own + 0.5 * texture(base.shape, 0.6, seed, second), 2.6)
    mixed = correlated(base, own, CORRELATIONS[first, second])
    return mixed if REFLECTANCE[second][1] is None else _reflectance(second, mixed)


def _reflectance(band: str, values: np.ndarray) -> np.ndarray:
    mean, deviation = REFLECTANCE[band]
    return np.float32(mean) + np.float32(deviation) * standardised(values)


def _red_band(values: np.ndarray, near_infrared: np.ndarray) -> np.ndarray:
    """Return band 4 with the spread that gives NDVI its correlation with band 5 (bisection)."""
    values, mean = standardised(values), REFLECTANCE["band4"][0]
    few = values.ravel()[:: max(1, values.size // 50_000)].astype(np.float64)
    nir = near_infrared.ravel()[:: max(1, values.size // 50_000)].astype(np.float64)
    low, high = 0.001, 0.025
    for _ in range(30):
        deviation = (low + high) / 2
        r = np.corrcoef(ndvi(mean + deviation * few, nir), nir)[0, 1]
        low, high = (deviation, high) if r > CORRELATIONS["ndvi", "band5"] else (low, deviation)
    return np.float32(mean) + np.float32(deviation) * values
