"""The rasters of the area of applicability: index, inside or outside, and a masked map."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Optional

import numpy as np

from ..applicability.tile_index import TileIndex, is_outside
from ..errors import InputError
from ..progress import Progress
from ..styles import write_style
from .area import row_areas_km2
from .grid import Grid
from .read import Raster
from .stack_tiles import Window, write_tile
from .target_grid import same_crs
from .write import RasterWriter

#: Codes of the area raster; 0 means outside there, so no data needs another.
OUTSIDE, INSIDE, NO_DATA = 0, 1, 255
LABELS = ("Outside: the model extrapolates", "Inside")
#: Upper bounds of the colours of the index, as shares of the threshold.
STEPS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


class ApplicabilityMaps:
    """Writes the rasters tile by tile, in order; use it as a context manager.

    Parameters
    ----------
    output, area : str
        Paths given out by ``Outputs.path``.
    masked : str or None
    stack : Raster
        Gives the grid and is named as source.
    threshold : float
    model_id : str
    probability : Raster or None
        What ``masked`` is to show inside.
    progress : Progress

    Attributes
    ----------
    km2 : 1d-array, (2,)
        Area outside and inside so far.
    """

    def __init__(
        self,
        output: str,
        area: str,
        masked: Optional[str],
        stack: Raster,
        threshold: float,
        model_id: str,
        probability: Optional[Raster],
        progress: Progress,
    ) -> None:
        self._threshold, self._probability = threshold, probability
        self._areas = row_areas_km2(stack.grid, f"The raster '{stack.path}'", progress)
        self.km2 = np.zeros(2)
        self._styles = {
            output: ("dissimilarity", style_values(threshold)),
            area: ("applicability", {}),
        }
        metadata = {
            "SUBSIDENCE_SOURCE": stack.path,
            "SUBSIDENCE_MODEL": model_id,
            "SUBSIDENCE_THRESHOLD": f"{threshold:.9g}",
        }

        def add(
            path: str, names: list[str], own: dict[str, str], **options: object
        ) -> RasterWriter:
            writer = RasterWriter(
                path, stack.grid, names, metadata=own, progress=progress, **options
            )
            return opened.enter_context(writer)

        with ExitStack() as opened:  # closes what is open if a later one cannot be created
            own = {**metadata, "SUBSIDENCE_KIND": "dissimilarity"}
            self._index = add(output, ["dissimilarity_index"], own)
            own = {**metadata, "SUBSIDENCE_KIND": "applicability"}
            self._area = add(
                area, ["applicability"], own, dtype="uint8", kinds=["categorical"], nodata=NO_DATA
            )
            self._area.dataset.GetRasterBand(1).SetCategoryNames(list(LABELS))
            self._masked = None
            if masked and probability:
                own = {**probability.metadata, "SUBSIDENCE_MASKED_BY": f"applicability, {model_id}"}
                self._masked = add(masked, probability.names, own)
                kind = probability.metadata.get("SUBSIDENCE_KIND", "")
                style = kind if kind in ("members", "spread") else "probability"
                self._styles[masked] = (style, {})
            self._opened = opened.pop_all()

    def write(self, window: Window, tile: TileIndex) -> None:
        """Write a tile to all rasters and add its areas."""
        _column, row, width, height = window
        index = tile.index
        if index is None:
            index = np.full(width * height, np.nan, np.float32)
        codes = np.where(is_outside(index, self._threshold), OUTSIDE, INSIDE).astype(np.uint8)
        codes[np.isnan(index)] = NO_DATA
        write_tile(self._index, window, index)
        write_tile(self._area, window, codes)
        weights = np.repeat(self._areas[row : row + height], width)
        self.km2 += np.bincount(codes, weights, minlength=NO_DATA + 1)[:2]
        if self._masked:
            values = self._probability.read(window).reshape(-1, width * height)
            values[:, codes != INSIDE] = np.nan
            write_tile(self._masked, window, values)

    def __enter__(self) -> ApplicabilityMaps:
        return self

    def __exit__(self, kind, value, trace) -> None:
        self._opened.__exit__(kind, value, trace)
        if kind is None:
            for path, (style, values) in self._styles.items():
                write_style(style, path, **values)


def open_probability(path: str, grid: Grid, model_id: str, progress: Progress) -> Raster:
    """Open the raster to mask, and warn where another model made it.

    Raises
    ------
    InputError
        It holds classes, or lies on another grid than the stack.
    """
    raster = Raster(path)
    if raster.metadata.get("SUBSIDENCE_KIND") == "susceptibility_classes":
        raise InputError(
            f"'{path}' holds classes; give the probability raster in PROBABILITY and classify the "
            "masked map afterwards."
        )
    if not raster.grid.matches(grid) or not same_crs(raster.grid.crs, grid.crs):
        raise InputError(
            f"'{path}' in PROBABILITY has not the cells of the stack in FACTORS "
            f"({raster.grid.width} × {raster.grid.height} against {grid.width} × {grid.height}, or "
            "another place); give the map that the model made of this stack."
        )
    made_by = raster.metadata.get("SUBSIDENCE_MODEL", model_id)
    if made_by != model_id:
        progress.warn(
            f"The map in PROBABILITY was made by the model {made_by}, but the mask says where the "
            f"model {model_id} extrapolates."
        )
    return raster


def style_values(threshold: float) -> dict[str, str]:
    """Return what the style of the index is filled in with: bounds and legend texts."""
    unit = threshold if threshold > 0 else 1.0
    bounds = [step * unit for step in STEPS]
    texts = [f"{bound:.3g}" for bound in bounds]
    values = {f"bound{i}": f"{bound:.9g}" for i, bound in enumerate(bounds, 1)}
    values["text1"] = f"up to {texts[0]}"
    for i in range(2, len(STEPS) + 1):
        values[f"text{i}"] = f"{texts[i - 2]} to {texts[i - 1]}"
    values[f"text{len(STEPS) + 1}"] = f"above {texts[-1]}"
    values["text4"] += " (threshold)"
    return values
