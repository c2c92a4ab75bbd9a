"""The objective of ``tuneforecaster``: the validation loss of one training (R, Section 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..forecasting.forecaster import Forecaster
from ..forecasting.member import OnPass
from ..forecasting.recipe import ForecastRecipe
from ..forecasting.training import prepare as prepare_training
from ..forecasting.training import train_forecaster
from ..progress import Progress
from ..training.device import choose_device
from .forecast_arrays import from_arrays
from .kept_networks import KeptNetworks
from .task import Report, signature_of

#: Passes that every trial may run before it can be pruned.
WARM_UP_PASSES = 3


class Forecasting:
    """Trains one network a call and returns its validation loss.

    The loss is the mean over horizons of MSE divided by that of the linear start, of the best
    pass, on windows of the validation part: 1 is the linear start, less is better.

    Parameters
    ----------
    arguments : mapping
        ``recipe`` (of ``ForecastRecipe.as_dict``) and ``seed``.
    data : mapping of str to ndarray
        From ``forecast_arrays.to_arrays``.
    device : str
    aside : str, optional
        Folder in which networks are kept.

    Raises
    ------
    InputError
        There is no validation part.
    """

    warm_up = WARM_UP_PASSES

    def __init__(
        self, arguments: Mapping[str, Any], data: Mapping[str, np.ndarray], device: str = "cpu",
        aside: Optional[str] = None,
    ) -> None:  # fmt: skip
        self.base = ForecastRecipe(**arguments["recipe"])
        self.seed, self.device = int(arguments["seed"]), device
        self.prepared = prepare_training(self.base, from_arrays(data))
        if self.prepared.validation is None:
            raise InputError(
                "Trials are judged by the validation part, and there is none; raise "
                "VALIDATION_SHARE."
            )
        self.kept = KeptNetworks(aside, signature_of(data))

    def __call__(self, values: Mapping[str, Any], report: Report, progress: Progress) -> float:
        """Return the loss of these values; the pruner hears of every pass."""

        def on_pass(number: int, _loss: float, held: float) -> None:
            report(number, held)

        return loss_of(self.network(values, progress, on_pass))

    def network(
        self, values: Mapping[str, Any], progress: Progress, on_pass: Optional[OnPass] = None,
        seed: Optional[int] = None,
    ) -> Forecaster:  # fmt: skip
        """Return the network of these values: the kept one, or trained now and kept."""
        recipe = self.base.with_values(values)
        seed = self.seed if seed is None else seed
        found = self.kept.get(recipe.as_dict(), seed)
        if found is None:
            trained = train_forecaster(
                recipe, self.prepared, seed=seed, device=self.device, progress=progress,
                on_pass=on_pass,
            )  # fmt: skip
            found = trained.forecaster
            found.card.training = {"settings": dict(recipe.settings), "members": trained.summaries}
            self.kept.put(recipe.as_dict(), seed, found)
        return found

    def keep_only(self, wanted: list[tuple[Mapping[str, Any], int]]) -> None:
        """Remove the kept networks of all but these values and seeds."""
        self.kept.only([(self.base.with_values(v).as_dict(), seed) for v, seed in wanted])


def loss_of(network: Forecaster) -> float:
    """Return the validation loss of a network of one member."""
    return float(network.card.training["members"][0]["validation_loss"])


def prepare(
    arguments: Mapping[str, Any], data: Mapping[str, np.ndarray], device: int, progress: Progress,
    aside: Optional[str] = None,
) -> Forecasting:  # fmt: skip
    """Return the objective of a task."""
    return Forecasting(arguments, data, choose_device(device, progress), aside)
