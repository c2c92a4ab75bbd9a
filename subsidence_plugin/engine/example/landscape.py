"""The lie of the land: rivers, hills, lakes, towns, and the elevation that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import generator, ramp, smooth_noise, squashed, texture

#: Half widths of the river, its branch and the old course, as shares of the shorter side.
RIVER, BRANCH, OLD_COURSE = 0.011, 0.005, 0.012
#: Side (m) from which the hills reach their full height; smaller areas have lower hills.
FULL_RELIEF = 6000.0


@dataclass
class Landscape:
    """Fields that the factors are made from; all (rows, columns), float32 unless said otherwise.

    Attributes
    ----------
    elevation : metres above the ellipsoid, as in the paper: about -22 on the plain
    hills : 0 on the plain to 1 in the hills
    river : distance from the banks of the running water, in shares of the shorter side
    old_course : the same from an abandoned course of the river
    water : bool, rivers and lakes
    urban : density of the town, 0 to about 1
    east, south : position, 0 to 1
    """

    elevation: np.ndarray
    hills: np.ndarray
    river: np.ndarray
    old_course: np.ndarray
    water: np.ndarray
    urban: np.ndarray
    east: np.ndarray
    south: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.elevation.shape


def landscape(shape: tuple[int, int], resolution: float, seed: int) -> Landscape:
    """Return a delta plain with a meandering river, a hill range and a town.

    Parameters
    ----------
    shape : (rows, columns)
    resolution : float
        Cell size in metres.
    seed : int
    """
    south, east = _positions(shape)
    river, old_course, lakes = _waters(shape, seed)
    hills = _hills(shape, east, south, seed) * ramp(river, 0.01, 0.07)
    water = (river <= 0) | (lakes & (hills < 0.02))
    urban = _towns(shape, seed) * (1 - 0.9 * hills)
    side = min(shape) * resolution
    height = _elevation(shape, seed, side, hills, river, old_course, lakes)
    return Landscape(height, hills, river, old_course, water, urban, east, south)


def _positions(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the relative positions (south, east), 0 to 1, of the cell centres."""
    rows = ((np.arange(shape[0]) + 0.5) / shape[0]).astype(np.float32)
    columns = ((np.arange(shape[1]) + 0.5) / shape[1]).astype(np.float32)
    south, east = np.meshgrid(rows, columns, indexing="ij")
    return south, east


def meander(
    start: tuple[float, float],
    end: tuple[float, float],
    bends: float,
    swing: float,
    seed: int,
    purpose: str,
) -> np.ndarray:
    """Return the points (n, 2) of a sine-generated curve between two points.

    The direction of flow swings as a sine of the distance along the stream, the form of natural
    meanders (Langbein and Leopold, 1966); phase, swing and bend length wander.

    Parameters
    ----------
    start, end : (x, y)
    bends : float
        Number of full meanders.
    swing : float
        Largest deviation of the direction, radians (below 2.2, or the loops meet).
    """
    rng = generator(seed, purpose)
    along = np.linspace(0, 1, 4000)
    wander = np.interp(along, np.linspace(0, 1, 9), rng.normal(0, 0.5, 9))
    force = np.interp(along, np.linspace(0, 1, 7), rng.uniform(0.65, 1.1, 7))
    phase = 2 * np.pi * bends * along + wander * 2 + rng.uniform(0, 2 * np.pi)
    direction = swing * force * np.sin(phase)
    steps = np.exp(1j * direction)
    curve = np.concatenate([[0], np.cumsum(steps)])
    origin, target = complex(*start), complex(*end)
    placed = origin + curve * (target - origin) / curve[-1]
    return np.column_stack([placed.real, placed.imag])


