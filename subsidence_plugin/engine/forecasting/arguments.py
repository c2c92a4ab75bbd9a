"""A recipe from the plain arguments of a job, and what it differs in from the declared defaults."""

from __future__ import annotations

from typing import Any, Optional

from ..errors import InputError
from ..forecasters.registry import SPATIAL, TEMPORAL, VARIANTS, forecaster_type
from .recipe import ForecastRecipe, forecast_recipe, parse_values


def recipe_from(
    spatial: int = 2,
    temporal: int = 1,
    variant: int = 0,
    window: int = 60,
    horizon: int = 10,
    gap: int = 0,
    hyperparameters: str = "",
    **settings: Any,
) -> ForecastRecipe:
    """Return the recipe of a job's arguments.

    Parameters
    ----------
    spatial, temporal, variant : int
        Places in the registry.
    window, horizon, gap : int
    hyperparameters : str
        Lines ``name=value``; training settings may stand among them.
    **settings
        ``epochs``, ``batch_size`` ...; None leaves a value at its default.

    Raises
    ------
    InputError
        A name is not known, a value out of range, or given twice.
    """
    names = [_nth(known, place) for known, place in (
        (SPATIAL, spatial), (TEMPORAL, temporal), (VARIANTS, variant))]  # fmt: skip
    own, training = forecaster_type(*names).recipe_values(parse_values(hyperparameters or ""))
    for name, value in settings.items():
        if value is None:
            continue
        if name in training:
            raise InputError(
                f"'{name}' stands in HYPERPARAMETERS and is given as {name.upper()} too; give it "
                "once."
            )
        training[name] = value
    return forecast_recipe(*names, window, horizon, gap, own, training)


def configuration(recipe: ForecastRecipe, lengths: bool = False) -> str:
    """Return a short name for runs tables: "manual" and what differs from the declared defaults.

    Parameters
    ----------
    recipe : ForecastRecipe
    lengths : bool
        Name window, horizon, gap and variant too.
    """
    kind = recipe.kind
    before: dict[str, Any] = {**kind.defaults, **kind.checked_settings({})}
    after = {**recipe.hyperparameters, **recipe.settings}
    changed = [f"{name}={value:g}" for name, value in after.items() if value != before[name]]
    if lengths:
        changed += [f"{n}={getattr(recipe, n)}" for n in ("window", "horizon", "gap", "variant")]
    return " ".join(["manual", *changed])


def _nth(known: dict, place: Optional[int]) -> str:
    names = list(known)
    if place is None or not 0 <= int(place) < len(names):
        raise InputError(f"There is no choice number {place}; use 0 to {len(names) - 1}.")
    return names[int(place)]
