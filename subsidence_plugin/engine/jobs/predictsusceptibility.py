"""Job ``predictsusceptibility``: a factor stack and a model file to probability rasters."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from typing import Any, Callable, Optional

import numpy as np

from ..classes.codes import Tally, classify
from ..errors import InputError, OutputError
from ..models.file import load_model
from ..models.model import Model
from ..needs import need
from ..outputs import Outputs
from ..prediction.buffers import Buffers
from ..prediction.forward import Forwards
from ..prediction.matching import Match, StackBand, match_bands
from ..prediction.pipeline import Pipeline
from ..prediction.precision import choose_precision, cores, single_threaded_torch
from ..prediction.prior import check_prevalence, training_prevalence
from ..prediction.summary import log_summary
from ..prediction.tile_predictor import TilePredictor, TileResult
from ..prediction.tiles import OUTPUT_BLOCK, TILE_BYTES, tile_size, tile_windows
from ..progress import Progress
from ..raster.cache import CACHE_BYTES, bounded_cache
from ..raster.gdal_calls import failures_raise
from ..raster.read import Raster, open_stack
from ..raster.write import RasterWriter
from ..styles import write_style
from ..training.device import choose_device

#: Threads that feed the GPU; tiles for it are larger, so that a batch is one tile.
CUDA_WORKERS, CUDA_TILE_BYTES = 3, 4 * TILE_BYTES


def run(
    progress: Progress,
    factors: str,
    model: str,
    output: str,
    spread: Optional[str] = None,
    members: Optional[str] = None,
    device: int = 0,
    precision: int = 0,
    prevalence: Optional[float] = None,
    threads: int = 0,
) -> dict[str, Any]:
    """Predict every pixel of a stack; return counts of pixels and of clipped values.

    Parameters
    ----------
    factors : str
        Factor stack or class stack; bands are matched by name.
    model : str
        Model file.
    output : str
        Probability raster: mean of the members' probabilities.
    spread : str, optional
        Standard deviation of the members' probabilities (ddof 0).
    members : str, optional
        One band a member.
    device, precision : int
        See ``choose_device`` and ``choose_precision``.
    prevalence : float, optional
        Share of the area that subsides, to which the prior is corrected (``correct_prior``).
    threads : int
        Compute threads; 0 takes one a core.
    """
    start = time.monotonic()
    loaded = load_model(model)
    if spread and loaded.members < 2:
        raise InputError(
            "SPREAD needs a model of several members, this one has a single member; leave it "
            "empty, or train with REPEATS of 2 or more."
        )
    prior = _prior(loaded, prevalence, progress)
    raster = open_stack(factors)
    match = _match(raster, loaded, progress)
    chosen, exact = ("cpu", "float32")
    if loaded.is_network:
        chosen = choose_device(device, progress)
        exact = choose_precision(precision, chosen, progress)
    workers = threads or (CUDA_WORKERS if chosen == "cuda" else cores())
    progress.info(f"{loaded.card.architecture}, {loaded.members} member(s); {workers} threads.")
    tile = _tile(raster, match, chosen)
    prediction = _Prediction(raster, loaded, match, prior, chosen, exact, progress)
    with Outputs(output, spread, members, inputs=[factors, model]) as outputs:
        paths = [outputs.path(p) if p else None for p in (output, spread, members)]
        with bounded_cache(_cache_bytes(raster, tile, loaded.members if members else 2)):
            with _one_thread_each(loaded, chosen):
                prediction.run(paths, tile, workers, progress)
        result = prediction.counts()
        log_summary(progress, **result, seconds=time.monotonic() - start)
        for path, style in zip(paths, ("probability", "spread", "members")):
            if path:
                write_style(style, path)
        progress(1)
    return result


def _prior(
    model: Model, prevalence: Optional[float], progress: Progress
) -> Optional[tuple[float, float]]:
    if prevalence is None:
        return None
    check_prevalence(prevalence)
    trained = training_prevalence(model.card)
    progress.info(
        f"Prior corrected from {trained:.4g} (training rows) to {prevalence:g} (PREVALENCE)."
    )
    return trained, prevalence


def _match(raster: Raster, model: Model, progress: Progress) -> Match:
    bands = [
        StackBand(
            b.index, b.name, b.kind, raster.dataset.GetRasterBand(b.index).GetMetadataItem("rule")
        )
        for b in raster.bands
    ]
    is_class_stack = raster.metadata.get("SUBSIDENCE_KIND") == "class_stack"
    return match_bands(model.card, bands, is_class_stack, raster.path, progress)


def _tile(raster: Raster, match: Match, device: str) -> tuple[int, int]:
    block = tuple(raster.dataset.GetRasterBand(match.bands[0]).GetBlockSize())
    size = (raster.grid.width, raster.grid.height)
    wanted = CUDA_TILE_BYTES if device == "cuda" else TILE_BYTES
    return tile_size(size, block, len(match.bands), wanted)


def _cache_bytes(raster: Raster, tile: tuple[int, int], bands: int) -> int:
    """Return a cache that holds the output blocks which several tiles or overviews share."""
    row_of_blocks = 4 * OUTPUT_BLOCK * raster.grid.width
    aligned = tile[0] % OUTPUT_BLOCK == 0 and tile[1] % OUTPUT_BLOCK == 0
    shared = 2 * row_of_blocks * (1 if aligned else bands)
    return min(max(CACHE_BYTES, shared), 16 * CACHE_BYTES)


def _one_thread_each(model: Model, device: str) -> Any:
    if not model.is_network or device != "cpu":
        return nullcontext()
    return single_threaded_torch(need("torch", "to use networks"))


class _Prediction:
    """One run over a raster: what its threads share, and what they counted."""

    def __init__(
        self,
        raster: Raster,
        model: Model,
        match: Match,
        prior: Optional[tuple[float, float]],
        device: str,
        precision: str,
        progress: Progress,
    ) -> None:
        self.raster, self.model, self.match, self.prior = raster, model, match, prior
        self.forwards = Forwards(
            model,
            device,
            precision,
            lambda rows: progress.warn(
                f"The GPU ran out of memory; going on with batches of {rows} pixels."
            ),
        )
        self.predictors: list[TilePredictor] = []
        self.buffers = Buffers()
        self.valid = 0

    def run(
        self,
        paths: Sequence[Optional[str]],
        tile: tuple[int, int],
        workers: int,
        progress: Progress,
    ) -> None:
        """Predict all tiles and write them to the paths of mean, spread and members."""
        grid = self.raster.grid
        with ExitStack() as stack:
            writers = [
                stack.enter_context(self._writer(path, kind, progress)) if path else None
                for path, kind in zip(paths, ("probability", "spread", "members"))
            ]

            def write(window: tuple[int, int, int, int], result: TileResult) -> None:
                self.valid += result.valid
                for writer, values in zip(writers, (result.mean, result.spread, result.members)):
                    if writer:
                        _write_tile(writer, window, values)

            def make_worker() -> Callable[[np.ndarray], TileResult]:
                return self._worker(pipeline.stopped, bool(paths[1]), bool(paths[2]))

            pipeline = Pipeline(self._reader, make_worker, min(2, workers), workers)
            windows = tile_windows((grid.width, grid.height), tile)
            pipeline.run(windows, write, progress.part(0, 0.97))
            if not self.valid:
                self._refuse_empty()

    def _reader(self) -> Callable[[tuple[int, int, int, int]], np.ndarray]:
        """Return a function that reads the factors of a window; a GDAL handle a thread."""
        raster, match = Raster(self.raster.path), self.match

        def read(window: tuple[int, int, int, int]) -> np.ndarray:
            width, height = window[2:]
            values = self.buffers.take(len(match.bands) * width * height)
            shape = (len(match.bands), height, width)
            values = raster.read(window, match.bands, out=values.reshape(shape))
            values = values.reshape(len(match.bands), -1)
            for position in match.codes:  # a class stack whose nodata got lost
                values[position][values[position] == 0] = np.nan
            return values

        return read

    def _worker(
        self, stopped: Callable[[], bool], spread: bool, members: bool
    ) -> Callable[[np.ndarray], TileResult]:
        predictor = TilePredictor(self.forwards, self.prior, spread, members, stopped)
        self.predictors.append(predictor)
        rules = self.match.rules

        def work(values: np.ndarray) -> TileResult:
            for position, rule in rules.items():
                name = self.model.factors[position].name
                codes = classify(values[position], rule, name, Tally())
                values[position] = np.where(codes == 0, np.nan, codes)
            result = predictor(values)
            self.buffers.give_back(values)
            return result

        return work

    def _writer(self, path: str, kind: str, progress: Progress) -> RasterWriter:
        names = {"probability": ["probability"], "spread": ["spread"]}.get(
            kind, [f"member_{i}" for i in range(1, self.model.members + 1)]
        )
        metadata = {
            "SUBSIDENCE_KIND": kind,
            "SUBSIDENCE_SOURCE": self.raster.path,
            "SUBSIDENCE_MODEL": self.model.model_id,
            "SUBSIDENCE_ARCHITECTURE": self.model.card.architecture,
            "UNIT": "probability",
        }
        if self.prior:
            metadata["SUBSIDENCE_PREVALENCE"] = f"{self.prior[1]:g}"
        return RasterWriter(path, self.raster.grid, names, metadata=metadata, progress=progress)

    def _refuse_empty(self) -> None:
        seen = np.any([p.encoder.seen for p in self.predictors], axis=0)
        empty = [f.name for f, any_value in zip(self.model.factors, seen) if not any_value]
        if empty:
            raise InputError(
                f"The stack '{self.raster.path}' has no value at all in {', '.join(empty)}."
            )
        raise InputError(
            f"No pixel of the stack '{self.raster.path}' has a (known) value in every factor of "
            "the model; do the factors cover the same area?"
        )

    def clipped(self) -> dict[str, int]:
        """Return the number of clipped values of each factor that has some."""
        totals = np.sum([p.encoder.clipped for p in self.predictors], axis=0)
        return {f.name: int(n) for f, n in zip(self.model.factors, totals) if n}

    def counts(self) -> dict[str, Any]:
        """Return the plain results of the run."""
        grid = self.raster.grid
        pixels = grid.width * grid.height
        return {"pixels": pixels, "valid": self.valid, "clipped": self.clipped()}


def _write_tile(
    writer: RasterWriter, window: tuple[int, int, int, int], values: Optional[np.ndarray]
) -> None:
    """Write (pixels,) or (bands, pixels) of a window; None is a tile without valid pixel."""
    column, row, width, height = window
    bands = writer.dataset.RasterCount
    if values is None:
        values = np.full((bands, height * width), np.nan, dtype=np.float32)
    writer.write(values.reshape(bands, height, width), column, row)
    if width % OUTPUT_BLOCK == 0 and height % OUTPUT_BLOCK == 0:
        # Whole blocks are compressed here and now: if they waited in GDAL's cache, a reading
        # thread might write them, and a full disk would look like an unreadable input.
        with failures_raise(f"The raster '{writer.path}' cannot be written", OutputError):
            for index in range(1, bands + 1):
                writer.dataset.GetRasterBand(index).FlushCache()
