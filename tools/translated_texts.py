"""Prints, as JSON, every text that passes through the translation of the algorithms.

Run by ``translations.py`` in a process of its own, since QGIS cannot be started twice in one.
"""
# ruff: noqa: TID251 - the texts are those that QGIS asks for

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))

from checkout import load
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QTranslator


class Recorder(QTranslator):
    """Remembers what is asked for and translates nothing."""

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context
        self.texts: set[str] = set()

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name; an empty translator is not asked
        """Say that there is something to ask for."""
        return False

    def translate(self, context, text, disambiguation=None, n=-1):
        """Remember the text (called by Qt)."""
        if context == self.context and text:
            self.texts.add(text)
        return None


def main() -> None:
    """Print the texts."""
    application = QgsApplication([], False)
    application.initQgis()
    load()
    from land_subsidence.algorithms.provider import SubsidenceProvider
    from land_subsidence.subsidence_plugin.translate import CONTEXT, tr

    recorder = Recorder(CONTEXT)
    QCoreApplication.installTranslator(recorder)
    provider = SubsidenceProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    for algorithm in provider.algorithms():
        algorithm.displayName(), algorithm.group(), algorithm.shortDescription()
        page = algorithm.help_page()
        page.html(), page.plain()
    for text in shown_later():
        tr(text)
    print(json.dumps(sorted(recorder.texts)))


def shown_later() -> list[str]:
    """Return the texts that appear only later: names of layers and steps of workflows, legends."""
    from land_subsidence.algorithms.workflow import output_titles, workflows

    found = [title for workflow in workflows() for title in output_titles(workflow).values()]
    found += [c.description() for w in workflows() for c in w.childAlgorithms().values()]
    try:
        from land_subsidence.subsidence_plugin.layers.labels import legend_labels
    except ImportError:
        return found
    return [*found, *legend_labels()]


if __name__ == "__main__":
    main()
