"""What a class stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class ClassMeaning:
    """Label and bounds (lower exclusive, upper inclusive) of a class, as far as they are known."""

    label: str = ""
    lower: Optional[float] = None
    upper: Optional[float] = None
