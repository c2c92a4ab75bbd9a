"""Writes the texts of the plugin into i18n/*.ts, and compiles these for QGIS.

    tools/translations.py             new texts into the .ts files, then compile them
    tools/translations.py --compile   compile only: i18n/land_subsidence_<locale>.qm

Texts of algorithms (titles, parameters, help) are those that pass through the translation when QGIS
lists the algorithms and shows their help, as many are put together there; those of windows are
read in the source, as literal ``tr("…")``. What is no longer used goes out of the files.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "i18n"
LANGUAGES = ("de", "vi")
SHIPPED = ("algorithms", "subsidence_plugin")


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when the files were written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compile", action="store_true", help="compile only")
    options = parser.parse_args(arguments)
    if not options.compile:
        found = sorted({*literals(SHIPPED), *recorded()})
        update(found, [FOLDER / f"land_subsidence_{name}.ts" for name in LANGUAGES])
        print(f"{len(found)} texts in {', '.join(LANGUAGES)}")
    for source in sorted(FOLDER.glob("*.ts")):
        compiled(source, FOLDER)
    return 0


def literals(folders: Iterable[str]) -> Iterator[str]:
    """Yield the texts in calls ``tr("…")`` of the source."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                named = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tr"
                if named and isinstance(node.args[0], ast.Constant):
                    yield node.args[0].value


def recorded() -> set[str]:
    """Return the texts that pass through the translation of algorithms, in a QGIS of its own."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "LANGUAGE": "", "LANG": "C"}
    call = [sys.executable, str(Path(__file__).with_name("translated_texts.py"))]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"The texts of the algorithms cannot be read: {done.stderr.strip()[-2000:]}")
    return set(json.loads(done.stdout.splitlines()[-1]))


def update(texts: Iterable[str], files: Iterable[Path]) -> None:
    """Bring ``.ts`` files up to date with lupdate, which keeps the translations that still fit."""
    marks = "\n".join(f'QT_TRANSLATE_NOOP("Subsidence", {_quoted(text)})' for text in texts)
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "texts.cpp"
        listing.write_text(marks, encoding="utf-8")
        options = ["-silent", "-no-obsolete", "-locations", "none", "-source-language", "en"]
        call = [program("lupdate"), *options, str(listing), "-ts"]
        for path in files:
            language = path.stem.rsplit("_", 1)[1]
            subprocess.run([*call, str(path), "-target-language", language], check=True)


def compiled(source: Path, folder: Path) -> Path:
    """Write the ``.qm`` of a ``.ts`` file into ``folder``; texts not translated stay out of it."""
    target = folder / f"{source.stem}.qm"
    subprocess.run([program("lrelease"), "-silent", str(source), "-qm", str(target)], check=True)
    return target


def program(name: str) -> str:
    """Return the path of one of Qt's translation programs."""
    found = shutil.which(name) or shutil.which(f"{name}-qt5")
    if found is None:
        sys.exit(f"'{name}' is missing: install Qt's tools (Debian: qttools5-dev-tools).")
    return found


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


if __name__ == "__main__":
    sys.exit(main())
