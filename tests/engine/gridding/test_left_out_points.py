"""Errors of left-out points against a plain loop that removes each point by itself."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled
from land_subsidence.subsidence_plugin.engine.gridding.gap_error import error_in_gaps
from land_subsidence.subsidence_plugin.engine.gridding.left_out import leave_one_out
from land_subsidence.subsidence_plugin.engine.gridding.weights import Rule, make_tree

nan = np.nan
DATES = np.datetime64("2020-01-01") + 6 * np.arange(5)


@pytest.fixture
def points():
    random = np.random.default_rng(5)
    x, y = random.uniform(0, 1000, (2, 60))
    series = (np.sin(x / 200)[:, None] * np.arange(1, 6) + random.normal(0, 0.3, (60, 5))) * 4
    series[random.random(series.shape) < 0.1] = nan
    return x, y, series.astype(np.float32)


def loop(x, y, series, rule, least=1e-6):
    """Return errors (methods, points, dates), each point predicted after taking it out."""
    errors = np.full((3, *series.shape), nan)
    for i in range(len(x)):
        distance = np.hypot(x - x[i], y - y[i])
        order = [j for j in np.argsort(distance) if least <= distance[j] <= rule.max_distance]
        near = order[: rule.neighbours]
        for t in range(series.shape[1]):
            known = [j for j in near if np.isfinite(series[j, t])]
            rest = [v for j, v in enumerate(series[:, t]) if j != i and np.isfinite(v)]
            if not known or not np.isfinite(series[i, t]):
                continue
            weights = distance[known] ** -rule.power
            values = series[known, t].astype(float)
            guesses = (weights @ values / weights.sum(), values[0], np.mean(rest, dtype=float))
            errors[:, i, t] = np.array(guesses) - series[i, t]
    return errors


def test_against_the_loop(points):
    x, y, series = points
    rule = Rule(5, 2.0, 180.0)
    found = leave_one_out(make_tree(x, y), series, DATES, rule, 1000, 1)
    errors = loop(x, y, series, rule)
    assert found.tested == np.isfinite(errors[0]).any(axis=1).sum() == 60 - found.isolated
    square = np.nanmean(errors**2, axis=1)
    assert found.rmse(by_date=True) == pytest.approx(np.sqrt(square), rel=1e-4)
    assert found.mae(by_date=True) == pytest.approx(np.nanmean(np.abs(errors), axis=1), rel=1e-4)
    overall = np.sqrt(np.nanmean(errors.reshape(3, -1) ** 2, axis=1))
    assert found.rmse() == pytest.approx(overall, rel=1e-4)
    assert found.bias() == pytest.approx(np.nanmean(errors.reshape(3, -1), axis=1), abs=1e-4)
    assert found.skill == pytest.approx(1 - overall[0] / min(overall[1:]), rel=1e-3)


def test_points_on_one_position_do_not_predict_each_other():
    x, y = np.array([0.0, 0, 100]), np.zeros(3)
    series = np.array([[7], [7], [1]], np.float32)
    found = leave_one_out(make_tree(x, y), series, DATES[:1], Rule(2, 2.0, 500), 10, 1)
    # both twins are predicted by the third, that one by the twins: errors −6, −6, +6
    assert found.rmse()[0] == pytest.approx(6) and found.bias()[0] == pytest.approx(-2)


def test_no_error_without_others():
    one = np.array([[1, 2, 3, 4, 5]], np.float32)
    zero = np.zeros(1)
    assert leave_one_out(make_tree(zero, zero), one, DATES, Rule(), 10, 1) is None
    apart = make_tree(np.array([0.0, 9e5]), np.zeros(2))
    assert leave_one_out(apart, np.vstack([one, one]), DATES, Rule(), 10, 1) is None


def test_a_sample_is_drawn_by_its_seed(points):
    x, y, series = points
    tree = make_tree(x, y)
    rmse = [leave_one_out(tree, series, DATES, Rule(), 20, seed).rmse()[0] for seed in (1, 1, 2)]
    assert rmse[0] == rmse[1] != rmse[2]


def test_error_in_gaps_against_the_loop(points):
    x, y, series = points
    rule = Rule(4, 2.0, 400.0)
    rows = error_in_gaps(make_tree(x, y), series, rule, 1)
    assert rows["least_distance"] == [0, 80, 160, 240, 320]
    far = np.isfinite(loop(x, y, series, Rule(60, 2.0, 400.0), 320.0)[0]).any(axis=1)
    for number, least in enumerate(rows["least_distance"]):
        errors = loop(x, y, series, rule, max(least, 1e-6))[:, far]
        expected = np.sqrt(np.nanmean(errors.reshape(3, -1) ** 2, axis=1))
        names = ("IDW", "nearest point", "mean of all points")
        got = [rows[f"rmse {name}"][number] for name in names]
        assert got == pytest.approx(expected, rel=1e-4)
    assert rows["rmse IDW"][-1] > 2 * rows["rmse IDW"][0]
    assert error_in_gaps(make_tree(x[:1], y[:1]), series[:1], rule, 1) is None


def test_cancel_stops_between_blocks(points):
    x, y, series = points

    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        leave_one_out(make_tree(x, y), series, DATES, Rule(), 1000, 1, stop)
