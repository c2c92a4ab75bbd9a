"""Whole or not at all: outputs are written aside and put in place together at the end."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Optional, Union

from .errors import OutputError, SubsidenceError
from .styles import keep_other_style

#: Files that belong to a data file and would describe it wrongly when it is replaced.
SIDECARS = (".aux.xml", ".ovr", ".msk", "-wal", "-shm", "-journal")


class Outputs:
    """Gives out temporary paths for targets and moves the finished files into place.

    Each target gets a hidden folder ``.NAME.partial-HOST-PID`` beside it, in which the file has
    its final name, so that sidecars and references inside files need no change. Leaving the
    block normally moves sidecars first and data files last; leaving it by an exception removes
    everything, also folders that were made for the targets. What a killed process left is removed
    by the next run.

    Parameters
    ----------
    *targets : str or None
        Final paths; None stands for an optional output that was not asked for.
    inputs : iterable of str
        Paths read by the job; writing over one of them is refused.
    """

    def __init__(self, *targets: Optional[str], inputs: Iterable[Optional[str]] = ()) -> None:
        self._targets = [Path(t).absolute() for t in targets if t]
        self._made: list[Path] = []
        sources = {_place(str(i).split("|")[0]) for i in inputs if i}
        for target in self._targets:
            if _place(target) in sources:
                raise OutputError(f"The output '{target}' is also an input; choose another name.")
            if os.path.isdir(target):
                raise OutputError(f"The output '{target}' is a folder; choose the name of a file.")
        if len(set(map(_place, self._targets))) < len(self._targets):
            raise OutputError("Two outputs have the same path; choose another name for one.")

    def __enter__(self) -> Outputs:
        try:
            for target in self._targets:
                self._prepare(target)
        except OSError as error:
            self._discard()
            raise OutputError(
                f"The output folder '{target.parent}' cannot be written to ({error.strerror}); "
                "choose another folder."
            ) from error
        return self

    def path(self, target: str) -> str:
        """Return where to write the file that will stand at ``target``."""
        final = Path(target).absolute()
        return str(self._folder(final) / final.name)

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        try:
            if kind is None:
                self._commit()
        finally:
            self._discard()
        text = str(value)
        for target in self._targets:  # the user knows nothing of the folders aside
            text = text.replace(str(self._folder(target)), str(target.parent))
        if isinstance(value, OSError):
            raise OutputError(
                f"The output cannot be written ({text}); choose another folder."
            ) from value
        if isinstance(value, SubsidenceError) and text != str(value):
            raise type(value)(text) from value

    def _prepare(self, target: Path) -> None:
        self._made += [p for p in target.parents if not os.path.exists(p)]
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target)
        self._folder(target).mkdir()

    def _commit(self) -> None:
        for target in self._targets:
            if not (self._folder(target) / target.name).exists():
                raise OutputError(f"The output '{target}' was not written.")
        try:
            for target in self._targets:
                for stale in _sidecars(target):
                    stale.unlink()
            for target in self._targets:
                self._move_sidecars(target)
            for target in self._targets:
                os.replace(self._folder(target) / target.name, target)
        except OSError as error:
            raise OutputError(
                f"The output '{target}' cannot be replaced ({error.strerror}); "
                "is it open in QGIS or another program?"
            ) from error

    def _move_sidecars(self, target: Path) -> None:
        for extra in self._folder(target).iterdir():
            if extra.is_dir():
                _move_files(extra, target.parent / extra.name)
            elif extra.name != target.name:
                place = target.parent / extra.name
                if extra.suffix == ".qml" and place.exists():  # of map.gpkg beside map.tif
                    keep_other_style(extra, place)
                os.replace(extra, place)

    def _discard(self) -> None:
        for target in self._targets:
            shutil.rmtree(self._folder(target), ignore_errors=True)
        for folder in sorted(self._made, reverse=True):  # the inner ones first
            with suppress(OSError):  # it holds what was written
                folder.rmdir()

    def _folder(self, target: Path) -> Path:
        return target.parent / f".{target.name}.partial-{host()}-{os.getpid()}"


def remove_leftovers(target: Path) -> None:
    """Remove what a killed process of this computer left beside ``target``."""
    pattern = re.compile(re.escape(f".{target.name}.partial-{host()}-") + r"(\d+)$")
    for folder in target.parent.iterdir():
        found = pattern.match(folder.name)
        if found and (int(found[1]) == os.getpid() or not alive(int(found[1]))):
            shutil.rmtree(folder, ignore_errors=True)


def _sidecars(target: Path) -> list[Path]:
    names = [target.name + s for s in SIDECARS]
    if not _shares_stem(target):  # the style may be that of map.tif, when map.csv is written
        names.append(target.stem + ".qml")
    if target.suffix == ".csv":
        names.append(target.stem + ".csvt")
    stale = [p for p in (target.parent / n for n in names) if p.exists()]
    if target.suffix == ".html":
        stale += (target.parent / data_folder(target)).glob("figure-*.csv")
    return stale


def data_folder(report: Path) -> str:
    """Return the name of the folder beside a report that has its figures' data as CSV."""
    return f"{report.stem}_data"


def _move_files(folder: Path, final: Path) -> None:
    """Move the files of a folder of sidecars; others that lie in the final one stay."""
    final.mkdir(exist_ok=True)
    for file in folder.iterdir():
        os.replace(file, final / file.name)


def _shares_stem(target: Path) -> bool:
    """Tell whether another data file beside ``target`` has its stem, and so its ``.qml``."""
    others = (p for p in target.parent.iterdir() if p.stem == target.stem and p != target)
    return any(p.suffix not in (".qml", ".csvt", ".json", ".html") for p in others)


def _place(path: Union[str, Path]) -> str:
    """Return one text for all ways to write a path (``..``, links, case on Windows)."""
    return os.path.normcase(os.path.realpath(path))


def host() -> str:
    """Return the name of this computer, in letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "", socket.gethostname()) or "host"


def alive(pid: int) -> bool:
    """Tell whether a process of this computer runs."""
    if os.name == "nt":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
