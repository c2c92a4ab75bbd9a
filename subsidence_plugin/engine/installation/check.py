"""The whole check: packages, faults among them, device, and the line that installs the rest."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ..progress import Progress
from .computer import Device, find_device, nvidia_driver
from .packages import FOUNDATION, MISSING, READY, Package, inspect
from .pip_line import CPU_INDEX, pip_line
from .requirements import Requirement, read_requirements
from .shadows import constraints, shadow_problems
from .target import Target, find_target


@dataclass(frozen=True)
class Installation:
    """What the check found."""

    system: str
    packages: Sequence[Package]
    problems: Sequence[str]
    device: Device
    target: Target
    pip_line: str
    notes: Sequence[str]

    @property
    def absent(self) -> list[str]:
        """Names of packages that are missing, of another version than needed, or broken."""
        return [package.name for package in self.packages if package.state != READY]

    @property
    def lead(self) -> str:
        """The result in a sentence."""
        if self.absent:
            uses = dict.fromkeys(p.purpose for p in self.packages if p.state != READY and p.purpose)
            return (
                f"{len(self.absent)} of {len(self.packages)} packages cannot be used: "
                f"{', '.join(self.absent)} (for {'; '.join(uses) or 'the plugin'})."
            )
        count = len(self.problems)
        if count:
            say = "a warning" if count == 1 else f"{count} warnings"
            return f"All {len(self.packages)} packages can be used, with {say}."
        return f"All {len(self.packages)} packages can be used; nothing needs to be done."

    @property
    def todo(self) -> str:
        """What to do with the line."""
        if not self.absent and not self.problems:
            return f"The line for this QGIS, for {self.target.shell} (not needed now):"
        return f"Type this line in {self.target.shell}, then start QGIS again:"


def check(progress: Progress, gdal_fault: str = "", qgis: str = "") -> Installation:
    """Look at everything; imports the packages, which takes some seconds.

    Parameters
    ----------
    progress : Progress
    gdal_fault : str
        Why GDAL's bindings cannot hand over arrays; empty where they can.
    qgis : str
        Version of QGIS, where it is known.
    """
    wanted = read_requirements()
    packages = []
    for index, requirement in enumerate([*FOUNDATION, *wanted]):
        progress(index / (len(FOUNDATION) + len(wanted) + 1))
        packages.append(inspect(requirement))
    progress.check()
    device, target = find_device(), find_target()
    line, notes = _line(packages, wanted, target, gdal_fault)
    problems = [*shadow_problems(packages, gdal_fault), *device.problems]
    return Installation(_system(qgis), packages, problems, device, target, line, notes)


def _line(
    packages: Sequence[Package], wanted: Sequence[Requirement], target: Target, gdal_fault: str
) -> tuple[str, list[str]]:
    """Return the pip line and what to know of it."""
    torch = next((package for package in packages if package.name == "torch"), None)
    lacks_torch = torch is not None and torch.state == MISSING
    cpu = lacks_torch and sys.platform.startswith("linux") and not nvidia_driver()
    notes = list(target.notes)
    if cpu:
        notes.append(
            "No NVIDIA GPU was found here, so PyTorch is taken from its index of CPU builds "
            f"({CPU_INDEX}): PyPI's would bring gigabytes for such GPUs."
        )
    if lacks_torch and sys.platform == "win32" and nvidia_driver():
        notes.append(
            "This installs PyTorch for the CPU; to use the NVIDIA GPU, add the index of builds "
            "that pytorch.org/get-started names."
        )
    return pip_line(target, constraints(packages, gdal_fault), wanted, cpu), notes


def _system(qgis: str) -> str:
    """Return what runs here."""
    name = platform.platform(terse=True)
    python = f"Python {platform.python_version()} in {sys.prefix}"
    return ", ".join(filter(None, [f"QGIS {qgis}" if qgis else "", python, name]))


def lines(found: Installation) -> list[str]:
    """Return the lines of the log."""
    return [
        f"{found.system}.",
        *(f"{package.line}." for package in found.packages),
        f"Device: {found.device.text}. {found.device.bfloat16}",
        f"Packages are installed into: {found.target.title}.",
        *found.notes,
        found.todo,
        found.pip_line,
        found.lead,
    ]


def table_columns(found: Installation) -> dict[str, list[str]]:
    """Return the packages as columns of a table."""
    packages = found.packages
    return {
        "package": [p.name for p in packages],
        "needed": [p.requirement.bounds for p in packages],
        "version": [p.version for p in packages],
        "state": [p.state for p in packages],
        "origin": [p.origin for p in packages],
        "place": [p.place for p in packages],
        "reason": [p.reason for p in packages],
        "purpose": [p.purpose for p in packages],
    }
