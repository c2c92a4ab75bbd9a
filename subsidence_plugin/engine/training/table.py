"""From a samples table to training and validation rows: factors found, labels and gaps checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..models.card import KINDS, Factor
from ..models.encode import encode, fit_factors
from ..progress import Progress
from ..validation.metrics import check_labels
from ..validation.splits import SPLITS, TRAIN, read_split

#: Fields that are never factors unless asked for by name.
OTHER_FIELDS = frozenset(
    "label split fold fid ogc_fid id gid objectid x y lon lat row column col cell".split()
)
MIN_TRAINING_ROWS = 10


@dataclass
class Table:
    """Complete rows of the samples: factor values, labels and parts.

    ``values`` is (rows, factors) float32; ``fold`` None where the table has none; ``rules``,
    ``crs`` come from the layer's metadata; ``complete`` says which rows of the layer these are.
    """

    names: list[str]
    kinds: list[str]
    values: np.ndarray
    label: np.ndarray
    split: np.ndarray
    fold: Optional[np.ndarray]
    rules: Optional[Any] = None
    crs: str = ""
    complete: Optional[np.ndarray] = None

    def rows(self, part: str) -> np.ndarray:
        """Return the mask of the rows of a part (``train``, ``validation``, ``test``)."""
        return self.split == part

    def counts(self) -> dict[str, dict[str, int]]:
        """Return number of rows and of label 1 a part, for the card."""
        return {
            part: {"rows": int(mask.sum()), "positive": int(self.label[mask].sum())}
            for part, mask in ((p, self.rows(p)) for p in SPLITS)
            if mask.any()
        }


@dataclass
class Encoded:
    """The table as model inputs; ``valid`` rows only, scaled by the training rows."""

    factors: list[Factor]
    inputs: np.ndarray
    label: np.ndarray
    split: np.ndarray
    fold: Optional[np.ndarray]

    def part(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and labels of a part."""
        mask = self.split == name
        return self.inputs[mask], self.label[mask]


def read_table(
    columns: Mapping[str, Any],
    metadata: Mapping[str, str],
    fields: Sequence[str] = (),
    label_field: str = "label",
    progress: Optional[Progress] = None,
) -> Table:
    """Return the complete rows of a samples layer.

    Parameters
    ----------
    columns : mapping of str to 1d-array or list
        Numeric columns as float arrays with NaN for null, text columns as lists.
    metadata : mapping
        Layer metadata; ``extractsamples`` writes ``factors``, ``kinds``, ``rules``, ``crs``.
    fields : sequence of str
        Factors to use; empty: those that ``extractsamples`` wrote, else all numeric fields but
        the label, split, fold and the usual numbers and coordinates.
    label_field : str
    progress : Progress, optional

    Raises
    ------
    InputError
        No rows, no factor, a factor that is text or all missing, labels that are not 0 and 1
        or all alike, too few training rows.
    """
    progress = progress or Progress()
    if not columns or not len(next(iter(columns.values()))):
        raise InputError("The samples hold no points; run 'Extract samples' first.")
    if label_field not in columns:
        raise InputError(
            f"The samples have no field '{label_field}'; run 'Extract samples' first, or choose "
            f"the label among {', '.join(columns)}."
        )
    label = columns[label_field]
    if not isinstance(label, np.ndarray):
        raise InputError(f"The field '{label_field}' holds text; labels are the numbers 0 and 1.")
    check_labels(label, f"The field '{label_field}'")
    names = factor_names(columns, metadata, fields, label_field)
    kinds = factor_kinds(names, metadata)
    if not _json(metadata, "kinds", None):
        progress.warn(
            "The samples do not say of what kind their factors are: all are taken as continuous."
        )
    values = np.stack([_factor_column(columns, name) for name in names], axis=1)
    complete = np.isfinite(values).all(axis=1)
    split = _split(columns, len(label), progress)
    fold = columns.get("fold")
    table = Table(
        names, kinds, values[complete], label[complete].astype(np.int64), split[complete],
        fold[complete] if isinstance(fold, np.ndarray) else None,
        _json(metadata, "rules", None), metadata.get("crs", ""), complete,
    )  # fmt: skip
    _report(table, values, complete, progress)
    return table


