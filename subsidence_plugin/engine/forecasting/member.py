"""The training of one forecaster network: masked loss, best pass kept, cancelled at every step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable, Optional

import numpy as np

from ..errors import InputError
from ..forecasters.registry import build
from ..needs import need
from ..progress import Progress
from ..training.repeatable import reproducible
from .area import Area
from .batch import Window, make_batch
from .card import ForecasterCard
from .recipe import ForecastRecipe
from .sampling import WindowSampler
from .scaling import Start

#: Largest norm of a gradient; share of the steps in which the learning rate rises.
CLIP_NORM, WARM_UP = 1.0, 0.2

#: Called after every pass with the pass (from 1), training and validation loss (NaN without).
OnPass = Callable[[int, float, float], None]


@dataclass
class Validation:
    """Windows that choose the best pass, and what the linear start reaches on them (mm²)."""

    windows: list[Window]
    reference: np.ndarray


class Member:
    """One network in training.

    Parameters
    ----------
    recipe : ForecastRecipe
    card : ForecasterCard
        Lengths and scaling; its hyperparameters are the recipe's.
    start : Start
    sampler : WindowSampler
    validation : Validation, optional
        None trains to the last pass.
    seed : int
    device : str
    """

    def __init__(
        self,
        recipe: ForecastRecipe,
        card: ForecasterCard,
        start: Start,
        sampler: WindowSampler,
        validation: Optional[Validation],
        seed: int,
        device: str,
    ) -> None:
        self.torch = torch = need("torch", "to train networks")
        self.card, self.sampler, self.validation = card, sampler, validation
        self.settings, self.seed, self.device = recipe.settings, seed, device
        with reproducible(torch, seed, 0, device, Progress()):
            module = build(
                recipe.kind, recipe.hyperparameters, card.window, card.horizon,
                len(card.covariates), tuple(card.shape) or None,
            )  # fmt: skip
        if hasattr(module, "linear"):
            _start_linear(torch, module, start)
        # A fifth faster in convolutions on the CPU (measured), and the same numbers.
        self.module = module.to(device, memory_format=torch.channels_last)
        errors = start.errors / card.std**2
        self.weights = torch.tensor(1 / errors, dtype=torch.float32, device=device)[None, :, None]
        self.history: list[tuple[int, float, float]] = []

    def run(self, progress: Progress, on_pass: Optional[OnPass] = None) -> dict[str, np.ndarray]:
        """Train and return the tensors of the best pass by name."""
        torch, settings = self.torch, self.settings
        optimizer = torch.optim.AdamW(
            self.module.parameters(), settings["learning_rate"],
            weight_decay=settings["weight_decay"], fused=True,
        )  # fmt: skip
        total = max(2, settings["epochs"] * self.sampler.steps(settings["batch_size"]))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            settings["learning_rate"],
            total_steps=total,
            pct_start=max(WARM_UP, 1.5 / total),  # a rise of no step would divide by zero
        )
        # The start itself competes: a network that only gets worse stays the linear forecast.
        best, best_loss, waited = self._arrays(), self.validation_loss(), 0
        self._note(0, math.nan, best_loss, on_pass)
        for number in range(1, settings["epochs"] + 1):
            loss = self._pass(number, optimizer, schedule, progress)
            held = self.validation_loss()
            self._note(number, loss, held, on_pass)
            waited += 1
            if math.isnan(held) or held < best_loss:
                best, best_loss, waited = self._arrays(), held, 0
            progress(number / settings["epochs"])
            if settings["patience"] and waited >= settings["patience"]:
                break
        return best

    @property
    def best_pass(self) -> int:
        """The pass whose weights are kept."""
        held = [h for _number, _loss, h in self.history]
        return int(np.nanargmin(held)) if np.isfinite(held).any() else len(held) - 1

    def validation_loss(self) -> float:
        """Return the mean over horizons of MSE / MSE of the linear start (NaN: no validation)."""
        if self.validation is None:
            return math.nan
        sums, counts = np.zeros(self.card.horizon), np.zeros(self.card.horizon)
        self.module.eval()
        with self.torch.inference_mode():
            for window in self.validation.windows:
                batch = make_batch(self.card, [window], self.device)
                target, known = targets_of(self.card, [window], batch.x.shape[2])
                error = (self.module(batch)[0].float().cpu().numpy() - target[0]) ** 2 * known[0]
                sums += error.sum(axis=1, dtype=float)
                counts += known[0].sum(axis=1)
        mse = sums / np.maximum(counts, 1) * self.card.std**2
        seen = counts > 0
        return float(np.mean(mse[seen] / self.validation.reference[seen])) if seen.any() else 1.0

    def _pass(self, number: int, optimizer: Any, schedule: Any, progress: Progress) -> float:
        """See every training window once and return the mean loss."""
        torch, total, steps = self.torch, 0.0, 0
        size = self.settings["batch_size"]
        self.module.train()
        with reproducible(torch, self.seed, number, self.device, progress):
            random = np.random.default_rng([self.seed, number])
            for windows in self.sampler.epoch(random, size):
                progress.check()
                total += self._step(windows, optimizer)
                schedule.step()
                steps += 1
        if not math.isfinite(total):
            raise InputError(
                f"The training diverged in pass {number} (the loss is no finite number); choose a "
                f"smaller LEARNING_RATE than {self.settings['learning_rate']:g}."
            )
        return total / steps

    def _step(self, windows: Sequence[Window], optimizer: Any) -> float:
        torch = self.torch
        batch = make_batch(self.card, windows, self.device)
        target, known = targets_of(self.card, windows, batch.x.shape[2])
        target = torch.from_numpy(target).to(self.device)
        known = torch.from_numpy(known).to(self.device)
        # Errors count in units of the linear start's, or long horizons would decide alone.
        error = (self.module(batch) - target) ** 2 * known * self.weights
        loss = error.sum() / known.sum().clamp(min=1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), CLIP_NORM)
        optimizer.step()
        return float(loss.detach())

    def _note(self, number: int, loss: float, held: float, on_pass: Optional[OnPass]) -> None:
        self.history.append((number, loss, held))
        if on_pass is not None and number:
            on_pass(number, loss, held)

    def _arrays(self) -> dict[str, np.ndarray]:
        return {n: t.detach().cpu().numpy().copy() for n, t in self.module.state_dict().items()}


def _start_linear(torch: Any, module: Any, start: Start) -> None:
    """Let the network begin as the pooled ridge, and tell it the sizes of what it sees."""
    with torch.no_grad():
        weights = torch.tensor(start.ridge.weights.T, dtype=torch.float32)
        module.linear.weight.copy_(weights)
        constant = torch.tensor(start.ridge.constant / start.std, dtype=torch.float32)
        module.linear.bias.copy_(constant)
        module.input_scale.fill_(start.around / start.std)
        scale = np.sqrt(start.errors) / start.std
        module.output_scale.copy_(torch.tensor(scale, dtype=torch.float32))


def targets_of(
    card: ForecasterCard, windows: Sequence[Window], nodes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised targets and which of them count, both (windows, horizon, nodes)."""
    target = np.zeros((len(windows), card.horizon, nodes), np.float32)
    known = np.zeros_like(target)
    for row, window in enumerate(windows):
        part, seen = target_levels(card, window.area, window.origin)
        count = window.area.mask.size
        target[row, :, :count] = (part.reshape(card.horizon, count) - card.mean) / card.std
        known[row, :, :count] = seen.reshape(card.horizon, count)
    return target * known, known


def target_levels(card: ForecasterCard, area: Area, origin: int) -> tuple[np.ndarray, np.ndarray]:
    """Return levels in mm and which of them count at the target dates of an origin."""
    first = origin + card.gap + 1
    part = slice(first, first + card.horizon)
    known = np.broadcast_to(area.mask, area.levels[part].shape)
    if area.observed is not None:
        known = known & area.observed[part]
    return area.levels[part], known
