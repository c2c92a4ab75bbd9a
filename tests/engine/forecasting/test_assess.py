"""Scores of a forecaster at cells and points, against sums worked out by loops of their own."""

import numpy as np
import pytest

pytest.importorskip("torch")

from forecast_world import arrays_of, card_of
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.forecasting import measure as measuring
from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
from land_subsidence.subsidence_plugin.engine.forecasting.arguments import (
    configuration,
    recipe_from,
)
from land_subsidence.subsidence_plugin.engine.forecasting.assess import COVERAGES, MODEL, assess
from land_subsidence.subsidence_plugin.engine.forecasting.forecaster import Forecaster
from land_subsidence.subsidence_plugin.engine.forecasting.measure import measure
from land_subsidence.subsidence_plugin.engine.forecasting.point_sampling import PointSampling
from land_subsidence.subsidence_plugin.engine.forecasting.training import ForecastData
from land_subsidence.subsidence_plugin.engine.jobs.trainforecaster import results
from land_subsidence.subsidence_plugin.engine.naive.time_split import TimeSplit
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.vector.forecast_points import ScoredPoints

WINDOW, HORIZON, DATES, SIDE = 8, 3, 60, 10


def world(seed=3, tiles=1):
    random = np.random.default_rng(seed)
    areas = []
    for number in range(tiles):
        levels = np.cumsum(random.normal(-0.2, 0.5, (DATES, SIDE, SIDE)), axis=0)
        mask = random.random((SIDE, SIDE)) > 0.2
        observed = random.random(levels.shape) > 0.1
        areas.append(Area(
            levels.astype(np.float32), mask, 6 * np.arange(DATES), observed=observed,
            corner=(number * SIDE, 0),
        ))  # fmt: skip
    return ForecastData(areas, 100.0, TimeSplit(DATES))


def forecaster_of(slopes=(0.5, 1.0, 3.0), gap=0, **changes):
    """Members carry on the last change, times their slope; the median one by 1."""
    card = card_of("cnn", "lstm", gap=gap, members=len(slopes), **changes)
    return Forecaster(card, [arrays_of(card, m, slope=s) for m, s in enumerate(slopes)])


def carried_on(levels, origin, slope, gap=0):
    steps = np.arange(gap + 1, gap + HORIZON + 1)
    change = levels[origin] - levels[origin - 1]
    return levels[origin] + slope * steps[:, None] * change


@pytest.mark.parametrize(("gap", "tiles"), [(0, 1), (2, 2)])
def test_scores_are_those_of_a_loop(gap, tiles):
    data, forecaster = world(tiles=tiles), forecaster_of(gap=gap)
    found = assess(forecaster, data, "test")
    origins = range(54 - gap - 1, DATES - gap - HORIZON)
    errors = {slope: [[] for _ in range(HORIZON)] for slope in (0.5, 1.0, 3.0, "persistence")}
    for area in data.areas:
        levels = area.levels[:, area.mask].astype(float)
        known = area.observed[:, area.mask]
        for origin in origins:
            for slope, own in errors.items():
                speed = 0 if slope == "persistence" else slope
                forecast = carried_on(levels, origin, speed, gap)
                for step in range(HORIZON):
                    target = origin + gap + 1 + step
                    error = forecast[step] - levels[target]
                    own[step] += error[known[target]].tolist()
    rmse = {k: [np.sqrt(np.mean(np.square(e))) for e in own] for k, own in errors.items()}
    np.testing.assert_allclose(found.scores.rmse(MODEL), rmse[1.0], rtol=1e-4)
    np.testing.assert_allclose(found.scores.rmse("persistence"), rmse["persistence"], rtol=1e-6)
    for member, slope in enumerate((0.5, 1.0, 3.0)):
        np.testing.assert_allclose(found.members.rmse(str(member)), rmse[slope], rtol=1e-4)
    assert found.scores.count.tolist() == [len(e) for e in errors[1.0]]
    assert found.scores.origins == len(origins)
    pooled = np.sqrt(np.mean(np.square(np.concatenate(errors[3.0]))))
    assert found.member_metrics()[2]["RMSE"] == pytest.approx(pooled, rel=1e-4)
    best = min(found.scores.rmse(name, True) for name in found.baselines.names)
    assert found.found.overall == pytest.approx(1 - found.scores.rmse(MODEL, True) / best)


