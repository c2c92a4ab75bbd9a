"""Folds are fitted apart: against scikit-learn's own pipeline, and without a leak of test rows."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.crossvalidation import running
from land_subsidence.subsidence_plugin.engine.crossvalidation.folds import (
    RANDOM,
    SPATIAL,
    Partition,
    Places,
    make_partitions,
)
from land_subsidence.subsidence_plugin.engine.crossvalidation.recipes import (
    baseline_candidates,
    main_candidate,
)
from land_subsidence.subsidence_plugin.engine.crossvalidation.results import Rows, score_metrics
from land_subsidence.subsidence_plugin.engine.crossvalidation.running import cross_validate
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.models.encode import fit_factors
from land_subsidence.subsidence_plugin.engine.progress import Progress

pytest.importorskip("sklearn")
NAMES = ("depth", "slope", "clay")


def sample_rows(count=120, seed=5, kinds=("continuous",) * 3):
    random = np.random.default_rng(seed)
    values = random.normal(size=(count, 3)) * [1, 20, 300] + [0, 50, 1000]
    label = (random.random(count) < 1 / (1 + np.exp(-1.5 * values[:, 0]))).astype(int)
    return Rows(values.astype(np.float32), label, NAMES, kinds)


def fold_of(count=120, folds=4):
    return np.arange(count) % folds + 1


def test_scores_are_those_of_scikit_learns_pipeline_in_the_same_folds():
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, brier_score_loss, cohen_kappa_score, roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    rows, fold = sample_rows(), fold_of()
    partition = Partition(RANDOM, 1, 42, fold)
    result = cross_validate([main_candidate("logistic")], rows, [partition])
    probability = result.probability["Logistic regression", RANDOM, 1]
    for score in result.scores:
        test = fold == score.fold
        # Newton's method: where the default one (L-BFGS) ends differs with the version of scipy.
        logistic = LogisticRegression(C=1e4, tol=1e-8, solver="newton-cholesky")
        model = make_pipeline(MinMaxScaler(clip=True), logistic)
        found = model.fit(rows.values[~test], rows.label[~test]).predict_proba(rows.values[test])
        label = rows.label[test]
        np.testing.assert_allclose(probability[test], found[:, 1], atol=2e-4)
        assert (score.training_rows, score.rows, score.positives) == (90, 30, label.sum())
        assert score.metrics["AUC"] == pytest.approx(roc_auc_score(label, found[:, 1]), abs=1e-3)
        assert score.metrics["Brier"] == pytest.approx(
            brier_score_loss(label, found[:, 1]), abs=1e-3
        )
        called = found[:, 1] >= 0.5
        assert score.metrics["ACC"] == pytest.approx(accuracy_score(label, called))
        assert score.metrics["Kappa"] == pytest.approx(cohen_kappa_score(label, called))


def probabilities(rows, fold, model="cnn", text="epochs=2;filters=4"):
    result = cross_validate([main_candidate(model, text)], rows, [Partition(RANDOM, 1, 42, fold)])
    return result.probability[result.scores[0].model, RANDOM, 1]


def test_a_row_left_out_changes_no_scaling_and_no_model(monkeypatch):
    """An outlier in fold 1 must not move the others of fold 1, and must move the other folds.

    The same with scaling by all rows (a leak) moves fold 1 as well, so the test can fail.
    """
    pytest.importorskip("torch")
    rows, fold = sample_rows(), fold_of()
    outlier = Rows(rows.values.copy(), rows.label, rows.names, rows.kinds)
    outlier.values[0] = [90.0, 9000.0, 90000.0]
    others = (fold == 1) & (np.arange(120) != 0)
    before, after = probabilities(rows, fold), probabilities(outlier, fold)
    np.testing.assert_array_equal(before[others], after[others])
    assert np.abs(before[fold != 1] - after[fold != 1]).max() > 0.001

    honest = running.fit_model

    def leaking(recipe, values, *arguments, **options):
        model = honest(recipe, values, *arguments, **options)
        model.card.factors = fit_factors(outlier.values, NAMES)
        return model

    monkeypatch.setattr(running, "fit_model", leaking)
    leaked = probabilities(outlier, fold)
    assert np.abs(before[others] - leaked[others]).max() > 0.001


def test_a_category_of_one_fold_alone_is_unknown_there_and_not_scored():
    rows = sample_rows(kinds=("continuous", "continuous", "categorical"))
    rows.values[:, 2] = np.random.default_rng(0).integers(1, 4, 120)
    rows.values[[0, 4], 2] = 9  # both in fold 1
    result = cross_validate(
        [main_candidate("logistic")], rows, [Partition(RANDOM, 1, 42, fold_of())]
    )
    assert [s.rows for s in result.scores] == [28, 30, 30, 30]
    found = result.probability["Logistic regression", RANDOM, 1]
    assert np.flatnonzero(np.isnan(found)).tolist() == [0, 4]


def test_early_stopping_of_spatial_folds_holds_out_neighbourhoods(monkeypatch):
    seen = []

    class Stop(Exception):
        pass

    def spy(recipe, values, names, kinds, label, *, fold=None, **options):
        seen.append(fold)
        raise Stop

    monkeypatch.setattr(running, "fit_model", spy)
    rows, groups = sample_rows(), np.arange(120) // 6
    folds = [Partition(RANDOM, 1, 1, fold_of()), Partition(SPATIAL, 1, 1, fold_of(), groups)]
    for model in ("cnn", "logistic"):
        for partition in folds:
            with pytest.raises(Stop):
                cross_validate([main_candidate(model)], rows, [partition])
    assert seen[0] is None and seen[2] is None and seen[3] is None
    np.testing.assert_array_equal(seen[1], groups[fold_of() != 1])


def test_neighbourhoods_that_cannot_be_held_out_fall_back_to_rows(monkeypatch):
    pytest.importorskip("torch")
    lines = []
    rows = sample_rows()
    partition = Partition(SPATIAL, 1, 1, fold_of(folds=2), np.ones(120, int))
    cross_validate(
        [main_candidate("cnn", "epochs=1")], rows, [partition],
        progress=Progress(on_message=lambda text, level: lines.append((level, text))),
    )  # fmt: skip
    warnings = [text for level, text in lines if level == "warning"]
    assert len(warnings) == 1  # once, not once a fold
    assert "single rows are held out instead" in warnings[0]


def test_the_mean_of_the_members_is_scored():
    pytest.importorskip("torch")
    rows, partition = sample_rows(), Partition(RANDOM, 1, 7, fold_of())

    def column(members, seed):
        main = main_candidate("cnn", "epochs=2;filters=4", members=members)
        found = cross_validate([main], rows, [Partition(RANDOM, 1, seed, partition.fold)])
        return next(iter(found.probability.values()))

    np.testing.assert_allclose(column(2, 7), (column(1, 7) + column(1, 8)) / 2, atol=1e-9)


def test_the_same_seed_gives_the_same_result_and_every_model_the_same_folds():
    rows = sample_rows()
    random = np.random.default_rng(0)
    places = Places(random.random(120), random.random(120))
    partitions = make_partitions(rows.label, places, "kmeans", 3, 2, 5)
    main = main_candidate("forest", "trees=10")
    candidates = [main, *baseline_candidates(["logistic"], main)]
    first, second = (cross_validate(candidates, rows, partitions) for _ in range(2))
    assert [s.metrics for s in first.scores] == [s.metrics for s in second.scores]
    seen = {
        model: [(s.scheme, s.repeat, s.fold, s.rows, s.positives) for s in first.scores
                if s.model == model]
        for model in ("Random forest", "Logistic regression")
    }  # fmt: skip
    assert seen["Random forest"] == seen["Logistic regression"]
    assert len(seen["Random forest"]) == 3 * 2 * 2


def test_cancel_stops_within_a_training_and_the_log_has_a_line_a_fold():
    pytest.importorskip("torch")
    lines, asked = [], []
    progress = Progress(
        on_message=lambda text, level: lines.append(text),
        is_cancelled=lambda: asked.append(1) or len(lines) >= 2,
    )
    with pytest.raises(Cancelled):
        cross_validate(
            [main_candidate("cnn", "epochs=3")], sample_rows(),
            [Partition(RANDOM, 1, 1, fold_of())],
            progress=progress,
        )  # fmt: skip
    assert len(lines) == 2
    assert lines[0].startswith("Repeat 1, random fold 1 of 4 (30 rows, ")
    assert "AUC: CNN 0." in lines[1] and "(mean so far 0." in lines[1]


def test_a_fold_that_cannot_be_trained_is_named():
    rows = sample_rows()
    rows.values[:, 1] = np.where(fold_of() == 2, rows.values[:, 1], 7)
    with pytest.raises(InputError, match="Logistic regression in random fold 2 of repeat 1: The"):
        cross_validate([main_candidate("logistic")], rows, [Partition(RANDOM, 1, 1, fold_of())])


def test_metrics_of_no_rows_and_of_one_class_are_missing_not_wrong():
    empty = score_metrics(np.empty(0, int), np.empty(0))
    assert all(np.isnan(value) for value in empty.values())
    single = score_metrics(np.array([1, 1]), np.array([0.25, 0.75]))
    assert np.isnan(single["AUC"])
    assert single["Brier"] == pytest.approx((0.75**2 + 0.25**2) / 2)
    assert single["ACC"] == 0.5
