"""Report of ``explainmodel``: which factors drive a model's predictions, and how (H, 6.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

import numpy as np

from ..explanation.result import Explanation, Ice, Interaction, Sample
from .explanation_curves import MOST_PANELS, dependence_figure, interaction_figure
from .explanation_figures import (
    MOST_NAMED,
    MOST_SWARMS,
    beeswarm_figure,
    decimals,
    order_of,
    ranking_figure,
    signed,
    waterfall_figure,
    waterfall_steps,
)
from .explanation_words import (
    dots_in_words,
    factor_text,
    higher_values,
    lead,
    meanings,
    rows_in_words,
    unit_of,
)
from .html import Figure, Heading, Section, Table, Text, write_report

METHOD = (
    "A SHAP value says how much one factor moves the prediction of one row away from the mean "
    "prediction of the background rows; the SHAP values of a row and that mean add up to its "
    "prediction. Here they are shares of the {unit}."
)
CAUTION = (
    "SHAP values explain the model, not the ground. They show what the model leans on, which need "
    "not cause subsidence, and which is worth as much as the model itself: see its validation. "
    "Factors that go together share what they explain between them, in a way that another training "
    "may change, and the values rest on combinations of factor values that may not occur."
)
#: 97.5 % point of the normal distribution.
NORMAL = 1.96


def write_explanation_report(
    path: str,
    explanation: Explanation,
    sample: Optional[Sample],
    ices: Sequence[Ice],
    interaction: Optional[Interaction],
    facts: Mapping[str, object],
) -> None:
    """Write the report.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    explanation : Explanation
        Of at least one row.
    sample : Sample, optional
        The place of the waterfall.
    ices : sequence of Ice
        ICE curves, one a factor in any order; may be empty.
    interaction : Interaction, optional
        Of the two strongest factors.
    facts : mapping
        Data, model, rows, background, seed and settings.
    """
    unit = unit_of(explanation)
    sections: list[Section] = [Text(METHOD.format(unit=unit) + "\n\n" + CAUTION)]
    sections += _ranking(explanation, unit)
    if explanation.mean_absolute.any():
        sections += _swarm(explanation, unit)
        sections += _waterfall(explanation, sample, unit) if sample is not None else []
        sections += _dependence(explanation, ices, unit)
        sections += _interaction(explanation, interaction, unit) if interaction else []
    if any(explanation.categories.values()):
        sections += [
            Heading("What the codes of the factors stand for"),
            Text(meanings(explanation)),
        ]
    write_report(path, "Explanation of the model", sections, lead(explanation), facts)


def _ranking(explanation: Explanation, unit: str) -> list[Section]:
    rows, strength = rows_in_words(explanation), explanation.mean_absolute
    sections: list[Section] = [Heading("Which factors drive the model")]
    whiskers = interval(explanation)
    if strength.any():
        summed = len(strength) > MOST_NAMED + 1
        others = ", the weaker ones summed up" if summed else ""
        sections.append(Figure(
            ranking_figure(explanation.names, strength, whiskers, unit),
            f"Mean |SHAP value| of each factor over {rows}{others}; effect on the {unit} against "
            f"{explanation.background:,} background rows. Whiskers: 95 % interval of the mean "
            "over the rows.",
            {"factor": explanation.names, "mean_absolute_shap": strength, "half_interval": whiskers
             if whiskers is not None else [""] * len(strength), "share": explanation.share},
            "ranking",
        ))  # fmt: skip
    return [*sections, ranking_table(explanation)]


def interval(explanation: Explanation) -> Optional[np.ndarray]:
    """Return half the 95 % interval of each mean |SHAP| over the rows; None for a single row."""
    if len(explanation) < 2:
        return None
    spread = np.abs(explanation.shap).std(axis=0, ddof=1)
    return NORMAL * spread / np.sqrt(len(explanation))


def ranking_table(explanation: Explanation) -> Table:
    """Return strength, share, range and direction of all factors, the strongest first."""
    strength, share = explanation.mean_absolute, explanation.share
    shap, direction, error = explanation.shap, explanation.direction, explanation.standard_error
    heads = [
        "Rank", "Factor", "Kind", "Mean |SHAP|", "Share (%)", "Lowest", "Highest", "Higher values",
    ]  # fmt: skip
    body = [
        [rank, explanation.names[i], explanation.kinds[i], strength[i], 100 * share[i],
         shap[:, i].min(), shap[:, i].max(), _direction_cell(direction[i])]
        for rank, i in enumerate(explanation.order, 1)
    ]  # fmt: skip
    caption = (
        f"SHAP values of {rows_in_words(explanation)}, effect on the {unit_of(explanation)}: mean "
        "size, its share of the sum over all factors, lowest and highest value. Higher values: "
        "what they do, with the correlation of the factor's value and its SHAP value; none for "
        "classes without an order."
    )
    if error is not None:
        heads.append("Standard error")
        body = [[*row, error[i]] for row, i in zip(body, explanation.order)]
        caption += (
            " Standard error: of one SHAP value, from "
            f"{explanation.rounds} rounds of permutations (root mean square over the rows)."
        )
    digits = decimals(strength)
    each = [0, 0, 0, digits, 1, digits, digits, 0, digits + 1]
    return Table(heads, body, caption, each[: len(heads)])


def _direction_cell(correlation: float) -> str:
    words = higher_values(correlation)
    return words if correlation != correlation else f"{words} ({signed(correlation, 2)})"


def _swarm(explanation: Explanation, unit: str) -> list[Section]:
    names, shap = explanation.names, explanation.shap
    values = np.asarray(explanation.values, float)
    order = order_of(shap)[:MOST_SWARMS]
    count = "" if len(order) == len(names) else f" of the {len(order)} strongest factors"
    ids = explanation.ids or list(range(len(explanation)))
    data = {
        "factor": [names[i] for i in order for _ in ids],
        "sample": list(ids) * len(order),
        "value": values[:, order].T.ravel(),
        "shap": shap[:, order].T.ravel(),
    }
    return [
        Heading("In which direction they work"),
        Figure(
            beeswarm_figure(names, explanation.ordered, values, shap, unit),
            f"SHAP values{count}: a dot for each of {dots_in_words(explanation)}. Dots to the "
            f"right raise the {unit}, dots to the left lower it. Colour: the factor's value "
            "between its 5th and 95th percentile; grey: classes without an order.",
            data, "beeswarm",
        ),
    ]  # fmt: skip


def _waterfall(explanation: Explanation, sample: Sample, unit: str) -> list[Section]:
    texts = [
        factor_text(explanation, name, value)
        for name, value in zip(explanation.names, sample.values)
    ]
    labels, steps, ends = waterfall_steps(texts, sample.shap, explanation.base)
    observed = {0: ", observed stable", 1: ", observed subsidence"}.get(sample.label, "")
    return [
        Heading("How one prediction comes about"),
        Figure(
            waterfall_figure(texts, sample.shap, explanation.base, unit),
            f"{sample.title[:1].upper()}{sample.title[1:]}{observed}: from the mean {unit} of the "
            f"{explanation.background:,} background rows ({explanation.base:.3f}, at the bottom) "
            f"to the model's prediction ({sample.prediction:.3f}, at the top), a SHAP value a "
            "factor; orange raises, blue lowers. This one place says nothing about others.",
            {"step": labels, "shap": steps, "reached": ends}, "waterfall",
        ),
    ]  # fmt: skip


def _dependence(explanation: Explanation, ices: Sequence[Ice], unit: str) -> list[Section]:
    if not ices:
        return []
    rank = {explanation.names[i]: place for place, i in enumerate(explanation.order, 1)}
    ordered = sorted(ices, key=lambda ice: rank[ice.factor])
    sections: list[Section] = [Heading("How the prediction depends on each factor")]
    for start in range(0, len(ordered), MOST_PANELS):
        drawn = ordered[start : start + MOST_PANELS]
        ranks = [rank[ice.factor] for ice in drawn]
        figure, data = dependence_figure(explanation, drawn, ranks, unit)
        sections.append(Figure(
            figure, _dependence_caption(explanation, drawn, ranks, unit), data, "dependence",
        ))  # fmt: skip
    return sections


def _dependence_caption(
    explanation: Explanation, ices: Sequence[Ice], ranks: Sequence[int], unit: str
) -> str:
    several = "Factors" if len(ranks) > 1 else "Factor"
    which = f"{ranks[0]} to {ranks[-1]}" if len(ranks) > 1 else f"{ranks[0]}"
    most = max(len(ice.rows) for ice in ices)
    text = (
        f"{several} {which} of the ranking, effect on the {unit}. Dots: SHAP values of "
        f"{dots_in_words(explanation)}. Thin lines: ICE curves of {most:,} rows (the "
        "prediction when only this factor is changed), each moved to run through its row's dot. "
        "Orange: their mean (partial dependence). Extreme curves are cut off. Where curves are "
        "not parallel, other factors change the effect."
    )
    if len(ranks) > 1:
        text += " All panels of this figure have the same vertical range."
    return text + (" What codes stand for is told below." if explanation.categories else "")


def _interaction(explanation: Explanation, pair: Interaction, unit: str) -> list[Section]:
    figure, data = interaction_figure(explanation, pair, unit)
    strength = explanation.mean_absolute
    digits = decimals(strength)
    own = {name: strength[explanation.names.index(name)] for name in (pair.first, pair.second)}
    effects = " and ".join(f"{value:.{digits}f} ({name})" for name, value in own.items())
    text = (
        f"Together, {pair.first} and {pair.second} move the {unit} by {pair.strength:.{digits}f} "
        f"on average beyond the sum of what each does alone; their own mean |SHAP| is {effects}. "
        f"Friedman's H of the surface is {pair.h:.2f}: 0 means that the two simply add up, 1 that "
        "all of their joint effect is interaction."
    )
    return [
        Heading("Interaction of the two strongest factors"),
        Text(text),
        Figure(
            figure,
            f"Left: Shapley interaction of {pair.first} and {pair.second} in "
            f"{rows_in_words(explanation)}, coloured by {pair.second}. Right: mean {unit} of the "
            "background rows when both factors are set to the values on the axes; dots are the "
            "explained rows, and where none lie the model extrapolates.",
            data, "interaction",
        ),
    ]  # fmt: skip
