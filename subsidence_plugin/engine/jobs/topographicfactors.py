"""DEM to a factor stack: elevation, slope, aspect, curvature, topographic wetness index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
from osgeo import osr

from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.gdal_calls import failures_raise
from ..raster.grid import Grid
from ..raster.read import Raster
from ..raster.write import RasterWriter
from ..styles import write_style
from ..terrain.cells import CellSizes, constant_cells, geographic_cells
from ..terrain.flow import contributing_area, fill_depressions, padded, wetness
from ..terrain.surface import HALO, aspect, curvature, gradient, slope

#: In the order of the enum ``FACTORS``, which saved models keep as integers: append only.
FACTORS = ("elevation", "slope", "aspect", "curvature", "twi")
#: No land or sea floor is lower or higher (m): such values are nodata that nobody declared.
PLAUSIBLE = (-12000.0, 9000.0)


def run(
    progress: Progress,
    dem: str,
    output: str,
    band: int = 1,
    factors: Sequence[int] = (0, 1, 2, 3, 4),
    z_factor: float = 1.0,
    min_slope: float = 0.05,
    flow_exponent: float = 1.1,
) -> dict[str, Any]:
    """Write the chosen factors of ``dem`` to the stack ``output``.

    Parameters
    ----------
    progress : Progress
    dem : str
        Raster of elevations in a projected CRS or in degrees.
    output : str
        GeoTIFF, a float32 band a factor.
    band : int
        1-based band of ``dem``.
    factors : sequence of int
        Indices into ``FACTORS``; written in the order of ``FACTORS``.
    z_factor : float
        Turns the elevations into metres.
    min_slope : float
        Degrees; the TWI takes flatter cells as this steep.
    flow_exponent : float
        Freeman's exponent of the multiple flow direction.

    Returns
    -------
    dict
        ``valid`` and, with the TWI, ``raised`` (cells) and ``deepest`` (m).
    """
    names = _chosen(factors)
    _check_numbers(z_factor, min_slope, flow_exponent)
    source = _Dem(dem, band, z_factor)
    cells = cell_sizes(source.raster.grid, dem, progress)
    result: dict[str, Any] = {}
    with Outputs(output, inputs=[dem]) as outputs:
        area = None
        if "twi" in names:
            area, routed = _route(source, cells, flow_exponent, progress.part(0, 0.6))
            result.update(routed)
        path = outputs.path(output)
        rest = progress.part(0.6 if "twi" in names else 0, 1)
        result["valid"] = _write(path, source, names, cells, area, min_slope, rest)
        write_style("factors", path)
    progress.info(
        f"Wrote {', '.join(names)} for {result['valid']} cells with elevation "
        f"of {source.raster.grid.width * source.raster.grid.height}."
    )
    return result


class _Dem:
    """One band of a raster as elevations in metres."""

    def __init__(self, path: str, band: int, z_factor: float) -> None:
        self.raster = Raster(path)
        if not 1 <= band <= len(self.raster.bands):
            raise InputError(
                f"The DEM '{path}' has no band {band}; it has {len(self.raster.bands)}."
            )
        self.band, self.z_factor = band, z_factor

    def read(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """Return (rows, columns) float32, NaN for nodata and infinities."""
        z = self.raster.read(window, [self.band])[0]
        if self.z_factor != 1:
            z *= np.float32(self.z_factor)
        z[~np.isfinite(z)] = np.nan
        return z

    def read_with_margin(self, window: tuple[int, int, int, int], margin: int) -> np.ndarray:
        """Return the window and ``margin`` cells around it, NaN outside the raster."""
        column, row, width, height = window
        grid = self.raster.grid
        left, top = max(column - margin, 0), max(row - margin, 0)
        right = min(column + width + margin, grid.width)
        bottom = min(row + height + margin, grid.height)
        z = np.full((height + 2 * margin, width + 2 * margin), np.nan, np.float32)
        x, y = left - column + margin, top - row + margin
        z[y : y + bottom - top, x : x + right - left] = self.read(
            (left, top, right - left, bottom - top)
        )
        return z


def _route(
    source: _Dem, cells: CellSizes, exponent: float, progress: Progress
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the contributing area in m² of the whole DEM, which is held in memory for it."""
    grid = source.raster.grid
    z = padded(grid.height, grid.width)
    for column, row, width, height in grid.windows():
        progress.check()
        z[row + 1 : row + 1 + height, column + 1 : column + 1 + width] = source.read(
            (column, row, width, height)
        )
    progress(0.1)
    filled = fill_depressions(z, progress.part(0.1, 0.5))
    share = 100 * filled.raised / max(filled.order.size, 1)
    progress.info(
        f"Depressions: {filled.raised} cells ({share:.1f} %) were raised for the flow routing, "
        f"by {filled.deepest:.2f} m at most."
    )
    area = contributing_area(filled, cells, progress.part(0.5, 1), exponent)
    return area, {"raised": filled.raised, "deepest": filled.deepest}


