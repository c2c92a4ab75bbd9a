"""Networks on a CUDA GPU: large batches, halved and tried again when memory runs out."""

from __future__ import annotations

import threading
from typing import Any, Callable

import numpy as np

from ..errors import DeviceError


class Batch:
    """Number of rows a batch, shared by all threads: once halved it stays so.

    Parameters
    ----------
    on_change : callable
        Called with the new number of rows.
    """

    FIRST = 262_144

    def __init__(self, on_change: Callable[[int], None] = lambda rows: None) -> None:
        self.rows = self.FIRST
        self._on_change = on_change
        self._lock = threading.Lock()

    def halve(self, tried: int) -> None:
        """Halve the batch that failed, unless another thread already did.

        Raises
        ------
        DeviceError
            Not even a single row fits.
        """
        with self._lock:
            if tried > self.rows:
                return
            if tried <= 1:
                raise DeviceError(
                    "The GPU has no memory left even for a single pixel; close other programs "
                    "that use it, or choose the device CPU."
                )
            self.rows = tried // 2
            self._on_change(self.rows)


class CudaForward:
    """Probabilities of pixels by a module on the GPU; one object a thread.

    Each thread has its own stream and pinned memory, so that while one thread's pixels are
    computed another's are copied and scaled.

    Parameters
    ----------
    module : torch.nn.Module
        On the GPU, in evaluation mode, shared by the threads.
    precision : {"float32", "bfloat16"}
    batch : Batch
    """

    def __init__(self, module: Any, precision: str, batch: Batch) -> None:
        import torch

        self._torch, self._module, self._batch = torch, module, batch
        self._autocast = precision == "bfloat16"
        self._stream = torch.cuda.Stream()

    def __call__(self, inputs: np.ndarray, out: np.ndarray) -> None:
        """Fill (pixels,) ``out`` with the probabilities of (inputs, pixels)."""
        in_batches(self._probabilities, inputs, out, self._batch, self._torch)

    def _probabilities(self, inputs: np.ndarray) -> np.ndarray:
        torch = self._torch
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            rows = torch.from_numpy(np.ascontiguousarray(inputs)).pin_memory()
            rows = rows.to("cuda", non_blocking=True).t().contiguous()
            with torch.autocast("cuda", dtype=torch.bfloat16, enabled=self._autocast):
                logits = self._module(rows)
            return torch.sigmoid(logits.float()).cpu().numpy()


def in_batches(
    compute: Callable[[np.ndarray], np.ndarray],
    inputs: np.ndarray,
    out: np.ndarray,
    batch: Batch,
    torch: Any,
) -> None:
    """Fill ``out`` batch by batch; after an out-of-memory error go on with half the batch."""
    start = 0
    while start < len(out):
        rows = min(batch.rows, len(out) - start)
        try:
            out[start : start + rows] = compute(inputs[:, start : start + rows])
            start += rows
            continue
        except torch.cuda.OutOfMemoryError:
            pass
        # Outside the handler: the caught error's traceback would keep the tensors alive.
        torch.cuda.empty_cache()
        batch.halve(rows)
