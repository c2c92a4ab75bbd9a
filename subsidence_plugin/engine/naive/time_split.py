"""Division of a time series into training, validation and test parts, and windows inside them.

After R, Section 4.1: the first 80 % of the dates train, the next 10 % validate, the last 10 %
test; no target lies across a border.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class TimeSplit:
    """Consecutive parts of ``dates`` dates.

    Parameters
    ----------
    dates : int
        Number of dates.
    validation_share, test_share : float
        Of the dates; the rest trains.
    skipped : tuple of int
        Dates that are no origins: where nothing was measured, a level between two acquisitions
        would know of the later one.
    """

    dates: int
    validation_share: float = 0.1
    test_share: float = 0.1
    skipped: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not (0 <= self.validation_share < 1 and 0 <= self.test_share < 1):
            raise InputError("The shares of validation and test dates must lie between 0 and 1.")
        if self.validation_share + self.test_share >= 0.9:
            raise InputError(
                "Validation and test take "
                f"{100 * (self.validation_share + self.test_share):.0f} % of the dates; leave more "
                "than 10 % for training."
            )

    def bounds(self, part: str) -> tuple[int, int]:
        """Return the first date of a part and the one after its last."""
        test = round((1 - self.test_share) * self.dates)
        validation = round((1 - self.test_share - self.validation_share) * self.dates)
        edges = (0, validation, test, self.dates)
        index = PARTS.index(part)
        return edges[index], edges[index + 1]

    def origins(self, part: str, window: int, horizon: int, gap: int = 0) -> np.ndarray:
        """Return the last input dates of all windows whose targets lie inside a part.

        Parameters
        ----------
        part : str
            One of ``PARTS``.
        window, horizon, gap : int
            Input dates; target dates; dates between the last input and the first target. Inputs
            may reach back before the part, targets may not.

        Returns
        -------
        1d-array of int
            Empty for a part without dates.

        Raises
        ------
        InputError
            The part has dates, but too few for one window.
        """
        first, stop = self.bounds(part)
        if first == stop:
            return np.zeros(0, dtype=int)
        low = max(first - gap - 1, window - 1)
        origins = np.arange(low, stop - gap - horizon)
        origins = origins[~np.isin(origins, self.skipped)]
        if len(origins) == 0:
            raise InputError(self._too_few(part, window, horizon, gap))
        return origins

    def _too_few(self, part: str, window: int, horizon: int, gap: int) -> str:
        first, stop = self.bounds(part)
        fewest = window + gap + horizon if part == "train" else horizon
        if window + gap + horizon > stop:
            fewest = window + gap + horizon - first
        return (
            f"The {part} part has {stop - first} of the {self.dates} dates, but a window of "
            f"{window} dates, a gap of {gap} and a horizon of {horizon} need {fewest} there; use a "
            "shorter HORIZON or WINDOW, a larger share for this part, or a longer series."
        )
