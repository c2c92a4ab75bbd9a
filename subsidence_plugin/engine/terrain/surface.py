"""Slope, aspect and curvature of a window of a DEM, defined up to its edges and holes."""

from __future__ import annotations

import numpy as np

from .cells import CellSizes

#: Cells that a window must carry beyond the wanted cells on every side.
HALO = 2
#: Aspect of a cell that slopes nowhere: a value, since a delta plain must not become nodata.
FLAT = -1.0


def gradient(z: np.ndarray, cells: CellSizes) -> tuple[np.ndarray, np.ndarray]:
    """Return the rise towards east and towards north (m/m) by the method of Horn.

    Weighted differences of the eight neighbours (Horn 1981, Hill shading and the reflectance
    map, Proc. IEEE 69), as ``gdaldem`` and ArcGIS take them. A neighbour that is missing, at the
    edge or beside nodata, is extrapolated along a straight line (`_neighbours`), which makes the
    difference one-sided there; on a plane the result is exact everywhere. On the sides of a grid
    this equals ``gdaldem -compute_edges``, in its corners ``gdaldem`` halves the gradient.

    Parameters
    ----------
    z : (rows + 4, columns + 4) float array
        Elevation in m with a margin of ``HALO`` cells; NaN is nodata and lies outside.
    cells : CellSizes
        Of the ``rows`` inner rows.

    Returns
    -------
    east, north : (rows, columns) float arrays
        NaN where the cell has no elevation.
    """
    nw, n, ne, w, e, sw, s, se = _neighbours(z[1:-1, 1:-1])
    # Differences first: elevations are large beside them and float32 has seven digits.
    east = (ne - nw) + 2 * (e - w) + (se - sw)
    north = (nw - sw) + 2 * (n - s) + (ne - se)
    east *= _column(1 / (8 * cells.dx), z.dtype)
    north *= _column(1 / (8 * cells.dy), z.dtype)
    missing = np.isnan(z[HALO:-HALO, HALO:-HALO])
    east[missing] = north[missing] = np.nan
    return east, north


def slope(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """Return the slope in degrees (0 to 90) of a gradient in m/m."""
    return np.degrees(np.arctan(np.hypot(east, north)))


def aspect(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """Return where the slope faces (steepest descent), degrees clockwise from north.

    0 ≤ aspect < 360; ``FLAT`` (-1) where the gradient is zero; NaN only where it is NaN.
    """
    angle = np.degrees(np.arctan2(-east, -north))
    angle[angle < 0] += 360
    angle[angle >= 360] = 0  # rounding can lift a tiny negative angle to 360
    angle[(east == 0) & (north == 0)] = FLAT
    return angle


def curvature(z: np.ndarray, cells: CellSizes) -> np.ndarray:
    """Return the general curvature in 1/100 m: convex positive, concave negative, plane zero.

    -100 (∂²z/∂x² + ∂²z/∂y²) from the four orthogonal neighbours; with square cells of side L
    that is the curvature of ArcGIS, -200 (D + E) with D = ((W + E)/2 - C)/L² (Zevenbergen and
    Thorne 1987, Earth Surf. Process. Landforms 12; Moore et al. 1991). Where a neighbour is
    missing, the second difference of the adjacent cell is taken (exact on a quadratic surface),
    and zero where there is none either.

    Parameters and shapes as for `gradient`.
    """
    rows, columns = z[HALO:-HALO], z[:, HALO:-HALO]
    across = _second_difference(rows) * _column(100 / cells.dx**2, z.dtype)
    down = _second_difference(columns.T).T * _column(100 / cells.dy**2, z.dtype)
    across += down
    result = np.negative(across, out=across)
    result += 0  # turns the -0 of a plane into 0
    result[np.isnan(z[HALO:-HALO, HALO:-HALO])] = np.nan
    return result


def _second_difference(z: np.ndarray) -> np.ndarray:
    """Second differences along the last axis of the cells inside a margin of two."""
    centre = z[:, 1:-1]
    own = (z[:, :-2] - centre) + (z[:, 2:] - centre)
    return _first(own[:, 1:-1], own[:, :-2], own[:, 2:], np.zeros((1, 1), z.dtype))


def _neighbours(z: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return NW, N, NE, W, E, SW, S, SE of the inner cells, missing ones extrapolated.

    N = 2 C - S, else by the rise beside it (C + NW - W, ...), else C. NW = 2 W - SW or
    2 N - NE (their mean where both are there), else N + W - C with N and W as completed. The
    others by symmetry.
    """
    nw, n, ne = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:]
    w, c, e = z[1:-1, :-2], z[1:-1, 1:-1], z[1:-1, 2:]
    sw, s, se = z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
    if not np.isnan(z).any():
        return nw, n, ne, w, e, sw, s, se
    north, south = _opposite(n, s, c, ((nw, sw, w), (ne, se, e)))
    west, east = _opposite(w, e, c, ((nw, ne, n), (sw, se, s)))
    return (
        _corner(nw, 2 * w - sw, 2 * n - ne, north + west - c),
        north,
        _corner(ne, 2 * e - se, 2 * n - nw, north + east - c),
        west,
        east,
        _corner(sw, 2 * w - nw, 2 * s - se, south + west - c),
        south,
        _corner(se, 2 * e - ne, 2 * s - sw, south + east - c),
    )


def _opposite(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, beside: tuple[tuple[np.ndarray, ...], ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Complete the opposite neighbours a, b of c; ``beside``: such triples of the next lines."""
    across = [c + (a2 - c2) for a2, _b2, c2 in beside] + [c - (b2 - c2) for _a2, b2, c2 in beside]
    first = _first(a, 2 * c - b, *across, c)
    return first, _first(b, 2 * c - first)


def _corner(own: np.ndarray, a: np.ndarray, b: np.ndarray, last: np.ndarray) -> np.ndarray:
    return _first(own, (a + b) / 2, a, b, last)


def _first(*candidates: np.ndarray) -> np.ndarray:
    """Return, cell by cell, the first candidate that is not NaN."""
    result = candidates[0].copy()
    for candidate in candidates[1:]:
        gaps = np.isnan(result)
        if not gaps.any():
            break
        result[gaps] = np.broadcast_to(candidate, result.shape)[gaps]
    return result


def _column(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return values.astype(dtype)[:, np.newaxis]
