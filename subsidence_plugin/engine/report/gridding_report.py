"""Report of ``griddeformation``: the map, the error of the gridding, the dates of the bands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..gridding.left_out import METHODS, LeftOut
from ..gridding.summary import Gridding
from ..insar.dates import describe_dates, regular_step
from .gridding_figures import Change, bands_figure, change_figure, date_figure, gap_figure
from .html import Figure, Heading, Section, Table, Text, write_report

METHOD = (
    "A cell takes the {neighbours} nearest points within {reach} of its centre, each weighted by "
    "1 / distance^{power:g} (Shepard 1968; GDAL's invdistnn). The weights are found once; at a "
    "date at which a point has no value the others share its weight."
)
HOW = (
    "Each of {tested:,} points{sample} was predicted at each date from the other points, with the "
    "same neighbours, power and distance; points on the very same position do not predict each "
    "other. The same was done with the value of the nearest other point alone, and with the mean "
    "of all other points. All methods are scored on the same values."
)
LIMITS = (
    "InSAR points cluster on buildings and rock, so the error at left-out points is that of "
    "places near other points; it grows in gaps. Errors are those of "
    "cumulative displacement, and contain the noise of the left-out point itself, which no "
    "gridding predicts: the error of a cell's own mean is smaller."
)


def write_gridding_report(
    path: str, gridding: Gridding, change: Change, facts: Mapping[str, object]
) -> None:
    """Write the report.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    gridding : Gridding
    change : Change
        Displacement between the first and the last date.
    facts : mapping
        Data and seed; the settings are added.
    """
    sections: list[Section] = [
        *_map(gridding, change), *_errors(gridding), *_dates(gridding),
    ]  # fmt: skip
    write_report(
        path, "Gridded InSAR deformation", sections, lead(gridding), {**facts, **_facts(gridding)}
    )


def lead(gridding: Gridding) -> str:
    """Return the result: how far off the grid is between points, against the baselines."""
    errors, coverage = gridding.errors, gridding.coverage
    share = coverage.supported / coverage.cells
    covered = (
        f"{share:.1%} of the {coverage.cells:,} cells have a value. {coverage.say_interpolated()}"
    )
    if errors is None:
        return f"The error of the gridding was not measured. {covered}"
    rmse = errors.rmse()
    best = 1 + int(np.argmin(rmse[1:]))
    own = f"off by {rmse[0]:.2f} mm (RMSE)"
    other = f"{METHODS[best]} ({rmse[best]:.2f} mm)"
    if errors.skill <= 0:
        return (
            f"Inverse distance weighting is no better here than the {other}: a left-out point is "
            f"{own}. {covered}"
        )
    return (
        f"Predicted from its neighbours, a left-out point is {own}, {errors.skill:.0%} less than "
        f"with the better baseline, the {other}. {covered}"
    )


def _map(gridding: Gridding, change: Change) -> list[Section]:
    rule = gridding.rule
    figure, data = change_figure(change, gridding.unit)
    relative = f"Relative to the {gridding.removed}. " if gridding.removed else ""
    caption = (
        f"Displacement from {change.first} to {change.last} in mm. {relative}Grey: no point "
        f"within {rule.filled_within:g} {gridding.unit}. The colours end at the 98 % quantile of "
        "the size; the data are percentiles of the map."
    )
    reach = f"{rule.max_distance:g} {gridding.unit}"
    text = METHOD.format(neighbours=rule.neighbours, reach=reach, power=rule.power)
    if rule.fill_distance is not None:
        text += (
            f" Cells whose nearest point is farther than {rule.fill_distance:g} {gridding.unit} "
            "are left empty."
        )
    coverage = gridding.coverage
    mean = coverage.used / max(coverage.supported, 1)
    half, most = (f"{coverage.quantile(share):.0f} {gridding.unit}" for share in (0.5, 0.95))
    return [
        Figure(figure, caption, data, "change"),
        Text(
            f"{text}\n\n{coverage.supported:,} of {coverage.cells:,} cells have a value, from "
            f"{mean:.1f} points on average; half of them have a point within {half} of their "
            f"centre, 95 % within {most}. {coverage.say_interpolated()}"
        ),
    ]


def _errors(gridding: Gridding) -> list[Section]:
    errors = gridding.errors
    if errors is None:
        return []
    sample = f", drawn at random of {errors.points:,}," if errors.tested < errors.points else ""
    by_date, date_data = date_figure(errors)
    return [
        Heading("Error of the gridding"),
        Text(HOW.format(tested=errors.tested, sample=sample)),
        _table(errors),
        Text(LIMITS),
        Figure(
            by_date, f"RMSE at left-out points by date, {errors.tested:,} points.", date_data,
            "error-by-date",
        ),
        *_gaps(gridding),
    ]  # fmt: skip


def _gaps(gridding: Gridding) -> list[Section]:
    gaps = gridding.gaps
    if gaps is None:
        return []
    figure, data = gap_figure(gaps, gridding)
    caption = (
        f"RMSE at {gaps['points'][0]:,} points of which only points at least so far away were "
        "used, as if they lay in a gap of that radius; below, how far the cells of the map are "
        "from their nearest point."
    )
    return [Figure(figure, caption, data, "error-in-gaps"), *_where_it_ends(gaps, gridding.unit)]


def _where_it_ends(gaps: Mapping[str, list], unit: str) -> list[Section]:
    """Say from which radius on the gridding is no better than a baseline."""
    own = np.array(gaps[f"rmse {METHODS[0]}"], float)
    for radius, rmse, *others in zip(
        gaps["least_distance"], own, *(gaps[f"rmse {method}"] for method in METHODS[1:])
    ):
        worse = [m for m, other in zip(METHODS[1:], others) if other is not None and rmse >= other]
        if radius > 0 and worse:
            text = (
                f"In gaps of {radius:g} {unit} and more the gridding is no better than the "
                f"{worse[-1]}; consider that as FILL_DISTANCE."
            )
            return [Text(text)]
    return []


def _table(errors: LeftOut) -> Table:
    rmse, mae, bias = errors.rmse(), errors.mae(), errors.bias()
    rows = [[m, float(rmse[i]), float(mae[i]), float(bias[i])] for i, m in enumerate(METHODS)]
    caption = (
        f"Errors at {errors.tested:,} left-out points and {len(errors.dates)} dates, "
        f"{int(errors.count[0].sum()):,} values; bias is predicted minus observed."
    )
    best = {(int(np.argmin(rmse)), 1), (int(np.argmin(mae)), 2)}
    return Table(("Method", "RMSE (mm)", "MAE (mm)", "Bias (mm)"), rows, caption, 2, bold=best)


def _dates(gridding: Gridding) -> list[Section]:
    steps = gridding.steps
    text = f"The points have {describe_dates(gridding.acquisitions)}."
    if steps.step:
        between = int((~np.isin(steps.dates, gridding.acquisitions)).sum())
        text += (
            f" The stack has {len(steps)} bands, one every {steps.step} days: {between} lie "
            "between acquisitions and are interpolated linearly at each point, so that "
            "neighbouring bands share information (leave a gap when forecasts are tested); "
            f"{int(steps.gap.sum()) or 'none'} have no acquisition within half a step to either "
            f"side and are marked. Gaps of more than {gridding.max_gap:g} days stay empty."
        )
    else:
        text += " The bands are these dates."
    sections: list[Section] = [Heading("Dates"), Text(text)]
    if regular_step(gridding.acquisitions) is None and len(gridding.acquisitions) > 1:
        figure, data = bands_figure(gridding)
        sections.append(Figure(figure, "Days between acquisitions.", data, "dates"))
    return sections


def _facts(gridding: Gridding) -> dict[str, object]:
    rule, steps, coverage = gridding.rule, gridding.steps, gridding.coverage
    filled = rule.fill_distance
    nearest = "" if filled is None else f", nearest within {filled:g} {gridding.unit}"
    return {
        "Rows": f"{gridding.points:,} points; {describe_dates(gridding.acquisitions)}",
        "Grid": f"{coverage.cells:,} cells of {gridding.resolution:g} {gridding.unit}, "
        f"{gridding.crs}",
        "Settings": f"{rule.neighbours} neighbours, power {rule.power:g}, within "
        f"{rule.max_distance:g} {gridding.unit}{nearest}; "
        f"reference: {gridding.removed or 'as delivered'}",
        "Bands": f"{len(steps)}" + (f", every {steps.step} days" if steps.step else ""),
    }
