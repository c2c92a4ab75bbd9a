"""Words in the figures of a place, which the panel puts in the user's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Words:
    """Texts of the figures; those with braces are filled in.

    ``factor`` turns a factor and its value or class, as the engine writes them, into a label.
    """

    probability: str = "probability"
    recalibrated_probability: str = "recalibrated probability"
    log_odds: str = "log-odds"
    recalibrated_log_odds: str = "recalibrated log-odds"
    others: str = "{count} others together"
    waterfall: str = "Prediction {prediction}, from the mean {mean} (dashed)"
    displacement: str = "Displacement ({unit})"
    observed: str = "observed"
    forecast: str = "forecast"
    forecast_from: str = "from {date}"
    interval: str = "{percent} % interval"
    some_interval: str = "interval"
    origin: str = "origin {date}"
    last: str = "last {date}: {value}"
    whole: str = "All dates"
    recent: str = "Around the forecast"
    factor: Callable[[str], str] = str

    def unit(self, name: str) -> str:
        """Return what SHAP values are shares of, in the words of the figures."""
        return {
            "probability": self.probability,
            "recalibrated probability": self.recalibrated_probability,
            "log-odds": self.log_odds,
            "recalibrated log-odds": self.recalibrated_log_odds,
        }.get(name, name)
