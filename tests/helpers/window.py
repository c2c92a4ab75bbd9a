"""QGIS's real window for tests: ``run_window(script, folder)``; what a script may use is told in
``tools/window_inside.py``. A test file says ``pytestmark = WINDOW``.
"""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if not (ROOT / "tools" / "real_window.py").is_file():
    pytest.skip("the tools are not part of this copy", allow_module_level=True)
sys.path.append(str(ROOT / "tools"))

from real_window import WindowError, missing, run_window  # noqa: E402

#: Marks tests that need the window and skips them, with the reason, where there can be none.
WINDOW = [
    pytest.mark.window,
    pytest.mark.skipif(bool(missing()), reason=f"{missing()} is not installed (make setup)"),
]

__all__ = ["ROOT", "WINDOW", "WindowError", "missing", "run_window"]
