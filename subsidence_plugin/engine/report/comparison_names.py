"""What groups of runs and their comparisons are called in a report, without what all share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..comparison.compare import Comparison
from ..comparison.runs import Group

#: Letters of a name beside a figure.
LONGEST = 52
#: What is compared with one reference.
EACH = "each"


def group_names(groups: Iterable[Group]) -> dict[Group, str]:
    """Return a name a group: the model where all have one configuration, else both."""
    groups = list(groups)
    short = short_configurations(group.configuration for group in groups)
    if len(short) == 1:
        return {group: group.model for group in groups}
    if len({group.model for group in groups}) == 1:
        return {group: short[group.configuration] or group.model for group in groups}
    return {group: Group(group.model, short[group.configuration]).label for group in groups}


def short_configurations(configurations: Iterable[str]) -> dict[str, str]:
    """Return the configurations without the settings that all of them share.

    A configuration is a name and what was changed: "default epochs=50 dropout=0.1".
    """
    different = list(dict.fromkeys(configurations))
    words = {text: text.split() for text in different}
    shared = set.intersection(*(set(own[1:]) for own in words.values())) if different else set()
    if len(different) < 2:
        return {text: text for text in different}
    short = {
        text: " ".join(own[:1] + [word for word in own[1:] if word not in shared])
        for text, own in words.items()
    }
    if len({" ".join(own[:1]) for own in words.values()}) == 1:  # "default" before all of them
        short = {text: own.partition(" ")[2] or own for text, own in short.items()}
    return short if len(set(short.values())) == len(short) else {text: text for text in different}


def pair_names(comparisons: Sequence[Comparison]) -> tuple[dict[tuple, str], tuple[str, str]]:
    """Return a short name of each pair (a, b), and what its b and its a are: tuned, manual.

    Pairs of the same two configurations are named by model (R, Figure 4), pairs with one
    reference by what is measured against it, others by both sides.
    """
    pairs = list(dict.fromkeys((c.a, c.b) for c in comparisons))
    within = all(a.model == b.model for a, b in pairs)
    sides = {(a.configuration, b.configuration) for a, b in pairs}
    if within and len(sides) == 1 and len(pairs) > 1:
        old, new = next(iter(sides))
        short = short_configurations((old, new))
        return {pair: shortened(pair[0].model) for pair in pairs}, (short[new], short[old])
    names = group_names(group for pair in pairs for group in pair)
    if len({a for a, _b in pairs}) == 1:
        reference = names[pairs[0][0]]
        return {pair: shortened(names[pair[1]]) for pair in pairs}, (EACH, reference)
    return {(a, b): _both(a, b, names) for a, b in pairs}, ("the first", "the second")


def shortened(text: str, most: int = LONGEST) -> str:
    """Return the text, cut with an ellipsis where it is too long for a figure."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def decimals(values: Sequence[float], figures: int = 3) -> int:
    """Return the decimals with which the largest of the values has so many figures (2 to 6)."""
    known = np.abs([value for value in values if np.isfinite(value)])
    largest = float(known.max()) if len(known) else 0.0
    if largest == 0:
        return figures
    return int(np.clip(figures - 1 - np.floor(np.log10(largest)), 2, 6))


def signed(value: float, digits: int) -> str:
    """Return a number with its sign, and 0 without one."""
    text = f"{value:+.{digits}f}"
    return text if float(text) else text[1:]


def _both(a: Group, b: Group, names: dict[Group, str]) -> str:
    if a.model == b.model and len({group.model for group in names}) > 1:
        short = short_configurations((a.configuration, b.configuration))
        old, new = short[a.configuration], short[b.configuration]
        return f"{shortened(b.model, 20)}: {shortened(new, 20)} / {shortened(old, 20)}"
    return f"{shortened(names[b], LONGEST // 2)} / {shortened(names[a], LONGEST // 2)}"
