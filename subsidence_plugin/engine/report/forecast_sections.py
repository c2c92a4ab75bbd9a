"""Part of a forecast report: its skill against simple forecasts, in words, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

import numpy as np

from ..naive.increments import IncrementHistogram
from ..naive.scores import Scores
from ..naive.skill import Skill
from .forecast_examples import Example, series_figure
from .forecast_figures import capital, increments_figure, rmse_figure, skill_figure
from .html import Figure, Heading, Section, Table, Text, format_cell

#: Steps of a table, besides the last.
STEPS = (1, 5, 10, 20, 30, 60)
HOW = (
    "All forecasts were made from the same {origins} and scored on the same {values:,} observed "
    "values of {part}; errors are predicted minus observed. Of the simple forecasts, the lines "
    "and the waves are fitted to each series anew at each origin, on what is known there; {ridge}"
    "Skill is 1 − RMSE / RMSE of the best simple forecast, which is picked knowing the result: "
    "positive skill beats all of them."
)
RIDGE = (
    "the ridge (one linear map from the last levels to the change ahead, for all series) is "
    "fitted once on windows that end before this part. "
)
MEANS = (
    "R² of levels is that of cumulative displacement and flatters, as most of it is known at the "
    "origin; R² of changes is that of the displacement since the origin."
)


def forecast_sections(
    scores: Scores,
    titles: Mapping[str, str],
    found: Skill,
    baselines: Sequence[str],
    part: str = "the test part",
    histogram: Optional[IncrementHistogram] = None,
    examples: Sequence[Example] = (),
    gap: int = 0,
) -> list[Section]:
    """Return the sections on skill.

    Parameters
    ----------
    scores : Scores
        Of models and baselines.
    titles : mapping of str to str
        What they are called, by name.
    found : Skill
        Of the model that the report is about.
    baselines : sequence of str
        Names of the baselines.
    part : str
        The dates scored, in words.
    histogram : IncrementHistogram, optional
        Of that model.
    examples : sequence of Example
        Its forecasts at a few nodes; their ``baseline`` is the best baseline overall.
    gap : int
        Dates between the last input and the first target.
    """
    sections = [
        Heading("Skill against simple forecasts"),
        Text(_how(scores, baselines, part, gap)),
        step_table(scores, titles, baselines, part),
        pooled_table(scores, titles, found, baselines, part),
    ]
    if scores.horizon > 1:
        sections += _by_step(scores, titles, found, baselines, part)
    if histogram is not None:
        sections.append(_increments(scores, titles, found, histogram, part))
    if examples:
        sections.append(_examples(examples, titles, found))
    return sections


def chosen_steps(horizon: int) -> list[int]:
    """Return the steps that a table shows: the first, a few, and the last."""
    return sorted({*(step for step in STEPS if step < horizon), horizon})


def _how(scores: Scores, baselines: Sequence[str], part: str, gap: int) -> str:
    origins = f"{scores.origins:,} origin{'s' if scores.origins != 1 else ''}"
    values = int(scores.count.sum())
    ridge = RIDGE if "ridge" in baselines else ""
    text = HOW.format(origins=origins, values=values, part=part, ridge=ridge)
    if gap:
        left = "one date is" if gap == 1 else f"{gap} dates are"
        text += f" Between the last input and step 1, {left} left out."
    return f"{text}\n\n{MEANS}"


def step_table(
    scores: Scores, titles: Mapping[str, str], baselines: Sequence[str], part: str
) -> Table:
    """Return RMSE and R² of changes at chosen steps, the best of each set bold."""
    steps = chosen_steps(scores.horizon)
    places = [step - 1 for step in steps]
    errors = np.array([scores.rmse(name)[places] for name in scores.names])
    shares = np.array([scores.r2(name, increments=True)[places] for name in scores.names])
    names = [capital(titles[name]) for name in scores.names]
    rows = [[name, *map(float, e), *map(float, s)] for name, e, s in zip(names, errors, shares)]
    figures = np.hstack([errors, -shares])
    heads = [str(step) for step in steps]
    caption = f"Errors by step on {part}: models first, then the simple forecasts."
    return Table(
        ("Forecast", *heads, *heads), rows, caption, 2, bold=_lowest(figures),
        groups=(("", 1), ("RMSE (mm) at step", len(steps)), ("R² of changes at step", len(steps))),
    )  # fmt: skip


def pooled_table(
    scores: Scores, titles: Mapping[str, str], found: Skill, baselines: Sequence[str], part: str
) -> Table:
    """Return the figures over all steps, with the skill against the best baseline."""
    heads = ("RMSE (mm)", "MAE (mm)", "Bias (mm)", "R² of levels", "R² of changes", "Skill")
    rows, figures = [], []
    for name in scores.names:
        m = scores.metrics(name)
        values = (m["RMSE"], m["MAE"], m["Bias"], m["R2"], m["R2_increments"])
        own = 1 - m["RMSE"] / found.best_rmse if found.best_rmse > 0 else None
        rows.append([capital(titles[name]), *values, own])
        figures.append((m["RMSE"], m["MAE"], abs(m["Bias"]), -m["R2"], -m["R2_increments"]))
    steps = f"over all {scores.horizon} steps together" if scores.horizon > 1 else "one step ahead"
    caption = (
        f"Errors {steps} on {part}; skill is against "
        f"{titles[found.best]}, the best simple forecast by RMSE."
    )
    digits = (2, 2, 2, 2, 3, 3, 3)
    return Table(("Forecast", *heads), rows, caption, digits, bold=_lowest(np.array(figures)))


def _lowest(figures: np.ndarray) -> set[tuple[int, int]]:
    """Return (row, column of the table) of the smallest of each column."""
    columns = [i for i in range(figures.shape[1]) if np.isfinite(figures[:, i]).any()]
    return {(int(np.nanargmin(figures[:, i])), i + 1) for i in columns}


def _by_step(
    scores: Scores, titles: Mapping[str, str], found: Skill, baselines: Sequence[str], part: str
) -> list[Section]:
    figure, data, cut = rmse_figure(scores, titles, baselines)
    caption = f"RMSE by step ahead on {part}; the simple forecasts are thin lines."
    if cut:
        caption += f" {', '.join(cut)}: beyond the axis, see the table."
    own, own_data = skill_figure(found, titles, scores.names)
    own_caption = (
        f"Skill of {titles[found.model]} by step ahead on {part}, against the simple forecast "
        "that is best at that step (its mark). Above zero the model is better."
    )
    return [
        Figure(figure, caption, data, "rmse-by-step"),
        Figure(own, own_caption, own_data, "skill-by-step"),
    ]


def _increments(
    scores: Scores, titles: Mapping[str, str], found: Skill, histogram: IncrementHistogram,
    part: str,
) -> Section:  # fmt: skip
    figure, data = increments_figure(histogram)
    r2 = scores.r2(found.model, increments=True, pooled=True)
    caption = (
        f"Change since the origin, predicted by {titles[found.model]} beside observed, all steps "
        f"of {part} (R² {format_cell(r2, 2)}). The colour counts values; larger changes than the "
        "axes show are counted at their ends."
    )
    return Figure(figure, caption, data, "increments")


def _examples(examples: Sequence[Example], titles: Mapping[str, str], found: Skill) -> Section:
    other = titles[found.best] if any(e.baseline is not None for e in examples) else ""
    figure, data = series_figure(examples, titles[found.model], other)
    caption = "Series of a few nodes and their forecasts. The dotted line is the last date used."
    if any(example.lower is not None for example in examples):
        caption += " The band is the prediction interval."
    return Figure(figure, caption, data, "example-series")
