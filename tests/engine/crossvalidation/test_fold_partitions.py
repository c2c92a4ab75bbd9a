"""Partitions: the same for every order of rows, spatial folds whole, bad input refused."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.crossvalidation.folds import (
    METHODS,
    RANDOM,
    SPATIAL,
    Partition,
    Places,
    check_folds,
    check_partitions,
    make_partitions,
)
from land_subsidence.subsidence_plugin.engine.errors import InputError

pytest.importorskip("sklearn")


@pytest.fixture
def rows():
    random = np.random.default_rng(1)
    return random.random(200) * 1000, random.random(200) * 800, random.integers(0, 2, 200)


def partitions(rows, method="blocks", folds=5, repeats=2, seed=3, **places):
    x, y, label = rows
    places = {"x": x, "y": y, "block_size": 150.0, **places}
    return make_partitions(label, Places(**places), method, folds, repeats, seed)


def test_the_order_of_the_enum_stays():
    assert METHODS == ("blocks", "kmeans", "field")


@pytest.mark.parametrize("method", ["blocks", "kmeans"])
def test_two_schemes_a_repeat_whatever_the_order_of_the_rows(rows, method):
    found = partitions(rows, method)
    assert [(p.scheme, p.repeat, p.seed) for p in found] == [
        (RANDOM, 1, 3), (SPATIAL, 1, 3), (RANDOM, 2, 4), (SPATIAL, 2, 4)
    ]  # fmt: skip
    assert all(sorted(set(p.fold)) == [1, 2, 3, 4, 5] for p in found)
    assert not np.array_equal(found[0].fold, found[2].fold)
    assert not np.array_equal(found[1].fold, found[3].fold)
    order = np.random.default_rng(9).permutation(200)
    shuffled = partitions(tuple(values[order] for values in rows), method)
    for one, other in zip(found, shuffled):
        np.testing.assert_array_equal(one.fold[order], other.fold)


def test_random_folds_are_stratified(rows):
    label, fold = rows[2], partitions(rows)[0].fold
    for value in (0, 1):
        counts = np.bincount(fold[label == value])[1:]
        assert counts.max() - counts.min() <= 1


def test_blocks_stay_whole_and_have_the_size_asked_for(rows):
    x, y, _label = rows
    partition = partitions(rows)[1]
    for group in np.unique(partition.groups):
        own = partition.groups == group
        assert len(set(partition.fold[own])) == 1
        assert np.ptp(x[own]) <= 150 and np.ptp(y[own]) <= 150


def test_blocks_have_another_origin_in_each_repeat(rows):
    first, second = partitions(rows)[1], partitions(rows)[3]
    pairs = set(zip(first.groups, second.groups))
    assert len(pairs) > len(set(first.groups))  # the squares of one cut those of the other


def test_folds_of_a_field_stay_and_give_their_number_to_the_random_ones(rows):
    field = np.where(rows[0] < 300, 7.0, np.where(rows[0] < 600, 9.0, 12.0))
    found = partitions(rows, "field", x=None, y=None, field=field)
    np.testing.assert_array_equal(found[1].fold, np.searchsorted([7, 9, 12], field) + 1)
    np.testing.assert_array_equal(found[1].fold, found[3].fold)
    assert [p.folds for p in found] == [3, 3, 3, 3]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (None, "no numeric field 'fold'; run 'Extract samples' with FOLDS"),
        (np.full(200, 2.0), "holds the value 2 only; at least 2 folds"),
        (np.append(np.nan, np.tile([1.0, 2.0], 100)[1:]), "is empty in 1 rows; fill it"),
    ],
)
def test_bad_fields_are_refused(rows, field, words):
    with pytest.raises(InputError, match=words):
        partitions(rows, "field", field=field)


@pytest.mark.parametrize(
    ("zeros", "ones", "folds", "words"),
    [
        (6, 5, 1, "FOLDS is 1; cross-validation needs at least 2"),
        (2, 2, 5, "There are 4 complete samples, too few for 5 folds; set FOLDS to less"),
        (50, 3, 5, "There are 3 samples with label 1, too few for 5 folds .* set FOLDS to 3"),
    ],
)
def test_more_folds_than_rows_are_refused(zeros, ones, folds, words):
    with pytest.raises(InputError, match=words):
        check_folds(np.repeat([0, 1], [zeros, ones]), folds)


def test_too_few_blocks_or_places_are_refused(rows):
    with pytest.raises(InputError, match="blocks of 5000 map units, too few for 5 folds"):
        partitions(rows, block_size=5000.0)
    same = (np.zeros(200), np.zeros(200), rows[2])
    with pytest.raises(InputError, match="There are 1 distinct points, too few for 5 folds"):
        partitions(same, "kmeans")
    with pytest.raises(InputError, match="REPEATS is 0"):
        partitions(rows, repeats=0)


def test_folds_with_one_class_warn_or_are_refused():
    label = np.array([0, 0, 1, 0, 1, 0, 1, 1])
    fold = np.array([1, 1, 2, 2, 3, 3, 4, 4])
    (warning,) = check_partitions([Partition(SPATIAL, 1, 1, fold)], label)
    assert "2 of 4 folds hold rows of one class only" in warning
    assert "fold 1 (spatial, repeat 1), fold 4 (spatial, repeat 1)" in warning
    with pytest.raises(InputError, match="Only 0 of the 4 spatial folds of repeat 1 hold both"):
        check_partitions([Partition(SPATIAL, 1, 1, np.array([1, 1, 2, 3, 4, 3, 2, 2]))], label)
    assert (
        check_partitions([Partition(RANDOM, 1, 1, np.array([1, 2, 1, 1, 2, 2, 2, 1]))], label) == []
    )
