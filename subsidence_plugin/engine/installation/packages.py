"""The state of each package: version, place, whether it is recent enough and can be imported."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

from ..needs import DISTRIBUTIONS
from .places import Copy, copies, home_of, origin
from .requirements import Requirement

#: States of a package.
READY, MISSING, OUTSIDE, BROKEN = "ready", "missing", "other version needed", "broken"
#: Name to import by, where it is not the name to install by.
MODULES = {package: module for module, package in DISTRIBUTIONS.items()} | {"GDAL": "osgeo.gdal"}
#: What comes with QGIS and must fit together, before what the plugin asks for.
FOUNDATION = (Requirement("GDAL"), Requirement("numpy"), Requirement("scipy"))
#: What the plugin uses a package for.
PURPOSES = {
    "GDAL": "rasters and vector layers",
    "numpy": "all computing",
    "scipy": "statistics, gridding, neighbours",
    "torch": "networks and forecasters",
    "scikit-learn": "baselines, validation, sampling",
    "jenkspy": "natural breaks",
    "safetensors": "model files",
    "numba": "wetness index, faster tree models",
    "matplotlib": "figures of reports",
    "jinja2": "reports",
    "optuna": "tuning",
}


@dataclass(frozen=True)
class Package:
    """What was found of one package."""

    requirement: Requirement
    state: str
    version: str = ""
    place: str = ""
    origin: str = ""
    reason: str = ""
    copies: tuple[Copy, ...] = ()

    @property
    def name(self) -> str:
        """Name to install it by."""
        return self.requirement.name

    @property
    def purpose(self) -> str:
        """What the plugin uses it for."""
        return PURPOSES.get(self.name, "")

    @property
    def line(self) -> str:
        """One line for the log."""
        asked = f" (asked for: {self.requirement.bounds})" if self.requirement.bounds else ""
        if self.state == MISSING:
            return f"{self.name}: missing{asked}; for {self.purpose or 'the plugin'}"
        text = f"{self.name} {self.version}, {self.origin}: {self.place}"
        if self.state == OUTSIDE:
            return f"{text}; another version is needed{asked}"
        return f"{text}; cannot be imported: {self.reason}" if self.state == BROKEN else text


def inspect(requirement: Requirement) -> Package:
    """Look a package up and import it, since an installed one may still not load.

    Some copies bear no metadata (made by hand, or by an installer of QGIS): their version is the
    one that the imported package tells.
    """
    found = tuple(copies(requirement.name))
    module = MODULES.get(requirement.name, requirement.name.replace("-", "_"))
    top = module.partition(".")[0]
    place = _loaded_from(top) or home_of(top) or (found[0].folder if found else "")
    if not place:
        return Package(requirement, MISSING)
    version, reason = found[0].version if found else "", ""
    try:
        told = getattr(importlib.import_module(module), "__version__", "")
        place = _loaded_from(top) or place
        version = str(told or version)
    except Exception as error:  # whatever a broken package raises is the answer
        reason = " ".join(f"{type(error).__name__}: {error}".split())
    allowed = not version or requirement.allows(version)
    state = BROKEN if reason else READY if allowed else OUTSIDE
    return Package(requirement, state, version, place, origin(place), reason, found)


def _loaded_from(module: str) -> str:
    """Return the folder that a package in use came from; empty where it is not in use."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return ""
    path = Path(file)
    return str(path.parent.parent if path.stem == "__init__" else path.parent)
