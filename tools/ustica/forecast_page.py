"""What the report on Ustica says of forecasts: simple ones, and networks beside them."""

from __future__ import annotations

import numpy as np
import pictures
from findings import Findings
from forecasts import ALLOWED, GAPS, PUBLISHED, STEPS, WINDOW, deviations, skill_against_best
from land_subsidence.subsidence_plugin.engine.naive.skill import signed
from land_subsidence.subsidence_plugin.engine.report.html import (
    Figure,
    Heading,
    Section,
    Table,
    Text,
)

#: Baselines that are drawn; the tables have them all.
DRAWN = ("persistence", "annual", "ridge")


def forecast_sections(found: Findings) -> list[Section]:
    """Return the part on forecasts."""
    return [*_simple(found), *(_trained(found) if found.trained else [])]


def _simple(found: Findings) -> list[Section]:
    off = deviations(found.simple[0])
    rows = []
    for name, curve in found.simple[0].items():
        published = PUBLISHED.get(name, (None,) * 3)
        rows.append((curve.title, *curve.cells[:3], *published, *off.get(name, (None,) * 3)))
    later = [(curve.title, *curve.cells) for curve in found.simple[GAPS[1]].values()]
    heads = tuple(str(step) for step in STEPS)
    first, last = found.origins[0][[0, -1]]
    within = ", ".join(
        f"{found.simple[0][name].title}: {np.abs(d).max():.3f} (allowed {ALLOWED[name]:g})"
        for name, d in off.items()
    )
    return [
        Heading("Simple forecasts"),
        Table(
            ("", *heads, *heads, *heads), rows,
            f"RMSE in mm at 1, 10 and 30 steps of 6 days at the points of level 3, no gap, "
            f"{len(found.origins[0])} origins ({first} to {last}): here, published, and the "
            "difference (the ridge was published as 1.21 to 1.24 at one step; its middle is "
            f"taken). Largest differences: {within}.", digits=(0, *[2] * 6, *[3] * 3),
            groups=(("", 1), ("here", 3), ("published", 3), ("difference", 3)),
            numeric=range(1, 10),
        ),
        Table(
            ("", *heads, "all steps"), later,
            f"The same with a gap of {GAPS[1]} dates between the last input and the first "
            f"target ({len(found.origins[GAPS[1]])} origins). Persistence loses its advantage at "
            "the first step.", digits=2,
        ),
    ]  # fmt: skip


def _trained(found: Findings) -> list[Section]:
    sections: list[Section] = [
        Heading("Forecasters"),
        Text(
            "Networks were trained by 'Train forecaster' on the same series: the GCN on the points "
            "themselves, the ResNet on the gridded stack; the tuned one is the median of the best "
            "networks of a short search by 'Tune forecaster'. All are scored at the points of "
            "level 3, from the same origins and on the same values as the simple forecasts. The "
            "test part decided nothing."
        ),
    ]
    heads = tuple(str(step) for step in STEPS)
    for gap, curves in found.trained.items():
        simple = found.simple[gap]
        rows = [(c.title, *c.cells, *([None] * 5)) for c in simple.values()]
        rows += [
            (c.title, *c.cells, *skill_against_best(c, simple), found.coverage[gap][c.title])
            for c in curves.values()
        ]
        columns = np.array([row[1:5] for row in rows], float)
        bold = {(int(np.argmin(columns[:, k])), k + 1) for k in range(4)}
        sections.append(Table(
            ("", *heads, "all", *heads, "all", "inside 90 %"), rows,
            f"Gap {gap}: RMSE in mm by steps ahead, and skill of the networks against the best "
            "simple forecast of that step (bold: the lowest error). Inside 90 %: share of the test "
            "values, in per cent, at cells or points, that the 90 % intervals hold.",
            digits=(0, *[2] * 4, *[3] * 4, 0), bold=bold,
            groups=(("", 1), ("RMSE (mm)", 4), ("skill", 4), ("", 1)), numeric=range(1, 10),
        ))  # fmt: skip
    drawn = {
        gap: {**{found.simple[gap][n].title: found.simple[gap][n] for n in DRAWN}, **curves}
        for gap, curves in found.trained.items()
    }
    names = [n for n in next(iter(drawn.values())) if all(n in own for own in drawn.values())]
    figure, data = pictures.errors(drawn, names)
    skills, skill_data = pictures.skills(found.simple, found.trained)
    sections += [
        Figure(figure, "RMSE by steps ahead at the points of level 3.", data, "errors"),
        Figure(
            skills,
            "Skill of the networks: 1 − RMSE / RMSE of the best simple forecast of each step, "
            "which only hindsight can pick. Below zero a simple forecast is better.",
            skill_data,
            "skills",
        ),
        Text(_meaning(found)),
    ]
    return sections


def _meaning(found: Findings) -> str:
    """Return what the table of the forecasters means."""
    first = [
        f"{signed(skill_against_best(next(iter(curves.values())), found.simple[gap])[0])} with a "
        f"gap of {gap}"
        for gap, curves in found.trained.items()
    ]
    points = len(found.cells[0].x)
    return (
        f"What it means. {points} points of one slowly moving island are a small data set, and "
        "what can be known ahead is a line, a season and how far the last dates lie off them: a "
        "linear regression takes most of that. The networks begin as this regression and add "
        f"little. They read {WINDOW} dates, about a year, which cannot tell a season from a "
        "trend; the line with an annual wave is fitted to all dates of a point and is hard to "
        "beat further ahead. At the first step the skill of the ResNet is "
        f"{' and '.join(first)}: without a gap the last value holds part of the next one, which "
        "is hard to beat by anything. Where only days ahead are asked, a simple forecast does.\n\n"
        "The regression among the simple forecasts was fitted on the validation dates too, on "
        "which no network was trained. The origins are neighbouring dates of a single year whose "
        "windows overlap, so they are no independent trials: differences of a few hundredths of a "
        "millimetre mean little.\n\n"
        "A validation part of a tenth of the dates holds a single window of 30 steps here. It "
        "chooses the pass that is kept, judges trials and calibrates the intervals, so all three "
        "rest on little."
    )
