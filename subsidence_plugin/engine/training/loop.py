"""The training loop: one member (seed) after another, best weights kept, interruptible.

Torch alone is needed; its random numbers are set for one epoch at a time, see ``repeatable``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ..errors import Cancelled, InputError
from ..needs import need
from ..networks.registry import ARCHITECTURES, build
from ..progress import Progress
from ..torch_threads import one_torch_thread
from ..validation.metrics import auc
from .checkpoint import Checkpoint, State, signature_of
from .flat import (
    FlatNetwork,
    make_optimizer,
    named_arrays,
    optimizer_arrays,
    set_optimizer_arrays,
)
from .holdout import holdout_rows
from .log import EpochLog
from .repeatable import reproducible
from .settings import Settings
from .step import clip_gradient, make_step
from .weights import balanced_weights

#: Rows a chunk when evaluating.
CHUNK = 2048
#: A network has begun to learn once its hold-out loss is below this share of a constant's loss.
BEGUN = 0.98
#: Until then patience does not end a training before so many steps: LSTMs may rest on a plateau
#: for 1000 steps before they begin to learn.
HOPELESS_STEPS = 5000


@dataclass
class Trained:
    """What a training gives.

    ``history`` has rows (member, epoch, loss, hold-out loss, hold-out AUC), the last two NaN
    without hold-out; ``summaries`` one dict a member.
    """

    members: list[dict[str, np.ndarray]]
    history: list[list[float]]
    summaries: list[dict[str, Any]]
    seeds: list[int] = field(default_factory=list)


def train(
    architecture: str,
    hyperparameters: Mapping[str, Any],
    inputs: np.ndarray,
    label: np.ndarray,
    settings: Settings,
    *,
    repeats: int = 1,
    seed: int = 42,
    device: str = "cpu",
    fold: Optional[np.ndarray] = None,
    checkpoint: Optional[str] = None,
    progress: Optional[Progress] = None,
) -> Trained:
    """Train ``repeats`` members with the seeds ``seed``, ``seed + 1``, ...

    Parameters
    ----------
    architecture : str
        A key of ``ARCHITECTURES``.
    hyperparameters : mapping
        Of the architecture; what is absent takes its default.
    inputs : 2d-array of float32, (rows, inputs)
        Encoded training rows.
    label : 1d-array of 0 and 1
    settings : Settings
    repeats, seed : int
    device : str
        ``"cpu"`` or ``"cuda"``, see ``choose_device``.
    fold : 1d-array of int, optional
        Hold out whole folds instead of single rows.
    checkpoint : str, optional
        File to go on from if it exists, and to keep the state in.
    progress : Progress, optional
        Gets fractions and log lines; cancels within one mini-batch.

    Raises
    ------
    InputError
        Bad values, one class only, a checkpoint of another training, or a diverging loss.
    Cancelled
        The state stays in the checkpoint.
    """
    progress = progress or Progress()
    inputs = np.ascontiguousarray(inputs, dtype=np.float32)
    label = np.asarray(label)
    _check(inputs, label, repeats)
    hyperparameters = ARCHITECTURES[architecture].checked(hyperparameters)
    torch = need("torch", "to train networks")
    plain = [architecture, hyperparameters, settings.as_dict(), repeats, seed, device]
    plain.append(torch.__version__)
    store = Checkpoint(checkpoint, signature_of(plain, inputs, label, fold))
    state = store.read() or State()
    if state.members or state.epoch:
        progress.info(f"Going on from the checkpoint {checkpoint}.")
    seeds = [seed + index for index in range(repeats)]
    for index in range(len(state.members), repeats):
        part = progress.part(index / repeats, (index + 1) / repeats)
        mask = holdout_rows(label, settings.holdout_share, seeds[index], fold)
        name = f"Network {index + 1} of {repeats}" if repeats > 1 else "Network"
        with one_torch_thread(torch):
            member = Member(
                architecture, hyperparameters, inputs, label, mask, settings, seeds[index], device
            )
            member.run(index, name, state, store, part)
    # On the device "meta" nothing is allocated and no random number of torch's is drawn.
    with torch.device("meta"):
        template = build(architecture, inputs.shape[1], hyperparameters)
    members = [named_arrays(template, flat) for flat in state.members]
    return Trained(members, state.history, state.summaries, seeds)


def _check(inputs: np.ndarray, label: np.ndarray, repeats: int) -> None:
    if inputs.ndim != 2 or len(inputs) != len(label):
        raise InputError(
            f"Inputs of shape {inputs.shape} and {len(label)} labels do not go together."
        )
    if not np.isfinite(inputs).all():
        raise InputError("The inputs hold missing values; drop these rows first.")
    if not np.isin(label, (0, 1)).all() or len(np.unique(label)) < 2:
        raise InputError("Training needs rows with label 0 and rows with label 1, and no others.")
    if repeats < 1:
        raise InputError(f"REPEATS is {repeats}; it must be at least 1.")


class Member:
    """The training of one network."""

    def __init__(
        self,
        architecture: str,
        hyperparameters: Mapping[str, Any],
        inputs: np.ndarray,
        label: np.ndarray,
        holdout: np.ndarray,
        settings: Settings,
        seed: int,
        device: str,
    ) -> None:
        self.torch = torch = need("torch", "to train networks")
        self.settings, self.seed, self.device = settings, seed, device
        with reproducible(torch, seed, 0, device, Progress()):
            module = build(architecture, inputs.shape[1], hyperparameters)
        self.network = FlatNetwork(module, device)
        self.optimizer = make_optimizer(self.network, settings)
        self.step = make_step(architecture, self.network, device)
        self.inputs = torch.from_numpy(inputs[~holdout]).to(device)
        self.label = torch.from_numpy(label[~holdout].astype(np.float32)).to(device)
        self.weights = self._class_weights(label[~holdout])
        self.held_inputs = torch.from_numpy(inputs[holdout]).to(device)
        self.held_label = label[holdout]
        self.constant_loss = _constant_loss(label[~holdout].mean(), self.held_label)

    def _class_weights(self, label: np.ndarray) -> Any:
        if self.settings.class_weights == "none":
            return None
        weights = balanced_weights(label).astype(np.float32)
        return self.torch.from_numpy(weights).to(self.device)

    def run(
        self, index: int, name: str, state: State, store: Checkpoint, progress: Progress
    ) -> None:
        """Train to the end and add the best parameters to ``state.members``."""
        self._load(state)
        log = EpochLog(name, self.settings, progress, state.epoch)
        settings, fraction = self.settings, 0.0
        try:
            while state.epoch < settings.epochs and not self._exhausted(state):
                loss = self._epoch(state.epoch + 1, progress)
                held_loss, held_auc = self._evaluate()
                self._note(index, state, loss, held_loss, held_auc)
                store.write(state)
                log.epoch(state, loss, held_loss, held_auc)
                waited = (state.epoch - state.best_epoch) / max(settings.patience, 1)
                stopping = 0.9 * waited if settings.patience and len(self.held_label) else 0.0
                fraction = max(fraction, state.epoch / settings.epochs, min(stopping, 0.9))
                progress(fraction)
        except Cancelled:
            # The arrays in ``state`` are those of the last whole epoch.
            if state.epoch or state.members:
                store.write(state, now=True)
            raise
        self._finish(name, state, progress)
        store.write(state, now=True)

    def _exhausted(self, state: State) -> bool:
        patience = self.settings.patience
        if not patience or state.epoch - state.best_epoch < patience or not len(self.held_label):
            return False
        steps = state.epoch * math.ceil(len(self.inputs) / self.settings.batch_size)
        return state.best_loss < BEGUN * self.constant_loss or steps >= HOPELESS_STEPS

    def _load(self, state: State) -> None:
        """Go on from the state of an interrupted training of this member, if there is one."""
        if not state.epoch:
            return
        self.network.restore(state.arrays["parameters"])
        prefix = "optimizer/"
        set_optimizer_arrays(
            self.optimizer,
            {k[len(prefix) :]: v for k, v in state.arrays.items() if k.startswith(prefix)},
        )

    def _epoch(self, epoch: int, progress: Progress) -> float:
        """Pass once over the shuffled training rows and return the mean loss."""
        torch, settings = self.torch, self.settings
        size = settings.batch_size
        with reproducible(torch, self.seed, epoch, self.device, progress):
            self.network.module.train()
            order = torch.randperm(len(self.inputs)).to(self.device)
            inputs, label = self.inputs[order], self.label[order]
            weights = None if self.weights is None else self.weights[order]
            total = torch.zeros((), device=self.device)
            for start in range(0, len(inputs), size):
                stop = start + size
                part = None if weights is None else weights[start:stop]
                loss = self.step(inputs[start:stop], label[start:stop], part)
                clip_gradient(self.network.gradients, settings.clip_norm)
                self.optimizer.step()
                total += loss * len(label[start:stop])
                progress.check()
            mean = float(total) / len(inputs)
        if not math.isfinite(mean):
            raise InputError(
                f"The training diverged in epoch {epoch} (the loss is no finite number); choose a "
                f"smaller LEARNING_RATE than {settings.learning_rate:g}."
            )
        return mean

    def _evaluate(self) -> tuple[float, float]:
        """Return loss (without class weights) and AUC of the held-out rows."""
        if not len(self.held_label):
            return math.nan, math.nan
        torch = self.torch
        self.network.module.eval()
        with torch.inference_mode():
            logit = torch.cat([self.network.module(c) for c in self.held_inputs.split(CHUNK)])
        logit = logit.cpu().numpy().astype(np.float64)
        loss = np.mean(np.logaddexp(0, logit) - logit * self.held_label)
        return float(loss), auc(self.held_label, logit)

    def _note(
        self, index: int, state: State, loss: float, held_loss: float, held_auc: float
    ) -> None:
        """Enter an epoch into the state."""
        state.epoch += 1
        state.history.append([index + 1, state.epoch, loss, held_loss, held_auc])
        state.arrays["parameters"] = self.network.snapshot()
        for key, array in optimizer_arrays(self.optimizer).items():
            state.arrays[f"optimizer/{key}"] = array
        # Without hold-out the last weights are the result.
        if math.isnan(held_loss) or held_loss < state.best_loss:
            state.best_loss = loss if math.isnan(held_loss) else held_loss
            state.best_epoch = state.epoch
            state.arrays["best"] = state.arrays["parameters"]

    def _finish(self, name: str, state: State, progress: Progress) -> None:
        held_auc = state.history[-1 - (state.epoch - state.best_epoch)][4]
        summary = {
            "seed": self.seed, "epochs": state.epoch, "best_epoch": state.best_epoch,
            "holdout_rows": len(self.held_label),
            "holdout_auc": None if math.isnan(held_auc) else held_auc,
        }  # fmt: skip
        state.members.append(state.arrays["best"])
        state.summaries.append(summary)
        shown = "" if math.isnan(held_auc) else f", hold-out AUC {held_auc:.3f}"
        progress.info(
            f"{name}: {state.epoch} epochs; the weights of epoch {state.best_epoch} are kept"
            f"{shown}."
        )
        state.epoch = state.best_epoch = 0
        state.best_loss = math.inf
        state.arrays = {}


def _constant_loss(share: float, label: np.ndarray) -> float:
    """Return the cross-entropy of predicting ``share`` everywhere; 0 without rows."""
    if not len(label):
        return 0.0
    return float(-np.mean(np.log(np.where(label == 1, share, 1 - share))))
