"""The sample or cell that a waterfall is to show, from a feature id, a field value or a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..explanation.samples import SampleRows, find_sample
from ..explanation.stack import to_model_values
from ..explanation.study import Place
from ..models.model import Model
from ..prediction.matching import Match
from ..raster.read import Raster
from .read import Features, transform_points


def sample_place(text: str, features: Features, ids: Sequence[int], samples: SampleRows) -> Place:
    """Return the sample that ``SAMPLE`` names."""
    row = find_sample(text, ids, features.columns)
    return _of_row(row, f"sample {ids[row]} (SAMPLE {text})", samples)


def nearest_place(
    point: Sequence[Any], features: Features, ids: Sequence[int], samples: SampleRows
) -> Place:
    """Return the complete sample nearest to a point.

    Parameters
    ----------
    point : (x, y, WKT)
    """
    if features.geometry != "point":
        raise InputError("POINT needs samples that are points, or FACTORS; give SAMPLE instead.")
    x, y, crs = point
    x, y = transform_points(
        np.array([x]), np.array([y]), crs or features.crs, features.crs, "POINT", "The samples"
    )
    distance = np.hypot(features.x - x[0], features.y - y[0])
    distance[~samples.valid] = np.inf
    row = int(np.argmin(distance))
    if not np.isfinite(distance[row]):
        raise InputError("POINT lies where the samples' coordinate reference system is undefined.")
    title = f"sample {ids[row]}, the nearest to the point chosen ({distance[row]:.4g} map units)"
    return _of_row(row, title, samples)


def cell_place(point: Sequence[Any], raster: Raster, match: Match, model: Model) -> Place:
    """Return the cell of a stack at a point.

    Raises
    ------
    InputError
        The point lies outside, or the cell lacks a factor.
    """
    x, y, crs = point
    x, y = transform_points(
        np.array([x]), np.array([y]), crs or raster.grid.crs, raster.grid.crs, "POINT"
    )
    rows, columns, inside = raster.grid.cells(x, y)
    if not inside[0]:
        raise InputError(
            f"POINT ({x[0]:.9g}, {y[0]:.9g}) lies outside the stack '{raster.path}'; choose a "
            "point inside."
        )
    values = raster.read((int(columns[0]), int(rows[0]), 1, 1), match.bands).reshape(-1, 1)
    to_model_values(values, match, model)
    missing = [f.name for f, value in zip(model.factors, values[:, 0]) if np.isnan(value)]
    if missing:
        raise InputError(
            f"The cell at POINT has no value in {', '.join(missing)}; choose another point."
        )
    return Place(f"the cell at {x[0]:.9g}, {y[0]:.9g}", values[:, 0])


def _of_row(row: int, title: str, samples: SampleRows) -> Place:
    if not samples.valid[row]:
        raise InputError(
            f"The {title} has no (known) value in some factor of the model; choose another."
        )
    return Place(title, samples.values[row], row, int(samples.label[row]))
