"""Job ``predictsusceptibility``: a factor stack and a model file to probability rasters."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from typing import Any, Optional

from ..cores import cores
from ..errors import InputError
from ..models.calibration import calibration_text
from ..models.file import load_model
from ..models.model import Model
from ..needs import need
from ..outputs import Outputs
from ..prediction.forward import Forwards
from ..prediction.matching import Match
from ..prediction.precision import choose_precision
from ..prediction.prior import check_prevalence, training_prevalence
from ..prediction.stack_prediction import StackPrediction, Window
from ..prediction.summary import log_summary
from ..prediction.tile_predictor import TileResult
from ..prediction.tiles import TILE_BYTES, tile_windows
from ..progress import Progress
from ..raster.cache import bounded_cache
from ..raster.read import Raster, open_stack
from ..raster.stack_tiles import (
    match_stack,
    open_tile_reader,
    stack_tile_size,
    tile_cache_bytes,
    write_tile,
)
from ..raster.write import RasterWriter
from ..styles import write_style
from ..torch_threads import one_torch_thread
from ..training.device import CUDA, choose_device

#: What the outputs are, in the order of ``OUTPUT``, ``SPREAD``, ``MEMBERS``.
KINDS = ("probability", "spread", "members")
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
        Probability raster: mean of the members' probabilities, recalibrated where the model is.
    spread : str, optional
        Standard deviation of the members' probabilities (ddof 0), these recalibrated one by one.
    members : str, optional
        One band a member, recalibrated likewise.
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
    if loaded.card.calibration:
        progress.info(f"The map is recalibrated by {calibration_text(loaded.card.calibration)}.")
    prior = _prior(loaded, prevalence, progress)
    raster = open_stack(factors)
    match = match_stack(raster, loaded.card, progress)
    chosen, exact = _device(loaded, device, precision, progress)
    workers = threads or (CUDA_WORKERS if chosen == "cuda" else cores())
    progress.info(
        f"Model {loaded.model_id}: {loaded.card.architecture}, members: {loaded.members}; "
        f"threads: {workers}."
    )
    tile = _tile(raster, match, chosen)
    forwards = Forwards(
        loaded,
        chosen,
        exact,
        lambda rows: progress.warn(
            f"The GPU ran out of memory; going on with batches of {rows} pixels."
        ),
    )
    prediction = StackPrediction(forwards, match, prior, bool(spread), bool(members))
    with Outputs(output, spread, members, inputs=[factors, model]) as outputs:
        paths = [outputs.path(p) if p else None for p in (output, spread, members)]
        with bounded_cache(tile_cache_bytes(raster, tile, loaded.members if members else 2)):
            with _one_thread_each(loaded, chosen):
                _predict(prediction, paths, raster, model, tile, workers, progress)
        pixels = raster.grid.width * raster.grid.height
        result = {"pixels": pixels, "valid": prediction.valid, "clipped": prediction.clipped()}
        log_summary(progress, **result, seconds=time.monotonic() - start)
        for path, style in zip(paths, KINDS):
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
    rows = "calibration rows" if model.card.calibration else "training rows"
    progress.info(f"Prior corrected from {trained:.4g} ({rows}) to {prevalence:g} (PREVALENCE).")
    return trained, prevalence


def _device(model: Model, device: int, precision: int, progress: Progress) -> tuple[str, str]:
    """Return where and how precisely to compute."""
    if model.is_network:
        chosen = choose_device(device, progress)
        return chosen, choose_precision(precision, chosen, progress)
    also = ", whatever DEVICE says" if device == CUDA else ""
    progress.info(f"Computing on the CPU, as baselines do{also}.")
    return "cpu", "float32"


def _tile(raster: Raster, match: Match, device: str) -> tuple[int, int]:
    wanted = CUDA_TILE_BYTES if device == "cuda" else TILE_BYTES
    return stack_tile_size(raster, match.bands, wanted)


def _one_thread_each(model: Model, device: str) -> Any:
    if not model.is_network or device != "cpu":
        return nullcontext()
    return one_torch_thread(need("torch", "to use networks"))


def _predict(
    prediction: StackPrediction,
    paths: Sequence[Optional[str]],
    raster: Raster,
    model_file: str,
    tile: tuple[int, int],
    workers: int,
    progress: Progress,
) -> None:
    """Predict all tiles and write them to the paths of mean, spread and members."""
    model, prior = prediction.model, prediction.prior
    with ExitStack() as stack:
        writers = [
            stack.enter_context(_writer(path, kind, raster, model, model_file, prior, progress))
            if path
            else None
            for path, kind in zip(paths, KINDS)
        ]

        def write(window: Window, result: TileResult) -> None:
            for writer, values in zip(writers, (result.mean, result.spread, result.members)):
                if writer:
                    write_tile(writer, window, values)

        windows = tile_windows((raster.grid.width, raster.grid.height), tile)
        progress.stage("Prediction")
        prediction.run(
            windows,
            lambda: open_tile_reader(raster.path, prediction.match.bands, prediction.buffers),
            write,
            workers,
            progress.part(0, 0.97),
        )
        if not prediction.valid:
            prediction.refuse_empty(raster.path)


def _writer(
    path: str,
    kind: str,
    raster: Raster,
    model: Model,
    model_file: str,
    prior: Optional[tuple[float, float]],
    progress: Progress,
) -> RasterWriter:
    names = [kind]
    if kind == "members":
        names = [f"member_{i}" for i in range(1, model.members + 1)]
    metadata = {
        "SUBSIDENCE_KIND": kind,
        "SUBSIDENCE_SOURCE": raster.path,
        "SUBSIDENCE_MODEL": model.model_id,
        "SUBSIDENCE_MODEL_FILE": os.path.abspath(model_file),  # where the inspect panel looks
        "SUBSIDENCE_ARCHITECTURE": model.card.architecture,
        "SUBSIDENCE_UNITS": "probability",
    }
    if model.card.calibration:
        metadata["SUBSIDENCE_CALIBRATION"] = str(model.card.calibration["method"])
    if prior:
        metadata["SUBSIDENCE_PREVALENCE"] = f"{prior[1]:g}"
    return RasterWriter(path, raster.grid, names, metadata=metadata, progress=progress)
