"""The objective of tunemodel: what trials are judged by, checked against scikit-learn."""

import numpy as np
import optuna
import pytest
from land_subsidence.subsidence_plugin.engine.crossvalidation.folds import Places
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training.fit import recipe_of
from land_subsidence.subsidence_plugin.engine.tuning.evaluation import held_rows, two_classes
from land_subsidence.subsidence_plugin.engine.tuning.model_search import ModelSearch
from land_subsidence.subsidence_plugin.engine.tuning.susceptibility import (
    Susceptibility,
    make_data,
    score,
)

metrics = pytest.importorskip("sklearn.metrics")
linear = pytest.importorskip("sklearn.linear_model")


def judged(architecture, data, metric="auc", values=None, settings=None, report=None):
    arguments = {
        "recipe": recipe_of(architecture, {}, settings or {}).as_dict(), "metric": metric, "seed": 1
    }  # fmt: skip
    report = report or (lambda _step, _value: None)
    return Susceptibility(arguments, data)(values or {}, report, Progress())


@pytest.mark.parametrize("metric", ["auc", "logloss"])
def test_a_hold_out_is_scored_by_a_model_of_the_other_rows(rows, data, metric):
    values, label, held = rows
    mask = held[0]
    low, high = values[~mask].min(axis=0), values[~mask].max(axis=0)
    scaled = np.clip((values.astype(float) - low) / (high - low), 0, 1)
    model = linear.LogisticRegression(C=1e4, max_iter=10_000, tol=1e-8)
    model.fit(scaled[~mask], label[~mask])
    found = model.predict_proba(scaled[mask])[:, 1]
    expected = {
        "auc": metrics.roc_auc_score(label[mask], found),
        "logloss": metrics.log_loss(label[mask], found),
    }
    assert judged("logistic", data, metric) == pytest.approx(expected[metric], abs=2e-3)


def test_folds_are_averaged_and_reported_as_running_means(rows):
    values, label, _held = rows
    fold = np.arange(200) % 4
    held = np.array([fold == n for n in range(4)])
    data = make_data(values, label, held, "abc", ["continuous"] * 3)
    seen = []
    mean = judged("logistic", data, report=lambda step, value: seen.append((step, value)))
    single = [
        judged("logistic", make_data(values, label, held[n : n + 1], "abc", ["continuous"] * 3))
        for n in range(4)
    ]
    assert mean == pytest.approx(np.mean(single))
    assert [step for step, _ in seen] == [1, 2, 3]
    assert [value for _, value in seen] == pytest.approx(np.cumsum(single)[:3] / [1, 2, 3])


def test_score_leaves_unseen_categories_out():
    label = np.array([0, 1, 0, 1, 1])
    probability = np.array([0.2, 0.7, 0.6, 0.4, np.nan])
    assert score("auc", label, probability) == pytest.approx(0.75)
    expected = -np.log([0.8, 0.7, 0.4, 0.4]).mean()
    assert score("logloss", label, probability) == pytest.approx(expected)
    with pytest.raises(InputError, match="unseen categories"):
        score("auc", label, np.array([0.2, np.nan, 0.6, np.nan, np.nan]))


def test_epochs_are_reported_to_the_pruner_and_a_pruned_training_ends(data):
    pytest.importorskip("torch")
    seen = []

    def report(step, value):
        seen.append((step, value))
        if step == 10:
            raise optuna.TrialPruned

    with pytest.raises(optuna.TrialPruned):
        judged("cnn", data, settings={"epochs": 40}, report=report)
    assert [step for step, _ in seen] == [5, 10]
    assert all(0 <= value <= 1 for _, value in seen)


def test_values_of_a_trial_reach_the_training(data):
    pytest.importorskip("torch")
    few = judged("lstm", data, values={"lstm_units": 4, "learning_rate": 1e-5, "batch_size": 64},
                 settings={"epochs": 3})  # fmt: skip
    many = judged("lstm", data, values={"lstm_units": 16, "learning_rate": 0.03, "batch_size": 8},
                  settings={"epochs": 12})  # fmt: skip
    assert many > 0.85 and many > few


