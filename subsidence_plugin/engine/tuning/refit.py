"""From ranked trials to models: the best one with several seeds, the top ones as one ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..models.model import Model
from ..progress import Progress
from ..training.fit import Recipe, fit_model
from .susceptibility import recipe_with
from .trials import quiet


def refit_best(
    base: Recipe, values: Mapping[str, Any], data: Mapping[str, np.ndarray], *,
    seed: int, repeats: int, device: str, progress: Progress,
) -> Model:  # fmt: skip
    """Return the model of these values, trained on all rows, a member a seed.

    Parameters
    ----------
    base : Recipe
        What was not searched.
    values : mapping
        Of a trial.
    data : mapping of str to ndarray
        From ``susceptibility.make_data``: all training rows, also those that judged trials.
    seed, repeats : int
    device : str
    progress : Progress
    """
    return fit_model(
        recipe_with(base, values), data["values"], [str(n) for n in data["names"]],
        [str(k) for k in data["kinds"]], data["label"], seed=seed, repeats=repeats,
        device=device, progress=progress,
    )  # fmt: skip


def refit_top(
    base: Recipe, trials: Sequence[Any], data: Mapping[str, np.ndarray], *,
    seed: int, device: str, progress: Progress,
) -> Model:  # fmt: skip
    """Return one model with a member a trial, each with its own hyperparameters.

    Members have the seeds ``seed``, ``seed + 1`` ..., so that they also differ in the rows that
    end their training. A member's own training settings stand with its summary in the card.
    """
    models = []
    for index, trial in enumerate(trials):
        part = progress.part(index / len(trials), (index + 1) / len(trials))
        progress.info(f"Ensemble: member {index + 1} of {len(trials)}, trial {trial.number}.")
        models.append(
            refit_best(
                base, trial.params, data, seed=seed + index, repeats=1, device=device,
                progress=quiet(part),
            )
        )  # fmt: skip
    card = models[0].card
    card.members = len(models)
    card.member_hyperparameters = [dict(model.card.hyperparameters) for model in models]
    card.seeds = [seed + index for index in range(len(models))]
    card.training["members"] = [
        {
            **_summary(model), "trial": trial.number, "value": trial.value,
            "settings": _settings(model),
        }
        for model, trial in zip(models, trials)
    ]  # fmt: skip
    return Model(card, [model.arrays[0] for model in models])


def _summary(model: Model) -> dict[str, Any]:
    return dict(next(iter(model.card.training.get("members", [])), {}))


def _settings(model: Model) -> dict[str, Any]:
    return {name: value for name, value in model.card.training.items() if name != "members"}
