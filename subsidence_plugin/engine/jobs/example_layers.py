"""What a study of the example area begins with: survey rasters, wells and a fault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

import numpy as np

from ..example.deformation import Fault
from ..example.factors import FACTORS, SURVEYED, Factor, holes_of
from ..example.fields import generator
from ..outputs import Outputs
from ..raster.grid import Grid
from ..raster.write import RasterWriter
from ..styles import write_class_style, write_style
from ..vector.write import write_points
from ..vector.write_line import write_line

WELLS, FAULT = "wells.gpkg", "fault.gpkg"
#: A style whose colours say no order.
UNORDERED = "dominant_factor"
#: Cells for each well, and the least number of wells.
CELLS_A_WELL, FEWEST_WELLS = 5000, 40


def raw_paths(folder: Optional[str]) -> dict[str, str]:
    """Return the path of every raw layer by its name; none without a folder."""
    names = [*(f"{name}.tif" for name in SURVEYED), WELLS, FAULT]
    return {Path(name).stem: str(Path(folder) / name) for name in names} if folder else {}


def write_raw(
    outputs: Outputs,
    paths: Mapping[str, str],
    grid: Grid,
    layers: Mapping[str, np.ndarray],
    masks: Mapping[str, np.ndarray],
    fault: Fault,
    known: Mapping[str, object],
) -> None:
    """Write the raw layers.

    Parameters
    ----------
    outputs : Outputs
    paths : mapping
        Of ``raw_paths``; may be empty.
    grid : Grid
    layers : mapping of str to 2d-array
        The factors without holes.
    masks : mapping of str to 2d-array of bool
        Holes, see ``example.factors.holes``.
    fault : Fault
        The planted one.
    known : mapping
        Metadata of every layer; ``SEED`` places the wells.
    """
    if not paths:
        return
    for name in SURVEYED:
        _write_survey(outputs.path(paths[name]), grid, name, layers[name], masks, known)
    _write_wells(outputs.path(paths["wells"]), grid, layers["groundwater"], known)
    ends = [(fault.x1, fault.y1), (fault.x2, fault.y2)]
    metadata = {"SUBSIDENCE_KIND": "fault", **known}
    write_line(outputs.path(paths["fault"]), ends, {"name": "fault"}, grid.crs, metadata)


def write_factor(writer: RasterWriter, index: int, factor: Factor, layer, masks) -> None:
    """Write one factor with its holes, unit and legend into a band."""
    values = layer.astype(np.float32)
    values[holes_of(factor.name, masks)] = np.nan
    writer.write(values, band=index)
    band = writer.dataset.GetRasterBand(index)
    band.SetMetadataItem("unit", factor.unit)
    if factor.legend:
        band.SetMetadataItem("legend", json.dumps(factor.legend))


def _write_survey(path: str, grid: Grid, name: str, layer, masks, known) -> None:
    factor = next(f for f in FACTORS if f.name == name)
    metadata = {"SUBSIDENCE_KIND": "factor_stack", **known}
    with RasterWriter(path, grid, [name], kinds=[factor.kind], metadata=metadata) as writer:
        write_factor(writer, 1, factor, layer, masks)
    if factor.legend:
        write_class_style(path, list(factor.legend.values()), UNORDERED)
    else:
        write_style("factors", path)


def _write_wells(path: str, grid: Grid, level: np.ndarray, known) -> None:
    """Write wells at random cells with the groundwater level there, in m."""
    rng = generator(int(known["SEED"]), "wells")
    count = max(level.size // CELLS_A_WELL, FEWEST_WELLS)
    cells = rng.choice(level.size, count, replace=False)
    rows, columns = np.unravel_index(np.sort(cells), level.shape)
    x, y = grid.xy(columns, rows)
    fields = {"well": np.arange(1, count + 1), "level_m": level[rows, columns].astype(float)}
    metadata = {"SUBSIDENCE_KIND": "wells", "SUBSIDENCE_UNITS": "m", **known}
    write_points(path, x, y, fields, grid.crs, metadata)
