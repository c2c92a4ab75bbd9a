"""Job of ``modelinfo``: what a model file says of itself, to the log, a table and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ..forecasting import describe as forecaster_words
from ..forecasting.card import KIND as FORECASTER
from ..forecasting.describe import describe_forecaster
from ..forecasting.file import load_forecaster
from ..models.container import file_kind
from ..models.describe import description, figure_columns
from ..models.file import load_model
from ..outputs import Outputs
from ..progress import Progress
from ..raster.target_grid import crs_name
from ..vector.layer_metadata import metadata_of
from ..vector.write import write_table

#: Where layers and tables say by which model they were made.
ID_ENTRIES = ("SUBSIDENCE_MODEL", "model_id")


def run(
    progress: Progress, model: str, layer: Optional[str] = None, table: Optional[str] = None,
    report: Optional[str] = None,
) -> dict[str, Any]:  # fmt: skip
    """Check a model file of either kind in full and describe it.

    Parameters
    ----------
    model : str
        Model file.
    layer : str, optional
        Raster, or vector layer as ``path|layername=name``: was it made by this model?
    table : str, optional
        Table of figures to write: model, split, metric, value.
    report : str, optional
        HTML page to write.

    Returns
    -------
    dict
        ``ARCHITECTURE``, ``MEMBERS``, ``FACTORS`` (names in order, comma-separated; of a
        forecaster its covariates, absent without any), ``MODEL_ID``, and with ``layer``
        ``MATCHES``.
    """
    forecaster = file_kind(model) == FORECASTER
    loaded: Any = load_forecaster(model) if forecaster else load_model(model)
    words, name = describe_forecaster if forecaster else description, Path(model).name
    for line in [*words(loaded, name), *_place(loaded.card.crs)]:
        progress.info(line)
    matches = {} if layer is None else {"MATCHES": _compare(layer, loaded, progress)}
    with Outputs(table, report, inputs=[model, layer]) as outputs:
        if table:
            columns = (forecaster_words.figure_columns if forecaster else figure_columns)(loaded)
            about = {"SUBSIDENCE_KIND": "model_figures", "SUBSIDENCE_MODEL": loaded.model_id}
            write_table(outputs.path(table), columns, about)
        if report:
            (_forecaster_report if forecaster else _report)(outputs.path(report), loaded, name)
        progress(1.0)
    return {**_results(loaded, forecaster), **matches}


def _place(crs: str) -> list[str]:
    return [f"CRS of what it was trained on: {crs_name(crs)}"] if crs else []


def _compare(layer: str, loaded: Any, progress: Progress) -> bool:
    """Say whether a layer was made by this model, as far as its metadata tell."""
    metadata, name = metadata_of(layer), Path(layer.partition("|")[0]).name
    made_by = next((metadata[entry] for entry in ID_ENTRIES if metadata.get(entry)), "")
    if made_by == loaded.model_id:
        progress.info(f"'{name}' was made by this model ({made_by}).")
    elif made_by:
        progress.warn(f"'{name}' was made by another model: its id is {made_by}.")
    else:
        progress.warn(f"'{name}' does not say by which model it was made.")
    return made_by == loaded.model_id


def _report(path: str, loaded: Any, name: str) -> None:
    from ..report.model_card import write_model_card

    write_model_card(path, loaded, name)


def _forecaster_report(path: str, loaded: Any, name: str) -> None:
    from ..report.forecaster_card import write_card_report

    write_card_report(path, loaded, name)


def _results(loaded: Any, forecaster: bool) -> dict[str, Any]:
    card = loaded.card
    names = card.covariate_names if forecaster else [factor.name for factor in loaded.factors]
    return {
        "ARCHITECTURE": card.architecture,
        "MEMBERS": loaded.members,
        **({"FACTORS": ", ".join(names)} if names else {}),
        "MODEL_ID": loaded.model_id,
    }
