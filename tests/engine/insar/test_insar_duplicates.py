"""Duplicates of overlapping tiles, and the choice and thinning of an inventory."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.insar.duplicates import PointRegister, quality_of
from land_subsidence.subsidence_plugin.engine.insar.inventory import (
    CELL,
    DISTANCE,
    HIGH_IS_GOOD,
    LOW_IS_GOOD,
    good,
    moving,
    stable,
    thin,
)

NAN = np.nan


def register(*blocks):
    kept = PointRegister()
    for table, x, names, values, quality in blocks:
        x = np.array(x, float)
        kept.add(table, x, 0 * x, names, np.array(values), np.array(quality, float))
    return kept


def test_more_dates_win_then_quality_then_the_first():
    found = register(
        (0, [1, 2, 3, 4], "abcd", [10, 10, 10, 10], [0.5, 0.5, 0.5, 0.5]),
        (1, [1, 2, 3.001, 9], "efgh", [11, 10, 10, 10], [0.1, 0.9, 0.5, 0.5]),
    ).duplicates(0.01)
    assert found.tolist() == [0, 1, 6]


def test_within_a_table_only_the_same_identifier_is_a_duplicate():
    block = (0, [1, 1, 1], ["a", "b", "a"], [5, 5, 6], [NAN, NAN, NAN])
    assert register(block).duplicates(0.01).tolist() == [0]
    nameless = (0, [1, 1], [], [5, 5], [1, 1])
    assert register(nameless, nameless).duplicates(0.01).tolist() == []
    assert register().duplicates(1).tolist() == []


def test_three_tiles_keep_one():
    blocks = [(n, [7.0], ["p"], [5], [q]) for n, q in enumerate([0.2, 0.9, 0.4])]
    assert register(*blocks).duplicates(0.01).tolist() == [0, 2]


def test_quality_by_what_the_table_has():
    values = np.array([[0.8, 3.0]])
    assert quality_of(["temporal_coherence", "rmse"], values).tolist() == [0.8]
    assert quality_of(["height", "rmse_ts"], values).tolist() == [-3.0]
    assert np.isnan(quality_of(["height", "v"], values)).all()


def test_choice_by_velocity_and_quality():
    velocity = np.array([-6, -5, -4.9, 0, 2, 7, NAN])
    assert np.flatnonzero(moving(velocity, -5)).tolist() == [0, 1]
    assert np.flatnonzero(moving(velocity, 5)).tolist() == [5]
    assert np.flatnonzero(stable(velocity, 2, -5)).tolist() == [3]
    quality = np.array([0.2, 0.5, 0.9, NAN])
    assert good(quality, 0.5, HIGH_IS_GOOD).tolist() == [False, True, True, False]
    assert good(quality, 0.5, LOW_IS_GOOD).tolist() == [True, True, False, False]
    with pytest.raises(InputError, match="THRESHOLD is 0; give a velocity below 0"):
        moving(velocity, 0)
    with pytest.raises(InputError, match="STABLE_LIMIT is 6; it must be greater than 0 and at"):
        stable(velocity, 6, -5)


def test_thinning_keeps_the_best_of_neighbours():
    x = np.array([0.0, 5, 12, 30])
    rank = np.array([1.0, 3, 2, NAN])
    assert thin(x, 0 * x, rank, 10, DISTANCE).tolist() == [1, 3]
    assert thin(x, 0 * x, rank, 7, DISTANCE).tolist() == [1, 2, 3]
    assert thin(x, 0 * x, rank, 10, CELL).tolist() == [1, 2, 3]
    assert thin(x, 0 * x, rank, 0, CELL).tolist() == [0, 1, 2, 3]
    rng = np.random.default_rng(6)
    px, py = rng.uniform(0, 100, (2, 300))
    kept = thin(px, py, rng.random(300), 8, DISTANCE)
    apart = np.hypot(px[kept][:, None] - px[kept], py[kept][:, None] - py[kept])
    assert apart[~np.eye(len(kept), dtype=bool)].min() >= 8
