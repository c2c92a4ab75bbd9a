"""Charts shared by reports: what they draw, and the columns they give for the CSV file."""

import pytest
from land_subsidence.subsidence_plugin.engine.report import charts, figures

pytest.importorskip("matplotlib")


@pytest.fixture
def ax():
    _figure, (axes,) = figures.new_figure()
    return axes


def test_a_violin_needs_three_different_values(ax):
    data = charts.violin_plot(ax, {"a": [1.0, 2, 3, 4], "b": [1.0, 1, 1], "c": []})
    assert len(ax.collections) == 1
    assert data == {"group": ["a"] * 4 + ["b"] * 3, "value": [1, 2, 3, 4, 1, 1, 1]}
    medians = [line.get_ydata()[0] for line in ax.lines if line.get_markersize() == 5]
    assert medians == [2.5, 1]


def test_a_histogram_is_in_per_cent_with_its_cumulative_curve(ax):
    data = charts.histogram(ax, [0, 0.1, 0.9, 1.0, float("nan")], bins=2)
    assert [bar.get_height() for bar in ax.patches] == [50, 50]
    assert data["count"].tolist() == [2, 2]
    assert data["cumulative_percent"].tolist() == [50, 100]
    assert (data["from"].tolist(), data["to"].tolist()) == ([0, 0.5], [0.5, 1])
    second = ax.figure.axes[1]
    assert second.lines[0].get_ydata().tolist() == [0, 50, 100]


def test_a_forest_has_its_rows_from_the_top_and_weak_ones_hollow(ax):
    charts.forest_plot(ax, ["a", "b"], [0.2, 0.0], [0.1, -0.1], [0.3, 0.1], strong=[True, False])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in marks] == [0.2, 0.0]
    assert [line.get_markerfacecolor() == "white" for line in marks] == [False, True]


def test_panels_fill_row_by_row_and_few_make_a_narrow_figure():
    figure, axes = figures.panel_grid(7, columns=3, height=2)
    assert len(axes) == 7
    assert figure.get_size_inches().tolist() == pytest.approx([figures.PAGE_WIDTH, 6])
    figure, axes = figures.panel_grid(1, columns=3)
    assert len(axes) == 1
    assert figure.get_size_inches()[0] < 4


def test_series_are_told_apart_without_colour():
    looks = {(str(figures.dash(i)), figures.mark(i)) for i in range(8)}
    assert len(looks) == 8
