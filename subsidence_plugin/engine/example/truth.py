"""The known truth: a subsidence probability driven by six declared factors, and by no other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: Mean absolute contribution of each driver to the logit, relative to each other: the order and
#: size of the mean |SHAP| in the paper (section 6.1, Figure 7). What a test of SHAP compares with.
DRIVERS = {
    "holocene_thickness": 0.11,
    "groundwater": 0.10,
    "band5": 0.065,
    "engineering_geology": 0.055,
    "hydrogeology": 0.04,
    "band7": 0.03,
}
#: The one interaction: thick sediments *and* a level drawn down weigh more than their sum.
INTERACTION = ("holocene_thickness", "groundwater", 0.03)
#: Contribution of the categories before scaling (0 is unused, then codes 1, 2, …).
GEOLOGY = (0.0, -4.2, 1.7, 0.3, 0.9, -0.9, 0.1, -1.3)
AQUIFERS = (0.0, 0.4, -1.6, 1.5, -0.5, -3.0)
#: Share of cells that subside, and AUC of the probability for labels drawn from it.
PREVALENCE, BAYES_AUC = 0.10, 0.92


def contributions(drivers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the contribution of each driver and of the interaction to the logit.

    Continuous drivers act through thresholds (logistic steps), categorical ones by a value a
    group. Each contribution has mean 0 and, over the area, the mean absolute value declared in
    ``DRIVERS`` and ``INTERACTION``.

    Parameters
    ----------
    drivers : mapping of factor name to (rows, columns) array in the factor's unit
    """
    thick = _step(drivers["holocene_thickness"], 15.0, 2.2)
    drawn = _step(drivers["groundwater"], -5.0, -1.8)
    shapes = {
        "holocene_thickness": thick + 0.25 * drivers["holocene_thickness"] / 32,
        "groundwater": drawn,
        "band5": _step(drivers["band5"], 0.156, -0.005),
        "engineering_geology": _lookup(GEOLOGY, drivers["engineering_geology"]),
        "hydrogeology": _lookup(AQUIFERS, drivers["hydrogeology"]),
        "band7": _step(drivers["band7"], 0.122, 0.004),
    }
    parts = {name: _weighted(shapes[name], weight) for name, weight in DRIVERS.items()}
    first, second, weight = INTERACTION
    both = (thick - np.float32(thick.mean())) * (drawn - np.float32(drawn.mean()))
    parts[f"{first} x {second}"] = _weighted(both, weight)
    return parts


def truth_probability(drivers: Mapping[str, np.ndarray]) -> tuple[np.ndarray, dict[str, float]]:
    """Return the probability of subsidence (float32) and the gain and offset of its logit.

    The logit is offset + gain × sum of contributions; both numbers are solved so that the mean
    probability is ``PREVALENCE`` and the AUC of the probability itself, for labels drawn from it
    cell by cell (presence in proportion to p, absence to 1 - p), is ``BAYES_AUC``. No model can
    do better, so this is the Bayes AUC.
    """
    score = sum(contributions(drivers).values())
    few = np.quantile(score.ravel()[:: max(1, score.size // 400_000)], np.linspace(0, 1, 4001))
    low, high = 1.0, 200.0
    for _ in range(40):
        gain = (low * high) ** 0.5
        p = _logistic(_offset(gain * few) + gain * few)
        low, high = (gain, high) if bayes_auc(p) < BAYES_AUC else (low, gain)
    offset = _offset(gain * few)
    p = _logistic(np.float32(offset) + np.float32(gain) * score).astype(np.float32)
    return p, {"gain": round(float(gain), 4), "offset": round(float(offset), 4)}


def bayes_auc(probability: np.ndarray, uniform_absence: bool = False) -> float:
    """Return the AUC of a probability for labels drawn from it, exactly (no sampling).

    Parameters
    ----------
    probability : array
        NaN is left out.
    uniform_absence : bool
        Absence points are drawn anywhere, as ``absencepoints`` does, and not in proportion to
        1 - p; the AUC is then a little lower.
    """
    p = np.asarray(probability, dtype=np.float64).ravel()
    p = np.sort(p[~np.isnan(p)])
    absence = np.ones_like(p) if uniform_absence else 1 - p
    _values, start = np.unique(p, return_index=True)
    presence_of = np.add.reduceat(p, start)
    absence_of = np.add.reduceat(absence, start)
    below = np.cumsum(absence_of) - absence_of / 2  # half of the ties
    return float(np.sum(presence_of * below) / (presence_of.sum() * absence_of.sum()))


def _step(values: np.ndarray, threshold: float, width: float) -> np.ndarray:
    return _logistic((values - np.float32(threshold)) / np.float32(width))


def _lookup(table: tuple[float, ...], codes: np.ndarray) -> np.ndarray:
    return np.array(table, dtype=np.float32)[codes.astype(np.intp)]


def _weighted(shape: np.ndarray, weight: float) -> np.ndarray:
    """Return the shape with mean 0 and mean absolute value ``weight``."""
    centred = shape - np.float32(shape.mean(dtype=np.float64))
    size = float(np.abs(centred).mean(dtype=np.float64))
    return centred * np.float32(weight / (size or 1.0))


def _logistic(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def _offset(score: np.ndarray) -> float:
    """Return the offset with which the logistic of ``score`` has the mean ``PREVALENCE``."""
    low, high = -50.0, 50.0
    for _ in range(50):
        middle = (low + high) / 2
        mean = _logistic(middle + score).mean()
        low, high = (middle, high) if mean < PREVALENCE else (low, middle)
    return middle
