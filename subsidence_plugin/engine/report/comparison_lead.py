"""The honest result of a comparison of runs, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ..comparison.compare import Comparison
from ..comparison.metrics import larger_is_better
from ..comparison.runs import Runs
from ..validation.splits import TRAIN
from .comparison_names import decimals, group_names, short_configurations


def lead(runs: Runs, comparisons: Sequence[Comparison]) -> str:
    """Return the honest result: how many differences are real, what is best, what stays unseen."""
    tested = [c for c in comparisons if c.significant is not None]
    found = [c for c in tested if c.significant]
    many = "comparisons" if len(tested) != 1 else "comparison"
    verb = "is" if len(found) == 1 else "are"
    text = (
        f"Of {len(tested)} {many} on {runs.split} rows, {len(found) or 'none'} {verb} significant"
    )
    text += " after correction"
    if len(comparisons) > len(tested):
        text += f" ({len(comparisons) - len(tested)} more cannot be tested: no run differs)"
    text += _direction(found, tested) + "."
    text = f"{text} {best_in_words(runs, comparisons)}{_blind_spot(tested)}"
    if runs.split == TRAIN:
        text += " These rows were trained on: the figures flatter, and say little of new places."
    return text


def _direction(found: Sequence[Comparison], tested: Sequence[Comparison]) -> str:
    """Say which side won, where all comparisons have the same sides or the same reference."""
    if not found:
        return ""
    wins = sum(c.gain > 0 for c in found)
    sides = _sides(tested)
    if sides is None:
        references = list({c.a: None for c in tested})
        if len(references) > 1:
            return ""
        name = group_names(g for c in tested for g in (c.a, c.b))[references[0]]
        return f" ({wins} better than {name}, {len(found) - wins} worse)"
    new, old = sides
    if wins in (0, len(found)):
        better, worse = (new, old) if wins else (old, new)
        every = "all " if len(found) > 1 else ""
        return f", {every}in favour of {better} over {worse}"
    return f": {wins} in favour of {new}, {len(found) - wins} of {old}"


def _sides(tested: Sequence[Comparison]) -> Optional[tuple[str, str]]:
    """Return what all comparisons have as b and as a, None where they differ."""
    pairs = {(c.a, c.b) for c in tested}
    if len(pairs) == 1:
        a, b = next(iter(pairs))
        names = group_names((a, b))
        return names[b], names[a]
    sides = {(a.configuration, b.configuration) for a, b in pairs}
    if len(sides) != 1 or not is_paired(tested):
        return None
    old, new = next(iter(sides))
    short = short_configurations((old, new))
    return short[new], short[old]


def best_in_words(runs: Runs, comparisons: Sequence[Comparison]) -> str:
    """Return the sentence on the best mean of the first metric, and whether that is certain."""
    metric = runs.metrics[0]
    names = group_names(runs.groups)
    larger = larger_is_better(metric) is not False
    means = {group: float(runs.values[group][metric].mean()) for group in runs.groups}
    best, second = sorted(means, key=means.__getitem__, reverse=larger)[:2]
    digits = decimals(list(means.values()))
    what = "highest" if larger else "lowest"
    text = f"The {what} mean {metric} is that of {names[best]} ({means[best]:.{digits}f}); "
    rival = f"{names[second]} ({means[second]:.{digits}f})"
    shared = [c for c in comparisons if {c.a, c.b} == {best, second} and c.metric == metric]
    if not shared or shared[0].significant is None:
        return f"{text}the next, {rival}, was not tested against it."
    if shared[0].significant:
        return f"{text}it is significantly better than the next, {rival}."
    return f"{text}it cannot be told from the next, {rival}."


def _blind_spot(tested: Sequence[Comparison]) -> str:
    """Say which differences of the first metric the number of runs could not have shown."""
    if not tested:
        return ""
    own = [c for c in tested if c.metric == tested[0].metric]
    counts = sorted({n for c in own for n in (c.test.n_a, c.test.n_b)})
    repeats = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    reach = [(c.high - c.low) / 2 for c in own]
    low, high = min(reach), max(reach)
    digits = decimals([low], 2)
    shown = f"about {np.median(reach):.{digits}f}"
    if high > 1.5 * low:
        shown = f"{low:.{digits}f} (steady runs) to {high:.{digits}f} (scattered runs)"
    return (
        f" With {repeats} repeats, only differences in {own[0].metric} above {shown} could be told "
        "from chance."
    )


def is_paired(comparisons: Sequence[Comparison]) -> bool:
    """Tell whether configurations of the same model are compared, of more than one model."""
    models = {c.a.model for c in comparisons}
    return len(models) > 1 and all(c.a.model == c.b.model for c in comparisons)
