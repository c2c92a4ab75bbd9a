"""The bivariate classes of the Rhineland paper's Figure 8: level by spread, nine classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .levels import HIGH
from .quantiles import largest_at_most

ROWS = ("Low", "Medium", "High")
COLUMNS = ("low", "medium", "high")


def spread_column(spread: np.ndarray, terciles: Sequence[float]) -> np.ndarray:
    """Return 1 (low) to 3 (high): 1 + the number of terciles that the spread (float32) is above.

    A spread equal to a tercile belongs below it, so that members that agree everywhere (all
    spreads 0) make a map of low spread.
    """
    column = np.ones(spread.shape, np.uint8)
    for tercile in terciles:
        column += spread > largest_at_most(tercile)
    return column


def bivariate_class(level: np.ndarray, spread: np.ndarray, terciles: Sequence[float]) -> np.ndarray:
    """Return 1 to 9: 3 · (row − 1) + column.

    Rows are the levels low, medium and high (all from ``HIGH`` on merged), columns the terciles of
    the spread; 7 is high with low spread (robust), 9 is high with high spread (unstable).
    """
    row = np.minimum(level, HIGH)
    return (3 * (row - 1) + spread_column(spread, terciles)).astype(np.uint8)


def bivariate_labels() -> tuple[str, ...]:
    """Return the legend text of classes 1 to 9."""
    return tuple(f"{row} level × {column} spread" for row in ROWS for column in COLUMNS)
