"""DEM to a factor stack: elevation, slope, aspect, curvature, topographic wetness index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..options import chosen_options
from ..outputs import Outputs
from ..progress import Progress
from ..raster.dem import Dem
from ..raster.value_range import ValueRange
from ..raster.write import RasterWriter
from ..styles import write_style
from ..terrain.cells import CellSizes
from ..terrain.factors import FACTORS, factor_tile
from ..terrain.flow import BYTES_PER_CELL, contributing_area, fill_depressions, padded
from ..terrain.surface import HALO

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
    names = chosen_options(factors, FACTORS, "FACTORS", "factor")
    _check_numbers(z_factor, min_slope, flow_exponent)
    source = Dem(dem, band, z_factor)
    cells = source.cells(progress)
    result: dict[str, Any] = {}
    with Outputs(output, inputs=[dem]) as outputs:
        area = None
        if "twi" in names:
            progress.stage("Flow routing")
            area, routed = _route(source, cells, flow_exponent, progress.part(0, 0.6))
            result.update(routed)
        path = outputs.path(output)
        rest = progress.part(0.6 if "twi" in names else 0, 1)
        progress.stage("Factors")
        result["valid"] = _write(path, source, names, cells, area, min_slope, rest)
        write_style("factors", path)
    progress.info(
        f"Wrote {', '.join(names)} for {result['valid']} cells with elevation "
        f"of {source.grid.width * source.grid.height}."
    )
    return result


def _route(
    source: Dem, cells: CellSizes, exponent: float, progress: Progress
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the contributing area in m² of the whole DEM, which is held in memory for it."""
    grid = source.grid
    gigabytes = BYTES_PER_CELL * grid.width * grid.height / 1e9
    if gigabytes > 0.5:
        progress.info(f"The TWI holds the whole DEM in memory: about {gigabytes:.1f} GB.")
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
    source: Dem,
    names: Sequence[str],
    cells: CellSizes,
    area: Optional[np.ndarray],
    min_slope: float,
    progress: Progress,
) -> int:
    """Write the factors tile by tile and return how many cells have elevation."""
    grid = source.grid
    metadata = {
        "SUBSIDENCE_KIND": "factor_stack",
        "SUBSIDENCE_SOURCE": source.raster.path,
        "SUBSIDENCE_UNITS": "elevation m, slope degrees, aspect degrees clockwise from north "
        "(flat -1), curvature 1/100 m (convex positive), twi ln(m)",
    }
    elevations = ValueRange()
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
            elevations.add(z[HALO:-HALO, HALO:-HALO])
        if not elevations.count:
            raise InputError(
                f"The DEM '{source.raster.path}' is nodata everywhere; choose another file or band."
            )
    _warn_of_strange_elevations(elevations, progress)
    return elevations.count


def _check_numbers(z_factor: float, min_slope: float, exponent: float) -> None:
    for name, value, top in (
        ("Z_FACTOR", z_factor, math.inf),
        ("MIN_SLOPE", min_slope, 90),
        ("FLOW_EXPONENT", exponent, 50),
    ):
        if not 0 < value < top or math.isinf(value):
            limit = "" if math.isinf(top) else f" and below {top}"
            raise InputError(f"{name} is {value}; it must be above 0{limit}.")


def _warn_of_strange_elevations(seen: ValueRange, progress: Progress) -> None:
    progress.info(f"Elevations range from {seen.low:.2f} to {seen.high:.2f} m.")
    if seen.low < PLAUSIBLE[0] or seen.high > PLAUSIBLE[1]:
        progress.warn(
            "Such elevations do not exist: the DEM seems to have a nodata value that it does not "
            "declare, or Z_FACTOR is wrong."
        )
