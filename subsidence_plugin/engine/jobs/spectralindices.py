"""Landsat bands to a factor stack of spectral indices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..options import chosen_options
from ..outputs import Outputs
from ..progress import Progress
from ..raster.grid import Grid
from ..raster.read import Raster
from ..raster.target_grid import crs_name, same_crs
from ..raster.value_range import ValueRange
from ..raster.write import RasterWriter
from ..spectral.indices import (
    HIGHEST,
    INDICES,
    LOWEST,
    Index,
    bands_needed,
    reflectance,
    spectral_index,
)
from ..styles import write_style
from ..vector.read import spatial_reference


def run(
    progress: Progress,
    output: str,
    indices: Sequence[int] = (0, 1, 2),
    stack: Optional[str] = None,
    stack_bands: Optional[Mapping[str, int]] = None,
    rasters: Optional[Mapping[str, Optional[str]]] = None,
    scale: float = 0.0000275,
    offset: float = -0.2,
) -> dict[str, Any]:
    """Write the chosen indices to the stack ``output``.

    Parameters
    ----------
    progress : Progress
    output : str
        GeoTIFF, a float32 band an index.
    indices : sequence of int
        Places in ``INDICES``; written in the order of ``INDICES``.
    stack : str, optional
        Raster with several bands.
    stack_bands : mapping of band name (GREEN, RED, NIR, SWIR1) to 1-based band of ``stack``
    rasters : mapping of band name to path, optional
        Single-band rasters; where given they go before ``stack``.
    scale, offset : float
        Reflectance = ``scale`` × value + ``offset``.

    Returns
    -------
    dict
        ``valid``: index name to number of cells with a value.
    """
    chosen = chosen_options(indices, INDICES, "INDICES", "index")
    if not scale or not math.isfinite(scale) or not math.isfinite(offset):
        raise InputError(f"SCALE is {scale} and OFFSET {offset}; SCALE must not be 0.")
    bands = _open_bands(chosen, stack, stack_bands or {}, rasters or {})
    _check_grids(bands)
    paths = sorted({band.raster.path for band in bands})
    for band in bands:
        progress.info(f"{band.name}: band {band.index} of '{band.raster.path}'")
    with Outputs(output, inputs=paths) as outputs:
        path = outputs.path(output)
        valid = _write(path, chosen, bands, scale, offset, progress)
        write_style("factors", path)
    return {"valid": valid}


@dataclass
class _Source:
    """A spectral band, where it is read, and what was counted in it."""

    name: str
    raster: Raster
    index: int
    clipped: int = 0
    refused: int = 0
    valid: int = 0
    stored: ValueRange = field(default_factory=ValueRange)

    def read(self, window: tuple[int, int, int, int], scale: float, offset: float) -> np.ndarray:
        """Return the reflectance of a window and count what was corrected."""
        values = self.raster.read(window, [self.index])[0]
        self.stored.add(values)
        result, clipped, refused = reflectance(values, scale, offset)
        self.clipped += clipped
        self.refused += refused
        self.valid += int(np.count_nonzero(~np.isnan(result)))
        return result


def _open_bands(
    chosen: Sequence[Index],
    stack: Optional[str],
    stack_bands: Mapping[str, int],
    rasters: Mapping[str, Optional[str]],
) -> list[_Source]:
    opened: dict[str, Raster] = {}
    bands = []
    for name in bands_needed(list(chosen)):
        path = rasters.get(name) or stack
        if not path:
            users = ", ".join(i.name.upper() for i in chosen if name in (i.first, i.second))
            raise InputError(
                f"The band {name} is missing, which {users} needs: give the raster {name}, or a "
                f"multi-band INPUT with {name}_BAND."
            )
        if path not in opened:
            opened[path] = Raster(path)
        index = 1 if rasters.get(name) else int(stack_bands.get(name) or 0)
        count = len(opened[path].bands)
        if not 1 <= index <= count:
            raise InputError(
                f"{name}_BAND is {index}, but INPUT ('{path}') has the bands 1 to {count}; "
                "choose one of these."
            )
        bands.append(_Source(name, opened[path], index))
    return bands


def _check_grids(bands: Sequence[_Source]) -> None:
    """Refuse bands without CRS and bands on different grids, naming both."""
    first = bands[0]
    for band in bands:
        spatial_reference(band.raster.grid.crs, f"The raster '{band.raster.path}'")
        difference = _difference(first.raster.grid, band.raster.grid)
        if difference:
            raise InputError(
                f"{first.name} ('{first.raster.path}') and {band.name} ('{band.raster.path}') "
                f"lie on different grids ({difference}); bring them to one grid, for example "
                "with 'Align factors'."
            )


def _difference(a: Grid, b: Grid) -> str:
    """Say in a few words how two grids differ; an empty text means not at all."""
    if (a.width, a.height) != (b.width, b.height):
        return f"{a.width} × {a.height} and {b.width} × {b.height} cells"
    if not same_crs(a.crs, b.crs):
        return f"CRS {crs_name(a.crs)} and {crs_name(b.crs)}"
    if not a.matches(b):
        return f"bounds {_numbers(a.bounds)} and {_numbers(b.bounds)}"
    return ""


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.10g}" for value in values)


def _write(
    path: str,
    chosen: Sequence[Index],
    bands: Sequence[_Source],
    scale: float,
    offset: float,
    progress: Progress,
) -> dict[str, int]:
    grid, names = bands[0].raster.grid, [index.name for index in chosen]
    metadata = {
        "SUBSIDENCE_KIND": "factor_stack",
        "SUBSIDENCE_SOURCE": "; ".join(f"{b.name} = {b.raster.path} band {b.index}" for b in bands),
        "SUBSIDENCE_UNITS": f"indices of reflectance = {scale:g} × value + {offset:g}",
    }
    kinds, valid = ["continuous"] * len(names), dict.fromkeys(names, 0)
    with RasterWriter(
        path, grid, names, kinds=kinds, metadata=metadata, progress=progress
    ) as writer:
        windows = grid.windows()
        for done, window in enumerate(windows):
            progress(0.7 * done / len(windows))  # overviews and statistics take the rest
            values = {band.name: band.read(window, scale, offset) for band in bands}
            tile = np.stack([spectral_index(index, values) for index in chosen])
            for layer, name in zip(tile, names):
                valid[name] += int(np.count_nonzero(~np.isnan(layer)))
            writer.write(tile, window[0], window[1])
            if window[0] + window[2] == grid.width:
                writer.flush()
        _report(bands, valid, progress)
    return valid


def _report(bands: Sequence[_Source], valid: Mapping[str, int], progress: Progress) -> None:
    """Log what was counted; refuse bands that hold no reflectance at all."""
    for band in bands:
        if not band.valid:
            _refuse(band)
        if band.refused:
            progress.warn(
                f"{band.name}: {band.refused} cells have a reflectance below {LOWEST} or above "
                f"{HIGHEST} and became nodata."
            )
        if band.clipped:
            progress.info(
                f"{band.name}: {band.clipped} cells slightly below 0 or above 1 were set to 0 or 1."
            )
    for name, count in valid.items():
        if not count:
            raise InputError(
                f"The index {name.upper()} has no value anywhere: its bands have no cell with "
                "data in common; choose rasters of one scene."
            )
        progress.info(f"{name.upper()}: {count} cells with a value")


def _refuse(band: _Source) -> None:
    if not band.stored.count:
        raise InputError(
            f"{band.name} ('{band.raster.path}') is nodata everywhere; choose another raster."
        )
    hint = (
        "0.0000275 and -0.2 are those of Landsat Collection 2 Level 2"
        if band.stored.high > 2
        else "rasters that are reflectances already take 1 and 0"
    )
    raise InputError(
        f"{band.name} ('{band.raster.path}') holds {band.stored.low:g} to {band.stored.high:g}, "
        f"which SCALE and OFFSET do not turn into reflectances from 0 to 1 ({hint})."
    )
