"""Writes the synthetic study area: factor stack, inventory, InSAR points, truth and DEM."""

from __future__ import annotations

import json
from typing import Any, Optional

import numpy as np
from osgeo import osr

from ..errors import InputError
from ..example.factors import FACTORS, example_factors, holes
from ..example.insar import FIRST_DAY, STEP, insar_points
from ..example.inventory import draw_presence, presence_count
from ..example.truth import DRIVERS, INTERACTION, PREVALENCE, bayes_auc, truth_probability
from ..outputs import Outputs
from ..progress import Progress
from ..raster.grid import Grid
from ..raster.write import RasterWriter
from ..series_style import write_velocity_style
from ..styles import write_style
from ..vector.write import refuse_shapefile, write_points
from .example_layers import raw_paths, write_factor, write_raw

#: Cells along a side, metres a cell, and dates that are accepted.
SIDES, RESOLUTIONS, DATES = (100, 5000), (1, 1000), (20, 2000)
#: UTM zone 48 N, and the upper left corner of the area, near Hanoi as in the paper.
EPSG, CORNER = 32648, (575_000.0, 2_340_000.0)


def run(
    progress: Progress,
    width: int,
    height: int,
    seed: int,
    factors: str,
    inventory: str,
    insar: str,
    truth: str,
    dem: Optional[str] = None,
    resolution: float = 12.5,
    points: Optional[int] = None,
    dates: int = 304,
    folder: Optional[str] = None,
) -> dict[str, Any]:
    """Write the example area.

    Parameters
    ----------
    progress : Progress
    width, height : int
        Cells, 100 to 5000 each; about 190 bytes of memory a cell.
    seed : int
        Same seed and size, same area, bit by bit on the same computer.
    factors, truth, dem : str
        GeoTIFFs: the 19 factors, the true probability, the elevation without holes (optional).
    inventory, insar : str
        Point layers: subsidence points (``label`` 1), vertical displacement series.
    resolution : float
        Cell size, m.
    points : int, optional
        Subsidence points; default 4,698 at 2000 × 1500 cells, see ``presence_count``.
    dates : int
        Dates of the series, 6 days apart.
    folder : str, optional
        Gets one GeoTIFF a factor that does not come from the elevation (``SURVEYED``), wells
        with the groundwater level, and the fault: with ``dem``, what a user begins with.

    Returns
    -------
    dict
        Counts (``PRESENCE_COUNT``, ``INSAR_COUNT``) and AUC (``BAYES_AUC``, also with absence
        drawn anywhere: ``BAYES_AUC_UNIFORM``).

    Raises
    ------
    InputError
        A size, resolution or count is out of range.
    """
    _check(width, height, seed, resolution, points, dates)
    refuse_shapefile(insar, "A layer of InSAR time series")
    grid = Grid(width, height, (CORNER[0], resolution, 0.0, CORNER[1], 0.0, -resolution), _crs())
    shape = height, width
    raw = raw_paths(folder)
    with Outputs(factors, inventory, insar, truth, dem, *raw.values()) as outputs:
        land, layers = example_factors(shape, resolution, seed, progress.part(0, 0.45))
        probability, logit = truth_probability({name: layers[name] for name in DRIVERS})
        masks = holes(shape, seed)
        known = {"SUBSIDENCE_SOURCE": "createexample", "SEED": seed}
        described = {**known, **_declared(), **{k.upper(): v for k, v in logit.items()}}
        progress(0.5)
        series = insar_points(land, probability, grid.bounds, dates, seed)
        _write_insar(outputs.path(insar), series, grid, known, dates)
        progress(0.6)
        elevation = layers["elevation"]
        if dem:
            _write_dem(outputs.path(dem), grid, elevation, known)
        probability[masks["no survey"]] = np.nan
        aucs = {
            "BAYES_AUC": round(bayes_auc(probability), 4),
            "BAYES_AUC_UNIFORM": round(bayes_auc(probability, uniform_absence=True), 4),
        }
        _write_truth(outputs.path(truth), grid, probability, {**described, **aucs})
        count = points or presence_count(width * height)
        drawn = _write_inventory(outputs.path(inventory), grid, probability, count, known, seed)
        if drawn < count:
            progress.warn(f"Only {drawn} cells subside, so the inventory has no {count} points.")
        write_raw(outputs, raw, grid, layers, masks, series.planted.fault, known)
        _write_factors(
            outputs.path(factors), grid, layers, masks, described, progress.part(0.65, 1)
        )
    progress.info(
        f"{width} × {height} cells of {resolution:g} m: {drawn} subsidence points, "
        f"{len(series.x)} InSAR points with {dates} dates; AUC of the truth itself "
        f"{aucs['BAYES_AUC']:.3f} ({aucs['BAYES_AUC_UNIFORM']:.3f} against points drawn anywhere)."
    )
    return {"PRESENCE_COUNT": drawn, "INSAR_COUNT": len(series.x), **aucs}


