"""Help pages: every algorithm has a whole one, and it says what its parameters are."""

import html.parser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HELP = ROOT / "resources" / "help"
VOID = {"br"}


@pytest.fixture(scope="module")
def algorithms(qgis_app):
    """All algorithms of the provider, the workflows among them."""
    return {a.name(): a for a in qgis_app.provider.algorithms()}


def texts(algorithm):
    from land_subsidence.algorithms.help_text import help_text

    return help_text(getattr(algorithm, "HELP_FILE", "") or algorithm.name())


def test_every_help_file_belongs_to_an_algorithm_and_every_algorithm_has_one(algorithms):
    used = {getattr(a, "HELP_FILE", "") or name for name, a in algorithms.items()}
    assert {path.stem for path in HELP.glob("*.txt")} == used


def test_every_page_says_what_when_how_where_from_and_gives_an_example(algorithms):
    for name, algorithm in algorithms.items():
        text = texts(algorithm)
        assert len(text.what) == 1, name
        assert 5 <= len(algorithm.shortDescription().split()) <= 45, (
            name,
            algorithm.shortDescription(),
        )
        assert text.when, f"{name} does not say when to use it"
        assert text.how, f"{name} does not say how it works"
        assert text.references, f"{name} names no reference"
        assert text.example, f"{name} has no example"


def test_examples_are_calls_that_the_algorithms_take(algorithms):
    from qgis.core import QgsProcessingParameterDefinition, QgsProcessingParameterNumber

    for name, algorithm in algorithms.items():
        example = texts(algorithm).example
        declared = {d.name(): d for d in algorithm.parameterDefinitions()}
        assert set(example) <= set(declared), (name, set(example) - set(declared))
        optional = QgsProcessingParameterDefinition.Flag.FlagOptional
        for definition in declared.values():
            needed = not definition.flags() & optional and definition.defaultValue() is None
            assert not needed or definition.name() in example, f"{name} needs {definition.name()}"
            if isinstance(definition, QgsProcessingParameterNumber) and (
                given := example.get(definition.name())
            ):
                assert definition.minimum() <= float(given[0]) <= definition.maximum(), name


def test_every_parameter_is_explained_in_a_sentence_and_every_figure_named(algorithms):
    for name, algorithm in algorithms.items():
        for definition in algorithm.parameterDefinitions():
            if ":" in definition.name():  # a model's own name of an output of one of its steps
                continue
            said = definition.help()
            assert len(said.split()) >= 3, f"{name}.{definition.name()}: '{said}'"
            assert said.rstrip()[-1] in ".:)", f"{name}.{definition.name()}: '{said}'"
        for output in algorithm.outputDefinitions():
            assert output.description(), f"{name}.{output.name()}"


class Balance(html.parser.HTMLParser):
    """Raises where tags do not nest."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag


def test_pages_are_sound_html_of_one_line_with_every_parameter_and_output(algorithms):
    for name, algorithm in algorithms.items():
        page = algorithm.shortHelpString()
        assert "\n" not in page, name  # QGIS's dialog would make paragraphs of the lines
        parser = Balance()
        parser.feed(page)
        assert not parser.open, (name, parser.open)
        for parameter in algorithm.parameterDefinitions():
            assert f"<code>{parameter.name()}</code>" in page, (name, parameter.name())
        assert f"subsidence:{name} " in page
        assert "{" not in re.sub(r"\$\{\w+\}", "", page), name


def test_qgis_process_prints_the_page_without_markup(qgis_process):
    done = qgis_process("help", "subsidence:classifysusceptibility")
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert not re.search(r"</?\w+>", said.split("Outputs")[0].replace("<outputRaster>", "")), said
    assert "WHEN TO USE IT" in said and "After 'Predict susceptibility'" in said
    assert "METHOD=0, CLASSES=5 (from 2 to 255)" in said
    assert "--INPUT=susceptibility.tif --OUTPUT=susceptibility_classes.tif" in said
    assert "Nguyen Thanh Tuan" in said and "Figure 9." in said


def test_reports_are_told_apart_in_the_results_viewer(algorithms):
    """QGIS lists them by the title of the output alone."""
    reports = {
        name: algorithm.outputDefinition("REPORT").description()
        for name, algorithm in algorithms.items()
        if algorithm.outputDefinition("REPORT")
    }
    assert len(reports) > 15 and len(set(reports.values())) == len(reports)
    assert reports["validatemodel"] == "Validate models: report"
    assert algorithms["validatemodel"].parameterDefinition("REPORT").description() == "Report"
