"""The training loop of one network: best weights kept, interruptible at every mini-batch.

Torch alone is needed; its random numbers are set for one epoch at a time, see ``repeatable``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Callable, Optional

import numpy as np

from ..errors import Cancelled, InputError
from ..needs import need
from ..networks.registry import build
from ..progress import Progress
from ..validation.metrics import auc
from .checkpoint import Checkpoint, State
from .flat import FlatNetwork, make_optimizer, optimizer_arrays, set_optimizer_arrays
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
        self,
        index: int,
        name: str,
        state: State,
        store: Checkpoint,
        progress: Progress,
        on_epoch: Optional[Callable[..., None]] = None,
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
                if on_epoch is not None:
                    on_epoch(*state.history[-1])
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
