"""Writes a report: one HTML file with its figures inside, no network and no script needed.

The page keeps to the HTML and CSS that QGIS's result viewer (a QTextBrowser) draws as well.
"""

from __future__ import annotations

import base64
import csv
import io
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Union

from ..needs import need
from ..outputs import data_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "resources" / "report.html"
MISSING = "–"
#: Letters of a column head that stay in one line.
LONGEST_HEAD = 11
#: Packages whose version a report names when the computation has loaded them.
PACKAGES = {
    "numpy": "numpy", "scipy": "scipy", "torch": "torch", "sklearn": "scikit-learn",
    "shap": "shap", "optuna": "optuna", "osgeo": "GDAL",
}  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """A heading of level 2 or 3 (the title is level 1)."""

    text: str
    level: int = 2

    kind = "heading"


@dataclass(frozen=True)
class Text:
    """Plain text; a blank line begins a new paragraph."""

    text: str

    kind = "text"

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs."""
        return [part.strip() for part in self.text.split("\n\n") if part.strip()]


@dataclass(frozen=True)
class Table:
    """A table: numbers are set right, text left, None and NaN become a dash.

    Parameters
    ----------
    columns : sequence of str
        Column heads.
    rows : sequence of sequences
        Cells: text, whole numbers, floats or None.
    caption : str
        Says what was computed on which rows.
    digits : int or sequence of int
        Decimals of floats, for all columns or one number a column.
    groups : sequence of (str, int)
        A row above the heads: text and how many columns it spans.
    bold : collection of (row, column)
        Cells to set bold, for example the best of a row.
    colours : sequence of str, optional
        One HTML colour a row, drawn as a swatch before the row.
    numeric : collection of int, optional
        Columns to set right; default those without text.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    caption: str = ""
    digits: Union[int, Sequence[int]] = 3
    groups: Sequence[tuple[str, int]] = ()
    bold: Collection[tuple[int, int]] = ()
    colours: Optional[Sequence[str]] = None
    numeric: Optional[Collection[int]] = None

    kind = "table"

    @property
    def heads(self) -> list[dict]:
        """Column heads as lines, with their alignment."""
        return [
            {"lines": head_lines(head), "align": "right" if self._is_numeric(i) else "left"}
            for i, head in enumerate(self.columns)
        ]

    @property
    def body(self) -> list[list[dict]]:
        """Cells as text with their alignment and weight."""
        aligns = [head["align"] for head in self.heads]
        return [
            [
                {
                    "text": format_cell(value, self._decimals(column)),
                    "align": aligns[column],
                    "bold": (index, column) in self.bold,
                }
                for column, value in enumerate(row)
            ]
            for index, row in enumerate(self.rows)
        ]

    def _decimals(self, column: int) -> int:
        return self.digits if isinstance(self.digits, int) else self.digits[column]

    def _is_numeric(self, column: int) -> bool:
        if self.numeric is not None:
            return column in self.numeric
        return not any(isinstance(row[column], str) for row in self.rows)


@dataclass(frozen=True)
class Figure:
    """A matplotlib ``Figure`` (never pyplot's) with a caption that says what it shows.

    Parameters
    ----------
    figure : matplotlib Figure
    caption : str
        Says what was computed on which rows.
    data : mapping of str to sequence, optional
        What is drawn, as equally long columns: written as CSV into the folder beside the report.
    name : str
        Of that file, after ``figure-NUMBER-``; lower case and hyphens.
    """

    figure: MatplotlibFigure
    caption: str = ""
    data: Optional[Mapping[str, Sequence[object]]] = None
    name: str = "data"

    kind = "figure"

    @property
    def width(self) -> int:
        """Width on the page in CSS pixels."""
        return round(self.figure.get_size_inches()[0] * 96)

    @property
    def picture(self) -> str:
        """The picture as a data URI (PNG: QTextBrowser draws no SVG inside a page)."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        buffer = io.BytesIO()
        FigureCanvasAgg(self.figure)
        self.figure.savefig(buffer, format="png", dpi=192, facecolor="white")
        return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


Section = Union[Heading, Text, Table, Figure]


def write_report(
    path: str,
    title: str,
    sections: Sequence[Section],
    lead: str = "",
    facts: Optional[Mapping[str, object]] = None,
) -> None:
    """Write a report.

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
    shown = {key: str(value) for key, value in (facts or {}).items() if value not in (None, "")}
    shown["Date"] = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    shown["Software"] = versions()
    page = template.render(
        title=title,
        lead=lead,
        sections=sections,
        facts=shown,
        csv=write_figure_data(path, sections),
    )
    Path(path).write_text(page, encoding="utf-8")


def write_figure_data(path: str, sections: Sequence[Section]) -> dict[int, str]:
    """Write what the figures show as CSV beside the report.

    Returns
    -------
    dict
        Relative path of the CSV file by place of the figure among the sections.
    """
    folder = Path(path).parent / data_folder(Path(path))
    links: dict[int, str] = {}
    number = 0
    for place, section in enumerate(sections):
        if not isinstance(section, Figure):
            continue
        number += 1
        if not section.data:
            continue
        folder.mkdir(exist_ok=True)
        file = folder / f"figure-{number}-{section.name}.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(section.data)
            writer.writerows(zip(*section.data.values()))
        links[place] = f"{folder.name}/{file.name}"
    return links


def head_lines(text: str) -> list[str]:
    """Return a column head in one line, or in two where it is long, broken between words.

    QTextBrowser, left alone, breaks heads of narrow columns inside words.
    """
    breaks = [index for index, letter in enumerate(text) if letter == " "]
    if len(text) <= LONGEST_HEAD or not breaks:
        return [text]
    middle = min(breaks, key=lambda index: abs(2 * index - len(text)))
    return [text[:middle], text[middle + 1 :]]


def format_cell(value: object, digits: int = 3) -> str:
    """Return a cell as text: floats with ``digits`` decimals, thousands set apart, or a dash."""
    if value is None:
        return MISSING
    if isinstance(value, str):
        return value
    number = float(value)
    if number != number:
        return MISSING
    if number == int(number) and not isinstance(value, float):
        return f"{int(number):,}"
    return f"{number:,.{digits}f}"


def versions() -> str:
    """Return the versions of this plugin, Python and the numerical packages in use."""
    named = [f"Land Subsidence {_plugin_version()}", f"Python {sys.version.split()[0]}"]
    for module, package in PACKAGES.items():
        if module not in sys.modules:
            continue
        version = getattr(sys.modules[module], "__version__", None)
        try:
            named.append(f"{package} {version or metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(named)


def _plugin_version() -> str:
    for line in (ROOT / "metadata.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("version="):
            return line.partition("=")[2].strip()
    return ""
