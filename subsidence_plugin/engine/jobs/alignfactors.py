"""Rasters of any grid and categorical polygons to one factor stack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Optional, Union

import numpy as np

from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.cache import STRIPS_BYTES, bounded_cache
from ..raster.factor_grid import factor_grid
from ..raster.factor_sources import Source, find_sources, rename
from ..raster.grid import Grid
from ..raster.read import check_names
from ..raster.target_grid import crs_name
from ..raster.value_range import ValueRange
from ..raster.warp import WarpedBand
from ..raster.write import RasterWriter
from ..styles import write_style
from ..vector.burn import BurntField
from ..vector.write import write_table


def run(
    progress: Progress,
    output: str,
    rasters: Sequence[Sequence[str]] = (),
    categorical: Sequence[Sequence[str]] = (),
    polygons: Optional[str] = None,
    polygon_fields: Sequence[str] = (),
    names: Optional[str] = None,
    reference: Optional[str] = None,
    crs: Optional[str] = None,
    resolution: Optional[float] = None,
    extent: Optional[Sequence] = None,
    table: Optional[str] = None,
) -> dict[str, Any]:
    """Write the factor stack.

    Parameters
    ----------
    output : str
    rasters, categorical : sequence of (path, layer name)
        All bands are taken; bands of ``rasters`` marked ``categorical`` stay so.
    polygons : str, optional
        Vector source.
    polygon_fields : sequence of str
        Each becomes a factor.
    names : str, optional
        ``old=new, …`` or all names in order.
    reference : str, optional
        Raster whose grid is taken.
    crs : str, optional
        WKT.
    resolution : float, optional
    extent : sequence, optional
        x minimum, y minimum, x maximum, y maximum, WKT.
    table : str, optional
        Legend of coded texts: factor, code, text.

    Returns
    -------
    dict
        ``FACTORS``: names in order; ``WIDTH``, ``HEIGHT``; ``COMPLETE``: cells valid in all.
    """
    if polygons and not polygon_fields:
        raise InputError("POLYGON_FIELD is empty; choose the field whose classes become a factor.")
    sources = find_sources(rasters, categorical, polygons, polygon_fields)
    sources = rename(sources, names)
    check_names([s.name for s in sources], [s.title for s in sources])
    inputs = [path for path, _name in (*rasters, *categorical)] + [polygons, reference]
    with bounded_cache(STRIPS_BYTES), Outputs(output, table, inputs=inputs) as outputs:
        grid = factor_grid(sources, reference, crs, resolution, extent, polygons)
        x = " × ".join(f"{abs(v):.6g}" for v in (grid.transform[1], grid.transform[5]))
        progress.info(
            f"Grid: {grid.width} × {grid.height} cells of {x}, {crs_name(grid.crs)}, "
            f"from {', '.join(f'{v:.9g}' for v in grid.bounds)}."
        )
        readers = [open_reader(source, grid, progress) for source in sources]
        place = outputs.path(output)
        try:
            complete = write_stack(place, grid, sources, readers, progress.part(0.02, 0.98))
        finally:
            for reader in readers:
                reader.close()
        progress.info(
            f"{complete} of {grid.width * grid.height} cells "
            f"({100 * complete / (grid.width * grid.height):.1f} %) have a value in all factors."
        )
        if not complete:
            progress.warn("No cell has a value in all factors, so nothing can be predicted there.")
        write_style("factors", place)
        if table:
            write_table(outputs.path(table), legend_columns(sources), {"SUBSIDENCE_KIND": "legend"})
        progress(1.0)
    return {
        "FACTORS": [source.name for source in sources],
        "WIDTH": grid.width,
        "HEIGHT": grid.height,
        "COMPLETE": complete,
    }


Reader = Union[WarpedBand, BurntField]


def open_reader(source: Source, grid: Grid, progress: Progress) -> Reader:
    """Return what gives the values of a factor on the grid; log how, and complete ``source``."""
    if source.raster is not None:
        warped = WarpedBand(source.raster, source.band, grid)
        how = warped.method
        if how != "as it is":
            how += f", a cell is {warped.ratio:.3g} source cells wide"
        progress.info(f"{source.name}: {source.title}, {source.kind}, {how}.")
        return warped
    burnt = BurntField(source.polygons, source.field, grid)
    source.kind = burnt.kind
    source.legend = {str(code): text for code, text in burnt.legend.items()}
    progress.info(
        f"{source.name}: {source.title}, {source.kind}, burnt at cell centres"
        + (f", {len(burnt.legend)} texts coded in alphabetical order" if burnt.legend else "")
        + "."
    )
    if burnt.skipped:
        progress.warn(
            f"{source.name}: {burnt.skipped} features without a value or without an area left out."
        )
    return burnt


def write_stack(
    path: str,
    grid: Grid,
    sources: Sequence[Source],
    readers: Sequence[Reader],
    progress: Progress,
) -> int:
    """Write all factors window by window; return how many cells are valid in all of them.

    Raises
    ------
    InputError
        A factor has no valid cell on the grid.
    """
    metadata = {
        "SUBSIDENCE_KIND": "factor_stack",
        "SUBSIDENCE_SOURCE": json.dumps([s.title for s in sources], ensure_ascii=False),
    }
    windows = grid.windows()
    ranges = [ValueRange() for _ in sources]
    complete = 0
    names, kinds = [s.name for s in sources], [s.kind for s in sources]
    with RasterWriter(path, grid, names, "float32", kinds, metadata, progress=progress) as writer:
        for index, source in enumerate(sources, start=1):
            band = writer.dataset.GetRasterBand(index)
            if source.legend:
                band.SetMetadataItem("legend", json.dumps(source.legend, ensure_ascii=False))
            if source.unit:
                band.SetMetadataItem("unit", source.unit)
        for number, window in enumerate(windows):
            in_all = np.ones((window[3], window[2]), bool)
            for index, reader in enumerate(readers):
                progress((number + index / len(readers)) / len(windows))
                values = reader.read(window)
                in_all &= ranges[index].add(values)
                writer.write(values, window[0], window[1], index + 1)
            complete += int(np.count_nonzero(in_all))
            if window[0] + window[2] == grid.width:
                writer.flush()
        _check_ranges(sources, ranges, grid, progress)
    return complete


def _check_ranges(
    sources: Sequence[Source], ranges: Sequence[ValueRange], grid: Grid, progress: Progress
) -> None:
    for source, seen in zip(sources, ranges):
        if not seen.count:
            raise InputError(
                f"The factor '{source.name}' ({source.title}) has no value on the grid: it does "
                "not overlap it, or is all nodata there; check its CRS and extent."
            )
        share = 100 * seen.count / (grid.width * grid.height)
        progress.info(
            f"{source.name}: {seen.low:.6g} to {seen.high:.6g}, valid in {share:.1f} % of cells."
        )
        if seen.low == seen.high:
            progress.warn(
                f"{source.name} is constant ({seen.low:g}) on the grid; training refuses it."
            )


def legend_columns(sources: Sequence[Source]) -> dict[str, list]:
    """Return the table of coded texts."""
    columns: dict[str, list] = {"factor": [], "code": [], "text": []}
    for source in sources:
        for code, text in source.legend.items():
            columns["factor"].append(source.name)
            columns["code"].append(int(code))
            columns["text"].append(text)
    return columns
