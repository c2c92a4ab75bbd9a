"""Copies of numpy and scipy that stand before QGIS's own, and the versions to hold on to.

GDAL's bindings are compiled against one numpy: another one in front of it can break them, and
with them QGIS's own algorithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from .packages import BROKEN, Package
from .places import Copy, qgis_copy, same_folder
from .requirements import release

#: Packages that must stay those of QGIS.
HELD = ("numpy", "scipy")


def shadow_problems(packages: Sequence[Package], gdal_fault: str = "") -> list[str]:
    """Return one sentence for each fault among GDAL, numpy and scipy.

    Parameters
    ----------
    packages : sequence of Package
    gdal_fault : str
        Why GDAL's bindings cannot hand over arrays; empty where they can.
    """
    problems = [
        text
        for package in packages
        if package.name in HELD and package.copies
        for text in (_shadow(package), _exchanged(package))
        if text
    ]
    numpy = next((p for p in packages if p.name == "numpy"), None)
    if gdal_fault and numpy:
        problems.append(
            f"GDAL's bindings do not work with numpy {numpy.version} in {numpy.place} "
            f"({gdal_fault}): they were built with another one."
        )
    return problems


def _shadow(package: Package) -> str:
    first, own = package.copies[0], qgis_copy(list(package.copies))
    if own is None or own.version == first.version:  # a second copy of one version does no harm
        return ""
    return (
        f"{package.name} {first.version} in {first.folder} stands before QGIS's {package.name} "
        f"{own.version} in {own.folder}, which GDAL's bindings fit: remove it there (by hand in "
        "a folder of QPIP or 'pip --target'; elsewhere the pip line puts QGIS's version in place)."
    )


def _exchanged(package: Package) -> str:
    """Tell that the package was exchanged on disk, or that it was imported from elsewhere."""
    first = package.copies[0]
    if package.state == BROKEN or not package.version:
        return ""
    if not same_folder(first.folder, package.place):
        return (
            f"{package.name} {package.version} was imported from {package.place}, but now "
            f"{first.version} in {first.folder} stands first: start QGIS again and check once more."
        )
    if release(first.version) != release(package.version):
        return (
            f"{package.name} {package.version} runs, but {first.version} is installed in "
            f"{first.folder}: it was exchanged while QGIS ran, start QGIS again."
        )
    return ""


def constraints(packages: Sequence[Package], gdal_fault: str = "") -> list[str]:
    """Return what pip must hold on to, for example ``numpy==1.24.2``: QGIS's own versions.

    Where the only numpy is one that GDAL's bindings refuse, the version they were built with is
    gone; those that refuse numpy 2 were built with numpy 1.
    """
    held = []
    for package in packages:
        if package.name not in HELD:
            continue
        own = _own(package)
        if own is None:
            continue
        spoilt = package.name == "numpy" and gdal_fault and len(package.copies) < 2
        if spoilt and release(own.version) >= (2,):
            held.append("numpy<2")
        elif not spoilt:
            held.append(f"{package.name}=={own.version}")
    return held


def _own(package: Package) -> Optional[Copy]:
    known = Copy(package.version, package.place) if package.version else None
    return qgis_copy(list(package.copies)) or known
