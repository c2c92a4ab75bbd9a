"""The deformation stack: a band a date, written by blocks of cells and dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from osgeo import gdal

from ..gridding.steps import Steps
from ..insar.dates import date_metadata
from ..progress import Progress
from ..styles import write_style
from .ensemble_maps import ramp_values
from .grid import Grid
from .read import Raster
from .write import RasterWriter, finish_raster

KIND = "deformation_stack"
#: What the metadata of the points say of their product, which the stack keeps.
KEPT = ("COMPONENT", "GEOMETRY", "PRODUCT", "TRACK", "TILE", "PERIOD", "NORTH", "DATES_IN_BOTH")
#: Share of the cells of the last map within the ends of the colours.
COLOURED = 0.98


def stack_writer(
    path: str, grid: Grid, steps: Steps, metadata: Mapping[str, str], progress: Progress
) -> RasterWriter:
    """Return the writer of a stack whose bands are named by their dates.

    Band metadata: ``SUBSIDENCE_DATE``; ``SUBSIDENCE_GAP`` ``yes`` where no acquisition lies
    within the step; ``SUBSIDENCE_ACQUISITION``, the acquisition nearest in time. Dataset metadata
    list the bands in gaps in ``GAP_BANDS``.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    grid : Grid
    steps : Steps
    metadata : mapping of str to str
        Of the dataset, besides what is known of the dates.
    progress : Progress
    """
    gaps = np.flatnonzero(steps.gap) + 1
    about = {
        "SUBSIDENCE_KIND": KIND,
        **metadata,
        **date_metadata(steps.dates),
        "GAP_BANDS": ", ".join(map(str, gaps)),
    }
    names = [str(date) for date in steps.dates]
    writer = RasterWriter(
        path, grid, names, metadata=about, finish=False, progress=progress, fast=True
    )
    for number, name in enumerate(names):
        band = writer.dataset.GetRasterBand(number + 1)
        band.SetMetadataItem("SUBSIDENCE_DATE", name)
        band.SetMetadataItem("SUBSIDENCE_GAP", "yes" if steps.gap[number] else "no")
        band.SetMetadataItem("SUBSIDENCE_ACQUISITION", str(steps.nearest[number]))
    return writer


class BandStatistics:
    """Statistics of the bands, added up while they are written: reading them again would cost.

    Parameters
    ----------
    bands : int
    """

    def __init__(self, bands: int) -> None:
        self._sums = np.zeros((bands, 3))  # count, sum, sum of squares
        self._ends = np.full((bands, 2), (np.inf, -np.inf))

    def add(self, band: int, values: np.ndarray) -> None:
        """Add cells of a band (counted from 1); NaN is nodata."""
        finite = np.isfinite(values)
        known = values.ravel() if finite.all() else values[finite]
        if len(known):
            exact = known.astype(float)
            total = exact.sum()
            np.square(exact, out=exact)  # np.dot would start threads that only wait
            self._sums[band - 1] += len(known), total, exact.sum()
            low, high = self._ends[band - 1]
            self._ends[band - 1] = min(low, known.min()), max(high, known.max())

    def write(self, dataset: gdal.Dataset) -> None:
        """Put them into the metadata of the bands that have values, as GDAL does."""
        cells = dataset.RasterXSize * dataset.RasterYSize
        for number, ((count, total, squares), ends) in enumerate(zip(self._sums, self._ends), 1):
            if count:
                mean = total / count
                spread = np.sqrt(max(squares / count - mean**2, 0.0))
                band = dataset.GetRasterBand(number)
                band.SetStatistics(*map(float, (*ends, mean, spread)))
                band.SetMetadataItem("STATISTICS_VALID_PERCENT", f"{100 * count / cells:.4g}")


def product_of(metadata: Mapping[str, str], source: str) -> dict[str, str]:
    """Return the metadata of the stack that come from those of its points.

    Parameters
    ----------
    metadata : mapping of str to str
        Of the layer of points; its units are "mm, mm/yr; meaning of the sign".
    source : str
    """
    units, _, meaning = metadata.get("SUBSIDENCE_UNITS", "mm").partition(";")
    return {
        "SUBSIDENCE_SOURCE": source,
        "SUBSIDENCE_UNITS": units.partition(",")[0].strip() or "mm",
        "SUBSIDENCE_MEANING": meaning.strip() or "sign as delivered",
        **{key: metadata[key] for key in KEPT if metadata.get(key)},
    }


def finish_stack(path: str, progress: Progress) -> None:
    """Add overviews and the style: the last date that has values, diverging around zero."""
    finish_raster(path, False, progress, statistics=False)
    raster = Raster(path)
    band, values = _first_filled(raster, range(len(raster.bands), 0, -1))
    sizes = np.abs(values[np.isfinite(values)])
    top = float(np.quantile(sizes, COLOURED)) if len(sizes) else 1.0
    units = raster.metadata.get("SUBSIDENCE_UNITS", "mm")
    values = ramp_values(top, units, True, reference_date(raster.metadata))
    write_style("deformation", path, band=band, **values)


def reference_date(metadata: Mapping[str, str]) -> str:
    """Return the ISO date since when displacement is counted; empty where it is not known."""
    own = metadata.get("SUBSIDENCE_REFERENCE_DATE", "")
    if not own and metadata.get("SUBSIDENCE_KIND") == KIND:
        return metadata.get("FIRST_DATE", "")
    return own


@dataclass(frozen=True)
class ChangeMap:
    """Displacement between the first and the last date that have values, at most 700 cells wide.

    ``extent`` is (left, right, bottom, top) in map units.
    """

    values: np.ndarray
    extent: tuple[float, float, float, float]
    first: str
    last: str


def change_map(path: str) -> ChangeMap:
    """Return the change over the whole time of a stack."""
    raster = Raster(path)
    count = len(raster.bands)
    first, start = _first_filled(raster, range(1, count + 1))
    last, end = _first_filled(raster, range(count, 0, -1))
    left, bottom, right, top = raster.grid.bounds
    values = end if first == last else end - start
    return ChangeMap(
        values, (left, right, bottom, top), raster.names[first - 1], raster.names[last - 1]
    )


def _first_filled(raster: Raster, bands: Iterable[int]) -> tuple[int, np.ndarray]:
    """Return the first of some bands that has values, and its values."""
    for band in bands:
        values = shrunk(raster, band)
        if np.isfinite(values).any():
            break
    return band, values


def shrunk(raster: Raster, band: int, most: int = 700) -> np.ndarray:
    """Return a band as float32 of at most ``most`` rows and columns (nearest cells), NaN nodata."""
    grid = raster.grid
    factor = max(1, -(-max(grid.width, grid.height) // most))
    size = (-(-grid.width // factor), -(-grid.height // factor))
    values = raster.dataset.GetRasterBand(band).ReadAsArray(
        buf_xsize=size[0], buf_ysize=size[1], buf_type=gdal.GDT_Float32,
        resample_alg=gdal.GRIORA_NearestNeighbour,
    )  # fmt: skip
    return values.astype(np.float32)
