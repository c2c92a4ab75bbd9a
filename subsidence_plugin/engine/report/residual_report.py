"""Report of the residuals of forecasts: how large, how distributed, where they cluster."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..residuals.hotspots import CLASSES
from ..residuals.normality import FITTED, MARKS
from ..residuals.order_statistics import PRECISION
from ..residuals.summary import Residuals
from .html import Figure, Heading, Section, Table, Text, write_report
from .residual_figures import (
    absolute_figure,
    date_figure,
    diagnostic_figure,
    points_figure,
    qq_figure,
    signed_figure,
)

SIGN = (
    "Residuals are predicted minus observed. Red is predicted too high: less subsidence was "
    "forecast than observed; blue is predicted too low. Grey has no data."
)
READING = (
    "On the black line lie residuals that are normal with their own mean and standard deviation. "
    "The OLS line is drawn towards extreme residuals, the robust line (median of the slopes of "
    "all pairs of points; Theil and Sen) follows the bulk: a robust slope well below the standard "
    "deviation means heavy tails, a few places where the forecast fails in a way that its RMSE "
    "does not show. Dashed grey lines mark the quantiles of the tails; hollow symbols lie at or "
    "beyond Q1 and Q99."
)
TEST = (
    "The Jarque–Bera test asks whether skewness and excess kurtosis are those of a normal "
    "distribution. It takes residuals as independent, which neighbouring cells are not, and with "
    "many cells it rejects the smallest departure: read the size of the moments, not the p-value."
)
SPOTS = (
    "A cell is in a cluster of large errors where the mean |residual| of the {side} × {side} cells "
    "around it is higher than chance would make it if the errors were shuffled over the map "
    "(Getis–Ord Gi*, two-sided normal p-values, Benjamini–Hochberg). Clusters are relative to the "
    "error of this very map: a good forecast has them too. Neighbouring tests are not "
    "independent, so the share of false discoveries is a guide. Moran's I is 0 where signed "
    "residuals have no pattern and near 1 where neighbours share theirs; what is left of a "
    "pattern is what a better model could still learn."
)
AT_POINTS = (
    "The map at a point is interpolated bilinearly between the four cells around it. A gridded "
    "surface has another level than the point itself, at all dates much the same; 'surface minus "
    "point' contains that offset. 'Change since the origin' takes it off: the forecast change of "
    "the surface since the last date before the forecast is compared with the change of the point. "
    "It contains the noise of the point at two dates, which no forecast predicts."
)


def write_residual_report(path: str, residuals: Residuals, facts: Mapping[str, object]) -> None:
    """Write the report.

    Parameters
    ----------
    path : str
    residuals : Residuals
    facts : mapping
        Data and settings.
    """
    sections: list[Section] = [
        *(Text(warning) for warning in residuals.match.warnings),
        Heading("Error"), _errors(residuals), *_by_date(residuals),
        Heading("Signed residuals and their distribution"), *_distribution(residuals),
        Heading("Where errors are large"), *_where(residuals), *_points(residuals),
    ]  # fmt: skip
    title = "Residuals of forecasts" if len(residuals.names) > 1 else "Residuals of a forecast"
    write_report(path, title, sections, lead(residuals), facts)


def lead(residuals: Residuals) -> str:
    """Return the result: how far off, against persistence."""
    best = residuals.best
    sample, units = residuals.samples[best].all, residuals.units
    one = len(residuals.names) == 1
    if residuals.level(best):
        who = "the forecast" if one else residuals.names[best]
        return (
            f"All residuals of {who} are equal ({sample.moments.mean:.4g} {units}): either it "
            "differs from the observation by a constant, or it is a copy of it. There is no "
            "spread to draw, and no hotspot."
        )
    when = f"{residuals.dates} dates" if residuals.dates > 1 else residuals.match.labels[0]
    who = "The forecast is" if one else (
        f"Of {len(residuals.names)} forecasts, {residuals.names[best]} is the closest:"
    )  # fmt: skip
    bias = f"{sample.moments.mean:+.2f}".replace("-", "−")
    text = (
        f"{who} off by {sample.rmse:.2f} {units} (RMSE), with a bias of {bias} {units}, at {when}"
    )
    if math.isfinite(sample.skill):
        other = (
            f"persistence ({sample.baseline_rmse:.2f} {units}; the training report compares with "
            "better baselines)"
        )
        text += (
            f"; {sample.skill:.0%} less than {other}"
            if sample.skill > 0
            else f"; no better than {other}"
        )
    spots = residuals.hotspots[best]
    return f"{text}. Large errors cluster on {spots.share:.1%} of the area."


def _errors(residuals: Residuals) -> Table:
    rows = [
        [name, samples.all.moments.n, samples.all.moments.mean, samples.all.mae, samples.all.rmse,
         samples.all.r2, samples.all.baseline_rmse, samples.all.skill]
        for name, samples in zip(residuals.names, residuals.samples)
    ]  # fmt: skip
    units = residuals.units
    heads = ("Forecast", "Residuals", f"Bias ({units})", f"MAE ({units})", f"RMSE ({units})",
             "R²", f"Persistence RMSE ({units})", "Skill")  # fmt: skip
    best = {(residuals.best, 4)} if len(rows) > 1 else ()
    caption = (
        f"Errors over {residuals.cells:,} cells that all forecasts and the observation have, at "
        f"{_dates(residuals)}. Skill is 1 − RMSE / RMSE of persistence, which leaves the last "
        "observed map before the forecast as it is; R² of cumulative displacement flatters."
    )
    return Table(heads, rows, caption, digits=3, bold=best)


def _dates(residuals: Residuals) -> str:
    labels = residuals.match.labels
    return labels[0] if len(labels) == 1 else f"{len(labels)} dates, {labels[0]} to {labels[-1]}"


def _by_date(residuals: Residuals) -> list[Section]:
    if residuals.dates < 2:
        return []
    figure, data = date_figure(residuals)
    return [Figure(figure, "RMSE by date, over all cells compared.", data, "rmse-by-date")]


def _distribution(residuals: Residuals) -> list[Section]:
    found = [samples.all.normality for samples in residuals.samples]
    over = "Mean over the dates. " if residuals.dates > 1 else ""
    pooled = (
        f" The Q–Q plot has the residuals of all {residuals.dates} dates; where those of later "
        "dates are larger, that alone makes tails."
        if residuals.dates > 1
        else ""
    )
    thin = (
        f" Of all residuals {FITTED} equally spaced quantiles are drawn and fitted, and the far "
        f"tails drawn; quantiles are right to one part in {1 / PRECISION:,.0f}."
    )
    if len(residuals.names) == 1:
        figure, data = diagnostic_figure(residuals)
        caption = (
            "(a) Signed residuals and (b) their Q–Q plot with the theoretical line, OLS and robust "
            f"fit, as Figure 9 of the Rhineland paper. {over}{SIGN}{pooled}{thin}"
        )
        pictures = [Figure(figure, caption, data, "residuals")]
    else:
        figure, data = signed_figure(residuals)
        second, more = qq_figure(residuals.names, found, residuals.units)
        pictures = [
            Figure(figure, f"Signed residuals on one scale. {over}{SIGN}", data, "signed"),
            Figure(second, "Q–Q plots with the theoretical line, OLS and robust fit, as Figure 9b "
                   f"of the Rhineland paper.{pooled}{thin}", more, "qq"),
        ]  # fmt: skip
    tables = [_lines(residuals), _quantiles(residuals), _moments(residuals)]
    return [*pictures, Text(READING), *tables, Text(TEST)]


def _moments(residuals: Residuals) -> Table:
    rows = []
    for name, samples in zip(residuals.names, residuals.samples):
        sample, found = samples.all, samples.all.normality
        p = "–" if math.isnan(found.p) else f"{found.p:.2g}" if found.p >= 1e-300 else "< 1e−300"
        two, three = (100 * sample.beyond).tolist()
        rows.append(
            [name, sample.moments.deviation, sample.moments.skewness, sample.moments.kurtosis,
             found.statistic, p, two, three]
        )  # fmt: skip
    return Table(
        ("Forecast", f"Standard deviation ({residuals.units})", "Skewness", "Excess kurtosis",
         "Jarque–Bera", "p", "Beyond 2 sd (%)", "Beyond 3 sd (%)"),
        rows,
        "Shape of the distribution; the last columns are the shares farther than two and three "
        "standard deviations from the mean (normal: 4.55 and 0.27 %).",
        digits=(0, 3, 3, 3, 0, 0, 2, 2),
        numeric=range(1, 8),
    )  # fmt: skip


def _lines(residuals: Residuals) -> Table:
    rows = []
    for name, samples in zip(residuals.names, residuals.samples):
        found = samples.all.normality
        lines = (found.normal, found.ols, found.robust)
        rows.append([name, *(value for line in lines for value in (line.slope, line.intercept))])
    return Table(
        ("Forecast", *("Slope", "Intercept") * 3),
        rows,
        f"The lines of the Q–Q plot, in {residuals.units}; of a normal distribution all are equal.",
        digits=3,
        groups=(("", 1), ("Normal", 2), ("OLS fit", 2), ("Robust fit", 2)),
    )


def _quantiles(residuals: Residuals) -> Table:
    rows = [
        [name, *samples.all.normality.marks.tolist()]
        for name, samples in zip(residuals.names, residuals.samples)
    ]
    heads = ("Forecast", *(f"Q{100 * share:g}" for share in MARKS))
    return Table(heads, rows, f"Quantiles of the residuals in {residuals.units}.", digits=2)


def _where(residuals: Residuals) -> list[Section]:
    figure, data = absolute_figure(residuals)
    over = " (root mean square over the dates)" if residuals.dates > 1 else ""
    one = "" if len(residuals.names) == 1 else " on one scale, as Figure 10 of the Rhineland paper"
    caption = (
        f"Absolute residuals{over}{one}. Black lines enclose clusters of large errors. The "
        "colours end at the 98 % quantile."
    )
    rows = []
    for name, spots, moran in zip(residuals.names, residuals.hotspots, residuals.morans_i):
        whole = max(float(spots.km2[1:].sum()), 1e-300)
        rows.append([name, float(moran), *(100 * float(a) / whole for a in spots.km2[1:]),
                     spots.hot_km2, spots.hot_cells])  # fmt: skip
    heads = ("Forecast", "Moran's I", "Small errors (%)", "No cluster (%)", "Large, 5 % (%)",
             "Large, 1 % (%)", "Large (km²)", "Large (cells)")  # fmt: skip
    table = Table(heads, rows, "Share of the area by class: " + "; ".join(CLASSES) + ".", digits=2)
    return [
        Figure(figure, caption, data, "absolute"), table,
        Text(SPOTS.format(side=2 * residuals.radius + 1)),
    ]  # fmt: skip


def _points(residuals: Residuals) -> list[Section]:
    points = residuals.points
    if points is None:
        return []
    figure, data = points_figure(residuals, points)
    kinds = [("surface minus point", points.raw_samples)]
    if points.change_samples:
        kinds.append(("change since origin", points.change_samples))
    rows = [
        [name, kind, samples.all.moments.n, samples.all.moments.mean, samples.all.mae,
         samples.all.rmse, samples.all.baseline_rmse, samples.all.skill]
        for kind, own in kinds for name, samples in zip(residuals.names, own)
    ]  # fmt: skip
    units = residuals.units
    heads = ("Forecast", "Residual", "Number", f"Bias ({units})", f"MAE ({units})",
             f"RMSE ({units})", f"Persistence ({units})", "Skill")  # fmt: skip
    caption = f"Errors at the original points, at {_dates(residuals)}."
    shown = f"Residuals at the original points ({points.kind}), on the scale of the map"
    shown += "s." if len(residuals.names) > 1 else ", and their Q–Q plot."
    return [
        Heading("At the original points"), Text(AT_POINTS), Table(heads, rows, caption, digits=3),
        Figure(figure, f"{shown} {SIGN}", data, "points"),
    ]  # fmt: skip
