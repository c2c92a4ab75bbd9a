"""The help texts of ``resources/help``: one file an algorithm, in sections, English.

A file has the sections ``[what]``, ``[when]``, ``[how]``, ``[reference]`` and ``[example]``.
Paragraphs are parted by empty lines and may use ``<i>``, ``<b>``, ``<code>``, ``<ul>`` and
``<li>``; each is one text of the translations. A reference is ``hanoi: Section 5``,
``rhineland: Section 3.2`` or the work itself; an example has ``NAME=value`` lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "help"
SECTIONS = ("what", "when", "how", "reference", "example")
HEADING = re.compile(r"^\[(\w+)\]$", re.MULTILINE)
#: The two papers of the plugin, as their references begin.
PAPERS = {
    "hanoi": "Nguyen Thanh Tuan, Phan Trong Trinh, Khac Vu Dang et al. (2026): Deep "
    "learning-based mapping of land subsidence susceptibility using InSAR and geospatial data",
    "rhineland": "Spatiotemporal Prediction of Ground Surface Deformation Using TPE-Optimized "
    "Deep Learning, Remote Sensing, 11 January 2026",
}


@dataclass(frozen=True)
class HelpText:
    """Texts of one algorithm as they stand in its file: English, markup kept.

    Attributes
    ----------
    what, when, how : tuple of str
        Paragraphs.
    references : tuple of (str, str)
        A paper's key (or the work itself) and the place in it, which may be empty.
    example : dict of str to tuple of str
        Parameter and its values (several of a list).
    """

    what: tuple[str, ...]
    when: tuple[str, ...]
    how: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    example: dict[str, tuple[str, ...]]


@cache
def help_text(name: str) -> HelpText:
    """Return the texts of the algorithm (or family of algorithms) called ``name``.

    Raises
    ------
    OSError, KeyError
        The file, or one of its sections, is missing.
    """
    sections = parsed((FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
    return HelpText(
        *(paragraphs(sections[section]) for section in SECTIONS[:3]),
        references=tuple(_reference(line) for line in _lines(sections["reference"])),
        example=_example(sections["example"]),
    )


def parsed(text: str) -> dict[str, str]:
    """Return the sections of a file by their names."""
    parts = HEADING.split(text)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2])}


def paragraphs(body: str) -> tuple[str, ...]:
    """Return the paragraphs, each as one line: QGIS makes a paragraph of every line of a help."""
    return tuple(" ".join(part.split()) for part in re.split(r"\n\s*\n", body) if part.strip())


def _lines(body: str) -> list[str]:
    return [line.strip() for line in body.splitlines() if line.strip()]


def _reference(line: str) -> tuple[str, str]:
    work, _colon, place = line.partition(": ")
    return (work, place) if work in PAPERS else (line, "")


def _example(body: str) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for line in _lines(body):
        name, _equals, value = line.partition("=")
        values[name] = (*values.get(name, ()), value)
    return values
