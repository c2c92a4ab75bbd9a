"""Report of ``factorcorrelation``: the matrix of H's Figure 3, pairs, inflation factors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..correlation.inflation import (
    HIGH,
    TOO_HIGH,
    inflation,
    inflation_columns,
    verdict,
)
from ..correlation.matrix import Correlations, least_significant, pair_columns, stars
from .correlation_figures import inflation_figure, matrix_figure
from .html import Figure, Heading, Section, Table, Text, write_report

#: Pairs named in the first sentence.
NAMED = 4
STARS_NOTE = (
    "Stars mark p ≤ 0.05 (*), 0.01 (**) and 0.001 (***), as if the {tested:,} {rows} were "
    "independent of each other. They are not: neighbouring places are alike (spatial "
    "autocorrelation), so that far fewer independent places stand behind the figures, and with so "
    "many rows even |r| = {least:.2g} gets a star. Judge by the size of r, not by its stars."
)
INFLATION_NOTE = (
    "The tolerance of a factor is the share of its variance that the other factors together do "
    "not explain; the variance inflation factor (VIF) is 1 / tolerance. Above {high:g} it is "
    "often called high; above {too_high:g} (tolerance below {least:g}) the factor repeats the "
    "others. Networks and trees predict no worse for that, but regression coefficients, rankings "
    "and SHAP values share the influence of such factors among them arbitrarily."
)


def write_correlation_report(
    path: str,
    found: Correlations,
    tolerance: np.ndarray,
    threshold: float,
    facts: Mapping[str, object],
) -> None:
    """Write the report; ``facts`` hold data and settings."""
    is_stack = bool(facts.get("Factor stack"))
    rows = "cells" if is_stack else "rows"
    note = STARS_NOTE.format(tested=found.tested, rows=rows, least=least_significant(found.tested))
    columns = pair_columns(found, threshold)
    where = f"{found.count:,} {rows}"
    drawn = f"{found.tested:,} {rows}" + (" drawn at random" if found.tested < found.count else "")
    key = (
        "Above the diagonal the area of a circle is |r|, its colour r; below it the coefficient. "
        f"Stars: p ≤ 0.05, 0.01, 0.001. Frame: |r| > {threshold:g}."
    )
    sections: list[Section] = [
        Heading("Pearson's correlation"),
        Figure(
            matrix_figure(found.names, found.pearson, found.pearson_p, threshold, "Pearson's r"),
            f"Linear correlation over {where}. {key}", columns, "pearson",
        ),
        Text(note),
        *_strong_pairs(found, threshold, where),
        Heading("Variance inflation"),
        Text(INFLATION_NOTE.format(high=HIGH, too_high=TOO_HIGH, least=1 / TOO_HIGH)),
        *_inflation(found, tolerance, where),
        Heading("Spearman's rank correlation"),
        Figure(
            matrix_figure(found.names, found.spearman, found.spearman_p, threshold, "Spearman's ρ"),
            f"Rank correlation, which also sees curved (but rising or falling) relations, of "
            f"{drawn}. {key}", columns, "spearman",
        ),
    ]  # fmt: skip
    write_report(
        path, "Correlation of the factors", sections, lead(found, tolerance, threshold), facts
    )


def lead(found: Correlations, tolerance: np.ndarray, threshold: float) -> str:
    """Return the result: the strong pairs, and the factors that repeat the others."""
    strong = found.above(threshold)
    named = [
        f"{found.names[i]} and {found.names[j]} ({found.pearson[i, j]:.2f})" for i, j in strong
    ]
    pairs = f"{len(found.pairs())} pairs" if len(found.pairs()) > 1 else "1 pair"
    text = f"Of {pairs} of {len(found.names)} factors, {len(strong) or 'none'} "
    text += f"{'has' if len(strong) == 1 else 'have'} |r| above {threshold:g}"
    if named:
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        text += f": {', '.join(named[:NAMED])}{more}"
    return f"{text}. {_inflation_in_words(found, tolerance)}"


def _inflation_in_words(found: Correlations, tolerance: np.ndarray) -> str:
    if np.isnan(tolerance).any():
        return "There are too few rows for inflation factors."
    vif = inflation(tolerance)
    exact = [name for name, value in zip(found.names, vif) if np.isinf(value)]
    high = [
        f"{name} ({value:.1f})"
        for name, value in zip(found.names, vif)
        if TOO_HIGH < value < np.inf
    ]
    parts = []
    if exact:
        parts.append(f"exactly computable from other factors: {', '.join(exact)}")
    if high:
        parts.append(f"the variance inflation factor exceeds {TOO_HIGH:g} for {', '.join(high)}")
    if parts:
        text = "; ".join(parts)
        return f"{text[0].upper()}{text[1:]}: consider leaving some of them out."
    worst = int(np.argmax(vif))
    return (
        f"The highest variance inflation factor is {vif[worst]:.1f} ({found.names[worst]}), below "
        f"the usual limit of {TOO_HIGH:g}."
    )


def _strong_pairs(found: Correlations, threshold: float, where: str) -> list[Section]:
    strong = found.above(threshold)
    if not strong:
        return []
    rows = [
        [
            found.names[i], found.names[j],
            f"{found.pearson[i, j]:.3f} {stars(found.pearson_p[i, j])}",
            f"{found.spearman[i, j]:.3f} {stars(found.spearman_p[i, j])}",
        ]
        for i, j in strong
    ]  # fmt: skip
    caption = f"Pairs with |Pearson's r| above {threshold:g}, {where}."
    return [Table(("Factor", "Factor", "Pearson's r", "Spearman's ρ"), rows, caption)]


def _inflation(found: Correlations, tolerance: np.ndarray, where: str) -> list[Section]:
    if np.isnan(tolerance).any():
        return [Text("There are not more rows than factors, so that it cannot be computed.")]
    columns = inflation_columns(found.names, tolerance)
    vif = inflation(tolerance)
    by_name = dict(zip(found.names, vif))
    rows = [
        [name, "infinite" if np.isinf(by_name[name]) else f"{by_name[name]:.2f}", own,
         verdict(by_name[name])]
        for name, own in zip(columns["factor"], columns["tolerance"])
    ]  # fmt: skip
    return [
        Figure(
            inflation_figure(found.names, tolerance), f"Variance inflation factors over {where}.",
            columns, "vif",
        ),
        Table(
            ("Factor", "VIF", "Tolerance", "Inflation"), rows,
            f"Variance inflation factor and tolerance over {where}.", numeric=(1, 2),
        ),
    ]  # fmt: skip
