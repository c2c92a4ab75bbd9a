"""Names, words and figures of the comparison report."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.comparison.compare import compare_runs
from land_subsidence.subsidence_plugin.engine.comparison.runs import Group, Runs
from land_subsidence.subsidence_plugin.engine.report.comparison_lead import lead
from land_subsidence.subsidence_plugin.engine.report.comparison_names import (
    decimals,
    group_names,
    pair_names,
    short_configurations,
    shortened,
    signed,
)

pytest.importorskip("scipy")

#: Mean 0.8 and 0.9, standard deviation 0.01: t = 0.1 / sqrt(2 · 0.0001 / 4), clearly different.
LOW, HIGH = np.array([0.79, 0.81, 0.79, 0.81]), np.array([0.89, 0.91, 0.89, 0.91])


def runs_of(split="validation", **values):
    """Return runs of AUC; ``A_x=…`` is model A in configuration x."""
    groups = {Group(*name.split("_")): {"AUC": own} for name, own in values.items()}
    return Runs(split, ["AUC"], groups)


def test_configurations_lose_what_they_share():
    short = short_configurations(["default epochs=9 rate=0.1", "default epochs=9"])
    assert list(short.values()) == ["rate=0.1", "default"]
    short = short_configurations(["Appendix B epochs=9", "default epochs=9"])
    assert list(short.values()) == ["Appendix B", "default"]
    # names that would become alike stay as they are
    assert list(short_configurations(["a x a", "a a x"]).values()) == ["a x a", "a a x"]
    assert short_configurations(["default epochs=9"]) == {"default epochs=9": "default epochs=9"}
    assert short_configurations(["", "tuned"]) == {"": "", "tuned": "tuned"}


def test_groups_are_named_by_what_differs():
    a, b, c = Group("A", "x"), Group("B", "x"), Group("A", "y")
    assert group_names([a, b]) == {a: "A", b: "B"}
    assert group_names([a, c]) == {a: "x", c: "y"}
    assert group_names([a, b, c]) == {a: "A (x)", b: "B (x)", c: "A (y)"}


def test_pairs_are_named_by_model_by_reference_or_by_both():
    runs = runs_of(A_x=LOW, A_y=HIGH, B_x=LOW, B_y=HIGH)
    ax, ay, bx, by = runs.groups
    names, sides = pair_names(compare_runs(runs, [(ax, ay), (bx, by)]))
    assert (list(names.values()), sides) == (["A", "B"], ("y", "x"))
    names, sides = pair_names(compare_runs(runs, [(ax, ay), (ax, by)]))
    assert (list(names.values()), sides) == (["A (y)", "B (y)"], ("each", "A (x)"))
    names, _sides = pair_names(compare_runs(runs, [(ax, ay), (bx, ay)]))
    assert list(names.values()) == ["A: y / x", "A (y) / B (x)"]


def test_numbers_and_long_names():
    assert [signed(v, 2) for v in (0.004, -0.004, 0.5, -0.5)] == ["0.00", "0.00", "+0.50", "-0.50"]
    assert [decimals([v]) for v in (123.0, 1.5, 0.0123, 1e-9, 0, np.nan)] == [2, 2, 4, 6, 3, 3]
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"


def test_the_first_sentence_says_who_won_and_what_could_not_be_seen():
    runs = runs_of(A_x=LOW, A_y=HIGH, B_x=HIGH, B_y=LOW)
    ax, ay, bx, by = runs.groups
    text = lead(runs, compare_runs(runs, [(ax, ay), (bx, by)]))
    # half the interval: t(0.975, 6) sqrt(2 s² / 4) = 2.447 · 0.008165, s² = 0.0004 / 3
    assert text == (
        "Of 2 comparisons on validation rows, 2 are significant after correction: 1 in favour of "
        "y, 1 of x. The highest mean AUC is that of A (y) (0.900); the next, B (x) (0.900), was "
        "not tested against it. With 4 repeats, only differences in AUC above about 0.020 could "
        "be told from chance."
    )
    text = lead(runs, compare_runs(runs, [(bx, by)]))
    assert text.startswith(
        "Of 1 comparison on validation rows, 1 is significant after correction, in favour of x "
        "over y. "
    )
    text = lead(runs, compare_runs(runs, [(ax, ay), (ax, bx), (ax, by)]))
    assert "2 are significant after correction (2 better than A (x), 0 worse)." in text


def test_no_difference_and_training_rows_are_said():
    runs = runs_of("train", A_x=LOW, B_x=LOW + 0.001)
    text = lead(runs, compare_runs(runs, [tuple(runs.groups)]))
    assert text.startswith("Of 1 comparison on train rows, none are significant after correction.")
    assert "that of B (0.801); it cannot be told from the next, A (0.800)." in text
    assert text.endswith("the figures flatter, and say little of new places.")


def test_the_forest_plot_marks_what_is_significant():
    pytest.importorskip("matplotlib")
    from land_subsidence.subsidence_plugin.engine.report import comparison_figures as figures

    runs = runs_of(A_x=LOW, B_x=HIGH, C_x=LOW + 0.001)
    a, b, c = runs.groups
    figure = figures.forest_figure(compare_runs(runs, [(a, b), (a, c)]))
    ax, side = figure.axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["B", "C"]
    dots = [line for line in side.lines if line.get_color() == figures.SIGNIFICANT]
    assert [line.get_ydata().tolist() for line in dots] == [[0]]
    head, first, second = (text.get_text().split() for text in side.get_yticklabels())
    assert head == ["gain", "interval", "p", "bound"]
    assert first == ["+0.100", "[+0.080,", "+0.120]", "<0.001", "+0.080"]
    assert second == ["+0.001", "[-0.019,", "+0.021]", "0.907", "0"]
