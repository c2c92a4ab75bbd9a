"""What forecaster to train, and how; plain values, so that it can be stored and handed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Optional

from ..errors import InputError
from ..forecasters.declaration import ForecasterType
from ..forecasters.registry import GAPS, HORIZONS, WINDOWS, forecaster_type


@dataclass(frozen=True)
class ForecastRecipe:
    """A forecaster to be trained.

    Parameters
    ----------
    spatial, temporal, variant : str
        See ``forecasters.registry``.
    window, horizon, gap : int
        Input dates, target dates, and dates between them.
    hyperparameters, settings : dict
        Of the declaration; complete when made by ``forecast_recipe``.
    """

    spatial: str
    temporal: str
    variant: str = "lastmap"
    window: int = 60
    horizon: int = 10
    gap: int = 0
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> ForecasterType:
        """The declaration of its parts."""
        return forecaster_type(self.spatial, self.temporal, self.variant)

    @property
    def title(self) -> str:
        """As people write it."""
        return self.kind.title

    def as_dict(self) -> dict[str, Any]:
        """Return plain values from which ``ForecastRecipe(**values)`` is the same again."""
        return asdict(self)

    def with_values(self, values: Mapping[str, Any]) -> ForecastRecipe:
        """Return the recipe with some hyperparameters and settings replaced, each checked."""
        own, settings = self.kind.recipe_values(values)
        return forecast_recipe(
            **{
                **self.as_dict(),
                "hyperparameters": {**self.hyperparameters, **own},
                "settings": {**self.settings, **settings},
            }
        )


def forecast_recipe(
    spatial: str,
    temporal: str,
    variant: str = "lastmap",
    window: int = 60,
    horizon: int = 10,
    gap: int = 0,
    hyperparameters: Optional[Mapping[str, Any]] = None,
    settings: Optional[Mapping[str, Any]] = None,
) -> ForecastRecipe:
    """Return a complete, checked recipe.

    Raises
    ------
    InputError
        A name is not known or a number out of range.
    """
    kind = forecaster_type(spatial, temporal, variant)
    lengths = (("WINDOW", window, WINDOWS), ("HORIZON", horizon, HORIZONS), ("GAP", gap, GAPS))
    for name, value, (low, high) in lengths:
        if not low <= value <= high:
            raise InputError(f"{name} is {value}; allowed is {low} to {high} dates.")
    given = {k: v for k, v in (settings or {}).items() if v is not None}
    return ForecastRecipe(
        spatial, temporal, variant, int(window), int(horizon), int(gap),
        kind.checked(hyperparameters or {}), kind.checked_settings(given),
    )  # fmt: skip


def parse_values(lines: str) -> dict[str, float]:
    """Return numbers by name from text such as ``channels=16`` a line (or after commas).

    Raises
    ------
    InputError
        A part is no ``name=value``, or a name stands there twice.
    """
    values: dict[str, float] = {}
    for part in lines.replace(";", "\n").replace(",", "\n").splitlines():
        if not part.strip():
            continue
        name, sign, text = (piece.strip() for piece in part.partition("="))
        try:
            number = float(text)
        except ValueError:
            number = None
        if not (name and sign) or number is None:
            raise InputError(
                f"HYPERPARAMETERS holds '{part.strip():.40}'; write name=value, one a line, for "
                "example channels=16."
            )
        if name in values:
            raise InputError(f"HYPERPARAMETERS gives '{name:.40}' twice; remove one of them.")
        values[name] = number
    return values