def _check(width, height, seed, resolution, points, dates) -> None:
    limits = [
        ("WIDTH", width, *SIDES),
        ("HEIGHT", height, *SIDES),
        ("RESOLUTION", resolution, *RESOLUTIONS),
        ("SEED", seed, 0, 2**31 - 1),
        ("DATES", dates, *DATES),
    ]
    if points is not None:
        limits.append(("POINTS", points, 1, width * height))
    for name, value, low, high in limits:
        if not low <= value <= high:
            raise InputError(f"{name} is {value}; it must be from {low} to {high}.")


def _crs() -> str:
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(EPSG)
    return reference.ExportToWkt()


def _declared() -> dict[str, str]:
    """Return what a test of explanations reads: which factors matter, and how much."""
    first, second, weight = INTERACTION
    return {
        "DRIVERS": json.dumps(DRIVERS),
        "INTERACTION": json.dumps({"factors": [first, second], "weight": weight}),
        "PREVALENCE": str(PREVALENCE),
    }


def _write_factors(path: str, grid: Grid, layers, masks, metadata, progress: Progress) -> None:
    metadata = {"SUBSIDENCE_KIND": "factor_stack", **metadata}
    names, kinds = [f.name for f in FACTORS], [f.kind for f in FACTORS]
    with RasterWriter(
        path, grid, names, kinds=kinds, metadata=metadata, progress=progress
    ) as writer:
        for index, factor in enumerate(FACTORS, start=1):
            progress((index - 1) / (len(FACTORS) + 6))
            write_factor(writer, index, factor, layers.pop(factor.name), masks)
    write_style("factors", path)
    progress(1)


def _write_truth(path: str, grid: Grid, probability: np.ndarray, metadata) -> None:
    metadata = {"SUBSIDENCE_KIND": "truth", "SUBSIDENCE_UNITS": "probability", **metadata}
    with RasterWriter(path, grid, ["truth"], kinds=["continuous"], metadata=metadata) as writer:
        writer.write(probability, band=1)
    write_style("truth", path)


def _write_dem(path: str, grid: Grid, elevation: np.ndarray, metadata) -> None:
    metadata = {"SUBSIDENCE_KIND": "dem", "SUBSIDENCE_UNITS": "m", **metadata}
    with RasterWriter(path, grid, ["elevation"], kinds=["continuous"], metadata=metadata) as writer:
        writer.write(elevation, band=1)
    write_style("factors", path)


def _write_inventory(
    path: str, grid: Grid, probability: np.ndarray, count: int, metadata, seed: int
) -> int:
    rows, columns, velocity = draw_presence(probability, count, seed)
    x, y = grid.xy(columns, rows)
    fields = {"label": np.ones(len(x), dtype=np.int32), "velocity": velocity}
    metadata = {"SUBSIDENCE_KIND": "inventory", "SUBSIDENCE_UNITS": "mm/yr", **metadata}
    write_points(path, x, y, fields, grid.crs, metadata)
    write_style("inventory", path)
    return len(x)


def _write_insar(path: str, series, grid: Grid, metadata, dates: int) -> None:
    metadata = {
        "SUBSIDENCE_KIND": "insar",
        "COMPONENT": "U",
        "SUBSIDENCE_UNITS": "mm, mm/yr; negative is subsidence",
        "FIRST_DATE": str(FIRST_DAY),
        "STEP_DAYS": str(STEP),
        "DATES": str(dates),
        "PLANTED": json.dumps(series.planted.as_dict()),
        **metadata,
    }
    write_points(path, series.x, series.y, series.columns, grid.crs, metadata)
    days = FIRST_DAY + STEP * np.arange(dates)
    write_velocity_style(path, days, len(series.x))