def test_origins_at_which_the_forecaster_is_ahead_are_those_of_a_loop():
    data, forecaster = world(tiles=2), forecaster_of((0.2,))
    found = assess(forecaster, data, "test").found
    others = {}
    for origin in range(53, DATES - HORIZON):
        sums = np.zeros(2)
        for area in data.areas:
            levels, known = area.levels[:, area.mask].astype(float), area.observed[:, area.mask]
            part = slice(origin + 1, origin + 1 + HORIZON)
            for place, speed in enumerate((0.2, 0)):
                error = carried_on(levels, origin, speed) - levels[part]
                sums[place] += (error**2)[known[part]].sum()
        others[origin] = bool(sums[0] < sums[1])
    scores = assess(forecaster, data, "test").scores
    assert scores.ahead(MODEL, "persistence") == (sum(others.values()), len(others), True)
    assert (found.origins, found.overlap) == (len(others), True)
    assert found.origins_ahead == scores.ahead(MODEL, found.best)[0]


def test_the_ridge_is_fitted_before_the_scored_part_only():
    data, forecaster = world(), forecaster_of((1.0,))
    before = assess(forecaster, data, "validation").baselines.ridge.weights
    data.areas[0].levels[48:] += 1000
    np.testing.assert_array_equal(
        assess(forecaster, data, "validation").baselines.ridge.weights, before
    )


def test_values_inside_intervals_are_counted():
    data, forecaster = world(), forecaster_of((1.0,))
    card = forecaster.card
    assert assess(forecaster, data).coverage is None
    quantiles = [[c, 2 * c, 3 * c] for c in COVERAGES]
    card.conformal = {"coverages": list(COVERAGES), "quantiles": quantiles, "floor": 0.1,
                      "ceiling": 9.0}  # fmt: skip
    found = assess(forecaster, data)
    (area,) = data.areas
    levels, known = area.levels[:, area.mask].astype(float), area.observed[:, area.mask]
    inside, count = np.zeros((4, HORIZON)), np.zeros(HORIZON)
    for origin in range(53, DATES - HORIZON):
        steps = np.diff(levels[origin - WINDOW + 1 : origin + 1], axis=0)
        spread = np.median(np.abs(steps - np.median(steps, axis=0)), axis=0)
        noise = np.clip(1.4826 * spread / np.sqrt(2), 0.1, 9.0)
        forecast = carried_on(levels, origin, 1.0)
        for step in range(HORIZON):
            own = known[origin + 1 + step]
            error = np.abs(forecast[step] - levels[origin + 1 + step])
            count[step] += own.sum()
            for row, coverage in enumerate(COVERAGES):
                width = coverage * (step + 1) * noise
                inside[row, step] += (own & (error <= width)).sum()
    np.testing.assert_allclose(found.coverage, inside / count, atol=2e-3)


def test_places_between_cells_are_bilinear_over_valid_cells():
    mask = np.ones((3, 3), bool)
    mask[0, 1] = mask[2, 2] = False
    maps = np.arange(9, dtype=float).reshape(1, 3, 3) * 10
    maps[:, ~mask] = 999
    area = Area(np.zeros((4, 3, 3), np.float32), mask, np.arange(4), corner=(6, 3))
    #                 centre  between     at the edge  no series  outside  beside the invalid
    row = np.array([7.5, 8.0, 6.2, 8.5, 2.0, 7.0])
    column = np.array([4.5, 4.0, 3.1, 5.5, 4.0, 3.75])
    found = PointSampling.of(area, row, column)
    assert found.index.tolist() == [0, 1, 2, 5]
    # (1.5, 0.25): of rows 0 and 1, columns 0 and 1, cell (0, 1) has no series.
    beside = (0.5 * 0.75 * 0 + 0.5 * 0.75 * 30 + 0.5 * 0.25 * 40) / (1 - 0.5 * 0.25)
    np.testing.assert_allclose(found.surface(maps)[:, 0], [40, 50, 0, beside], rtol=1e-6)
    # What the points lie above the surface on average is added.
    window, own = np.repeat(maps, 4, axis=0), found.surface(maps) + np.array([[1, 2, 3, 6]])
    np.testing.assert_allclose(
        found.forecast(maps + 5, window, own)[:, 0], found.surface(maps)[:, 0] + 5 + 3
    )


