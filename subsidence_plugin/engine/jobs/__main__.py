"""Run one job without QGIS: ``python -m land_subsidence.subsidence_plugin.engine.jobs JOB.json``.

The file holds ``{"job": name, "arguments": {...}}``; the results are printed as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ..errors import SubsidenceError
from ..progress import Progress
from . import run_job


def main(path: str) -> int:
    """Run the job described in the file; 0 on success, 1 with one sentence on an error."""
    task = json.loads(Path(path).read_text(encoding="utf-8"))
    progress = Progress(on_message=lambda text, _level: sys.stderr.write(text + "\n"))
    try:
        results = run_job(task["job"], task["arguments"], progress)
    except SubsidenceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(results) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
