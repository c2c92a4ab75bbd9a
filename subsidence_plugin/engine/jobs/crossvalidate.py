"""Job ``crossvalidate``: a model and baselines in random and spatial folds, side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..crossvalidation.folds import (
    FIELD,
    METHODS,
    SPATIAL,
    Partition,
    Places,
    check_partitions,
    make_partitions,
)
from ..crossvalidation.recipes import (
    Candidate,
    baseline_candidates,
    described,
    main_candidate,
)
from ..crossvalidation.results import CrossValidation, Rows
from ..crossvalidation.running import cross_validate
from ..crossvalidation.study import (
    Study,
    Terrain,
    doubt_spatial,
    log_terrain,
    look_at_terrain,
)
from ..crossvalidation.tables import fold_columns, map_columns, run_columns
from ..errors import InputError
from ..models.card import Card
from ..needs import need
from ..outputs import Outputs
from ..progress import Progress
from ..styles import write_fold_style
from ..training.device import choose_device
from ..training.table import Table, read_table
from ..validation.splits import TRAIN, read_split
from ..vector.ground import on_the_ground
from ..vector.read import Features, read_features
from ..vector.write import refuse_shapefile, write_points, write_table

WHAT = "The samples (SAMPLES)"
#: Values of the parameter ``ROWS``.
ALL_ROWS, TRAINING_ROWS = 0, 1


def run(
    progress: Progress,
    samples: str,
    output: str,
    model_type: str = "drdn",
    model: Optional[str] = None,
    hyperparameters: str = "",
    members: Optional[int] = None,
    baselines: Sequence[str] = ("logistic", "forest"),
    factor_fields: Sequence[str] = (),
    label_field: str = "label",
    rows: int = ALL_ROWS,
    method: int = 0,
    fold_field: str = "fold",
    folds: int = 5,
    block_size: Optional[float] = None,
    repeats: int = 3,
    holdout_folds: bool = False,
    workers: int = 1,
    seed: int = 42,
    device: int = 0,
    fold_map: Optional[str] = None,
    runs: Optional[str] = None,
    report: Optional[str] = None,
) -> dict[str, Any]:
    """Cross-validate and write fold table, fold map, runs table and report.

    Parameters
    ----------
    samples : str
        Points with a label and a numeric field a factor (a table for method 2).
    output : str
        Table, a row a model and fold.
    model_type : str
        One of ``MODEL_TYPES``; not used with ``model``.
    model : str, optional
        Model file whose recipe is cross-validated; its weights are not used.
    hyperparameters : str
        ``name=value`` lines over the defaults or the recipe.
    members : int, optional
        Networks a fold, their mean is scored; default as many as the model file has, else 1.
    baselines : sequence of str
    factor_fields : sequence of str
        Empty: those of ``model``, else all.
    label_field : str
    rows : int
        0 all rows, 1 those with split 'train'.
    method : int
        Spatial folds: 0 square blocks, 1 k-means on coordinates, 2 the field ``fold_field``.
    fold_field : str
    folds : int
    block_size : float, optional
        Side of the blocks; default suggested from the factors' semivariograms.
    repeats : int
    holdout_folds : bool
        Early stopping in spatial folds holds out whole neighbourhoods, not single rows; a
        ``model`` that was trained by holding out folds always does.
    workers : int
        Processes that train folds at the same time; the result does not depend on it.
    seed, device : int
    fold_map, runs, report : str, optional

    Returns
    -------
    dict
        ``RANDOM_AUC`` and ``SPATIAL_AUC`` of the model, ``BEST_BASELINE`` and its
        ``BASELINE_AUC`` under spatial folds, ``SUGGESTED_BLOCK_SIZE``.
    """
    if not 0 <= method < len(METHODS):
        raise InputError(f"METHOD is {method}; it must be 0 to {len(METHODS) - 1}.")
    way = METHODS[method]
    main, card = _candidate(model_type, model, hyperparameters, members)
    fields = list(factor_fields) or [f.name for f in (card.factors if card else ())]
    holdout_folds |= card is not None and card.training.get("holdout") == "folds"
    candidates = [main, *baseline_candidates(baselines, main)]
    if report:  # before the long work, not after it
        need("jinja2", "to write reports")
        need("matplotlib", "to draw figures in reports")
    features = read_features(samples)
    _check_points(features, way, fold_map)
    if way == FIELD and fold_field != "fold":
        features.columns["fold"] = features.number(fold_field)
    table = _table(features, fields, label_field, rows, progress)
    with Outputs(output, fold_map, runs, report, inputs=[samples, model]) as outputs:
        terrain = _terrain(features, table, way, folds, block_size, progress)
        partitions = make_partitions(table.label, terrain.places, way, folds, repeats, seed)
        doubt = doubt_spatial(terrain, partitions)
        for warning in [*check_partitions(partitions, table.label), *([doubt] if doubt else [])]:
            progress.warn(warning)
        if not holdout_folds:
            partitions = [replace(p, groups=None) for p in partitions]
        where = choose_device(device, progress) if main.recipes[0].is_network else "cpu"
        data = Rows(table.values, table.label, table.names, table.kinds)
        part = progress.part(0.05, 0.95)
        progress.stage("Cross-validation")
        result = _result(candidates, data, partitions, where, workers, part)
        study = Study(candidates, table.label, partitions, result, terrain, way)
        for line in study.sentences():
            progress.info(line)
        write_table(outputs.path(output), fold_columns(study), {"SUBSIDENCE_KIND": "folds"})
        if runs:
            write_table(outputs.path(runs), run_columns(study), {"SUBSIDENCE_KIND": "runs"})
        if fold_map:
            _write_map(outputs.path(fold_map), features, table, study)
        if report:
            from ..report.crossvalidation_report import write_crossvalidation_report

            facts = _facts(samples, model, table, study, where, rows)
            write_crossvalidation_report(outputs.path(report), study, facts)
        progress(1.0)
    return study.results()


def _result(
    candidates: Sequence[Candidate], rows: Rows, partitions: Sequence[Partition], device: str,
    workers: int, progress: Progress,
) -> CrossValidation:  # fmt: skip
    """Train all folds, here or in worker processes."""
    if workers < 1:
        raise InputError(f"WORKERS is {workers}; it must be at least 1.")
    count = min(workers, sum(p.folds for p in partitions))
    if count == 1:
        return cross_validate(candidates, rows, partitions, device, progress)
    from ..crossvalidation.parallel import cross_validate_in_workers

    return cross_validate_in_workers(candidates, rows, partitions, device, count, progress)


def _check_points(features: Features, method: str, fold_map: Optional[str]) -> None:
    """Refuse what needs coordinates where the samples have none."""
    if fold_map:
        refuse_shapefile(fold_map, "The fold map")
    if features.geometry == "point":
        return
    if method != FIELD:
        raise InputError(
            f"{WHAT} are no points, and spatial folds by {method} need coordinates; give a point "
            "layer, or take METHOD 2 (the field 'fold')."
        )
    if fold_map:
        raise InputError(
            f"{WHAT} are no points, so there is no FOLD_MAP; leave it empty or give a point layer."
        )


def _candidate(
    model_type: str, model: Optional[str], hyperparameters: str, members: Optional[int]
) -> tuple[Candidate, Optional[Card]]:
    """Return the model that the run is about, and the card of its file if there is one."""
    if not model:
        return main_candidate(model_type, hyperparameters, members), None
    from ..models.file import load_model

    card = load_model(model).card
    return main_candidate(card.architecture, hyperparameters, members, card), card


def _table(
    features: Features, fields: Sequence[str], label_field: str, rows: int, progress: Progress
) -> Table:
    """Return the complete rows, all of them or those of training; ``complete`` says which."""
    columns = dict(features.columns)
    count = len(next(iter(columns.values()), ()))
    wanted = np.ones(count, dtype=bool)
    if rows == TRAINING_ROWS:
        if "split" not in columns:
            raise InputError(
                "ROWS asks for training rows, but the samples have no field 'split'; take all "
                "rows, or run 'Extract samples' first."
            )
        wanted = read_split(columns["split"], "split") == TRAIN
        columns = {name: _taken(values, wanted) for name, values in columns.items()}
    # All rows are alike here: each is a test row once in every partition.
    columns["split"] = [TRAIN] * int(wanted.sum())
    names = {name.casefold(): name for name in columns}
    fields = [names.get(name.casefold(), name) for name in fields]
    metadata = {"crs": features.crs, **features.metadata}
    table = read_table(columns, metadata, fields, label_field, progress)
    complete = np.zeros(count, dtype=bool)
    complete[np.flatnonzero(wanted)[table.complete]] = True
    table.complete = complete
    return table


def _taken(values: Any, wanted: np.ndarray) -> Any:
    if isinstance(values, np.ndarray):
        return values[wanted]
    return [value for value, is_wanted in zip(values, wanted) if is_wanted]


def _terrain(
    features: Features, table: Table, method: str, folds: int, block_size: Optional[float],
    progress: Progress,
) -> Terrain:  # fmt: skip
    """Return the coordinates on the ground, the semivariograms and the block size, logged."""
    if features.geometry != "point":
        progress.warn("The samples are no points: there are no semivariograms.")
        return Terrain(Places(field=table.fold))
    x, y, unit = on_the_ground(features, table.complete, WHAT, progress)
    terrain = look_at_terrain(
        x, y, table.values, table.names, table.kinds, folds=folds,
        field=table.fold, block_size=block_size, unit=unit,
    )  # fmt: skip
    log_terrain(terrain, method, block_size, progress)
    progress(0.05)
    return terrain


def _write_map(path: str, features: Features, table: Table, study: Study) -> None:
    """Write the samples with their folds and out-of-fold probabilities."""
    own = {name: _taken(values, table.complete) for name, values in features.columns.items()}
    kinds = json.dumps(dict(zip(table.names, table.kinds)))
    # Without the names, whoever reads the map would take folds and probabilities for factors.
    metadata = {
        "factors": json.dumps(list(table.names)), "kinds": kinds, **features.metadata,
        "SUBSIDENCE_KIND": "fold_map", "method": study.method, "model": study.main.title,
        "seed": study.partitions[0].seed,
    }  # fmt: skip
    x, y = features.x[table.complete], features.y[table.complete]
    write_points(path, x, y, map_columns(study, own), features.crs, metadata)
    write_fold_style(path, study.partition(SPATIAL).folds)


def _facts(
    samples: str, model: Optional[str], table: Table, study: Study, device: str, rows: int
) -> dict[str, object]:
    """Return what the reader needs to repeat the run."""
    taken = "training rows" if rows == TRAINING_ROWS else "all rows"
    seeds = sorted({p.seed for p in study.partitions})
    facts: dict[str, object] = {
        "Samples": samples,
        "Rows": f"{len(table.label)} complete samples ({taken}), {int(table.label.sum())} with "
        "label 1",
        "Factors": ", ".join(table.names),
        "Model file": Path(model).name if model else "",
    }
    for candidate in study.candidates:
        facts[candidate.title] = described(candidate)
    facts["Folds"] = f"{study.folds}, {study.repeats} partition(s) of each kind"
    facts["Seeds"] = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else seeds[0]
    facts["Device"] = device
    return facts
