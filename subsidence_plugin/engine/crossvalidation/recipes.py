"""What is cross-validated: a model type or the recipe of a model file, and the baselines beside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..errors import InputError
from ..models.card import Card
from ..training.fit import Recipe, recipe_of, recipe_of_card
from ..training.settings import Settings


@dataclass(frozen=True)
class Candidate:
    """A model to cross-validate.

    Parameters
    ----------
    title : str
        As it is called in tables and figures.
    recipes : tuple of Recipe
        One a member; the mean of their probabilities is scored.
    is_baseline : bool
    configuration : str
        How it differs from the defaults, for the runs table.
    """

    title: str
    recipes: tuple[Recipe, ...]
    is_baseline: bool
    configuration: str

    @property
    def members(self) -> int:
        """Number of members trained a fold."""
        return len(self.recipes)


def main_candidate(
    model_type: str,
    assignments: str = "",
    members: Optional[int] = None,
    card: Optional[Card] = None,
) -> Candidate:
    """Return the model that the run is about.

    Parameters
    ----------
    model_type : str
        One of ``MODEL_TYPES``; not used where there is a card.
    assignments : str
        ``name=value`` lines, see ``parse_assignments``: hyperparameters and training settings.
    members : int, optional
        Default: as many as the card has, 1 without a card.
    card : Card, optional
        Of a model file whose recipe is taken: architecture, hyperparameters, settings.

    Raises
    ------
    InputError
    """
    given = parse_assignments(assignments)
    if members is not None and members < 1:
        raise InputError(f"MEMBERS is {members}; it must be at least 1.")
    if card is None:
        recipes = [_changed(recipe_of(model_type), given)] * (members or 1)
    else:
        count = members or card.members
        recipes = [
            _changed(recipe_of_card(card, index % card.members), given) for index in range(count)
        ]
    first = recipes[0]
    title = first.title if len(recipes) == 1 else f"{first.title}, {len(recipes)} members"
    return Candidate(title, tuple(recipes), not first.is_network, configuration(recipes))


def baseline_candidates(names: Sequence[str], main: Candidate) -> list[Candidate]:
    """Return the baselines with their defaults, without one that is the model itself."""
    found = []
    for name in names:
        recipe = recipe_of(name)
        if main.recipes == (recipe,):
            continue
        title = recipe.title if recipe.title != main.title else f"{recipe.title} (defaults)"
        found.append(Candidate(title, (recipe,), True, "default"))
    return found


def parse_assignments(text: str) -> dict[str, Any]:
    """Return names and values of ``name=value``, separated by line ends, ``;`` or ``,``.

    Values are whole numbers, numbers or words; names keep their case.

    Raises
    ------
    InputError
        A part has no ``=``, or a name stands there twice.
    """
    given: dict[str, Any] = {}
    for part in re.split(r"[\n;,]", text or ""):
        if not part.strip():
            continue
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not name or not value:
            raise InputError(
                f"HYPERPARAMETERS holds '{part.strip():.60}'; write name=value, one a line."
            )
        if name in given:
            raise InputError(f"HYPERPARAMETERS gives '{name:.40}' twice; leave one out.")
        given[name] = _value(value)
    return given


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _changed(recipe: Recipe, given: dict[str, Any]) -> Recipe:
    """Return the recipe with these hyperparameters and settings, all checked."""
    known = Settings().as_dict() if recipe.is_network else {"class_weights": "none"}
    settings = {n: _setting(n, value, known[n]) for n, value in given.items() if n in known}
    own = {name: value for name, value in given.items() if name not in settings}
    return recipe_of(
        recipe.architecture, {**recipe.hyperparameters, **own}, {**recipe.settings, **settings}
    )


def _setting(name: str, value: Any, default: Any) -> Any:
    """Return a training setting if it is of the default's type (its range is checked later)."""
    if isinstance(default, str):
        wanted, good = "a word", isinstance(value, str)
    elif isinstance(default, int):
        wanted, good = "a whole number", isinstance(value, int)
    else:
        wanted, good = "a number", isinstance(value, (int, float))
    if not good:
        raise InputError(f"HYPERPARAMETERS gives {name}={value!s:.40}; it must be {wanted}.")
    return value


def configuration(recipes: Sequence[Recipe]) -> str:
    """Return how recipes differ from the defaults, short enough for a table."""
    texts = list(dict.fromkeys(_differences(recipe) for recipe in recipes))
    if len(texts) > 1:
        return f"{len(texts)} settings: {texts[0]}; ..."
    return texts[0]


def _differences(recipe: Recipe) -> str:
    usual = recipe_of(recipe.architecture)
    before = {**usual.settings, **usual.hyperparameters}
    after = {**recipe.settings, **recipe.hyperparameters}
    changed = [f"{name}={_short(after[name])}" for name in after if after[name] != before[name]]
    return " ".join(changed) or "default"


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def described(candidate: Candidate) -> str:
    """Return hyperparameters and settings in words, for the end of a report."""
    recipe = candidate.recipes[0]
    listed = {**recipe.hyperparameters, **recipe.settings}
    text = ", ".join(f"{name} = {_short(value)}" for name, value in listed.items()) or "defaults"
    if candidate.members == 1:
        return text
    same = len(set(map(_differences, candidate.recipes))) == 1
    which = "all alike" if same else "the first"
    return f"{candidate.members} members, {which}: {text}"
