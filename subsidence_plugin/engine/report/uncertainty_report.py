"""Report of an ensemble: levels, what the members agree on, and the maps in small."""

from __future__ import annotations

from collections.abc import Mapping

from ..uncertainty.overview import Overview
from ..uncertainty.summary import Summary
from .html import Figure, Heading, Section, Table, Text, write_report
from .uncertainty_figures import bivariate_figure, exceedance_figure, reliability_figure

RANKS = (
    "Levels come from quantiles of this very map: whatever the ground does, about the same share "
    "of the pixels is above the lowest level. They tell where to look first, not where damage "
    "begins, and levels of two maps are not the same amounts."
)
AGREEMENT = (
    "Exceedance, confidence and rank variance count members. They are probabilities only as far "
    "as the members cover what can happen: members of one model family, trained on the same data, "
    "share its mistakes and agree too readily. Spread is no interval around the truth."
)
READING = (
    "Read the matrix as in Figure 8 of the Rhineland paper. Upper left, high level and low "
    "spread: robust, intervene first. Upper right, high level and high spread: unstable, verify "
    "in the field before anything is built. The two highest levels are one row; columns are "
    "thirds of the pixels by their spread. Where members differ in proportion to the deformation, "
    "high levels have high spreads and the upper left stays nearly empty: then the confidence in "
    "the level says more than the column."
)


def write_uncertainty_report(
    path: str, summary: Summary, overview: Overview, facts: Mapping[str, object]
) -> None:
    """Write the report.

    Parameters
    ----------
    path : str
    summary : Summary
    overview : Overview
        Small pictures of the maps.
    facts : mapping
        Data, cells and settings.
    """
    thin = f" One cell in {overview.step} × {overview.step} is drawn." if overview.step > 1 else ""
    sections: list[Section] = [
        Heading("Levels"), _levels(summary), Text(RANKS),
        Heading("Reliability"),
        Figure(
            reliability_figure(summary, overview),
            "Level, confidence in it, spread and rank variance, as Figure 7 of the Rhineland "
            f"paper; purple is doubt in all three.{thin}",
            summary.level_columns(), "levels",
        ),
        Text(AGREEMENT),
        Heading("Level and spread together"),
        Figure(
            bivariate_figure(summary, overview),
            f"Bivariate map; the cells of its legend hold their share of the area.{thin}",
            summary.bivariate_columns(), "bivariate",
        ),
        Text(READING),
        Heading("Exceedance"),
        Figure(
            exceedance_figure(summary, overview),
            "Share of the members that reach each quantile, as Figure 11 of the Rhineland "
            f"paper.{thin}",
            summary.exceedance_columns(), "exceedance",
        ),
        _exceedance(summary),
    ]  # fmt: skip
    write_report(path, "Ensemble uncertainty", sections, lead(summary), facts)


def lead(summary: Summary) -> str:
    """Return the first sentence."""
    robust, middle, unstable = summary.km2[7:10]
    high = robust + middle + unstable
    agreed = 100 * summary.agreed / summary.valid
    if not high:
        return f"All {summary.members} members agree on the level of {agreed:.1f} % of the pixels."
    return (
        f"All {summary.members} members agree on the level of {agreed:.1f} % of the pixels; of the "
        f"{high:,.4g} km² of high levels, {100 * robust / high:.0f} % have a low spread (robust) "
        f"and {100 * unstable / high:.0f} % a high one (unstable)."
    )


def _levels(summary: Summary) -> Table:
    columns = summary.level_columns()
    rows = [
        [name, label.split(": ", 1)[1], cells, area, 100 * share, sure, spread]
        for name, label, cells, area, share, sure, spread in zip(
            columns["name"], summary.labels, columns["cells"], columns["area_km2"],
            columns["share"], columns["mean_confidence"], columns["mean_spread"],
        )
    ]  # fmt: skip
    unit = f" ({summary.unit})" if summary.unit else ""
    return Table(
        ("Level", "Bounds", "Cells", "km²", "Share (%)", "Mean confidence", f"Mean spread{unit}"),
        rows,
        "Levels by the quantiles "
        + ", ".join(f"Q{share:g}" for share in summary.shares)
        + f" of the ensemble median's size, over the {summary.valid:,} cells valid in all "
        f"{summary.members} members.",
        digits=(0, 0, 0, 2, 2, 2, 3),
    )


def _exceedance(summary: Summary) -> Table:
    columns = summary.exceedance_columns()
    rows = [
        [f"P{share:g}", summary.quantity.value(bound), *(100 * part for part in parts)]
        for share, bound, *parts in zip(*columns.values())
    ]
    return Table(
        ("", "Reached from", "Any member (%)", "Half of the members (%)", "All members (%)"),
        rows,
        "Share of the pixels that at least one, at least half and all of the members put at or "
        "above a quantile. The first and the last differ by what the ensemble cannot tell.",
        digits=2,
        numeric=(2, 3, 4),
    )
