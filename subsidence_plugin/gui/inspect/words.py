"""What the panel says, in the user's language."""

from __future__ import annotations

import numpy as np

from ...engine.inspection.place import (
    GONE,
    NO_MODEL,
    NO_PROBABILITY,
    NO_STACK,
    NOT_A_FILE,
    OUTSIDE,
    PlaceReport,
    PlaceShap,
    Series,
    Skipped,
    Value,
)
from ...engine.inspection.words import Words
from ...engine.report.sections import MINUS
from ...layers.labels import translated
from ...translate import tr

#: Kinds whose values are probabilities: three digits and no unit.
PROBABILITIES = ("probability", "spread", "members", "truth", "exceedance", "confidence",
                 "class_probability")  # fmt: skip


def figure_words() -> Words:
    """Return the words of the figures."""
    return Words(
        probability=tr("probability"),
        recalibrated_probability=tr("recalibrated probability"),
        log_odds=tr("log-odds"),
        recalibrated_log_odds=tr("recalibrated log-odds"),
        others=tr("{count} others together"),
        waterfall=tr("Prediction {prediction}, from the mean {mean} (dashed)"),
        displacement=tr("Displacement ({unit})"),
        observed=tr("observed"),
        forecast=tr("forecast"),
        forecast_from=tr("from {date}"),
        interval=tr("{percent} % interval"),
        some_interval=tr("interval"),
        origin=tr("origin {date}"),
        last=tr("last {date}: {value}"),
        whole=tr("All dates"),
        recent=tr("Around the forecast"),
        factor=factor_label,
    )


def factor_label(text: str) -> str:
    """Return a factor and its class with the class in the user's language."""
    name, colon, meaning = text.partition(": ")
    return f"{name}: {translated(meaning)}" if colon else text


def number(value: float, digits: int = 4) -> str:
    """Return a number as text, a dash for none."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.{digits}g}".replace("-", MINUS)


def value_text(value: Value) -> str:
    """Return a value with its unit, a class with its meaning, members with their range."""
    if not np.isfinite(value.value):
        return tr("no value here")
    if value.label:
        return translated(value.label)
    text = decimal(value.value) if value.kind in PROBABILITIES else number(value.value)
    text = f"{text} {value.unit}".strip()
    if value.count:
        low, high = number(value.low, 3), number(value.high, 3)
        said = tr("{value} ({low} to {high}, members: {count})")
        return said.format(value=text, low=low, high=high, count=value.count)
    return text


def decimal(value: float) -> str:
    """Return a probability with three decimals."""
    return f"{value:.3f}".replace("-", MINUS)


def missing_text(report: PlaceReport) -> str:
    """Return what to do to see why the map says what it says."""
    sentences = {
        NO_PROBABILITY: tr(
            "Add a probability raster of 'Predict susceptibility' to the project to see what its "
            "prediction rests on."
        ),
        OUTSIDE: tr("The probability raster has no value here."),
        NO_MODEL: tr("Choose the model file that made the probability raster (model {id})."),
        NO_STACK: tr("Add the factor or class stack that the probability raster was made of."),
    }
    pixel = report.pixel("probability")
    model = pixel.metadata.get("SUBSIDENCE_MODEL", "?") if pixel else "?"
    return sentences.get(report.missing, report.missing).format(id=model)


def shap_text(shap: PlaceShap) -> str:
    """Return how the SHAP values were made and what to mind."""
    said = tr("From the mean {mean} of {rows} to {prediction} here; orange raises, blue lowers.")
    text = said.format(
        mean=decimal(shap.base), rows=_rows(shap), prediction=decimal(shap.prediction)
    )
    if shap.source:
        text += " " + tr("Read from the layer '{layer}'.").format(layer=shap.source)
    if shap.error is not None:
        said = tr("Largest standard error of a value: {error}.")
        text += " " + said.format(error=number(float(shap.error.max()), 2))
    return f"{text} {_against_map(shap)}".strip()


def _rows(shap: PlaceShap) -> str:
    if shap.source:
        return tr("{count} background rows").format(count=shap.background)
    if not shap.background_layer:
        said = tr("{count} random cells of the stack (no layer of samples is loaded)")
        return said.format(count=shap.background)
    said = tr("{count} training rows of '{layer}'")
    return said.format(count=shap.background, layer=shap.background_layer)


def _against_map(shap: PlaceShap) -> str:
    """Return why the map shows another number, where it does."""
    if not np.isfinite(shap.mapped) or "log-odds" in shap.unit:
        return ""
    if shap.prevalence:
        said = tr("The map shows {mapped}, corrected to a share of {share} of the area.")
        return said.format(mapped=decimal(shap.mapped), share=shap.prevalence)
    if abs(shap.mapped - shap.prediction) > 0.002:
        said = tr("The map shows {mapped}: it was made by another model, or of another stack.")
        return said.format(mapped=decimal(shap.mapped))
    return ""


def series_title(series: Series) -> str:
    """Return which layer and component a series is of, and where in the layer."""
    components = {
        "U": tr("vertical"),
        "E": tr("east"),
        "N": tr("north"),
        "LOS": tr("line of sight"),
    }
    layer = series.layer
    if series.component:
        component = components.get(series.component, series.component)
        layer = tr("{layer} ({component})").format(layer=layer, component=component)
    if series.distance is None:
        return tr("{layer}, cell").format(layer=layer)
    said = tr("{layer}, point at {distance} m")
    return said.format(layer=layer, distance=f"{series.distance:.0f}")


def skipped_text(skipped: Skipped) -> str:
    """Return why a layer was left out."""
    reasons = {
        NOT_A_FILE: tr("not a file; save it to one"),
        GONE: tr("its file is missing"),
    }
    return f"{skipped.layer}: {reasons.get(skipped.reason, skipped.words)}"
