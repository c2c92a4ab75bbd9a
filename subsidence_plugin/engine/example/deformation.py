"""Planted deformation: bowls, an accelerating one, a fault, seasons; known in place and size."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from .fields import generator, smooth_noise

#: Rate (mm/yr) that a probability of 1 adds, and the exponent of the probability.
RATE, EXPONENT = 14.0, 1.3


@dataclass(frozen=True)
class Bowl:
    """A subsidence bowl, Gaussian in section.

    Parameters
    ----------
    kind : {"steady", "seasonal", "accelerating"}
        Constant rate; pumped in the dry season; rate growing exponentially.
    x, y : float
        Centre, metres in the area's CRS.
    radius : float
        Standard deviation of the Gaussian, m.
    total : float
        Displacement of the centre at the end, mm (negative).
    """

    kind: str
    x: float
    y: float
    radius: float
    total: float


@dataclass(frozen=True)
class Fault:
    """A straight fault: the side to the right of ``x1, y1 → x2, y2`` creeps and slips once.

    ``creep`` in mm/yr and ``slip`` in mm (both negative) at the fault, falling off exponentially
    over ``decay`` metres; ``slip_date`` is an ISO date.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    creep: float
    slip: float
    slip_date: str
    decay: float


@dataclass(frozen=True)
class Planted:
    """All that was planted; ``as_dict`` goes into the metadata of the points."""

    bowls: tuple[Bowl, ...]
    fault: Fault

    def as_dict(self) -> dict:
        """Return plain values for JSON."""
        return {"bowls": [asdict(b) for b in self.bowls], "fault": asdict(self.fault)}


def plant(
    susceptibility: np.ndarray, bounds: tuple[float, float, float, float], days: np.ndarray,
    first_day: np.datetime64, seed: int,
) -> Planted:  # fmt: skip
    """Return bowls at the summits of a smoothed probability, and a fault across the area.

    Parameters
    ----------
    susceptibility : (rows, columns) array
        Smoothed truth without NaN.
    bounds : (x minimum, y minimum, x maximum, y maximum)
    days : 1d-array
        Days since ``first_day`` of the dates.
    first_day : datetime64
    seed : int
    """
    rng = generator(seed, "deformation")
    x0, y0, x1, y1 = bounds
    side = min(x1 - x0, y1 - y0)
    years = days[-1] / 365.25
    kinds = ("accelerating", "steady", "seasonal", "steady", "seasonal")
    bowls = []
    for kind, (row, column) in zip(kinds, _summits(susceptibility, len(kinds), 0.2)):
        rate = rng.uniform(12, 22) * (1.3 if kind == "accelerating" else 1.0)
        x = x0 + (column + 0.5) / susceptibility.shape[1] * (x1 - x0)
        y = y1 - (row + 0.5) / susceptibility.shape[0] * (y1 - y0)
        radius = rng.uniform(0.045, 0.075) * side
        total = -rate * years
        bowls.append(Bowl(kind, round(x, 1), round(y, 1), round(radius, 1), round(total, 1)))
    return Planted(tuple(bowls), _fault(bounds, days, first_day, rng))


def _fault(bounds, days, first_day, rng: np.random.Generator) -> Fault:
    """Return a fault from the south-west to the north-east edge, slipping before the middle."""
    x0, y0, x1, y1 = bounds
    start, stop = rng.uniform(0.05, 0.3), rng.uniform(0.65, 0.9)
    slip = first_day + np.timedelta64(int(days[-1] * rng.uniform(0.35, 0.5)), "D")
    side = min(x1 - x0, y1 - y0)
    ends = x0 + start * (x1 - x0), y0, x0 + stop * (x1 - x0), y1
    return Fault(*(round(e, 1) for e in ends), -5.0, -9.0, str(slip), round(0.12 * side, 1))


