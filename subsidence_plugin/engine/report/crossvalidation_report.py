"""Report of ``crossvalidate``: how much a random split flatters, and who is better."""

from __future__ import annotations

from collections.abc import Mapping

from ..crossvalidation.folds import BLOCKS, FIELD, KMEANS, RANDOM, SCHEMES, SPATIAL
from ..crossvalidation.study import Study, doubt_spatial, reaches
from ..crossvalidation.summary import SCHEME_WORDS, Difference, compare_models, gap
from .crossvalidation_figures import (
    MOST_DOTS,
    box_figure,
    fold_figure,
    range_text,
    semivariogram_figure,
)
from .html import Figure, Heading, Section, Table, Text, write_report

METHOD = (
    "Every model is trained anew in every fold, on the rows of the other folds alone: factors are "
    "scaled, categories, class weights and frequency ratios counted, and the training stopped by "
    "those rows and no others; the rows left out are predicted. All models have the same folds. "
    "Random folds (stratified by class) leave a test row with training rows next to it; spatial "
    "folds ({method}) take whole neighbourhoods out, as a map does where no samples are. "
    "Early stopping of networks holds out {held}.\n\n"
    "The AUC is the mean over the folds of a partition, then over the partitions; ± is the "
    "standard deviation over all folds. Folds share their training rows, so the 95 % intervals "
    "of differences take the variance of folds (1/J + test rows / training rows) times, J folds "
    "in all (corrected resampled t-test; Nadeau and Bengio 2003)."
)
METHODS = {
    BLOCKS: "square blocks of {size:,g} {unit}, dealt out so that the folds are alike in size and "
    "class",
    KMEANS: "k-means clusters of the coordinates",
    FIELD: "the field 'fold' of the samples, the same in every partition",
}
HELD = {
    True: "single training rows in random folds and whole neighbourhoods in spatial ones",
    False: "single training rows, as the training algorithms do by default; the test rows play no "
    "part in it",
}
TUNED = (
    "The recipe is that of a model file. Where it was tuned on these samples, the figures of the "
    "model flatter by that choice, the baselines' do not."
)


def write_crossvalidation_report(path: str, study: Study, facts: Mapping[str, object]) -> None:
    """Write the report; ``facts`` hold data, rows, settings and seeds."""
    size, unit = study.terrain.places.block_size, study.terrain.unit
    method = METHODS[study.method].format(size=size or 0, unit=unit)
    held = HELD[study.partition(SPATIAL).groups is not None]
    text = METHOD.format(method=method, held=held)
    text += f"\n\n{TUNED}" if facts.get("Model file") else ""
    drawn, data = box_figure(study)
    sections: list[Section] = [
        Heading("Random and spatial folds"),
        _models(study),
        Figure(
            drawn, "AUC of the test rows of each fold, all partitions: quartiles, median, whiskers "
            f"to 1.5 times the interquartile range; diamond: mean{_dots(study)}.", data, "fold-auc",
        ),
        *_rivals(study),
        Heading("How it was measured"),
        Text(text),
        Heading("Folds of the first partition"),
        *_map(study),
        _folds(study),
        *_ranges(study),
    ]  # fmt: skip
    write_report(
        path, f"Cross-validation: {study.main.title}", sections, " ".join(study.sentences()), facts
    )


def _dots(study: Study) -> str:
    """Say what the dots of the box plots are, where there are so few folds that they are drawn."""
    return "; dots: folds" if study.folds * study.repeats <= MOST_DOTS else ""


def _models(study: Study) -> Table:
    rows = []
    for candidate in study.candidates:
        random, spatial = (study.summaries[candidate.title, scheme] for scheme in SCHEMES)
        means = spatial.means
        rows.append(
            [candidate.title, _spread(random), _spread(spatial),
             _margin(gap(study.result, candidate.title)), spatial.pooled, means["ACC"],
             means["Kappa"], means["Brier"]]
        )  # fmt: skip
    best = max(range(len(rows)), key=lambda i: study.summaries[rows[i][0], SPATIAL].auc)
    partitions = f"{study.repeats} partitions" if study.repeats > 1 else "1 partition"
    return Table(
        (
            "Model", "Random", "Spatial", "Random − spatial", "Pooled AUC", "Accuracy", "Kappa",
            "Brier",
        ),
        rows,
        f"Means over {study.folds} folds of {partitions} of {len(study.label):,} rows "
        f"({int(study.label.sum()):,} with label 1), each measured on rows not used for fitting; "
        "of the difference ± is half its 95 % interval. Pooled: AUC of all rows of a partition "
        "together by their out-of-fold probabilities. Accuracy and kappa at a probability of 0.5. "
        "Brier: mean squared error of the probability, less is better. Bold: best under spatial "
        "folds.",
        groups=(("", 1), ("AUC of the folds", 3), ("Spatial folds", 4)),
        bold={(best, 0), (best, 2)}, numeric=range(1, 8),
    )  # fmt: skip


