"""What the baselines are called, and their options: all that dialogs need, without numpy."""

from __future__ import annotations

from typing import NamedTuple

from ..hyperparameter import Hyperparameter

#: Inverse penalty: so weak that only separable data or redundant one-hot inputs feel it.
WEAK_PENALTY = 1e4


class Options(NamedTuple):
    """Id in model files, title as people write it, and the options of ``fit``."""

    name: str
    title: str
    hyperparameters: tuple[Hyperparameter, ...]


LOGISTIC = Options(
    "logistic", "Logistic regression",
    (
        Hyperparameter(
            "inverse_penalty", WEAK_PENALTY, 1e-6, 1e8,
            "Inverse penalty of the logistic regression (scikit-learn's C): smaller values pull "
            "the coefficients towards 0, the default practically not.",
            log=True, search=(1e-3, 1e4), grid=(0.01, 0.1, 1.0, 10.0, 1e4),
        ),
    ),
)  # fmt: skip

FOREST = Options(
    "forest", "Random forest",
    (
        Hyperparameter(
            "trees", 200, 1, 10_000,
            "Trees of the random forest; more give smoother probabilities and larger files.",
            log=True, search=(100, 500), grid=(200, 500),
        ),
        Hyperparameter(
            # Forests of probabilities want leaves of several rows (ranger takes 10): single rows
            # lose 0.02 AUC in spatial folds on the Ecuador data, and gain nothing in random ones.
            "min_samples_leaf", 5, 1, 10_000,
            "Training rows in every leaf of the random forest, at least; more give smoother maps "
            "that hold better on unseen places.",
            log=True, search=(1, 50), grid=(1, 5, 15, 40),
        ),
        Hyperparameter(
            "max_features", 0.0, 0.0, 1.0,
            "Share of the inputs that every split of the random forest looks at; 0 takes the "
            "square root of their number.",
            search=(0.0, 0.9), grid=(0.0, 0.3, 0.6),
        ),
    ),
)  # fmt: skip

BOOSTING = Options(
    "boosting", "Gradient boosting",
    (
        Hyperparameter(
            "iterations", 100, 1, 10_000, "Trees of the gradient boosting, one after another.",
            log=True, search=(20, 500), grid=(50, 100, 300),
        ),
        Hyperparameter(
            "learning_rate", 0.1, 1e-4, 1.0,
            "Weight of every tree of the gradient boosting; smaller needs more iterations.",
            log=True, search=(0.01, 0.3), grid=(0.03, 0.1),
        ),
        Hyperparameter(
            "leaves", 31, 2, 1000, "Leaves of every tree of the gradient boosting, at most.",
            log=True, search=(2, 64), grid=(4, 8, 31),
        ),
        Hyperparameter(
            "l2", 0.0, 0.0, 1e6, "Penalty on the leaf values of the gradient boosting.",
            search=(0.0, 20.0), grid=(0.0, 5.0),
        ),
    ),
)  # fmt: skip

FREQUENCY_RATIO = Options(
    "frequencyratio", "Frequency ratio",
    (
        Hyperparameter(
            "classes", 10, 2, 100,
            "Quantile classes of a continuous factor in the frequency ratio model.",
            log=True, search=(3, 25), grid=(4, 6, 8, 10, 15, 20),
        ),
    ),
)  # fmt: skip

#: By name, in the order of ``trainbaseline``'s ``METHOD``.
OPTIONS: dict[str, Options] = {
    option.name: option for option in (LOGISTIC, FOREST, BOOSTING, FREQUENCY_RATIO)
}
