"""Job ``forecastdeformation``: a deformation stack and a forecaster to maps of future dates."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..cores import cores
from ..errors import InputError
from ..forecasting.card import ForecasterCard
from ..forecasting.ensemble_block import Wanted, interval_width
from ..forecasting.file import load_forecaster
from ..forecasting.forecaster import Forecaster
from ..insar.dates import date_of, describe_dates
from ..needs import need
from ..outputs import Outputs
from ..progress import Progress
from ..raster.cache import bounded_cache
from ..raster.deformation_stack import KEPT
from ..raster.forecast_stack import asked
from ..raster.history_tiles import History, check_against_card, open_history
from ..torch_threads import one_torch_thread
from ..training.device import choose_device
from .forecast_cells import Forecast, forecast_cells
from .forecast_nodes import forecast_points_and_cells
from .forecast_points import forecast_at_points, points_on_stack

#: Bytes of GDAL's cache: the blocks of a window of the stack that tiles share.
CACHE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Task:
    """What both kinds of forecaster need to know of a run."""

    forecaster: Forecaster
    history: History
    origin: Optional[str]
    wanted: Wanted
    step: int
    coverage: float
    device: str
    threads: int
    points: Optional[str]
    covariates: Optional[str]
    metadata: Mapping[str, str]

    @property
    def card(self) -> ForecasterCard:
        """Of the forecaster."""
        return self.forecaster.card


def run(
    progress: Progress,
    input: str,
    model: str,
    output: str,
    spread: Optional[str] = None,
    lower: Optional[str] = None,
    upper: Optional[str] = None,
    members: Optional[str] = None,
    change: Optional[str] = None,
    points: Optional[str] = None,
    point_forecast: Optional[str] = None,
    covariates: Optional[str] = None,
    step: Optional[int] = None,
    origin: Optional[str] = None,
    coverage: float = 90.0,
    device: int = 0,
    threads: int = 0,
) -> dict[str, Any]:
    """Forecast every cell of a stack and, on request, the points that it was gridded from.

    Parameters
    ----------
    input : str
        Deformation stack.
    model : str
        File of a forecaster.
    output : str
        Median over the members, a band a future date.
    spread, lower, upper : str, optional
        Standard deviation over the members (ddof 0) and ends of the interval, likewise.
    members : str, optional
        A band a member, at the horizon ``step``.
    change : str, optional
        Median minus the level at the origin, a band a future date.
    points, point_forecast : str, optional
        InSAR points, and these with the forecast as further dated fields.
    covariates : str, optional
        Raster stack, where the forecaster was trained with covariates.
    step : int, optional
        From 1; default the last.
    origin : str, optional
        ISO date of the last input; default the last of the stack.
    coverage : float
        Of the interval, percent.
    device : int
        See ``choose_device``.
    threads : int
        Compute threads; 0 takes one a core, fewer where memory would not suffice.

    Returns
    -------
    dict
        ``BANDS``, ``CELLS`` (with a forecast), ``ORIGIN_DATE``, ``FIRST_DATE`` and ``LAST_DATE`` of
        the forecast, ``POINTS`` (with a forecast; absent without ``point_forecast``).
    """
    start = time.monotonic()
    loaded = load_forecaster(model)
    targets = {"output": output, "spread": spread, "lower": lower, "upper": upper,
               "members": members, "change": change}  # fmt: skip
    wanted = _wanted(loaded.card, targets, step, coverage, points, point_forecast)
    history = open_history(input)
    check_against_card(history, loaded.card, progress)
    chosen = choose_device(device, progress)
    progress.info(
        f"Forecaster {loaded.model_id}: {loaded.kind.title} ({loaded.card.variant}), members: "
        f"{loaded.members}, window {loaded.card.window}, horizon {loaded.card.horizon}, gap "
        f"{loaded.card.gap}."
    )
    task = Task(
        loaded, history, origin, wanted, _step(loaded.card, step), coverage / 100, chosen,
        threads or cores(), points, covariates, _metadata(loaded, history),
    )  # fmt: skip
    inputs = [input, model, points, covariates]
    with Outputs(*targets.values(), point_forecast, inputs=inputs) as outputs:
        paths = {name: outputs.path(path) for name, path in asked(targets).items()}
        layer = outputs.path(point_forecast) if point_forecast else None
        with bounded_cache(CACHE_BYTES), _one_thread_each(chosen):
            result = _forecast(task, paths, layer, progress)
        progress.info(f"Forecast in {time.monotonic() - start:.1f} s.")
        progress(1)
    return result


def _forecast(
    task: Task, paths: Mapping[str, str], layer: Optional[str], progress: Progress
) -> dict[str, Any]:
    if task.card.nodes == "points":
        done, count = forecast_points_and_cells(task, paths, layer, progress)
    else:
        cells_progress = progress.part(0, 0.8) if layer else progress.part(0, 0.97)
        points = points_on_stack(task, progress) if layer else None
        done, count = forecast_cells(task, paths, cells_progress), None
        if points is not None:
            part = progress.part(0.8, 0.97)
            count = forecast_at_points(task, done, points, paths["output"], layer, part)
    times = done.times
    progress.info(
        f"From the origin {times.origin}: {describe_dates(times.targets)}; "
        f"{done.cells:,} of {_cells(task.history):,} cells have a forecast."
    )
    _say_leaks(task, done, progress)
    _say_time(done.seconds, done.workers, progress)
    result = {
        "BANDS": len(times.targets), "CELLS": done.cells, "ORIGIN_DATE": str(times.origin),
        "FIRST_DATE": str(times.targets[0]), "LAST_DATE": str(times.targets[-1]),
    }  # fmt: skip
    return result if count is None else {**result, "POINTS": count}


def _cells(history: History) -> int:
    return history.raster.grid.width * history.raster.grid.height


def _wanted(
    card: ForecasterCard,
    targets: Mapping[str, Optional[str]],
    step: Optional[int],
    coverage: float,
    points: Optional[str],
    point_forecast: Optional[str],
) -> Wanted:
    """Return what to compute, after refusing what this forecaster cannot give."""
    number = _step(card, step)
    if targets["spread"] and card.members < 2:
        raise InputError(
            "SPREAD needs a forecaster of several members, this one has a single member; leave it "
            "empty, or train with REPEATS of 2 or more."
        )
    if point_forecast and not points:
        raise InputError("POINT_FORECAST needs the InSAR points; give them in POINTS.")
    if card.nodes == "points" and not points:
        raise InputError(
            "The nodes of this forecaster are points, not cells; give the InSAR points in POINTS."
        )
    interval = bool(targets["lower"] or targets["upper"])
    if not 0 < coverage < 100:
        raise InputError(f"COVERAGE is {coverage:g}; it must lie between 0 and 100 (percent).")
    if interval or (point_forecast and card.conformal is not None):
        interval_width(card, coverage / 100, np.zeros((2, 1)))
    return Wanted(
        bool(targets["spread"]), coverage / 100 if interval else None,
        number if targets["members"] else None, bool(targets["change"]),
    )  # fmt: skip


def _step(card: ForecasterCard, step: Optional[int]) -> int:
    """Return the horizon of the members, from 0."""
    number = card.horizon if step is None else int(step)
    if not 1 <= number <= card.horizon:
        raise InputError(f"STEP is {number}; this forecaster has the steps 1 to {card.horizon}.")
    return number - 1


def _metadata(forecaster: Forecaster, history: History) -> dict[str, str]:
    """Return the metadata of all rasters."""
    own = history.raster.metadata
    kept = ("SUBSIDENCE_MEANING", "REFERENCE", *KEPT)
    return {
        **{key: own[key] for key in kept if own.get(key)},
        "SUBSIDENCE_SOURCE": history.raster.path,
        "SUBSIDENCE_MODEL": forecaster.model_id,
        "SUBSIDENCE_MODEL_NAME": forecaster.kind.title,
        "SUBSIDENCE_ARCHITECTURE": f"{forecaster.card.architecture} ({forecaster.card.variant})",
        "SUBSIDENCE_MEMBERS": str(forecaster.members),
        "SUBSIDENCE_SEEN_UNTIL": forecaster.card.seen_until,
        "SUBSIDENCE_UNITS": history.units,
        "SUBSIDENCE_REFERENCE_DATE": own.get("FIRST_DATE") or str(history.dates[0]),
    }


def _say_leaks(task: Task, done: Forecast, progress: Progress) -> None:
    """Say where a forecast from a past date knows of what it forecasts."""
    times, seen = done.times, date_of(task.card.seen_until)
    known = 0 if seen is None else int((times.targets <= seen).sum())
    if known:
        progress.warn(
            f"{known} of the {len(times.targets)} dates forecast are among those that the "
            f"forecaster was trained or calibrated on (until {seen}); on the same area residuals "
            "at them say nothing of its skill: choose a later ORIGIN for these."
        )
    if task.card.nodes == "cells" and task.history.gaps[done.origin]:
        progress.warn(
            f"Nothing was measured at the origin {times.origin} (SUBSIDENCE_GAP): its map is "
            "interpolated between acquisitions before and after it, so the forecast knows of the "
            "later one; choose an ORIGIN that was measured."
        )


def _say_time(seconds: np.ndarray, workers: int, progress: Progress) -> None:
    each = ", ".join(f"{s:.2f}" for s in seconds[:12]) + (" …" if len(seconds) > 12 else "")
    over = f", over {workers} threads" if workers > 1 else ""
    progress.info(f"Seconds a member{over}: {each}.")


def _one_thread_each(device: str) -> Any:
    if device != "cpu":
        return nullcontext()
    return one_torch_thread(need("torch", "to use forecasters"))