def factor_names(
    columns: Mapping[str, Any],
    metadata: Mapping[str, str],
    fields: Sequence[str],
    label_field: str = "label",
) -> list[str]:
    """Return the names of the factor fields, in the order of the factor stack."""
    if fields:
        for name in fields:
            if name not in columns:
                raise InputError(
                    f"The samples have no field '{name}'; they have {', '.join(columns)}."
                )
            if name == label_field:
                raise InputError(f"The label '{name}' cannot be a factor; leave it out.")
        return list(dict.fromkeys(fields))
    written = _json(metadata, "factors", [])
    if isinstance(written, list) and written and all(name in columns for name in written):
        return [str(name) for name in written]
    names = [
        name
        for name, values in columns.items()
        if isinstance(values, np.ndarray)
        and name != label_field
        and name.lower() not in OTHER_FIELDS
    ]
    if not names:
        raise InputError(
            "The samples have no numeric field beside the label; choose FACTOR_FIELDS."
        )
    return names


def factor_kinds(names: Sequence[str], metadata: Mapping[str, str]) -> list[str]:
    """Return the kind of each factor; ``continuous`` where the metadata say nothing."""
    kinds = _json(metadata, "kinds", {})
    kinds = kinds if isinstance(kinds, dict) else {}
    chosen = [kinds.get(name, "continuous") for name in names]
    return [kind if kind in KINDS else "continuous" for kind in chosen]


def known_kinds(columns: Mapping[str, Any], metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the kind of every field; empty where the layer says nothing of kinds."""
    names = list(columns)
    return dict(zip(names, factor_kinds(names, metadata))) if "kinds" in metadata else {}


def encode_table(table: Table, progress: Optional[Progress] = None) -> Encoded:
    """Return model inputs, scaled with the training rows' minima and maxima.

    Rows of other parts whose category does not occur in training are dropped and counted.

    Raises
    ------
    InputError
        A factor is constant in the training rows.
    """
    progress = progress or Progress()
    factors = fit_factors(table.values[table.rows(TRAIN)], table.names, table.kinds)
    inputs, clipped, valid = encode(table.values, factors)
    if not valid.all():
        progress.warn(
            f"{(~valid).sum()} rows have a category that does not occur in the training rows and "
            "are left out."
        )
    if clipped.any():
        outside = [f"{f.name} {n}" for f, n in zip(factors, clipped) if n]
        progress.info(f"Values outside the training range, clipped: {', '.join(outside)}.")
    fold = None if table.fold is None else table.fold[valid]
    return Encoded(factors, inputs[valid], table.label[valid], table.split[valid], fold)


def _factor_column(columns: Mapping[str, Any], name: str) -> np.ndarray:
    values = columns[name]
    if not isinstance(values, np.ndarray):
        raise InputError(
            f"The factor '{name}' holds text; a factor must be a numeric field (codes for "
            "categories)."
        )
    if not np.isfinite(values).any():
        raise InputError(f"The factor '{name}' has no value in any row; leave it out.")
    return values.astype(np.float32)


def _split(columns: Mapping[str, Any], count: int, progress: Progress) -> np.ndarray:
    if "split" not in columns:
        progress.warn("The samples have no field 'split': all rows are used for training.")
        return np.full(count, TRAIN)
    return read_split(columns["split"], "split")


def _report(table: Table, values: np.ndarray, complete: np.ndarray, progress: Progress) -> None:
    """Log what was counted, and refuse what cannot be trained on."""
    if not complete.all():
        worst = np.argsort(-(~np.isfinite(values)).sum(axis=0), kind="stable")[0]
        progress.warn(
            f"{(~complete).sum()} of {len(complete)} rows lack a factor (most often "
            f"'{table.names[worst]}') and are left out."
        )
    training = table.label[table.rows(TRAIN)]
    if len(training) < MIN_TRAINING_ROWS:
        raise InputError(
            f"There are {len(training)} complete training rows (split 'train'); at least "
            f"{MIN_TRAINING_ROWS} are needed."
        )
    if len(np.unique(training)) < 2:
        raise InputError(
            f"All {len(training)} training rows have the label {training[0]}; rows of both "
            "classes are needed (see 'Absence points')."
        )
    shown = [f"{part} {n['rows']} ({n['positive']} with label 1)" for part, n in
             table.counts().items()]  # fmt: skip
    progress.info(f"{len(table.names)} factors; rows: {', '.join(shown)}.")


def _json(metadata: Mapping[str, str], key: str, default: Any) -> Any:
    text = {k.lower(): v for k, v in metadata.items()}.get(key)
    if not text:
        return default
    try:
        return json.loads(text)
    except ValueError:
        return default
