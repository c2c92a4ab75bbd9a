"""An algorithm's help page, from its help text and its parameters.

QGIS's dialog shows it as HTML; ``qgis_process help`` prints it, and lists the parameters itself.
"""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Iterable
from typing import Optional

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtGui import QTextDocumentFragment

from .help_text import PAPERS, HelpText
from .number_range import allowed, plain
from .translate import tr


class HelpPage:
    """The page of one algorithm, in the user's language.

    Parameters
    ----------
    algorithm : QgsProcessingAlgorithm
        With its parameters declared.
    text : HelpText
    values : dict, optional
        Fill the ``{name}`` places of the text, after translation.
    """

    def __init__(
        self, algorithm: QgsProcessingAlgorithm, text: HelpText, values: Optional[dict] = None
    ) -> None:
        self.algorithm, self.text, self.values = algorithm, text, values or {}

    def shown(self) -> str:
        """Return what ``shortHelpString`` gives: HTML for windows, text for ``qgis_process``."""
        return self.plain() if QgsApplication.platform() == "qgis_process" else self.html()

    def summary(self) -> str:
        """Return what the algorithm does, without markup."""
        return as_text(" ".join(self._translated(self.text.what)))

    def html(self) -> str:
        """Return the whole page on one line: QGIS's dialog makes a paragraph of every line."""
        parts = [
            *_paragraphs(self._translated(self.text.what)),
            *self._section(tr("When to use it"), self.text.when),
            _heading(tr("Inputs")),
            *_paragraphs(self.inputs()),
            _heading(tr("Outputs")),
            *_paragraphs(self.outputs()),
            *self._section(tr("How it works"), self.text.how),
            _heading(tr("Reference")),
            *_paragraphs(html.escape(line, quote=False) for line in self.references()),
            _heading(tr("Example")),
            f"<p><code>{html.escape(self.command(), quote=False)}</code></p>",
        ]
        return "".join(parts)

    def plain(self) -> str:
        """Return the page without what ``qgis_process help`` says itself: summary, parameters."""
        parts = [
            *self._plain_section(tr("When to use it"), self._translated(self.text.when)),
            *self._plain_section(tr("How it works"), self._translated(self.text.how)),
            *self._plain_section(tr("Values of what is left out"), [self._defaults()]),
            *self._plain_section(tr("Reference"), self.references()),
            *self._plain_section(tr("Example"), [self.command()]),
        ]
        return "\n\n".join(as_text(part) for part in parts if part)

    def inputs(self) -> list[str]:
        """Return one HTML line for every input: title, name, meaning, default and range."""
        return [
            " ".join(filter(None, (_named(d), d.help(), facts(d))))
            for d in self.algorithm.parameterDefinitions()
            if not d.isDestination()
        ]

    def outputs(self) -> list[str]:
        """Return one HTML line for every output, files first, then figures."""
        written = [d for d in self.algorithm.parameterDefinitions() if d.isDestination()]
        names = {d.name() for d in written}
        figures = [o for o in self.algorithm.outputDefinitions() if o.name() not in names]
        return [
            *(" ".join(filter(None, (_named(d), d.help(), facts(d)))) for d in written),
            *(f"<b>{o.description()}</b> (<code>{o.name()}</code>)" for o in figures),
        ]

    def references(self) -> list[str]:
        """Return the works that the method comes from, with the place in them."""
        return [
            f"{PAPERS.get(work, work).rstrip('.')}{', ' if place else ''}{place}."
            for work, place in self.text.references
        ]

    def command(self) -> str:
        """Return a call of ``qgis_process``, as a shell takes it."""
        values = [
            shlex.quote(f"--{name}={value}")
            for name, several in self.text.example.items()
            for value in several
        ]
        return " ".join(["qgis_process run", self.algorithm.id(), *values])

    def _translated(self, paragraphs: tuple[str, ...]) -> list[str]:
        texts = [tr(paragraph) for paragraph in paragraphs]
        return [text.format(**self.values) for text in texts] if self.values else texts

    def _section(self, title: str, paragraphs: tuple[str, ...]) -> list[str]:
        return [_heading(title), *_paragraphs(self._translated(paragraphs))]

    @staticmethod
    def _plain_section(title: str, paragraphs: list[str]) -> list[str]:
        kept = [paragraph for paragraph in paragraphs if paragraph]
        return [f"{title.upper()}", *kept] if kept else []

    def _defaults(self) -> str:
        """Return the defaults with their ranges; ``qgis_process`` of QGIS 3.22 hides both."""
        given = [
            f"{d.name()}={_default(d)}{f' ({limits})' if (limits := _limits(d)) else ''}"
            for d in self.algorithm.parameterDefinitions()
            if not d.isDestination() and d.defaultValue() not in (None, "")
        ]
        return html.escape(", ".join(given), quote=False)


def facts(definition: QgsProcessingParameterDefinition) -> str:
    """Return default, range and options of a parameter in words; empty where there are none."""
    found = []
    if isinstance(definition, QgsProcessingParameterEnum):
        options = ", ".join(f"{i} {text}" for i, text in enumerate(definition.options()))
        found.append(tr("Options: {options}.").format(options=options))
    if limits := _limits(definition):
        found.append(tr("Allowed: {range}.").format(range=limits))
    if definition.defaultValue() not in (None, "") and not definition.isDestination():
        found.append(tr("Default: {value}.").format(value=_default(definition)))
    return html.escape(" ".join(filter(None, found)), quote=False)


def as_text(markup: str) -> str:
    """Return HTML as plain text, words emphasised in the page in single quotes."""
    quoted = re.sub(r"</?i>", "'", markup)
    return QTextDocumentFragment.fromHtml(quoted).toPlainText().strip()


def _limits(definition: QgsProcessingParameterDefinition) -> str:
    if not isinstance(definition, QgsProcessingParameterNumber):
        return ""
    return allowed(definition.minimum(), definition.maximum())


def _default(definition: QgsProcessingParameterDefinition) -> str:
    value = definition.defaultValue()
    if isinstance(definition, QgsProcessingParameterBoolean) or isinstance(value, bool):
        return str(bool(value)).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return plain(value) if isinstance(value, float) else str(value)


def _named(definition: QgsProcessingParameterDefinition) -> str:
    optional = definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional
    word = tr("optional") if optional else ""
    names = f"<code>{definition.name()}</code>{', ' if word else ''}{word}"
    return f"<b>{definition.description()}</b> ({names}):"


def _heading(text: str) -> str:
    return f"<h3>{text}</h3>"


def _paragraphs(texts: Iterable[str]) -> list[str]:
    return [text if text.startswith("<ul>") else f"<p>{text}</p>" for text in texts]
