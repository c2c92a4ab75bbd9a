"""The card of a model file: everything but the weights, as one JSON object."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Optional

from ..errors import ModelFileError

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
class Card:
    """What a model file says of itself, in the order in which JSON shows it.

    ``hyperparameters`` are those of the architecture's declaration; where the members of an
    ensemble differ in them, ``member_hyperparameters`` has one such object a member (else it is
    empty). ``training`` says how the model was trained, ``rules`` are the class rules of the class
    stack (or None), ``split`` counts of rows a part, ``metrics`` by part, ``calibration`` None
    until the model was recalibrated (see ``calibration.calibrate``).
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
    format_version: int = FORMAT_VERSION

    def hyperparameters_of(self, member: int) -> dict[str, Any]:
        """Return the hyperparameters of one member."""
        own = self.member_hyperparameters
        return own[member] if own else self.hyperparameters

    def described_hyperparameters(self) -> list[str]:
        """Return lines for people: one for all members, or one a member where these differ."""
        sets = self.member_hyperparameters or [self.hyperparameters]
        texts = [", ".join(f"{name} {value}" for name, value in s.items()) for s in sets]
        if len(texts) == 1:
            return [f"Hyperparameters: {texts[0] or 'none'}"]
        return [f"Hyperparameters of member {i}: {text}" for i, text in enumerate(texts, 1)]

    @property
    def n_inputs(self) -> int:
        """Number of inputs of the model: one a factor, one a category of a categorical one."""
        return sum(factor.width for factor in self.factors)

    def to_json(self) -> str:
        """Return the card as JSON text (not a number becomes null)."""
        return json.dumps(_plain(asdict(self)), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Return the card that ``text`` holds.

        Raises
        ------
        ModelFileError
            The text is no JSON, of a newer format, or a value is missing or out of bounds.
        """
        try:
            content = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise ModelFileError(
                "The model file is damaged: its description is not valid JSON."
            ) from error
        if not isinstance(content, dict):
            raise ModelFileError("The model file is damaged: its description is no JSON object.")
        version = content.get("format_version")
        if version != FORMAT_VERSION:
            raise ModelFileError(
                f"The model file has format version {_short(version)}, this plugin reads "
                f"version {FORMAT_VERSION}; use the plugin version that wrote it."
            )
        _check_types(content)
        content["factors"] = _factors(content["factors"])
        known = {f.name for f in fields(cls)}
        card = cls(**{key: value for key, value in content.items() if key in known})
        if card.n_inputs > MAX_INPUTS:
            raise _damaged("factors", f"more than {MAX_INPUTS} inputs")
        return card


_TYPES = {
    "architecture": str, "factors": list, "hyperparameters": dict, "members": int, "scaling": str,
    "training": dict, "split": dict, "metrics": dict, "seeds": list, "versions": dict, "crs": str,
    "source": str,
}  # fmt: skip


def _check_types(content: dict) -> None:
    for name, kind in _TYPES.items():
        value = content.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise _damaged(name, "missing" if value is None else f"not a {kind.__name__}")
    if not 1 <= content["members"] <= MAX_MEMBERS:
        raise _damaged("members", f"{content['members']} instead of 1 to {MAX_MEMBERS}")
    if content["scaling"] != "minmax":
        raise _damaged("scaling", f"{_short(content['scaling'])} is not known")
    if not isinstance(content.get("calibration"), (dict, type(None))):
        raise _damaged("calibration", "not an object")
    _check_inner_types(content)
    own = content.get("member_hyperparameters", [])
    if not isinstance(own, list) or not all(isinstance(entry, dict) for entry in own):
        raise _damaged("member_hyperparameters", "not a list of objects")
    if own and len(own) != content["members"]:
        raise _damaged("member_hyperparameters", f"{len(own)} for {content['members']} members")


def _check_inner_types(content: dict) -> None:
    for name in ("split", "metrics"):
        for part in content[name].values():
            if not (isinstance(part, dict) and all(_number_or_none(v) for v in part.values())):
                raise _damaged(name, "not numbers by part")
    if not all(isinstance(version, str) for version in content["versions"].values()):
        raise _damaged("versions", "not text")
    if not all(isinstance(seed, int) for seed in content["seeds"]):
        raise _damaged("seeds", "not whole numbers")


def _factors(entries: list) -> list[Factor]:
    if not 1 <= len(entries) <= MAX_FACTORS:
        raise _damaged("factors", f"{len(entries)} instead of 1 to {MAX_FACTORS}")
    factors = [_factor(entry) for entry in entries]
    names = [factor.name.lower() for factor in factors]
    if len(set(names)) < len(names):
        raise _damaged("factors", "a name stands there twice")
    return factors


def _factor(entry: Any) -> Factor:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise _damaged("factors", "an entry has no name")
    name, kind = entry["name"], entry.get("kind")
    if kind not in KINDS:
        raise _damaged(f"factor {_short(name)}", f"the kind {_short(kind)} is not known")
    low, high = entry.get("minimum"), entry.get("maximum")
    if not (_finite(low) and _finite(high) and low <= high):
        raise _damaged(f"factor {_short(name)}", "minimum and maximum are not two ordered numbers")
    categories = entry.get("categories", [])
    if not isinstance(categories, list) or not all(_finite(value) for value in categories):
        raise _damaged(f"factor {_short(name)}", "the categories are not numbers")
    if any(b <= a for a, b in zip(categories, categories[1:])):
        raise _damaged(f"factor {_short(name)}", "the categories are not in ascending order")
    allowed = 1 <= len(categories) <= MAX_CATEGORIES if kind == "categorical" else not categories
    if not allowed:
        raise _damaged(f"factor {_short(name)}", f"{len(categories)} categories")
    return Factor(name, kind, float(low), float(high), tuple(float(v) for v in categories))


def _number_or_none(value: Any) -> bool:
    return value is None or isinstance(value, (int, float))


def _finite(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and abs(value) < 1e38


def _damaged(what: str, why: str) -> ModelFileError:
    return ModelFileError(f"The model file is damaged: {what}: {why}.")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _plain(value: Any) -> Any:
    """Return numpy numbers, tuples and not-a-numbers as what JSON has."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
