"""Dissimilarity index by hand, by brute force, and by the published algorithm step by step."""

import math

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.applicability import nearest
from land_subsidence.subsidence_plugin.engine.applicability.dissimilarity import (
    outlier_removed_maximum,
    training_dissimilarity,
)
from land_subsidence.subsidence_plugin.engine.applicability.nearest import (
    CHUNK,
    Products,
    directions,
    nearest_search,
)
from land_subsidence.subsidence_plugin.engine.applicability.space import PredictorSpace
from land_subsidence.subsidence_plugin.engine.applicability.tile_index import (
    Reference,
    TileIndexer,
    is_outside,
)
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.models.card import Factor
from land_subsidence.subsidence_plugin.engine.models.encode import encode, fit_factors
from land_subsidence.subsidence_plugin.engine.progress import Progress

pytest.importorskip("scipy")

#: Three rows of two factors; mean 2 and 1, standard deviation 2 and √3.
ROWS = np.array([[0, 0], [2, 0], [4, 3]], np.float32)
WEIGHTS = np.array([1, math.sqrt(3)])
#: With these weights the rows lie at (0, 0), (1, 0) and (2, 3), apart from where 0 is: their
#: distances are 1, √13 and √10.
MEAN = (1 + math.sqrt(13) + math.sqrt(10)) / 3


def reference_of(values, weights, names, kinds=None, fold=None, threshold=None):
    factors = fit_factors(values, names, kinds)
    inputs = encode(values, factors, clip=False)[0]
    space = PredictorSpace(factors, inputs, weights)
    rows = space.coordinates(inputs)
    return Reference(space, rows, training_dissimilarity(rows, fold, threshold))


@pytest.fixture
def by_hand():
    return reference_of(ROWS, WEIGHTS, ["slope", "twi"])


def test_three_rows_by_hand(by_hand):
    training = by_hand.training
    assert training.mean_distance == pytest.approx(MEAN, rel=1e-6)
    assert training.index == pytest.approx([1 / MEAN, 1 / MEAN, math.sqrt(10) / MEAN], rel=1e-6)
    # Q1 = 0.3862, Q3 = 0.8038: Q3 + 1.5 IQR = 1.4300 is above the largest, which is taken
    assert training.threshold == pytest.approx(1.221298, abs=1e-6)


def test_folds_of_three_rows_by_hand():
    training = reference_of(ROWS, WEIGHTS, ["slope", "twi"], fold=np.array([1, 1, 2])).training
    expected = np.sqrt([13, 10, 10]) / MEAN
    assert training.index == pytest.approx(expected, rel=1e-6)
    assert training.mean_distance == pytest.approx(MEAN, rel=1e-6)  # of all pairs, whatever fold


def test_a_row_without_fold_has_no_index():
    fold = np.array([1, np.nan, 2])
    training = reference_of(ROWS, WEIGHTS, ["slope", "twi"], fold=fold).training
    assert np.isnan(training.index[1])
    # rows 1 and 3 still have row 2 as a neighbour: it was trained on, and is in no fold of theirs
    assert training.index[[0, 2]] == pytest.approx([1 / MEAN, math.sqrt(10) / MEAN], rel=1e-6)


def test_pixels_by_hand(by_hand):
    # (4, 1) lies at (2, 1): √2 from the second row. (10, 0) lies at (5, 0): 4 from it.
    values = np.array([[4, 10, 0, np.nan], [1, 0, 0, 1]], np.float32)
    tile = TileIndexer(by_hand)(values)
    assert tile.index[:3] == pytest.approx([math.sqrt(2) / MEAN, 4 / MEAN, 0], abs=1e-6)
    assert np.isnan(tile.index[3])
    tally = tile.tally
    assert (tally.pixels, tally.outside, tally.unknown) == (3, 1, 0)
    assert tally.squares == pytest.approx([16, 0], abs=1e-4)
    assert tally.shares == pytest.approx([1, 0], abs=1e-6)
    assert tally.beyond.tolist() == [1, 0] and tally.beyond_outside.tolist() == [1, 0]
    assert tally.counts.sum() == 3


def test_threshold_set_by_hand_is_taken():
    reference = reference_of(ROWS, WEIGHTS, ["slope", "twi"], threshold=0.5)
    tile = TileIndexer(reference)(np.array([[4], [1]], np.float32))
    assert reference.threshold == 0.5 and tile.tally.outside == 1


@pytest.mark.parametrize(
    "index, expected",
    [
        ([1, 2, 3, 4, 5], 5),  # 4 + 1.5 · 2 = 7, the maximum is lower
        ([1, 2, 3, 4, 50], 7),  # the outlier is removed: 4 + 1.5 · 2
        ([1, 2, 3, 4, np.nan, 50], 7),
        ([0, 0, 0, 0, 9], 0),
    ],
)
def test_upper_whisker(index, expected):
    assert outlier_removed_maximum(np.array(index, float)) == pytest.approx(expected)


