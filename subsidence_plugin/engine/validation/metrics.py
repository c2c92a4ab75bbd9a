"""Metrics of a binary classifier: paper H, section 2.5.1 and Table 1.

Table 1 takes MAE and RMSE from hard labels at 0.5, Figure 5 from probabilities; both are given
here under names of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..sampling.labels import binary_labels

THRESHOLD = 0.5


@dataclass(frozen=True)
class Confusion:
    """Counts at a threshold, and what H's Table 1 derives from them, as fractions.

    A fraction whose denominator is zero is NaN.
    """

    tp: int
    tn: int
    fp: int
    fn: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.tp + self.tn + self.fp + self.fn

    @property
    def ppv(self) -> float:
        """Positive predictive value: share of rows called subsidence that are."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def npv(self) -> float:
        """Negative predictive value: share of rows called stable that are."""
        return _share(self.tn, self.tn + self.fn)

    @property
    def sst(self) -> float:
        """Sensitivity: share of subsidence rows that are found (true positive rate)."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def spf(self) -> float:
        """Specificity: share of stable rows that are left alone (1 - false positive rate)."""
        return _share(self.tn, self.tn + self.fp)

    @property
    def acc(self) -> float:
        """Accuracy: share of rows called rightly."""
        return _share(self.tp + self.tn, self.rows)

    @property
    def kappa(self) -> float:
        """Cohen's kappa: agreement beyond that of chance with the same margins."""
        if not self.rows:
            return float("nan")
        called, real = self.tp + self.fp, self.tp + self.fn
        chance = called * real + (self.rows - called) * (self.rows - real)
        expected = chance / self.rows**2
        return _share(self.acc - expected, 1 - expected)

    @property
    def mae(self) -> float:
        """Mean absolute error of hard labels, which is the share of wrong rows."""
        return _share(self.fp + self.fn, self.rows)

    @property
    def rmse(self) -> float:
        """Root mean square error of hard labels, which is the root of ``mae``."""
        return float(np.sqrt(self.mae))


def check_labels(labels: np.ndarray, what: str = "The label") -> np.ndarray:
    """Return labels as booleans, or say that they are not 0 and 1, or only one of them.

    Raises
    ------
    InputError
        There are no rows, a label is neither 0 nor 1, or all labels are the same.
    """
    if len(labels) == 0:
        raise InputError(f"{what} has no rows; give samples with rows of both classes.")
    labels = binary_labels(np.asarray(labels), what)
    if labels.min() == labels.max():
        raise InputError(
            f"{what} is {labels[0]} in all {len(labels)} rows; rows of both classes are needed."
        )
    return labels == 1


def confusion(
    labels: np.ndarray, probabilities: np.ndarray, threshold: float = THRESHOLD
) -> Confusion:
    """Count rows by label and by ``probability >= threshold``.

    Parameters
    ----------
    labels : 1d-array of 0/1
    probabilities : 1d-array of float, 0 to 1
    threshold : float
        A probability equal to it counts as subsidence.
    """
    real = np.asarray(labels) == 1
    called = np.asarray(probabilities) >= threshold
    return Confusion(
        int(np.sum(called & real)), int(np.sum(~called & ~real)),
        int(np.sum(called & ~real)), int(np.sum(~called & real)),
    )  # fmt: skip


def auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return the area under the ROC curve from midranks (ties count half), NaN for one class.

    Equal to H's equation 1 and to the Mann-Whitney statistic divided by the number of pairs.
    """
    positive = np.asarray(labels) == 1
    count = int(positive.sum())
    pairs = count * int((~positive).sum())
    if not pairs:
        return float("nan")
    _values, index, ties = np.unique(scores, return_inverse=True, return_counts=True)
    midrank = np.cumsum(ties) - (ties - 1) / 2
    return float((midrank[index][positive].sum() - count * (count + 1) / 2) / pairs)


def roc_curve(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return false and true positive rates from (0, 0) to (1, 1), one point a distinct score.

    H, equations 2 and 3; a straight line joins the points, so that ties count half.
    """
    positive = np.asarray(labels) == 1
    order = np.argsort(-np.asarray(scores, float), kind="stable")
    ordered, positive = np.asarray(scores, float)[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    true, false = np.cumsum(positive)[last], np.cumsum(~positive)[last]
    return np.append(0, false / false[-1]), np.append(0, true / true[-1])


@dataclass(frozen=True)
class Errors:
    """Absolute errors of probabilities against labels (H, Figure 5: MAE ± STD)."""

    mae: float
    std: float
    rmse: float


def probability_errors(labels: np.ndarray, probabilities: np.ndarray) -> Errors:
    """Return mean, standard deviation (ddof 0) and root mean square of |label - probability|."""
    errors = np.abs(np.asarray(labels, float) - np.asarray(probabilities, float))
    return Errors(float(errors.mean()), float(errors.std()), float(np.sqrt(np.mean(errors**2))))


def evaluate(
    labels: np.ndarray, probabilities: np.ndarray, threshold: float = THRESHOLD
) -> dict[str, float]:
    """Return all metrics of Table 1 by name, fractions as fractions.

    Parameters
    ----------
    labels : 1d-array of 0/1
    probabilities : 1d-array of float, 0 to 1
    threshold : float

    Returns
    -------
    dict
        ``TP TN FP FN PPV NPV SST SPF ACC Kappa AUC``, ``MAE_label RMSE_label`` on hard labels,
        ``MAE_probability STD_probability RMSE_probability`` on probabilities.
    """
    counts = confusion(labels, probabilities, threshold)
    errors = probability_errors(labels, probabilities)
    return {
        "TP": counts.tp, "TN": counts.tn, "FP": counts.fp, "FN": counts.fn,
        "PPV": counts.ppv, "NPV": counts.npv, "SST": counts.sst, "SPF": counts.spf,
        "ACC": counts.acc, "Kappa": counts.kappa, "AUC": auc(labels, probabilities),
        "MAE_label": counts.mae, "RMSE_label": counts.rmse,
        "MAE_probability": errors.mae, "STD_probability": errors.std,
        "RMSE_probability": errors.rmse,
    }  # fmt: skip


def auc_margin(under: float, positives: int, negatives: int) -> float:
    """Return half the 95 % interval of an AUC measured on so many rows.

    Hanley and McNeil (1982), *Radiology* 143, equation 2. Two models on the same rows differ by
    less than their intervals suggest, so this is a cautious yardstick for a difference.

    Parameters
    ----------
    under : float
        The AUC, 0 to 1.
    positives, negatives : int
        Rows of each class, at least one of each.
    """
    both_positive = under / (2 - under)
    both_negative = 2 * under**2 / (1 + under)
    variance = under * (1 - under)
    variance += (positives - 1) * (both_positive - under**2)
    variance += (negatives - 1) * (both_negative - under**2)
    return 1.96 * float(np.sqrt(max(variance, 0.0) / (positives * negatives)))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
