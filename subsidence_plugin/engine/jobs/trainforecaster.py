"""Job ``trainforecaster``: deformation stack or points to a forecaster and its honest figures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..forecasting.arguments import configuration, recipe_from
from ..forecasting.file import save_forecaster
from ..forecasting.measure import Measured, check_shares, measure
from ..forecasting.recipe import ForecastRecipe
from ..forecasting.training import TrainedForecaster, prepare, train_forecaster
from ..needs import need
from ..outputs import Outputs
from ..progress import Progress
from ..training.device import choose_device
from ..training.scores import runs_table
from ..vector.write import write_table
from ..version import base_versions
from .forecast_data import ForecastSource, read_forecast_data


def run(
    progress: Progress,
    input: Optional[str],
    model: str,
    points: Optional[str] = None,
    covariates: Optional[str] = None,
    spatial: int = 2,
    temporal: int = 1,
    variant: int = 0,
    window: int = 60,
    horizon: int = 10,
    gap: int = 0,
    epochs: Optional[int] = None,
    batch_size: Optional[int] = None,
    learning_rate: Optional[float] = None,
    hyperparameters: Optional[str] = None,
    validation_share: float = 0.1,
    test_share: float = 0.1,
    repeats: int = 1,
    seed: int = 42,
    device: int = 0,
    table: Optional[str] = None,
    runs: Optional[str] = None,
    report: Optional[str] = None,
) -> dict[str, Any]:
    """Train a forecaster and score it beside simple forecasts.

    Parameters
    ----------
    input : str or None
        Deformation stack; None for a GCN on points.
    model : str
        Model file to write.
    points : str, optional
        InSAR points: the nodes of a GCN, else where forecasts are scored as well.
    covariates : str, optional
        Raster stack of static covariates.
    spatial, temporal, variant : int
        0 CNN, 1 GCN, 2 ResNet; 0 LSTM, 1 Transformer; 0 lastmap, 1 paper.
    window, horizon, gap : int
        Input dates, target dates, dates between them.
    epochs, batch_size, learning_rate : optional
        None: the declared defaults.
    hyperparameters : str, optional
        Lines ``name=value``.
    validation_share, test_share : float
        Of the dates.
    repeats, seed, device : int
    table, runs, report : str, optional

    Returns
    -------
    dict
        ``RMSE`` in mm and ``SKILL`` over all steps of the test part (validation without one),
        ``BASELINE``: the best simple forecast, ``MODEL_ID``.
    """
    start = time.monotonic()
    recipe = recipe_from(
        spatial, temporal, variant, window, horizon, gap, hyperparameters or "",
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate,
    )  # fmt: skip
    check_shares(validation_share, test_share)
    where = choose_device(device, progress)
    with Outputs(model, table, runs, report, inputs=[input, points, covariates]) as outputs:
        progress.stage("Reading")
        source = read_forecast_data(
            progress.part(0, 0.08), recipe, input, points, covariates, validation_share,
            test_share, seed,
        )  # fmt: skip
        prepared = prepare(recipe, source.data)
        progress.stage("Training")
        trained = train_forecaster(
            recipe, prepared, seed=seed, repeats=repeats, device=where,
            progress=progress.part(0.08, 0.85),
        )  # fmt: skip
        say_kept(recipe.variant, trained.summaries, progress)
        forecaster, title = trained.forecaster, recipe.title
        describe(forecaster.card, recipe, source, where, trained.summaries)
        if repeats > 1:
            title += f" (median of {repeats})"
        progress.stage("Measuring")
        measured = measure(
            forecaster, source.data, title, source.points, where, progress.part(0.85, 0.98)
        )
        model_id = save_forecaster(outputs.path(model), forecaster.card, forecaster.arrays)
        measured.log(progress)
        _write(outputs, (table, runs, report), recipe, source, trained, measured, model_id)
        progress.info(
            f"Forecaster {model_id}: {repeats} network{'s' if repeats > 1 else ''} "
            f"({configuration(recipe)}), {time.monotonic() - start:.0f} s."
        )
        progress(1.0)
    return results(measured, model_id)


def say_kept(variant: str, summaries: Sequence[Mapping[str, Any]], progress: Progress) -> None:
    """Say where training did not help.

    Parameters
    ----------
    variant : str
        Only networks of lastmap begin as a linear forecast.
    summaries : sequence of mapping
        ``best_pass`` of each network.
    progress : Progress
    """
    kept = [str(n) for n, s in enumerate(summaries, 1) if s["best_pass"] == 0]
    if kept and variant == "lastmap":
        which = "The network keeps" if len(summaries) == 1 else (
            f"Of the {len(summaries)} networks, number {', '.join(kept)} "
            f"keep{'s' if len(kept) == 1 else ''}"
        )  # fmt: skip
        progress.warn(
            f"{which} the linear start: no pass had a lower validation loss, so training added "
            "nothing."
        )


def describe(
    card: Any, recipe: ForecastRecipe, source: ForecastSource, device: str, members: list
) -> None:
    """Write into a card on what and how its forecaster was trained."""
    source.set_card(card)
    card.training = {
        **recipe.settings, "configuration": configuration(recipe), "device": device,
        "members": members,
    }  # fmt: skip
    card.versions = base_versions(
        numpy=np.__version__, torch=need("torch", "to train networks").__version__
    )


def results(measured: Measured, model_id: str) -> dict[str, Any]:
    """Return what the job hands back."""
    found = measured.judged.found
    return {
        "RMSE": found.rmse, "SKILL": found.overall, "BASELINE": measured.titles[found.best],
        "MODEL_ID": model_id,
    }  # fmt: skip


def _write(
    outputs: Outputs, targets: tuple, recipe: ForecastRecipe, source: ForecastSource,
    trained: TrainedForecaster, measured: Measured, model_id: str,
) -> None:  # fmt: skip
    table, runs, report = targets
    about = {"model_id": model_id, "SUBSIDENCE_SOURCE": source.card["source"]}
    if table:
        kind = {"SUBSIDENCE_KIND": "forecast_scores", "SUBSIDENCE_UNITS": source.card["units"]}
        write_table(outputs.path(table), measured.columns(), {**about, **kind})
    if runs:
        columns = runs_table(
            recipe.title, configuration(recipe), trained.forecaster.card.seeds,
            measured.member_metrics(),
        )  # fmt: skip
        write_table(outputs.path(runs), columns, {**about, "SUBSIDENCE_KIND": "runs"})
    if report:
        from ..report.forecaster_report import write_forecaster_report

        write_forecaster_report(
            outputs.path(report), trained.forecaster, source.data, measured, trained.history,
            trained.summaries, source.facts, source.warnings,
        )  # fmt: skip
