"""From raw factor values to a trained model in memory: the one way to train, whatever the model.

Cross-validation, tuning and repeated runs all come through here, so that scaling and categories
are always those of the rows that the model is trained on, and of no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Optional

import numpy as np

from ..baselines.registry import BASELINES
from ..errors import InputError
from ..models.card import Card, Factor
from ..models.encode import encode, fit_factors
from ..models.model import Model
from ..networks.registry import ARCHITECTURES
from ..progress import Progress
from .model_types import MODEL_TITLES, MODEL_TYPES
from .settings import settings_of
from .weights import balanced_weights


@dataclass(frozen=True)
class Recipe:
    """What to train, and how; plain values, so that it can be stored and handed to a worker.

    Parameters
    ----------
    architecture : str
        One of ``MODEL_TYPES``.
    hyperparameters : dict
        Of a network's declaration, or the options of a baseline.
    settings : dict
        Of ``Settings``; of a baseline only ``class_weights`` counts.
    """

    architecture: str
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def is_network(self) -> bool:
        """True for torch networks, False for baselines."""
        return self.architecture in ARCHITECTURES

    @property
    def title(self) -> str:
        """The model type as people write it."""
        return MODEL_TITLES[MODEL_TYPES.index(self.architecture)]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values from which ``Recipe(**values)`` is the same again."""
        return asdict(self)


def recipe_of(
    architecture: str,
    hyperparameters: Optional[Mapping[str, Any]] = None,
    settings: Optional[Mapping[str, Any]] = None,
    preset: int = 0,
) -> Recipe:
    """Return the complete recipe: given values, checked, over those of the preset.

    Raises
    ------
    InputError
        The model type or a name is not known, or a value is out of range.
    """
    if architecture not in MODEL_TYPES:
        raise InputError(
            f"The model type '{architecture!s:.40}' is not known; use {', '.join(MODEL_TYPES)}."
        )
    given = {k: v for k, v in (hyperparameters or {}).items() if v is not None}
    if architecture in BASELINES:
        return _baseline_recipe(architecture, given, settings or {})
    declared = ARCHITECTURES[architecture]
    chosen, general = declared.preset(preset)
    how = settings_of(general, settings or {})
    return Recipe(architecture, declared.checked({**chosen, **given}), how.as_dict())


def _baseline_recipe(
    architecture: str, given: Mapping[str, Any], settings: Mapping[str, Any]
) -> Recipe:
    baseline = BASELINES[architecture]
    weights = settings.get("class_weights") or "none"
    return Recipe(architecture, baseline.checked(given), {"class_weights": weights})


def recipe_of_card(card: Card, member: int = 0) -> Recipe:
    """Return the recipe by which a member of a trained model was made.

    The members of a tuned ensemble differ in their training settings, too, which then stand with
    their summaries in the card.
    """
    summaries = card.training.get("members")
    own = summaries[member] if isinstance(summaries, list) and member < len(summaries) else {}
    further = own.get("settings") if isinstance(own, dict) else {}
    stored = {**card.training, **(further if isinstance(further, dict) else {})}
    settings = {name: stored[name] for name in settings_of({}, {}).as_dict() if name in stored}
    return recipe_of(card.architecture, card.hyperparameters_of(member), settings)


def fit_model(
    recipe: Recipe,
    values: np.ndarray,
    names: Sequence[str],
    kinds: Sequence[str],
    label: np.ndarray,
    *,
    seed: int = 42,
    repeats: int = 1,
    device: str = "cpu",
    fold: Optional[np.ndarray] = None,
    progress: Optional[Progress] = None,
    on_epoch: Optional[Callable[..., None]] = None,
) -> Model:
    """Train on these rows alone, scaling and categories included.

    Parameters
    ----------
    recipe : Recipe
    values : 2d-array of float, (rows, factors)
        In the factors' own units, without gaps.
    names, kinds : sequence of str
        Of the factors, see ``models.card.KINDS``.
    label : 1d-array of 0 and 1, (rows,)
    seed, repeats : int
        ``repeats`` members with the seeds ``seed``, ``seed + 1`` ...
    device : str
        ``"cpu"`` or ``"cuda"``; baselines compute on the CPU.
    fold : 1d-array of int, optional
        Whole folds are held out for early stopping instead of single rows.
    progress : Progress, optional
    on_epoch : callable, optional
        See ``training.loop.train``; it may raise to end the training.

    Returns
    -------
    Model
        Not written anywhere; its card has factors, recipe and seeds, and no metrics.

    Raises
    ------
    InputError
        One class only, a constant factor, missing values, or a diverging loss.
    """
    progress = progress or Progress()
    factors = fit_factors(np.asarray(values, dtype=np.float32), list(names), list(kinds))
    inputs, _clipped, _valid = encode(np.asarray(values, dtype=np.float32), factors)
    card = Card(recipe.architecture, factors, dict(recipe.hyperparameters), members=repeats)
    card.training, card.seeds = dict(recipe.settings), [seed + i for i in range(repeats)]
    label = np.asarray(label).astype(np.int64)
    if not recipe.is_network:
        return Model(card, fit_baseline(recipe, factors, inputs, label, card.seeds, progress))
    from .loop import train

    further = {} if on_epoch is None else {"on_epoch": on_epoch}
    trained = train(
        recipe.architecture, recipe.hyperparameters, inputs, label,
        settings_of({}, recipe.settings), repeats=repeats, seed=seed, device=device, fold=fold,
        progress=progress, **further,
    )  # fmt: skip
    card.training["members"] = trained.summaries
    return Model(card, trained.members)


def fit_baseline(
    recipe: Recipe,
    factors: Sequence[Factor],
    inputs: np.ndarray,
    label: np.ndarray,
    seeds: Sequence[int],
    progress: Progress,
) -> list[dict[str, np.ndarray]]:
    """Return the arrays of one member a seed, fitted on encoded rows."""
    baseline = BASELINES[recipe.architecture]
    balanced = recipe.settings.get("class_weights") == "balanced"
    weights = balanced_weights(label) if balanced else None
    further: dict[str, Any] = {}
    if recipe.architecture == "frequencyratio":
        further["one_hot"] = one_hot(factors)
    members = []
    for index, seed in enumerate(seeds):
        part = progress.part(index / len(seeds), (index + 1) / len(seeds))
        fitted = baseline.fit(
            inputs, label, weights, seed, part, **recipe.hyperparameters, **further
        )
        members.append(fitted)
    return members


def one_hot(factors: Sequence[Factor]) -> np.ndarray:
    """Return which model inputs stand for one category."""
    widths = [f.width for f in factors]
    return np.repeat([f.kind == "categorical" for f in factors], widths)


def predict_values(model: Model, values: np.ndarray, calibrated: bool = True) -> np.ndarray:
    """Return the probability of each row of factor values, in the order of the model's factors.

    Parameters
    ----------
    model : Model
    values : 2d-array of float, (rows, factors)
    calibrated : bool

    Returns
    -------
    1d-array of float64, (rows,)
        NaN where a value is missing or a category was not seen in training.
    """
    inputs, _clipped, valid = encode(np.asarray(values, dtype=np.float32), model.factors)
    result = np.full(len(inputs), np.nan)
    if valid.any():
        result[valid] = model.mean_probability(inputs[valid], calibrated)
    return result
