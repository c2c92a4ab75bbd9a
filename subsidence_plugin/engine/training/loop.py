"""Training: one member (seed) after another, from arrays to the weights of the best epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

import numpy as np

from ..errors import InputError
from ..needs import need
from ..networks.registry import ARCHITECTURES, build
from ..progress import Progress
from ..torch_threads import one_torch_thread
from .checkpoint import Checkpoint, State, signature_of
from .flat import named_arrays
from .holdout import holdout_rows
from .member import Member
from .settings import Settings


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
    on_epoch: Optional[Callable[[int, int, float, float, float], None]] = None,
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
    on_epoch : callable, optional
        Called after every epoch with member and epoch (both counted from 1), loss, hold-out loss
        and hold-out AUC (NaN without hold-out). What it raises ends the training and comes
        through: so tuning prunes a trial.

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
    plain = [architecture, hyperparameters, settings.identity(), repeats, seed, device]
    plain.append(torch.__version__)
    store = Checkpoint(checkpoint, signature_of(plain, inputs, label, fold))
    state = store.read() or State()
    if state.members or state.epoch:
        progress.info(f"Going on from the checkpoint {checkpoint}.")
        if len(state.members) < repeats:
            progress.resume((len(state.members) + state.epoch / settings.epochs) / repeats)
    seeds = [seed + index for index in range(repeats)]
    for index in range(len(state.members), repeats):
        part = progress.part(index / repeats, (index + 1) / repeats)
        mask = holdout_rows(label, settings.holdout_share, seeds[index], fold)
        name = f"Network {index + 1} of {repeats}" if repeats > 1 else "Network"
        with one_torch_thread(torch):
            member = Member(
                architecture, hyperparameters, inputs, label, mask, settings, seeds[index], device
            )
            member.run(index, name, state, store, part, on_epoch)
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
