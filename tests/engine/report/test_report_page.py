"""The report page: self-contained, escaped, readable by QGIS's viewer, figures drawn."""

import base64
import re
import struct
import sys

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.report import figures
from land_subsidence.subsidence_plugin.engine.report.html import (
    Figure,
    Heading,
    Table,
    Text,
    format_cell,
    write_report,
)

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


@pytest.fixture
def page(tmp_path):
    def write(*sections, **options):
        path = tmp_path / "report.html"
        write_report(str(path), "A <title>", sections, **options)
        return path.read_text(encoding="utf-8")

    return write


def test_text_of_users_is_escaped(page):
    html = page(
        Heading("<script>"),
        Text("a & b\n\n<img src=x>"),
        Table(["<b>"], [["<i>"]], "<u>"),
        lead="<p>",
        facts={"<k>": "<v>"},
    )
    for piece in ("<script", "<img", "<b>", "<i>", "<u>", "<v>"):
        assert piece not in html
    assert html.count("&lt;title&gt;") == 2
    assert "<p>a &amp; b</p>" in html


def test_nothing_is_fetched_and_nothing_runs(page):
    figure, _ = figures.new_figure()
    html = page(Figure(figure, "f"))
    sources = re.findall(r'(?:src|href)="([^"]*)', html)
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "http" not in html
    assert "url(" not in html


def test_the_figure_is_a_picture_of_twice_its_width_on_the_page(page):
    figure, _ = figures.new_figure(width=5, height=2)
    html = page(Figure(figure, "f"))
    data, width = re.search(r'src="data:image/png;base64,([^"]+)" width="(\d+)"', html).groups()
    png = base64.b64decode(data)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (960, 384)
    assert width == "480"


def test_facts_date_and_versions_stand_at_the_end(page):
    html = page(lead="Best.", facts={"Seed": 42, "Left out": None})
    end = html[html.index("How this was computed") :]
    assert re.search(r"Seed</td><td>42</td>", end)
    assert "Left out" not in end
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d", end)
    assert f"numpy {np.__version__}" in end
    assert re.search(r"Land Subsidence \d+\.\d+", end)


def test_numbers_are_set_right_and_missing_ones_dashed(page):
    table = Table(["m", "n"], [["a", 1234], ["b", None]], digits=2, bold={(0, 1)})
    html = page(table)
    assert '<td align="left">a</td><td align="right"><b>1,234</b></td>' in html
    assert '<td align="right">–</td>' in html


def test_long_heads_break_between_words(page):
    html = page(Table(["Logistic regression", "AUC", "CNN-LSTM (a b)", "engineering_geology"], []))
    assert "Logistic<br>regression</th>" in html
    assert "CNN-LSTM<br>(a b)</th>" in html
    assert "AUC</th>" in html
    assert "engineering_geology</th>" in html


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (float("nan"), "–"), (12345, "12,345"), (0.12345, "0.123"), (2.0, "2.000"),
     (np.float32(0.5), "0.500"), (np.int64(7), "7"), ("x", "x")],
)  # fmt: skip
def test_cells_as_text(value, text):
    assert format_cell(value) == text


def test_history_draws_every_run_and_skips_what_is_not_there():
    run = {"training_loss": [0.7, 0.5, 0.4], "validation_loss": [0.8, float("nan"), 0.6]}
    figure = figures.training_history([run, run], best_epochs=[3])
    (ax,) = figure.axes
    drawn = [list(line.get_xdata()) for line in ax.lines]
    assert drawn == [[1, 2, 3], [1, 3], [1, 2, 3], [1, 3], [3, 3]]
    with_auc = figures.training_history([{**run, "validation_auc": [0.5, 0.6, 0.7]}])
    assert [a.get_title(loc="left") for a in with_auc.axes] == ["Loss", "AUC on the hold-out rows"]


def test_global_settings_of_matplotlib_stay(page):
    import matplotlib

    before, pyplot = dict(matplotlib.rcParams), "matplotlib.pyplot" in sys.modules
    page(Figure(figures.training_history([{"training_loss": [1, 2]}])))
    assert dict(matplotlib.rcParams) == before
    assert ("matplotlib.pyplot" in sys.modules) == pyplot
