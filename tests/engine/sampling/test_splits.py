"""Splits and folds: shares, strata, whole blocks, the published spatial AUROC."""

import csv

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.sampling.splits import (
    block_folds,
    block_numbers,
    deal_groups,
    kmeans_folds,
    random_folds,
    split_shares,
)


@pytest.fixture
def points():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 1000, (2, 600))
    return x, y, (rng.random(600) < 0.3).astype(int)


def test_random_folds_differ_by_at_most_one_in_size_and_class():
    labels = np.array([0] * 52 + [1] * 31)
    folds = random_folds(labels, 5, 1)
    sizes = np.bincount(folds, minlength=6)[1:]
    ones = np.bincount(folds[labels == 1], minlength=6)[1:]
    assert sorted(sizes) == [16, 16, 17, 17, 17]
    assert sorted(ones) == [6, 6, 6, 6, 7]


def test_random_folds_do_not_follow_row_order():
    folds = random_folds(np.zeros(1000, int), 2, 0)
    assert 200 < (folds[:500] == 1).sum() < 300


def test_stratified_shares_hold_in_each_class():
    labels = np.array([1] * 100 + [0] * 40)
    parts = split_shares(labels, 0.3, 0.2, 7)
    for label, train, validation, test in ((1, 50, 30, 20), (0, 20, 12, 8)):
        found = [int(((parts == p) & (labels == label)).sum()) for p in PARTS]
        assert found == [train, validation, test]


PARTS = ("train", "validation", "test")


def test_a_share_of_zero_stays_empty_whatever_the_rounding():
    for count in range(2, 30):
        parts = split_shares(np.r_[np.zeros(count, int), np.ones(count, int)], 0.3, 0.0, 1)
        assert "test" not in parts
        assert (parts == "validation").sum() == 2 * round(0.3 * count)


def test_block_numbers_are_those_of_the_squares():
    x, y = np.array([0, 9.9, 10, 0, -0.1]), np.array([0, 9.9, 0, 10, 0])
    blocks = block_numbers(x, y, 10)
    assert blocks[0] == blocks[1]
    assert len(set(blocks[1:])) == 4


def test_blocks_stay_whole_and_classes_balanced(points):
    x, y, labels = points
    folds = block_folds(x, y, labels, 50, 5, 1)
    blocks = block_numbers(x, y, 50)
    assert all(len(set(folds[blocks == b])) == 1 for b in np.unique(blocks))
    ones = np.bincount(folds[labels == 1])[1:]
    zeros = np.bincount(folds[labels == 0])[1:]
    assert np.ptp(ones) <= 2
    assert np.ptp(zeros) <= 4


def test_split_by_groups_keeps_them_whole_and_near_the_shares(points):
    x, y, labels = points
    blocks = block_numbers(x, y, 50)
    parts = split_shares(labels, 0.3, 0.1, 1, blocks)
    assert all(len(set(parts[blocks == b])) == 1 for b in np.unique(blocks))
    for part, share in zip(PARTS, (0.6, 0.3, 0.1)):
        for label in (0, 1):
            chosen = parts[labels == label] == part
            assert chosen.mean() == pytest.approx(share, abs=0.02)


def test_large_groups_do_not_always_land_in_the_same_part():
    groups = np.repeat([0, 1, 2, 3], [40, 20, 20, 20])
    homes = {
        int(deal_groups(groups, np.zeros(100, int), np.array([0.6, 0.4]), seed)[0])
        for seed in range(20)
    }
    assert homes == {0, 1}


def test_kmeans_folds_are_the_clumps():
    rng = np.random.default_rng(0)
    centre = np.repeat([[0, 0], [1e6, 0], [0, 1e6]], 20, axis=0) + 5e6
    xy = centre + rng.normal(0, 100, (60, 2))
    folds = kmeans_folds(*xy.T, 3, 1)
    assert [len(set(folds[i : i + 20])) for i in (0, 20, 40)] == [1, 1, 1]
    assert sorted(set(folds)) == [1, 2, 3]


@pytest.mark.parametrize("make", [random_folds, split_shares, block_folds, kmeans_folds])
def test_same_seed_same_result_and_another_seed_another(points, make):
    x, y, labels = points
    arguments = {
        random_folds: (labels, 5), split_shares: (labels, 0.3, 0.0),
        block_folds: (x, y, labels, 100, 5), kmeans_folds: (x, y, 5),
    }[make]  # fmt: skip
    first = make(*arguments, 4)
    assert np.array_equal(first, make(*arguments, 4))
    assert not np.array_equal(first, make(*arguments, 5))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: random_folds(np.zeros(3, int), 5, 1), "There are 3 points, too few for 5 folds"),
        (lambda: random_folds(np.zeros(9, int), 1, 1), "FOLDS is 1; .* at least 2"),
        (lambda: split_shares(np.zeros(9, int), 0.7, 0.3, 1), "add up to 1; they must leave"),
        (lambda: split_shares(np.zeros(9, int), -0.1, 0, 1), "VALIDATION_SHARE is -0.1"),
        (lambda: split_shares(np.zeros(2, int), 0.1, 0, 1), "too few points for a validation"),
        (lambda: block_numbers(np.zeros(2), np.zeros(2), 0), "BLOCK_SIZE is 0"),
        (
            lambda: block_folds(np.arange(9.0), np.arange(9.0), np.zeros(9, int), 5, 3, 1),
            "There are 2 blocks of 5 map units, too few for 3 folds; .* or smaller blocks",
        ),
        (lambda: kmeans_folds(np.ones(9), np.ones(9), 2, 1), "There are 1 distinct points"),
    ],
)
def test_impossible_wishes_are_named(call, text):
    with pytest.raises(InputError, match=text):
        call()


def test_published_auroc_of_ecuador_is_reproduced(ecuador):
    """Logistic regression: 0.81 in random, 0.77 in spatial 5-fold CV (Geocomputation with R)."""
    linear = pytest.importorskip("sklearn.linear_model")
    metrics = pytest.importorskip("sklearn.metrics")
    with open(ecuador / "lsl.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = ("slope", "cplan", "cprof", "elev", "log10_carea")
    values = np.array([[float(row[name]) for name in names] for row in rows])
    labels = np.array([int(float(row["lslpts"])) for row in rows])
    x, y = (np.array([float(row[name]) for row in rows]) for name in "xy")

    def auroc(folds):
        figures = []
        for fold in np.unique(folds):
            test = folds == fold
            mean, deviation = values[~test].mean(axis=0), values[~test].std(axis=0)
            scaled = (values - mean) / deviation
            model = linear.LogisticRegression(C=1e6, max_iter=1000)
            model.fit(scaled[~test], labels[~test])
            score = model.predict_proba(scaled[test])[:, 1]
            figures.append(metrics.roc_auc_score(labels[test], score))
        return np.mean(figures)

    random = np.mean([auroc(random_folds(labels, 5, seed)) for seed in range(20)])
    spatial = np.mean([auroc(kmeans_folds(x, y, 5, seed)) for seed in range(20)])
    assert random == pytest.approx(0.81, abs=0.015)
    assert spatial == pytest.approx(0.77, abs=0.015)
