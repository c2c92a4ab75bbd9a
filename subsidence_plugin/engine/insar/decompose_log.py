"""What the decomposition of line-of-sight series says in the log."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..progress import Progress
from .dates import describe_dates
from .los import Decomposition
from .timeline import BOTH, STEP

WORDS = {"U": "Vertical (U)", "E": "East (E)"}


def say_north(
    decomposition: Decomposition, north: Optional[np.ndarray], progress: Progress
) -> None:
    """Say what motion northwards adds, or would, to vertical and east."""
    shift = np.median(decomposition.north, axis=0)
    text = f"{shift[0]:+.2f} to vertical and {shift[1]:+.2f} to east"
    if north is None:
        progress.info(
            f"Motion northwards is taken as zero; each mm/yr of it that is there adds {text}."
        )
    else:
        progress.info(
            f"Motion northwards is {north.min():.1f} to {north.max():.1f} mm/yr (gnss_velocity_n) "
            f"and is taken off; neglected, each mm/yr would add {text}."
        )


def say_dates(wanted: np.ndarray, both: int, how: int, max_gap: float, progress: Progress) -> None:
    """Say which dates the series have, and how many of them are interpolated."""
    progress.info(f"The series have {describe_dates(wanted)}.")
    if how == BOTH:
        return
    what = "these" if how == STEP else "these, all dates of either track"
    progress.info(
        f"Of {what}, {both} are dates of both tracks; at the others a track is interpolated "
        f"linearly between its own dates up to {max_gap:g} days apart, so that neighbouring dates "
        "share information (leave a gap when forecasts are tested)."
    )


def say_component(name: str, velocity: np.ndarray, error: np.ndarray, progress: Progress) -> None:
    """Say how fast the cells move in a component, ``U`` or ``E``."""
    if np.isfinite(velocity).any():
        progress.info(
            f"{WORDS[name]}: velocity {np.nanmin(velocity):.1f} to {np.nanmax(velocity):.1f} "
            f"mm/yr, median {np.nanmedian(velocity):.1f}, median standard error "
            f"{np.nanmedian(error):.2f}."
        )
