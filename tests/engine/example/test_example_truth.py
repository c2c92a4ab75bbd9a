"""The known truth: declared weights, Bayes AUC, the inventory drawn from it."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.example.factors import example_factors
from land_subsidence.subsidence_plugin.engine.example.inventory import (
    draw_presence,
    presence_count,
)
from land_subsidence.subsidence_plugin.engine.example.truth import (
    DRIVERS,
    INTERACTION,
    bayes_auc,
    contributions,
    truth_probability,
)
from land_subsidence.subsidence_plugin.engine.progress import Progress


@pytest.fixture(scope="module")
def area():
    factors = example_factors((250, 300), 12.5, 4, Progress())[1]
    probability, _logit = truth_probability({name: factors[name] for name in DRIVERS})
    return factors, probability


def test_bayes_auc_worked_by_hand():
    """Two cells: presence weighs 0.2 and 0.8, absence 0.8 and 0.2 (or half and half)."""
    p = np.array([0.2, 0.8])
    # P(presence above absence) = 0.8 * 0.8, plus half of the ties 0.2 * 0.8 and 0.8 * 0.2
    assert bayes_auc(p) == pytest.approx(0.80)
    # 0.8 * 0.5, plus half of 0.2 * 0.5 and 0.8 * 0.5
    assert bayes_auc(p, uniform_absence=True) == pytest.approx(0.65)


def test_bayes_auc_counts_ties_half_and_leaves_nan_out():
    assert bayes_auc(np.array([0.3, 0.3, np.nan, 0.3])) == pytest.approx(0.5)


def test_bayes_auc_is_what_drawn_labels_give(area):
    from sklearn.metrics import roc_auc_score

    p = area[1].ravel()
    labels = np.random.default_rng(1).random(p.size) < p
    assert roc_auc_score(labels, p) == pytest.approx(bayes_auc(p), abs=0.006)


@pytest.mark.parametrize(("shape", "seed"), [((100, 100), 1), ((140, 260), 2), ((300, 200), 99)])
def test_bayes_auc_is_within_the_bounds_for_any_seed_and_size(shape, seed):
    factors = example_factors(shape, 12.5, seed, Progress())[1]
    p, _logit = truth_probability({name: factors[name] for name in DRIVERS})
    assert p.dtype == np.float32 and 0 <= p.min() and p.max() <= 1
    assert bayes_auc(p) == pytest.approx(0.92, abs=0.005)
    assert 0.85 < bayes_auc(p, uniform_absence=True) < 0.93
    assert p.mean() == pytest.approx(0.10, abs=0.003)


def test_contributions_have_the_declared_weights(area):
    parts = contributions(area[0])
    assert list(DRIVERS) == [
        "holocene_thickness", "groundwater", "band5", "engineering_geology", "hydrogeology",
        "band7",
    ]  # fmt: skip
    assert list(DRIVERS.values()) == sorted(DRIVERS.values(), reverse=True)
    for name, weight in DRIVERS.items():
        assert np.abs(parts[name]).mean() == pytest.approx(weight, rel=1e-3), name
    first, second, weight = INTERACTION
    assert np.abs(parts[f"{first} x {second}"]).mean() == pytest.approx(weight, rel=1e-3)
    assert len(parts) == 7


def test_directions_are_those_of_the_paper(area):
    """Appendix C: thickness and band 7 raise, groundwater level and band 5 lower the risk."""
    factors, p = area
    parts = contributions(factors)
    for name, sign in (
        ("holocene_thickness", 1), ("groundwater", -1), ("band5", -1), ("band7", 1),
    ):  # fmt: skip
        r = np.corrcoef(factors[name].ravel(), parts[name].ravel())[0, 1]
        assert sign * r > 0.6, name
    assert p[factors["lulc"] == 3].mean() < 0.5 * p.mean()  # hardly any in the river


def test_effects_have_thresholds_and_one_interaction(area):
    """Thick sediments raise the risk more where the groundwater is drawn down."""
    factors, _p = area
    parts = contributions(factors)
    total = sum(parts.values())
    alone = sum(v for k, v in parts.items() if " x " not in k)
    extra = total - alone
    thick = factors["holocene_thickness"] > 18
    low = factors["groundwater"] < -9
    corner = extra[thick & low].mean() - extra[thick & ~low].mean()
    other = extra[~thick & low].mean() - extra[~thick & ~low].mean()
    assert corner > other + 0.02
    step = parts["groundwater"]
    near = np.abs(factors["groundwater"] + 5) < 1
    far = factors["groundwater"] > 2
    assert step[near].std() > 5 * step[far].std()


def test_counts_scale_with_the_side():
    assert presence_count(2000 * 1500) == 4698
    assert presence_count(5000 * 5000) == 4698
    assert presence_count(600 * 500) == round(4698 * 0.1**0.5)
    assert presence_count(100 * 100) == 400


def test_inventory_follows_the_truth(area):
    p = area[1].astype(float)
    rows, columns, velocity = draw_presence(area[1], 1500, 4)
    cells = np.floor(rows).astype(int) * p.shape[1] + np.floor(columns).astype(int)
    assert len(cells) == len(set(cells)) == 1500
    drawn = p.ravel()[cells]
    # density in proportion to p: mean of p at points = sum p² / sum p
    expected = (p**2).sum() / p.sum()
    assert drawn.mean() == pytest.approx(expected, abs=4 * drawn.std() / 1500**0.5)
    assert (velocity < 0).all()
    assert np.corrcoef(velocity, drawn)[0, 1] < -0.5


def test_inventory_keeps_off_nodata_and_gives_what_there_is():
    p = np.full((20, 20), np.nan, dtype=np.float32)
    p[3, 4:9] = 1
    rows, columns, _velocity = draw_presence(p, 50, 1)
    assert sorted(np.floor(columns)) == [4, 5, 6, 7, 8]
    assert (np.floor(rows) == 3).all()


def test_a_learner_comes_near_the_bayes_auc(area):
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    factors, p = area
    x = np.column_stack([f.ravel().astype(np.float32) for f in factors.values()])
    random = np.random.default_rng(0)
    flat = p.ravel().astype(float)
    presence = random.choice(flat.size, 1500, p=flat / flat.sum())
    absence = random.choice(flat.size, 1500, p=(1 - flat) / (1 - flat).sum())
    rows, y = np.r_[presence, absence], np.r_[np.ones(1500), np.zeros(1500)]
    model = HistGradientBoostingClassifier(
        max_iter=120, learning_rate=0.07, max_leaf_nodes=12, random_state=0
    ).fit(x[rows], y)
    unseen = np.setdiff1d(random.choice(flat.size, 20_000, replace=False), rows)
    labels = random.random(len(unseen)) < flat[unseen]
    auc = roc_auc_score(labels, model.predict_proba(x[unseen])[:, 1])
    assert bayes_auc(p) - 0.03 < auc < bayes_auc(p) + 0.01
