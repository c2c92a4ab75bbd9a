"""Rows that a calibration was fitted on are known again, and others are not."""

import numpy as np
from land_subsidence.subsidence_plugin.engine.validation.fingerprints import (
    fingerprints,
    seen_rows,
)


def rows(count=200, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(0, 1, (count, 3)).astype(np.float32), random.random((2, count)) * 1e6


def test_rows_are_known_again_in_any_order():
    values, (x, y) = rows()
    stored = fingerprints(values[:80], x[:80], y[:80], "utm").as_dict()
    order = np.random.default_rng(1).permutation(200)
    now = fingerprints(values[order].astype(float), x[order], y[order], "utm")
    np.testing.assert_array_equal(seen_rows(stored, now), order < 80)
    np.testing.assert_array_equal(seen_rows(stored, now.take(order < 80)), np.ones(80, bool))


def test_places_tell_rows_of_equal_classes_apart():
    codes = np.ones((50, 2), np.float32)
    x = np.arange(50.0)
    stored = fingerprints(codes[:10], x[:10], x[:10], "utm").as_dict()
    assert seen_rows(stored, fingerprints(codes, x, x, "utm")).sum() == 10
    # Without places to compare, equal factors must count as the same row.
    assert seen_rows(stored, fingerprints(codes)).all()
    assert seen_rows(stored, fingerprints(codes, x + 1, x, "degrees")).all()
    assert seen_rows(fingerprints(codes[:1]).as_dict(), fingerprints(codes, x, x, "utm")).all()


def test_minus_zero_is_zero_and_nothing_is_remembered_of_foreign_cards():
    stored = fingerprints(np.array([[0.0, 1]])).as_dict()
    assert seen_rows(stored, fingerprints(np.array([[-0.0, 1]]))).all()
    now = fingerprints(rows()[0])
    for foreign in (None, {}, {"row_values": 3}, {"row_values": "xyz"}, {"row_values": "zz" * 8}):
        assert not seen_rows(foreign, now).any()