def distance_to(curve: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the distance of each cell from a curve, in shares of the shorter side.

    ``curve`` is in shares of the shorter side from the upper left corner. Large areas are
    measured on a coarser grid and interpolated.
    """
    from scipy import ndimage

    step = max(1, -(-max(shape) // 1200))
    coarse = [-(-n // step) + 2 for n in shape]
    side = min(shape) / step
    points = np.arange(len(curve))
    between = np.linspace(0, len(curve) - 1, 4 * len(curve))
    fine = np.column_stack([np.interp(between, points, curve[:, i]) for i in (0, 1)])
    columns = np.round(fine[:, 0] * side - 0.5).astype(int)
    rows = np.round(fine[:, 1] * side - 0.5).astype(int)
    inside = (rows >= 0) & (rows < coarse[0]) & (columns >= 0) & (columns < coarse[1])
    away = np.ones(coarse, dtype=bool)
    away[rows[inside], columns[inside]] = False
    distance = (ndimage.distance_transform_edt(away) / side).astype(np.float32)
    if step > 1:
        distance = ndimage.zoom(distance, step, order=1)
    return distance[: shape[0], : shape[1]]


def _waters(shape: tuple[int, int], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distances to running water and to the old course, and the lakes (bool)."""
    height, width = shape[0] / min(shape), shape[1] / min(shape)
    rng = generator(seed, "river mouths")
    shift = rng.uniform(-0.05, 0.05, 4)
    ends = (-0.12, (0.50 + shift[0]) * height), (width + 0.12, (0.74 + shift[1]) * height)
    bends = 4.0 * width
    course = meander(*ends, bends, 1.45, seed, "river")
    fork = course[int(len(course) * 0.50)]
    leave = (width + 0.12, (0.30 + shift[2]) * height)
    branch = meander(tuple(fork), leave, bends * 0.9, 0.8, seed, "branch")
    before = (-0.12, (0.68 + shift[3]) * height), (0.72 * width, height + 0.12)
    abandoned = meander(*before, bends * 0.8, 1.3, seed, "old course")
    narrow = distance_to(branch, shape) - np.float32(BRANCH)
    river = np.minimum(distance_to(course, shape) - np.float32(RIVER), narrow)
    old_course = distance_to(abandoned, shape)
    # oxbow lakes are what is left of the old course, ponds lie in its back swamps
    pieces = smooth_noise(shape, 0.12, seed, "oxbows")
    ponds = smooth_noise(shape, 0.035, seed, "ponds", 4.0) + 0.5 * pieces
    oxbows = (old_course < OLD_COURSE * 0.55) & (pieces > 0.55)
    lakes = oxbows | ((ponds > 2.9) & (river > 0.015))
    return river, old_course, lakes


def _hills(shape, east: np.ndarray, south: np.ndarray, seed: int) -> np.ndarray:
    """Return 0 on the plain to 1 in the range of the north-west (and a spur in the south-west)."""
    rough = smooth_noise(shape, 0.08, seed, "foot of the hills")
    range_ = 0.37 - np.hypot(0.70 * east, 1.10 * south) + 0.055 * rough
    spur = 0.15 - np.hypot(east, 1.2 * (1 - south)) + 0.04 * rough
    return ramp(np.maximum(range_, spur), 0.0, 0.16)


def _towns(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Return the density of building: a city south of the river, towns and villages."""
    rng = generator(seed, "towns")
    side = min(shape)
    rows = (np.arange(shape[0], dtype=np.float32) + 0.5)[:, None] / side
    columns = (np.arange(shape[1], dtype=np.float32) + 0.5)[None, :] / side
    height, width = shape[0] / side, shape[1] / side
    places = [(0.55 * width, 0.70 * height, 0.17, 1.15), (0.80 * width, 0.45 * height, 0.07, 0.9)]
    for _ in range(int(45 * width * height)):
        x, y = rng.uniform(0.05, 0.97) * width, rng.uniform(0.05, 0.97) * height
        places.append((x, y, rng.uniform(0.008, 0.026), rng.uniform(0.7, 1.0)))
    density = np.zeros(shape, dtype=np.float32)
    for x, y, radius, peak in places:
        square = ((columns - np.float32(x)) ** 2 + (rows - np.float32(y)) ** 2) / radius**2
        np.maximum(density, np.float32(peak) * np.exp(-square / 2), out=density)
    ragged = smooth_noise(shape, 0.035, seed, "edge of the town", 2.4)
    return np.clip(density + 0.13 * ragged, 0, 1.2)


def _elevation(shape, seed, side, hills, river, old_course, lakes) -> np.ndarray:
    """Return the elevation: tilted plain, levees, channels, back swamps and dissected hills."""
    south, east = _positions(shape)
    relief = min(1.0, side / FULL_RELIEF) ** 0.75
    plain = -17.5 - 4.5 * (0.8 * east + 0.2 * south)
    plain = plain + 0.8 * relief * smooth_noise(shape, 0.12, seed, "back swamps")
    plain += 0.25 * smooth_noise(shape, 0.03, seed, "micro relief", 2.5)
    bank = np.maximum(river, 0)
    plain += 2.6 * relief * np.exp(-bank / 0.022) + 1.1 * relief * np.exp(
        -((old_course / 0.02) ** 2)
    )
    plain -= 5.5 * relief * ramp(-river, -0.002, 0.006)
    plain -= np.float32(1.6 * relief) * lakes
    crests = 1 - np.abs(smooth_noise(shape, 0.055, seed, "ridges", 3.2)) / 1.6
    spurs = 1 - np.abs(smooth_noise(shape, 0.02, seed, "spurs", 3.0)) / 1.6
    broad = squashed(smooth_noise(shape, 0.15, seed, "massifs"), 2.0)
    top = np.clip(0.42 + 0.33 * crests + 0.15 * spurs + 0.13 * broad, 0.02, 1.15)
    height = plain + np.float32(58 * relief) * hills * top
    height = height + 0.12 * texture(shape, 0.7, seed, "height noise")
    return _level(height.astype(np.float32), lakes)


def _level(height: np.ndarray, lakes: np.ndarray) -> np.ndarray:
    """Give every lake one water level, its lowest: the flat cells of the aspect."""
    from scipy import ndimage

    number, count = ndimage.label(lakes)
    if count:
        levels = ndimage.minimum(height, number, np.arange(1, count + 1))
        height[lakes] = np.asarray(levels, dtype=np.float32)[number[lakes] - 1]
    return height
