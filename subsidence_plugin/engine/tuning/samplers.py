"""The samplers and the pruner, set as in the second paper (Rhineland)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from ..needs import need

#: Random trials before TPE begins, and the share of all trials that TPE takes for good.
STARTUP = 20
GOOD_SHARE = 0.25
#: Trials that must have finished before any is pruned, and that must have come as far.
PRUNING_STARTUP = 10
PRUNING_COMPARED = 5


def good_set_size(trials: int) -> int:
    """Return how many of ``trials`` finished trials TPE takes for good: the best quarter."""
    return max(1, math.ceil(GOOD_SHARE * trials))


def make_sampler(strategy: str, seed: int) -> Any:
    """Return Optuna's sampler of a strategy; a grid's trials are all queued beforehand.

    Every trial draws from a stream of its own, of seed and trial number: a search that was
    interrupted goes on with the draws it would have made, and workers do not draw the same.
    """
    seeded_random, seeded_tpe = _classes()
    return seeded_tpe(seed) if strategy == "tpe" else seeded_random(seed)


@lru_cache(maxsize=1)
def _classes() -> tuple[type, type]:
    samplers = need("optuna.samplers", "to tune models")

    class SeededRandom(samplers.RandomSampler):
        def __init__(self, seed: int) -> None:
            super().__init__(seed=seed)
            self.own_seed = seed

        def before_trial(self, study: Any, trial: Any) -> None:
            self._rng.rng.seed([self.own_seed, trial.number])
            super().before_trial(study, trial)

    class SeededTPE(samplers.TPESampler):
        """Univariate TPE (Bergstra et al., 2011): Optuna 5's own defaults are others."""

        def __init__(self, seed: int) -> None:
            super().__init__(
                n_startup_trials=STARTUP, multivariate=False, constant_liar=False, seed=seed
            )
            # The argument ``gamma`` warns that it goes in Optuna 6, which requirements.txt bars.
            self._gamma = good_set_size
            self.own_seed = seed

        def before_trial(self, study: Any, trial: Any) -> None:
            self._rng.rng.seed([self.own_seed, trial.number])
            self._random_sampler._rng.rng.seed([self.own_seed, trial.number])
            super().before_trial(study, trial)

    return SeededRandom, SeededTPE


def make_pruner(pruning: bool, warm_up: int) -> Any:
    """Return the median pruner, or one that never prunes.

    Parameters
    ----------
    pruning : bool
    warm_up : int
        Steps (epochs, or folds) that every trial may run before it can be pruned.
    """
    pruners = need("optuna.pruners", "to tune models")
    if not pruning:
        return pruners.NopPruner()
    return pruners.MedianPruner(
        n_startup_trials=PRUNING_STARTUP, n_warmup_steps=warm_up, n_min_trials=PRUNING_COMPARED
    )
