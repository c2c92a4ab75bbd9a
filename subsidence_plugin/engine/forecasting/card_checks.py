"""Bounds of every value in a forecaster's card: files may come from anybody."""

from __future__ import annotations

import re
from typing import Any

from ..models.card import MAX_MEMBERS
from ..models.plain_json import (
    check_member_hyperparameters,
    check_origin,
    check_types,
    damaged,
    is_finite,
    is_number_or_none,
    short,
)

#: Bounds that no honest forecaster reaches; they keep a hostile card from costing memory or time.
MAX_STEPS = 5000
MAX_COVARIATES = 256
MAX_SIDE = 100_000
MAX_COVERAGES = 100
NODES = ("cells", "points")
DATE = re.compile(r"\d{4}-\d\d-\d\d")

_TYPES = {
    "spatial": str, "temporal": str, "variant": str, "window": int, "horizon": int, "gap": int,
    "hyperparameters": dict, "members": int, "nodes": str, "shape": list, "covariates": list,
    "split": dict, "metrics": dict, "training": dict, "seeds": list, "versions": dict,
    "crs": str, "units": str, "component": str, "source": str, "first_date": str,
    "last_date": str,
}  # fmt: skip


def check_card(content: dict[str, Any]) -> None:
    """Raise ``ModelFileError`` where a value is missing, of a wrong type, or out of bounds."""
    check_types(content, _TYPES)
    for name, low, high in (
        ("window", 1, MAX_STEPS), ("horizon", 1, MAX_STEPS), ("gap", 0, MAX_STEPS),
        ("members", 1, MAX_MEMBERS),
    ):  # fmt: skip
        if not low <= content[name] <= high:
            raise damaged(name, f"{content[name]!s:.40} instead of {low} to {high}")
    _check_scale(content)
    _check_shape(content)
    _check_covariates(content["covariates"])
    _check_figures(content)
    check_origin(content)
    check_member_hyperparameters(content)
    if content.get("conformal") is not None:
        _check_conformal(content["conformal"], content["horizon"])


def _check_scale(content: dict[str, Any]) -> None:
    if not is_finite(content.get("mean")):
        raise damaged("mean", "no finite number")
    for name in ("std", "step_days", "cell_size"):
        value = content.get(name)
        if not is_finite(value) or not value > 0:
            raise damaged(name, f"{short(value)} instead of a number above 0")
    for name in ("first_date", "last_date", "seen_until"):
        value = content.get(name, "")
        if not isinstance(value, str) or (value and not DATE.fullmatch(value)):
            raise damaged(name, f"{short(value)} is no date")


def _check_shape(content: dict[str, Any]) -> None:
    if content["nodes"] not in NODES:
        raise damaged("nodes", f"{short(content['nodes'])} instead of {' or '.join(NODES)}")
    shape = content["shape"]
    whole = all(isinstance(side, int) and not isinstance(side, bool) for side in shape)
    if len(shape) not in (0, 2) or not whole or not all(1 <= side <= MAX_SIDE for side in shape):
        raise damaged("shape", f"{short(shape)} instead of rows and columns")


def _check_covariates(entries: list) -> None:
    if len(entries) > MAX_COVARIATES:
        raise damaged("covariates", f"{len(entries)} instead of at most {MAX_COVARIATES}")
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name:
            raise damaged("covariates", "an entry has no name")
        if not is_finite(entry.get("mean")):
            raise damaged(f"covariate {short(name)}", "the mean is no finite number")
        if not is_finite(entry.get("std")) or not entry["std"] > 0:
            raise damaged(f"covariate {short(name)}", "the std is no number above 0")
    names = [entry["name"].casefold() for entry in entries]
    if len(set(names)) < len(names):
        raise damaged("covariates", "a name stands there twice")


def _check_figures(content: dict[str, Any]) -> None:
    """Numbers by part; metrics may also be lists of at most one number a horizon."""
    for name in ("split", "metrics"):
        for part in content[name].values():
            if not isinstance(part, dict) or not all(
                _is_figure(value, content["horizon"]) for value in part.values()
            ):
                raise damaged(name, "not numbers by part")


def _is_figure(value: Any, horizon: int) -> bool:
    if isinstance(value, list):
        return len(value) <= horizon and all(map(is_number_or_none, value))
    return is_number_or_none(value)


def _check_conformal(conformal: Any, horizon: int) -> None:
    if not isinstance(conformal, dict):
        raise damaged("conformal", "not an object")
    coverages, quantiles = conformal.get("coverages"), conformal.get("quantiles")
    if not isinstance(coverages, list) or not 1 <= len(coverages) <= MAX_COVERAGES:
        raise damaged("conformal", "the coverages are no list")
    if not all(is_finite(c) and 0 < c < 1 for c in coverages):
        raise damaged("conformal", "a coverage is not between 0 and 1")
    if any(b <= a for a, b in zip(coverages, coverages[1:])):
        raise damaged("conformal", "the coverages are not in ascending order")
    _check_quantiles(quantiles, len(coverages), horizon)
    floor, ceiling = conformal.get("floor"), conformal.get("ceiling")
    if not (is_finite(floor) and is_finite(ceiling) and 0 <= floor <= ceiling):
        raise damaged("conformal", "floor and ceiling are not two ordered numbers of 0 or more")


def _check_quantiles(quantiles: Any, coverages: int, horizon: int) -> None:
    if not isinstance(quantiles, list) or len(quantiles) != coverages:
        raise damaged("conformal", "there is not one row of quantiles a coverage")
    for row in quantiles:
        if not isinstance(row, list) or len(row) != horizon:
            raise damaged("conformal", f"a row of quantiles has not {horizon} numbers")
        if not all(is_finite(q) and q >= 0 for q in row):
            raise damaged("conformal", "a quantile is no number of 0 or more")
    for lower, upper in zip(quantiles, quantiles[1:]):
        if any(b < a for a, b in zip(lower, upper)):
            raise damaged("conformal", "a higher coverage has a smaller quantile")
