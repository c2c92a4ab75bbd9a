"""What the members of an ensemble measure: displacement, of which |d| counts, or probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError

#: Choices by the integer of QUANTITY.
QUANTITIES = ("automatic", "deformation", "probability")


@dataclass(frozen=True)
class Quantity:
    """The quantity of the members.

    Parameters
    ----------
    probability : bool
        Values from 0 to 1, whose magnitude is the value itself; else signed displacements.
    units : str
        Empty where unknown.
    reason : str
        How that was found out, for the log.
    """

    probability: bool
    units: str
    reason: str

    @property
    def symbol(self) -> str:
        """What is compared with the quantiles, in short."""
        return "p" if self.probability else "|d|"

    @property
    def text(self) -> str:
        """What is compared with the quantiles, in words."""
        if self.probability:
            return "probability"
        return "magnitude of the deformation"

    def value(self, number: float) -> str:
        """Return a number with its unit."""
        unit = "" if self.probability or not self.units else f" {self.units}"
        return f"{number:.4g}{unit}"

    def check(self, low: float, high: float) -> None:
        """Refuse probabilities outside 0 to 1."""
        if self.probability and (low < 0 or high > 1):
            raise InputError(
                f"The members hold values from {low:g} to {high:g}, but probabilities lie between "
                "0 and 1; set QUANTITY to deformation, or give other rasters."
            )


def quantity_of(choice: int, units: Sequence[str]) -> Quantity:
    """Return the quantity, as chosen or from the units in the metadata of the rasters.

    Raises
    ------
    InputError
        Some rasters are in other units than others.
    """
    known = sorted({unit for unit in units if unit})
    if len(known) > 1:
        raise InputError(
            f"The members are in different units ({', '.join(known)}); give members of one kind."
        )
    unit = known[0] if known else ""
    if QUANTITIES[choice] != "automatic":
        return Quantity(QUANTITIES[choice] == "probability", unit, "chosen in QUANTITY")
    if not unit:
        return Quantity(False, "", "the rasters name no units, so a signed quantity is taken")
    return Quantity(unit == "probability", unit, "from the units in the metadata")
