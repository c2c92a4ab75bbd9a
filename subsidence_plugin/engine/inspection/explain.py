"""SHAP values of one place: computed from its factor values, or taken from a raster of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Optional

import numpy as np

from ..errors import InputError
from ..explanation.background import make_background
from ..explanation.game import Game
from ..explanation.permutations import Background
from ..explanation.rows import explain_rows, main_thread_value
from ..explanation.tables import category_texts
from ..models.encode import encode
from ..models.model import Model
from ..needs import need
from ..progress import Progress
from ..report.explanation_words import value_text
from ..torch_threads import one_torch_thread
from .place import FactorValue, Pixel, PlaceShap

#: As 'Explain model' has them by default, so that both show the same.
BACKGROUND, ROUNDS, SEED = 100, 4, 42


def one_thread(model: Model) -> AbstractContextManager:
    """Return the block in which a model's values are computed (see ``one_torch_thread``)."""
    if not model.is_network:
        return nullcontext()
    return one_torch_thread(need("torch", "to use networks"))


def background_of_cells(game: Game, values: np.ndarray, progress: Progress) -> Background:
    """Return the complete ones of some cells as background, ``BACKGROUND`` of them at most.

    Parameters
    ----------
    game : Game
    values : 2d-array of float32, (cells, factors)
        In the model's order, as it knows them; NaN where missing.
    progress : Progress

    Raises
    ------
    InputError
        No cell has a known value in every factor.
    """
    inputs, _clipped, valid = encode(values, game.model.factors)
    if not valid.any():
        raise InputError(
            "The factor stack has no cell with a (known) value in every factor of the model; add "
            "the layer of samples that the model was trained on."
        )
    return make_background(inputs[valid][:BACKGROUND], main_thread_value(game, progress))


def explain_values(
    game: Game, background: Background, values: np.ndarray, progress: Progress
) -> PlaceShap:
    """Return the SHAP values of one row of factor values.

    Parameters
    ----------
    game : Game
    background : Background
    values : 1d-array of float32, (factors,)
        In the model's order, as it knows them (class codes for classes).
    progress : Progress
        Asked for Cancel at every batch.

    Raises
    ------
    InputError
        A factor is missing, or has a category that the model has not seen.
    """
    model = game.model
    inputs, _clipped, valid = encode(values[None], model.factors)
    names = [factor.name for factor in model.factors]
    if not valid.all():
        missing = [name for name, value in zip(names, values) if not np.isfinite(value)]
        why = f"no value in {', '.join(missing)}" if missing else "a category unknown to the model"
        raise InputError(f"The place has {why}, so the model says nothing here; choose another.")
    shap, error, prediction = explain_rows(
        game, background, inputs, ROUNDS, SEED, progress=progress
    )
    known = category_texts(model.card)
    texts = [
        value_text(name, float(value), known.get(name, {}).get(float(value), ""))
        for name, value in zip(names, values)
    ]
    unit = ("recalibrated " if game.calibrated else "") + game.scale
    return PlaceShap(
        names, texts, values, shap[0], background.base, float(prediction[0]), unit,
        None if error is None else error[0], len(background),
    )  # fmt: skip


def from_raster(pixel: Pixel, factors: Sequence[FactorValue]) -> Optional[PlaceShap]:
    """Return the SHAP values that a raster of ``explainmodel`` holds; None where it has none.

    Parameters
    ----------
    pixel : Pixel
    factors : sequence of FactorValue
        Of the same place, for the texts beside the bars.
    """
    base = _number(pixel.metadata, "SUBSIDENCE_BASE")
    shap = np.array([band.value for band in pixel.bands], dtype=float)
    if not np.isfinite(shap).all() or not np.isfinite(base):
        return None
    names = [band.name for band in pixel.bands]
    known = {factor.name.casefold(): factor for factor in factors}
    own = [known.get(name.casefold(), FactorValue(name)) for name in names]
    values = np.array([f.code if np.isfinite(f.code) else f.value for f in own], dtype=np.float32)
    unit = pixel.metadata.get("SUBSIDENCE_UNITS", "probability")
    if pixel.metadata.get("SUBSIDENCE_CALIBRATED") == "yes":
        unit = f"recalibrated {unit}"
    return PlaceShap(
        names, [_text(factor) for factor in own], values, shap, base, base + float(shap.sum()),
        unit, None, int(_number(pixel.metadata, "SUBSIDENCE_BACKGROUND", 0.0)),
        source=pixel.layer,
    )  # fmt: skip


def _text(factor: FactorValue) -> str:
    value = factor.value if np.isfinite(factor.value) else factor.code
    if factor.label or np.isfinite(value):
        return value_text(factor.name, float(value), factor.label)
    return factor.name


def _number(metadata: Mapping[str, str], key: str, default: float = np.nan) -> float:
    try:
        return float(metadata.get(key, default))
    except ValueError:
        return default
