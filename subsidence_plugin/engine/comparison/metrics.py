"""Which metrics of a runs table are compared, and whether a larger value is a better one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from ..errors import InputError

#: Compared unless others are asked for: what susceptibility and forecasting models are judged by.
USUAL = ("AUC", "ACC", "Kappa", "RMSE", "MAE", "R2")
#: Asks for all metrics that the groups have in common.
ALL = "all"
LARGER = frozenset(
    "tp tn ppv npv sst spf acc kappa auc ap f1 precision recall sensitivity specificity accuracy "
    "r2 nse skill".split()
)
#: First word (before ``_`` or a blank) of metrics of which less is better.
SMALLER = frozenset("fp fn mae rmse mse mape std brier ece logloss loss crossentropy".split())


def larger_is_better(metric: str) -> Optional[bool]:
    """Tell whether a larger value of the metric is better; None where the metric is not known."""
    words = metric.casefold().replace("²", "2").replace("_", " ").split()
    if not words:
        return None
    # "validation_loss", "RMSE_probability": any word that names an error decides
    if SMALLER.intersection(words):
        return False
    return True if LARGER.intersection(words) else None


def choose_metrics(wanted: Sequence[str], common: Sequence[str], present: Sequence[str]) -> list:
    """Return the metrics to compare.

    Parameters
    ----------
    wanted : sequence of str
        Names, case-blind; empty: those of ``USUAL`` that are common, else all that are;
        ``all``: all that are.
    common, present : sequence of str
        Metrics that every group has, and that any group has.

    Raises
    ------
    InputError
        A metric is absent or not common, or none is common.
    """
    if not common:
        raise InputError(
            "The runs tables have no metric that all models share (they hold "
            f"{', '.join(present) or 'none'}); compare runs of one kind of task."
        )
    if not wanted:
        names = {name.casefold(): name for name in common}
        usual = [names[name.casefold()] for name in USUAL if name.casefold() in names]
        return usual or list(common)
    if [name.casefold() for name in wanted] == [ALL]:
        return list(common)
    found = {name.casefold(): name for name in common}
    for name in wanted:
        if name.casefold() not in found:
            known = name.casefold() in map(str.casefold, present)
            why = "is missing for some models" if known else "is in no runs table"
            raise InputError(
                f"The metric '{name}' (METRICS) {why}; metrics that all have are "
                f"{', '.join(common)}."
            )
    return list(dict.fromkeys(found[name.casefold()] for name in wanted))
