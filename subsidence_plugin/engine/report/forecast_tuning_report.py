"""Report of a forecaster's tuning: the skill of the ensemble first, then how it was found."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..forecasting.measure import PARTS
from ..forecasting.training import ForecastData
from ..tuning.forecast_ensemble import ForecastTuning
from ..tuning.results import trial_columns
from ..tuning.samplers import STARTUP
from ..tuning.search_base import DEFAULTS
from .forecast_tuning_figures import optimisation_process
from .forecaster_report import accuracy_sections, nothing_learnt
from .html import Figure, Heading, Section, Table, Text, write_report
from .tuning_sections import (
    SHOWN,
    best_trials,
    course,
    importance_sections,
    not_beaten,
    search_facts,
    slice_figure,
    space_table,
)

#: Metrics of the table of runs (R, Table 1), and of changes.
METRICS = ("RMSE", "MAE", "R2", "R2_increments")
HEADS = ("RMSE (mm)", "MAE (mm)", "R² of levels", "R² of changes")
LOSS = (
    "The loss is that of the best pass on the validation part: the mean over the steps of the "
    "mean square error, divided by that of the linear start (pooled ridge fitted on the training "
    "part, from which networks of the variant lastmap begin); less is better."
)


def write_forecast_tuning_report(path: str, tuning: ForecastTuning, data: ForecastData) -> None:
    """Write the report of one tuning.

    Parameters
    ----------
    path : str
    tuning : ForecastTuning
        Complete.
    data : ForecastData
        What the ensemble was scored on.
    """
    best = tuning.best
    columns = trial_columns(best.study, best.tuned.space)
    several = len(tuning.searches) > 1
    which = f"The search of seed {best.tuned.seed}, which found the best trial. " if several else ""
    sections: list[Section] = [
        *(Text(warning) for warning in tuning.warnings),
        Heading("What the search brought"), Text(brought(tuning)), _runs(tuning),
        Text(f"{LOSS} The best of many trials flatters itself on the windows that chose it; the "
             "table above is of dates that decided nothing."
             if tuning.measured.judged.part == "test" else LOSS),
        _judged(tuning), space_table(best),
        Heading("The search"), Text(which + course(best)), *importance_sections(best),
        _process(tuning), slice_figure(best, columns),
        Heading("The best trials"), *_top(tuning),
        Heading("The ensemble"),
        *nothing_learnt(tuning.ensemble.card.training["members"], tuning.ensemble.card.variant),
        *accuracy_sections(tuning.ensemble, data, tuning.measured),
    ]  # fmt: skip
    title = f"Tuning: {best.tuned.title}"
    write_report(path, title, sections, tuning.measured.lead(), _facts(tuning))


def brought(tuning: ForecastTuning) -> str:
    """Return the best configuration, and how it does beside the defaults on dates held out."""
    best, part = tuning.best, PARTS[tuning.measured.judged.part]
    manual, tuned = (_figures(tuning, name) for name in _configurations(tuning))
    gain = float(manual[:, 0].mean() - tuned[:, 0].mean())
    runs = len(manual)
    seed = f" of the search of seed {best.tuned.seed}" if len(tuning.searches) > 1 else ""
    single = "a single network" if runs == 1 else f"the mean of {runs} single networks"
    size = f"{abs(gain):.3f} mm"
    verdict = size if gain > 0 else f"nothing (it is worse by {size})"
    levels = [s.references[DEFAULTS] for s in tuning.searches if DEFAULTS in s.references]
    nothing = not_beaten(best, min(levels, default=None))
    return (
        f"{nothing}{' ' if nothing else ''}Best configuration "
        f"(trial {best.trial.number}{seed}, validation loss "
        f"{best.trial.value:.4f}): {best.words()}. On {part} {single} has "
        f"an RMSE of {tuned[:, 0].mean():.3f} mm with tuned values and "
        f"{manual[:, 0].mean():.3f} mm with the defaults: tuning brought "
        f"{verdict}."
    )


def _configurations(tuning: ForecastTuning) -> list[str]:
    return list(dict.fromkeys(tuning.runs["configuration"]))


def _figures(tuning: ForecastTuning, configuration: str) -> np.ndarray:
    """Return (runs, metrics) of a configuration."""
    runs = tuning.runs
    rows = zip(runs["configuration"], runs["metric"], runs["value"])
    values = [(metric, value) for name, metric, value in rows if name == configuration]
    return np.array([[v for m, v in values if m == metric] for metric in METRICS]).T


def _runs(tuning: ForecastTuning) -> Table:
    """Return each run's figures and their means, as R's Table 1."""
    rows: list[list[Any]] = []
    seeds = [searched.tuned.seed for searched in tuning.searches]
    for name in _configurations(tuning):
        figures = _figures(tuning, name)
        rows += [[name, str(seed), *map(float, row)] for seed, row in zip(seeds, figures)]
        if len(seeds) > 1:
            rows.append([name, "mean", *map(float, figures.mean(axis=0))])
    own = tuning.measured.judged.scores.metrics("network")
    rows.append([f"ensemble of {len(tuning.top)}", "", *(own[m] for m in METRICS)])
    return Table(
        ("Configuration", "Seed", *HEADS), rows,
        f"Single networks with the declared defaults (manual) and with the best values of each "
        f"search, over all steps of {PARTS[tuning.measured.judged.part]}; last, the ensemble.",
        (3, 3, 3, 3, 3, 3),
    )  # fmt: skip


def _judged(tuning: ForecastTuning) -> Table:
    best = tuning.best
    rows = [["Best trial", best.trial.value, None]]
    for name, value in best.references.items():
        rows.append([best.tuned.reference_title(name), value, value - best.trial.value])
    return Table(
        ("Forecast", best.tuned.metric_title, "Best trial is better by"), rows,
        f"Validation loss on {best.evaluation}, the same for all. The ridge on differences is "
        "fitted anew on the training part, on a window of its own length: it is not the linear "
        "start of the networks, which has 1.", digits=4,
    )  # fmt: skip


def _process(tuning: ForecastTuning) -> Figure:
    best = tuning.best
    searches = [trial_columns(s.study, s.tuned.space) for s in tuning.searches]
    startup = STARTUP if best.plan.strategy == "tpe" else None
    found = best.references
    naive = {name: value for name, value in found.items() if name != DEFAULTS}
    shown = {}
    if DEFAULTS in found:
        levels = [s.references[DEFAULTS] for s in tuning.searches]
        shown["defaults (manual)" + (", mean" if len(levels) > 1 else "")] = float(np.mean(levels))
    if naive:
        name = min(naive, key=naive.get)
        shown[f"best baseline ({best.tuned.reference_title(name).lower()})"] = naive[name]
    figure, data = optimisation_process(searches, best.tuned.metric_title, shown, startup)
    several = (
        f" Dashed: {len(searches)} searches with different seeds; solid: their mean."
        if len(searches) > 1
        else ""
    )
    return Figure(
        figure,
        f"Optimisation process (as Figure 5 of the Rhineland paper): validation loss of each trial "
        f"(a) and the best so far (b).{several} Trials much worse than the median lie at the edge "
        "of the axis.",
        data, "optimisation-process",
    )  # fmt: skip


def _top(tuning: ForecastTuning) -> list[Section]:
    """Return the members of the ensemble, at most as many as the page has room for."""
    several = len(tuning.searches) > 1
    names = [
        f"{one.seed}/{one.number}"
        if several and one.number is not None
        else "defaults" if one.number is None else str(one.number)
        for one in tuning.top[:SHOWN]
    ]  # fmt: skip
    table = best_trials(tuning.best, len(names), list(zip(names, tuning.top)))
    note = Text("Trials are named by the seed of their search and their number.")
    return [table, *([note] if several else [])]


def _facts(tuning: ForecastTuning) -> dict[str, object]:
    card, best = tuning.ensemble.card, tuning.best
    studies = ", ".join(searched.name for searched in tuning.searches)
    seeds = ", ".join(str(searched.tuned.seed) for searched in tuning.searches)
    return {
        **tuning.facts,
        "Window, horizon, gap": f"{card.window}, {card.horizon} and {card.gap} dates",
        "Variant": card.variant,
        **search_facts(best),
        "Study": f"{studies} in {best.place.shown}",
        "Seed": seeds,
        "Model": tuning.model_id,
    }
