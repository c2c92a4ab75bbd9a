"""The DRDN's gradient written out by hand: products straight into the flat gradient.

Automatic differentiation spends a third of a small batch's time on bookkeeping and on adding
each product to a zeroed gradient. Same formulas, same dropout draws, checked against autograd.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ..needs import need


def drdn_gradient(module: Any, gradients: Mapping[str, Any]) -> Callable[[Any, Any, Any], Any]:
    """Return ``step(inputs, label, weights)`` that fills ``gradients`` and returns the loss.

    Parameters
    ----------
    module : torch.nn.Module
        The DRDN, in training mode (dropout is applied).
    gradients : mapping of str to tensor
        One a parameter, overwritten by each step.
    """
    torch = need("torch", "to train networks")
    by_rows: dict[int, _Workspace] = {}
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits

    def step(inputs: Any, label: Any, weights: Any) -> Any:
        rows = len(inputs)
        if rows not in by_rows:
            # Two sizes at most: whole batches, and the last one of an epoch.
            if len(by_rows) > 1:
                by_rows.clear()
            by_rows[rows] = _Workspace(module, gradients, rows)
        with torch.no_grad():
            logit = by_rows[rows].forward(inputs)
            error = torch.sigmoid(logit).sub_(label[:, None])
            if weights is not None:
                error.mul_(weights[:, None])
            by_rows[rows].backward(inputs, error.div_(rows))
            return loss_of(logit[:, 0], label, weight=weights)

    return step


class _Workspace:
    """Buffers for batches of one size; block outputs lie side by side as the fusion needs them."""

    def __init__(self, module: Any, gradients: Mapping[str, Any], rows: int) -> None:
        self.torch = torch = need("torch", "to train networks")
        self.threshold = torch.ops.aten.threshold_backward.grad_input
        self.module, self.gradients = module, gradients
        units, count = module.input.out_features, len(module.blocks)
        self.start, self.fused = torch.empty(rows, units), torch.empty(rows, units)
        self.d_inner, self.d_outer = torch.empty(rows, units), torch.empty(rows, units)
        self.joined, self.d_joined = (torch.empty(rows, units * count) for _ in range(2))
        outputs = [self.joined[:, i * units : (i + 1) * units] for i in range(count)]
        self.d_outputs = [self.d_joined[:, i * units : (i + 1) * units] for i in range(count)]
        self.blocks = []
        for i, block in enumerate(module.blocks):
            source = outputs[i - 1] if i else self.start
            inner, outer = torch.empty(rows, units), torch.empty(rows, units)
            name = f"blocks.{i}"
            self.blocks.append((
                source, inner, outer, outputs[i],
                block.first.weight.data, block.first.bias.data,
                block.second.weight.data, block.second.bias.data,
                gradients[f"{name}.first.weight"], gradients[f"{name}.first.bias"],
                gradients[f"{name}.second.weight"], gradients[f"{name}.second.bias"],
            ))  # fmt: skip

    def forward(self, inputs: Any) -> Any:
        """Return logits (rows, 1), keeping what the backward pass needs."""
        addmm, add, module = self.torch.addmm, self.torch.add, self.module
        addmm(module.input.bias, inputs, module.input.weight.t(), out=self.start).relu_()
        for source, inner, outer, output, w1, b1, w2, b2, *_ in self.blocks:
            addmm(b1, source, w1.t(), out=inner).relu_()
            addmm(b2, inner, w2.t(), out=outer).relu_()
            add(source, outer, out=output)
        addmm(module.fuse.bias, self.joined, module.fuse.weight.t(), out=self.fused).relu_()
        self.a1, self.noise1 = self._dense(self.fused, module.dense1, module.dropout1)
        self.dropped1 = self.a1 if self.noise1 is None else self.a1 * self.noise1
        self.a2, self.noise2 = self._dense(self.dropped1, module.dense2, module.dropout2)
        self.dropped2 = self.a2 if self.noise2 is None else self.a2 * self.noise2
        return addmm(module.output.bias, self.dropped2, module.output.weight.t())

    def _dense(self, source: Any, layer: Any, dropout: Any) -> tuple[Any, Any]:
        """Return the layer's activations and its dropout noise (None without dropout)."""
        active = self.torch.addmm(layer.bias, source, layer.weight.t()).relu_()
        if dropout.p == 0:
            return active, None
        keep = 1 - dropout.p
        return active, self.torch.empty_like(active).bernoulli_(keep).div_(keep)

    def backward(self, inputs: Any, error: Any) -> None:
        """Fill the gradients from d loss / d logit (rows, 1)."""
        module = self.module
        down = self._layer("output", error, self.dropped2, module.output)
        down = self._through(down, self.noise2, self.a2)
        down = self._layer("dense2", down, self.dropped1, module.dense2)
        down = self._through(down, self.noise1, self.a1)
        down = self._layer("dense1", down, self.fused, module.dense1)
        self.threshold(down, self.fused, 0, grad_input=down)
        self._weights("fuse", down, self.joined)
        self.torch.mm(down, module.fuse.weight, out=self.d_joined)
        down = self._blocks_backward()
        self.threshold(down, self.start, 0, grad_input=down)
        self._weights("input", down, inputs)

    def _blocks_backward(self) -> Any:
        """Return d loss / d block input of the first block."""
        mm, total, threshold = self.torch.mm, self.torch.sum, self.threshold
        d_inner, d_outer = self.d_inner, self.d_outer
        inner_t, outer_t = d_inner.t(), d_outer.t()
        down = self.d_outputs[-1].clone()
        for i in range(len(self.blocks) - 1, -1, -1):
            source, inner, outer, _out, w1, _b1, w2, _b2, g1, gb1, g2, gb2 = self.blocks[i]
            threshold(down, outer, 0, grad_input=d_outer)
            mm(outer_t, inner, out=g2)
            total(d_outer, 0, out=gb2)
            mm(d_outer, w2, out=d_inner)
            threshold(d_inner, inner, 0, grad_input=d_inner)
            mm(inner_t, source, out=g1)
            total(d_inner, 0, out=gb1)
            down.addmm_(d_inner, w1)
            if i:
                down.add_(self.d_outputs[i - 1])
        return down

    def _layer(self, name: str, down: Any, source: Any, layer: Any) -> Any:
        self._weights(name, down, source)
        return self.torch.mm(down, layer.weight)

    def _weights(self, name: str, down: Any, source: Any) -> None:
        self.torch.mm(down.t(), source, out=self.gradients[f"{name}.weight"])
        self.torch.sum(down, 0, out=self.gradients[f"{name}.bias"])

    def _through(self, down: Any, noise: Any, active: Any) -> Any:
        """Return the gradient before dropout and ReLU."""
        if noise is not None:
            down.mul_(noise)
        return self.threshold(down, active, 0, grad_input=down)
