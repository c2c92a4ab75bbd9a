"""Recalibration: isotonic against scikit-learn, Platt against the likelihood, folds kept apart."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.models.calibration import (
    calibrate,
    check_calibration,
)
from land_subsidence.subsidence_plugin.engine.validation.calibration import reliability
from land_subsidence.subsidence_plugin.engine.validation.recalibration import (
    calibration_folds,
    cross_fit,
    fit_calibration,
)

pytest.importorskip("sklearn")


def overconfident(rows, seed=0, stretch=2.5):
    """Labels drawn from a true probability, and a model that stretches its log-odds."""
    random = np.random.default_rng(seed)
    logit = random.normal(0, 1.2, rows)
    labels = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    return labels, 1 / (1 + np.exp(-stretch * logit))


def test_isotonic_equals_scikit_learn():
    from sklearn.isotonic import IsotonicRegression

    labels, p = overconfident(500)
    p = p.round(2)  # ties, too
    fitted = fit_calibration("isotonic", labels, p)
    check_calibration(fitted)
    library = IsotonicRegression(out_of_bounds="clip").fit(p, labels)
    expected = np.clip(library.predict(p), 1 / 502, 1 - 1 / 502)
    np.testing.assert_allclose(calibrate(fitted, p), expected, atol=1e-12)
    between = np.linspace(0, 1, 999)  # rows that were not fitted: on straight lines between
    expected = np.interp(between, np.unique(p), expected[np.unique(p, return_index=True)[1]])
    np.testing.assert_allclose(calibrate(fitted, between), expected, atol=1e-12)
    assert (fitted["rows"], fitted["positive"]) == (500, labels.sum())


def test_isotonic_by_hand():
    """Pool adjacent violators of 12 + 12 rows in four groups: 1/4, 3/8, 3/8, 1 → 1/4, 3/8, 1."""
    p = np.repeat([0.2, 0.4, 0.6, 0.8], [8, 4, 4, 8])
    labels = np.concatenate([[1] * 2 + [0] * 6, [1, 1, 0, 0], [1, 0, 0, 0], [1] * 7 + [0]])
    fitted = fit_calibration("isotonic", labels, p)
    found = calibrate(fitted, np.array([0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 1.0]))
    np.testing.assert_allclose(found, [0.25, 0.25, 0.375, 0.375, 0.625, 0.875, 0.875])


def test_platt_maximises_its_likelihood():
    """Against a general optimiser on Platt's (1999) loss with his smoothed targets."""
    optimize = pytest.importorskip("scipy.optimize")
    labels, p = overconfident(400)
    logit = np.log(p / (1 - p))
    ones, zeros = labels.sum(), (1 - labels).sum()
    target = np.where(labels == 1, (ones + 1) / (ones + 2), 1 / (zeros + 2))

    def loss(parameters):
        z = parameters[0] * logit + parameters[1]
        return np.sum(target * np.logaddexp(0, -z) + (1 - target) * np.logaddexp(0, z))

    best = optimize.minimize(loss, [1, 0], method="BFGS", options={"gtol": 1e-8}).x
    fitted = fit_calibration("platt", labels, p)
    check_calibration(fitted)
    assert fitted["slope"] == pytest.approx(best[0], rel=1e-4)
    assert fitted["intercept"] == pytest.approx(best[1], abs=1e-4)
    assert fitted["slope"] == pytest.approx(1 / 2.5, abs=0.08)  # undoes the stretch


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_an_overconfident_model_comes_true_on_new_rows(method):
    fitted = fit_calibration(method, *overconfident(4000, seed=1))
    labels, p = overconfident(20000, seed=2)
    assert reliability(labels, p).ece > 0.1
    assert reliability(labels, calibrate(fitted, p)).ece < 0.02


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_equal_probabilities_become_the_share_of_subsidence(method):
    labels = np.repeat([0, 1], [300, 100])
    fitted = fit_calibration(method, labels, np.full(400, 0.7))
    check_calibration(fitted)
    assert calibrate(fitted, np.array([0.1, 0.7])) == pytest.approx([0.25, 0.25], abs=0.003)


def test_saturated_probabilities_stay_finite():
    labels = np.repeat([0, 1], 50)
    p = np.where(np.arange(100) % 10 == 0, 1 - labels, labels).astype(float)  # exact 0 and 1
    for method in ("isotonic", "platt"):
        fitted = fit_calibration(method, labels, p)
        check_calibration(fitted)
        assert calibrate(fitted, np.array([0.0, 1.0])) == pytest.approx([0.1, 0.9], abs=0.02)


def test_each_fold_is_recalibrated_by_the_others():
    labels, p = overconfident(300)
    folds = np.arange(300) % 3
    found = cross_fit("isotonic", labels, p, folds)
    for fold in range(3):
        held = folds == fold
        own = fit_calibration("isotonic", labels[~held], p[~held])
        np.testing.assert_array_equal(found[held], calibrate(own, p[held]))
    # A label can say nothing about its own row: turning round one fold's labels leaves its map.
    turned = np.where(folds == 1, 1 - labels, labels)
    np.testing.assert_array_equal(cross_fit("isotonic", turned, p, folds)[folds == 1],
                                  found[folds == 1])  # fmt: skip


def test_folds_of_the_samples_serve_where_they_can():
    labels = np.tile([0, 1], 60)
    given = np.repeat([1.0, 2, 5], 40)
    folds = calibration_folds(labels, given, "blocks")
    np.testing.assert_array_equal(folds.number, given)
    assert folds.text == "the 3 square-block folds of the field 'fold'"
    assert calibration_folds(labels, given).text == "the 3 folds of the field 'fold'"
    unfit = (np.full(120, np.nan), np.ones(120), np.where(labels, 2.0, 1.0), None)
    for bad in unfit:  # nothing, one fold, a fold without whose rows a class is gone
        folds = calibration_folds(labels, bad, "random", seed=3)
        assert folds.text == "5 random, stratified folds"
        counts = [np.bincount(labels[folds.number == k]).tolist() for k in range(1, 6)]
        assert counts == [[12, 12]] * 5


def test_what_cannot_be_fitted_is_one_sentence():
    labels = np.repeat([0, 1], [50, 9])
    words = "at least 10 rows of each class, and the validation rows have 9 with the label 1"
    with pytest.raises(InputError, match=words):
        fit_calibration("platt", labels, np.linspace(0, 1, 59))
    labels, p = overconfident(200)
    with pytest.raises(InputError, match="would turn the map round"):
        fit_calibration("platt", 1 - labels, p)
    flat = fit_calibration("isotonic", 1 - labels, p)  # the best rising map is a constant
    assert np.ptp(calibrate(flat, p)) < 0.2
