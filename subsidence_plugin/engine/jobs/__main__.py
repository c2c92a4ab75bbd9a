"""Run one job without QGIS: ``python -m engine.jobs JOB.json`` in the folder ``subsidence_plugin``.

The file holds ``{"job": name, "arguments": {...}}``; log lines go to stderr, the results to stdout
as JSON. Passwords do not belong into the file: a storage URL names an environment variable
(``${NAME}``) for it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ..errors import Cancelled, InputError, SubsidenceError
from ..progress import Progress
from . import run_job


def main(path: str) -> int:
    """Run the job described in the file; 0 on success, 1 with one sentence on an error."""
    progress = Progress(on_message=lambda text, _level: sys.stderr.write(text + "\n"))
    try:
        task = _read(path)
        results = run_job(task["job"], task["arguments"], progress)
    except SubsidenceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("Stopped; no output is left.\n")
        return 2
    sys.stdout.write(json.dumps(results) + "\n")
    return 0


def _read(path: str) -> dict:
    try:
        task = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"The job '{path}' cannot be read ({error}).") from error
    if not isinstance(task, dict) or not {"job", "arguments"} <= task.keys():
        raise InputError(f"The job '{path}' holds no object with 'job' and 'arguments'.")
    return task


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