def published(train, kinds, weights, folds, pixels):
    """The algorithm of the R package CAST (trainDI, aoa), one row after the other.

    Dummy columns for categories, ``scale``, weights, mean of the mean distances, nearest row of
    the other folds, whisker; then the nearest row of each pixel.
    """
    columns, own, seen = [], [], []
    for j, kind in enumerate(kinds):
        if kind == "categorical":
            for level in sorted(set(train[:, j])):
                columns.append([float(v == level) for v in train[:, j]])
                seen.append([float(v == level) for v in pixels[:, j]])
                own.append(weights[j])
        else:
            columns.append([float(v) for v in train[:, j]])
            seen.append([float(v) for v in pixels[:, j]])
            own.append(weights[j])
    count = len(train)
    for j, column in enumerate(columns):
        mean = sum(column) / count
        sd = math.sqrt(sum((v - mean) ** 2 for v in column) / (count - 1))
        columns[j] = [(v - mean) / sd * own[j] for v in column]
        seen[j] = [(v - mean) / sd * own[j] for v in seen[j]]
    rows, new = list(zip(*columns)), list(zip(*seen))
    averages, smallest = [], []
    for i, row in enumerate(rows):
        distances = [math.dist(row, other) for other in rows]
        averages.append(sum(d for k, d in enumerate(distances) if k != i) / (count - 1))
        smallest.append(
            min(d for k, d in enumerate(distances) if k != i and (folds[k] != folds[i]))
        )
    scale = sum(averages) / count
    index = sorted(d / scale for d in smallest)

    def quantile(p):
        place = p * (count - 1)
        low = int(place)
        high = min(low + 1, count - 1)
        return index[low] + (place - low) * (index[high] - index[low])

    whisker = quantile(0.75) + 1.5 * (quantile(0.75) - quantile(0.25))
    found = [min(math.dist(pixel, row) for row in rows) / scale for pixel in new]
    return min(whisker, index[-1]), found


def test_the_published_algorithm_step_by_step():
    rng = np.random.default_rng(5)
    names, kinds = (
        ["slope", "geology", "twi", "class"],
        ["continuous", "categorical"] * 1
        + [
            "continuous",
            "classes",
        ],
    )

    def draw(count, spread):
        return np.column_stack(
            [
                rng.normal(300, 40 * spread, count),
                rng.integers(1, 5, count),
                rng.gamma(2, spread, count),
                rng.integers(1, 6, count),
            ]
        ).astype(np.float32)

    train, pixels = draw(90, 1), draw(700, 2)
    weights, folds = np.array([0.4, 0.1, 0.3, 0.2]), rng.integers(1, 6, 90).astype(float)
    reference = reference_of(train, weights, names, kinds, folds)
    tile = TileIndexer(reference)(np.ascontiguousarray(pixels.T))
    threshold, index = published(train, kinds, weights, folds, pixels)
    assert reference.threshold == pytest.approx(threshold, rel=1e-5)
    assert tile.index == pytest.approx(index, rel=2e-5, abs=1e-6)
    expected = np.array(index) > threshold
    assert np.array_equal(is_outside(tile.index, reference.threshold), expected)
    assert 0.05 < expected.mean() < 0.95
    assert tile.tally.outside == expected.sum()


def test_two_rings_in_closed_form():
    """Twelve rows in turn on circles of radius 2 and 1, 30° apart: all distances are known."""
    angle = np.arange(12) * math.pi / 6
    radius = np.where(np.arange(12) % 2, 1.0, 2.0)
    values = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    reference = reference_of(values.astype(np.float32), np.ones(2), ["a", "b"])
    across = [math.sqrt(5 - 4 * math.cos(math.radians(turn))) for turn in (30, 90, 150)]
    outer = 2 * (2 * (1 + math.sqrt(3)) + sum(across)) + 4  # chords of 60° and 120°, the diameter
    inner = 2 * ((1 + math.sqrt(3)) + sum(across)) + 2
    mean = (outer + inner) / 2 / 11  # both factors have the same deviation, so it cancels
    expected = np.where(np.arange(12) % 2, 1.0, across[0]) / mean
    assert reference.training.index == pytest.approx(expected, rel=1e-6)
    assert expected[:2] == pytest.approx([0.568835, 0.458992], abs=1e-6)
    assert reference.threshold == pytest.approx(expected[0], rel=1e-6)


@pytest.mark.parametrize("rows, columns", [(1, 1), (7, 3), (1500, 19), (300, 60)])
def test_products_find_the_nearest_row_exactly(rows, columns):
    rng = np.random.default_rng(rows)
    known = rng.normal(0, rng.exponential(2, columns), (rows, columns))
    points = np.concatenate(
        [
            rng.normal(0, 3, (CHUNK - 40, columns)),
            known[rng.integers(0, rows, 20)],  # distance 0
            known[rng.integers(0, rows, 10)] + 1e-5,
            rng.normal(0, 1, (10, columns)) * 1e6,  # far outside
        ]
    )
    distance, row = Products(known)(points)
    between = np.sqrt(((points[:, None] - known[None]) ** 2).sum(axis=2))
    assert distance == pytest.approx(between.min(axis=1), rel=1e-9, abs=1e-12)
    assert between[np.arange(CHUNK), row] == pytest.approx(distance, rel=1e-9, abs=1e-12)


