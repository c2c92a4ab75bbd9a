"""The ROC band: against the exact interval of a proportion, its coverage, its limits."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.validation.bootstrap import GRID, roc_band
from land_subsidence.subsidence_plugin.engine.validation.delong import placements
from land_subsidence.subsidence_plugin.engine.validation.metrics import auc, roc_curve


def test_the_interval_of_the_auc_agrees_with_delong():
    """Both estimate the same sampling variance, one by resampling, one by formula."""
    random = np.random.default_rng(5)
    labels = np.repeat([0, 1], [150, 100])
    scores = labels + random.normal(0, 1.2, 250)
    band = roc_band(labels, scores, 2000, seed=1)
    above, below = placements(labels, scores)
    half = 1.96 * np.sqrt(above.var(ddof=1) / 100 + below.var(ddof=1) / 150)
    area = auc(labels, scores)
    assert band.auc_low == pytest.approx(area - half, abs=0.008)
    assert band.auc_high == pytest.approx(area + half, abs=0.008)


def test_a_two_valued_score_gives_the_interval_of_a_proportion():
    """Scores of 0 and 1, no negative called: TPR at FPR 0 is a binomial share of 60 of 100."""
    labels = np.repeat([1, 1, 0], [60, 40, 100])
    scores = np.repeat([1.0, 0.0, 0.0], [60, 40, 100])
    band = roc_band(labels, scores, 4000, seed=2)
    half = 1.96 * np.sqrt(0.6 * 0.4 / 100)
    assert band.low[0] == pytest.approx(0.6 - half, abs=0.015)
    assert band.high[0] == pytest.approx(0.6 + half, abs=0.015)
    # From there a straight line leads to (1, 1): all the rest ties.
    np.testing.assert_allclose(band.low, band.low[0] + (1 - band.low[0]) * GRID, atol=1e-9)


def test_the_curve_lies_in_its_band_and_the_ends_are_fixed():
    random = np.random.default_rng(7)
    labels = random.integers(0, 2, 300)
    scores = np.round(labels + random.normal(0, 1, 300), 1)
    band = roc_band(labels, scores, 500)
    curve = np.interp(GRID, *roc_curve(labels, scores))
    assert np.all((band.low <= curve + 1e-9) & (curve <= band.high + 1e-9))
    assert band.low[-1] == band.high[-1] == 1
    perfect = roc_band(labels, labels, 50)
    assert (perfect.auc_low, perfect.auc_high) == (1, 1)
    constant = roc_band(labels, np.full(300, 0.3), 50)
    np.testing.assert_allclose(constant.low, GRID)
    assert (constant.auc_low, constant.auc_high) == (0.5, 0.5)


def test_the_seed_repeats_and_cancel_stops():
    labels, scores = np.tile([0, 1], 50), np.random.default_rng(1).random(100)
    one, other = (roc_band(labels, scores, 100, seed=9) for _ in range(2))
    np.testing.assert_array_equal(one.low, other.low)
    assert one.auc_low != roc_band(labels, scores, 100, seed=10).auc_low
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        roc_band(labels, scores, 1000, progress=Progress(is_cancelled=cancelled))
    assert len(asked) == 3
