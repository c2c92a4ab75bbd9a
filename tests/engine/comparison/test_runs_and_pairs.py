"""Runs tables read together, what is compared with what, and which metrics."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.comparison.compare import (
    compare_runs,
    comparison_columns,
    distinct_pairs,
    repeated_only,
)
from land_subsidence.subsidence_plugin.engine.comparison.metrics import (
    choose_metrics,
    larger_is_better,
)
from land_subsidence.subsidence_plugin.engine.comparison.pairs import choose_pairs
from land_subsidence.subsidence_plugin.engine.comparison.runs import Group, collect_runs
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.training.scores import runs_table

pytest.importorskip("scipy")


@pytest.fixture
def said():
    return []


@pytest.fixture
def progress(said):
    return Progress(on_message=lambda text, level: said.append(text))


def table(model, configuration, values, split="validation", metric="AUC", first_seed=42):
    """Return columns as the trainers write them."""
    seeds = range(first_seed, first_seed + len(values))
    members = [{split: {metric: value}} for value in values]
    return runs_table(model, configuration, seeds, members)


def collect(tables, progress, split=None, metrics=()):
    return collect_runs([(f"t{i}", t) for i, t in enumerate(tables)], split, metrics, progress)


def labels(pairs):
    return [(a.label, b.label) for a, b in pairs]


def test_the_trainers_table_is_read_back(progress):
    runs = collect([table("CNN", "default", [0.8, 0.9]), table("LSTM", "default", [0.7, 0.6])],
                   progress)  # fmt: skip
    assert runs.split == "validation"
    assert runs.values[Group("CNN", "default")]["AUC"].tolist() == [0.8, 0.9]
    assert runs.repeats(Group("LSTM", "default")) == 2


def test_numbers_may_be_text_and_heads_of_any_case(progress):
    columns = {name.upper(): [str(v) for v in values]
               for name, values in table("CNN", "default", [0.8, 0.9]).items()}  # fmt: skip
    runs = collect([columns], progress)
    assert runs.values[Group("CNN", "default")]["AUC"].tolist() == [0.8, 0.9]


def test_the_split_is_the_first_that_all_have(progress):
    test = table("CNN", "a", [0.1, 0.2], split="test")
    both = [test, table("CNN", "a", [0.3, 0.4]), table("LSTM", "a", [0.5, 0.6], split="test")]
    assert collect(both, progress).split == "test"
    assert collect(both[:2], progress).split == "validation"
    assert collect(both[:2], progress, split="test").split == "test"
    with pytest.raises(InputError, match=r"LSTM \(a\) has no runs on validation rows \(SPLIT\)"):
        collect(both, progress, split="validation")
    with pytest.raises(InputError, match=r"no split .* that all models were measured on"):
        collect([both[1], both[2]], progress)


def test_the_same_table_twice_counts_once(progress, said):
    once = table("CNN", "default", [0.8, 0.9])
    runs = collect([once, once, table("LSTM", "default", [0.7, 0.6])], progress)
    assert runs.repeats(Group("CNN", "default")) == 2
    assert said == ["2 rows occur more than once in the runs tables and count once."]


def test_other_samples_under_the_same_name_are_told_apart(progress, said):
    """The same model, configuration and seeds with other values are another experiment."""
    both = [table("CNN", "default", [0.8, 0.9]), table("CNN", "default", [0.8, 0.7])]
    runs = collect(both, progress)
    first, second = Group("CNN", "default [t0]"), Group("CNN", "default [t1]")
    assert runs.groups == [first, second]
    # the value that both have for seed 42 belongs to both
    assert runs.values[first]["AUC"].tolist() == [0.8, 0.9]
    assert runs.values[second]["AUC"].tolist() == [0.8, 0.7]
    assert "named after their tables" in said[-1]


def test_other_seeds_under_the_same_name_are_more_runs(progress):
    both = [table("CNN", "default", [0.8, 0.9]), table("CNN", "default", [0.7], first_seed=50)]
    assert collect(both, progress).repeats(Group("CNN", "default")) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metric": None}, "has no column 'metric'; a runs table has the columns model, conf"),
        ({"value": ["a", "b"]}, "has the value 'a'; the column 'value' holds numbers"),
        ({"split": ["train", "none"]}, "has the split 'none'; a split is train, validation, test"),
        ({"value": np.array([np.nan, np.nan])}, "hold no rows; train with REPEATS"),
    ],
)
def test_a_bad_table_is_one_sentence(progress, change, words):
    columns = {**table("CNN", "default", [0.8, 0.9]), **change}
    columns = {name: values for name, values in columns.items() if values is not None}
    with pytest.raises(InputError, match=words):
        collect([columns], progress)


def test_runs_without_a_value_are_left_out(progress, said):
    runs = collect([table("CNN", "default", [0.8, np.nan, 0.9])], progress)
    assert runs.repeats(Group("CNN", "default")) == 2
    assert said == ["1 rows of 't0' have no value (a metric may be undefined) and are left out."]


@pytest.mark.parametrize(
    ("metric", "larger"),
    [
        ("AUC", True), ("Kappa", True), ("R2", True), ("R²", True), ("RMSE", False),
        ("MAE_probability", False), ("STD_probability", False), ("validation_loss", False),
        ("brier", False), ("FN", False), ("TP", True), ("wonder", None), ("", None),
    ],
)  # fmt: skip
def test_the_direction_of_a_metric(metric, larger):
    assert larger_is_better(metric) is larger


def test_metrics_are_the_usual_ones_that_all_have():
    present = ["TP", "AUC", "ACC", "Kappa", "RMSE_label"]
    assert choose_metrics([], present, present) == ["AUC", "ACC", "Kappa"]
    assert choose_metrics([], ["nDCG"], ["nDCG", "AUC"]) == ["nDCG"]
    assert choose_metrics(["all"], ["TP", "AUC"], present) == ["TP", "AUC"]
    assert choose_metrics(["kappa", "Kappa", "auc"], present, present) == ["Kappa", "AUC"]
    with pytest.raises(InputError, match=r"'Kappa' \(METRICS\) is missing for some models; .* AUC"):
        choose_metrics(["Kappa"], ["AUC"], present)
    with pytest.raises(InputError, match=r"'R2' \(METRICS\) is in no runs table"):
        choose_metrics(["R2"], present, present)
    with pytest.raises(InputError, match=r"no metric that all models share \(they hold AUC, R2"):
        choose_metrics([], [], ["AUC", "R2"])


def test_configurations_of_the_same_model_are_compared_first(progress, said):
    groups = [Group(m, c) for m in ("CL", "CT") for c in ("TPE", "manual")] + [Group("LR", "")]
    pairs = choose_pairs(groups, "", 0, progress)
    assert labels(pairs) == [("CL (manual)", "CL (TPE)"), ("CT (manual)", "CT (TPE)")]
    assert "of LR there is one only" in said[0]


def test_the_reference_is_the_configuration_with_the_fewest_changes(progress):
    groups = [Group("A", c) for c in ("default rate=1", "tuned", "default", "grid")]
    pairs = choose_pairs(groups, "", 0, progress)
    assert [(a.configuration, b.configuration) for a, b in pairs] == [
        ("default", "default rate=1"), ("default", "tuned"), ("default", "grid"),
        ("default rate=1", "tuned"), ("default rate=1", "grid"), ("tuned", "grid"),
    ]  # fmt: skip


def test_one_configuration_a_model_makes_all_pairs(progress):
    groups = [Group(m, "default") for m in ("A", "B", "C")]
    expected = [("A", "B"), ("A", "C"), ("B", "C")]
    for scheme in (0, 2):
        pairs = choose_pairs(groups, "", scheme, progress)
        assert [(a.model, b.model) for a, b in pairs] == expected
    with pytest.raises(InputError, match="No model has two configurations"):
        choose_pairs(groups, "", 1, progress)


def test_a_baseline_is_a_configuration_a_model_or_both(progress, said):
    groups = [Group(m, c) for m in ("A", "B") for c in ("x", "y")] + [Group("C", "z")]
    assert labels(choose_pairs(groups, "Y", 0, progress)) == [
        ("A (y)", "A (x)"), ("B (y)", "B (x)")
    ]  # fmt: skip
    assert "C (z) has no counterpart of the baseline 'Y'" in said[-1]
    assert labels(choose_pairs(groups, "a", 0, progress)) == [
        ("A (x)", "B (x)"), ("A (y)", "B (y)")
    ]  # fmt: skip
    assert labels(choose_pairs(groups, "c", 0, progress)) == [
        ("C (z)", name) for name in ("A (x)", "A (y)", "B (x)", "B (y)")
    ]
    assert len(choose_pairs(groups, "b (Y)", 0, progress)) == 4


def test_an_unknown_baseline_names_what_there_is(progress):
    groups = [Group("A", "x"), Group("B", "x")]
    with pytest.raises(InputError, match=r"'lstm' \(BASELINE\) .* hold A \(x\), B \(x\)"):
        choose_pairs(groups, "lstm", 0, progress)
    with pytest.raises(InputError, match="Nothing is left to compare"):
        choose_pairs(groups, "x", 0, progress)
    with pytest.raises(InputError, match=r"hold only A \(x\)"):
        choose_pairs(groups[:1], "", 0, progress)


def test_single_runs_are_left_out_or_refused(progress, said):
    tables = [table("A", "x", [1, 2]), table("B", "x", [1]), table("C", "x", [3, 5])]
    kept = repeated_only(collect(tables, progress), progress)
    assert [group.model for group in kept.groups] == ["A", "C"]
    assert said == ["Left out, since a single run cannot be tested: B (x)."]
    with pytest.raises(InputError, match=r"B \(x\) has a single run .* REPEATS of 2 or more"):
        repeated_only(collect(tables[:2], progress), progress)


def test_the_same_runs_under_two_names_are_not_compared(progress, said):
    tables = [table("A", "default", [1, 2, 3]), table("A", "preset", [1, 2, 3]),
              table("A", "tuned", [2, 3, 4])]  # fmt: skip
    runs = collect(tables, progress)
    pairs = distinct_pairs(runs, choose_pairs(runs.groups, "default", 0, progress), progress)
    assert labels(pairs) == [("A (default)", "A (tuned)")]
    assert "A (default) and A (preset) have the same values in every run" in said[-1]
    runs = collect(tables[:2], progress)
    with pytest.raises(InputError, match="the same values in every run, and nothing else"):
        distinct_pairs(runs, choose_pairs(runs.groups, "", 0, progress), progress)
    # models without chance may tie: that is a result
    ties = collect([table("A", "x", [1, 1]), table("B", "x", [1, 1])], progress)
    assert len(distinct_pairs(ties, choose_pairs(ties.groups, "", 0, progress), progress)) == 1


def test_gains_are_turned_round_for_errors(progress):
    """R, Figure 4: manual - TPE for RMSE, TPE - manual for R²."""
    manual, tuned = [3.0, 3.2, 3.1, 3.3], [2.0, 2.2, 2.1, 2.3]
    for metric, old, new in (("RMSE", manual, tuned), ("R2", tuned, manual)):
        tables = [table("A", "manual", old, metric=metric), table("A", "TPE", new, metric=metric)]
        runs = collect(tables, progress)
        (found,) = compare_runs(runs, choose_pairs(runs.groups, "", 0, progress))
        assert found.gain == pytest.approx(1)
        assert 0 < found.low < 1 < found.high
        assert found.bound == found.low
        assert found.better == Group("A", "TPE")
        (row,) = zip(*comparison_columns([found]).values())
        assert row[0] == metric
        assert row[-2:] == ("yes", "A (TPE)")


def test_the_scheme_of_the_forecasting_paper(progress):
    """Six models, manual and TPE, three metrics: 18 comparisons, corrected together as by scipy."""
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(7)
    tables, expected = [], []
    for metric in ("RMSE", "MAE", "R2"):
        for model in ("CL", "CT", "GL", "GT", "RL", "RT"):
            old, new = random.normal(3, 0.2, 10), random.normal(2.85, 0.1, 10)
            tables.append(table(model, "TPE", new, "test", metric))
            tables.append(table(model, "manual", old, "test", metric))
            expected.append(stats.ttest_ind(old, new, equal_var=False).pvalue)
    runs = collect(tables, progress)
    found = compare_runs(runs, choose_pairs(runs.groups, "", 0, progress))
    assert len(found) == 18
    assert [c.test.p for c in found] == pytest.approx(expected)
    # Benjamini and Hochberg as they wrote it: the largest k with p(k) <= k / m * alpha
    ranked = np.sort(expected)
    most = max(k for k in range(19) if k == 0 or ranked[k - 1] <= k / 18 * 0.05)
    assert sum(c.significant for c in found) == most
    assert 0 < most < 18
