"""Means, intervals and words of a cross-validation, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.crossvalidation.folds import (
    RANDOM,
    SPATIAL,
    Partition,
)
from land_subsidence.subsidence_plugin.engine.crossvalidation.recipes import (
    baseline_candidates,
    main_candidate,
)
from land_subsidence.subsidence_plugin.engine.crossvalidation.results import (
    CrossValidation,
    FoldScore,
)
from land_subsidence.subsidence_plugin.engine.crossvalidation.study import Study
from land_subsidence.subsidence_plugin.engine.crossvalidation.summary import (
    AVERAGED,
    compare_models,
    gap,
    pooled_auc,
    summarise,
)

pytest.importorskip("scipy")
LABEL = np.array([0, 1, 0, 1])


def result_of(areas):
    """Return a result from {(model, scheme): [[AUC of each fold] of each repeat]}."""
    result = CrossValidation()
    for (model, scheme), repeats in areas.items():
        for repeat, folds in enumerate(repeats, 1):
            for fold, area in enumerate(folds, 1):
                metrics = {**dict.fromkeys(AVERAGED, 0.5), "AUC": area}
                result.scores.append(
                    FoldScore(model, scheme, repeat, 41 + repeat, fold, 80, 20, 9, metrics)
                )
            result.probability[model, scheme, repeat] = np.array([0.1, 0.9, 0.2, 0.8])
    return result


def test_means_are_taken_over_folds_then_over_repeats():
    areas = [[0.6, 0.8], [0.9, np.nan]]  # means 0.7 and 0.9; of all folds 0.7667
    found = summarise(result_of({("A", RANDOM): areas, ("A", SPATIAL): areas}), LABEL)["A", RANDOM]
    assert found.auc == pytest.approx(0.8)
    assert found.fold_deviation == pytest.approx(
        np.sqrt(((1 / 6) ** 2 + (1 / 30) ** 2 + (2 / 15) ** 2) / 2)
    )
    assert found.repeat_deviation == pytest.approx(0.1 * np.sqrt(2))
    assert (found.folds, found.repeats, found.pooled) == (3, 2, 1.0)


def test_pooled_auc_leaves_out_rows_without_probability():
    assert pooled_auc(LABEL, np.array([0.3, 0.2, 0.1, np.nan])) == 0.5
    assert np.isnan(pooled_auc(LABEL, np.array([0.3, np.nan, 0.1, np.nan])))


def test_intervals_are_those_of_the_corrected_resampled_t_test():
    """Differences 0.1, 0.2, 0.3: variance 0.01; (1/3 + 20/80) 0.01; t(0.975, 2) = 4.302653."""
    areas = {
        ("A", SPATIAL): [[0.8, 0.8, 0.8]], ("B", SPATIAL): [[0.7, 0.6, 0.5]],
        ("A", RANDOM): [[0.9, 0.8, 0.7]], ("B", RANDOM): [[0.7, 0.6, 0.5]],
    }  # fmt: skip
    result = result_of(areas)
    found = compare_models(result, "A", "B")
    assert found.value == pytest.approx(0.2)
    assert found.margin == pytest.approx(4.302653 * np.sqrt((1 / 3 + 0.25) * 0.01), rel=1e-6)
    assert not found.is_clear and found.reversed.value == pytest.approx(-0.2)
    constant = compare_models(result, "A", "B", RANDOM)  # 0.2 in every fold
    assert constant.margin == pytest.approx(0) and constant.is_clear
    between = gap(result, "A")  # variances 0.01 and 0
    assert between.value == pytest.approx(0)
    assert between.margin == pytest.approx(4.302653 * np.sqrt((1 / 3 + 0.25) * 0.01), rel=1e-6)


def study(random, spatial, rival=None):
    """Return a study of a logistic regression, and a random forest beside it if asked for."""
    main = main_candidate("logistic")
    candidates = [main, *(baseline_candidates(["forest"], main) if rival else [])]
    areas = {(main.title, RANDOM): random, (main.title, SPATIAL): spatial}
    if rival:
        areas |= {("Random forest", RANDOM): random, ("Random forest", SPATIAL): rival}
    partitions = [
        Partition(scheme, repeat, 41 + repeat, np.array([1, 2, 1, 2]))
        for repeat in range(1, len(random) + 1)
        for scheme in (RANDOM, SPATIAL)
    ]
    return Study(candidates, LABEL, partitions, result_of(areas))


HIGH, LOW, WIDE = [[0.90, 0.91, 0.92]], [[0.70, 0.71, 0.72]], [[0.60, 0.90, 0.93]]


def test_the_words_name_both_figures_and_a_clear_gap():
    first, second = study(HIGH, LOW).sentences()
    assert first == (
        "Logistic regression reaches an AUC of 0.710 ± 0.010 in spatial folds and 0.910 ± 0.010 "
        "in random folds (mean ± standard deviation over 2 folds)."
    )
    assert "A random split flatters it by 0.200, more than the noise of the folds" in second
    assert "expect the spatial figure on new places" in second


def test_the_words_of_an_unclear_gap_and_of_none():
    assert "flatters it by 0.100, which is within the noise" in study(HIGH, WIDE).sentences()[1]
    assert "with these samples that may be chance" in study(HIGH, WIDE).sentences()[1]
    reverse = study(LOW, HIGH).sentences()[1]
    assert "does not flatter it here: it gives 0.200 less, more than the noise" in reverse
    same = study(HIGH, HIGH).sentences()[1]
    assert same.startswith("A random split gives the same figure (95 % interval")


def test_the_words_say_who_is_better_and_whether_that_is_noise():
    wins = study(HIGH, HIGH, LOW)
    assert (
        "it (0.910) is better than the baseline, Random forest (0.710), by 0.200, more than the "
        "noise of the folds" in wins.sentences()[2]
    )
    unclear = study(HIGH, LOW, WIDE).sentences()[2]
    assert "the baseline, Random forest (0.810), is ahead of it (0.710), but not clearly" in unclear
    assert "(95 % interval −0.470 to +0.670 of the difference)" in unclear
    loses = study(HIGH, LOW, HIGH).sentences()[2]
    assert "the baseline, Random forest (0.910), is better than it (0.710), by 0.200" in loses
    assert "is as good as the baseline" in study(HIGH, LOW, LOW).sentences()[2]
    found = wins.results()
    assert found == {
        "RANDOM_AUC": pytest.approx(0.91), "SPATIAL_AUC": pytest.approx(0.91),
        "BEST_BASELINE": "Random forest", "BASELINE_AUC": pytest.approx(0.71),
    }  # fmt: skip


def test_repeats_are_counted_in_the_words():
    twice = study([HIGH[0], HIGH[0]], [LOW[0], LOW[0]])
    assert "over 6 folds of 2 partitions" in twice.sentences()[0]


@pytest.mark.parametrize(("pooled", "is_warned"), [(0.60, True), (0.62, False), (np.nan, False)])
def test_folds_on_different_scales_are_told(pooled, is_warned):
    found = study(HIGH, LOW)
    key = (found.main.title, SPATIAL)
    found.__dict__["summaries"] = {
        **found.summaries, key: replace(found.summaries[key], pooled=pooled)
    }  # fmt: skip
    told = [s for s in found.sentences() if "not on one scale" in s]
    assert bool(told) == is_warned and all("only 0.600" in s for s in told)
