"""Scores summed origin by origin against plain formulas, and what is said of a skill."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.comparison.runs import COLUMNS as RUN_COLUMNS
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.naive import scores as room
from land_subsidence.subsidence_plugin.engine.naive.baselines import Baselines
from land_subsidence.subsidence_plugin.engine.naive.evaluation import evaluate
from land_subsidence.subsidence_plugin.engine.naive.increments import IncrementHistogram
from land_subsidence.subsidence_plugin.engine.naive.scores import Scores
from land_subsidence.subsidence_plugin.engine.naive.skill import (
    lead,
    score_columns,
    signed,
    skill,
    step_ranges,
)
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training.scores import runs_table

NODES, HORIZON, ORIGINS = 50, 4, 3
TITLES = {"a": "ResNet + LSTM", "b": "persistence", "c": "linear + annual"}


@pytest.fixture
def world():
    """Forecasts a and b of levels far from zero, with gaps in the targets."""
    random = np.random.default_rng(11)
    targets = random.normal(-500, 30, (ORIGINS, NODES, HORIZON)).astype("float32")
    last = targets[:, :, 0] + random.normal(0, 2, (ORIGINS, NODES))
    observed = random.random(targets.shape) > 0.2
    forecasts = {name: targets + random.normal(0.5, 3, targets.shape) for name in "ab"}
    return forecasts, targets, last, observed


def test_figures_are_those_of_all_values_at_once(world, monkeypatch):
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    monkeypatch.setattr(room, "BLOCK", 16)
    forecasts, targets, last, observed = world
    forecasts["b"][1, 7, 2] = np.nan  # scored for neither
    own = Scores(["a", "b"], HORIZON)
    for o in range(ORIGINS):
        own.add({k: v[o] for k, v in forecasts.items()}, targets[o], last[o], observed[o])
    known = observed & np.isfinite(forecasts["b"])
    assert own.origins == ORIGINS and (own.count == known.sum(axis=(0, 1))).all()
    truth, change = targets.astype(float), targets.astype(float) - last[:, :, None]
    for name, made in forecasts.items():
        for step in range(HORIZON):
            k = known[:, :, step]
            y, p = truth[:, :, step][k], made[:, :, step][k]
            assert own.rmse(name)[step] == pytest.approx(mean_squared_error(y, p) ** 0.5)
            assert own.mae(name)[step] == pytest.approx(mean_absolute_error(y, p))
            assert own.bias(name)[step] == pytest.approx(np.mean(p - y))
            assert own.r2(name)[step] == pytest.approx(r2_score(y, p))
            dy = change[:, :, step][k]
            dp = (made - last[:, :, None])[:, :, step][k]
            assert own.r2(name, increments=True)[step] == pytest.approx(r2_score(dy, dp))
        y, p, dy = truth[known], made[known], change[known]
        dp = (made - last[:, :, None])[known]
        assert own.metrics(name) == {
            "RMSE": pytest.approx(mean_squared_error(y, p) ** 0.5),
            "MAE": pytest.approx(mean_absolute_error(y, p)),
            "R2": pytest.approx(r2_score(y, p)),
            "R2_increments": pytest.approx(r2_score(dy, dp)),
            "Bias": pytest.approx(np.mean(p - y)),
        }


def test_a_case_worked_by_hand():
    """Errors 1 and −3 at step 1, 2 (one value) at step 2."""
    own = Scores(["a"], 2)
    targets, observed = np.array([[0.0, 4], [2, 9]]), np.array([[True, True], [True, False]])
    own.add({"a": np.array([[1.0, 6], [-1, 0]])}, targets, np.array([0.0, 1]), observed)
    assert own.count.tolist() == [2, 1]
    assert own.rmse("a") == pytest.approx([5**0.5, 2])
    assert own.mae("a").tolist() == [2, 2] and own.bias("a").tolist() == [-1, 2]
    # levels 0, 2 about 1: squares 2; increments 0, 1 about 1/2: squares 1/2; one value has none
    assert own.r2("a") == pytest.approx([1 - 10 / 2, np.nan], nan_ok=True)
    assert own.r2("a", increments=True) == pytest.approx([1 - 10 / 0.5, np.nan], nan_ok=True)
    assert own.rmse("a", True) == pytest.approx((14 / 3) ** 0.5)
    # levels 0, 2, 4 about 2: squares 8
    assert own.r2("a", pooled=True) == pytest.approx(1 - 14 / 8)


def test_forecasts_of_another_shape_or_name_are_bugs():
    own = Scores(["a"], 2)
    nothing = np.zeros((3, 2))
    with pytest.raises(ValueError, match="no forecast of 'a'"):
        own.add({}, nothing, nothing[:, 0], nothing == 0)
    with pytest.raises(ValueError, match=r"'a' has the shape \(3, 1\), the targets \(3, 2\)"):
        own.add({"a": nothing[:, :1]}, nothing, nothing[:, 0], nothing == 0)


def scored(**errors):
    """Scores of forecasts with a constant error a step."""
    own = Scores(list(errors), len(next(iter(errors.values()))))
    targets = np.array([[0.0] * own.horizon, [5.0] * own.horizon])
    own.add({k: targets + v for k, v in errors.items()}, targets, targets[:, 0], targets > -1)
    return own


def test_skill_is_against_the_best_of_each_step_and_of_all():
    own = scored(a=[1.0, 2, 3], b=[1.0, 4, 6], c=[3.0, 2.5, 3.5])
    found = skill(own, "a", ["b", "c"])
    assert found.by_horizon == pytest.approx([0, 1 - 2 / 2.5, 1 - 3 / 3.5])
    assert found.best_by_horizon == ["b", "c", "c"]
    # squares: a 14, b 53, c 9 + 6.25 + 12.25 = 27.5
    assert found.best == "c" and found.overall == pytest.approx(1 - (14 / 27.5) ** 0.5)
    assert lead(found, TITLES) == (
        "On the test part, ResNet + LSTM beats linear + annual, the best baseline, by 28.6 % "
        "(skill 0.29; RMSE 2.16 against 3.03 mm over 1 to 3 steps); at step 1 it does not beat "
        "the best one (persistence)."
    )


def of_origins(errors, horizon=2, observed=(), step=1):
    """Scores of a and b with one constant error an origin each; ``observed`` numbers only."""
    own = Scores(["a", "b"], horizon)
    targets = np.zeros((3, horizon))
    for number, (a, b) in enumerate(errors):
        known = np.full(targets.shape, not observed or number in observed)
        for rows in (slice(0, 2), slice(2, 3)):  # in blocks, as large areas are added
            made = {"a": targets[rows] + a, "b": targets[rows] + b}
            own.add_rows(made, targets[rows], targets[rows, 0], known[rows], step * number + 7)
    return own


def test_the_lead_counts_the_origins_at_which_the_model_is_ahead():
    """Errors 1 against 2 at four origins, 2 against 1 at one: RMSE √(8/5) against √(17/5)."""
    own = of_origins([(1, 2), (1, 2), (2, 1), (1, 2), (1, 2)])
    found = skill(own, "a", ["b"])
    assert (found.origins_ahead, found.origins, found.overlap) == (4, 5, True)
    assert not found.may_be_chance
    assert lead(found, TITLES) == (
        "On the test part, ResNet + LSTM beats persistence, the best baseline, by 31.4 % (skill "
        "0.31; RMSE 1.26 against 1.84 mm over 1 to 2 steps; ahead at 4 of 5 origins, which "
        "overlap), and every baseline at every step."
    )
    behind = skill(own, "b", ["a"])
    assert (behind.origins_ahead, behind.origins) == (1, 5) and not behind.may_be_chance
    assert "RMSE 1.84 against 1.26 mm over 1 to 2 steps; ahead at 1 of 5 origins" in lead(
        behind, TITLES
    )


def test_a_gain_from_few_origins_may_be_chance():
    """Ahead by much at three origins of five, behind by little at two: 1 − √(7.5 / 29)."""
    found = skill(of_origins([(1, 3), (1, 3), (1, 3), (1.5, 1), (1.5, 1)]), "a", ["b"])
    assert found.may_be_chance and found.origins_ahead == 3
    assert "the best baseline, by 49.1 %, which may be chance (skill 0.49" in lead(found, TITLES)


def test_origins_without_observed_targets_do_not_count_and_distant_ones_do_not_overlap():
    own = of_origins([(1, 2), (5, 1), (1, 2), (1, 1)], observed=(0, 2, 3))
    assert own.ahead("a", "b") == (2, 3, True), "equal is not ahead; 9 and 10 share a date"
    assert of_origins([(1, 2), (1, 2)], step=2).ahead("a", "b") == (2, 2, False)
    assert of_origins([(1, 2)], horizon=1).ahead("a", "b") == (1, 1, False)
    assert "origins" not in lead(skill(of_origins([(1, 2)]), "a", ["b"]), TITLES)


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ([2.0, 2.0, 1.0], "does not beat persistence (skill −0.73; RMSE 1.73 against 1.00 mm over "
         "1 to 3 steps), nor the best baseline of any step."),
        ([0.5, 2.0, 0.9], "does not beat persistence (skill −0.30; RMSE 1.30 against 1.00 mm over "
         "1 to 3 steps); at steps 1 and 3 alone it beats every baseline."),
        ([0.5, 0.5, 0.5], "beats persistence, the best baseline, by 50.0 % (skill 0.50; RMSE 0.50 "
         "against 1.00 mm over 1 to 3 steps), and every baseline at every step."),
        ([1.0, 1.0, 1.0], "does not beat persistence (skill 0.000; RMSE 1.00 against 1.00 mm over "
         "1 to 3 steps), nor the best baseline of any step."),
        ([2.0], "does not beat persistence (skill −1.00; RMSE 2.00 against 1.00 mm at 1 step)."),
        ([0.5], "beats persistence, the best baseline, by 50.0 % (skill 0.50; RMSE 0.50 against "
         "1.00 mm at 1 step)."),
    ],
)  # fmt: skip
def test_the_lead_says_plainly_what_came_out(own, text):
    """Pooled RMSE by hand: √(9/3), √(5.06/3), …"""
    figures = scored(a=own, b=[1.0] * len(own), c=[3.0] * len(own))
    found = lead(skill(figures, "a", ["b", "c"]), TITLES, "cells of 2024")
    assert found == f"On cells of 2024, ResNet + LSTM {text}"


def test_small_words():
    assert signed(-0.0421) == "−0.04" and signed(0.0012) == "0.001" and signed(-0.0) == "0.000"
    assert step_ranges([1, 2, 3, 7, 9, 10]) == "1 to 3, 7, 9 and 10"
    assert step_ranges([4]) == "4"


def test_the_table_has_a_row_a_forecast_and_step():
    own = scored(a=[1.0, 2], b=[2.0, 2])
    columns = score_columns(own, TITLES, ["b"], "validation")
    assert columns["model"] == ["ResNet + LSTM"] * 3 + ["persistence"] * 3
    assert columns["step"] == [0, 1, 2] * 2 and columns["values"] == [4, 2, 2] * 2
    assert columns["baseline"] == [0] * 3 + [1] * 3
    assert columns["rmse"] == pytest.approx([2.5**0.5, 1, 2, 2, 2, 2])
    assert columns["skill"] == pytest.approx([1 - 2.5**0.5 / 2, 0.5, 0, 0, 0, 0])
    assert set(columns["split"]) == {"validation"}


def test_metrics_fit_a_runs_table():
    own = scored(a=[1.0, 2])
    table = runs_table("ResNet + LSTM", "manual", [1], [{"test": own.metrics("a")}])
    assert tuple(table) == RUN_COLUMNS
    assert table["metric"][:3] == ["RMSE", "MAE", "R2"]


def test_all_are_scored_on_the_same_targets_at_all_origins():
    random = np.random.default_rng(2)
    levels = random.normal(size=(30, 60)).cumsum(axis=1)
    observed = random.random(levels.shape) > 0.1
    days, origins = 6 * np.arange(60), np.arange(50, 55)
    own = Baselines(10, 3, 1, names=["persistence", "linear"])
    plane = IncrementHistogram.of(levels, 52, 4)
    perfect = {"a": lambda o: levels[:, o + 2 : o + 5]}
    found = evaluate(own, levels, observed, days, origins, perfect, plane)
    assert found.names == ["a", "persistence", "linear"]
    assert found.rmse("a").tolist() == [0, 0, 0]
    wrong = [(levels[:, o + 3] - levels[:, o])[observed[:, o + 3]] for o in origins]
    assert found.rmse("persistence")[1] == pytest.approx(np.mean(np.concatenate(wrong) ** 2) ** 0.5)
    assert found.r2("a", increments=True) == pytest.approx([1, 1, 1])
    # a perfect forecast lies on the diagonal
    assert plane.counts.sum() == found.count.sum() == np.trace(plane.counts)


def test_an_evaluation_can_be_cancelled_and_needs_observed_targets():
    levels, days = np.zeros((4, 30)), np.arange(30)
    own = Baselines(5, 2, names=["persistence"])
    with pytest.raises(Cancelled):
        evaluate(own, levels, levels == 0, days, [20], progress=Progress(is_cancelled=lambda: True))
    with pytest.raises(InputError, match="No target date of the scored part was observed"):
        evaluate(own, levels, levels != 0, days, [20])


def test_changes_are_counted_in_their_cells_and_large_ones_at_the_ends():
    plane = IncrementHistogram(30.5)  # cells of 1 mm, the middle one about 0
    targets, last = np.array([[10.0, 12, 500, 0]]), np.array([10.0])
    forecast = np.array([[11.0, 9, -500, np.nan]])
    plane.add(forecast, targets, last, np.array([[True, True, True, True]]))
    plane.add(forecast, targets, last, np.array([[True, False, False, False]]))
    columns = {name: values.tolist() for name, values in plane.columns().items()}
    assert columns["observed_mm"] == pytest.approx([0, 2, 30])
    assert columns["predicted_mm"] == pytest.approx([1, -1, -30])
    assert columns["count"] == [2, 1, 1]
