"""One gradient: from a batch of rows to the loss and the filled gradient tensor."""

from __future__ import annotations

from typing import Any, Callable

from ..needs import need
from ..networks.registry import ARCHITECTURES
from .flat import FlatNetwork

#: ``step(inputs, label, weights)`` fills the gradients and returns the batch's mean loss.
Step = Callable[[Any, Any, Any], Any]


def make_step(architecture: str, network: FlatNetwork, device: str) -> Step:
    """Return the fastest gradient of an architecture: hand-written where it has one, on the CPU.

    Both kinds compute the same gradients (to rounding) and draw the same dropout.
    """
    by_hand = ARCHITECTURES[architecture].gradient
    if by_hand is not None and device == "cpu":
        return by_hand(network.module, network.views)
    return autograd_step(network)


def autograd_step(network: FlatNetwork) -> Step:
    """Return the gradient by torch's automatic differentiation."""
    torch = need("torch", "to train networks")
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits

    def step(inputs: Any, label: Any, weights: Any) -> Any:
        network.gradients.zero_()
        loss = loss_of(network.module(inputs), label, weight=weights)
        loss.backward()
        return loss.detach()

    return step


def clip_gradient(gradients: Any, limit: float) -> None:
    """Scale the gradient down to the norm ``limit``, as ``torch.nn.utils.clip_grad_norm_`` does."""
    norm = gradients.norm()
    if gradients.is_cuda:
        # Without a branch, so that the CPU need not wait for the GPU.
        gradients.mul_((limit / (norm + 1e-6)).clamp_(max=1.0))
    elif float(norm) > limit:
        gradients.mul_(limit / (float(norm) + 1e-6))
