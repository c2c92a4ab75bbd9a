"""Line-of-sight displacement of two tracks to vertical and east, with the error propagated.

For a point that moves by (east, north, up), a track with the unit vector (e, n, u) from the ground
to the satellite sees e·east + n·north + u·up. With north known or neglected, two tracks give two
equations for east and up (Fuhrmann & Garthwaite 2019, Remote Sensing 11, 241).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError

#: Least determinant of the two equations: below, both tracks look almost alike.
LEAST_DETERMINANT = 0.05
LOS_FIELDS = ("los_east", "los_north", "los_up")
ANGLE_FIELDS = ("incidence_angle", "track_angle")


def los_vector(incidence: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """Return (points, 3) unit vectors east, north, up from the ground to the satellite.

    Parameters
    ----------
    incidence : array
        Angle between the vertical and the line of sight at the ground, degrees.
    heading : array
        Direction of flight clockwise from north, degrees (``track_angle``); right-looking.
    """
    incidence, heading = np.radians(incidence), np.radians(heading)
    return np.stack(
        [
            -np.sin(incidence) * np.cos(heading),
            np.sin(incidence) * np.sin(heading),
            np.cos(incidence),
        ],
        axis=-1,
    )


def vectors_of(
    columns: Mapping[str, np.ndarray],
    count: int,
    what: str,
    incidence: Optional[float] = None,
    heading: Optional[float] = None,
) -> np.ndarray:
    """Return the unit vectors of points from their fields, or from two angles for all.

    Raises
    ------
    InputError
        There are neither fields nor angles, or an incidence is out of range.
    """
    if incidence is not None and heading is not None:
        vectors = np.broadcast_to(los_vector(incidence, heading), (count, 3)).copy()
    elif all(name in columns for name in LOS_FIELDS):
        vectors = np.column_stack([columns[name] for name in LOS_FIELDS])
    elif all(name in columns for name in ANGLE_FIELDS):
        vectors = los_vector(*(columns[name] for name in ANGLE_FIELDS))
    else:
        raise InputError(
            f"{what} has neither the fields los_east, los_north, los_up nor incidence_angle, "
            "track_angle; give its incidence and track angle (advanced parameters)."
        )
    length = np.linalg.norm(vectors, axis=1)
    if (np.abs(length - 1) > 0.05).any() or (vectors[:, 2] <= 0).any():
        raise InputError(
            f"{what} has line-of-sight vectors that are no unit vectors towards the satellite; "
            "check los_east, los_north, los_up or the angles."
        )
    return vectors / length[:, None]


@dataclass
class Decomposition:
    """How two tracks give vertical and east, a row a cell.

    ``weights`` is (cells, 2, 2): [vertical, east] from [first track, second track]; ``north`` is
    (cells, 2): what one unit of north motion, when neglected, adds to vertical and east.
    """

    weights: np.ndarray
    north: np.ndarray

    def components(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return vertical and east of (cells, ...) values of the two tracks."""
        shape = (len(self.weights),) + (1,) * (first.ndim - 1)
        w = self.weights
        return tuple(
            w[:, k, 0].reshape(shape) * first + w[:, k, 1].reshape(shape) * second for k in (0, 1)
        )


def decompose(first: np.ndarray, second: np.ndarray) -> Decomposition:
    """Return the decomposition of two tracks' unit vectors, each (cells, 3).

    Raises
    ------
    InputError
        Both tracks look from the same side.
    """
    determinant = first[:, 0] * second[:, 2] - second[:, 0] * first[:, 2]
    if (np.abs(determinant) < LEAST_DETERMINANT).any():
        raise InputError(
            "Both layers look from nearly the same side, so vertical and east cannot be told "
            "apart; give one ascending and one descending track."
        )
    vertical = np.column_stack([-second[:, 0], first[:, 0]]) / determinant[:, None]
    east = np.column_stack([second[:, 2], -first[:, 2]]) / determinant[:, None]
    weights = np.stack([vertical, east], axis=1)
    north = np.einsum("ckt,ct->ck", weights, np.column_stack([first[:, 1], second[:, 1]]))
    return Decomposition(weights, north)
