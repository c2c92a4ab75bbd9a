"""Depression filling, multiple-flow-direction accumulation and the topographic wetness index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .cells import CellSizes
from .kernels import EXIT, NODATA, UNSEEN, compiled, neighbour_offsets

#: Cells worked between two looks at Cancel: some hundredths of a second.
CHUNK = 1 << 18
#: Memory that routing holds to the end, in bytes a cell: filled DEM, order, state, area.
BYTES_PER_CELL = 17


@dataclass(frozen=True)
class Filled:
    """A DEM without depressions, and the order in which its cells drain.

    Parameters
    ----------
    z : (rows + 2, columns + 2) float32 array
        Filled elevation in a ring of NaN.
    state : uint8 array of that shape
        What `kernels` notes of each cell.
    order : 1d-array of int32
        Flat index of every cell with elevation, lowest spill level first, so that each cell
        stands after all cells that it drains to.
    raised : int
        Cells in depressions.
    deepest : float
        Greatest rise in m.
    """

    z: np.ndarray
    state: np.ndarray
    order: np.ndarray
    raised: int
    deepest: float


def padded(rows: int, columns: int) -> np.ndarray:
    """Return a float32 array of NaN for ``rows`` × ``columns`` cells and a ring around them.

    Raises
    ------
    InputError
        The grid has more cells than 32-bit indices count.
    """
    if (rows + 2) * (columns + 2) >= 2**31:
        raise InputError(
            f"The DEM has {columns} × {rows} cells, more than flow routing can index (2^31); "
            "clip it or take a coarser one for the TWI."
        )
    return np.full((rows + 2, columns + 2), np.nan, np.float32)


def fill_depressions(z: np.ndarray, progress: Progress) -> Filled:
    """Raise every depression to its spill level by priority flood.

    Barnes, Lehman and Mulla 2014, Priority-flood, Computers & Geosciences 62, in the variant
    with a plain queue. Water leaves at the edge of the grid and into nodata, so a hole in the DEM
    is a way out and no barrier that dams water up. All cells of one level start together and
    their flats are walked breadth first, which gives the distance to the nearest way out.

    Parameters
    ----------
    z : (rows + 2, columns + 2) float32 array
        Elevation in m from `padded`; NaN is nodata. It is changed in place.
    progress : Progress

    Raises
    ------
    Cancelled
    """
    z += 0  # -0 and 0 are one level
    state = _initial_state(z)
    flat, bits = z.ravel(), z.ravel().view(np.int32)
    seeds = np.flatnonzero(state == EXIT)
    order = np.empty(np.count_nonzero(state != NODATA), np.int32)
    heap = _seed_keys(bits[seeds], seeds)
    counts, level = np.array([len(seeds), 0, 0, 0]), np.zeros(2)
    flood, offsets = compiled().flood, neighbour_offsets(z.shape[1])
    going = order.size > 0
    while going:
        progress(counts[1] / order.size)
        room = min(counts[0] + 8 * CHUNK, order.size)  # a cell enters the heap once
        if len(heap) < room:
            heap = np.concatenate([heap[: counts[0]], np.empty(room - counts[0], np.int64)])
        going = flood(flat, bits, state.ravel(), order, heap, counts, level, offsets, CHUNK)
    return Filled(z, state, order, int(counts[3]), float(level[1]))


def contributing_area(
    filled: Filled, cells: CellSizes, progress: Progress, exponent: float = 1.1
) -> np.ndarray:
    """Return the upslope area of each cell (itself included) by multiple flow direction, in m².

    Freeman 1991 (Calculating catchment area with divergent flow, Computers & Geosciences 17):
    shares in proportion to slope to the power 1.1 among all lower neighbours. In flats the water
    goes on, in equal shares, to the neighbours nearer to the way out. Sums are float64: float32
    would stop counting at 16.8 million cells.

    Parameters
    ----------
    filled : Filled
    cells : CellSizes
        Of the rows of the DEM.
    progress : Progress
    exponent : float
        Larger values gather the flow, smaller ones spread it.

    Returns
    -------
    (rows, columns) float64 array
        0 where there is no elevation.
    """
    z, state, order = filled.z, filled.state, filled.order
    area = np.zeros(z.shape)
    inner = area[1:-1, 1:-1]
    inner[:] = cells.area[:, np.newaxis]
    inner[state[1:-1, 1:-1] == NODATA] = 0
    dx, dy = np.pad(cells.dx, 1, mode="edge"), np.pad(cells.dy, 1, mode="edge")
    diagonal = np.hypot(dx, dy)
    distances = np.stack([diagonal, dy, diagonal, dx, dx, diagonal, dy, diagonal], axis=1)
    kernel, offsets, stride = compiled().accumulate, neighbour_offsets(z.shape[1]), z.shape[1]
    for first in range(order.size, 0, -CHUNK):
        progress(1 - first / order.size)
        last = max(first - CHUNK, 0)
        kernel(
            z.ravel(), state.ravel(), order, area.ravel(), offsets, distances, stride,
            float(exponent), first, last,
        )  # fmt: skip
    return inner


def wetness(
    area: np.ndarray, slope_degrees: np.ndarray, cells: CellSizes, minimum_slope: float
) -> np.ndarray:
    """Return the topographic wetness index ln(a / tan β) as float32.

    Beven and Kirkby 1979 (Hydrol. Sci. Bull. 24): a is the specific catchment area, the
    contributing area divided by the width of the cell (m²/m), β the local slope.

    Parameters
    ----------
    area : (rows, columns) array
        From `contributing_area`, m².
    slope_degrees : (rows, columns) array
        NaN where there is no elevation; the result is NaN there.
    cells : CellSizes
        Of these rows.
    minimum_slope : float
        Degrees, above 0; flatter cells count as this steep, since tan 0 has no logarithm.
    """
    tangent = np.tan(np.radians(np.maximum(slope_degrees, np.float32(minimum_slope))))
    specific = area / cells.width[:, np.newaxis]
    with np.errstate(divide="ignore"):
        return np.log(specific / tangent).astype(np.float32)


def _initial_state(z: np.ndarray) -> np.ndarray:
    """Mark cells without elevation, and as ways out the valid cells beside them."""
    missing = np.isnan(z)
    beside = missing.copy()
    beside[:, 1:] |= missing[:, :-1]
    beside[:, :-1] |= missing[:, 1:]
    across = beside.copy()
    beside[1:] |= across[:-1]
    beside[:-1] |= across[1:]
    state = np.full(z.shape, UNSEEN, np.uint8)
    state[beside] = EXIT
    state[missing] = NODATA
    return state


def _seed_keys(bits: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Sorted keys (which are a heap) as `kernels.sort_key` makes them."""
    ordered = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits).astype(np.int64)
    return np.sort((ordered << 32) | cells)
