"""What every trainer, of networks or baselines, does before and after: samples in, card out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..models.card import Card
from ..models.file import load_model, save_model
from ..progress import Progress
from ..version import base_versions
from .scores import Metrics, logistic_metrics, model_metrics
from .table import Encoded, Table, encode_table, read_table


def encoded_samples(
    features: Any, fields: Sequence[str], label_field: str, progress: Progress
) -> tuple[Table, Encoded]:
    """Return the complete rows of a samples layer, as they are and as model inputs.

    Parameters
    ----------
    features : Features
        From ``vector.read``: ``columns``, ``metadata``, ``crs``.
    fields : sequence of str
        Factors; empty: all.
    label_field : str
    progress : Progress
    """
    metadata = {"crs": features.crs, **features.metadata}
    table = read_table(features.columns, metadata, fields, label_field, progress)
    return table, encode_table(table, progress)


def make_card(
    architecture: str, hyperparameters: Mapping[str, Any], table: Table, encoded: Encoded,
    samples: str,
) -> Card:  # fmt: skip
    """Return the card of a model trained on these rows, its metrics still empty."""
    return Card(
        architecture,
        encoded.factors,
        dict(hyperparameters),
        rules=table.rules,
        split=table.counts(),
        crs=table.crs,
        source=Path(samples.split("|")[0]).name,
        versions=base_versions(numpy=np.__version__),
    )


def save_measured(
    path: str, members: Sequence[Mapping[str, np.ndarray]], card: Card, encoded: Encoded
) -> tuple[str, list[Metrics]]:
    """Write a model file whose card knows how the model does; return its id, metrics a member.

    Beside the model's own figures stand those of a logistic regression, unless it is one.
    """
    save_model(path, members, card)
    card.metrics, of_members = model_metrics(load_model(path), encoded)
    if card.architecture != "logistic":
        card.baseline = logistic_metrics(encoded) or {}
    # Written again, now that the card knows its metrics.
    return save_model(path, members, card), of_members


def results(card: Card, model_id: str) -> dict[str, Optional[Any]]:
    """Return what a trainer returns: ``AUC`` (validation, else training rows), ``MODEL_ID``."""
    judged = card.metrics.get("validation") or card.metrics.get("train") or {}
    return {"AUC": judged.get("AUC"), "MODEL_ID": model_id}
