"""Precision of a prediction."""

from __future__ import annotations

from ..errors import InputError
from ..needs import need
from ..progress import Progress

#: Values of the parameter ``PRECISION``.
FLOAT32, BFLOAT16 = 0, 1


def bfloat16_is_fast(device: str) -> bool:
    """Tell whether the device multiplies bfloat16 matrices in hardware (AMX, AVX-512 BF16)."""
    torch = need("torch", "to use networks")
    if device != "cpu":
        return bool(torch.cuda.is_bf16_supported())
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in checks)


def choose_precision(precision: int, device: str, progress: Progress) -> str:
    """Return ``"float32"`` or ``"bfloat16"`` for the parameter ``PRECISION``, and log it.

    bfloat16 in software is several times slower than float32, so where the processor lacks it
    float32 is used, with a warning.
    """
    if precision not in (FLOAT32, BFLOAT16):
        raise InputError(f"PRECISION is {precision}; it must be 0 (float32) or 1 (bfloat16).")
    if precision == BFLOAT16 and bfloat16_is_fast(device):
        progress.info("Precision: bfloat16, which this processor has in hardware.")
        return "bfloat16"
    if precision == BFLOAT16:
        progress.warn(
            "Precision: float32 instead of bfloat16, since this processor has no bfloat16 in "
            "hardware (AVX-512 BF16 or AMX) and would be slower with it."
        )
    return "float32"
