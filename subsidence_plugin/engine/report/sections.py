"""What a report consists of: headings, text, tables and figures, as the page's template draws them.

Numbers become text here, and figures PNG pictures inside the page.
"""

from __future__ import annotations

import base64
import io
import numbers
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional, Union

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

MISSING, MINUS = "–", "\u2212"
#: Letters of a column head that stay in one line.
LONGEST_HEAD = 11
#: Width of the page's column in pixels; of a letter and of the margins of a cell in a table.
COLUMN, LETTER, MARGINS = 880, 7.4, 20


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

    @property
    def is_dense(self) -> bool:
        """Whether the table is too wide for the page at its usual size."""
        cells = [[len(cell["text"]) for cell in row] for row in self.body]
        heads = [max(map(len, head["lines"])) for head in self.heads]
        letters = [max(column) for column in zip(heads, *cells)]
        swatch = 14 if self.colours else 0
        return swatch + LETTER * sum(letters) + MARGINS * len(letters) > COLUMN

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
    def alternative(self) -> str:
        """What stands for the picture where it is not seen: the first sentence of the caption.

        Screen readers read the caption after it.
        """
        return self.caption.partition(". ")[0].rstrip(".")

    @property
    def picture(self) -> str:
        """The picture as a data URI (PNG: QTextBrowser draws no SVG inside a page)."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        buffer = io.BytesIO()
        FigureCanvasAgg(self.figure)
        self.figure.savefig(buffer, format="png", dpi=192, facecolor="white")
        return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


Section = Union[Heading, Text, Table, Figure]


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
    """Return a cell as text: floats with ``digits`` decimals, thousands set apart, or a dash.

    A minus is as long as in figures, and zero has none.
    """
    if value is None:
        return MISSING
    if isinstance(value, str):
        return value
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}".replace("-", MINUS)
    number = float(value)
    if number != number:
        return MISSING
    text = f"{number:,.{digits}f}"
    return text.replace("-", MINUS) if text.strip("-0.,") else text.lstrip("-")
