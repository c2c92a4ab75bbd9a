"""Where packages lie: every copy that Python could import, and whether it came with QGIS.

Looked up through ``importlib.metadata``, so nothing is imported.
"""

from __future__ import annotations

import os
import site
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Optional

#: Origins of a package.
QGIS, VENV, USER, OTHER = (
    "beside QGIS", "virtual environment", "the user's own packages", "another place",
)  # fmt: skip


@dataclass(frozen=True)
class Copy:
    """One installed copy of a package: its version and the folder it is imported from."""

    version: str
    folder: str


def copies(name: str) -> list[Copy]:
    """Return all copies of a package on Python's path, the one that is imported first."""
    found: dict[str, Copy] = {}
    for version, folder in _distributions(name):
        # The same folder may stand on the path twice, or under the name of a link to it.
        key = os.path.normcase(os.path.realpath(folder))
        found.setdefault(key, Copy(version, os.path.normpath(folder)))
    return list(found.values())


def _distributions(name: str) -> Iterator[tuple[str, str]]:
    """Yield version and folder of what is installed under a name, leaving out torn remains."""
    for distribution in metadata.distributions(name=name):
        try:
            version = distribution.version
        except (AttributeError, KeyError, OSError, TypeError):  # without METADATA: by Python
            continue
        if version:
            yield version, str(distribution.locate_file(""))


def home_of(module: str) -> Optional[str]:
    """Return the folder that a package is imported from, None where there is no such package."""
    try:
        found = util.find_spec(module)
    except (ImportError, ValueError):  # a module that was set to None, or has no spec
        return None
    if found is None or not found.origin or found.origin in ("built-in", "frozen"):
        return None
    file = Path(found.origin)
    return str(file.parent.parent if found.submodule_search_locations else file.parent)


def qgis_folders() -> list[str]:
    """Return the folders that hold the bindings of GDAL and of QGIS."""
    homes = [home_of(module) for module in ("osgeo", "qgis")]
    return list(dict.fromkeys(home for home in homes if home))


def qgis_copy(found: list[Copy]) -> Optional[Copy]:
    """Return the copy that GDAL's bindings were built with.

    That is the one in their folder; else the last, since what users install stands before it.
    """
    for copy in found:
        if any(same_folder(copy.folder, home) for home in qgis_folders()):
            return copy
    return found[-1] if found else None


def origin(folder: str) -> str:
    """Return where a folder of packages belongs: one of ``QGIS VENV USER OTHER``."""
    if venv_of(folder):
        return VENV
    if any(same_folder(folder, home) for home in qgis_folders()):
        return QGIS
    return USER if same_folder(folder, site.getusersitepackages()) else OTHER


def venv_of(folder: str) -> Optional[Path]:
    """Return the virtual environment that a folder of packages belongs to, or None."""
    for parent in list(Path(folder).parents)[:3]:  # lib/python3.x/site-packages, on Windows fewer
        if (parent / "pyvenv.cfg").is_file():
            return parent
    return None


def same_folder(first: str, second: str) -> bool:
    """Tell whether two paths are one folder (links and the case of Windows considered)."""
    return os.path.normcase(os.path.realpath(first)) == os.path.normcase(os.path.realpath(second))
