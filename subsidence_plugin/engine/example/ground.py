"""What lies below and upon the plain: sediments, rock groups, aquifers, rain and land use."""

from __future__ import annotations

import numpy as np

from .fields import ramp, rescaled, smooth_noise, squashed, standardised, texture, without
from .landscape import Landscape


def holocene_thickness(land: Landscape, seed: int) -> np.ndarray:
    """Return the thickness of Holocene sediments, 1.26 to 32 m (paper, section 4.2).

    Thick towards the sea and in valleys cut at low sea level, which wind differently from
    today's river; next to nothing in the hills.
    """
    valleys = np.exp(-((smooth_noise(land.shape, 0.24, seed, "buried valleys") / 0.30) ** 2))
    broad = smooth_noise(land.shape, 0.11, seed, "thickness of the Holocene", 3.5)
    raw = 0.32 * (0.6 * land.east + 0.4 * land.south) + 0.62 * valleys + 0.30 * broad
    raw = np.exp(0.9 * squashed(standardised(raw), 2.0)) * (1 - 0.93 * land.hills)
    return rescaled(np.sqrt(raw), 1.259564, 32.0)


def groundwater_level(land: Landscape, thickness: np.ndarray, seed: int) -> np.ndarray:
    """Return the mean groundwater level, -22.36 to 7.73 m (paper, section 4.2).

    Cones of depression around well fields, of which some, not all, lie in the city. The well
    fields know nothing of the ``thickness`` of the Holocene: what two smooth fields share by
    chance would blur which of the two main drivers does what.
    """
    wells = smooth_noise(land.shape, 0.13, seed, "well fields", 4.0)
    wells = squashed(without(wells, [thickness]), 2.5)
    local = smooth_noise(land.shape, 0.06, seed, "groundwater", 4.0)
    city = np.exp(-(((land.east - 0.50) / 0.16) ** 2) - ((land.south - 0.72) / 0.20) ** 2)
    near = np.exp(-np.maximum(land.river, 0) / 0.05)
    drawdown = (ramp(wells, -0.3, 2.2) * 1.2 + 0.55 * city) * (1 - land.hills)
    return rescaled(0.10 * local + 0.12 * near + 0.10 * land.hills - drawdown, -22.363425, 7.727561)


def rainfall(land: Landscape, drivers: list[np.ndarray], seed: int) -> np.ndarray:
    """Return the yearly rainfall, 1727 to 1974 mm, a smooth field of few stations.

    Two smooth fields are correlated by chance; rainfall drives nothing here and must not pass
    for a driver, so its linear relation to ``drivers`` is taken out.
    """
    raw = smooth_noise(land.shape, 0.24, seed, "rainfall", 4.5) + 0.25 * land.hills
    raw = without(raw, drivers)
    return rescaled(raw, 1726.590961, 1974.25246)


def land_use(land: Landscape, seed: int) -> np.ndarray:
    """Return codes 1 agricultural, 2 building, 3 river, pond and lake, 4 vegetation."""
    edge = texture(land.shape, 1.2, seed, "land use edge")
    green = smooth_noise(land.shape, 0.045, seed, "groves and parks", 2.6)
    codes = np.ones(land.shape, dtype=np.uint8)
    bank = np.exp(-np.maximum(land.river, 0) / 0.02)
    codes[(land.hills * 1.6 + 0.55 * green + 0.9 * bank + 0.1 * edge) > 1.12] = 4
    codes[(land.urban + 0.06 * edge > 0.52) & (green < 1.7)] = 2
    codes[land.water] = 3
    return codes


def engineering_geology(land: Landscape, seed: int) -> np.ndarray:
    """Return the seven groups of the paper (1 rivers and lakes … 7 mottled clay).

    Each group has a preference for a part of the landscape; the highest sum of preference and
    noise wins, which gives patches with winding borders.
    """
    levee = np.exp(-np.maximum(land.river, 0) / 0.035)
    old = np.exp(-((land.old_course / 0.035) ** 2))
    swamp = 0.35 * land.south + 0.25 * land.east - 0.9 * levee
    hills = land.hills
    preference = {
        2: 0.25 + swamp - 2 * hills,
        3: -0.05 + 1.35 * levee + 0.9 * old - 2 * hills,
        4: -0.62 + 1.35 * land.urban - 1.0 * hills,
        5: -0.45 + 2.0 * ramp(hills, 0.02, 0.25) - 0.4 * ramp(hills, 0.3, 0.7),
        6: 0.38 - 1.2 * hills,
        7: 0.22 + 0.6 * (0.55 - land.south) + 0.9 * hills,
    }
    codes = _winners(preference, seed, "engineering geology", 0.08, 0.38)
    codes[land.water] = 1
    return codes


def hydrogeology(land: Landscape, seed: int) -> np.ndarray:
    """Return the five groups of the paper (1 Holocene aquifer … 5 rivers and lakes)."""
    levee = np.exp(-np.maximum(land.river, 0) / 0.06)
    preference = {
        1: 0.32 + 0.75 * levee - 1.5 * land.hills,
        2: -0.75 + 2.6 * land.hills,
        3: 0.02 + 0.75 * land.east - 0.3 * levee - 1.5 * land.hills,
        4: 0.28 + 0.7 * (0.5 - land.east),
    }
    codes = _winners(preference, seed, "hydrogeology", 0.11, 0.42)
    codes[land.water] = 5
    return codes


def _winners(
    preference: dict[int, np.ndarray], seed: int, purpose: str, length: float, noise: float
) -> np.ndarray:
    """Return for each cell the code whose preference plus noise is highest."""
    best, codes = None, None
    for code, value in preference.items():
        score = value + noise * smooth_noise(value.shape, length, seed, f"{purpose} {code}", 2.6)
        if best is None:
            best, codes = score, np.full(value.shape, code, dtype=np.uint8)
        else:
            higher = score > best
            best[higher] = score[higher]
            codes[higher] = code
    return codes
