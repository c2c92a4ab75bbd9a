"""Which groups of runs are compared with which."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Optional

from ..errors import InputError
from ..progress import Progress
from .runs import Group

Pair = tuple[Group, Group]
#: Configurations that others are measured against where no baseline is named (R: manual).
REFERENCES = ("manual", "default")
AUTOMATIC, WITHIN, EVERY = range(3)


def choose_pairs(
    groups: Sequence[Group], baseline: str, scheme: int, progress: Progress
) -> list[Pair]:
    """Return the pairs (reference, other) to compare.

    Parameters
    ----------
    groups : sequence of Group
    baseline : str
        Name of a configuration (each model's other configurations are compared with it), of a
        model (all other models are), or the label of a group; case-blind. Empty: by ``scheme``.
    scheme : int
        0: configurations of the same model where a model has several (R, section 4.2), else all
        pairs; 1: only configurations of the same model; 2: all pairs.
    progress : Progress

    Raises
    ------
    InputError
        There is no such baseline, or nothing to compare.
    """
    if len(groups) < 2:
        only = groups[0].label if groups else "nothing"
        raise InputError(
            f"The runs tables hold only {only}; give runs of at least two models or "
            "configurations in RUNS."
        )
    if baseline:
        return _against(groups, baseline, progress)
    if scheme == EVERY:
        return list(combinations(groups, 2))
    pairs = _within(groups)
    if not pairs and scheme == WITHIN:
        raise InputError(
            "No model has two configurations to compare; choose all pairs (PAIRS), or name a "
            "BASELINE."
        )
    if not pairs:
        return list(combinations(groups, 2))
    compared = {group for pair in pairs for group in pair}
    single = [group.label for group in groups if group not in compared]
    if single:
        progress.warn(
            f"Configurations of the same model are compared; of {', '.join(single)} there is one "
            "only. Name it as BASELINE, or choose all pairs (PAIRS), to compare it with others."
        )
    return pairs


def _within(groups: Sequence[Group]) -> list[Pair]:
    """Return the pairs of configurations of the same model, the reference first."""
    pairs = []
    for model in dict.fromkeys(group.model for group in groups):
        own = [group for group in groups if group.model == model]
        own.sort(key=_as_reference)
        pairs += combinations(own, 2)
    return pairs


def _as_reference(group: Group) -> tuple[bool, int]:
    """Return the key that puts a plain "manual" or "default" first, then one with changes."""
    name = group.configuration.casefold()
    is_reference = name.startswith(REFERENCES)
    return not is_reference, len(name.split()) if is_reference else 0


def _against(groups: Sequence[Group], baseline: str, progress: Progress) -> list[Pair]:
    name = baseline.strip().casefold()
    configuration = [group for group in groups if group.configuration.casefold() == name]
    model = [group for group in groups if group.model.casefold() == name]
    label = [group for group in groups if group.label.casefold() == name]
    references = label or configuration or model
    if not references:
        raise InputError(
            f"There is no model or configuration '{baseline}' (BASELINE) in the runs tables; they "
            f"hold {', '.join(group.label for group in groups)}."
        )
    pairs, left = [], []
    for group in groups:
        if group in references:
            continue
        reference = _reference(group, references, by_model=references is configuration)
        if reference is None:
            left.append(group.label)
        else:
            pairs.append((reference, group))
    if left:
        progress.warn(
            f"{', '.join(left)} has no counterpart of the baseline '{baseline}' and is left out."
        )
    if not pairs:
        raise InputError(
            f"Nothing is left to compare with the baseline '{baseline}' (BASELINE); give runs of "
            "another model or configuration too."
        )
    return pairs


def _reference(group: Group, references: Sequence[Group], by_model: bool) -> Optional[Group]:
    """Return what a group is compared with: a sole reference, or the one of its own kind."""
    key = "model" if by_model else "configuration"
    same = [r for r in references if getattr(r, key) == getattr(group, key)]
    if same:
        return same[0]
    return references[0] if len(references) == 1 else None
