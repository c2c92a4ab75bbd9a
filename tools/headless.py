"""Runs the plugin's algorithms by ``qgis_process`` for the demos, with a log of every call."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class Headless:
    """Calls of ``qgis_process`` that write into one folder.

    Parameters
    ----------
    out : Path
        Made where missing; its ``log.txt`` begins anew.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.log = out / "log.txt"
        out.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)

    def __call__(self, algorithm: str, **parameters: object) -> None:
        """Run one algorithm; on failure print its last lines and end with its exit code."""
        command = [str(ROOT / "tools" / "qgis-process.sh"), "run", f"subsidence:{algorithm}"]
        for name, value in parameters.items():
            values = value if isinstance(value, (list, tuple)) else [value]
            command += [f"--{name}={v}" for v in values]
        begin = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command[1:])}\n{done.stdout}{done.stderr}\n")
        if done.returncode:
            sys.exit("\n".join([f"{algorithm} failed:", *done.stderr.strip().splitlines()[-5:]]))
        print(f"  {algorithm:24}{time.perf_counter() - begin:6.1f} s", flush=True)
