"""Report of a trained forecaster: its skill, where, how sure it is, and how it was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..forecasting.assess import COVERAGES, MODEL, Assessment
from ..forecasting.forecaster import Forecaster
from ..forecasting.measure import PARTS, Measured
from ..forecasting.training import ForecastData
from .forecast_sections import chosen_steps, forecast_sections, pooled_table, step_table
from .forecaster_examples import COVERAGE, examples_of
from .forecaster_figures import coverage_figure, history_figure
from .html import Figure, Heading, Section, Table, Text, format_cell, write_report

History = Sequence[tuple[int, int, float, float]]
LEARNT = (
    "The network was trained on the training part only; the validation part chose the pass that "
    "is kept. The ridge beside it may use all dates before the part that is scored."
)
BAND = " The band in the figure of series is the {:.0f} % interval."
NOTHING = (
    "Pass 0 was kept in {} of {} networks: no pass had a lower validation loss, so these are their "
    "linear start and training added nothing."
)
STARTS = {
    "lastmap": "from which every network begins: below 1 it is better",
    "paper": "which this variant does not begin from: below 1 it is better",
}
AT_POINTS = (
    "A map smooths what was measured: here the forecasts are compared with the points' own "
    "series. A point's forecast is that of the map, between cell centres, plus what the point "
    "lay above the map on average over the window. The simple forecasts know each point's series."
)
INTERVALS = (
    "The intervals lie around the forecast; their width follows the noise of each series in the "
    "window and was calibrated on the validation part (split conformal prediction). Validation "
    "and test part follow one another in time, so what holds on the test part is measured here "
    "and not promised."
)


def write_forecaster_report(
    path: str,
    forecaster: Forecaster,
    data: ForecastData,
    measured: Measured,
    history: History,
    summaries: Sequence[Mapping[str, Any]],
    facts: Mapping[str, str],
    warnings: Sequence[str] = (),
) -> None:
    """Write the report of one training.

    Parameters
    ----------
    path : str
    forecaster : Forecaster
        With a complete card.
    data : ForecastData
    measured : Measured
    history : sequence of (member from 1, pass, loss, validation loss)
    summaries : sequence of mapping
        ``seed``, ``passes``, ``best_pass`` and ``validation_loss`` of each member.
    facts : mapping
        Of the data.
    warnings : sequence of str
        What the reader should not overlook.
    """
    sections = [
        *(Text(warning) for warning in warnings),
        *accuracy_sections(forecaster, data, measured),
        Heading("How it was trained"),
        history_section(history, forecaster.card.variant),
        *nothing_learnt(summaries, forecaster.card.variant),
        _members(summaries, measured),
    ]
    card = forecaster.card
    training = {k: v for k, v in card.training.items() if k not in ("members", "configuration")}
    shown = {
        **facts,
        "Window, horizon, gap": f"{card.window}, {card.horizon} and {card.gap} dates",
        "Variant": card.variant,
        **dict(line.split(": ", 1) for line in card.described_hyperparameters()),
        "Training": ", ".join(f"{name} {value}" for name, value in training.items()),
        "Seeds": ", ".join(map(str, card.seeds)),
    }
    title = f"Forecaster: {forecaster.kind.title}"
    write_report(path, title, sections, measured.lead(), shown)


def accuracy_sections(
    forecaster: Forecaster, data: ForecastData, measured: Measured
) -> list[Section]:
    """Return the sections on skill, at nodes and points, and on the intervals."""
    judged, titles = measured.judged, measured.titles
    where, names = PARTS[judged.part], judged.baselines.names
    sections: list[Section] = [Text(_first_step(judged, titles))]
    sections += forecast_sections(
        judged.scores, titles, judged.found, names, where, judged.histogram,
        examples_of(forecaster, data, judged), forecaster.card.gap,
    )  # fmt: skip
    band = BAND.format(100 * COVERAGE) if forecaster.card.conformal is not None else ""
    sections.append(Text(LEARNT + band))
    if judged.points is not None and judged.points_found is not None:
        place = f"{where}, at the original points"
        sections += [
            Heading("At the original points"), Text(AT_POINTS),
            step_table(judged.points, titles, names, place),
            pooled_table(judged.points, titles, judged.points_found, names, place),
        ]  # fmt: skip
    if measured.coverage is not None:
        sections += coverage_sections(measured.coverage)
    other = measured.assessments.get("validation")
    if other is not None and other is not judged:
        sections += [
            Heading("On the validation part"),
            pooled_table(other.scores, titles, other.found, names, PARTS["validation"]),
        ]
    return sections


def _first_step(judged: Assessment, titles: Mapping[str, str]) -> str:
    """Return how the forecaster does one step and all steps ahead, in mm."""
    scores = judged.scores
    each = [scores.rmse(MODEL), *(scores.rmse(name) for name in judged.baselines.names)]
    known = np.flatnonzero(np.isfinite(each[0]))
    if not len(known):
        return ""
    places = dict.fromkeys((int(known[0]), int(known[-1])))
    texts = []
    for place in places:
        other = judged.found.best_by_horizon[place]
        texts.append(
            f"{place + 1} step{'s' if place else ''} ahead the RMSE is "
            f"{format_cell(each[0][place], 2)} mm ({titles[other]}: "
            f"{format_cell(scores.rmse(other)[place], 2)} mm)"
        )
    return f"{'; '.join(texts)}."


def coverage_sections(coverage: np.ndarray) -> list[Section]:
    """Return what the prediction intervals hold on the test part.

    Parameters
    ----------
    coverage : (coverages, horizon) array
        Of ``assess.COVERAGES``.
    """
    steps = chosen_steps(coverage.shape[1])
    rows = [
        [f"{100 * wanted:.0f} %", 100 * float(np.nanmean(row)),
         *(100 * float(row[step - 1]) for step in steps)]
        for wanted, row in zip(COVERAGES, coverage)
    ]  # fmt: skip
    table = Table(
        ("Interval", "All steps", *map(str, steps)), rows,
        "Share of the test values inside the prediction intervals, in %, over all steps and at "
        "single steps.", 1, (("", 2), ("At step", len(steps))),
    )  # fmt: skip
    figure, data = coverage_figure(COVERAGES, coverage)
    drawn = Figure(
        figure, "Share of the test values inside the prediction intervals by step ahead; the "
        "dotted lines are what is wanted.", data, "coverage-by-step",
    )  # fmt: skip
    return [Heading("Prediction intervals"), Text(INTERVALS), table, drawn]


def history_section(history: History, variant: str) -> Section:
    """Return the losses by pass as a figure."""
    figure, data = history_figure(history)
    return Figure(
        figure,
        "Loss by pass, in units of the error of the linear start (pooled ridge fitted on the "
        f"training part), {STARTS[variant]}. Training loss is taken during the pass, with dropout. "
        "The dots are the passes kept.",
        data, "training-history",
    )  # fmt: skip


def nothing_learnt(summaries: Sequence[Mapping[str, Any]], variant: str) -> list[Section]:
    """Return that some or all networks kept their linear start, where that is so."""
    start = sum(summary["best_pass"] == 0 for summary in summaries)
    if not start or variant != "lastmap":
        return []
    return [Text(NOTHING.format(start, len(summaries)))]


def _members(summaries: Sequence[Mapping[str, Any]], measured: Measured) -> Table:
    judged, part = measured.judged, measured.judged.part
    other: Optional[float] = judged.found.best_rmse
    rows = []
    for number, (summary, own) in enumerate(zip(summaries, judged.member_metrics()), 1):
        rows.append([
            number, summary["seed"], summary["passes"], summary["best_pass"],
            summary["validation_loss"], own["RMSE"],
            1 - own["RMSE"] / other if other else None,
        ])  # fmt: skip
    heads = ("Network", "Seed", "Passes", "Pass kept", "Validation loss", f"RMSE, {part} (mm)",
             "Skill")  # fmt: skip
    return Table(
        heads, rows,
        "The networks of the file, each from its own seed; pass 0 is the untrained start. RMSE and "
        f"skill are over all steps of {PARTS[part]}, against the best simple forecast.",
    )  # fmt: skip
