"""The report of an explanation: what its words, figures and data say, on hand-worked values."""

import csv
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.explanation.result import (
    Explanation,
    Ice,
    Interaction,
    Sample,
)
from land_subsidence.subsidence_plugin.engine.report.explanation_curves import (
    dependence_figure,
    interaction_figure,
    spread,
    through_dots,
)
from land_subsidence.subsidence_plugin.engine.report.explanation_figures import (
    beeswarm_figure,
    decimals,
    drawn_rows,
    named_and_others,
    ranking_figure,
    shaded,
    signed,
    stacked,
    waterfall_figure,
    waterfall_steps,
)
from land_subsidence.subsidence_plugin.engine.report.explanation_report import (
    interval,
    ranking_table,
    write_explanation_report,
)
from land_subsidence.subsidence_plugin.engine.report.explanation_words import (
    dots_in_words,
    factor_text,
    lead,
    meanings,
    rows_in_words,
    unit_of,
)

pytest.importorskip("matplotlib")

#: f = 0.4 + 0.1 wet − 0.05 slope + effect of the land use; background mean of each part is 0.
VALUES = np.array([[1.0, 2, 10], [-1, 0, 20], [2, -1, 30], [0, 1, 10]])
USE = {10: 0.02, 20: -0.01, 30: 0.0}
SHAP = np.column_stack(
    [0.1 * VALUES[:, 0], -0.05 * VALUES[:, 1], [USE[code] for code in VALUES[:, 2]]]
)


def explanation(**changes):
    full = Explanation(
        ["wet", "slope", "use"], ["continuous", "continuous", "categorical"],
        VALUES.astype(np.float32), SHAP, 0.4, 0.4 + SHAP.sum(axis=1), split=["validation"] * 4,
        ids=[7, 8, 9, 12], categories={"use": {10.0: "rice"}}, background=200, rounds=4,
    )  # fmt: skip
    return replace(full, **changes)


def ices():
    """The ICE curves of the additive model, worked out from the formula."""
    prediction, rows = 0.4 + SHAP.sum(axis=1), np.array([1, 3])
    parts = {
        "wet": (np.array([-1.0, 0.5, 2]), lambda x: 0.1 * x),
        "slope": (np.array([-1.0, 2]), lambda x: -0.05 * x),
        "use": (np.array([10.0, 20, 30]), lambda x: np.array([USE[code] for code in x])),
    }
    return [
        Ice(name, kind, grid, (prediction[rows] - SHAP[rows, i])[:, None] + part(grid), rows)
        for i, ((name, (grid, part)), kind) in enumerate(
            zip(parts.items(), ["continuous", "continuous", "categorical"])
        )
    ]


def pair():
    first, second = np.array([-1.0, 2]), np.array([-1.0, 0, 2])
    return Interaction(
        "wet", "slope", np.array([0.01, -0.01, 0.02, 0]), np.zeros(4), first, second,
        0.4 + 0.1 * first[:, None] - 0.05 * second, h=0.0,
    )  # fmt: skip


def test_the_first_sentence_names_the_drivers_their_size_rows_and_scale():
    assert lead(explanation()) == (
        "On 4 validation rows, wet drives the model most: it moves the probability by 0.100 on "
        "average, higher values raising it; slope (0.050) and use (0.013) follow. "
        "This explains the model, not the ground."
    )


def test_the_lead_counts_the_factors_that_make_up_four_fifths():
    shap = np.array([[0.5, 0.3, 0.1, 0.1]])
    many = explanation(
        names=list("abcd"), kinds=["continuous"] * 4, values=shap, shap=shap,
        prediction=np.array([1.4]), split=["train"],
    )  # fmt: skip
    text = lead(many)
    assert "On 1 training row, a drives the model most" in text
    assert "2 of 4 factors make up 80 % of all factors' effects" in text


def test_a_model_that_says_always_the_same_is_said_to():
    flat = explanation(shap=np.zeros((4, 3)), prediction=np.full(4, 0.4))
    assert lead(flat) == (
        "On 4 validation rows the model always predicts the same probability (0.400): every SHAP "
        "value is 0, no factor drives it."
    )


def test_scale_and_rows_in_words():
    assert unit_of(explanation(calibrated=True)) == "recalibrated probability"
    assert unit_of(explanation(scale="log-odds")) == "log-odds"
    mixed = explanation(split=["train", "train", "validation", ""])
    assert rows_in_words(mixed) == "2 training rows, 1 validation row and 1 other row"
    assert rows_in_words(explanation(split=None)) == "4 rows"