def _write(
    path: str,
    source: _Dem,
    names: Sequence[str],
    cells: CellSizes,
    area: Optional[np.ndarray],
    min_slope: float,
    progress: Progress,
) -> int:
    """Write the factors tile by tile and return how many cells have elevation."""
    grid = source.raster.grid
    metadata = {
        "SUBSIDENCE_KIND": "factors",
        "SUBSIDENCE_SOURCE": source.raster.path,
        "SUBSIDENCE_UNITS": "elevation m, slope degrees, aspect degrees clockwise from north "
        "(flat -1), curvature 1/100 m (convex positive), twi ln(m)",
    }
    valid, lowest, highest = 0, math.inf, -math.inf
    kinds = ["continuous"] * len(names)
    with RasterWriter(
        path, grid, names, kinds=kinds, metadata=metadata, progress=progress
    ) as writer:
        windows = grid.windows()
        for done, window in enumerate(windows):
            progress(0.7 * done / len(windows))  # overviews and statistics take the rest
            column, row, width, height = window
            z = source.read_with_margin(window, HALO)
            part = None if area is None else area[row : row + height, column : column + width]
            tile = factor_tile(names, z, cells.rows(row, row + height), part, min_slope)
            writer.write(tile, column, row)
            if column + width == grid.width:
                writer.flush()
            inner = z[HALO:-HALO, HALO:-HALO]
            here = np.count_nonzero(~np.isnan(inner))
            if here:
                valid += here
                lowest = min(lowest, float(np.nanmin(inner)))
                highest = max(highest, float(np.nanmax(inner)))
        if not valid:
            raise InputError(f"The DEM '{source.raster.path}' is nodata everywhere.")
    _warn_of_strange_elevations(lowest, highest, progress)
    return int(valid)


def factor_tile(
    names: Sequence[str],
    z: np.ndarray,
    cells: CellSizes,
    area: Optional[np.ndarray] = None,
    min_slope: float = 0.05,
) -> np.ndarray:
    """Return (factors, rows, columns) float32 of a DEM window with a margin of ``HALO`` cells."""
    east, north = gradient(z, cells)
    steepness = slope(east, north)
    makers = {
        "elevation": lambda: z[HALO:-HALO, HALO:-HALO],
        "slope": lambda: steepness,
        "aspect": lambda: aspect(east, north),
        "curvature": lambda: curvature(z, cells),
        "twi": lambda: wetness(area, steepness, cells, min_slope),
    }
    return np.stack([makers[name]() for name in names]).astype(np.float32, copy=False)


def cell_sizes(grid: Grid, path: str, progress: Progress) -> CellSizes:
    """Return the ground size of the cells in metres, from the CRS and its unit.

    Raises
    ------
    InputError
        No CRS, one that is neither projected nor in degrees, or a grid not north-up.
    """
    t = grid.transform
    if not grid.crs:
        raise InputError(f"The DEM '{path}' has no CRS; assign the right one to it.")
    if t[2] or t[4] or t[1] <= 0 or t[5] >= 0:
        raise InputError(
            f"The DEM '{path}' is rotated or not stored north-up; warp it to a north-up grid."
        )
    reference = osr.SpatialReference()
    with failures_raise(f"The CRS of the DEM '{path}' cannot be read"):
        reference.ImportFromWkt(grid.crs)
    if reference.IsGeographic():
        return _degree_cells(grid, reference, progress)
    if not reference.IsProjected():
        raise InputError(
            f"The CRS of the DEM '{path}' is neither projected nor in degrees; reproject it."
        )
    if reference.GetAuthorityCode(None) in ("3857", "900913"):
        progress.warn(
            "The DEM is in Web Mercator, whose metres are stretched away from the equator: "
            "slopes come out too small; reproject it to UTM, for example."
        )
    unit = reference.GetLinearUnits()
    return constant_cells(grid.height, t[1] * unit, -t[5] * unit)


def _degree_cells(grid: Grid, reference: osr.SpatialReference, progress: Progress) -> CellSizes:
    unit = reference.GetAngularUnits()
    _, latitudes = grid.xy(0.5, np.arange(grid.height) + 0.5)
    t = grid.transform
    cells = geographic_cells(
        latitudes * unit,
        t[1] * unit,
        -t[5] * unit,
        reference.GetSemiMajor(),
        reference.GetInvFlattening(),
    )
    progress.info(
        "The DEM is in degrees: distances are taken in metres, row by row; cells are "
        f"{cells.dx.min():.2f} to {cells.dx.max():.2f} m wide and {cells.dy.mean():.2f} m high."
    )
    return cells


def _chosen(factors: Sequence[int]) -> list[str]:
    if not factors:
        raise InputError("No factor is chosen; choose at least one in FACTORS.")
    for index in factors:
        if not 0 <= int(index) < len(FACTORS):
            raise InputError(f"FACTORS has no option {index}; it has 0 to {len(FACTORS) - 1}.")
    return [FACTORS[i] for i in sorted({int(i) for i in factors})]


def _check_numbers(z_factor: float, min_slope: float, exponent: float) -> None:
    for name, value, top in (
        ("Z_FACTOR", z_factor, math.inf),
        ("MIN_SLOPE", min_slope, 90),
        ("FLOW_EXPONENT", exponent, 50),
    ):
        if not 0 < value < top or math.isinf(value):
            limit = "" if math.isinf(top) else f" and below {top}"
            raise InputError(f"{name} is {value}; it must be above 0{limit}.")


def _warn_of_strange_elevations(lowest: float, highest: float, progress: Progress) -> None:
    progress.info(f"Elevations range from {lowest:.2f} to {highest:.2f} m.")
    if lowest < PLAUSIBLE[0] or highest > PLAUSIBLE[1]:
        progress.warn(
            "Such elevations do not exist: the DEM seems to have a nodata value that it does not "
            "declare, or Z_FACTOR is wrong."
        )
