"""Scaling, clipping, one-hot and masking, on rows worked out by hand."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.models.card import Factor
from land_subsidence.subsidence_plugin.engine.models.encode import encode, fit_factors

SLOPE = Factor("slope", "continuous", 10.0, 30.0)
SOIL = Factor("soil", "categorical", 2.0, 7.0, (2.0, 5.0, 7.0))
CLASSES = Factor("aspect", "classes", 1.0, 9.0)


def test_scales_by_training_range_and_counts_what_it_clips():
    rows = [[10, 1], [20, 5], [30, 9], [40, 9], [0, 13]]
    inputs, clipped, valid = encode(np.array(rows, np.float32), [SLOPE, CLASSES])
    assert inputs.dtype == np.float32
    np.testing.assert_allclose(inputs, [[0, 0], [0.5, 0.5], [1, 1], [1, 1], [0, 1]])
    assert clipped.tolist() == [2, 1]
    assert valid.all()


def test_without_clipping_values_stay_outside_but_are_counted():
    inputs, clipped, _ = encode(np.array([[40.0]]), [SLOPE], clip=False)
    assert inputs[0, 0] == 1.5
    assert clipped.tolist() == [1]


def test_categories_become_one_input_each_in_the_factors_place():
    rows = np.array([[7, 20], [2, 10], [5, 30]], np.float32)
    inputs, _, valid = encode(rows, [SOIL, SLOPE])
    np.testing.assert_array_equal(inputs, [[0, 0, 1, 0.5], [1, 0, 0, 0], [0, 1, 0, 1]])
    assert valid.all()


def test_unseen_category_and_missing_value_mask_the_row_and_are_not_counted_as_clipped():
    rows = np.array([[3, 99], [2, np.nan], [8, 20], [np.inf, 20], [5, 20]], np.float32)
    inputs, clipped, valid = encode(rows, [SOIL, SLOPE])
    assert valid.tolist() == [False, False, False, False, True]
    assert clipped.tolist() == [0, 0]
    assert not inputs[:4].any()


def test_fit_takes_range_and_categories_from_the_rows():
    rows = np.array([[1.5, 3], [2.5, 1], [0.5, 3]], np.float32)
    factors = fit_factors(rows, ["a", "b"], ["continuous", "categorical"])
    assert factors == [
        Factor("a", "continuous", 0.5, 2.5),
        Factor("b", "categorical", 1, 3, (1, 3)),
    ]


def test_constant_factor_is_refused():
    with pytest.raises(InputError, match=r"'b' is constant \(3\) in the training rows"):
        fit_factors(np.array([[1, 3], [2, 3]]), ["a", "b"])


def test_wrong_number_of_columns_is_refused():
    with pytest.raises(InputError, match="needs 2 factors a row"):
        encode(np.zeros((3, 4)), [SLOPE, CLASSES])
