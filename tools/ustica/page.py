"""The report on Ustica: what was read, what agrees, what forecasts are worth."""

from __future__ import annotations

import numpy as np
import pictures
from findings import Findings, agreements
from forecast_page import forecast_sections
from forecasts import GAPS, HORIZON, Curve, deviations, skill_against_best, skill_by_step
from land_subsidence.subsidence_plugin.engine.insar.dates import describe_dates
from land_subsidence.subsidence_plugin.engine.naive.skill import signed, step_ranges
from land_subsidence.subsidence_plugin.engine.report.html import (
    Figure,
    Heading,
    Section,
    Table,
    Text,
    write_report,
)

CREDIT = (
    "European Ground Motion Service, release 2020-2024. Generated using European Union's "
    "Copernicus Land Monitoring Service information"
)
#: Fewest and most points a track of the classes in which agreement is shown.
SUPPORT = {"1 or 2": (1, 2), "3 to 9": (3, 9), "10 or more": (10, np.inf)}
#: Skill below which the networks are said to gain little, and those that the first sentences name.
CLEAR, SPOKEN_OF = 0.05, "ResNet"
#: From here on one of the two satellites is lost.
ONE_SATELLITE = np.datetime64("2022-01-01")


def lead(found: Findings) -> str:
    """Return the honest result in a few sentences."""
    vertical = next(iter(agreements(found).values()))
    off = max(float(np.abs(d).max()) for d in deviations(found.simple[0]).values())
    text = (
        f"Vertical velocities decomposed here from the two line-of-sight tracks agree with the "
        f"official level 3 product within {vertical.rmse:.2f} mm/yr (RMSE of {vertical.places} "
        f"cells), its curves within {vertical.series_rmse:.2f} mm; the simple forecasts repeat "
        f"the published errors within {off:.2f} mm."
    )
    gained = []
    for gap in GAPS if found.trained else ():
        simple = found.simple[gap]
        rival = min(simple.values(), key=lambda c: c.overall)
        spoken = [c for c in found.trained[gap].values() if SPOKEN_OF in c.title]
        gained += [skill_against_best(curve, simple)[-1] for curve in spoken]
        text += (
            f" With a gap of {gap} dates the best simple forecast ({rival.title}) has an RMSE of "
            f"{rival.overall:.2f} mm over 1 to {HORIZON} steps, "
            f"{' and '.join(_gain(curve, simple) for curve in spoken)}."
        )
    if gained and max(gained) < CLEAR:
        text += " The networks gain little."
    return text


def _gain(curve: Curve, simple: dict[str, Curve]) -> str:
    """Return what a network has gained, as a part of a sentence."""
    overall = skill_against_best(curve, simple)[-1]
    ahead = np.flatnonzero(skill_by_step(curve, simple) > 0) + 1
    where = f"the steps {step_ranges(ahead)}" if len(ahead) else "no step"
    return (
        f"{curve.title.partition(' (')[0]} {curve.overall:.2f} mm (skill {signed(overall)}; ahead "
        f"of all simple ones at {where})"
    )


def write_page(path: str, found: Findings) -> None:
    """Write the report."""
    sections = [*_read(found), *_decomposed(found), *_gridded(found), *forecast_sections(found)]
    facts = {"Data": CREDIT, **found.about}
    write_report(path, "Ustica: EGMS data through the whole chain", sections, lead(found), facts)


def _read(found: Findings) -> list[Section]:
    rows = []
    for name, layer in found.layers.items():
        velocity = layer.columns["mean_velocity"]
        low, middle, high = np.quantile(velocity, [0, 0.5, 1])
        rows.append((name, len(layer), describe_dates(layer.dates), low, middle, high))
    both = {name: set(layer.dates.tolist()) for name, layer in found.layers.items()}
    (_first, ascending), (_second, descending), (_third, grid), *_ = both.items()
    acquired = []
    for title, chosen in (
        ("until 2021", {d for d in grid if d < ONE_SATELLITE.astype(object)}),
        ("from 2022", {d for d in grid if d >= ONE_SATELLITE.astype(object)}),
    ):
        a, d = chosen & ascending, chosen & descending
        acquired.append((
            title, len(chosen), len(a & d), len(a - d), len(d - a), len(chosen - a - d)
        ))  # fmt: skip
    return [
        Heading("What was read"),
        Text(
            "Ustica is a volcanic island of some 8 km² north of Sicily. Its ground moves slowly: "
            "most of it goes down by one to two millimetres a year, with a season of about one "
            "millimetre. It is no subsidence bowl; the data serve to check reading, "
            "decomposition, gridding and forecasting against an official product."
        ),
        Table(
            ("file", "points", "dates", "lowest velocity", "median", "highest"), rows,
            "The four files as 'Import InSAR time series' reads them; velocities in mm/yr, of the "
            "line of sight (towards the satellite) for L2b.", digits=1,
        ),
        Table(
            ("dates of level 3", "dates", "both tracks", "ascending only", "descending only",
             "neither"), acquired,
            "Dates of level 3 at which the tracks have an acquisition. After the loss of "
            "Sentinel-1B nearly every date has one track only, and the other is interpolated: "
            "neighbouring dates share information, so that a forecast of the very next date "
            "partly repeats what is known already. Forecasts are therefore judged with a gap of "
            "two dates as well.",
        ),
    ]  # fmt: skip


