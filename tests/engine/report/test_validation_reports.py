"""Reports of models and of frequency ratios: what the first sentence and the tables say."""

import re

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.report.model_report import tables
from land_subsidence.subsidence_plugin.engine.report.ratio_report import class_table
from land_subsidence.subsidence_plugin.engine.report.validation_figures import (
    class_figure,
    rate_figure,
    ratio_figure,
    thinned,
)
from land_subsidence.subsidence_plugin.engine.validation.class_meaning import ClassMeaning
from land_subsidence.subsidence_plugin.engine.validation.frequency_ratio import ClassCounts
from land_subsidence.subsidence_plugin.engine.validation.model_scores import score
from land_subsidence.subsidence_plugin.engine.validation.rates import rate_curve
from land_subsidence.subsidence_plugin.engine.validation.ratio_table import factor_ratios
from scipy.integrate import trapezoid

pytest.importorskip("matplotlib")

LABELS = np.array([0, 0, 1, 1])
#: AUC 1 and 0.75.
GOOD, FAIR = [0.1, 0.2, 0.8, 0.9], [0.1, 0.6, 0.4, 0.9]


def scores(split="validation", **models):
    return [score(name, split, LABELS, values) for name, values in models.items()]


def test_table_1_stands_side_by_side_where_it_fits():
    both = scores("train", A=GOOD, B=FAIR) + scores("validation", A=FAIR, B=GOOD)
    (table,) = tables(both, ["A", "B"], ["train", "validation"])
    assert table.groups == [("", 1), ("Training rows", 2), ("Validation rows", 2)]
    row = next(r for r in table.rows if r[0] == "ACC (%)")
    assert row == ["ACC (%)", "100.00", "50.00", "50.00", "100.00"]
    # Only the validation rows have a best.
    assert (table.rows.index(row), 4) in table.bold
    assert not [cell for cell in table.bold if cell[1] in (1, 2)]
    assert "Training: 4 rows, which the models have seen (2 subsidence, 2 stable)" in table.caption
    many = [f"M{i}" for i in range(5)]
    wide = [score(m, s, LABELS, GOOD) for m in many for s in ("train", "validation")]
    apart = tables(wide, many, ["train", "validation"])
    assert [t.groups[1][0] for t in apart] == ["Validation rows", "Training rows"]


def counted():
    counts = ClassCounts("map", ["all"], declared=[1, 2, 3])
    counts.add_cells(np.array([1.0, 1, 1, 3]), None)
    counts.add_events("all", np.array([3.0, 1]))
    meanings = {1: ClassMeaning("Low", 0, 0.5), 2: ClassMeaning("Moderate", 0.5, 0.7)}
    return factor_ratios(counts, ["all"], True, meanings)


def test_class_table_dashes_a_class_without_area_and_shows_bounds():
    table = class_table(counted(), "all events", True)
    assert list(table.columns) == [
        "Class", "Label", "Range", "Cells", "Area (km²)", "Events", "Frequency ratio", "Area (%)",
        "Events (%)",
    ]  # fmt: skip
    texts = [[cell["text"] for cell in row] for row in table.body]
    assert texts[0][:4] == ["1", "Low", "0 – 0.5", "3"]
    assert texts[0][5:] == ["1", "0.667", "75.00", "50.00"]
    assert texts[1][3:] == ["0", "0.00", "0", "–", "0.00", "0.00"]
    assert texts[2][6] == "2.000"
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in table.colours)


def test_figures_draw_what_they_are_given():
    curve = rate_curve([5, 5], [3, 1])
    (ax,) = rate_figure({"Success rate": curve, "Prediction rate": None}).axes
    assert [line.get_label() for line in ax.lines[1:]] == ["Success rate (0.625)"]
    (ax,) = class_figure(["a", "b"], np.array([np.nan, 2.0])).axes
    assert [t.get_text() for t in ax.texts] == ["–", "2.000"]
    panels = {f"f{i}": (np.arange(3), np.ones(3)) for i in range(5)}
    assert len(ratio_figure(panels).axes) == 5


def test_a_long_curve_is_thinned_but_keeps_its_ends_and_area():
    x = np.linspace(0, 1, 50001)
    y = np.minimum(1, 40 * x)
    few_x, few_y = thinned(x, y)
    assert len(few_x) <= 2000
    assert (few_x[0], few_y[-1], few_x[-1]) == (0, 1, 1)
    assert trapezoid(few_y, few_x) == pytest.approx(trapezoid(y, x), abs=1e-4)
