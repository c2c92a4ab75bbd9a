"""What an explanation consists of: plain arrays that the report, the tables and the maps share."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

#: What the values are shares of; the order of the enum ``SCALE``.
SCALES = ("probability", "log-odds")
#: A number in the text of a class, as the rules of reclassification write the ends of ranges.
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@dataclass
class Explanation:
    """Shapley values of rows: ``base + shap.sum(axis=1)`` is ``prediction`` on every row.

    Parameters
    ----------
    names, kinds : list of str
        Factors in the model's order; kinds as ``models.card.KINDS`` (``continuous``, ``classes``,
        ``categorical``).
    values : 2d-array of float32, (rows, factors)
        In the factors' own units; class and category codes as they are.
    shap : 2d-array of float64, (rows, factors)
        On ``scale``.
    base : float
        Mean prediction over the background rows.
    prediction : 1d-array of float64, (rows,)
        On ``scale``.
    scale : str
        One of ``SCALES``.
    calibrated : bool
        Whether the prediction is recalibrated.
    error : 2d-array of float64, (rows, factors), optional
        Standard error of each value, None where one round only was drawn.
    label : 1d-array of int, (rows,), optional
        1 subsidence, 0 none, −1 unknown.
    split : list of str, optional
        Part of each row (``train``, ``validation``, ``test`` or empty).
    ids : list of int, optional
        Feature ids in the samples layer.
    categories : mapping of factor name to mapping of value to text
        What codes mean, where that is known.
    background : int
        Number of background rows.
    rounds : int
        How often permutations were drawn for every background row.
    """

    names: list[str]
    kinds: list[str]
    values: np.ndarray
    shap: np.ndarray
    base: float
    prediction: np.ndarray
    scale: str = SCALES[0]
    calibrated: bool = False
    error: Optional[np.ndarray] = None
    label: Optional[np.ndarray] = None
    split: Optional[list[str]] = None
    ids: Optional[list[int]] = None
    categories: dict[str, dict[float, str]] = field(default_factory=dict)
    background: int = 0
    rounds: int = 1

    @property
    def mean_absolute(self) -> np.ndarray:
        """Mean |SHAP| of each factor, (factors,): what Figure 7 of the Hanoi paper ranks by."""
        return np.abs(self.shap).mean(axis=0)

    @property
    def order(self) -> np.ndarray:
        """Indices of the factors, the strongest first."""
        return np.argsort(-self.mean_absolute, kind="stable")

    @property
    def share(self) -> np.ndarray:
        """Mean |SHAP| as a share of the sum over all factors; 0 where all are zero."""
        strength = self.mean_absolute
        return strength / (strength.sum() or 1.0)

    @property
    def ordered(self) -> np.ndarray:
        """Which factors have an order, (factors,) bool: more of them can be said to raise it.

        These are continuous factors and classes that are ranges of a number; categories and
        classes with names, such as land uses or the sectors of aspect, are not. Classes without
        a known text count as ranges.
        """
        found = []
        for name, kind in zip(self.names, self.kinds):
            texts = self.categories.get(name, {}).values()
            is_named = any(re.sub(r"[\s≤≥<>]|to", "", NUMBER.sub("", text)) for text in texts)
            found.append(kind == "continuous" or (kind == "classes" and not is_named))
        return np.array(found)

    @property
    def direction(self) -> np.ndarray:
        """Pearson correlation of value and SHAP value of each factor.

        NaN for factors that are not ``ordered``, and where value or SHAP value is constant.
        """
        result = np.full(len(self.names), np.nan)
        for index in np.flatnonzero(self.ordered):
            value, shap = self.values[:, index].astype(np.float64), self.shap[:, index]
            if len(value) < 3 or not (np.ptp(value) and np.ptp(shap)):
                continue
            result[index] = np.corrcoef(value, shap)[0, 1]
        return result

    @property
    def standard_error(self) -> Optional[np.ndarray]:
        """Root mean square over the rows of the standard errors of each factor, (factors,)."""
        return None if self.error is None else np.sqrt((self.error**2).mean(axis=0))

    @property
    def additivity(self) -> float:
        """Largest |base + sum − prediction| over the rows."""
        gap = np.abs(self.base + self.shap.sum(axis=1) - self.prediction)
        return float(gap.max()) if len(gap) else 0.0

    def __len__(self) -> int:
        return len(self.shap)


@dataclass
class Sample:
    """One explained place, for the waterfall of Figure 8.

    Parameters
    ----------
    title : str
        Names the place and how it was chosen, for example "sample 12 (chosen)".
    values, shap : 1d-array, (factors,)
    prediction : float
        On the explanation's scale; ``base + shap.sum()``.
    error : 1d-array, (factors,), optional
    label : int, optional
        What was observed there, where that is known.
    row : int, optional
        Its row in the explanation, where it is one of them.
    """

    title: str
    values: np.ndarray
    shap: np.ndarray
    prediction: float
    error: Optional[np.ndarray] = None
    label: Optional[int] = None
    row: Optional[int] = None


@dataclass
class Ice:
    """Predictions of single rows while one factor is varied and the others stay (Appendix C).

    Parameters
    ----------
    factor : str
    kind : str
    grid : 1d-array, (points,)
        Values given to the factor: quantiles of a continuous one, each code of the others.
    curves : 2d-array of float64, (rows, points)
        On the explanation's scale; one curve a row.
    rows : 1d-array of int, (rows,)
        Which rows of the explanation the curves belong to.
    labels : list of str
        Text of each grid value of codes; empty for continuous factors.
    """

    factor: str
    kind: str
    grid: np.ndarray
    curves: np.ndarray
    rows: np.ndarray
    labels: list[str] = field(default_factory=list)

    @property
    def mean(self) -> np.ndarray:
        """Partial dependence: the mean of the curves, (points,)."""
        return self.curves.mean(axis=0)


@dataclass
class Interaction:
    """How two factors act together beyond the sum of their own effects.

    Parameters
    ----------
    first, second : str
        The two strongest factors.
    values : 1d-array of float64, (rows,)
        Shapley interaction of the pair at each row of the explanation: what the pair adds beyond
        the sum of what each adds alone. It is the sum of the two equal off-diagonal entries
        (i, j) and (j, i) of shap's matrix of interaction values.
    error : 1d-array of float64, (rows,)
        Standard error of each.
    first_grid, second_grid : 1d-array
    surface : 2d-array of float64, (first, second)
        Two-way partial dependence over the background rows, on the explanation's scale.
    first_labels, second_labels : list of str
        Text of the grid values of codes; empty for continuous factors.
    first_strength, second_strength : float
        Mean |SHAP| of the two factors, to hold the interaction's against.
    h : float
        Friedman's H of the surface, its grid points taken as the data (Friedman and Popescu
        2008, equation 44): 0 where the two effects add up, 1 where all is interaction.
    """

    first: str
    second: str
    values: np.ndarray
    error: np.ndarray
    first_grid: np.ndarray
    second_grid: np.ndarray
    surface: np.ndarray
    first_labels: list[str] = field(default_factory=list)
    second_labels: list[str] = field(default_factory=list)
    first_strength: float = 0.0
    second_strength: float = 0.0
    h: float = 0.0

    @property
    def strength(self) -> float:
        """Mean |interaction| over the rows."""
        return float(np.abs(self.values).mean())
