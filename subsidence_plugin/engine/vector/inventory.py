"""Inventories of subsidence: points, multipoints or polygons, checked and with labels."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from ..sampling.labels import LABEL, binary_labels
from .read import Features, read_features


def read_inventory(source: str, what: str, progress: Progress) -> Features:
    """Return the features of a layer of points or polygons, with what was odd in the log.

    Parameters
    ----------
    source : str
    what : str
        Names the layer in errors, for example "The layer of points (POINTS)".
    progress : Progress

    Raises
    ------
    InputError
        The layer is empty, or holds lines or a mixture.
    """
    features = read_features(source)
    if features.empty:
        progress.warn(f"{features.empty} features without geometry are left out.")
    if len(features) == 0 or features.geometry == "none":
        raise InputError(f"{what} holds no points or polygons; choose a layer with features.")
    if features.geometry not in ("point", "polygon"):
        raise InputError(
            f"{what} holds {features.geometry} features; it must hold points or polygons."
        )
    if features.multipoints:
        progress.info(f"{features.multipoints} multipoints are taken apart.")
    return features


def inventory_labels(features: Features, field: str, what: str, progress: Progress) -> np.ndarray:
    """Return 0 or 1 a feature; all 1, with a warning, where there is no field ``label``.

    Raises
    ------
    InputError
        Another field was named and is absent, or a label is neither 0 nor 1.
    """
    if field in features.columns:
        return binary_labels(features.columns[field], f"The field '{field}'")
    if field != LABEL:
        raise InputError(
            f"{what} has no field '{field}' (LABEL_FIELD); "
            f"its fields are {', '.join(features.columns) or 'none'}."
        )
    progress.warn(
        "There is no field 'label': all features count as subsidence (1). Training needs both "
        "classes; add absence points with 'Absence points' first."
    )
    return np.ones(len(features), dtype=np.int64)


def field_in_use(features: Features, name: Optional[str], default: str) -> Optional[str]:
    """Return the field to use, if any: the default may be absent, one that was named may not.

    Raises
    ------
    InputError
        A field other than the default was named and is absent.
    """
    if not name or (name == default and name not in features.columns):
        return None
    features.column(name)
    return name


def only_presence(features: Features, what: str, progress: Progress) -> Features:
    """Return the features of subsidence; where a field ``label`` has zeros, those are left out."""
    if LABEL not in features.columns:
        return features
    keep = binary_labels(features.columns[LABEL], f"The field '{LABEL}'") == 1
    if not keep.any():
        raise InputError(
            f"All features of {what[0].lower() + what[1:]} have the label 0; give features of "
            "subsidence (label 1)."
        )
    if keep.all():
        return features
    progress.warn(f"{(~keep).sum()} features with label 0 are left out of the subsidence.")
    return features.places(keep)
