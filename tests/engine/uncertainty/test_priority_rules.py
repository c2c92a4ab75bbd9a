"""The decision table of monitoring priority, each combination by hand."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.uncertainty.priority import (
    RULES,
    Bounds,
    low,
    prioritise,
)


def decide(spread, exceeds, residual=False, level=None):
    one = [np.array([flag]) for flag in (spread == "high", spread == "low", exceeds, residual)]
    given = None if level is None else np.array([level])
    return int(prioritise(one[0], one[1], one[2], one[3], given)[0])


@pytest.mark.parametrize(
    "spread, exceeds, residual, expected",
    [
        ("low", True, False, 1), ("low", True, True, 1),
        ("high", True, False, 2), ("high", True, True, 2),
        ("high", False, True, 3),
        ("medium", True, True, 4),
        ("medium", True, False, 5), ("high", False, False, 5),
        ("medium", False, True, 6), ("low", False, True, 6),
        ("medium", False, False, 7), ("low", False, False, 7),
    ],
)  # fmt: skip
def test_first_rule_that_fits(spread, exceeds, residual, expected):
    assert decide(spread, exceeds, residual) == expected


@pytest.mark.parametrize(
    "spread, exceeds, residual, level, expected",
    [
        ("low", True, False, True, 1),
        ("high", True, True, True, 2),
        ("low", True, False, False, 5),  # likely to exceed, but the level is not high
        ("low", True, True, False, 4),
        ("high", True, True, False, 3),
        ("medium", False, False, True, 5),  # a high level is never routine
        ("low", False, False, False, 7),
    ],
)
def test_levels_decide_the_first_two_rules(spread, exceeds, residual, level, expected):
    assert decide(spread, exceeds, residual, level) == expected


def test_without_residual_none_is_high():
    yes, no = np.array([True, True]), np.array([False, True])
    assert prioritise(~yes, no, yes).tolist() == [5, 1]


def test_labels_hold_the_action():
    assert len(RULES) == 7
    assert RULES[0].label == "Robust high: intervene first"
    assert RULES[2].label == "Dense monitoring (GNSS, corner reflectors)"


def test_high_means_from_the_quantile_on_and_above_the_minimum():
    values = np.array([0, 0.2, 1.0], np.float32)
    assert Bounds(1.0, 0.0).high(values).tolist() == [False, False, True]
    assert Bounds(0.0, 0.0).high(values).tolist() == [False, True, True]
    same = float(np.float32(0.2))
    assert Bounds(same, same).high(np.full(3, same, np.float32)).tolist() == [False] * 3
    assert low(values, 0.2).tolist() == [True, False, False]  # the float32 0.2 is above the double