def test_values_as_text():
    known = explanation(categories={"use": {10.0: "rice"}, "wet": {2.0: "> 1.234567"}})
    assert factor_text(known, "use", 10.0) == "use: rice"
    assert factor_text(known, "use", 20.0) == "use = 20"
    assert factor_text(known, "wet", -1.23456) == "wet = −1.235"
    assert factor_text(known, "wet", 2.0) == "wet > 1.235"
    assert meanings(known) == "wet. 2: > 1.235.\n\nuse. 10: rice."


def test_named_classes_have_no_order_and_ranges_have():
    names = ["a", "range", "named", "unknown", "code"]
    texts = {
        "range": {1.0: "≤ -19.5", 2.0: "-19.5 to 1e-05", 3.0: "> 1e-05"},
        "named": {1.0: "Flat", 2.0: "North"},
        "code": {1.0: "1"},
    }
    values = np.array([[1.0], [2], [3]]).repeat(5, axis=1)
    of = Explanation(
        names, ["continuous", "classes", "classes", "classes", "categorical"], values, values, 0,
        values.sum(axis=1), categories=texts,
    )  # fmt: skip
    assert of.ordered.tolist() == [True, True, False, True, False]
    assert of.direction[of.ordered] == pytest.approx([1, 1, 1])
    assert np.isnan(of.direction[~of.ordered]).all()


@pytest.mark.parametrize(
    ("largest", "digits"), [(0, 3), (0.5, 3), (0.02, 3), (0.0021, 4), (1.2, 2), (35, 2)]
)
def test_decimals(largest, digits):
    assert decimals([0, -largest]) == digits
    assert signed(-0.0213, 3) == "−0.021"


def test_a_single_factor_is_never_summed_up():
    named, others = named_and_others(np.arange(13))
    assert (len(named), len(others)) == (13, 0)
    named, others = named_and_others(np.arange(19))
    assert (len(named), len(others)) == (12, 7)  # as Figure 7 of the paper


def test_ranking_draws_the_strongest_first_and_the_sum_of_the_others_last():
    importance = np.arange(1, 16) / 100
    names = [f"f{i}" for i in range(1, 16)]
    (ax,) = ranking_figure(names, importance, 0.1 * importance, "probability").axes
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx([*np.arange(15, 3, -1) / 100, 0.06])
    texts = [text.get_text() for text in ax.get_yticklabels()]
    assert texts == [*(f"f{i}" for i in range(15, 3, -1)), "Sum of 3 others"]
    assert [text.get_text() for text in ax.texts][-2:] == ["0.040", "0.060"]


def test_ranking_table_is_ordered_with_share_range_and_direction():
    table = ranking_table(explanation())
    texts = [[cell["text"] for cell in row] for row in table.body]
    assert texts[0] == [
        "1", "wet", "continuous", "0.100", "61.5", "−0.100", "0.200", "raise it (+1.00)",
    ]  # fmt: skip
    assert texts[1][7] == "lower it (−1.00)"
    assert texts[2][1:5] + texts[2][7:] == ["use", "categorical", "0.013", "7.7", "–"]
    with_error = ranking_table(explanation(error=np.full((4, 3), 0.004)))
    assert with_error.columns[-1] == "Standard error"
    assert with_error.body[0][-1]["text"] == "0.0040"
    assert "4 rounds of permutations" in with_error.caption


def test_the_interval_is_that_of_a_mean():
    # |SHAP| of wet is 0.1, 0.1, 0.2, 0: variance 0.02 / 3.
    assert interval(explanation())[0] == pytest.approx(1.96 * np.sqrt(0.02 / 3 / 4))
    one = explanation(shap=SHAP[:1], values=VALUES[:1], prediction=np.ones(1), split=None)
    assert interval(one) is None


def test_dots_of_a_swarm_never_cover_each_other_and_stay_on_their_line():
    x = np.array([0.0, 0.0001, 0.0002, 0.5, 1.0])
    offset = stacked(x, 1.0)
    assert offset.tolist() == pytest.approx([0, 0.08, -0.08, 0, 0])
    dense = stacked(np.zeros(1001), 1.0)
    assert len(np.unique(dense)) == 1001
    assert np.abs(dense).max() == pytest.approx(0.42)


