"""A report as QGIS's result viewer draws it: Qt's rich text, which knows little of HTML and CSS."""

import pytest
from land_subsidence.subsidence_plugin.engine.report import figures
from land_subsidence.subsidence_plugin.engine.report.html import (
    Figure,
    Heading,
    Table,
    Text,
    write_report,
)

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


@pytest.fixture
def document(qgis_app, tmp_path):
    """A page with contents, a figure and a table, read by Qt at the width of the viewer."""
    from qgis.PyQt.QtGui import QTextDocument

    figure, _ = figures.new_figure(6, 2)
    sections = [
        Heading("First part"), Text("Words."), Figure(figure, "Shown.", {"x": [1]}, "shown"),
        Heading("Second part"), Table(["Factor", "Value"], [["a", 1.5]], "Values."),
        Heading("Third part"), Heading("Fourth part"),
    ]  # fmt: skip
    path = tmp_path / "report.html"
    write_report(str(path), "A title", sections, "The result.", {"Seed": 42})
    read = QTextDocument()
    read.setHtml(path.read_text(encoding="utf-8"))
    read.setTextWidth(960)
    return read


def fragments(document):
    """Yield the pieces of text of one format."""
    block = document.begin()
    while block.isValid():
        pieces = block.begin()
        while not pieces.atEnd():
            yield pieces.fragment()
            pieces += 1
        block = block.next()


def test_the_links_of_the_contents_lead_to_headings(document):
    links = {
        piece.charFormat().anchorHref(): piece.text()
        for piece in fragments(document)
        if piece.charFormat().anchorHref().startswith("#")
    }
    assert [text.replace("\u00a0", " ") for text in links.values()] == [
        "First part", "Second part", "Third part", "Fourth part", "How this was computed",
    ]  # fmt: skip
    names = {name for piece in fragments(document) for name in piece.charFormat().anchorNames()}
    assert {link[1:] for link in links} <= names


def test_the_figure_is_drawn_at_its_width_and_the_page_fits(document):
    from qgis.PyQt.QtGui import QTextImageFormat

    images = [
        piece.charFormat().toImageFormat()
        for piece in fragments(document)
        if piece.charFormat().isImageFormat()
    ]
    assert [image.width() for image in images] == [576]
    assert isinstance(images[0], QTextImageFormat)
    assert images[0].name().startswith("data:image/png;base64,")
    assert document.idealWidth() <= 960


def test_numbers_of_captions_and_facts_are_read(document):
    text = document.toPlainText()
    for words in ("Figure 1. Shown.", "Table 1. Values.", "The result.", "1.500", "Seed"):
        assert words in text
