"""Success- and prediction-rate curves against hand-worked and independent figures."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.validation.class_meaning import ClassMeaning
from land_subsidence.subsidence_plugin.engine.validation.frequency_ratio import ClassCounts
from land_subsidence.subsidence_plugin.engine.validation.rates import ProbabilityCounts, rate_curve
from land_subsidence.subsidence_plugin.engine.validation.ratio_table import (
    factor_ratios,
    ratio_columns,
)


def test_three_classes_worked_out_by_hand():
    # Area 50, 30, 20 %; events 0, 1, 3; taken from class 3 down.
    curve = rate_curve([50, 30, 20], [0, 1, 3], order=np.array([1, 2, 3]))
    np.testing.assert_allclose(curve.area, [0, 0.2, 0.5, 1])
    np.testing.assert_allclose(curve.events, [0, 0.75, 1, 1])
    assert curve.under == pytest.approx(0.2 * 0.375 + 0.3 * 0.875 + 0.5)
    assert curve.at(0.1) == pytest.approx(0.375)


def test_classes_of_equal_rank_are_one_step():
    one = rate_curve([50, 50], [4, 0], order=np.array([1.0, 1.0]))
    assert one.under == pytest.approx(0.5)
    last = rate_curve([50, 50], [0, 4], order=np.array([np.nan, 0.0]))
    assert last.under == pytest.approx(0.75)


def test_no_event_gives_no_curve():
    assert rate_curve([5, 5], [0, 0]) is None


def test_table_2_as_a_five_point_curve():
    cells = np.array([3507535, 807093, 420844, 364452, 406802])
    events = np.array([22, 10, 49, 124, 1202])
    curve = rate_curve(cells, events, order=np.arange(5))
    assert len(curve.area) == 6
    # The same by hand: trapezoids from the very high class down.
    area = (cells / cells.sum())[::-1]
    share = (events / events.sum())[::-1]
    height = np.cumsum(share) - share / 2
    assert curve.under == pytest.approx(float((area * height).sum()))
    assert 0.94 < curve.under < 0.95


@pytest.mark.parametrize("decimals", [2, 7])
def test_probability_curve_agrees_with_scikit_learn(decimals):
    """Area under the rate curve = chance that an event beats a cell = AUC of events to cells."""
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(2)
    cells = (random.random(20000) ** 3).round(decimals).astype(np.float32)
    events = random.choice(cells, 300, p=cells / cells.sum())
    counts = ProbabilityCounts("p", ["train", "validation"])
    for part in np.array_split(cells, 9):
        counts.add_cells(part.reshape(1, -1))
    counts.add_cells(np.full((3, 3), np.nan, np.float32))
    counts.add_events("train", events)
    expected = metrics.roc_auc_score(
        np.repeat([1, 0], [len(events), len(cells)]), np.concatenate([events, cells])
    )
    assert counts.success.under == pytest.approx(expected, abs=2e-5)
    assert counts.prediction is None
    np.testing.assert_allclose(counts.success.area[-1], 1)


def test_probabilities_of_one_are_counted_and_others_refused():
    counts = ProbabilityCounts("p.tif", ["all"])
    counts.add_cells(np.array([0.0, 1.0], np.float32))
    counts.add_events("all", np.array([1.0], np.float32))
    assert counts.success.under == pytest.approx(0.75)
    assert counts.prediction is None
    with pytest.raises(InputError, match=r"'p\.tif' holds values from 0 to 100"):
        counts.add_cells(np.array([0.0, 100.0]))


def counted(cells, train, validation):
    counts = ClassCounts("soil", ["train", "validation", "test"])
    codes = np.arange(1, len(cells) + 1, dtype=float)
    counts.add_cells(np.repeat(codes, cells))
    counts.add_events("train", np.repeat(codes, train))
    counts.add_events("validation", np.repeat(codes, validation))
    return counts


def test_validation_events_do_not_order_the_classes_that_they_judge():
    # Training says class 1 is densest, validation events all lie in class 2.
    table = factor_ratios(counted([10, 10], [3, 1], [0, 4]), ["validation"], False, {})
    assert table.success.under == pytest.approx(0.5 * 0.375 + 0.5 * 0.875)
    assert table.prediction.under == pytest.approx(0.25)
    # Susceptibility classes keep their own order, from the highest down.
    table = factor_ratios(counted([10, 10], [3, 1], [0, 4]), ["validation"], True, {})
    assert table.prediction.under == pytest.approx(0.75)


def test_table_has_both_splits_beside_the_reported_events():
    table = factor_ratios(
        counted([10, 30], [3, 1], [1, 1]), ["validation"], False, {1: ClassMeaning("clay", 0, 2)}
    )
    columns = ratio_columns([table])
    assert columns["label"] == ["clay", None]
    np.testing.assert_array_equal(columns["upper"], [2, np.nan])
    assert columns["events"].tolist() == [1, 1]
    np.testing.assert_allclose(columns["frequency_ratio"], [2, 2 / 3])
    np.testing.assert_allclose(columns["area_percent"], [25, 75])
    np.testing.assert_allclose(columns["training_ratio"], [3, 1 / 3])
    assert columns["training_events"].tolist() == [3, 1]
    assert columns["validation_events"].tolist() == [1, 1]


def test_rows_of_different_cell_area_weigh_by_area():
    """In degrees a cell near the pole is smaller; events per area, not per cell, are compared."""
    values, row_area = np.array([[1.0, 1.0], [2.0, np.nan]]), np.array([1.0, 4.0])
    counts = ClassCounts("a", ["all"])
    counts.add_cells(values, row_area)
    counts.add_events("all", np.array([1.0, 2.0]))
    np.testing.assert_array_equal(counts.cells, [2, 1])
    np.testing.assert_allclose(counts.area, [2, 4])
    table = factor_ratios(counts, ["all"], True, {})
    np.testing.assert_allclose(table.ratios.ratio, [0.5 / (2 / 6), 0.5 / (4 / 6)])
    probability = ProbabilityCounts("p", ["all"])
    probability.add_cells(values / 2, row_area)
    probability.add_events("all", np.array([0.5, 1.0]))
    np.testing.assert_allclose(probability.success.under, table.success.under)
