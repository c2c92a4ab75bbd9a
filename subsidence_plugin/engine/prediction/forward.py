"""From encoded pixels to probabilities: one callable a member and thread, chosen by model."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from ..models.model import Model
from .cuda import Batch, CudaForward
from .drdn_forward import DrdnForward, DrdnWeights

#: Takes (inputs, pixels) float32 and fills (pixels,) float32 with probabilities.
Forward = Callable[[np.ndarray, np.ndarray], None]

#: Pixels a chunk, so that the widest layer's values stay in the processor's cache: too large a
#: chunk is up to 3 times slower. Trees are slowed down by small chunks instead.
CHUNKS = {"drdn": 2048, "cnn": 512, "lstm": 1024, "cnnlstm": 512}
LOW_PRECISION_FACTOR, TREE_CHUNK = 2, 65536


class Forwards:
    """Prepares what all threads share (weights), and makes each thread its own callables.

    Parameters
    ----------
    model : Model
    device : {"cpu", "cuda"}
    precision : {"float32", "bfloat16"}
    on_batch : callable, optional
        Called with the new number of rows when the GPU ran out of memory.
    """

    def __init__(
        self,
        model: Model,
        device: str = "cpu",
        precision: str = "float32",
        on_batch: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self.model, self.device, self.precision = model, device, precision
        self.chunk = self._chunk()
        self._batch = Batch(on_batch)
        self._shared = [self._prepare(member) for member in range(model.members)]

    def _chunk(self) -> int:
        if not self.model.is_network:
            return TREE_CHUNK
        if self.device == "cuda":
            return Batch.FIRST
        chunk = CHUNKS.get(self.model.card.architecture, 1024)
        return chunk * (LOW_PRECISION_FACTOR if self.precision == "bfloat16" else 1)

    def _prepare(self, member: int) -> Any:
        """Return weights or a module; doing it here shows a broken model before any thread runs."""
        if not self.model.is_network:
            self.model.probability(np.zeros((1, self.model.card.n_inputs), np.float32), member)
            return None
        module = self.model.network(member, self.device)
        if self.device == "cuda":
            return module
        import torch

        dtype = getattr(torch, self.precision)
        if self.model.card.architecture == "drdn":
            return DrdnWeights(module, dtype)
        return _low_precision(module, dtype)

    def for_thread(self) -> list[Forward]:
        """Return one callable a member, to be used by one thread only."""
        return [self._forward(member) for member in range(self.model.members)]

    def _forward(self, member: int) -> Forward:
        shared = self._shared[member]
        if shared is None:
            return _baseline(self.model, member)
        if self.device == "cuda":
            return CudaForward(shared, self.precision, self._batch)
        if isinstance(shared, DrdnWeights):
            return _on_cpu(DrdnForward(shared, self.chunk))
        return _on_cpu(shared)


def _baseline(model: Model, member: int) -> Forward:
    def forward(inputs: np.ndarray, out: np.ndarray) -> None:
        out[:] = model.probability(np.ascontiguousarray(inputs.T), member)[0]

    return forward


def _on_cpu(logits: Callable[[Any], Any]) -> Forward:
    import torch

    def forward(inputs: np.ndarray, out: np.ndarray) -> None:
        with torch.inference_mode():
            rows = torch.from_numpy(inputs).t()
            torch.sigmoid(logits(rows), out=torch.from_numpy(out))

    return forward


def _low_precision(module: Any, dtype: Any) -> Callable[[Any], Any]:
    """Return the module, under autocast where it is to compute in bfloat16."""
    import torch

    if dtype == torch.float32:
        return module

    def forward(rows: Any) -> Any:
        with torch.autocast("cpu", dtype=dtype):
            return module(rows).float()

    return forward
