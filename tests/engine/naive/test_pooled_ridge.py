"""The pooled ridge, summed from products between dates, against sklearn on explicit windows."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.naive import ridge
from land_subsidence.subsidence_plugin.engine.naive.ridge import fit_ridge, window_length
from land_subsidence.subsidence_plugin.engine.progress import Progress


@pytest.fixture
def levels():
    random = np.random.default_rng(5)
    drift = -0.4 * random.random((37, 1))
    return (random.normal(size=(37, 60)) + drift).cumsum(axis=1) + random.normal(0, 20, (37, 1))


def windows(levels, before, window, gap, horizon):
    """Return the differences of all windows whose last target is before a date, one by one."""
    inputs, targets = [], []
    for origin in range(window - 1, before):
        last = origin + gap + horizon
        if last >= before:
            break
        for series in levels:
            inputs.append(series[origin - window + 1 : origin] - series[origin])
            targets.append(series[origin + gap + 1 : last + 1] - series[origin])
    return np.array(inputs), np.array(targets)


@pytest.mark.parametrize(("gap", "window"), [(0, 8), (3, 8), (0, 2)])
def test_it_is_sklearns_ridge_on_explicit_windows(levels, gap, window, monkeypatch):
    from sklearn.linear_model import Ridge

    monkeypatch.setattr(ridge, "BLOCK", 10)
    inputs, targets = windows(levels, 50, window, gap, 5)
    centred = inputs - inputs.mean(axis=0)
    alpha = 1e-3 * np.trace(centred.T @ centred) / (window - 1)
    other = Ridge(alpha=alpha).fit(inputs, targets)

    own = fit_ridge(levels, 50, 5, gap, window)
    origin = 52
    last = levels[:, [origin]]
    expected = last + other.predict(levels[:, origin - window + 1 : origin] - last)
    assert own.at(origin)(levels) == pytest.approx(expected, abs=1e-7)
    assert own.weights.sum(axis=0) == pytest.approx(np.ones(5))


def test_the_window_leaves_as_many_windows_as_it_is_long():
    # 243 dates before the test part, 30 targets: 60 levels; 25 dates, 4 targets: 11 and 11 windows
    assert window_length(243, 30, 0) == 60
    assert window_length(25, 4, 0) == 11
    assert window_length(6, 5, 0) == 1


def test_dates_of_the_scored_part_are_not_seen(levels):
    changed = levels.copy()
    changed[:, 50:] = 1e9
    assert (fit_ridge(levels, 50, 5).weights == fit_ridge(changed, 50, 5).weights).all()


def test_an_origin_with_few_dates_repeats_its_first_level(levels):
    own = fit_ridge(levels, 50, 5, 0, 8)
    padded = np.hstack([np.repeat(levels[:, :1], 5, axis=1), levels])
    assert own.at(2)(levels) == pytest.approx(own.at(7)(padded))


def test_a_line_is_continued_nearly_and_a_still_series_exactly():
    slopes = np.linspace(-1, 1, 30)[:, None]
    lines = slopes * np.arange(60)
    found = fit_ridge(lines, 50, 4).at(55)(lines)
    assert found == pytest.approx(slopes * np.arange(56, 60), abs=0.01)
    still = np.full((4, 60), 12.0)
    assert (fit_ridge(still, 50, 4).at(55)(still) == 12).all()


def test_one_level_to_read_leaves_the_mean_change(levels):
    own = fit_ridge(levels, 20, 3, 0, 1)
    change = np.mean(levels[:, 1:18] - levels[:, :17])  # first target of all windows
    assert own.at(10)(levels)[:, 0] == pytest.approx(levels[:, 10] + change)


def test_too_few_dates_are_refused(levels):
    with pytest.raises(InputError, match=r"30 dates after a gap of 2 .* needs 33 dates .* only 32"):
        fit_ridge(levels, 32, 30, 2)


def test_cancel_stops_between_blocks(levels):
    with pytest.raises(Cancelled):
        fit_ridge(levels, 50, 5, progress=Progress(is_cancelled=lambda: True))
