"""The optimisation process of repeated searches (R, Figure 5): lines, means, phases, data."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("optuna")

from land_subsidence.subsidence_plugin.engine.report.forecast_tuning_figures import (
    optimisation_process,
)

nan = np.nan
SEARCHES = [
    {"trial": np.array([0, 1, 2, 3]), "value": np.array([0.9, 0.7, nan, 0.8]),
     "state": ["complete", "complete", "pruned", "complete"]},
    # Workers end in any order: the table is sorted by the number of the trial.
    {"trial": np.array([2, 0, 1]), "value": np.array([0.6, 1.0, 0.9]),
     "state": ["complete"] * 3},
]  # fmt: skip


def lines(ax, style):
    return [line for line in ax.lines if line.get_linestyle() == style and len(line.get_xdata()) > 1
            and line.get_label() != "pruned trial (no value)"]  # fmt: skip


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_repeats_are_dashed_and_their_mean_is_solid():
    figure, _data = optimisation_process(SEARCHES, "Validation loss", {}, None)
    raw, best = figure.axes
    assert [list(line.get_ydata()) for line in lines(raw, "--")] == [
        [0.9, 0.7, 0.8], [1.0, 0.9, 0.6]
    ]  # fmt: skip
    assert [list(line.get_xdata()) for line in lines(raw, "--")] == [[0, 1, 3], [0, 1, 2]]
    (mean,) = lines(raw, "-")
    # Of trial 2 and 3 only one search has a value.
    assert list(mean.get_ydata()) == pytest.approx([0.95, 0.8, 0.6, 0.8])
    assert [list(line.get_ydata()) for line in lines(best, "--")] == [
        [0.9, 0.7, 0.7, 0.7], [1.0, 0.9, 0.6, 0.6]
    ]  # fmt: skip
    (mean,) = lines(best, "-")  # what a search that ended has found stays its best
    assert list(mean.get_ydata()) == pytest.approx([0.95, 0.8, 0.65, 0.65])


def test_pruned_trials_are_marked_and_the_data_have_every_trial():
    figure, data = optimisation_process(SEARCHES, "Validation loss", {}, None)
    crosses = next(x for x in figure.axes[0].lines if "pruned" in x.get_label())
    assert list(crosses.get_xdata()) == [2]
    assert data["search"] == [1, 1, 1, 1, 2, 2, 2] and data["trial"] == [0, 1, 2, 3, 0, 1, 2]
    assert data["best_so_far"] == pytest.approx([0.9, 0.7, 0.7, 0.7, 1.0, 0.9, 0.6])
    assert data["state"][2] == "pruned" and np.isnan(data["value"][2])


def test_phases_are_named_where_they_were_reached():
    for startup, names in ((2, ["random start-up", "guided (TPE)"]), (20, ["random start-up"]),
                           (None, [])):  # fmt: skip
        figure, _data = optimisation_process(SEARCHES, "Validation loss", {}, startup)
        assert all(texts(ax) == names for ax in figure.axes), startup


def test_one_search_has_no_mean_and_references_are_named():
    figure, _data = optimisation_process(
        SEARCHES[:1], "Validation loss", {"defaults (manual)": 0.75}, 2
    )
    raw, best = figure.axes
    assert not lines(raw, "-")
    (solid,) = lines(best, "-")
    assert list(solid.get_ydata()) == pytest.approx([0.9, 0.7, 0.7, 0.7])
    assert "defaults (manual): 0.750" in [line.get_label() for line in best.lines]
    low, high = best.get_ylim()
    assert low < 0.7 and high > 0.9