def _decomposed(found: Findings) -> list[Section]:
    vertical = found.cells[0]
    maps, map_data = pictures.maps(vertical)
    points, point_data = pictures.velocities(found.cells)
    curves, curve_data = pictures.examples(vertical)
    classes = {
        title: np.flatnonzero((vertical.support >= low) & (vertical.support <= high))
        for title, (low, high) in SUPPORT.items()
    }
    support, support_data = pictures.support(vertical, classes)
    table = agreements(found)
    first = next(iter(table.values()))
    rows = [(name, *values) for name, values in table.items()]
    return [
        Heading("Two tracks decomposed, beside official level 3"),
        Table(
            ("", "places", "bias", "RMSE", "correlation", "RMSE, fitted alike", "RMSE",
             "correlation", "official spread"), rows,
            "Ours minus official. Velocities in mm/yr as both products deliver them, and fitted "
            "in the same way to both curves (those of grids always so). Curves in mm at common "
            "dates, less a constant a place; their spread is the standard deviation of the "
            "official curves about their means.", digits=(0, 0, 3, 3, 4, 4, 3, 4, 2),
            groups=(("", 2), ("velocity (mm/yr)", 4), ("curves (mm)", 3)),
        ),
        Figure(
            maps,
            "Vertical velocity of the cells of level 3: official, decomposed from the two tracks, "
            "and ours minus official on a scale of its own. Blue is up, red is down.",
            map_data, "maps",
        ),
        Figure(points, "Velocities of the cells; dotted: equality.", point_data, "velocities"),
        Figure(
            curves,
            "Curves of six cells chosen by rule, with the RMSE between them. Ours is moved by a "
            "constant onto the official one.", curve_data, "curves",
        ),
        Figure(
            support,
            "How far ours and official differ, by the points that the poorer track has in a "
            "cell.", support_data, "support",
        ),
        Text(
            "Why they agree so well: the parameter file of this tile names just these two tracks "
            "as its input, cells of 100 m, steps of 6 days, linear interpolation in time and no "
            "motion northwards - what 'Decompose line of sight' does too. L2b is calibrated with "
            "GNSS already, so no calibration lies between the two. This checks the computation, "
            "not the ground: both share every error of the tracks.\n\n"
            "Where they differ. Curves: level 3 is rounded to 0.1 mm, which alone makes 0.03 mm, "
            "and cells with few points differ more, probably because we average the points of a "
            "cell before solving, while the solver of the service weights them. Velocities: "
            f"fitted to both curves alike they differ by {first.fitted_rmse:.4f} mm/yr. The "
            f"{first.rmse:.2f} mm/yr above are due to rounding to 0.1 mm/yr (0.03) and to the fit: "
            "'Decompose line of sight' fits each track on its own dates and decomposes the "
            "velocities, level 3 fits curves that are half interpolated. Ours has "
            f"{found.more_cells} cells more, all east of the edge of the tile; level 3 delivers "
            "them in the next one."
        ),
    ]  # fmt: skip


def _gridded(found: Findings) -> list[Section]:
    maps, data = pictures.maps(found.grid)
    official, own = found.left_out
    empty = int((found.grid.support == 0).sum())
    return [
        Heading("Gridded"),
        Text(
            "Both were gridded by inverse distance to the cells of level 3 (12 neighbours, power "
            "2, at most 500 m). Points lie on the centres of their cells, so a cell with a point "
            f"keeps its value; {empty} of the {len(found.grid.x)} cells have none, on the sea or "
            "where nothing reflects steadily (fields, scrub). A point predicted from the others "
            f"is wrong by {official:.1f} mm (official) and {own:.1f} mm (ours, with more cells): "
            "what gridding costs is larger than any difference between the two products.\n\n"
            "The two grids differ where the twelfth and thirteenth neighbour of a cell are equally "
            "far, so that the order of the points decides which one counts, and at the eastern "
            "edge, where ours has points beyond the tile."
        ),
        Figure(
            maps,
            "Velocity fitted to both deformation stacks: of official level 3, of the decomposed "
            "tracks, and ours minus official on a scale of its own.", data, "grids",
        ),
    ]  # fmt: skip
