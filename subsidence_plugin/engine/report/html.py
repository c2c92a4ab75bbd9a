"""Writes a report: one HTML file with its figures inside, no network and no script needed.

The page keeps to the HTML and CSS that QGIS's result viewer (a QTextBrowser) draws as well.
"""

from __future__ import annotations

import csv
import math
import numbers
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Optional

from ..needs import need
from ..outputs import data_folder
from ..version import plugin_version
from .sections import (
    MISSING,
    Figure,
    Heading,
    Section,
    Table,
    Text,
    format_cell,
    head_lines,
)

__all__ = [
    "MISSING", "Figure", "Heading", "Section", "Table", "Text", "format_cell", "head_lines",
    "versions", "write_figure_data", "write_report",
]  # fmt: skip

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "resources" / "report.html"
#: Headings from which a page begins with its contents.
LONG_PAGE = 4
#: Packages whose version a report names when the computation has loaded them.
PACKAGES = {
    "numpy": "numpy", "scipy": "scipy", "torch": "torch", "sklearn": "scikit-learn",
    "shap": "shap", "optuna": "optuna", "matplotlib": "matplotlib",
    "osgeo": "GDAL",
}  # fmt: skip


def write_report(
    path: str,
    title: str,
    sections: Sequence[Section],
    lead: str = "",
    facts: Optional[Mapping[str, object]] = None,
) -> None:
    """Write a report.

    Figures and tables are numbered, and a page of several parts begins with its contents.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    title : str
        Heading of the page.
    sections : sequence of Heading, Text, Table, Figure
        Drawn in order; all text is escaped.
    lead : str
        First sentence: the honest result in plain words.
    facts : mapping, optional
        What the reader needs to repeat the run (data, rows, seed, settings), shown at the end
        before the date and the versions of the software.

    Raises
    ------
    MissingPackageError
        Jinja2 is not installed.
    """
    jinja2 = need("jinja2", "to write reports")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    links = write_figure_data(path, sections)
    shown = {key: str(value) for key, value in (facts or {}).items() if value not in (None, "")}
    if links:
        folder = data_folder(Path(path))
        shown["Figure data"] = f"CSV files in the folder {folder} beside this page"
    shown["Date"] = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    shown["Software"] = versions()
    page = template.render(
        title=title, lead=lead, sections=sections, facts=shown, csv=links,
        numbers=numbered(sections), parts=contents(sections),
    )  # fmt: skip
    Path(path).write_text(page, encoding="utf-8")


def numbered(sections: Sequence[Section]) -> dict[int, int]:
    """Return the number of each figure and of each captioned table, by place of the section."""
    counted = {"figure": 0, "table": 0}
    found = {}
    for place, section in enumerate(sections):
        if section.kind == "figure" or (section.kind == "table" and section.caption):
            counted[section.kind] += 1
            found[place] = counted[section.kind]
    return found


def contents(sections: Sequence[Section]) -> dict[int, str]:
    """Return the headings to list by place of the section; none for a short page.

    These are the headings of level 2, or of both levels where those of level 2 are few.
    """
    headings = {place: s for place, s in enumerate(sections) if isinstance(s, Heading)}
    parts = {place: s.text for place, s in headings.items() if s.level == 2}
    if len(parts) < LONG_PAGE:
        parts = {place: s.text for place, s in headings.items()}
    return parts if len(parts) >= LONG_PAGE else {}


def write_figure_data(path: str, sections: Sequence[Section]) -> dict[int, str]:
    """Write what the figures show as CSV beside the report.

    Returns
    -------
    dict
        Relative path of the CSV file by place of the figure among the sections.

    Raises
    ------
    ValueError
        The columns of a figure's data are not equally long.
    """
    folder = Path(path).parent / data_folder(Path(path))
    figures = [(place, s) for place, s in enumerate(sections) if isinstance(s, Figure)]
    links: dict[int, str] = {}
    for number, (place, section) in enumerate(figures, 1):
        if not section.data:
            continue
        lengths = {name: len(column) for name, column in section.data.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"The data of figure {number} are not equally long: {lengths}.")
        folder.mkdir(exist_ok=True)
        file = folder / f"figure-{number}-{section.name}.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(section.data)
            writer.writerows(zip(*(map(_short, column) for column in section.data.values())))
        links[place] = f"{folder.name}/{file.name}"
    return links


def _short(value: object) -> object:
    """Return floats with the seven digits that a picture or a check can need, NaN as nothing."""
    if value is None or (isinstance(value, numbers.Real) and math.isnan(value)):
        return ""
    if isinstance(value, numbers.Integral) or not isinstance(value, numbers.Real):
        return value
    return f"{value:.7g}"


def versions() -> str:
    """Return the versions of this plugin, Python and the numerical packages in use."""
    named = [f"Land Subsidence {plugin_version()}", f"Python {sys.version.split()[0]}"]
    for module, package in PACKAGES.items():
        if module not in sys.modules:
            continue
        version = getattr(sys.modules[module], "__version__", None)
        try:
            named.append(f"{package} {version or metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(named)
