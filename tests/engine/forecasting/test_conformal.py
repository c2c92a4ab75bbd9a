"""Conformal intervals: the rank by hand, coverage of exchangeable data, shares as promised."""

from dataclasses import replace

import numpy as np
import pytest
from forecast_help import area, data, recipe
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.forecasting import conformal
from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
from land_subsidence.subsidence_plugin.engine.forecasting.training import make_card, prepare
from land_subsidence.subsidence_plugin.engine.naive.time_split import TimeSplit


class Persistence:
    """Stands for a forecaster: the last level at every step."""

    def __init__(self, card):
        self.card = card

    def forecast(self, area, origin, target_days=None, members=None, device="cpu"):
        levels = np.where(area.mask, area.levels[origin], np.nan)
        return np.repeat(levels[None, None], self.card.horizon, axis=1)


@pytest.fixture
def noisy():
    """White noise of its own size at every cell around a constant: steps are exchangeable."""
    random = np.random.default_rng(5)
    size = random.uniform(0.5, 4, (30, 30))
    levels = -80 + size * random.standard_normal((200, 30, 30))
    own = Area(levels.astype(np.float32), np.ones((30, 30), bool), 18262 + 6 * np.arange(200))
    return data(own, validation_share=0.2, test_share=0.2)


def calibrated(own, horizon=3):
    pytest.importorskip("torch")
    how = recipe(window=30, horizon=horizon)
    stand = Persistence(make_card(how, prepare(how, own)))
    stand.card.conformal = conformal.calibrate(stand, own)
    return stand


def test_the_quantile_is_a_rank():
    scores = np.array([3.0, 1, 2, np.nan, 4])
    # four scores: ⌈5 × 0.5⌉ = 3rd smallest, ⌈5 × 0.9⌉ = 5th of four: the largest
    assert conformal._quantile(scores, 0.5) == 3
    assert conformal._quantile(scores, 0.9) == 4
    assert conformal._quantile(np.array([np.nan]), 0.9) == 0


def test_noise_of_a_series():
    random = np.random.default_rng(2)
    sizes = np.array([0.5, 1, 5])
    levels = np.cumsum(np.full((4000, 3), -0.7), axis=0) + sizes * random.standard_normal((4000, 3))
    np.testing.assert_allclose(conformal.noise_scale(levels), sizes, rtol=0.06)
    levels[100:110] += 500  # a jump does not make a series noisy
    np.testing.assert_allclose(conformal.noise_scale(levels), sizes, rtol=0.06)
    assert conformal.noise_scale(np.ones((5, 2))).tolist() == [0, 0]


def test_intervals_cover_what_they_promise(noisy):
    stand = calibrated(noisy)
    found = conformal.coverage_of(stand, noisy, coverages=(0.5, 0.8, 0.9, 0.95))
    for row, promised in zip(found, (0.5, 0.8, 0.9, 0.95)):
        np.testing.assert_allclose(row, promised, atol=0.02)


def test_noisy_series_have_wider_intervals(noisy):
    stand = calibrated(noisy)
    widths = conformal.half_width(stand.card.conformal, 0.9, np.array([1.0, 2.0]))
    assert widths.shape == (3, 2)
    np.testing.assert_allclose(widths[:, 1], 2 * widths[:, 0], rtol=1e-5)


def test_between_the_coverages_and_beyond():
    card = {"coverages": [0.5, 0.9], "quantiles": [[1, 2], [3, 6]], "floor": 0.5, "ceiling": 2}
    scale = np.array([[0.1, 1.0, 10.0]])
    np.testing.assert_allclose(conformal.half_width(card, 0.7, scale), [[[1, 2, 4]], [[2, 4, 8]]])
    with pytest.raises(InputError, match=r"COVERAGE is 99 %.* 50 to 90 %"):
        conformal.half_width(card, 0.99, scale)


def test_filled_targets_do_not_count(noisy):
    plain = calibrated(noisy).card.conformal
    own = noisy.areas[0]
    own.observed = np.ones(own.levels.shape, bool)
    own.observed[150:, :15] = False
    own.levels[150:, :15] += 300
    np.testing.assert_allclose(
        calibrated(noisy).card.conformal["quantiles"], plain["quantiles"], rtol=0.1
    )


def test_a_step_without_any_target_has_the_width_of_the_nearest(noisy):
    """Every second date is a gap of the stack: no origin there, and no target."""
    own = noisy.areas[0]
    gaps = np.arange(200) % 2 == 1
    own.observed = np.broadcast_to(~gaps[:, None, None], own.levels.shape)
    split = TimeSplit(200, 0.2, 0.2, skipped=tuple(np.flatnonzero(gaps).tolist()))
    table = np.array(calibrated(replace(noisy, split=split)).card.conformal["quantiles"])
    assert (table[:, 1] > 0).all()  # steps 1 and 3 lie in gaps
    np.testing.assert_array_equal(table[:, [0, 2]], table[:, [1, 1]])
    own.observed = np.zeros(own.levels.shape, bool)
    assert calibrated(noisy).card.conformal is None


def test_without_validation_there_are_no_intervals():
    own = data(area(), validation_share=0.0)
    stand = calibrated(own)
    assert stand.card.conformal is None
    with pytest.raises(InputError, match="not calibrated"):
        conformal.coverage_of(stand, own)
