"""Job ``applicability``: dissimilarity index and area of applicability of a model on a stack."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Optional

import numpy as np

from ..applicability.dissimilarity import training_dissimilarity
from ..applicability.held_out import held_out_errors
from ..applicability.space import PredictorSpace
from ..applicability.stack_index import StackIndex
from ..applicability.summary import AreaSummary, factor_columns, log_area
from ..applicability.tile_index import Reference
from ..applicability.training_rows import TrainingRows, training_rows
from ..applicability.weights import WEIGHTS, factor_weights
from ..cores import cores
from ..errors import InputError
from ..models.file import load_model
from ..models.model import Model
from ..needs import need
from ..outputs import Outputs
from ..prediction.tiles import TILE_BYTES, tile_windows
from ..progress import Progress
from ..raster.applicability_maps import INSIDE, OUTSIDE, ApplicabilityMaps, open_probability
from ..raster.cache import bounded_cache
from ..raster.read import Raster, open_stack
from ..raster.stack_tiles import match_stack, open_tile_reader, stack_tile_size, tile_cache_bytes
from ..report.applicability_report import write_applicability_report
from ..torch_threads import one_torch_thread
from ..vector.inventory import field_in_use
from ..vector.read import read_features
from ..vector.write import write_table


def run(
    progress: Progress,
    samples: str,
    model: str,
    factors: str,
    output: str,
    area: str,
    weights: int = 0,
    threshold: Optional[float] = None,
    fold_field: Optional[str] = "fold",
    probability: Optional[str] = None,
    masked: Optional[str] = None,
    table: Optional[str] = None,
    report: Optional[str] = None,
    seed: int = 42,
    threads: int = 0,
) -> dict[str, Any]:
    """Write the index, the area of applicability and what else is asked for.

    Parameters
    ----------
    samples : str
        The samples that the model was trained on.
    model : str
        Model file.
    factors : str
        Factor stack or class stack; bands are matched by name.
    output, area : str
        Rasters: index (float32), and 1 inside, 0 outside, 255 no data.
    weights : int
        Index into ``WEIGHTS``.
    threshold : float, optional
        Largest index inside; by default it follows from the training rows.
    fold_field : str, optional
        Field of the samples with the folds; empty: each row is its own fold.
    probability, masked : str, optional
        Raster to mask, and the raster without the cells outside.
    table, report : str, optional
        One row a factor; HTML page.
    seed : int
        Draws the rows from which the weights are computed.
    threads : int
        Compute threads; 0 takes one a core.

    Returns
    -------
    dict
        ``THRESHOLD_USED``, ``SHARE_OUTSIDE`` (0 to 1) and ``KM2_OUTSIDE``.
    """
    start, workers = time.monotonic(), threads or cores()
    if masked and not probability:
        raise InputError("MASKED needs the raster to mask; give it in PROBABILITY.")
    if probability and not masked:
        progress.warn("PROBABILITY is used for MASKED only, which was not asked for.")
    loaded = load_model(model)
    raster = open_stack(factors)
    match = match_stack(raster, loaded.card, progress)
    to_mask = (
        open_probability(probability, raster.grid, loaded.model_id, progress) if masked else None
    )
    features = read_features(samples)
    field = field_in_use(features, fold_field, "fold")
    fold = features.number(field) if field else None
    rows = training_rows(loaded, features.columns, features.metadata, fold, progress)
    targets, sources = (output, area, masked, table, report), (samples, model, factors, probability)
    with Outputs(*targets, inputs=sources) as outputs:
        with _one_thread_each(loaded):
            reference = _reference(loaded, rows, weights, threshold, seed, workers, progress)
        index = StackIndex(reference, match)
        places = [outputs.path(path) if path else None for path in (output, area, masked)]
        km2 = _map(index, places, raster, loaded, to_mask, workers, progress)
        summary = AreaSummary(reference, index.tally, float(km2[INSIDE]), float(km2[OUTSIDE]))
        log_area(summary, progress)
        progress.info(f"Computed in {time.monotonic() - start:.1f} s.")
        if table:
            metadata = {"SUBSIDENCE_KIND": "applicability_table", "SUBSIDENCE_SOURCE": factors}
            write_table(outputs.path(table), factor_columns(summary), metadata)
        if report:
            held_out = held_out_errors(loaded, features.columns, reference)
            facts = {
                "Samples": f"{samples} ({len(rows)} training rows)",
                "Model": f"{model} ({loaded.card.architecture}, id {loaded.model_id})",
                "Factor stack": factors,
                "Weights": _described(weights),
                "Threshold": "set by hand" if threshold is not None else "from the training rows",
                "Seed": seed,
            }
            write_applicability_report(outputs.path(report), summary, rows.folds, held_out, facts)
        progress(1.0)
    return {
        "THRESHOLD_USED": reference.threshold,
        "SHARE_OUTSIDE": summary.share_outside,
        "KM2_OUTSIDE": summary.km2_outside,
    }


def _reference(
    model: Model,
    rows: TrainingRows,
    weights: int,
    threshold: Optional[float],
    seed: int,
    workers: int,
    progress: Progress,
) -> Reference:
    """Return the training rows in the weighted space, and what they say of themselves."""
    progress.stage("Weights")
    chosen = factor_weights(model, rows.inputs, weights, seed, workers, progress.part(0, 0.15))
    order = chosen.argsort()[::-1]
    if WEIGHTS[weights] != "none":
        named = ", ".join(f"{model.factors[i].name} {chosen[i]:.1%}" for i in order[:5])
        progress.info(f"Weights by mean |SHAP| over training rows, the largest: {named}.")
    space = PredictorSpace(model.factors, rows.inputs, chosen)
    points = space.coordinates(rows.inputs)
    training = training_dissimilarity(points, rows.fold, threshold, progress.part(0.15, 0.2))
    return Reference(space, points, training)


def _map(
    index: StackIndex,
    places: Sequence[Optional[str]],
    raster: Raster,
    model: Model,
    to_mask: Optional[Raster],
    workers: int,
    progress: Progress,
) -> np.ndarray:
    """Write all tiles; return km² outside and inside."""
    tile = stack_tile_size(raster, index.match.bands, TILE_BYTES)
    threshold, model_id = index.reference.threshold, model.model_id
    with bounded_cache(tile_cache_bytes(raster, tile, 3)):
        maps = ApplicabilityMaps(*places, raster, threshold, model_id, to_mask, progress)
        with maps:
            _run(index, maps, raster, tile, workers, progress)
    return maps.km2


def _run(
    index: StackIndex,
    maps: ApplicabilityMaps,
    raster: Raster,
    tile: tuple[int, int],
    workers: int,
    progress: Progress,
) -> None:
    bands = index.match.bands
    progress.stage("Index of the pixels")
    index.run(
        tile_windows((raster.grid.width, raster.grid.height), tile),
        lambda: open_tile_reader(raster.path, bands, index.buffers),
        maps.write,
        workers,
        progress.part(0.2, 0.95),
    )
    if not index.tally.pixels:
        raise InputError(
            f"No pixel of the stack '{raster.path}' has a (known) value in every factor of the "
            "model; do the factors cover the same area?"
        )


def _one_thread_each(model: Model) -> Any:
    if not model.is_network:
        return nullcontext()
    return one_torch_thread(need("torch", "to use networks"))


def _described(weights: int) -> str:
    if WEIGHTS[weights] == "none":
        return "none (all factors alike)"
    return "mean |SHAP value| over training rows, on the scale of the mapped probability"
