"""The card of a forecaster's file: everything but the weights, as one JSON object."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Optional

from ..errors import ModelFileError
from ..models.card import MAX_MEMBERS
from ..models.members import MemberCard
from ..models.plain_json import check_version, dumped, parsed_object
from .card_checks import check_card

#: Entry ``kind`` of the JSON, by which a forecaster and a model of susceptibility are told apart.
KIND = "forecaster"
FORMAT_VERSION = 1

__all__ = ["FORMAT_VERSION", "KIND", "MAX_MEMBERS", "ForecasterCard"]


@dataclass
class ForecasterCard(MemberCard):
    """What a forecaster's file says of itself.

    Parameters
    ----------
    spatial, temporal, variant : str
        The architecture, see ``forecasters.registry``.
    window, horizon, gap : int
        Input dates, target dates, and dates between them (0: the next date is the first target).
    hyperparameters : dict
        Of all members, unless ``member_hyperparameters`` has one object a member.
    members : int
    mean, std : float
        Of the levels of the training part, mm.
    step_days : float
        Median number of days between dates.
    cell_size : float
        Metres; where the nodes are points, the median distance to the nearest other point.
    nodes : {"cells", "points"}
    shape : list of int
        Rows and columns of the grid trained on; empty where any grid will do.
    covariates : list of dict
        ``name``, ``mean`` and ``std`` of each static covariate, in order.
    split : dict
        ``dates`` and ``windows`` by part.
    metrics : dict
        Numbers (or lists of numbers, one a horizon) by part or baseline.
    conformal : dict, optional
        ``coverages``, ``quantiles`` (a list of F numbers a coverage), ``floor``, ``ceiling``; None
        where intervals were not calibrated.
    training, seeds, versions, crs, units, component, source
        How, with what, and on what it was trained.
    first_date, last_date : str
        ISO dates of the data trained on.
    seen_until : str
        ISO date of the last target that decided something (training and validation part).
    member_hyperparameters : list of dict
    """

    spatial: str
    temporal: str
    variant: str
    window: int
    horizon: int
    gap: int = 0
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    members: int = 1
    mean: float = 0.0
    std: float = 1.0
    step_days: float = 6.0
    cell_size: float = 100.0
    nodes: str = "cells"
    shape: list[int] = field(default_factory=list)
    covariates: list[dict[str, Any]] = field(default_factory=list)
    split: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    conformal: Optional[dict[str, Any]] = None
    training: dict[str, Any] = field(default_factory=dict)
    seeds: list[int] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    crs: str = ""
    units: str = "mm"
    component: str = ""
    source: str = ""
    first_date: str = ""
    last_date: str = ""
    seen_until: str = ""
    member_hyperparameters: list[dict[str, Any]] = field(default_factory=list)
    format_version: int = FORMAT_VERSION

    @property
    def architecture(self) -> str:
        """Name of the pair of encoders, for example ``resnet-transformer``."""
        return f"{self.spatial}-{self.temporal}"

    @property
    def covariate_names(self) -> list[str]:
        """Names of the static covariates in the order of the model's channels."""
        return [entry["name"] for entry in self.covariates]

    def to_json(self) -> str:
        """Return the card as JSON text (not a number becomes null)."""
        return dumped({"kind": KIND, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> ForecasterCard:
        """Return the card that ``text`` holds.

        Raises
        ------
        ModelFileError
            The text is no JSON, no forecaster, of a newer format, or a value is missing or out of
            bounds.
        """
        content = parsed_object(text)
        if content.get("kind") != KIND:
            raise ModelFileError(
                "This is no forecaster but a model of susceptibility; choose a file written by "
                "'Train forecaster' or 'Tune forecaster'."
                if "architecture" in content
                else "This is no forecaster of this plugin; choose a file written by 'Train "
                "forecaster' or 'Tune forecaster'."
            )
        check_version(content, FORMAT_VERSION)
        check_card(content)
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in content.items() if key in known})
