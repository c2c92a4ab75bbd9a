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
    for piece in ("<script", "<img", "<b></th>", "<i>", "<u>", "<v>"):
        assert piece not in html
    assert html.count("&lt;title&gt;") == 2
    assert "<p>a &amp; b</p>" in html


def test_nothing_is_fetched_and_nothing_runs(page):
    figure, _ = figures.new_figure()
    parts = [Heading(f"Part {number}") for number in range(4)]
    html = page(Figure(figure, "f", {"x": [1]}, "shown"), *parts)
    sources = re.findall(r'src="([^"]*)', html)
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    links = re.findall(r'href="([^"]*)', html)
    assert links[:4] == ["#part-1", "#part-2", "#part-3", "#part-4"]
    assert links[4:] == ["#computed", "report_data/figure-1-shown.csv"]
    assert all(f'<a name="{link[1:]}">' in html for link in links[:5])
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


def test_a_short_page_has_no_contents(page):
    assert "#part" not in page(Heading("One"), Heading("Two"), Heading("Sub", 3))


def test_the_contents_of_a_long_part_list_its_small_headings(page):
    one_part = [Heading("One"), *(Heading(f"Factor {number}", 3) for number in range(5))]
    html = page(*one_part)
    assert [f'<a href="#part-{place}">' in html for place in range(7)] == [True] * 6 + [False]
    four_parts = [Heading(f"Part {number}") for number in range(4)]
    html = page(*four_parts, Heading("Small", 3))
    assert '"#part-3"' in html
    assert '"#part-4"' not in html


def test_figures_and_tables_are_numbered_apart_and_have_alternative_texts(page):
    figure, _ = figures.new_figure(2, 1)
    html = page(
        Figure(figure, "First shown. On 3 rows."),
        Table(["a"], [[1]], "First table."),
        Table(["a"], [[1]]),
        Figure(figure, "Second"),
        Table(["a"], [[1]], "Second table."),
    )
    captions = re.findall(r'<p class="caption"><b>([^<]*)</b> ([^<]*)</p>', html)
    assert captions == [
        ("Figure 1.", "First shown. On 3 rows."), ("Table 1.", "First table."),
        ("Figure 2.", "Second"), ("Table 2.", "Second table."),
    ]  # fmt: skip
    assert re.findall('alt="([^"]*)"', html) == ["Figure 1: First shown", "Figure 2: Second"]


def test_data_of_figures_lie_beside_the_page_as_csv(page, tmp_path):
    figure, _ = figures.new_figure(2, 1)
    data = {"name": ["a;b", 'c "d"'], "value": np.array([1 / 3, np.nan]), "n": np.array([1, 2])}
    html = page(Figure(figure, "no data"), Figure(figure, "f", data, "shares"))
    text = (tmp_path / "report_data" / "figure-2-shares.csv").read_text(encoding="utf-8")
    assert text == 'name,value,n\na;b,0.3333333,1\n"c ""d""",,2\n'
    assert [file.name for file in (tmp_path / "report_data").iterdir()] == ["figure-2-shares.csv"]
    assert "CSV files in the folder report_data beside this page" in html


def test_columns_of_unequal_length_are_a_mistake_and_not_cut(page):
    figure, _ = figures.new_figure(2, 1)
    with pytest.raises(ValueError, match=r"figure 1 are not equally long: \{'x': 2, 'y': 1\}"):
        page(Figure(figure, "f", {"x": [1, 2], "y": [1]}))


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


def test_a_table_too_wide_for_the_page_is_set_smaller(page):
    wide = Table(["a head"] * 9, [["twelve chars"] * 9], "w")
    assert (wide.is_dense, Table(["a"] * 9, [[1] * 9]).is_dense) == (True, False)
    assert Table(["a"], []).is_dense is False
    html = page(wide, Table(["a"], [[1]], "n"))
    assert re.findall('table class="(data[^"]*)"', html) == ["data dense", "data"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (float("nan"), "–"), (12345, "12,345"), (0.12345, "0.123"), (2.0, "2.000"),
     (np.float32(0.5), "0.500"), (np.int64(7), "7"), ("x", "x"),
     (-1234.5, "−1,234.500"), (-3, "−3"), (-0.0001, "0.000"), (float("inf"), "inf")],
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
    page(Figure(figures.training_history([{"training_loss": [1, 2]}]), "Loss"))
    assert dict(matplotlib.rcParams) == before
    assert ("matplotlib.pyplot" in sys.modules) == pyplot