def test_points_are_scored_against_their_own_series():
    data, forecaster = world(), forecaster_of((1.0,))
    (area,) = data.areas
    rows, columns = np.nonzero(area.mask)
    offset = np.random.default_rng(1).normal(0, 20, (len(rows), 1))
    levels = (area.levels[:, area.mask].T + offset).astype(np.float32)
    observed = area.observed[:, area.mask].T
    # At cell centres and with constant offsets, points have the errors of the cells.
    found = assess(
        forecaster, data, points=ScoredPoints(rows + 0.5, columns + 0.5, levels, observed)
    )
    np.testing.assert_allclose(found.points.rmse(MODEL), found.scores.rmse(MODEL), rtol=1e-4)
    for name in ("persistence", "mean", "linear", "ridge"):
        np.testing.assert_allclose(found.points.rmse(name), found.scores.rmse(name), rtol=1e-3)
    assert found.metrics()["test at points"]["Skill"] == found.points_found.overall
    alone = assess(
        forecaster, data, points=ScoredPoints(rows + 99.5, columns + 0.5, levels, observed)
    )
    assert alone.points is None


def test_a_part_without_observed_targets_is_refused():
    data = world()
    data.areas[0].observed[54:] = False
    with pytest.raises(InputError, match="No target date of the test part was observed"):
        assess(forecaster_of(), data)


def test_measuring_writes_the_card_and_tells_the_truth():
    data, forecaster = world(), forecaster_of((3.0, 3.2))
    log = []
    found = measure(forecaster, data, "Carrying on")
    found.log(Progress(on_message=lambda text, level: log.append((level, text))))
    assert log[0][0] == "warning" and "Carrying on does not beat" in log[0][1]
    assert set(found.assessments) == {"validation", "test"}
    card = forecaster.card
    assert card.conformal["coverages"][0] == 0.5
    assert card.metrics["test"]["Skill"] == found.judged.found.overall < 0
    assert len(card.metrics["test: ridge"]["RMSE_by_step"]) == HORIZON
    assert len(card.metrics["coverage"]["90 %"]) == HORIZON
    assert card.from_json(card.to_json()) == card
    table = found.columns()
    assert {len(column) for column in table.values()} == {2 * 7 * (HORIZON + 1)}
    assert results(found, "x")["SKILL"] == table["skill"][0]
    members = found.member_metrics()
    assert len(members) == 2 and set(members[0]) == {"validation", "test"}


def test_without_test_dates_the_validation_part_is_judged():
    data = world()
    data.split = TimeSplit(DATES, 0.2, 0.0)
    found = measure(forecaster_of(), data, "Carrying on")
    assert found.judged.part == "validation" and found.coverage is None
    assert "which also chose the pass that is kept" in found.lead()
    with pytest.raises(InputError, match="VALIDATION_SHARE and TEST_SHARE are both 0"):
        measuring.check_shares(0, 0)


def test_many_areas_are_scored_in_part(monkeypatch):
    monkeypatch.setattr(measuring, "MOST_NODES", 100)
    data, lines = world(tiles=4), []
    found = measure(
        forecaster_of(), data, "x", progress=Progress(on_message=lambda t, _level: lines.append(t))
    )
    two = sum(int(a.mask.sum()) for a in data.areas[:2])
    assert found.judged.scores.count[0] <= two * found.judged.scores.origins
    assert f"taken from {two} of the" in lines[0] and len(data.areas) == 4


def test_arguments_make_a_recipe():
    text = "channels=8\npatience=3; weight_decay=0.5"
    recipe = recipe_from(1, 0, 0, 20, 5, 1, text, epochs=None, batch_size=2)
    assert (recipe.spatial, recipe.temporal, recipe.variant) == ("gcn", "lstm", "lastmap")
    assert recipe.hyperparameters["channels"] == 8
    assert (recipe.settings["patience"], recipe.settings["batch_size"]) == (3, 2)
    assert configuration(recipe) == "manual channels=8 batch_size=2 weight_decay=0.5 patience=3"
    assert configuration(recipe_from()) == "manual"
    for options, words in (
        ({"hyperparameters": "epochs=3", "epochs": 4}, "epochs' stands in HYPERPARAMETERS"),
        ({"hyperparameters": "chanels=3"}, "has no hyperparameter 'chanels'; it has channels"),
        ({"hyperparameters": "channels"}, "write name=value"),
        ({"spatial": 7}, "no choice number 7; use 0 to 2"),
        ({"epochs": 0}, "'epochs' is 0; allowed is 1 to"),
        ({"horizon": 999}, "HORIZON is 999; allowed is 1 to 365"),
    ):
        with pytest.raises(InputError, match=words):
            recipe_from(**options)
