"""Cards as plain JSON: written without surprises, read with every surprise refused."""

from __future__ import annotations

import json
import math
from typing import Any

from ..errors import ModelFileError


def dumped(content: dict[str, Any]) -> str:
    """Return JSON text (numpy numbers and tuples as what JSON has, not a number as null)."""
    return json.dumps(_plain(content), ensure_ascii=False, sort_keys=True)


def parsed_object(text: str) -> dict[str, Any]:
    """Return the object that ``text`` holds.

    Raises
    ------
    ModelFileError
        The text is no JSON, or no object.
    """
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(
            "The model file is damaged: its description is not valid JSON."
        ) from error
    if not isinstance(content, dict):
        raise ModelFileError("The model file is damaged: its description is no JSON object.")
    return content


def check_version(content: dict[str, Any], version: int) -> None:
    """Raise ``ModelFileError`` unless the object has this format version."""
    found = content.get("format_version")
    if found != version or isinstance(found, bool):
        raise ModelFileError(
            f"The model file has format version {short(found)}, this plugin reads version "
            f"{version}; use the plugin version that wrote it."
        )


def check_types(content: dict[str, Any], types: dict[str, type]) -> None:
    """Raise ``ModelFileError`` unless the object has values of these types (no truth values)."""
    for name, kind in types.items():
        value = content.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise damaged(name, "missing" if value is None else f"not a {kind.__name__}")


def damaged(what: str, why: str) -> ModelFileError:
    """Return the error that says what of a card is wrong, and why."""
    return ModelFileError(f"The model file is damaged: {what}: {why}.")


def short(value: Any) -> str:
    """Return a value for an error's text, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def is_finite(value: Any) -> bool:
    """Tell whether a value is a number that single precision holds."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and abs(value) < 1e38


def is_number_or_none(value: Any) -> bool:
    """Tell whether a value may stand in a table of numbers with gaps."""
    return value is None or isinstance(value, (int, float))


def check_numbers_by_part(content: dict[str, Any], names: tuple[str, ...]) -> None:
    """Raise ``ModelFileError`` unless the entries are objects of objects of numbers or null."""
    for name in names:
        for part in content[name].values():
            if not (isinstance(part, dict) and all(map(is_number_or_none, part.values()))):
                raise damaged(name, "not numbers by part")


def check_origin(content: dict[str, Any]) -> None:
    """Raise ``ModelFileError`` unless versions are text and seeds whole numbers."""
    if not all(isinstance(version, str) for version in content["versions"].values()):
        raise damaged("versions", "not text")
    if not all(isinstance(seed, int) for seed in content["seeds"]):
        raise damaged("seeds", "not whole numbers")


def check_member_hyperparameters(content: dict[str, Any]) -> None:
    """Raise ``ModelFileError`` unless there is one object a member, or none at all."""
    own = content.get("member_hyperparameters", [])
    if not isinstance(own, list) or not all(isinstance(entry, dict) for entry in own):
        raise damaged("member_hyperparameters", "not a list of objects")
    if own and len(own) != content["members"]:
        raise damaged("member_hyperparameters", f"{len(own)} for {content['members']} members")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
