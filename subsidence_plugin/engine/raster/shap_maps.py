"""Rasters of an explanation: one SHAP band a factor, and the dominant factor as classes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Optional

from ..explanation.dominant import RULES, dominant_factor
from ..explanation.stack import StackExplanation
from ..explanation.tiles import TileShap
from ..prediction.tiles import TILE_BYTES, tile_windows
from ..progress import Progress
from ..styles import write_factor_style
from .cache import bounded_cache
from .read import Raster
from .stack_tiles import (
    Window,
    open_tile_reader,
    stack_tile_size,
    tile_cache_bytes,
    write_tile,
)
from .write import RasterWriter

#: Legend text of the class after the factors.
NONE = "None (at the base value)"


class ShapMaps:
    """Writes the tiles of both rasters; use it as a context manager.

    Parameters
    ----------
    shap, dominant : str or None
        Paths given out by ``Outputs.path``; None: not wanted.
    raster : Raster
        The stack, whose grid they get.
    explanation : StackExplanation
    rule : int
        Index into ``explanation.dominant.RULES``.
    progress : Progress
        Asked for Cancel while overviews are made.
    """

    def __init__(
        self,
        shap: Optional[str],
        dominant: Optional[str],
        raster: Raster,
        explanation: StackExplanation,
        rule: int,
        progress: Progress,
    ) -> None:
        game, self._rule = explanation.game, rule
        names = [factor.name for factor in game.model.factors]
        metadata = {
            "SUBSIDENCE_SOURCE": raster.path,
            "SUBSIDENCE_MODEL": game.model.model_id,
            "SUBSIDENCE_ARCHITECTURE": game.model.card.architecture,
            "SUBSIDENCE_UNITS": game.scale,
            "SUBSIDENCE_CALIBRATED": "yes" if game.calibrated else "no",
            "SUBSIDENCE_BASE": f"{explanation.background.base:.9g}",
            "SUBSIDENCE_BACKGROUND": str(len(explanation.background)),
            "SUBSIDENCE_ROUNDS": str(explanation.rounds),
            "SUBSIDENCE_SEED": str(explanation.seed),
        }
        self._shap = self._dominant = None
        if shap:
            own = {"SUBSIDENCE_KIND": "shap", **metadata}
            self._shap = RasterWriter(shap, raster.grid, names, metadata=own, progress=progress)
        if dominant:
            own = {
                "SUBSIDENCE_KIND": "dominant_factor",
                **metadata,
                "SUBSIDENCE_DOMINANT_BY": RULES[rule],
            }
            self._dominant = RasterWriter(
                dominant, raster.grid, ["dominant_factor"], "uint8", ["categorical"], own,
                progress=progress,
            )  # fmt: skip
            self._dominant.dataset.GetRasterBand(1).SetCategoryNames(["", *names, NONE])

    def write(self, window: Window, tile: TileShap) -> None:
        """Write one tile; one without a valid pixel becomes nodata."""
        if self._shap:
            write_tile(self._shap, window, tile.shap)
        if self._dominant:
            classes = None if tile.shap is None else dominant_factor(tile.shap, self._rule)
            write_tile(self._dominant, window, classes, 0)

    def __enter__(self) -> ShapMaps:
        self._open = ExitStack()
        for writer in (self._shap, self._dominant):
            if writer:
                self._open.enter_context(writer)
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._open.__exit__(kind, value, trace)


def map_stack(
    raster: Raster,
    explanation: StackExplanation,
    shap: Optional[str],
    dominant: Optional[str],
    rule: int,
    order: Sequence[int],
    workers: int,
    progress: Progress,
) -> None:
    """Explain every pixel of a stack and write the rasters.

    Parameters
    ----------
    raster : Raster
    explanation : StackExplanation
    shap, dominant : str or None
        Paths given out by ``Outputs.path``.
    rule : int
    order : sequence of int
        Indices of the factors, the strongest first: it gets the clearest colour.
    workers : int
    progress : Progress
    """
    size, bands = (raster.grid.width, raster.grid.height), explanation.match.bands
    # Small enough that every thread has work to the end, whole blocks on large rasters.
    wanted = 4 * len(bands) * size[0] * size[1] // (4 * workers)
    tile = stack_tile_size(raster, bands, max(min(TILE_BYTES // 2, wanted), 2**16))
    with (
        bounded_cache(tile_cache_bytes(raster, tile, len(bands))),
        ShapMaps(shap, dominant, raster, explanation, rule, progress) as maps,
    ):
        explanation.run(
            tile_windows(size, tile),
            lambda: open_tile_reader(raster.path, bands, explanation.buffers),
            maps.write,
            workers,
            progress.part(0, 0.97),
        )
        if not explanation.valid:
            explanation.refuse_empty(raster.path)
    if dominant:
        labels = [factor.name for factor in explanation.game.model.factors]
        write_factor_style(dominant, [*labels, NONE], order)
