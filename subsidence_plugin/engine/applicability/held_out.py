"""Does the index matter? Errors of rows that were not trained on, against their index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..models.encode import encode
from ..models.model import Model
from ..models.predict_rows import factor_values
from ..validation.splits import TEST, VALIDATION, read_split
from .nearest import CHUNK, nearest_search
from .tile_index import Reference, is_outside

#: Fewer rows than this show chance alone.
FEWEST = 50
GROUPS = 5


@dataclass(frozen=True)
class HeldOut:
    """Index (rows,) and |label − probability| (rows,) of validation and test rows."""

    index: np.ndarray
    error: np.ndarray
    threshold: float

    @property
    def outside(self) -> np.ndarray:
        """Which rows lie outside."""
        return is_outside(self.index, self.threshold)

    def groups(self) -> dict[str, list]:
        """Return groups of rows of equal size by index, from the most to the least alike.

        Columns ``from`` and ``to`` (index), ``rows``, ``mean_error`` and its standard error.
        """
        order = np.argsort(self.index, kind="stable")
        parts = np.array_split(order, GROUPS)
        return {
            "from": [float(self.index[part].min()) for part in parts],
            "to": [float(self.index[part].max()) for part in parts],
            "rows": [len(part) for part in parts],
            "mean_error": [float(self.error[part].mean()) for part in parts],
            "standard_error": [
                float(self.error[part].std(ddof=1) / np.sqrt(len(part))) for part in parts
            ],
        }


def held_out_errors(
    model: Model, columns: Mapping[str, Any], reference: Reference, label_field: str = "label"
) -> Optional[HeldOut]:
    """Return index and error of the validation and test rows, None where they are too few.

    Parameters
    ----------
    model : Model
    columns : mapping
        Of the samples; without a label of 0 and 1 or a split there is nothing to judge.
    reference : Reference
    label_field : str
    """
    label = columns.get(label_field)
    if "split" not in columns or not isinstance(label, np.ndarray):
        return None
    inputs, _beyond, valid = encode(factor_values(model, columns), model.factors, clip=False)
    chosen = np.isin(read_split(columns["split"], "split"), (VALIDATION, TEST))
    chosen &= valid & np.isin(label, (0, 1))
    if chosen.sum() < FEWEST:
        return None
    probability = model.mean_probability(np.clip(inputs[chosen], 0, 1))
    points, nearest = reference.space.coordinates(inputs[chosen]), nearest_search(reference.rows)
    distance = np.concatenate(
        [nearest(points[i : i + CHUNK])[0] for i in range(0, len(points), CHUNK)]
    )
    index = (distance / reference.training.mean_distance).astype(np.float32)
    return HeldOut(index, np.abs(label[chosen] - probability), reference.threshold)
