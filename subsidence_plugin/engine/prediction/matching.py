"""Match the bands of a stack to the factors of a model, and see that they mean the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from ..classes.rules import Rule, load_rules, read_rule
from ..errors import InputError, ModelFileError
from ..models.card import Card
from ..progress import Progress


@dataclass(frozen=True)
class StackBand:
    """A band of a stack: 1-based index, name, kind, and the class rule it was made by, if any."""

    index: int
    name: str
    kind: str
    rule: Optional[str] = None


@dataclass(frozen=True)
class Match:
    """Bands in the order of the model's factors.

    ``rules`` holds, by position, the rule that turns a raw band into the class codes that the
    model knows; ``codes`` the positions that are class codes already (0 = no data).
    """

    bands: list[int]
    rules: dict[int, Rule]
    codes: list[int]


def match_bands(
    card: Card,
    bands: Sequence[StackBand],
    is_class_stack: bool,
    source: str,
    progress: Progress,
) -> Match:
    """Return the bands of the model's factors, matched by name whatever the case.

    A model of class codes takes a class stack made by the same rules, or, where its file holds
    the rules, the raw factors, which are then classified on the way.

    Parameters
    ----------
    card : Card
    bands : sequence of StackBand
    is_class_stack : bool
    source : str
        Path of the stack, for messages.
    progress : Progress
        Its log names surplus bands and bands of another kind.

    Raises
    ------
    InputError
        Factors are missing, or the stack holds classes where the model knows values or the
        other way round, or classes made by other rules.
    """
    by_name = {band.name.casefold(): band for band in bands}
    missing = [f.name for f in card.factors if f.name.casefold() not in by_name]
    if missing:
        raise InputError(
            f"The stack '{source}' lacks {len(missing)} of the model's {len(card.factors)} "
            f"factors: {', '.join(missing)}; its bands are {', '.join(b.name for b in bands)}."
        )
    chosen = [by_name[f.name.casefold()] for f in card.factors]
    surplus = [band.name for band in bands if band not in chosen]
    if surplus:
        progress.info(f"Bands that the model does not use: {', '.join(surplus)}.")
    known = card_rules(card)
    if is_class_stack:
        codes = _check_class_stack(card, chosen, known, source)
        return Match([b.index for b in chosen], {}, codes)
    rules = _rules_to_apply(card, known, source)
    if rules:
        progress.info(
            f"The stack holds raw factors; {len(rules)} are classified by the model's own rules."
        )
    _log_kinds(card, chosen, progress)
    return Match([b.index for b in chosen], rules, [])


def card_rules(card: Card) -> dict[str, Rule]:
    """Return the complete class rules in a card by case-folded factor name."""
    if not card.rules:
        return {}
    text = card.rules if isinstance(card.rules, str) else json.dumps(card.rules)
    try:
        rules = load_rules(text)
    except InputError as error:
        raise ModelFileError(f"The model file is damaged: its class rules: {error}") from error
    return {name.casefold(): rule for name, rule in rules.items() if rule.complete}


def _check_class_stack(
    card: Card, chosen: Sequence[StackBand], known: Mapping[str, Rule], source: str
) -> list[int]:
    raw = [f.name for f in card.factors if f.kind == "continuous"]
    if raw:
        raise InputError(
            f"The model was trained on values and '{source}' is a class stack ({', '.join(raw)}); "
            "give the factor stack that was sampled, or, if classes were sampled, train again on "
            "the GPKG of 'Extract samples' (a copy in memory or CSV does not say so)."
        )
    other = [
        band.name
        for factor, band in zip(card.factors, chosen)
        if factor.kind == "classes"
        and band.rule
        and factor.name.casefold() in known
        and not _same_classes(known[factor.name.casefold()], _rule(band))
    ]
    if other:
        raise InputError(
            f"The classes of {', '.join(other)} in '{source}' were made by other rules than those "
            "that the model was trained with; reclassify the factors with the model's rules."
        )
    return [i for i, factor in enumerate(card.factors) if factor.kind == "classes"]


def _rules_to_apply(card: Card, known: Mapping[str, Rule], source: str) -> dict[int, Rule]:
    coded = {i: f.name for i, f in enumerate(card.factors) if f.kind == "classes"}
    without = [name for name in coded.values() if name.casefold() not in known]
    if without:
        raise InputError(
            f"The model was trained on classes of {', '.join(without)}, but '{source}' is no "
            "class stack and the model file holds no rules for them; reclassify the factors first."
        )
    return {i: known[name.casefold()] for i, name in coded.items()}


def _log_kinds(card: Card, chosen: Sequence[StackBand], progress: Progress) -> None:
    for factor, band in zip(card.factors, chosen):
        if factor.kind != "classes" and factor.kind != band.kind:
            progress.warn(
                f"The factor '{factor.name}' is {factor.kind} in the model and {band.kind} in the "
                "stack; it is taken as the model has it."
            )


def _rule(band: StackBand) -> Rule:
    where = f"The class rule of the band '{band.name}'"
    try:
        content = json.loads(band.rule or "{}")
    except ValueError as error:
        raise InputError(f"{where} is not valid JSON; reclassify the factors again.") from error
    return read_rule(content, where)


def _same_classes(one: Rule, other: Rule) -> bool:
    """Tell whether two rules draw the same borders; labels and ranges may differ."""
    if "aspect" in (one.method, other.method):
        return one.method == other.method
    return one.breaks == other.breaks and one.values == other.values
