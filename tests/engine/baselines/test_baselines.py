"""Baselines as plain arrays give what scikit-learn gives, and hostile trees are refused."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.baselines import forest, trees
from land_subsidence.subsidence_plugin.engine.baselines.frequencyratio import FREQUENCY_RATIO
from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, ModelFileError
from land_subsidence.subsidence_plugin.engine.progress import Progress


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    inputs = rng.random((600, 6), dtype=np.float32)
    label = ((inputs[:, 0] + inputs[:, 1] ** 2 + rng.normal(0, 0.3, 600)) > 0.9).astype(int)
    return inputs[:400], label[:400], inputs[400:]


def reference(name, inputs, label):
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    model = {
        "logistic": LogisticRegression(C=1e4, max_iter=5000, tol=1e-8),
        "forest": RandomForestClassifier(23, min_samples_leaf=5, random_state=7),
        "boosting": HistGradientBoostingClassifier(max_iter=30, random_state=7),
    }[name]
    return model.fit(inputs.astype(float) if name == "logistic" else inputs, label)


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("logistic", {}, 1e-4),
        ("forest", {"trees": 23}, 1e-6),
        ("boosting", {"iterations": 30}, 1e-6),
    ],
)
def test_equal_to_scikit_learn(name, options, tolerance, data):
    inputs, label, rows = data
    arrays = BASELINES[name].fit(inputs, label, seed=7, **options)
    BASELINES[name].check(arrays, inputs.shape[1])
    found = BASELINES[name].evaluator(arrays)(rows)
    expected = reference(name, inputs, label).predict_proba(rows)[:, 1]
    np.testing.assert_allclose(found, expected, atol=tolerance)
    assert np.ptp(expected) > 0.5


def test_numpy_numba_and_rebuilt_trees_agree(data):
    inputs, label, rows = data
    arrays = forest.fit(inputs, label, trees=12)
    rebuilt = forest.evaluator(arrays)(rows)
    np.testing.assert_allclose(trees._sum_numpy(arrays, rows) / 12, rebuilt, atol=1e-12)
    np.testing.assert_allclose(trees.sum_of_trees(arrays)(rows) / 12, rebuilt, atol=1e-12)


def test_same_seed_same_forest(data):
    inputs, label, _ = data
    one, two, other = (forest.fit(inputs, label, seed=s, trees=7) for s in (1, 1, 2))
    assert all(np.array_equal(one[k], two[k]) for k in one)
    assert len(one["left"]) != len(other["left"]) or not np.array_equal(
        one["threshold"], other["threshold"]
    )


def test_growing_a_forest_is_cancelled(data):
    inputs, label, _ = data
    looks = []
    progress = Progress(is_cancelled=lambda: looks.append(1) or len(looks) > 2)
    with pytest.raises(Cancelled):
        forest.fit(inputs, label, progress=progress, trees=1000)


def test_frequency_ratio_by_hand():
    """Class A: 4 rows, 3 events; class B: 4 rows, 1 event; overall share 0.5 → 1.5 and 0.5."""
    inputs = np.array([[0, 1], [0, 0], [0, 1], [0, 0], [1, 1], [1, 0], [1, 1], [1, 0]], np.float32)
    label = np.array([1, 1, 1, 0, 1, 0, 0, 0])
    arrays = FREQUENCY_RATIO.fit(inputs, label)
    np.testing.assert_allclose(arrays["ratios"][:2], [1.5, 0.5])
    # Second column: value 0 has events 1 of 4 -> 0.5, value 1 has 3 of 4 -> 1.5.
    np.testing.assert_allclose(arrays["ratios"][2:], [0.5, 1.5])
    assert arrays["edges"].tolist() == [0.5, 0.5]
    found = FREQUENCY_RATIO.evaluator(arrays)(inputs)
    # Equal sums of ratios give equal probabilities; larger sums larger ones.
    order = found[[0, 1, 4, 5]]
    assert order[1] == pytest.approx(order[2])
    assert order[0] > order[1] > order[3]


def test_frequency_ratio_counts_only_the_category_that_is_there():
    one_hot = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    arrays = FREQUENCY_RATIO.fit(one_hot, np.array([1, 1, 1, 0]), one_hot=np.array([True, True]))
    # Category 1: 2 of 2 events at an overall share of 3/4; category 2: 1 of 2.
    np.testing.assert_allclose(arrays["ratios"], [0, 4 / 3, 0, 2 / 3])


def test_quantile_classes_of_a_continuous_input():
    column = np.arange(100, dtype=np.float32)[:, None]
    arrays = FREQUENCY_RATIO.fit(column, (column[:, 0] >= 50).astype(int), classes=4)
    np.testing.assert_allclose(arrays["edges"], [24.75, 49.5, 74.25])
    np.testing.assert_allclose(arrays["ratios"], [0, 0, 2, 2])


@pytest.fixture
def tree(data):
    inputs, label, _ = data
    return {k: v.copy() for k, v in forest.fit(inputs, label, trees=2).items()}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t["left"].__setitem__(0, 0), "child node out of bounds"),
        (lambda t: t["right"].__setitem__(0, 10**6), "child node out of bounds"),
        (lambda t: t["left"].__setitem__(0, -5), "child node out of bounds"),
        (lambda t: t["left"].__setitem__(0, -1), "child node out of bounds"),
        (lambda t: t["feature"].__setitem__(0, 6), "an input that does not exist"),
        (lambda t: t["feature"].__setitem__(0, -2), "an input that does not exist"),
        (lambda t: t["offsets"].__setitem__(1, 0), "do not fill their arrays"),
        (lambda t: t.update(value=t["value"][:-1]), "differ in length"),
        (lambda t: t.update(value=t["value"] * 3), "is no fraction"),
        (lambda t: t.update(left=t["left"].astype(np.int64)), "its architecture needs int32"),
        (lambda t: t.pop("right"), "'right' is missing"),
        (lambda t: t.update(more=np.zeros(1)), "'more' is surplus"),
    ],
)
def test_hostile_trees_are_refused(change, expected, tree):
    BASELINES["forest"].check(tree, 6)
    change(tree)
    with pytest.raises(ModelFileError, match=expected):
        BASELINES["forest"].check(tree, 6)


def test_child_in_the_next_tree_is_refused(tree):
    """Offsets are relative to the tree, so a child beyond its own tree's size must not pass."""
    tree["right"][0] = int(np.diff(tree["offsets"])[0])
    with pytest.raises(ModelFileError, match="child node out of bounds"):
        BASELINES["forest"].check(tree, 6)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"counts": np.array([1, 5])}, "edges and ratios"),
        ({"counts": np.array([-1, 3])}, "classes do not fit"),
        ({"intercept": np.zeros(2)}, "one coefficient and one intercept"),
    ],
)
def test_hostile_frequency_ratio_is_refused(change, expected):
    inputs = np.array([[0, 1], [1, 0], [0, 0], [1, 1]], np.float32)
    arrays = {**FREQUENCY_RATIO.fit(inputs, np.array([0, 1, 0, 1])), **change}
    with pytest.raises(ModelFileError, match=expected):
        FREQUENCY_RATIO.check(arrays, 2)
