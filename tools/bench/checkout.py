"""Make the checkout importable as ``land_subsidence`` (the name it has inside QGIS)."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def load() -> Path:
    """Register the package and return the root of the checkout."""
    if "land_subsidence" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "land_subsidence", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
        )
        package = importlib.util.module_from_spec(spec)
        sys.modules["land_subsidence"] = package
        spec.loader.exec_module(package)
    return ROOT