# --- hold-out and folds -------------------------------------------------------------------------


@pytest.fixture
def places():
    rng = np.random.default_rng(1)
    x, y = rng.random(300) * 1000, rng.random(300) * 1000
    return Places(x, y, (x // 200), 250.0), (rng.random(300) < 0.4).astype(int)


def test_a_hold_out_is_stratified(places):
    where, label = places
    held = held_rows("holdout", label, where, share=0.25, seed=3)
    assert held.shape == (1, 300)
    assert held[0].mean() == pytest.approx(0.25, abs=0.01)
    assert label[held[0]].mean() == pytest.approx(label.mean(), abs=0.01)
    assert (held == held_rows("holdout", label, where, share=0.25, seed=3)).all()


@pytest.mark.parametrize("evaluation", ["random", "kmeans", "blocks", "field"])
def test_folds_judge_every_row_once(places, evaluation):
    where, label = places
    held = held_rows(evaluation, label, where, folds=5, seed=3)
    assert held.shape == (5, 300) and (held.sum(axis=0) == 1).all()
    assert two_classes(held, label).all()


def test_spatial_folds_hold_out_places_and_random_ones_do_not(places):
    where, label = places

    def nearest(held):
        points = np.column_stack([where.x, where.y])
        distances = np.linalg.norm(points[held[0]][:, None] - points[~held[0]][None], axis=2)
        return distances.min(axis=1).mean()

    random, spatial = (
        nearest(held_rows(name, label, where, folds=5, seed=3)) for name in ("random", "kmeans")
    )
    assert spatial > 2 * random


@pytest.mark.parametrize(
    ("evaluation", "options", "expected"),
    [
        ("holdout", {"share": 0.0}, "HOLDOUT is 0; it must be above 0 and at most 0.5"),
        ("random", {"folds": 1}, "FOLDS is 1"),
        ("random", {"folds": 400}, "There are 300 complete samples, too few for 400 folds"),
        ("kmeans", {"folds": 200}, "too few for 200 folds that hold both classes"),
    ],
)
def test_more_folds_than_samples_are_one_sentence(places, evaluation, options, expected):
    where, label = places
    with pytest.raises(InputError, match=expected):
        held_rows(evaluation, label, where, **options)


def test_folds_of_one_class_are_refused_or_left_out():
    label = np.array([0, 0, 0, 1, 1, 1, 0, 1, 0, 1])
    fold = np.array([1, 1, 2, 2, 2, 3, 3, 3, 1, 2])
    held = np.array([fold == n for n in (1, 2, 3)])
    assert two_classes(held, label).tolist() == [False, True, True]
    with pytest.raises(InputError, match="Only 0 of the 2 folds"):
        two_classes(np.array([label == 0, label == 1]), label)
    with pytest.raises(InputError, match=r"judged by in part 1 .* \(3 rows\) do not"):
        make_data(np.zeros((10, 1)), label, held[:1], ["a"], ["continuous"])


# --- what is tuned ------------------------------------------------------------------------------


def test_defaults_and_baselines_are_judged_as_the_trials_are(data):
    tuned = ModelSearch.of("forest", "tpe", "auc", "trees=20,40", {}, 1)
    found = tuned.references(data, "cpu", Progress())
    assert list(found) == ["defaults", "logistic"]
    assert found["logistic"] == pytest.approx(judged("logistic", data))
    assert found["defaults"] == pytest.approx(judged("forest", data))


def test_the_name_of_a_study_follows_from_what_is_tuned(data):
    def name(**changes):
        chosen = {"strategy": "tpe", "metric": "auc", "changes": "", "settings": {}, "seed": 1}
        return ModelSearch.of("lstm", **{**chosen, **changes}).name(data)

    assert name() == name() and name().startswith("lstm-")
    others = {name(seed=2), name(metric="logloss"), name(changes="dropout=0.1"),
              name(settings={"epochs": 5}), name(strategy="grid")}  # fmt: skip
    assert name() not in others and len(others) == 5
