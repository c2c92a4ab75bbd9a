"""What the report of ``explainmodel`` says in words."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..explanation.result import NUMBER, Explanation
from .explanation_figures import MOST_ROWS, decimals
from .sections import MINUS

#: Correlation of value and SHAP value from which a direction is said in words.
CLEAR = 0.4
#: Share of all effects that the first sentence counts factors for.
MOST_OF_IT = 0.8
#: Longest text of a class beside a bar.
LONGEST_MEANING = 28


def unit_of(explanation: Explanation) -> str:
    """Return what the values are shares of: probability or log-odds, recalibrated or not."""
    return ("recalibrated " if explanation.calibrated else "") + explanation.scale


def rows_in_words(explanation: Explanation) -> str:
    """Return how many rows of which parts were explained, for captions."""
    parts = Counter(explanation.split or [""] * len(explanation))
    names = {"train": "training ", "": "other " if len(parts) > 1 else ""}
    texts = [
        f"{count:,} {names.get(part, part + ' ')}row{'s' if count != 1 else ''}"
        for part, count in parts.items()
    ]
    return ", ".join(texts[:-1]) + " and " * (len(texts) > 1) + texts[-1]


def dots_in_words(explanation: Explanation) -> str:
    """Return which rows are drawn as dots: the explained ones, or a part of many."""
    rows = rows_in_words(explanation)
    return rows if len(explanation) <= MOST_ROWS else f"{MOST_ROWS:,} of {rows}, drawn at random"


def lead(explanation: Explanation) -> str:
    """Return the first sentences: which factors drive the model, by how much, on which rows."""
    strength, order = explanation.mean_absolute, explanation.order
    rows, unit = rows_in_words(explanation), unit_of(explanation)
    if not strength.any():
        return (
            f"On {rows} the model always predicts the same {unit} "
            f"({explanation.prediction[0]:.3f}): every SHAP value is 0, no factor drives it."
        )
    digits = decimals(strength)
    first = order[0]
    text = (
        f"On {rows}, {explanation.names[first]} drives the model most: it moves the {unit} by "
        f"{strength[first]:.{digits}f} on average{_direction(explanation, first)}"
    )
    followers = [f"{explanation.names[i]} ({strength[i]:.{digits}f})" for i in order[1:3]]
    text += f"; {' and '.join(followers)} follow." if len(followers) == 2 else "."
    return f"{text}{_most_of_it(explanation)} This explains the model, not the ground."


def _direction(explanation: Explanation, factor: int) -> str:
    words = {"raise it": ", higher values raising it", "lower it": ", higher values lowering it"}
    return words.get(higher_values(explanation.direction[factor]), "")


def _most_of_it(explanation: Explanation) -> str:
    total = len(explanation.names)
    if total < 4:
        return ""
    shares = np.cumsum(explanation.share[explanation.order])
    count = int(np.searchsorted(shares, MOST_OF_IT - 1e-9)) + 1
    return (
        f" {count} of {total} factors make up {100 * shares[count - 1]:.0f} % of all factors' "
        "effects."
    )


def higher_values(correlation: float) -> str:
    """Return what higher values of a factor do, from the correlation of value and SHAP value."""
    if correlation != correlation:
        return "–"
    if abs(correlation) < CLEAR:
        return "mixed"
    return "raise it" if correlation > 0 else "lower it"


def factor_text(explanation: Explanation, name: str, value: float) -> str:
    """Return a factor and its value as text: what a code means where that is known."""
    return value_text(name, value, explanation.categories.get(name, {}).get(float(value), ""))


def value_text(name: str, value: float, meaning: str) -> str:
    """Return a factor and its value as text, by the meaning of its code unless that is long."""
    text = short_numbers(meaning)
    if not text or len(text) > LONGEST_MEANING:
        return f"{name} = {value:.4g}".replace("-", MINUS)
    return f"{name} {text}" if text[0] in "≤≥<>" else f"{name}: {text}"


def short_numbers(text: str) -> str:
    """Return the text of a class with four digits a number."""
    return NUMBER.sub(lambda found: f"{float(found[0]):.4g}".replace("-", MINUS), text)


def meanings(explanation: Explanation) -> str:
    """Return what the codes of each factor stand for, a paragraph a factor by rank."""
    paragraphs = []
    for index in explanation.order:
        name = explanation.names[index]
        known = explanation.categories.get(name, {})
        if known:
            texts = [f"{code:g}: {short_numbers(known[code])}" for code in sorted(known)]
            paragraphs.append(f"{name}. {'; '.join(texts)}.")
    return "\n\n".join(paragraphs)