def test_swarm_colours_run_from_low_to_high_and_categories_are_grey():
    figure = beeswarm_figure(
        ["wet", "slope", "use"], [True, True, False], VALUES, SHAP, "probability"
    )
    swarms = figure.axes[0].collections
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["wet", "slope", "use"]
    x, shade = swarms[0].get_offsets()[:, 0], swarms[0].get_array()
    assert sorted(x) == pytest.approx([-0.1, 0, 0.1, 0.2])
    assert np.argsort(x).tolist() == np.argsort(shade).tolist()
    assert swarms[2].get_array() is None
    assert shaded(np.array([3.0, 3, 3])).tolist() == [0.5, 0.5, 0.5]
    assert shaded(np.array([0.0] * 99 + [1])).tolist() == [0] * 99 + [1]


def test_of_very_many_rows_a_part_is_drawn_and_that_is_said():
    rows = drawn_rows(9000)
    assert len(set(rows)) == 4000
    assert sorted(drawn_rows(7)) == list(range(7))
    many = explanation(shap=np.zeros((9000, 3)), split=None)
    assert dots_in_words(many) == "4,000 of 9,000 rows, drawn at random"
    assert dots_in_words(explanation()) == "4 validation rows"


def test_waterfall_climbs_from_the_mean_to_the_prediction():
    labels, steps, ends = waterfall_steps(["a", "b", "c"], np.array([0.1, -0.3, 0.05]), 0.5)
    assert labels == ["b", "a", "c"]
    assert steps.tolist() == [-0.3, 0.1, 0.05]
    assert ends.tolist() == pytest.approx([0.35, 0.65, 0.55])
    labels, steps, ends = waterfall_steps(list("abcd"), np.array([4.0, 3, -2, 1]), 1.0, most=2)
    assert labels == ["a", "b", "2 others together"]
    assert (steps.tolist(), ends.tolist()) == ([4, 3, -1], [7, 3, 0])


def test_waterfall_draws_arrows_from_step_to_step():
    (ax,) = waterfall_figure(["a", "b"], np.array([0.1, -0.3]), 0.5, "probability").axes
    tips = [arrow.get_xy()[2].tolist() for arrow in ax.patches]
    assert np.array(tips) == pytest.approx(np.array([[0.3, 0], [0.6, 1]]))
    assert [text.get_text() for text in ax.texts] == ["−0.300", "+0.100"]
    assert (
        ax.get_title("left") == "f(x) = 0.300 for this sample; E[f(x)] = 0.500, the mean (dashed)"
    )
    assert len({arrow.get_facecolor() for arrow in ax.patches}) == 2


def test_for_an_additive_model_curves_and_dots_lie_on_one_line():
    wet, slope, use = (through_dots(explanation(), ice) for ice in ices())
    assert wet == pytest.approx(np.tile([-0.1, 0.05, 0.2], (2, 1)))
    assert slope == pytest.approx(np.tile([0.05, -0.1], (2, 1)))
    assert use == pytest.approx(np.tile([0.02, -0.01, 0], (2, 1)))


def test_dependence_panels_share_their_range_and_give_their_data():
    figure, data = dependence_figure(explanation(), ices(), [1, 2, 3], "probability")
    assert [ax.get_title("left") for ax in figure.axes] == ["1. wet", "2. slope", "3. use"]
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    low, high = figure.axes[0].get_ylim()
    assert low < -0.1
    assert high > 0.2
    assert {len(column) for column in data.values()} == {3 * 4 + 2 * (3 + 2 + 3) + 3 + 2 + 3}
    rows = list(zip(*data.values()))
    assert rows[0][:4] == ("wet", "SHAP", 7, 1.0)
    first_curve = [row for row in rows if row[:3] == ("wet", "ICE", 8)]
    assert [row[4] for row in first_curve] == pytest.approx([-0.1, 0.05, 0.2])
    # Row 8 has slope 0 and use 20, so f = 0.4 + 0.1 wet − 0.01.
    assert [row[5] for row in first_curve] == pytest.approx([0.29, 0.44, 0.59])


def test_rows_of_classes_stand_by_their_class_and_unknown_ones_nowhere():
    x = spread(np.array([20.0, 10, 20, 99]), np.array([10.0, 20]))
    assert np.round(x[:3]).tolist() == [1, 0, 1]
    assert x[0] != x[2]
    assert np.isnan(x[3])


