"""The explanation as columns of tables: ranking of the factors, and fields of the samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..models.card import Card
from ..prediction.matching import card_rules
from .result import Explanation

PREFIX = "shap_"
PREDICTION, BASE = "prediction", "base_value"


def ranking_columns(explanation: Explanation) -> dict[str, list]:
    """Return the ranking, strongest factor first.

    Columns: rank, factor, kind, mean |SHAP|, its share of the sum, mean SHAP, standard error of a
    row's value (root mean square over the rows), and direction (correlation of value and SHAP).
    """
    order = explanation.order
    error = explanation.standard_error
    columns = {
        "mean_abs_shap": explanation.mean_absolute,
        "share": explanation.share,
        "mean_shap": explanation.shap.mean(axis=0),
        "standard_error": np.full(len(order), np.nan) if error is None else error,
        "direction": explanation.direction,
    }
    return {
        "rank": list(range(1, len(order) + 1)),
        "factor": [explanation.names[i] for i in order],
        "kind": [explanation.kinds[i] for i in order],
        **{name: values[order].astype(np.float64) for name, values in columns.items()},
    }


def sample_fields(explanation: Explanation) -> dict[str, np.ndarray]:
    """Return the fields that the samples get: prediction, base value, one a factor."""
    fields = {
        PREDICTION: explanation.prediction,
        BASE: np.full(len(explanation), explanation.base),
    }
    for name, values in zip(explanation.names, explanation.shap.T):
        fields[f"{PREFIX}{name}"] = np.ascontiguousarray(values)
    return fields


def joined_fields(columns: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns and the new ones; old ones of the same name, whatever the case, go."""
    taken = {name.casefold() for name in new}
    return {**{k: v for k, v in columns.items() if k.casefold() not in taken}, **new}


def category_texts(card: Card) -> dict[str, dict[float, str]]:
    """Return what the class codes of each factor mean, by the rules in the card."""
    texts = {}
    for factor in card.factors:
        rule = card_rules(card).get(factor.name.casefold())
        if factor.kind == "classes" and rule and rule.labels:
            texts[factor.name] = {float(c): text for c, text in enumerate(rule.labels, 1) if text}
    return texts


def style_bounds(shap: np.ndarray) -> dict[str, str]:
    """Return the numbers of the diverging styles, symmetrical around zero."""
    limit = style_limit(shap)
    steps = {"3": limit, "2": limit / 2, "1": limit / 5}
    high = {f"high{step}": f"{value:g}" for step, value in steps.items()}
    return {**high, **{f"low{step}": f"{-value:g}" for step, value in steps.items()}}


def style_limit(shap: np.ndarray) -> float:
    """Return a round number that all but 1 % of the |values| stay within, for a colour ramp."""
    size = float(np.quantile(np.abs(shap), 0.99)) if shap.size else 0.0
    if size <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(size))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= size * (1 - 1e-9)))
