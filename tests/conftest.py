"""Make the checkout importable as ``land_subsidence``, the name it has inside QGIS."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

spec = importlib.util.spec_from_file_location(
    "land_subsidence", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
)
package = importlib.util.module_from_spec(spec)
sys.modules["land_subsidence"] = package
spec.loader.exec_module(package)
# What tests of several rooms share.
sys.path.insert(0, str(ROOT / "tests" / "helpers"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real data sets (``SUBSIDENCE_TEST_DATA``); skips where it is absent."""
    folder = os.environ.get("SUBSIDENCE_TEST_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SUBSIDENCE_TEST_DATA does not name the folder of real test data")
    return Path(folder)


@pytest.fixture(scope="session")
def ecuador(real_data) -> Path:
    """Folder of the Ecuador landslide data."""
    if not (real_data / "ecuador").is_dir():
        pytest.skip("SUBSIDENCE_TEST_DATA holds no folder 'ecuador'")
    return real_data / "ecuador"
