"""The packages that the plugin asks for: names and bounds of ``requirements.txt``."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from pathlib import Path

#: Ships with the plugin, beside ``metadata.txt``.
FILE = Path(__file__).resolve().parents[3] / "requirements.txt"
OPERATORS = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
    ">": operator.gt, "<": operator.lt,
}  # fmt: skip
BOUND = re.compile(r"(>=|<=|==|!=|>|<)\s*([0-9][0-9A-Za-z.+]*)")


@dataclass(frozen=True)
class Requirement:
    """A package by the name to install it by, and its bounds as in pip (empty: any version)."""

    name: str
    bounds: str = ""

    @property
    def text(self) -> str:
        """Name and bounds as pip takes them."""
        return self.name + self.bounds

    def allows(self, version: str) -> bool:
        """Tell whether a version is within the bounds."""
        return all(
            OPERATORS[sign](*_alike(release(version), release(bound)))
            for sign, bound in BOUND.findall(self.bounds)
        )


def read_requirements(path: Path = FILE) -> list[Requirement]:
    """Return the packages of a requirements file; comments and options of pip are skipped."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.match(r"([A-Za-z0-9][\w.-]*)\s*([^#;]*)", line.strip())
        if match:
            found.append(Requirement(match[1], match[2].replace(" ", "")))
    return found


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without what follows them ("2.13.0+cpu": 2, 13, 0)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def _alike(first: tuple[int, ...], second: tuple[int, ...]) -> tuple:
    """Return both with as many numbers, since 5 and 5.0 are one version."""
    length = max(len(first), len(second))
    return tuple(numbers + (0,) * (length - len(numbers)) for numbers in (first, second))
