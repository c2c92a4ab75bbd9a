"""Which device computes: the CPU, or a CUDA GPU where PyTorch finds one."""

from __future__ import annotations

from typing import Optional

from ..errors import DeviceError
from ..needs import need
from ..progress import Progress

#: Values of the parameter ``DEVICE``; any other is automatic.
CPU, CUDA = 1, 2


def choose_device(device: int, progress: Optional[Progress] = None) -> str:
    """Return ``"cpu"`` or ``"cuda"`` for the parameter ``DEVICE``, and log what was chosen.

    Parameters
    ----------
    device : int
        0 automatic, 1 CPU, 2 CUDA.

    Raises
    ------
    DeviceError
        CUDA was asked for and there is none.
    """
    torch = need("torch", "to use networks")
    available = torch.cuda.is_available()
    if device == CUDA and not available:
        raise DeviceError(
            "DEVICE is CUDA, but PyTorch finds no CUDA GPU here; choose Automatic or CPU."
        )
    chosen = "cuda" if available and device != CPU else "cpu"
    if progress:
        if chosen == "cuda":
            progress.info(f"Computing on the GPU {torch.cuda.get_device_name(0)}.")
        elif device == CPU:
            progress.info("Computing on the CPU, as asked.")
        else:
            progress.info("Computing on the CPU; PyTorch finds no CUDA GPU.")
    return chosen