def test_of_equal_rows_the_first_is_found():
    known = np.array([[5.0, 5], [1, 1], [0, 0], [1, 1]])
    distance, row = Products(known)(np.array([[1.0, 1], [0.5, 0.5]]))
    assert row.tolist() == [1, 1] and distance == pytest.approx([0, math.sqrt(0.5)])


def test_class_codes_with_many_ties():
    rng = np.random.default_rng(3)
    known, points = rng.integers(1, 4, (500, 4)) * 0.7, rng.integers(0, 6, (CHUNK, 4)) * 0.7
    distance, row = Products(known)(points)
    between = np.sqrt(((points[:, None] - known[None]) ** 2).sum(axis=2))
    assert distance == pytest.approx(between.min(axis=1), abs=1e-12)
    assert np.array_equal(row, np.argmin(between.round(9), axis=1))


def test_a_tree_is_taken_for_many_rows_in_few_directions(monkeypatch):
    rng = np.random.default_rng(0)
    rows = rng.normal(0, [5, 1, 0.1, 0.1, 0.1, 0.1], (2000, 6))
    assert directions(np.tile(np.eye(4), (2, 1))) == pytest.approx(4)
    assert directions(rows) < 1.5
    assert isinstance(nearest_search(rows), Products)  # too few rows
    monkeypatch.setattr(nearest, "TREE_ROWS", 1000)
    tree = nearest_search(rows)
    assert not isinstance(tree, Products)
    assert isinstance(nearest_search(rng.normal(size=(2000, 6))), Products)  # too many directions
    points = rng.normal(0, 3, (CHUNK, 6))
    for one, other in zip(tree(points), Products(rows)(points)):
        assert one == pytest.approx(other, rel=1e-12)


def test_only_ratios_of_weights_matter_and_a_weightless_factor_does_not():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, 3)).astype(np.float32)
    pixels = rng.normal(0, 2, (3, 100)).astype(np.float32)
    one = reference_of(values, np.array([1, 0, 2]), ["a", "b", "c"])
    other = reference_of(values, np.array([10, 0, 20]), ["a", "b", "c"])
    first, second = TileIndexer(one)(pixels), TileIndexer(other)(pixels)
    assert first.index == pytest.approx(second.index, rel=1e-6)
    assert one.threshold == pytest.approx(other.threshold)
    pixels[1] = 1e30  # far beyond every training row, but the model does not use it
    assert TileIndexer(one)(pixels).index == pytest.approx(first.index, rel=1e-6)
    assert TileIndexer(one)(pixels).tally.squares[1] == 0


def test_values_beyond_the_range_are_not_clipped_however_large():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(50, 2)).astype(np.float32)
    reference = reference_of(values, np.ones(2), ["a", "b"])
    pixels = np.array([[5, 50, 5000, 3e38], [0, 0, 0, -3e38]], np.float32)
    index = TileIndexer(reference)(pixels).index
    assert (np.diff(index) > 0).all() and np.isfinite(index).all()
    assert is_outside(index, reference.threshold).all()


def test_unknown_categories_are_missing_and_counted():
    values = np.array([[0, 1], [1, 2], [2, 1], [3, 2]], np.float32)
    kinds = ["continuous", "categorical"]
    reference = reference_of(values, np.ones(2), ["a", "geology"], kinds)
    tile = TileIndexer(reference)(np.array([[0, 0, np.nan], [1, 3, 3]], np.float32))
    assert tile.index[0] == 0 and np.isnan(tile.index[1:]).all()
    assert (tile.tally.pixels, tile.tally.unknown) == (1, 1)
    nothing = TileIndexer(reference)(np.array([[np.nan], [1]], np.float32))
    assert nothing.index is None and nothing.tally.pixels == 0


def test_rows_that_are_all_alike_are_refused():
    factors = [Factor("a"), Factor("b")]
    with pytest.raises(InputError, match="differs between the training rows"):
        PredictorSpace(factors, np.full((5, 2), 0.5), np.ones(2))
    varied = np.column_stack([np.arange(5.0), np.zeros(5)])
    with pytest.raises(InputError, match="differs between the training rows"):
        PredictorSpace(factors, varied, np.array([0, 1]))  # the one that varies has no weight
    with pytest.raises(InputError, match="All training rows are alike"):
        training_dissimilarity(np.ones((5, 2)))


def test_cancel_is_heard_between_blocks_of_rows(monkeypatch):
    from land_subsidence.subsidence_plugin.engine.applicability import dissimilarity

    monkeypatch.setattr(dissimilarity, "PAIRS", 100)
    calls = []
    progress = Progress(is_cancelled=lambda: len(calls) > 3, on_fraction=calls.append)
    rows = np.random.default_rng(0).normal(size=(100, 2))
    with pytest.raises(Cancelled):
        training_dissimilarity(rows, progress=progress)
    assert 3 < len(calls) < 10 and calls == sorted(calls)
    whole = training_dissimilarity(rows)
    monkeypatch.setattr(dissimilarity, "PAIRS", 4_000_000)
    assert training_dissimilarity(rows).mean_distance == pytest.approx(whole.mean_distance)
