"""The DRDN computed in place: no layer allocates, and the weights are laid out once.

Written by hand because plain modules spend up to half of their time on memory: every matrix
product goes into a buffer, ReLU and skip are done in place, and the concatenation of all block
outputs becomes a running sum of products (the fusion layer, cut by block).
"""

from __future__ import annotations

from typing import Any


class DrdnWeights:
    """Weights of one member, transposed and in the precision asked for; shared by all threads.

    Parameters
    ----------
    module : torch.nn.Module
        A ``drdn`` network in evaluation mode.
    dtype : torch.dtype
        ``torch.float32``, or ``torch.bfloat16`` for the residual blocks and the fusion: the input
        layer stays in float32, since rounding the factors costs three times more accuracy than
        all other roundings together, and so do the last two layers, which cost next to nothing.
    """

    def __init__(self, module: Any, dtype: Any) -> None:
        import torch

        def layer(linear: Any, kind: Any) -> tuple[Any, Any]:
            weight = linear.weight.detach().t().contiguous().to(kind)
            return linear.bias.detach().to(kind), weight

        self.dtype = dtype
        self.input = layer(module.input, torch.float32)
        self.blocks = [(layer(b.first, dtype), layer(b.second, dtype)) for b in module.blocks]
        fuse_bias, fuse_weight = layer(module.fuse, dtype)
        self.fuse_bias = fuse_bias
        units = self.input[1].shape[1]
        self.fuse = [part.contiguous() for part in fuse_weight.split(units)]
        self.dense1 = layer(module.dense1, dtype)
        self.dense2 = layer(module.dense2, torch.float32)
        self.output = layer(module.output, torch.float32)


class DrdnForward:
    """Logits of a chunk of rows; one object a thread, since it keeps the buffers.

    Parameters
    ----------
    weights : DrdnWeights
    rows : int
        Most rows that are given at once.
    """

    def __init__(self, weights: DrdnWeights, rows: int) -> None:
        import torch

        self._torch, self._weights = torch, weights
        units = weights.input[1].shape[1]

        def buffer(width: int, dtype: Any) -> Any:
            return torch.empty(rows, width, dtype=dtype)

        self._input = buffer(units, torch.float32)
        self._low = weights.dtype != torch.float32
        self._state = buffer(units, weights.dtype) if self._low else self._input
        self._inner, self._step, self._fused = (buffer(units, weights.dtype) for _ in range(3))
        self._dense1 = buffer(weights.dense1[1].shape[1], weights.dtype)
        self._dense2 = buffer(weights.dense2[1].shape[1], torch.float32)
        self._output = buffer(1, torch.float32)

    def __call__(self, inputs: Any) -> Any:
        """Return (rows,) logits of float32 (rows, inputs); overwritten by the next call."""
        addmm, w, n = self._torch.addmm, self._weights, inputs.shape[0]
        state, inner, step = self._state[:n], self._inner[:n], self._step[:n]
        fused = self._fused[:n]
        addmm(w.input[0], inputs, w.input[1], out=self._input[:n]).relu_()
        if self._low:
            state.copy_(self._input[:n])
        fused.copy_(w.fuse_bias.expand_as(fused))
        for (first, second), fuse in zip(w.blocks, w.fuse):
            self._relu_(addmm(first[0], state, first[1], out=inner))
            state.add_(self._relu_(addmm(second[0], inner, second[1], out=step)))
            fused.addmm_(state, fuse)
        dense1 = addmm(w.dense1[0], self._relu_(fused), w.dense1[1], out=self._dense1[:n])
        dense1 = self._relu_(dense1).float()
        dense2 = addmm(w.dense2[0], dense1, w.dense2[1], out=self._dense2[:n]).relu_()
        return addmm(w.output[0], dense2, w.output[1], out=self._output[:n])[:, 0]

    def _relu_(self, values: Any) -> Any:
        """Set negative values to zero in place.

        In bfloat16 as 16-bit integers, which have the same sign bit: seven times faster.
        """
        if self._low:
            values.view(self._torch.int16).clamp_min_(0)
            return values
        return values.relu_()
