"""A loaded model: its members as networks, and probabilities for encoded rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..needs import need
from .calibration import calibrate
from .card import Card, Factor

#: Rows a chunk: larger chunks fall out of the processor's cache (measured, up to 3 times slower).
CHUNK = 2048


class Model:
    """One or several trained members of one architecture, and the card that describes them.

    Parameters
    ----------
    card : Card
    arrays : sequence of mapping of str to ndarray
        Checked tensors of each member.
    model_id : str
        Short hash of card and tensors.
    """

    def __init__(
        self, card: Card, arrays: Sequence[Mapping[str, np.ndarray]], model_id: str = ""
    ) -> None:
        self.card = card
        self.arrays = list(arrays)
        self.model_id = model_id
        self._modules: dict[tuple[int, str], Any] = {}

    @property
    def factors(self) -> list[Factor]:
        """The factors, in the order of the columns that ``encode`` takes."""
        return self.card.factors

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.arrays)

    @property
    def is_network(self) -> bool:
        """True for torch networks, False for baselines."""
        from ..networks.registry import ARCHITECTURES

        return self.card.architecture in ARCHITECTURES

    def network(self, member: int = 0, device: str = "cpu") -> Any:
        """Return the member as a ``torch.nn.Module`` in evaluation mode; one logit a row.

        The module is kept, so the same object serves all calls and threads.
        """
        torch = need("torch", "to use networks")
        key = (member, str(device))
        if key not in self._modules:
            from ..networks.registry import build

            with torch.device("meta"):
                module = build(
                    self.card.architecture,
                    self.card.n_inputs,
                    self.card.hyperparameters_of(member),
                )
            state = {
                name: torch.from_numpy(np.array(array))
                for name, array in self.arrays[member].items()
            }
            module.load_state_dict(state, assign=True)
            self._modules[key] = module.requires_grad_(False).to(device).eval()
        return self._modules[key]

    def probability(
        self, inputs: np.ndarray, member: Optional[int] = None, device: str = "cpu"
    ) -> np.ndarray:
        """Return probabilities of subsidence for encoded rows.

        Parameters
        ----------
        inputs : 2d-array of float32, (rows, inputs)
            From ``encode``.
        member : int, optional
            One member only.
        device : str
            Torch device of networks; baselines compute on the CPU.

        Returns
        -------
        2d-array of float32, (members, rows)
        """
        wanted = range(self.members) if member is None else [member]
        inputs = np.ascontiguousarray(inputs, dtype=np.float32)
        return np.stack([self._member_probability(inputs, index, device) for index in wanted])

    def mean_probability(
        self, inputs: np.ndarray, calibrated: bool = True, device: str = "cpu"
    ) -> np.ndarray:
        """Return what the model says: the mean of the members' probabilities, then recalibrated.

        Parameters
        ----------
        inputs : 2d-array of float32, (rows, inputs)
            From ``encode``.
        calibrated : bool
            False leaves the card's calibration aside.
        device : str

        Returns
        -------
        1d-array of float64, (rows,)
        """
        mean = self.probability(inputs, device=device).mean(axis=0, dtype=np.float64)
        return calibrate(self.card.calibration, mean) if calibrated else mean

    def _member_probability(self, inputs: np.ndarray, member: int, device: str) -> np.ndarray:
        if not self.is_network:
            from ..baselines.registry import BASELINES

            key = (member, "evaluator")
            if key not in self._modules:
                baseline = BASELINES[self.card.architecture]
                self._modules[key] = baseline.evaluator(self.arrays[member])
            return self._modules[key](inputs).astype(np.float32)
        torch = need("torch", "to use networks")
        module = self.network(member, device)
        result = np.empty(len(inputs), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(inputs), CHUNK):
                rows = torch.from_numpy(inputs[start : start + CHUNK]).to(device)
                values = torch.sigmoid(module(rows)).reshape(-1)
                result[start : start + CHUNK] = values.cpu().numpy()
        return result
