"""Writes the reference of all algorithms, in every language, from their own help pages.

tools/make_reference.py            resources/help/reference*.md and the table in README.md
tools/make_reference.py --check    change nothing; 1 where a file is not as it would be written
"""
# ruff: noqa: TID251 - the pages are those of QGIS's algorithms

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from itertools import groupby
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))

import translations
from checkout import ROOT, load
from qgis.core import QgsApplication, QgsProcessingAlgorithm
from qgis.PyQt.QtCore import QCoreApplication

FOLDER = ROOT / "resources" / "help"
TABLE = re.compile(r"(<!-- algorithms -->\n).*?(<!-- end of algorithms -->)", re.DOTALL)
NAMES = {"": "English", "de": "Deutsch", "vi": "Tiếng Việt"}


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when the files are (now) as they should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(arguments)
    wanted = written()
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text("utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'not as generated' if options.check else 'written'}")
        if not options.check:
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if stale and options.check else 0


def written() -> dict[Path, str]:
    """Return the files and their texts."""
    application = QgsApplication([], False)
    application.initQgis()
    load()
    from land_subsidence.algorithms.provider import SubsidenceProvider

    provider = SubsidenceProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    readme = ROOT / "README.md"
    files = {readme: with_table(readme.read_text(encoding="utf-8"), algorithms(provider))}
    for language in NAMES:
        suffix = f"_{language}" if language else ""
        files[FOLDER / f"reference{suffix}.md"] = in_language(provider, language)
    return files


def algorithms(provider) -> list[QgsProcessingAlgorithm]:
    """Return the algorithms in the language of now, in the order of the Toolbox."""
    made = [algorithm.create() for algorithm in provider.algorithms()]
    return sorted(made, key=lambda a: (a.group(), a.displayName().casefold()))


def in_language(provider, language: str) -> str:
    """Return the reference in a language, ``""`` being English."""
    if not language:
        return reference(algorithms(provider), language)
    from land_subsidence.subsidence_plugin.translate import translator

    with tempfile.TemporaryDirectory() as folder:
        source = translations.FOLDER / f"land_subsidence_{language}.ts"
        translations.compiled(source, Path(folder))
        spoken = translator(language, Path(folder))
        try:
            return reference(algorithms(provider), language)
        finally:
            QCoreApplication.removeTranslator(spoken)


def reference(listed: list[QgsProcessingAlgorithm], language: str) -> str:
    """Return the pages as Markdown, which keeps the pages' own HTML."""
    from land_subsidence.subsidence_plugin.translate import tr

    links = (
        name if code == language else f"[{name}](reference{f'_{code}' if code else ''}.md)"
        for code, name in NAMES.items()
    )
    lines = [f"# {tr('Land subsidence: help')}", " · ".join(links)]
    for group, members in groupby(listed, key=lambda a: a.group()):
        lines.append(f"## {group}")
        for algorithm in members:
            page = algorithm.help_page().html().replace("h3>", "h4>")
            lines += [f"### {algorithm.displayName()}", f"`{algorithm.id()}`", broken(page)]
    lines.append("<!-- Made by 'make reference' from resources/help/*.txt and the parameters. -->")
    return "\n\n".join(lines) + "\n"


def broken(page: str) -> str:
    """Return the page with a line for every block, so that changes show line by line."""
    return re.sub(r"(</(?:p|ul|li|h4)>|<ul>)", r"\1\n", page).strip()


def with_table(text: str, listed: list[QgsProcessingAlgorithm]) -> str:
    """Return the README with its table of algorithms."""
    rows = ["| Algorithm | Id | What it does |", "|---|---|---|"]
    for group, members in groupby(listed, key=lambda a: a.group()):
        rows.append(f"| **{group}** | | |")
        for algorithm in members:
            anchor = re.sub(r"[^\w -]", "", algorithm.displayName().lower()).replace(" ", "-")
            link = f"[{algorithm.displayName()}](resources/help/reference.md#{anchor})"
            rows.append(f"| {link} | `{algorithm.name()}` | {algorithm.shortDescription()} |")
    return TABLE.sub(lambda m: m[1] + "\n".join(rows) + "\n" + m[2], text)


if __name__ == "__main__":
    sys.exit(main())
