"""The card of a model file: everything but the weights, as one JSON object."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Optional

from ..errors import ModelFileError
from .members import MemberCard
from .plain_json import (
    check_member_hyperparameters,
    check_numbers_by_part,
    check_origin,
    check_types,
    check_version,
    damaged,
    dumped,
    is_finite,
    parsed_object,
    short,
)

FORMAT_VERSION = 1

#: ``classes`` are ordinal class codes (1..k), scaled as numbers; ``categorical`` is one-hot.
KINDS = ("continuous", "classes", "categorical")

#: Bounds that no honest model reaches; they keep a hostile card from costing memory or time.
MAX_FACTORS = 4096
MAX_CATEGORIES = 1024
MAX_INPUTS = 16384
MAX_MEMBERS = 1000


@dataclass(frozen=True)
class Factor:
    """One conditioning factor as the model was trained on it.

    Parameters
    ----------
    name : str
        Band description or field name; factors are matched by it.
    kind : str
        One of ``KINDS``.
    minimum, maximum : float
        Of the training rows, in the factor's own unit.
    categories : tuple of float
        Values seen in training, ascending; empty unless ``kind`` is ``categorical``.
    """

    name: str
    kind: str = "continuous"
    minimum: float = 0.0
    maximum: float = 1.0
    categories: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """Number of model inputs that this factor becomes."""
        return len(self.categories) if self.kind == "categorical" else 1


@dataclass
class Card(MemberCard):
    """What a model file says of itself, in the order in which JSON shows it.

    ``hyperparameters`` are those of the architecture's declaration; where the members of an
    ensemble differ in them, ``member_hyperparameters`` has one such object a member (else it is
    empty). ``training`` says how the model was trained, ``rules`` are the class rules of the class
    stack (or None), ``split`` counts of rows a part, ``metrics`` by part, ``calibration`` None
    until the model was recalibrated (see ``calibration.calibrate``), ``baseline`` the metrics by
    part of a logistic regression on the same rows (empty where it was not fitted).
    """

    architecture: str
    factors: list[Factor]
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    members: int = 1
    scaling: str = "minmax"
    rules: Optional[Any] = None
    training: dict[str, Any] = field(default_factory=dict)
    split: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    calibration: Optional[dict[str, Any]] = None
    seeds: list[int] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    crs: str = ""
    source: str = ""
    member_hyperparameters: list[dict[str, Any]] = field(default_factory=list)
    baseline: dict[str, Any] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    @property
    def n_inputs(self) -> int:
        """Number of inputs of the model: one a factor, one a category of a categorical one."""
        return sum(factor.width for factor in self.factors)

    def to_json(self) -> str:
        """Return the card as JSON text (not a number becomes null)."""
        return dumped(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Return the card that ``text`` holds.

        Raises
        ------
        ModelFileError
            The text is no JSON, of a newer format, of a forecaster, or a value is missing or
            out of bounds.
        """
        content = parsed_object(text)
        if content.get("kind") == "forecaster":
            raise ModelFileError(
                "This is a forecaster of deformation, not a model of susceptibility; use it in "
                "'Forecast deformation', or choose a file of a susceptibility training algorithm."
            )
        check_version(content, FORMAT_VERSION)
        _check_types(content)
        content["factors"] = _factors(content["factors"])
        known = {f.name for f in fields(cls)}
        card = cls(**{key: value for key, value in content.items() if key in known})
        if card.n_inputs > MAX_INPUTS:
            raise damaged("factors", f"more than {MAX_INPUTS} inputs")
        return card


_TYPES = {
    "architecture": str, "factors": list, "hyperparameters": dict, "members": int, "scaling": str,
    "training": dict, "split": dict, "metrics": dict, "seeds": list, "versions": dict, "crs": str,
    "source": str,
}  # fmt: skip


def _check_types(content: dict) -> None:
    check_types(content, _TYPES)
    if not 1 <= content["members"] <= MAX_MEMBERS:
        raise damaged("members", f"{content['members']} instead of 1 to {MAX_MEMBERS}")
    if content["scaling"] != "minmax":
        raise damaged("scaling", f"{short(content['scaling'])} is not known")
    if not isinstance(content.get("calibration"), (dict, type(None))):
        raise damaged("calibration", "not an object")
    # Files of before have no figures of a baseline.
    if not isinstance(content.setdefault("baseline", {}), dict):
        raise damaged("baseline", "not an object")
    check_numbers_by_part(content, ("split", "metrics", "baseline"))
    check_origin(content)
    check_member_hyperparameters(content)


def _factors(entries: list) -> list[Factor]:
    if not 1 <= len(entries) <= MAX_FACTORS:
        raise damaged("factors", f"{len(entries)} instead of 1 to {MAX_FACTORS}")
    factors = [_factor(entry) for entry in entries]
    names = [factor.name.lower() for factor in factors]
    if len(set(names)) < len(names):
        raise damaged("factors", "a name stands there twice")
    return factors


def _factor(entry: Any) -> Factor:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise damaged("factors", "an entry has no name")
    name, kind = entry["name"], entry.get("kind")
    if kind not in KINDS:
        raise damaged(f"factor {short(name)}", f"the kind {short(kind)} is not known")
    low, high = entry.get("minimum"), entry.get("maximum")
    if not (is_finite(low) and is_finite(high) and low <= high):
        raise damaged(f"factor {short(name)}", "minimum and maximum are not two ordered numbers")
    categories = entry.get("categories", [])
    if not isinstance(categories, list) or not all(is_finite(value) for value in categories):
        raise damaged(f"factor {short(name)}", "the categories are not numbers")
    if any(b <= a for a, b in zip(categories, categories[1:])):
        raise damaged(f"factor {short(name)}", "the categories are not in ascending order")
    allowed = 1 <= len(categories) <= MAX_CATEGORIES if kind == "categorical" else not categories
    if not allowed:
        raise damaged(f"factor {short(name)}", f"{len(categories)} categories")
    return Factor(name, kind, float(low), float(high), tuple(float(v) for v in categories))
