"""The reference of all algorithms, in every language, is that of the code."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "make_reference.py"


def test_the_reference_and_the_table_of_the_readme_are_as_generated(qgis_app):
    from qgis.core import Qgis

    if int(Qgis.QGIS_VERSION_INT) >= 32300:
        pytest.skip("the pages are generated with QGIS 3.22, newer ones may word numbers otherwise")
    if not shutil.which("lrelease"):
        pytest.skip("lrelease is not installed (qttools5-dev-tools)")
    done = subprocess.run(
        [sys.executable, str(TOOL), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run 'make reference': {done.stdout}{done.stderr[-500:]}"


def test_every_algorithm_is_in_every_reference_and_in_the_readme(qgis_app):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [
        (ROOT / "resources" / "help" / f"reference{suffix}.md").read_text(encoding="utf-8")
        for suffix in ("", "_de", "_vi")
    ]
    for algorithm in qgis_app.provider.algorithms():
        assert f"`{algorithm.name()}`" in readme, algorithm.name()
        assert all(f"`{algorithm.id()}`" in page for page in pages), algorithm.id()
