"""Gap filling and the baselines fitted per node, against numpy.polyfit and hand-worked series."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.naive.baselines import BASELINES, Baselines
from land_subsidence.subsidence_plugin.engine.naive.fill import fill

nan = np.nan
PER_NODE = ["persistence", "mean", "linear", "annual", "recent"]


@pytest.fixture
def irregular():
    """90 nodes at 80 dates that are 6 to 40 days apart."""
    random = np.random.default_rng(3)
    days = 18000 + np.cumsum(random.integers(6, 41, 80))
    return random.normal(0, 3, (90, 80)).cumsum(axis=1), days


def test_gaps_take_the_last_value_before_and_leading_ones_the_first():
    values = np.array(
        [
            [1, nan, nan, 4, nan],
            [nan, nan, 3, 5, nan],
            [1, 2, 3, 4, 5],
            [nan] * 5,
            [nan, 7, 8, 9, 9],
        ]
    )
    levels, observed, keep = fill(values, most_missing=0.6)
    assert levels.tolist() == [
        [1, 1, 1, 4, 4], [3, 3, 3, 5, 5], [1, 2, 3, 4, 5], [0] * 5, [7, 7, 8, 9, 9],
    ]  # fmt: skip
    assert (observed == ~np.isnan(values)).all()
    assert keep.tolist() == [True, True, True, False, True]
    assert np.isnan(values[0, 1])  # what was given stays as it was


def test_the_share_of_missing_dates_is_a_limit_that_may_be_reached():
    values = np.ones((2, 8), dtype="float32")
    values[0, 2:4] = nan
    values[1, 2:5] = nan
    filled = fill(values, most_missing=0.25)
    assert filled.keep.tolist() == [True, False]
    assert filled.levels.dtype == np.float32


def test_data_with_too_many_gaps_everywhere_are_refused():
    values = np.full((3, 10), nan)
    values[1, :4] = 1.0
    with pytest.raises(InputError, match=r"No series has values at 75% of the 10 dates .* 40%"):
        fill(values)


def test_the_registry_keeps_its_order_and_titles():
    assert list(BASELINES) == ["persistence", "mean", "linear", "annual", "recent", "ridge"]
    some = Baselines(12, 3, names=["recent", "mean"], last=4)
    assert some.titles == {"mean": "mean of the last 4", "recent": "linear, last 12"}
    with pytest.raises(InputError, match="no baseline 'arima'; choose from persistence, mean"):
        Baselines(12, 3, names=["arima"])


def test_a_series_worked_by_hand():
    """0, 2, 4, 6, 5 mm every 10 days: the line through the last two falls by 1 mm in 10 days."""
    levels, days = np.array([[0.0, 2, 4, 6, 5, 99, 99, 99]]), 10 * np.arange(8)
    own = Baselines(window=2, horizon=2, gap=1, names=PER_NODE, last=3)
    assert own.targets(4).tolist() == [6, 7]
    found = own.forecast(levels, days, 4)
    assert found["persistence"].tolist() == [[5, 5]]
    assert found["mean"].tolist() == [[5, 5]]
    # slope Σ(t-2)(y-3.4)/10 = 14/10 a date, mean 3.4 at date 2
    assert found["linear"] == pytest.approx(np.array([[3.4 + 1.4 * 4, 3.4 + 1.4 * 5]]))
    assert found["recent"] == pytest.approx(np.array([[3.0, 2.0]]))


@pytest.mark.parametrize("origin", [49, 63])
def test_lines_on_irregular_dates_are_those_of_polyfit(irregular, origin):
    levels, days = irregular
    own = Baselines(window=9, horizon=6, gap=2, names=PER_NODE)
    found = own.forecast(levels, days, origin)
    later = days[origin + 3 : origin + 9]
    for name, first in (("linear", 0), ("recent", origin - 8)):
        seen = days[first : origin + 1] - days[0]
        slope, start = np.polyfit(seen, levels[:, first : origin + 1].T, 1)
        expected = start[:, None] + slope[:, None] * (later - days[0])
        assert found[name] == pytest.approx(expected, abs=1e-8)
    assert found["mean"] == pytest.approx(
        np.repeat(levels[:, origin - 4 : origin + 1].mean(axis=1)[:, None], 6, axis=1)
    )


def test_the_annual_wave_is_that_of_least_squares_with_another_phase(irregular):
    """A wave is the same subspace wherever its zero lies: sklearn on sines from 1970."""
    from sklearn.linear_model import LinearRegression

    levels, days = irregular
    found = Baselines(9, 6, 2, names=["annual"]).forecast(levels, days, 60)["annual"]
    angle = 2 * np.pi * days / 365.25
    design = np.column_stack([days - days[0], np.sin(angle), np.cos(angle)])
    fitted = LinearRegression().fit(design[:61], levels[:, :61].T)
    assert found == pytest.approx(fitted.predict(design[63:69]).T, abs=1e-6)


def test_a_true_line_with_a_wave_is_continued_exactly():
    days = np.arange(0, 1200, 12)
    series = 3 - 0.02 * days + 4 * np.cos(2 * np.pi * (days - 50) / 365.25)
    found = Baselines(12, 10, names=["annual"]).forecast(series[None], days, 60)["annual"]
    assert found[0] == pytest.approx(series[61:71], abs=1e-9)


def test_less_than_a_year_has_no_wave():
    random = np.random.default_rng(0)
    levels, days = random.normal(size=(5, 100)), 6 * np.arange(100)
    own = Baselines(12, 5, names=["linear", "annual"])
    short = own.forecast(levels, days, 60)  # 360 days
    assert (short["annual"] == short["linear"]).all()
    long = own.forecast(levels, days, 61)  # 366 days
    assert not np.allclose(long["annual"], long["linear"])


def test_one_known_date_is_continued_by_all():
    levels, days = np.array([[7.0, 1, 2]]), np.array([0, 6, 12])
    found = Baselines(5, 2, names=PER_NODE).forecast(levels, days, 0)
    assert {name: values.tolist() for name, values in found.items()} == {
        name: [[pytest.approx(7), pytest.approx(7)]] for name in PER_NODE
    }


def test_nothing_after_the_origin_is_read(irregular):
    levels, days = irregular
    changed = levels.copy()
    changed[:, 51:] = 1e6
    own = Baselines(9, 6)
    own.fit(levels, 50)
    ridge = own.ridge.weights.copy()
    before = own.forecast(levels, days, 50)
    after = own.fit(changed, 50).forecast(changed, days, 50)
    assert (own.ridge.weights == ridge).all()
    assert all((before[name] == after[name]).all() for name in BASELINES)


def test_targets_beyond_the_last_date_need_their_days(irregular):
    levels, days = irregular
    own = Baselines(9, 3, names=["linear"])
    later = days[-1] + np.array([6, 12, 18])
    slope, start = np.polyfit(days - days[0], levels.T, 1)
    found = own.forecast(levels, days, 79, later)["linear"]
    assert found == pytest.approx(start[:, None] + slope[:, None] * (later - days[0]), abs=1e-8)


def test_single_precision_loses_nothing_that_matters(irregular):
    levels, days = irregular
    far = levels - 900  # mm: a mine
    own = Baselines(9, 6).fit(far, 50)
    double = own.forecast(far, days, 60)
    single = own.forecast(far.astype("float32"), days, 60)
    for name in BASELINES:
        assert single[name].dtype == np.float32
        assert np.abs(single[name] - double[name]).max() < 5e-3
