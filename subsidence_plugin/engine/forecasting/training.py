"""From areas to trained forecasters: the one way to train, for the trainer and for tuning."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..naive.time_split import TimeSplit
from ..needs import need
from ..pace import duration
from ..progress import Progress
from ..torch_threads import one_torch_thread
from .area import Area
from .batch import Window
from .card import ForecasterCard
from .forecaster import Forecaster
from .graph import groups, part_of
from .member import Member, OnPass, Validation, target_levels
from .recipe import ForecastRecipe
from .sampling import WindowSampler, spaced
from .scaling import Start, make_start

#: Nodes of a group that a GCN trains on, and validation windows and nodes that choose a pass.
GROUP, VALIDATION_ORIGINS, VALIDATION_NODES = 1024, 10, 40_000


@dataclass
class ForecastData:
    """Areas and the split in time: all that training and scoring read.

    Parameters
    ----------
    areas : list of Area
        Tiles of a grid of one size, or one group of points.
    cell_size : float
        Metres.
    covariates : list of dict
        ``name``, ``mean``, ``std``.
    split : TimeSplit
    transform : tuple of 6 floats, optional
        GDAL geotransform of a grid, for the places of its cells.
    """

    areas: list[Area]
    cell_size: float
    split: TimeSplit
    covariates: list[dict[str, Any]] = field(default_factory=list)
    transform: Optional[tuple[float, ...]] = None

    @property
    def days(self) -> np.ndarray:
        """Days since 1970 of the dates."""
        return self.areas[0].days

    @property
    def step_days(self) -> float:
        """Median number of days between dates."""
        return float(np.median(np.diff(self.days)))

    def for_graph(self, whole: bool = False) -> ForecastData:
        """Return the same with nodes in groups, as a GCN trains on; ``whole`` leaves areas whole.

        The paper's variant pools all nodes, in training as in a forecast.
        """
        found = []
        for area in self.areas:
            if not area.mask.any():
                continue
            nodes = area.as_nodes(self.cell_size)
            parts = groups(nodes.xy, len(nodes.xy) if whole else GROUP)
            found += [part_of(nodes, index) for index in parts]
        return ForecastData(found, self.cell_size, self.split, self.covariates)


@dataclass
class Prepared:
    """What all trainings of one task share: data as its type needs them, scaling, windows."""

    data: ForecastData
    start: Start
    origins: np.ndarray
    validation: Optional[Validation]


@dataclass
class TrainedForecaster:
    """A forecaster and how its trainings went.

    ``history`` has rows (member from 1, pass, loss, validation loss); pass 0 is the linear start.
    """

    forecaster: Forecaster
    history: list[tuple[int, int, float, float]]
    summaries: list[dict[str, Any]]


def prepare(recipe: ForecastRecipe, data: ForecastData) -> Prepared:
    """Return what is shared by all trainings with these lengths.

    Raises
    ------
    InputError
        Too few dates for window and horizon, or series that do not change.
    """
    window, horizon, gap = recipe.window, recipe.horizon, recipe.gap
    origins = data.split.origins("train", window, horizon, gap)
    held = data.split.origins("validation", window, horizon, gap)
    start = make_start(data.areas, data.split.bounds("train")[1], origins, window, horizon, gap)
    if recipe.kind.spatial.on_graph:
        data = data.for_graph(recipe.variant == "paper")
    validation = _validation(recipe, data, start, held) if len(held) else None
    return Prepared(data, start, origins, validation)


def _validation(
    recipe: ForecastRecipe, data: ForecastData, start: Start, held: np.ndarray
) -> Validation:
    """Return spaced validation windows on areas of a bounded number of nodes."""
    areas, nodes = [], 0
    for area in data.areas:
        if area.mask.any():
            areas.append(area)
            nodes += int(area.mask.sum())
        if nodes >= VALIDATION_NODES:
            break
    windows = [Window(area, int(o)) for o in spaced(held, VALIDATION_ORIGINS) for area in areas]
    sums, counts = np.zeros(recipe.horizon), np.zeros(recipe.horizon)
    frame = ForecasterCard(
        recipe.spatial, recipe.temporal, recipe.variant, recipe.window, recipe.horizon, recipe.gap
    )
    for window in windows:
        area, mask = window.area, window.area.mask
        level, known = target_levels(frame, area, window.origin)
        linear = start.ridge.at(window.origin)(area.series()).T
        sums += ((linear - level[:, mask]) ** 2 * known[:, mask]).sum(axis=1, dtype=float)
        counts += known[:, mask].sum(axis=1)
    return Validation(windows, np.maximum(sums / np.maximum(counts, 1), 1e-9))


def make_card(recipe: ForecastRecipe, prepared: Prepared) -> ForecasterCard:
    """Return the card of a recipe on its data, without figures yet."""
    data, start = prepared.data, prepared.start
    first = data.areas[0]
    grid = list(first.shape) if recipe.variant == "paper" and first.is_grid else []
    return ForecasterCard(
        recipe.spatial, recipe.temporal, recipe.variant, recipe.window, recipe.horizon, recipe.gap,
        hyperparameters=recipe.hyperparameters, mean=start.mean, std=start.std,
        step_days=data.step_days, cell_size=data.cell_size, shape=grid,
        covariates=data.covariates,
    )  # fmt: skip


def train_forecaster(
    recipe: ForecastRecipe,
    prepared: Prepared,
    *,
    seed: int = 42,
    repeats: int = 1,
    device: str = "cpu",
    progress: Optional[Progress] = None,
    on_pass: Optional[OnPass] = None,
) -> TrainedForecaster:
    """Train ``repeats`` members with the seeds ``seed``, ``seed + 1`` ...

    Parameters
    ----------
    recipe : ForecastRecipe
    prepared : Prepared
        From ``prepare`` with the same lengths and kind of nodes.
    seed, repeats : int
    device : str
        ``"cpu"`` or ``"cuda"``.
    progress : Progress, optional
        Gets fractions and log lines; cancels within one mini-batch.
    on_pass : callable, optional
        Called after every pass; what it raises ends the training: so tuning prunes.

    Raises
    ------
    InputError
        The paper's variant on several tiles or too large a grid, or a diverging loss.
    Cancelled
    """
    progress = progress or Progress()
    torch = need("torch", "to train networks")
    data, card = prepared.data, make_card(recipe, prepared)
    lastmap = recipe.variant == "lastmap"
    if not lastmap and len(data.areas) > 1:
        raise InputError(
            "The paper's variant pools the whole map and cannot be trained on tiles of a large "
            "grid or on groups of many points; use VARIANT lastmap, or a smaller EXTENT."
        )
    crop = recipe.settings["crop"] if lastmap and data.areas[0].is_grid else None
    sampler = WindowSampler(data.areas, prepared.origins, crop)
    arrays, history, summaries = [], [], []
    for index in range(repeats):
        part = progress.part(index / repeats, (index + 1) / repeats)
        with one_torch_thread(torch):
            member = Member(
                recipe, card, prepared.start, sampler, prepared.validation, seed + index, device
            )
            arrays.append(member.run(part, _logged(part, member, index, repeats, on_pass)))
        history += [(index + 1, *row) for row in member.history]
        held = member.history[member.best_pass][2]
        summaries.append(
            {"seed": seed + index, "passes": len(member.history) - 1,
             "best_pass": member.best_pass, "validation_loss": None if np.isnan(held) else held}
        )  # fmt: skip
    card.members, card.seeds = repeats, [seed + i for i in range(repeats)]
    return TrainedForecaster(Forecaster(card, arrays), history, summaries)


def _logged(
    progress: Progress, member: Member, index: int, repeats: int, on_pass: Optional[OnPass]
) -> OnPass:
    """Return what logs a pass, the best so far and the time left, and hands the pass on."""
    name = f"Network {index + 1} of {repeats}: pass" if repeats > 1 else "Pass"
    start, passes = time.monotonic(), member.settings["epochs"]

    def passed(number: int, loss: float, held: float) -> None:
        shown = ""
        if not np.isnan(held):
            best = member.best_pass
            shown = f", validation {held:.3f} of the linear start's error"
            if best != number:
                shown += f" (best {member.history[best][2]:.3f} in pass {best})"
        left = (time.monotonic() - start) / number * (passes * (repeats - index) - number)
        text = f"; at most {duration(left)} left" if left >= 5 else ""
        progress.info(f"{name} {number} of {passes}: loss {loss:.3f}{shown}{text}.")
        if on_pass is not None:
            on_pass(number, loss, held)

    return passed
