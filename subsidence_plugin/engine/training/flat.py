"""A network whose parameters and gradients each lie in one flat tensor.

One fused optimizer step, one norm and one copy then serve all layers; with 40 small tensors
these cost as much as the network itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..needs import need


class FlatNetwork:
    """Holds a module whose parameters are views of ``parameters``, and gradients likewise.

    Parameters
    ----------
    module : torch.nn.Module
        Without buffers; it is moved to ``device``.
    device : str
    """

    def __init__(self, module: Any, device: str = "cpu") -> None:
        torch = need("torch", "to train networks")
        self.module = module.to(device)
        named = list(self.module.named_parameters())
        total = sum(p.numel() for _name, p in named)
        self.parameters = torch.nn.Parameter(torch.empty(total, device=device))
        self.gradients = torch.zeros(total, device=device)
        self.parameters.grad = self.gradients
        self.views: dict[str, Any] = {}
        start = 0
        for name, parameter in named:
            part = slice(start, start + parameter.numel())
            view = self.parameters.data[part].view_as(parameter)
            view.copy_(parameter.data)
            parameter.data = view
            parameter.grad = self.gradients[part].view_as(parameter)
            self.views[name] = parameter.grad
            start = part.stop

    def snapshot(self) -> np.ndarray:
        """Return a copy of all parameters as a flat array."""
        return self.parameters.detach().cpu().numpy().copy()

    def restore(self, flat: np.ndarray) -> None:
        """Set all parameters from a flat array."""
        torch = need("torch", "to train networks")
        with torch.no_grad():
            self.parameters.copy_(torch.from_numpy(np.ascontiguousarray(flat)))


def named_arrays(module: Any, flat: np.ndarray) -> dict[str, np.ndarray]:
    """Return tensors by name, as ``module`` has them, from a flat array of all parameters."""
    arrays, start = {}, 0
    for name, parameter in module.named_parameters():
        stop = start + parameter.numel()
        arrays[name] = np.array(flat[start:stop].reshape(tuple(parameter.shape)), dtype=np.float32)
        start = stop
    return arrays


def make_optimizer(network: FlatNetwork, settings: Any) -> Any:
    """Return the torch optimizer of the flat parameters."""
    optim = need("torch", "to train networks").optim
    if settings.optimizer == "sgd":
        return optim.SGD(
            [network.parameters], settings.learning_rate, settings.momentum,
            weight_decay=settings.weight_decay, fused=True,
        )  # fmt: skip
    if settings.weight_decay:
        return optim.AdamW(
            [network.parameters], settings.learning_rate,
            weight_decay=settings.weight_decay, fused=True,
        )  # fmt: skip
    return optim.Adam([network.parameters], settings.learning_rate, fused=True)


def optimizer_arrays(optimizer: Any) -> dict[str, np.ndarray]:
    """Return the optimizer's state (moments, step count) as arrays by name."""
    state = optimizer.state_dict()["state"].get(0, {})
    return {name: value.cpu().numpy().copy() for name, value in state.items() if value is not None}


def set_optimizer_arrays(optimizer: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Set the optimizer's state from arrays by name."""
    torch = need("torch", "to train networks")
    state = optimizer.state_dict()
    state["state"] = {0: {n: torch.from_numpy(np.array(a)) for n, a in arrays.items()}}
    optimizer.load_state_dict(state)
