"""A forecaster in memory: its members as networks, and forecasts for areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..forecasters import registry
from ..forecasters.declaration import ForecasterType
from ..needs import need
from .area import Area
from .batch import Window, make_batch
from .card import ForecasterCard
from .future import target_days


class Forecaster:
    """One or several trained members, and the card that describes them.

    Parameters
    ----------
    card : ForecasterCard
    arrays : sequence of mapping of str to ndarray
        Checked tensors of each member.
    model_id : str
        Short hash of card and tensors.
    """

    def __init__(
        self, card: ForecasterCard, arrays: Sequence[Mapping[str, np.ndarray]], model_id: str = ""
    ) -> None:
        self.card, self.arrays, self.model_id = card, list(arrays), model_id
        self._modules: dict[tuple[int, str], Any] = {}

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.arrays)

    @property
    def kind(self) -> ForecasterType:
        """The declaration of its parts."""
        return registry.forecaster_type(self.card.spatial, self.card.temporal, self.card.variant)

    def module(self, member: int = 0, device: str = "cpu") -> Any:
        """Return a member as a ``torch.nn.Module`` in evaluation mode, kept for further calls."""
        torch = need("torch", "to use forecasters")
        key = (member, str(device))
        if key not in self._modules:
            card = self.card
            with torch.device("meta"):
                module = registry.build(
                    self.kind, card.hyperparameters_of(member), card.window, card.horizon,
                    len(card.covariates), tuple(card.shape) or None,
                )  # fmt: skip
            state = {n: torch.from_numpy(np.array(a)) for n, a in self.arrays[member].items()}
            module.load_state_dict(state, assign=True)
            module = module.to(device, memory_format=torch.channels_last)
            self._modules[key] = module.requires_grad_(False).eval()
        return self._modules[key]

    def forecast(
        self,
        area: Area,
        origin: int,
        target_days: Optional[np.ndarray] = None,
        members: Optional[Sequence[int]] = None,
        device: str = "cpu",
    ) -> np.ndarray:
        """Return the members' forecasts of an area from one origin.

        Parameters
        ----------
        area : Area
            With at least ``window`` dates up to the origin.
        origin : int
            Index of the last input date in ``area``.
        target_days : 1d-array of int, optional
            Days since 1970 of the targets; default those of the area, or, beyond its end, the
            typical step.
        members : sequence of int, optional
            Default all.
        device : str

        Returns
        -------
        array of float32, (members, horizon, rows, columns) or (members, horizon, nodes)
            mm; NaN where the mask is False.

        Raises
        ------
        InputError
            Too few dates before the origin, or another grid than the paper's variant was
            trained on.
        """
        self._check(area, origin)
        if target_days is None:
            target_days = self.target_days(area.days, origin)
        if not area.mask.any():
            count = self.members if members is None else len(members)
            return np.full((count, self.card.horizon, *area.shape), np.nan, np.float32)
        nodes = area.as_nodes(self.card.cell_size) if self.kind.spatial.on_graph else area
        window = Window(nodes, origin, np.asarray(target_days))
        chosen = range(self.members) if members is None else members
        found = [self._member(window, member, device) for member in chosen]
        return np.stack([_placed(values, area, nodes) for values in found])

    def target_days(self, days: np.ndarray, origin: int) -> np.ndarray:
        """Return the days of the targets: those of the series, beyond its end typical steps."""
        return target_days(days, origin, self.card.gap, self.card.horizon)

    def _member(self, window: Window, member: int, device: str) -> np.ndarray:
        torch = need("torch", "to use forecasters")
        batch = make_batch(self.card, [window], device, member)
        with torch.inference_mode():
            found = self.module(member, device)(batch)[0].float().cpu().numpy()
        return found * np.float32(self.card.std) + np.float32(self.card.mean)

    def _check(self, area: Area, origin: int) -> None:
        card = self.card
        if origin < card.window - 1 or origin >= len(area.days):
            raise InputError(
                f"The forecaster reads {card.window} dates up to the origin, but only "
                f"{min(origin + 1, len(area.days))} are there; use a longer series."
            )
        if card.shape and tuple(card.shape) != area.shape:
            raise InputError(
                f"The forecaster of the paper's variant was trained on {card.shape[1]} × "
                f"{card.shape[0]} cells and forecasts no other grid; this one has "
                f"{area.shape[-1]} × {area.shape[0]}. Use VARIANT lastmap."
            )


def _placed(values: np.ndarray, area: Area, nodes: Area) -> np.ndarray:
    """Return (horizon, nodes) in the shape of the area, NaN where it has no series."""
    placed = np.full((len(values), *area.shape), np.nan, np.float32)
    if nodes is not area:
        placed[:, area.mask] = values
    else:
        placed[:, area.mask] = values.reshape(len(values), *area.shape)[:, area.mask]
    return placed


def halo(card: ForecasterCard) -> int:
    """Return the cells that a tile needs around it, whichever member forecasts it."""
    kind = registry.forecaster_type(card.spatial, card.temporal, card.variant)
    side = align(card)
    most = max(registry.halo(kind, card.hyperparameters_of(m)) for m in range(card.members))
    return -(-most // side) * side


def align(card: ForecasterCard) -> int:
    """Return the side whose multiples the corners of tiles must be, for all members."""
    kind = registry.forecaster_type(card.spatial, card.temporal, card.variant)
    return lcm(*(registry.align(kind, card.hyperparameters_of(m)) for m in range(card.members)))
