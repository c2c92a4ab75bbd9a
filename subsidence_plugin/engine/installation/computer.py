"""What will compute: processor cores, the GPU with its memory, and whether bfloat16 is fast."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..cores import cores
from ..errors import MissingPackageError


@dataclass(frozen=True)
class Device:
    """The device that 'Automatic' takes.

    Parameters
    ----------
    text : str
        Name, and memory or cores.
    bfloat16 : str
        A sentence on the precision bfloat16.
    problems : tuple of str
        Sentences on what keeps a GPU from being used.
    """

    text: str
    bfloat16: str
    problems: tuple[str, ...] = ()


def find_device() -> Device:
    """Return the device, tried out with a small sum, since not every build fits every GPU."""
    from ..needs import need
    from ..prediction.precision import bfloat16_is_fast
    from ..training.device import choose_device

    processor = f"CPU, {cores_text()}"
    try:
        torch = need("torch", "to use networks")
        chosen = choose_device(0)
        if chosen == "cuda":
            torch.ones(2, device=chosen).sum().item()
    except MissingPackageError:
        return Device(processor, "Whether bfloat16 is fast is known only with PyTorch.")
    except RuntimeError as error:
        fault = (
            f"PyTorch finds a GPU but cannot compute on it ({' '.join(str(error).split())}): "
            "choose CPU as Device, or install a PyTorch that fits the GPU and its driver."
        )
        return Device(processor, _bfloat16(bfloat16_is_fast("cpu")), (fault,))
    fast = _bfloat16(bfloat16_is_fast(chosen))
    if chosen == "cuda":
        return Device(_gpu(torch), fast)
    unused = nvidia_driver() and torch.version.cuda is None
    return Device(processor, fast, (UNUSED_GPU,) if unused else ())


UNUSED_GPU = (
    "An NVIDIA driver is here, but this PyTorch is built for the CPU only: "
    "pytorch.org/get-started names the index of builds for the GPU."
)


def _gpu(torch) -> str:
    properties = torch.cuda.get_device_properties(0)
    text = f"GPU {properties.name}, {properties.total_memory / 2**30:.1f} GiB"
    count = torch.cuda.device_count()
    return text if count < 2 else f"{text} (the first of {count})"


def _bfloat16(fast: bool) -> str:
    if fast:
        return "bfloat16 is fast: the device has it in hardware."
    return "bfloat16 is not fast: the device lacks it in hardware, so float32 is used."


def cores_text() -> str:
    """Return how many processor cores this process may use, and of how many."""
    usable, there = cores(), os.cpu_count() or 1
    text = f"{usable} core" if usable == 1 else f"{usable} cores"
    return text if usable >= there else f"{text} of {there}"


def nvidia_driver() -> bool:
    """Tell whether the driver of an NVIDIA GPU is installed."""
    if shutil.which("nvidia-smi"):
        return True
    if sys.platform == "win32":
        system = Path(os.environ.get("SystemRoot", "C:/Windows"), "System32")
        return (system / "nvcuda.dll").is_file()
    return Path("/proc/driver/nvidia/version").is_file()