def _rivals(study: Study) -> list[Section]:
    """Return the differences of the model from each baseline in the same folds."""
    if not study.rivals:
        return []
    rows = [
        [rival, *(_interval(compare_models(study.result, study.main.title, rival, scheme))
                  for scheme in SCHEMES)]
        for rival in study.rivals
    ]  # fmt: skip
    return [
        Heading("Beside the baselines"),
        Table(
            ("Baseline", "Random folds", "Spatial folds"), rows,
            f"AUC of {study.main.title} less that of the baseline in the same folds, with the 95 % "
            "interval; an interval that holds 0 leaves open which is better.", numeric=(1, 2),
        ),
    ]  # fmt: skip


def _map(study: Study) -> list[Section]:
    if study.terrain.places.x is None:
        return []
    drawn, data = fold_figure(study)
    reach = reaches(study.terrain.places, study.partitions)
    caption = (
        "The samples by fold, x and y from their south-western corner; filled: label 1, hollow: "
        "label 0. Half of the rows have the nearest row of another fold within "
        f"{reach[RANDOM]:,.3g} {study.terrain.unit} in random folds, "
        f"within {reach[SPATIAL]:,.3g} {study.terrain.unit} in spatial folds: so far does a "
        "prediction reach from what the model has seen."
    )
    doubt = doubt_spatial(study.terrain, study.partitions)
    return [Figure(drawn, caption, data, "folds"), *([Text(doubt)] if doubt else [])]


def _folds(study: Study) -> Table:
    models = [candidate.title for candidate in study.candidates]
    rows = []
    for scheme in SCHEMES:
        areas = {model: study.result.auc(model, scheme, 1) for model in models}
        own = [
            s for s in study.result.scores
            if (s.model, s.scheme, s.repeat) == (models[0], scheme, 1)
        ]  # fmt: skip
        for index, score in enumerate(own):
            rows.append(
                [SCHEME_WORDS[scheme], score.fold, score.training_rows, score.rows,
                 score.positives, *(float(areas[model][index]) for model in models)]
            )  # fmt: skip
    return Table(
        ("Folds", "Fold", "Training rows", "Test rows", "With label 1", *models), rows,
        "AUC of the test rows in the folds of the first partition; a dash: one class only. All "
        "partitions are in the fold table.",
    )  # fmt: skip


def _ranges(study: Study) -> list[Section]:
    found = study.terrain.suggestion
    if found is None:
        return []
    unit = study.terrain.unit
    rows = [
        [curve.factor, curve.model or "none", curve.nugget, curve.nugget + curve.sill,
         range_text(curve.range, curve.limit)]
        for curve in study.terrain.curves
    ]  # fmt: skip
    used = study.terrain.places.block_size
    use = ""
    if study.method == BLOCKS:
        use = f" Blocks of {used:,g} {unit} were used."
    text = (
        "The semivariance of a factor is half the mean squared difference of two samples; the "
        "distance at which it stops growing, the range, is how far samples repeat each other. "
        f"Suggested block size: {found.size:,g} {unit} ({found.blocks} blocks with samples): "
        f"{found.why}.{use}"
    )
    if not any(len(curve.distance) for curve in study.terrain.curves):
        return [Heading("How far the factors reach"), Text(text)]
    drawn, data = semivariogram_figure(study)
    return [
        Heading("How far the factors reach"),
        Text(text),
        Figure(
            drawn, "Semivariance of the factors in units of their variance; points: distance "
            "classes, larger with more pairs; line: fitted model; dashed: its range.", data,
            "semivariograms",
        ),
        Table(
            ("Factor", "Model", "Nugget", "Sill", f"Range ({unit})"), rows,
            "Spherical or exponential model, whichever fits better (exponential: range at 95 % of "
            "the rise); classes weigh by their pairs / semivariance². <: no rise beyond the "
            "shortest distance, not counted in the median; >: still rising at the longest.",
            numeric=(2, 3, 4),
        ),
    ]  # fmt: skip


def _spread(summary: object) -> str:
    return f"{summary.auc:.3f} ± {summary.fold_deviation:.3f}"


def _margin(difference: Difference) -> str:
    return f"{difference.value:+.3f} ± {difference.margin:.3f}".replace("-", "−")


def _interval(difference: Difference) -> str:
    low, high = difference.value - difference.margin, difference.value + difference.margin
    return f"{difference.value:+.3f} ({low:+.3f} to {high:+.3f})".replace("-", "−")
