"""The rows of a samples layer, read for a model: background, rows to explain, a single sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..models.encode import encode
from ..models.model import Model
from ..models.predict_rows import check_kinds, factor_values
from ..progress import Progress
from ..sampling.labels import binary_labels
from ..training.table import known_kinds
from ..validation.splits import ALL, TEST, TRAIN, VALIDATION, read_split
from .background import draw_rows
from .rows import BACKGROUND, ROWS

#: Rows to explain, in the order of the enum ``ROWS``.
PARTS = (VALIDATION, TEST, TRAIN, ALL)


@dataclass
class SampleRows:
    """All rows of the layer; those without a (known) value in some factor are not ``valid``.

    ``values`` is (rows, factors) in the model's order, ``inputs`` (rows, inputs) encoded;
    ``label`` 1, 0 or −1 where unknown, ``split`` empty where there is none.
    """

    values: np.ndarray
    inputs: np.ndarray
    valid: np.ndarray
    label: np.ndarray
    split: np.ndarray

    @property
    def has_split(self) -> bool:
        """Tell whether any row belongs to a part."""
        return bool((self.split != "").any())

    def background(self, size: int, seed: int, progress: Progress) -> np.ndarray:
        """Return the indices of ``size`` training rows, drawn by seed, labels in their shares.

        Raises
        ------
        InputError
            There is no complete training row, or ``size`` is not positive.
        """
        if size < 1:
            raise InputError(f"BACKGROUND is {size}; at least 1 row is needed.")
        training = self.valid.copy()
        if self.has_split:
            training &= self.split == TRAIN
        else:
            progress.warn("The samples have no split: the background is drawn from all rows.")
        rows = np.flatnonzero(training)
        if not len(rows):
            raise InputError(
                "The samples hold no complete training row (split 'train'), from which the "
                "background is drawn; give the samples that the model was trained on."
            )
        if size > len(rows):
            progress.warn(f"BACKGROUND is {size}; there are {len(rows)} training rows: all are.")
        return rows[draw_rows(self.label[rows], size, np.random.default_rng([seed, BACKGROUND]))]

    def part(self, which: int, most: int, seed: int, progress: Progress) -> np.ndarray:
        """Return the indices of the rows to explain, ascending; at most ``most`` (0: all)."""
        if not 0 <= which < len(PARTS):
            raise InputError(f"ROWS is {which}; allowed is 0 to {len(PARTS) - 1}.")
        name, chosen = PARTS[which], self.valid.copy()
        if name != ALL and self.has_split:
            chosen &= self.split == name
        elif name != ALL:
            progress.warn(f"The samples have no split: not the {name} rows, all are explained.")
        rows = np.flatnonzero(chosen)
        if not len(rows):
            raise InputError(
                f"The samples hold no complete {name} row to explain; choose others in ROWS."
            )
        if most and len(rows) > most:
            drawn = draw_rows(self.label[rows], most, np.random.default_rng([seed, ROWS]))
            progress.info(f"{most} of {len(rows)} {name} rows are explained, drawn by SEED.")
            rows = rows[drawn]
        return rows


def read_samples(
    model: Model,
    columns: Mapping[str, Any],
    metadata: Mapping[str, str],
    label_field: Optional[str],
    split_field: Optional[str],
    progress: Progress,
) -> SampleRows:
    """Return the rows of a samples layer, factors matched by name in any order.

    Parameters
    ----------
    model : Model
    columns, metadata : mapping
        Of the layer, as ``vector.read`` gives them.
    label_field, split_field : str or None
        None: unknown labels, no split.

    Raises
    ------
    InputError
        No row, a factor is missing, or no row is complete; values where the model knows classes.
    """
    values = factor_values(model, columns)
    if not len(values):
        raise InputError("The samples hold no points; run 'Extract samples' first.")
    check_kinds(model, known_kinds(columns, metadata))
    inputs, clipped, valid = encode(values, model.factors)
    if not valid.any():
        raise InputError(
            "No row of the samples has a (known) value in every factor of the model; give samples "
            "of the same factors."
        )
    if not valid.all():
        progress.warn(
            f"{int((~valid).sum())} of {len(valid)} rows lack a factor, or have a category that "
            "the model has not seen, and are left out."
        )
    if clipped.any():
        outside = ", ".join(f"{f.name} {n}" for f, n in zip(model.factors, clipped) if n)
        progress.info(f"Rows outside the range of the training rows, set to its ends: {outside}.")
    label = np.full(len(values), -1)
    if label_field:
        label[:] = _labels(columns[label_field], label_field)
    split = np.full(len(values), "", dtype="U16")
    if split_field:
        split = read_split(columns[split_field], split_field)
    return SampleRows(values, inputs, valid, label, split)


def _labels(column: Any, name: str) -> np.ndarray:
    """Return 1, 0, and −1 for an empty label."""
    if not isinstance(column, np.ndarray):
        raise InputError(f"The field '{name}' holds text; labels are the numbers 0 and 1.")
    known = ~np.isnan(column)
    label = np.full(len(column), -1)
    label[known] = binary_labels(column[known], f"The field '{name}'")
    return label


def find_sample(text: str, ids: Sequence[int], columns: Mapping[str, Any]) -> int:
    """Return the row that the parameter ``SAMPLE`` means.

    Parameters
    ----------
    text : str
        A feature id, or ``field=value``; the first row with that value is taken.
    ids : sequence of int
    columns : mapping of str to column

    Raises
    ------
    InputError
        There is no such feature, field or value.
    """
    name, equals, wanted = (part.strip() for part in text.partition("="))
    if equals and name.casefold() == "fid" and name not in columns:
        # QGIS shows the feature id of a GeoPackage as a field.
        name, equals = wanted, ""
    if not equals:
        try:
            return list(ids).index(int(name))
        except ValueError:
            raise InputError(
                f"SAMPLE is '{text}', and no feature of the samples has this id (they run from "
                f"{min(ids)} to {max(ids)}); give an id, or field=value."
            ) from None
    if name not in columns:
        raise InputError(
            f"SAMPLE is '{text}', but the samples have no field '{name}'; they have "
            f"{', '.join(columns)}."
        )
    for row, value in enumerate(columns[name]):
        if _same(value, wanted):
            return row
    raise InputError(f"SAMPLE is '{text}', but no row has the value '{wanted}' in '{name}'.")


def _same(value: Any, wanted: str) -> bool:
    if value is None or isinstance(value, str):
        return value == wanted
    try:
        return bool(np.isclose(float(value), float(wanted), rtol=1e-9, atol=0))
    except ValueError:
        return False
