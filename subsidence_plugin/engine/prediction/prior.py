"""From the share of subsidence among the samples to its share of the area: prior correction."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..models.card import Card


def check_prevalence(prevalence: float) -> None:
    """Raise ``InputError`` unless the share lies strictly between 0 and 1."""
    if not 0 < prevalence < 1:
        raise InputError(
            f"PREVALENCE is {prevalence:g}; it is the share of the area that subsides and must "
            "lie between 0 and 1, both excluded."
        )


def correct_prior(
    probability: np.ndarray, sample_prevalence: float, prevalence: float
) -> np.ndarray:
    """Return probabilities for another share of positives than that of the training rows.

    Samples of one subsidence point to one stable point make a model answer as if half of the
    area subsided. By Bayes' rule the odds change by the ratio of the prior odds
    (Saerens et al. 2002; King and Zeng 2001, equation 7):

        p' / (1 − p') = p / (1 − p) · π / (1 − π) · (1 − s) / s

    with s the share of positives in the training rows and π the true share. The order of the
    pixels, hence AUC and rank-based classes, does not change; computed in double precision, so that
    rounding alone neither swaps nor joins probabilities that the data type can tell apart.

    Parameters
    ----------
    probability : array of float, 0 to 1
    sample_prevalence, prevalence : float
        s and π, both between 0 and 1.
    """
    check_prevalence(prevalence)
    ratio = prevalence / (1 - prevalence) * (1 - sample_prevalence) / sample_prevalence
    weighted = np.asarray(probability, dtype=np.float64) * ratio
    corrected = weighted / (weighted + (1 - np.asarray(probability, dtype=np.float64)))
    return corrected.astype(probability.dtype)


def training_prevalence(card: Card) -> float:
    """Return the share of positives that the model's probabilities believe in.

    That of the training rows; class weights that balance the classes make it 0.5, whatever the
    counts. Of a recalibrated model, that of the rows on which its calibration was fitted.

    Raises
    ------
    InputError
        The model file does not say how many training rows were positive.
    """
    if card.calibration:
        counts, which = card.calibration, "the rows of its calibration"
    elif card.training.get("class_weights") == "balanced":
        return 0.5
    else:
        train = card.split.get("train")
        counts, which = train if isinstance(train, dict) else {}, "its training rows"
    rows, positives = counts.get("rows"), counts.get("positive")
    if not (isinstance(rows, int) and isinstance(positives, int) and 0 < positives < rows):
        raise InputError(
            f"PREVALENCE cannot be applied: the model file does not say how many of {which} were "
            "subsidence; leave it empty."
        )
    return positives / rows
