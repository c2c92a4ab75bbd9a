"""Section 5 of the Rhineland paper as a decision table: which monitoring or measure, where.

Every pixel gets the first rule that fits it. The paper names the rules one by one in Sections 4.4
and 5; their order is this plugin's decision, from the most urgent to the least.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from .quantiles import largest_at_most, smallest_at_least


@dataclass(frozen=True)
class Rule:
    """One class of the map: its legend text, which is the action, and the condition in words."""

    label: str
    condition: str


#: The classes 1 to 7, in the order in which they are tried.
RULES = (
    Rule("Robust high: intervene first", "level high, spread low"),
    Rule("Unstable high: verify in the field before building", "level high, spread high"),
    Rule("Dense monitoring (GNSS, corner reflectors)", "residual high, spread high"),
    Rule("Densify monitoring, verify", "exceedance high, residual high"),
    Rule("Densify, recalibrate thresholds", "spread or exceedance high, residual not high"),
    Rule("Model bias: check data", "residual high, spread not high"),
    Rule("Routine: low-frequency inspection", "none of the above"),
)


def conditions(exceedance: bool, levels: bool) -> list[str]:
    """Return the condition of each class in words, as it is decided with what is given.

    ``prioritise`` lets the exceedance stand for absent levels, and levels for an absent
    exceedance; with both, a high level counts as exceedance.
    """
    first = "level high" if levels else "exceedance high"
    either = "exceedance or level" if levels else "exceedance"
    other = either if exceedance else "level"
    any_of = f"spread, {other}" if other == "exceedance or level" else f"spread or {other}"
    words = {
        0: f"{first}, spread low", 1: f"{first}, spread high",
        3: f"{other} high, residual high", 4: f"{any_of} high, residual not high",
    }  # fmt: skip
    return [words.get(place, rule.condition) for place, rule in enumerate(RULES)]


@dataclass(frozen=True)
class Bounds:
    """From where values are high: quantile and minimum of one quantity over the valid pixels."""

    quantile: float
    minimum: float

    def high(self, values: np.ndarray) -> np.ndarray:
        """Tell which values (float32) are high: they reach the quantile and exceed the minimum.

        Many pixels may share the quantile's value: an exceedance probability of 1 is then high,
        one of 0 is not, and where all values are the same none is.
        """
        above_all = values > largest_at_most(self.minimum)
        return above_all & (values >= smallest_at_least(self.quantile))


def low(values: np.ndarray, quantile: float) -> np.ndarray:
    """Tell which values (float32) are at or below a quantile."""
    return values <= largest_at_most(quantile)


def prioritise(
    spread_high: np.ndarray,
    spread_low: np.ndarray,
    exceeds: np.ndarray,
    residual_high: Optional[np.ndarray] = None,
    level_high: Optional[np.ndarray] = None,
) -> np.ndarray:
    """Return the class 1 to 7 of each pixel (``RULES``).

    Parameters
    ----------
    spread_high, spread_low : 1d-arrays of bool
        U; a spread may be neither. Where both hold (nothing but one value), it is low.
    exceeds : 1d-array of bool
        P, the exceedance probability is high.
    residual_high : 1d-array of bool, optional
        R; absent counts as not high.
    level_high : 1d-array of bool, optional
        The level is High or Highest; the first two rules ask for it, and such a pixel counts as P
        as well. Absent, P stands for it.
    """
    if residual_high is None:
        residual_high = np.zeros_like(exceeds)
    if level_high is None:
        level_high = exceeds
    exceeds = exceeds | level_high
    spread_high = spread_high & ~spread_low
    conditions = [
        level_high & spread_low,
        level_high & spread_high,
        residual_high & spread_high,
        exceeds & residual_high,
        (spread_high | exceeds) & ~residual_high,
        residual_high & ~spread_high,
    ]
    return np.select(conditions, range(1, len(RULES)), len(RULES)).astype(np.uint8)
