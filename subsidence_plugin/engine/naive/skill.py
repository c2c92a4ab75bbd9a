"""Skill of a forecast against the best of the simple ones, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .scores import Scores

#: Pooled metrics of a table, and its columns.
ORDER = ("RMSE", "MAE", "Bias", "R2", "R2_increments")
COLUMNS = (
    "model", "baseline", "split", "step", "values", "rmse", "mae", "bias", "r2", "r2_increments",
    "skill",
)  # fmt: skip

#: A gain at no more than this share of the origins may be chance.
CHANCE = 0.6


@dataclass(frozen=True)
class Skill:
    """How a model does against baselines: 1 − RMSE / RMSE of the best baseline.

    Parameters
    ----------
    model : str
        Name among the scores.
    by_horizon : (horizon,) array
        Against the best baseline of each horizon, which only hindsight can pick.
    best_by_horizon : list of str
        Its name.
    overall : float
        Skill by the RMSE pooled over all horizons, against the baseline that is best by it.
    best : str
        Name of that baseline.
    rmse, best_rmse : float
        Pooled RMSE in mm, of the model and of that baseline.
    origins_ahead, origins : int
        At how many of the origins the model has a smaller RMSE than that baseline; 0 of 0 where
        the scores do not tell origins apart.
    overlap : bool
        Whether origins share target dates: then they are not independent.
    """

    model: str
    by_horizon: np.ndarray
    best_by_horizon: list[str]
    overall: float
    best: str
    rmse: float
    best_rmse: float
    origins_ahead: int = 0
    origins: int = 0
    overlap: bool = False

    @property
    def may_be_chance(self) -> bool:
        """Whether the model is ahead overall, but at few more than half of the origins."""
        return self.overall > 0 and self.origins > 1 and (
            self.origins_ahead <= CHANCE * self.origins
        )  # fmt: skip


def skill(scores: Scores, model: str, baselines: Sequence[str]) -> Skill:
    """Compare a model with the baselines that were scored on the same values.

    Parameters
    ----------
    scores : Scores
    model : str
    baselines : sequence of str
        Names among the scores; the earlier one wins a tie.
    """
    own, pooled = scores.rmse(model), float(scores.rmse(model, True))
    each = np.array([scores.rmse(name) for name in baselines])
    overall = np.array([scores.rmse(name, True) for name in baselines])
    best = int(np.argmin(overall))
    places = np.argmin(np.where(np.isnan(each), np.inf, each), axis=0)
    return Skill(
        model, _skill(own, each.min(axis=0)), [baselines[place] for place in places],
        float(_skill(pooled, overall[best])), baselines[best], pooled, float(overall[best]),
        *scores.ahead(model, baselines[best]),
    )  # fmt: skip


def _skill(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return 1 − own / other; 0 where both are without error."""
    own, other = np.asarray(own, float), np.asarray(other, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((own == 0) & (other == 0), 0.0, 1 - own / other)[()]


def lead(found: Skill, titles: Mapping[str, str], where: str = "the test part") -> str:
    """Return whether the model beats the best baseline, by how much, and where it does not.

    Parameters
    ----------
    found : Skill
    titles : mapping of str to str
        What models and baselines are called, by name.
    where : str
        The values scored, as the end of "on …".
    """
    model, other = titles[found.model], titles[found.best]
    horizon = len(found.by_horizon)
    span = f"over 1 to {horizon} steps" if horizon > 1 else "at 1 step"
    figures = (
        f"skill {signed(found.overall)}; RMSE {found.rmse:.2f} against {found.best_rmse:.2f} mm "
        f"{span}"
    )
    if found.origins > 1:
        figures += f"; ahead at {found.origins_ahead} of {found.origins} origins"
        figures += ", which overlap" if found.overlap else ""
    if found.overall > 0:
        gain = (
            f"{100 * found.overall:.1f} %{', which may be chance' if found.may_be_chance else ''}"
        )
        start = f"On {where}, {model} beats {other}, the best baseline, by {gain} ({figures})"
        return start + _where_not(found, titles)
    start = f"On {where}, {model} does not beat {other} ({figures})"
    good = np.flatnonzero(found.by_horizon > 0) + 1
    if len(good):
        return f"{start}; {_at(good)} alone it beats every baseline."
    return f"{start}, nor the best baseline of any step." if horizon > 1 else f"{start}."


def _where_not(found: Skill, titles: Mapping[str, str]) -> str:
    """Return the end of the lead: the steps at which some baseline is at least as good."""
    bad = np.flatnonzero(found.by_horizon <= 0)
    if len(bad) == 0:
        return ", and every baseline at every step." if len(found.by_horizon) > 1 else "."
    rivals = list(dict.fromkeys(titles[found.best_by_horizon[place]] for place in bad))
    return f"; {_at(bad + 1)} it does not beat the best one ({', '.join(rivals)})."


def signed(value: float) -> str:
    """Return a skill as people write it: three decimals only where two would say nothing."""
    text = f"{value:.2f}" if abs(value) >= 0.005 else f"{value:.3f}"
    text = text if text.strip("-0.") else text.lstrip("-")
    return text.replace("-", "\u2212")


def _at(steps: Sequence[int]) -> str:
    return f"at step{'s' if len(steps) > 1 else ''} {step_ranges(steps)}"


def step_ranges(steps: Sequence[int]) -> str:
    """Return whole numbers as "1 to 3, 7, 9 and 10"."""
    runs: list[list[int]] = []
    for step in steps:
        if runs and step == runs[-1][1] + 1:
            runs[-1][1] = int(step)
        else:
            runs.append([int(step), int(step)])
    texts: list[str] = []
    for first, last in runs:
        # Two neighbours are named one by one: "7 to 8" promises more.
        texts += [f"{first} to {last}"] if last > first + 1 else map(str, range(first, last + 1))
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def score_columns(
    scores: Scores,
    titles: Mapping[str, str],
    baselines: Sequence[str],
    split: str = "test",
) -> dict[str, list]:
    """Return the scores as a table: a row a model and horizon, step 0 for all steps pooled.

    Parameters
    ----------
    scores : Scores
    titles : mapping of str to str
        Text by name.
    baselines : sequence of str
        Their names; skill is against the best of them at that step (of 0: overall).
    split : str
        Part of the dates, written into each row.

    Returns
    -------
    dict of str to list
        ``model``, ``baseline`` (1 or 0), ``split``, ``step``, ``values``, ``rmse``, ``mae``,
        ``bias`` (mm), ``r2``, ``r2_increments``, ``skill``.
    """
    columns: dict[str, list] = {name: [] for name in COLUMNS}
    for name in scores.names:
        against = skill(scores, name, baselines)
        pooled = scores.metrics(name)
        rows = [(0, scores.count.sum(), *(pooled[key] for key in ORDER), against.overall)]
        rows += zip(
            range(1, scores.horizon + 1), scores.count, scores.rmse(name), scores.mae(name),
            scores.bias(name), scores.r2(name), scores.r2(name, increments=True),
            against.by_horizon,
        )  # fmt: skip
        for step, count, *values in rows:
            cells = (titles[name], int(name in baselines), split, step, int(count))
            for column, cell in zip(columns.values(), (*cells, *map(float, values))):
                column.append(cell)
    return columns
