"""The rasters of a forecast: a band a future date, and the members at one of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..forecasting.ensemble_block import BlockMaps
from ..forecasting.tiling import Window
from ..progress import Progress
from ..styles import write_style
from .deformation_stack import BandStatistics, finish_stack, shrunk
from .ensemble_maps import ramp_values
from .grid import Grid
from .read import Raster
from .stack_tiles import write_tile
from .write import RasterWriter, finish_raster

#: The rasters in the order of ``BlockMaps.all``, and the value of ``SUBSIDENCE_KIND`` of each.
KINDS = {
    "output": "deformation_forecast",
    "spread": "forecast_spread",
    "lower": "forecast_lower",
    "upper": "forecast_upper",
    "members": "forecast_members",
    "change": "forecast_change",
}


@dataclass(frozen=True)
class Times:
    """Origin and target dates of a forecast, and the step (from 0) that the members are of."""

    origin: np.datetime64
    targets: np.ndarray
    gap: int = 0
    step: int = 0


class ForecastStack:
    """Writes the rasters asked for, block by block; use it as a context manager.

    Parameters
    ----------
    paths : mapping of str to str
        Name (``KINDS``) to a path given out by ``Outputs.path``.
    grid : Grid
    times : Times
    members : int
    metadata : mapping of str to str
        Of all of them.
    progress : Progress
    """

    def __init__(
        self,
        paths: Mapping[str, str],
        grid: Grid,
        times: Times,
        members: int,
        metadata: Mapping[str, str],
        progress: Progress,
    ) -> None:
        self.paths, self.times, self.progress = paths, times, progress
        self.cells = 0
        self._statistics: dict[str, BandStatistics] = {}
        with ExitStack() as opened:  # closes what is open if a later one cannot be created
            self._writers: dict[str, RasterWriter] = {}
            for name, path in paths.items():
                names = self._names(name, members)
                about = {**metadata, **_about(name, times)}
                writer = opened.enter_context(
                    RasterWriter(path, grid, names, metadata=about, finish=False, progress=progress)
                )
                _date_bands(writer, name, times)
                self._writers[name] = writer
                self._statistics[name] = BandStatistics(len(names))
            self._opened = opened.pop_all()

    def _names(self, name: str, members: int) -> list[str]:
        if name == "members":
            return [f"member_{number}" for number in range(1, members + 1)]
        return [str(date) for date in self.times.targets]

    def write(self, window: Window, maps: BlockMaps) -> None:
        """Write a block to all rasters."""
        self.cells += int(np.isfinite(maps.median[0]).sum())
        for name, values in zip(KINDS, maps.all):
            if name not in self._writers or values is None:
                continue
            write_tile(self._writers[name], window, values)
            for band, one in enumerate(values, 1):
                self._statistics[name].add(band, one)

    def __enter__(self) -> ForecastStack:
        return self

    def __exit__(self, kind, value, trace) -> None:
        if kind is None:
            for name, writer in self._writers.items():
                self._statistics[name].write(writer.dataset)
        self._opened.__exit__(kind, value, trace)
        if kind is None and self.cells:
            for name, path in self.paths.items():
                self._finish(name, path)

    def _finish(self, name: str, path: str) -> None:
        """Add overviews and the style: of the last date, or the first member."""
        if name == "spread":
            finish_raster(path, False, self.progress, statistics=False)
            raster = Raster(path)
            values = shrunk(raster, len(raster.bands))
            known = values[np.isfinite(values)]
            top = float(np.quantile(known, 0.98)) if len(known) else 1.0
            units = raster.metadata.get("SUBSIDENCE_UNITS", "mm")
            write_style("forecast_spread", path, band=len(raster.bands),
                        **ramp_values(top, units, True))  # fmt: skip
        else:
            finish_stack(path, self.progress)


def _about(name: str, times: Times) -> dict[str, str]:
    about = {
        "SUBSIDENCE_KIND": KINDS[name],
        "SUBSIDENCE_ORIGIN": str(times.origin),
        "SUBSIDENCE_GAP_STEPS": str(times.gap),
    }
    if name == "members":
        target = times.targets[times.step]
        return {**about, "SUBSIDENCE_DATE": str(target), "SUBSIDENCE_STEP": str(times.step + 1)}
    dates = times.targets
    if name == "change":
        about["SUBSIDENCE_REFERENCE_DATE"] = str(times.origin)
    return {**about, "FIRST_DATE": str(dates[0]), "LAST_DATE": str(dates[-1]),
            "DATES": str(len(dates))}  # fmt: skip


def _date_bands(writer: RasterWriter, name: str, times: Times) -> None:
    for index in range(1, writer.dataset.RasterCount + 1):
        step = times.step if name == "members" else index - 1
        band = writer.dataset.GetRasterBand(index)
        band.SetMetadataItem("SUBSIDENCE_DATE", str(times.targets[step]))
        band.SetMetadataItem("SUBSIDENCE_STEP", str(step + 1))


def asked(paths: Mapping[str, Optional[str]]) -> dict[str, str]:
    """Return the rasters that have a path."""
    return {name: path for name, path in paths.items() if path}