def _summits(field: np.ndarray, count: int, apart: float) -> list[tuple[int, int]]:
    """Return the highest cells that are ``apart`` (share of the shorter side) from each other."""
    rows, columns = np.indices(field.shape)
    free, found = field.astype(float).copy(), []
    for _ in range(count):
        row, column = np.unravel_index(np.argmax(free), field.shape)
        found.append((int(row), int(column)))
        near = np.hypot(rows - row, columns - column) < apart * min(field.shape)
        free[near] = -np.inf
    return found


def displacement(
    planted: Planted, x: np.ndarray, y: np.ndarray, probability: np.ndarray, years: np.ndarray,
    slip_year: float,
) -> np.ndarray:  # fmt: skip
    """Return the displacement (points, dates) in mm without noise, 0 at the first date.

    The sum of a creep that grows with the probability of the truth, the bowls, the fault and an
    annual signal (heave after the rains) whose size also grows with the probability.

    Parameters
    ----------
    planted : Planted
    x, y : 1d-array
        Metres.
    probability : 1d-array
        Truth around each point.
    years : 1d-array
        Since the first date.
    slip_year : float
        When the fault slips, in years since the first date.
    """
    creep = -RATE * probability**EXPONENT - 0.3
    total = creep[:, None] * years[None, :]
    for bowl in planted.bowls:
        shape = np.exp(-((x - bowl.x) ** 2 + (y - bowl.y) ** 2) / (2 * bowl.radius**2))
        total += bowl.total * shape[:, None] * _course(bowl.kind, years / years[-1], years)
    side = _beyond(planted.fault, x, y)
    moving = planted.fault.creep * years + planted.fault.slip * (years >= slip_year)
    total += side[:, None] * moving[None, :]
    # wet years and dry years: the annual signal is not the same every year
    swell = (1 + 0.35 * np.sin(2 * np.pi * years / 3.3)) * np.sin(2 * np.pi * (years - 0.45))
    size = 1.2 + 4.0 * probability
    total += size[:, None] * (swell - swell[0])[None, :]
    return total


def _course(kind: str, share: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Return the course of a bowl in time, 0 at the start and 1 at the end."""
    if kind == "accelerating":
        return np.expm1(2.5 * share) / np.expm1(2.5)
    if kind == "seasonal":
        pumped = years - np.sin(2 * np.pi * years) / (2 * np.pi) * 0.9
        return pumped / pumped[-1]
    return share


def _beyond(fault: Fault, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return 1 just beyond the fault falling off to 0 away from it, 0 on the near side."""
    dx, dy = fault.x2 - fault.x1, fault.y2 - fault.y1
    right = ((x - fault.x1) * dy - (y - fault.y1) * dx) / np.hypot(dx, dy)
    return np.where(right > 0, np.exp(-np.abs(right) / fault.decay), 0.0)


def measurement_noise(
    shape: tuple[int, int], rows: np.ndarray, columns: np.ndarray, years: np.ndarray, seed: int
) -> np.ndarray:
    """Return (points, dates) of noise in mm: white, of the atmosphere, and own motion.

    The white part has its own size at each point (0.9 to 3 mm); what is left of the atmosphere
    varies smoothly in space and is correlated from date to date (0.8 mm); every building also
    moves a little by itself (0.6 mm/yr).
    """
    dates = len(years)
    rng = generator(seed, "measurement noise")
    size = np.clip(rng.lognormal(np.log(1.5), 0.3, len(rows)), 0.9, 3.0)
    noise = rng.standard_normal((len(rows), dates)) * size[:, None]
    noise += rng.normal(0, 0.6, len(rows))[:, None] * years[None, :]
    for pattern in range(5):
        field = smooth_noise(shape, 0.12, seed, f"atmosphere {pattern}", 3.0)
        field = 0.8 / np.sqrt(5) * field[rows, columns].astype(float)
        noise += field[:, None] * _drift(rng, dates)[None, :]
    return noise


def _drift(rng: np.random.Generator, dates: int, memory: float = 0.6) -> np.ndarray:
    """Return a first-order autoregressive series of standard deviation 1."""
    values = rng.standard_normal(dates)
    for i in range(1, dates):
        values[i] = memory * values[i - 1] + np.sqrt(1 - memory**2) * values[i]
    return values
