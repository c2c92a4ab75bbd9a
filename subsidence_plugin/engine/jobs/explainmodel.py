"""Job ``explainmodel``: what each factor adds to a model's prediction, at samples and pixels."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Optional

from ..cores import cores
from ..errors import InputError
from ..explanation.background import representative
from ..explanation.dominant import check_dominant
from ..explanation.game import Game
from ..explanation.result import Explanation
from ..explanation.samples import SampleRows, read_samples
from ..explanation.stack import StackExplanation
from ..explanation.study import Place, Study
from ..explanation.tables import joined_fields, ranking_columns, sample_fields, style_bounds
from ..models.file import load_model
from ..models.model import Model
from ..needs import need
from ..outputs import Outputs
from ..prediction.matching import Match
from ..prediction.summary import log_summary
from ..progress import Progress
from ..raster.read import Raster, open_stack
from ..raster.shap_maps import map_stack
from ..raster.stack_tiles import match_stack
from ..styles import write_style
from ..torch_threads import one_torch_thread
from ..training.device import choose_device
from ..vector.explained_place import cell_place, nearest_place, sample_place
from ..vector.feature_ids import feature_ids
from ..vector.inventory import field_in_use
from ..vector.read import Features, read_features
from ..vector.write import refuse_shapefile, write_points, write_table

#: Predictions that the curves of a report cost, for its share of the progress.
CURVES = 100_000


def run(
    progress: Progress,
    samples: str,
    model: str,
    output: str,
    sample_shap: Optional[str] = None,
    raster_shap: Optional[str] = None,
    dominant: Optional[str] = None,
    report: Optional[str] = None,
    factors: Optional[str] = None,
    sample: Optional[str] = None,
    point: Optional[Sequence[Any]] = None,
    rows: int = 0,
    max_rows: int = 500,
    scale: int = 0,
    calibrated: bool = True,
    background: int = 100,
    rounds: int = 4,
    raster_background: int = 10,
    raster_rounds: int = 1,
    dominant_by: int = 0,
    label_field: Optional[str] = "label",
    split_field: Optional[str] = "split",
    seed: int = 42,
    device: int = 0,
    threads: int = 0,
) -> dict[str, Any]:
    """Explain a model; write the ranking and, where asked for, samples, rasters and report.

    Parameters
    ----------
    samples : str
        Samples with the model's factors, found by name in any order.
    model : str
        Model file.
    output : str
        Table, one row a factor.
    sample_shap : str, optional
        The explained samples with their SHAP values.
    raster_shap, dominant : str, optional
        Rasters over ``factors``: one band of SHAP values a factor; the dominant factor.
    report : str, optional
    factors : str, optional
        Factor stack or class stack of the rasters.
    sample : str, optional
        Feature id or ``field=value`` of the sample of the waterfall.
    point : (x, y, WKT), optional
        Or a place: the cell of ``factors`` there, else the nearest sample.
    rows, max_rows : int
        Which rows are explained (index into ``PARTS``), and how many at most; 0: all.
    scale : int
        Index into ``SCALES``.
    calibrated : bool
        Explain the recalibrated prediction, where the model is recalibrated.
    background, rounds, raster_background, raster_rounds : int
        Rows that stand for an unknown factor, and orders drawn for each of them.
    dominant_by : int
        Index into ``explanation.dominant.RULES``.
    label_field, split_field : str, optional
    seed, device, threads : int

    Returns
    -------
    dict
        ``TOP_FACTOR`` (empty where no factor has an effect), ``BASE_VALUE``, ``ADDITIVITY``
        (largest |base + sum − prediction|) and ``STANDARD_ERROR`` (the largest of a row's value;
        absent for a single round).
    """
    start, workers = time.monotonic(), threads or cores()
    _check(factors, raster_shap, dominant, sample_shap, sample, point)
    loaded = load_model(model)
    check_dominant(dominant_by, len(loaded.factors) if dominant else 0)
    raster = open_stack(factors) if factors else None
    match = match_stack(raster, loaded.card, progress) if raster else None
    features = read_features(samples)
    read, ids = _samples(loaded, features, label_field, split_field, progress), feature_ids(samples)
    place = _place(sample, point, features, ids, read, raster, match, loaded)
    targets = (output, sample_shap, report, raster_shap, dominant)
    with Outputs(*targets, inputs=[samples, model, factors]) as outputs:
        table, layer, page, *maps = (outputs.path(path) if path else None for path in targets)
        chosen = choose_device(device, progress) if loaded.is_network else "cpu"
        with _one_thread_each(loaded, chosen):
            study = Study(
                Game(loaded, scale, calibrated, chosen), read, ids, background, rounds, rows,
                max_rows, seed, workers, progress,
            )  # fmt: skip
            stack = _stack(study, match, raster_background, raster_rounds) if any(maps) else None
            of_rows, of_report, of_maps = _parts(study, bool(report), stack, raster, progress)
            progress.stage("SHAP values of rows")
            explanation = study.explain(of_rows)
            write_table(table, ranking_columns(explanation), _metadata(study, "shap_ranking"))
            if layer:
                _write_samples(layer, features, study, explanation)
            if page:
                facts = {"Samples": samples, "Model": f"{model} (id {loaded.model_id})"}
                progress.stage("Figures")
                _report(page, study, explanation, place, facts, of_report)
            if stack:
                progress.stage("SHAP maps")
                _map(raster, stack, maps, dominant_by, explanation, workers, of_maps)
        progress.info(f"Explained in {time.monotonic() - start:.1f} s.")
        progress(1)
    return _results(explanation)


def _check(
    factors: Optional[str], raster_shap: Optional[str], dominant: Optional[str],
    sample_shap: Optional[str], sample: Optional[str], point: Optional[Sequence[Any]],
) -> None:  # fmt: skip
    for name, path in (("RASTER_SHAP", raster_shap), ("DOMINANT", dominant)):
        if path and not factors:
            raise InputError(f"{name} needs the factor stack of the area; give it in FACTORS.")
    if sample and point:
        raise InputError("SAMPLE and POINT both choose the place of the waterfall; give one.")
    if sample_shap:
        refuse_shapefile(sample_shap, "A layer of SHAP values")


def _samples(
    model: Model, features: Features, label_field: Optional[str], split_field: Optional[str],
    progress: Progress,
) -> SampleRows:  # fmt: skip
    label = field_in_use(features, label_field, "label")
    split = field_in_use(features, split_field, "split")
    return read_samples(model, features.columns, features.metadata, label, split, progress)


def _place(
    sample: Optional[str], point: Optional[Sequence[Any]], features: Features, ids: list[int],
    read: SampleRows, raster: Optional[Raster], match: Optional[Match], model: Model,
) -> Optional[Place]:  # fmt: skip
    if sample:
        return sample_place(sample, features, ids, read)
    if point and raster:
        return cell_place(point, raster, match, model)
    return nearest_place(point, features, ids, read) if point else None


def _one_thread_each(model: Model, device: str) -> AbstractContextManager:
    if not model.is_network or device != "cpu":
        return nullcontext()
    return one_torch_thread(need("torch", "to use networks"))


def _stack(study: Study, match: Match, size: int, rounds: int) -> StackExplanation:
    if size < 1:
        raise InputError(f"RASTER_BACKGROUND is {size}; at least 1 row is needed.")
    return StackExplanation(
        study.game, representative(study.known, size), match, rounds, study.seed
    )


def _parts(
    study: Study, report: bool, stack: Optional[StackExplanation], raster: Optional[Raster],
    progress: Progress,
) -> list[Progress]:  # fmt: skip
    """Return the progress of rows, curves and maps, each as long as its work."""
    pixels = raster.grid.width * raster.grid.height if raster else 0
    cost = [study.evaluations, CURVES + study.evaluations // 4 if report else 0,
            pixels * stack.evaluations if stack else 0]  # fmt: skip
    ends = [0.98 * sum(cost[:place]) / sum(cost) for place in range(4)]
    return [progress.part(*bounds) for bounds in zip(ends, ends[1:])]


def _metadata(study: Study, kind: str) -> dict[str, str]:
    model, game = study.game.model, study.game
    return {
        "SUBSIDENCE_KIND": kind,
        "SUBSIDENCE_MODEL": model.model_id,
        "SUBSIDENCE_ARCHITECTURE": model.card.architecture,
        "SUBSIDENCE_UNITS": game.scale,
        "SUBSIDENCE_CALIBRATED": "yes" if game.calibrated else "no",
        "SUBSIDENCE_BASE": f"{study.known.base:.9g}",
        "SUBSIDENCE_BACKGROUND": str(len(study.known)),
        "SUBSIDENCE_ROUNDS": str(study.rounds),
        "SUBSIDENCE_SEED": str(study.seed),
    }


def _write_samples(path: str, features: Features, study: Study, explanation: Explanation) -> None:
    """Write the explained rows with all their fields and those of the explanation."""
    own = {
        name: values[study.rows] if hasattr(values, "dtype") else [values[i] for i in study.rows]
        for name, values in features.columns.items()
    }
    columns = joined_fields(own, sample_fields(explanation))
    metadata = {**features.metadata, **_metadata(study, "shap_samples")}
    if features.geometry != "point":
        write_table(path, columns, metadata)
        return
    x, y = features.x[study.rows], features.y[study.rows]
    write_points(path, x, y, columns, features.crs, metadata)
    strongest = explanation.names[explanation.order[0]]
    write_style("shap_samples", path, field=f'"shap_{strongest}"', **style_bounds(explanation.shap))


def _report(
    path: str, study: Study, explanation: Explanation, place: Optional[Place], facts: dict,
    progress: Progress,
) -> None:  # fmt: skip
    from ..report.explanation_report import write_explanation_report

    sample = study.sample(place, explanation)
    curves, pair = study.curves(explanation, progress)
    write_explanation_report(path, explanation, sample, curves, pair, {**facts, **study.facts()})


def _map(
    raster: Raster, stack: StackExplanation, paths: Sequence[Optional[str]], rule: int,
    explanation: Explanation, workers: int, progress: Progress,
) -> None:  # fmt: skip
    start, pixels = time.monotonic(), raster.grid.width * raster.grid.height
    progress.info(
        f"Every pixel is explained with {len(stack.background)} background rows (base value "
        f"{stack.background.base:.4f}) and {stack.rounds} round(s): up to {stack.evaluations} "
        "predictions a pixel."
    )
    order = explanation.order
    map_stack(raster, stack, *paths, rule, order, workers, progress)
    if paths[0]:
        write_style("shap", paths[0], band=int(order[0]) + 1, **style_bounds(explanation.shap))
    seconds = time.monotonic() - start
    log_summary(progress, pixels, stack.valid, stack.clipped(), seconds)
    progress.info(
        f"{pixels / seconds:.0f} pixels a second, {stack.evaluated / stack.valid:.0f} predictions "
        "a pixel, as pixels that agree in known factors share them; base + sum of the bands = "
        f"prediction within {stack.additivity:.1e} at every pixel."
    )


def _results(explanation: Explanation) -> dict[str, Any]:
    results = {
        "TOP_FACTOR": explanation.names[explanation.order[0]] if explanation.shap.any() else "",
        "BASE_VALUE": explanation.base,
        "ADDITIVITY": explanation.additivity,
    }
    if explanation.error is not None:
        results["STANDARD_ERROR"] = float(explanation.error.max())
    return results