def test_interaction_gives_rows_and_surface():
    figure, data = interaction_figure(explanation(), pair(), "probability")
    assert data["drawn"] == ["interaction"] * 4 + ["mean prediction"] * 6
    assert data["value"][:4] == [0.01, -0.01, 0.02, 0]
    assert (data["first"][4], data["second"][4], data["value"][4]) == (-1, -1, pytest.approx(0.35))
    assert [ax.get_xlabel() for ax in figure.axes[:2]] == ["wet", "wet"]
    to_classes = replace(pair(), second="use", second_grid=np.array([10.0, 20, 30]))
    figure, _ = interaction_figure(explanation(), to_classes, "probability")
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["10", "20", "30"]


def sample():
    return Sample("sample 7 (chosen)", VALUES[0], SHAP[0], 0.42, label=1, row=0)


FACTS = {"Samples": "samples.gpkg", "Rows": "4 validation rows", "Seed": 42}


@pytest.fixture
def written(tmp_path):
    pytest.importorskip("jinja2")

    def write(of=None, place="default", curves=None, both=None):
        path = tmp_path / "explained.html"
        chosen = sample() if place == "default" else place
        curves = ices() if curves is None else curves
        write_explanation_report(str(path), of or explanation(), chosen, curves, both, FACTS)
        return path.read_text(encoding="utf-8")

    return write


def test_the_page_has_every_figure_with_its_rows_and_data(written, tmp_path):
    html = written(both=pair())
    captions = re.findall(r'<p class="caption"><b>Figure (\d)\.</b> ([^<]*)', html)
    assert len(captions) == 5
    for _number, caption in captions:
        assert "probability" in caption
    assert sum("4 validation rows" in caption for _number, caption in captions) == 4
    assert "Sample 7 (chosen), observed subsidence: from the mean" in html
    assert "SHAP values explain the model, not the ground." in html
    names = sorted(file.name for file in (tmp_path / "explained_data").iterdir())
    assert names == [
        "figure-1-ranking.csv", "figure-2-beeswarm.csv", "figure-3-waterfall.csv",
        "figure-4-dependence.csv", "figure-5-interaction.csv",
    ]  # fmt: skip
    with (tmp_path / "explained_data" / "figure-3-waterfall.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # 0.4 + 0.1 (wet) − 0.1 (slope) + 0.02 (use)
    assert [row["step"] for row in rows] == ["wet = 1", "slope = 2", "use: rice"]
    assert float(rows[0]["reached"]) == pytest.approx(0.42)


def test_a_constant_model_gets_a_page_without_empty_figures(written):
    flat = explanation(shap=np.zeros((4, 3)), prediction=np.full(4, 0.4))
    html = written(of=flat, both=pair())
    assert "<img" not in html
    assert "every SHAP value is 0" in html


def test_one_row_and_one_factor_are_enough(written):
    one = Explanation(
        ["a"], ["continuous"], np.array([[3.0]]), np.array([[-0.2]]), 0.5, np.array([0.3]),
        background=10,
    )  # fmt: skip
    place = Sample("sample 1", np.array([3.0]), np.array([-0.2]), 0.3)
    html = written(of=one, place=place, curves=[])
    assert (
        "On 1 row, a drives the model most: it moves the probability by 0.200 on average." in html
    )
    assert html.count("<img") == 3


def test_nineteen_factors_fill_two_figures_of_panels(written):
    rng = np.random.default_rng(0)
    shap, values = rng.normal(size=(30, 19)) * 0.02, rng.normal(size=(30, 19))
    names = [f"factor_{i}" for i in range(19)]
    many = Explanation(
        names, ["classes"] * 19, values.round(), shap, 0.5, 0.5 + shap.sum(axis=1), background=50
    )
    grid = np.unique(values.round())
    curves = [
        Ice(name, "classes", grid, np.full((3, len(grid)), 0.5), np.arange(3)) for name in names
    ]
    html = written(of=many, place=None, curves=curves)
    assert html.count("<img") == 4
    assert "Factors 1 to 12 of the ranking" in html
    assert "Factors 13 to 19 of the ranking" in html


def test_drawing_touches_no_global_state_and_is_repeatable(written):
    np.random.seed(5)
    state, pyplot = np.random.get_state()[1].copy(), "matplotlib.pyplot" in sys.modules
    first, second = written(both=pair()), written(both=pair())
    pictures = [re.findall('base64,([^"]+)', html) for html in (first, second)]
    assert pictures[0] == pictures[1]
    assert (np.random.get_state()[1] == state).all()
    assert ("matplotlib.pyplot" in sys.modules) == pyplot
