"""Rules that turn a factor into classes, kept as JSON and applied again to other rasters.

A rule either holds only a method and settings, and is worked out on the values of a run, or is
complete (breaks, or the list of unique values) and is applied as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from ..errors import InputError
from .breaks import FOUND, MAX_CLASSES, METHODS, check_breaks, find_breaks, short, unique_values
from .distribution import Distribution

ASPECT_LABELS = (
    "Flat", "North", "Northeast", "East", "Southeast", "South", "Southwest", "West", "Northwest",
)  # fmt: skip
KEYS = ("method", "classes", "breaks", "values", "labels", "minimum", "maximum", "kind")
EXAMPLE = '{"slope": {"method": "quantile", "classes": 4}}'


@dataclass(frozen=True)
class Rule:
    """How one factor becomes classes 1..k.

    Parameters
    ----------
    method : str
        One of ``METHODS``.
    classes : int, optional
        Number of classes, 2 to 255.
    breaks : tuple of float
        Inner breaks, ascending: class i holds (break i − 1, break i].
    values : tuple of float
        Method ``unique``: the value of each class, ascending.
    labels : tuple of str
        One a class.
    minimum, maximum : float, optional
        Range of the values on which the rule was found.
    kind : str
        ``continuous`` or ``categorical``: what the factor was before.
    """

    method: str
    classes: Optional[int] = None
    breaks: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    kind: str = "continuous"

    @property
    def complete(self) -> bool:
        """Tell whether the rule can be applied as it stands."""
        return bool(self.method == "aspect" or self.breaks or self.values)

    @property
    def count(self) -> int:
        """Number of classes of a complete rule."""
        if self.method == "aspect":
            return len(ASPECT_LABELS)
        return len(self.values) or len(self.breaks) + 1

    def bounds(self, code: int) -> tuple[Optional[float], Optional[float]]:
        """Return the lower (exclusive) and upper (inclusive) bound of class ``code``."""
        if self.method == "aspect":
            centre = 45.0 * (code - 2)
            return (None, None) if code == 1 else ((centre - 22.5) % 360, centre + 22.5)
        if self.values:
            return self.values[code - 1], self.values[code - 1]
        lower = self.breaks[code - 2] if code > 1 else self.minimum
        upper = self.breaks[code - 1] if code <= len(self.breaks) else self.maximum
        if lower is not None and upper is not None and lower > upper:
            return (lower, None) if code > 1 else (None, upper)
        return lower, upper

    def with_range(self, minimum: float, maximum: float) -> Rule:
        """Return the rule with the range of the values, where it has none and is not aspect."""
        known = self.minimum is not None or self.maximum is not None
        if self.method == "aspect" or known or minimum > maximum:
            return self
        return replace(self, minimum=short(minimum), maximum=short(maximum))

    def as_json(self) -> dict[str, Any]:
        """Return the rule as plain values, without what is not set."""
        plain = {key: getattr(self, key) for key in KEYS}
        plain["classes"] = self.count if self.complete else self.classes
        return {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items() if v or v == 0}


def settle(
    rule: Rule,
    distribution: Optional[Distribution],
    name: str,
    legend: Optional[Mapping[str, str]] = None,
) -> Rule:
    """Return the complete rule of a factor: breaks or values found, labels made.

    Parameters
    ----------
    rule : Rule
    distribution : Distribution, optional
        All valid values of the factor; not looked at where the rule is complete.
    name : str
        Name of the factor, for errors.
    legend : mapping of str to str, optional
        Names of the codes of a categorical factor.
    """
    if not rule.complete:
        if rule.method == "unique":
            rule = replace(rule, values=tuple(unique_values(distribution, name)))
        else:
            found = find_breaks(rule.method, distribution, rule.classes or 5, name)
            rule = replace(rule, breaks=tuple(found))
        rule = rule.with_range(distribution.minimum, distribution.maximum)
    if len(rule.labels) != rule.count:
        rule = replace(rule, labels=tuple(_labels(rule, legend or {})))
    return replace(rule, classes=rule.count)


def _labels(rule: Rule, legend: Mapping[str, str]) -> list[str]:
    if rule.method == "aspect":
        return list(ASPECT_LABELS)
    if rule.values:
        return [legend.get(f"{value:.9g}", f"{value:.9g}") for value in rule.values]
    inner = [f"{a:.6g} to {b:.6g}" for a, b in zip(rule.breaks, rule.breaks[1:])]
    return [f"≤ {rule.breaks[0]:.6g}", *inner, f"> {rule.breaks[-1]:.6g}"]


def load_rules(source: Optional[str]) -> dict[str, Rule]:
    """Return rules by factor name, from JSON text or the path of a JSON file.

    Raises
    ------
    InputError
        The file cannot be read, is not JSON, or a rule holds something unknown or impossible.
    """
    if source is None or not source.strip():
        return {}
    text, where = source, "RULES"
    if not source.lstrip().startswith("{"):
        where = f"RULES file '{source}'"
        try:
            text = Path(source.strip()).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise InputError(
                f"{where} cannot be read ({error}); give a JSON file or JSON text like {EXAMPLE}."
            ) from error
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{where} is not valid JSON ({error}); it should be like {EXAMPLE}."
        ) from (error)
    factors = content.get("factors", content) if isinstance(content, dict) else content
    if not isinstance(factors, dict) or not factors:
        raise InputError(f"{where} holds no rule of a factor; it should be like {EXAMPLE}.")
    return {str(name): read_rule(rule, f"{where}, '{name}'") for name, rule in factors.items()}


def read_rule(content: Any, where: str) -> Rule:
    """Return the rule that JSON describes (an object, or only the name of a method)."""
    if isinstance(content, str):
        content = {"method": content}
    if not isinstance(content, dict):
        raise InputError(f"{where}: a rule must be an object like {EXAMPLE}.")
    unknown = [key for key in content if key not in KEYS]
    if unknown:
        raise InputError(f"{where}: '{unknown[0]}' is not known; a rule has {', '.join(KEYS)}.")
    method = content.get("method", "manual" if content.get("breaks") else None)
    if method not in METHODS:
        raise InputError(f"{where}: the method '{method}' is not one of {', '.join(METHODS)}.")
    kind = content.get("kind", "continuous")
    if kind not in ("continuous", "categorical"):
        raise InputError(
            f"{where}: the kind '{kind}' is not 'continuous' or 'categorical'; write one."
        )
    rule = Rule(
        method=method,
        classes=_classes(content.get("classes"), where),
        breaks=_breaks(content.get("breaks"), method, where),
        values=_values(content.get("values"), method, where),
        labels=_texts(content.get("labels"), where),
        minimum=_number(content.get("minimum"), where),
        maximum=_number(content.get("maximum"), where),
        kind=kind,
    )
    _check_counts(rule, where)
    return rule


def rules_text(rules: Mapping[str, Rule]) -> str:
    """Return rules as the JSON text that ``load_rules`` reads."""
    factors = {name: rule.as_json() for name, rule in rules.items()}
    content = {"format": "land_subsidence class rules", "version": 1, "factors": factors}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _check_counts(rule: Rule, where: str) -> None:
    if rule.complete:
        if rule.classes not in (None, rule.count):
            raise InputError(
                f"{where}: 'classes' is {rule.classes}, but its breaks or values make "
                f"{rule.count}; leave 'classes' out."
            )
        if rule.labels and len(rule.labels) != rule.count:
            raise InputError(
                f"{where}: there are {len(rule.labels)} labels for {rule.count} classes; give "
                "one each."
            )
    elif rule.labels and rule.method in FOUND and len(rule.labels) != (rule.classes or 5):
        raise InputError(
            f"{where}: there are {len(rule.labels)} labels for {rule.classes or 5} classes; give "
            "one each."
        )


def _classes(value: Any, where: str) -> Optional[int]:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 2 <= value <= MAX_CLASSES:
        raise InputError(
            f"{where}: 'classes' is {value!r}, not a whole number from 2 to 255; mend it."
        )
    return value


def _breaks(value: Any, method: str, where: str) -> tuple[float, ...]:
    if method in ("aspect", "unique"):
        if value:
            raise InputError(f"{where}: the method '{method}' has no breaks; take them out.")
        return ()
    if not value and method != "manual":
        return ()
    return tuple(check_breaks(_numbers(value or [], "breaks", where), where))


def _values(value: Any, method: str, where: str) -> tuple[float, ...]:
    if not value:
        return ()
    if method != "unique":
        raise InputError(f"{where}: 'values' belong to the method 'unique', not '{method}'.")
    numbers = _numbers(value, "values", where)
    if len(numbers) > MAX_CLASSES or any(b <= a for a, b in zip(numbers, numbers[1:])):
        raise InputError(f"{where}: 'values' must be at most 255 numbers in ascending order.")
    return tuple(numbers)


def _numbers(value: Any, key: str, where: str) -> list[float]:
    if not isinstance(value, list):
        raise InputError(f"{where}: '{key}' must be a list of numbers.")
    return [_number(item, where) for item in value if item is not None]


def _number(value: Any, where: str) -> Optional[float]:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 3e38:
        raise InputError(f"{where}: {value!r} is not a number; mend it.")
    if value != value:
        raise InputError(f"{where}: NaN is not allowed as a number.")
    return float(value)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(f"{where}: 'labels' must be a list of texts.")
    return tuple(value)
