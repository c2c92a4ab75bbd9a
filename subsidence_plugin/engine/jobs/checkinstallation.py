"""Job of ``checkinstallation``: packages, device and the pip line, to the log and a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ..installation.check import check, lines, table_columns
from ..installation.page import installation_page
from ..outputs import Outputs
from ..progress import Progress


def run(
    progress: Progress, qgis: str = "", table: Optional[str] = None, report: Optional[str] = None
) -> dict[str, Any]:
    """Check what is installed; a fault is a warning, never a failure.

    Parameters
    ----------
    qgis : str
        Version of QGIS.
    table : str, optional
        Table to write, a row a package.
    report : str, optional
        HTML page to write.

    Returns
    -------
    dict
        ``PIP_LINE``, ``SHELL`` (where it is typed), ``DEVICE``, ``MISSING`` (names,
        comma-separated) and ``WARNINGS`` (count).
    """
    with Outputs(table, report) as outputs:
        found = check(progress, gdal_fault(), qgis)
        for line in lines(found):
            progress.info(line)
        for problem in found.problems:
            progress.warn(problem)
        if table:
            from ..vector.write import write_table

            kind = {"SUBSIDENCE_KIND": "installation"}
            write_table(outputs.path(table), table_columns(found), kind)
        if report:
            Path(outputs.path(report)).write_text(installation_page(found), encoding="utf-8")
        progress(1.0)
    return {
        "PIP_LINE": found.pip_line,
        "SHELL": found.target.shell,
        "DEVICE": found.device.text,
        "MISSING": ", ".join(found.absent),
        "WARNINGS": len(found.problems),
    }


def gdal_fault() -> str:
    """Return why GDAL's bindings cannot hand arrays to the running numpy; empty where they can."""
    try:
        import numpy as np
        from osgeo import gdal_array

        dataset = gdal_array.OpenArray(np.ones((2, 2), dtype=np.float32))
        total = float(dataset.ReadAsArray().sum())
    except Exception as error:  # bindings and numpy that do not fit raise several kinds
        return " ".join(f"{type(error).__name__}: {error}".split())
    return "" if total == 4 else f"an array of four ones came back with the sum {total:g}"
