"""Figures and words of the correlation report."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.correlation.matrix import Correlations
from land_subsidence.subsidence_plugin.engine.report.correlation_report import lead

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

R = np.array([[1, 0.9, -0.2], [0.9, 1, 0.001], [-0.2, 0.001, 1]])
P = np.array([[0, 0.0001, 0.03], [0.0001, 0, 0.9], [0.03, 0.9, 0]])
FOUND = Correlations(["depth", "clay", "rain"], R, P, R, P, 100, 100)


def test_the_matrix_has_circles_stars_numbers_and_frames():
    from land_subsidence.subsidence_plugin.engine.report.correlation_figures import matrix_figure

    figure = matrix_figure(FOUND.names, R, P, 0.7, "Pearson's r")
    ax = figure.axes[0]
    (circles,) = [drawn for drawn in ax.collections if len(drawn.get_paths()) == 3]
    assert circles.get_array().tolist() == [0.9, -0.2, 0.001]
    # the areas are |r| of the circle that fills a cell
    widths = [path.get_extents().width for path in circles.get_paths()]
    assert widths == pytest.approx([0.92 * np.sqrt(r) for r in (0.9, 0.2, 0.001)], rel=1e-6)
    texts = {text.get_text() for text in ax.texts}
    assert texts == {"***", "*", "", "0.90", "-0.20", "0.00"}
    assert len(ax.patches) == 1  # one pair is above the threshold
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first factor on top


def test_what_is_not_defined_stays_empty():
    from land_subsidence.subsidence_plugin.engine.report.correlation_figures import matrix_figure

    r = R.copy()
    r[0, 1] = r[1, 0] = np.nan
    ax = matrix_figure(FOUND.names, r, P, 0.7, "r").axes[0]
    assert {text.get_text() for text in ax.texts} == {"*", "", "-0.20", "0.00"}


def test_an_infinite_inflation_is_drawn_to_the_edge():
    from land_subsidence.subsidence_plugin.engine.report.correlation_figures import (
        inflation_figure,
    )

    ax = inflation_figure(["a", "b", "c"], np.array([0.5, 0, 0.05])).axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["b", "c", "a"]
    assert [text.get_text() for text in ax.texts] == ["infinite", "20.00", "2.00"]
    assert ax.patches[0].get_width() == pytest.approx(ax.get_xlim()[1])


def test_the_first_sentence():
    text = lead(FOUND, np.array([0.3, 0.3, 0.9]), 0.7)
    assert text == (
        "Of 3 pairs of 3 factors, 1 has |r| above 0.7: depth and clay (0.90). The highest variance "
        "inflation factor is 3.3 (depth), below the usual limit of 10."
    )
    text = lead(FOUND, np.array([0.05, 0, 0.9]), 0.95)
    assert text == (
        "Of 3 pairs of 3 factors, none have |r| above 0.95. Exactly computable from other "
        "factors: clay; the variance inflation factor exceeds 10 for depth (20.0): consider "
        "leaving some of them out."
    )
    assert "too few rows" in lead(FOUND, np.full(3, np.nan), 0.7)
