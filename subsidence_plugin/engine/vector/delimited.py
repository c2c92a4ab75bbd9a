"""Text tables with a header (csv), on a disk or inside a zip, read in blocks of lines."""

from __future__ import annotations

import csv
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import InputError

DELIMITERS = (",", ";", "\t", "|")
#: Bytes of text read at a time.
BLOCK = 4 * 2**20
#: Bytes in which a header must end (a header of 2,000 dates has some 20 kB).
HEADER_BYTES = 2**20
#: Rows looked at to tell texts from numbers.
SAMPLE_ROWS = 50
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError)


@dataclass(frozen=True)
class Delimited:
    """A table: where it lies, its delimiter, its header and its first rows.

    ``header_line`` is the number of the header's line, counted from 1; ``size`` the bytes of the
    table, unpacked; ``sample`` the first rows, split; ``decimal_comma`` tells whether 1,5 is a
    number.
    """

    path: str
    member: Optional[str]
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    size: int
    sample: tuple[tuple[str, ...], ...]
    decimal_comma: bool

    @property
    def name(self) -> str:
        """Return the file name for messages, with the name inside a zip."""
        file = Path(self.path)
        alone = self.member is None or Path(self.member).stem == file.stem
        return file.name if alone else f"{file.name}/{self.member}"

    @property
    def stem(self) -> str:
        """Return the name of the csv without folder and suffix."""
        return Path(self.member or self.path).stem

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[int, list[str], float]]:
        """Yield (number of the first line, lines, fraction read), the header left out."""
        with _opened(self.path, self.member) as stream:
            for _line in range(self.header_line):
                stream.readline()
            number, rest, read = self.header_line + 1, b"", 0
            while True:
                block = stream.read(size)
                read += len(block)
                whole, cut, rest = (rest + block).rpartition(b"\n")
                if not block:
                    whole, cut = rest, b""
                if whole or cut:
                    lines = _decoded(whole).split("\n")
                    yield number, lines, min(read / max(self.size, 1), 1.0)
                    number += len(lines)
                if not block:
                    return


def open_tables(path: str) -> list[Delimited]:
    """Return the table of a text file, or all csv files of a zip.

    Raises
    ------
    InputError
        The file is absent, no text, has no header or, a zip, no csv.
    """
    if not os.path.isfile(path):
        raise InputError(f"There is no file '{path}'; check INPUT.")
    if not zipfile.is_zipfile(path):
        if Path(path).suffix.lower() == ".zip":
            raise InputError(f"The file '{path}' is no whole zip; download it again.")
        return [_described(path, None)]
    with _archive(path) as archive:
        members = sorted(
            info.filename
            for info in archive.infolist()
            if Path(info.filename).suffix.lower() == ".csv"
            and not info.filename.startswith("__MACOSX")
        )
    if not members:
        raise InputError(f"The zip '{path}' holds no csv file; choose the zip of a product.")
    return [_described(path, member) for member in members]


@contextmanager
def _archive(path: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except BROKEN_ZIP as error:
        raise InputError(
            f"The zip '{path}' cannot be read ({error}); download it again, or unpack it."
        ) from error


@contextmanager
def _opened(path: str, member: Optional[str]) -> Iterator[io.BufferedIOBase]:
    """Yield the bytes of a table as a stream."""
    try:
        if member is None:
            with open(path, "rb") as stream:
                yield stream
        else:
            with _archive(path) as archive, archive.open(member) as stream:
                yield stream
    except OSError as error:
        raise InputError(
            f"The file '{path}' cannot be read ({error.strerror or error})."
        ) from error


def _described(path: str, member: Optional[str]) -> Delimited:
    name = f"{path}/{member}" if member else path
    with _opened(path, member) as stream:
        head = stream.read(HEADER_BYTES)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head:
        raise InputError(f"The file '{name}' is no text in UTF-8; save it as csv in UTF-8.")
    lines = _decoded(head).lstrip("\ufeff").split("\n")
    if len(head) == HEADER_BYTES:
        lines.pop()  # its end may be missing
    number = next(
        (i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), None
    )
    if number is None:
        raise InputError(f"The file '{name}' is empty; choose another.")
    delimiter = max(DELIMITERS, key=lines[number].count)
    if lines[number].count(delimiter) < 2:
        raise InputError(
            f"The file '{name}' has no header of columns divided by comma, semicolon, tab or |."
        )
    header = next(csv.reader([lines[number]], delimiter=delimiter))
    body = [line for line in lines[number + 1 :][:SAMPLE_ROWS] if line.strip()]
    sample = [tuple(row) for row in csv.reader(body, delimiter=delimiter)]
    values = [value for row in sample for value in row]
    comma = delimiter != "," and any("," in value for value in values)
    comma = comma and not any(_with_point(value) for value in values)
    size = os.path.getsize(path)
    if member:
        with _archive(path) as archive:
            size = archive.getinfo(member).file_size
    return Delimited(
        path, member, delimiter, tuple(name.strip() for name in header), number + 1, size,
        tuple(sample), comma,
    )  # fmt: skip


def _with_point(value: str) -> bool:
    whole, point, fraction = value.strip().lstrip("-+").partition(".")
    return bool(point) and (whole + fraction).isdigit()


def _decoded(data: bytes) -> str:
    r"""Return text with \n line ends, in UTF-8 or, where it is none, Latin-1."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n") if "\r" in text else text
