"""Job ``insarinventory``: InSAR points to a subsidence inventory and to stable points."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..insar.dates import date_of
from ..insar.inventory import LOW_IS_GOOD, good, moving, say_rule, stable, thin
from ..insar.product import MEANINGS
from ..outputs import Outputs
from ..progress import Progress
from ..sampling.labels import LABEL
from ..styles import write_style
from ..vector.metric_crs import metric_crs
from ..vector.read import (
    NUMBERS,
    Features,
    field_names,
    open_layer,
    read_features,
    transform_points,
)
from ..vector.write import write_points

WHAT = "The InSAR layer (INPUT)"
VELOCITY = "mean_velocity"
#: Words for the enum THINNING in the log.
KEPT = ("least distance", "cell")


def run(
    progress: Progress,
    input: str,
    output: str,
    stable_output: Optional[str] = None,
    velocity_field: Optional[str] = VELOCITY,
    threshold: float = -5.0,
    quality_field: Optional[str] = None,
    quality_limit: Optional[float] = None,
    quality_sense: int = 0,
    spacing: float = 0.0,
    thinning: int = 0,
    stable_limit: float = 2.0,
) -> dict[str, Any]:
    """Write points that subside (``label`` 1) and, if wanted, stable ones (``label`` 0).

    Parameters
    ----------
    progress : Progress
    input : str
        Point layer with a field of velocity.
    output, stable_output : str
    velocity_field : str, optional
        Default ``mean_velocity``.
    threshold : float
        mm/yr; negative: this or less is subsidence, positive: this or more.
    quality_field : str, optional
    quality_limit : float, optional
        Needed with ``quality_field``.
    quality_sense : int
        0 high values are good, 1 low values.
    spacing : float
        Least distance or cell side in map units (metres where the layer is in degrees), 0 none.
    thinning : int
        0 least distance, 1 one point a cell.
    stable_limit : float
        mm/yr; stable points move by less either way.
    """
    if quality_field and quality_limit is None:
        raise InputError(f"QUALITY_FIELD is '{quality_field}'; give the limit in QUALITY_LIMIT.")
    if quality_limit is not None and not quality_field:
        raise InputError("QUALITY_LIMIT is given; choose the field it is for in QUALITY_FIELD.")
    if not np.isfinite(spacing) or spacing < 0:
        raise InputError(f"SPACING is {spacing:g}; it must be 0 or more.")
    velocity_field = velocity_field or VELOCITY
    with Outputs(output, stable_output, inputs=[input]) as outputs:
        features, names = _read(input, velocity_field, quality_field)
        velocity = features.number(velocity_field)
        _describe(features, velocity, velocity_field, progress)
        subside = moving(velocity, threshold)
        still = stable(velocity, stable_limit, threshold) if stable_output else None
        progress.info(say_rule(subside, threshold, still, stable_limit))
        progress(0.4)
        quality = features.number(quality_field) if quality_field else None
        enough = _enough(quality, quality_field, quality_limit, quality_sense, velocity, progress)
        work = metric_crs(features.crs, features.x, features.y, WHAT)
        place = transform_points(features.x, features.y, features.crs, work, WHAT, WHAT)
        known = {
            "SUBSIDENCE_SOURCE": input, "COMPONENT": features.metadata.get("COMPONENT", ""),
            "SUBSIDENCE_UNITS": "mm/yr", "velocity_field": velocity_field,
            "threshold": f"{threshold:g}", "quality_field": quality_field or "",
            "quality_limit": "" if quality_limit is None else f"{quality_limit:g}",
            "quality_sense": ("high is good", "low is good")[quality_sense],
            "spacing": f"{spacing:g}", "thinning": KEPT[thinning],
        }  # fmt: skip
        sign = -1 if quality_sense == LOW_IS_GOOD else 1
        counts = []
        for target, chosen, label, rank in (
            (output, subside, 1, np.abs(velocity)), (stable_output, still, 0, -np.abs(velocity)),
        ):  # fmt: skip
            if not target:
                counts.append(0)
                continue
            rows = np.flatnonzero(chosen & enough)
            best = rank if quality is None else sign * quality
            kept = rows[thin(*(c[rows] for c in place), best[rows], spacing, thinning,
                             progress.check)]  # fmt: skip
            _judge(label, len(rows), len(kept), spacing, KEPT[thinning], chosen, progress)
            metadata = {"SUBSIDENCE_KIND": "inventory", "stable_limit": f"{stable_limit:g}",
                        **known}  # fmt: skip
            _write(outputs.path(target), features, kept, label, names, metadata)
            counts.append(len(kept))
            progress(0.7 if label else 1)
    return {"SUBSIDENCE_POINTS": counts[0], "STABLE_POINTS": counts[1]}


def _read(source: str, velocity: str, quality: Optional[str]) -> tuple[Features, dict[str, str]]:
    """Return the points and the fields of the inventory with the fields they come from."""
    _dataset, layer = open_layer(source)
    present = field_names(layer)
    if velocity not in present:
        raise InputError(
            f"{WHAT} has no field '{velocity}' (VELOCITY_FIELD); import the series with 'Import "
            f"InSAR time series', which computes it, or choose a numeric field ({_numeric(layer)})."
        )
    if quality and quality not in present:
        raise InputError(
            f"{WHAT} has no field '{quality}' (QUALITY_FIELD); choose a numeric field "
            f"({_numeric(layer)}), or leave it empty."
        )
    names = {"velocity": velocity}
    for name in (quality, "mean_velocity_std", "temporal_coherence", "rmse_ts", "rmse", "pid"):
        if name and name in present and name not in names.values():
            own = name.casefold() not in (LABEL, "velocity")  # ours take these two names
            names[name if own else f"{name}_source"] = name
    features = read_features(source, list(names.values()))
    if features.geometry != "point" or not len(features):
        raise InputError(f"{WHAT} holds no points; choose a layer of InSAR points.")
    return features, names


def _numeric(layer) -> str:
    """Return the names of the numeric fields, those of dates only counted."""
    definition = layer.GetLayerDefn()
    fields = [definition.GetFieldDefn(i) for i in range(definition.GetFieldCount())]
    names = [field.GetName() for field in fields if field.GetType() in NUMBERS]
    others = [name for name in names if date_of(name) is None]
    dates = len(names) - len(others)
    if dates:
        others.append(f"{dates} dates")
    return f"it has {', '.join(others)}" if others else "it has none"


def _describe(features: Features, velocity: np.ndarray, field: str, progress: Progress) -> None:
    known = np.isfinite(velocity)
    if not known.any():
        raise InputError(f"The field '{field}' is empty in all points; choose another.")
    if not known.all():
        progress.warn(f"{(~known).sum()} points have no velocity and are left out.")
    component = features.metadata.get("COMPONENT", "")
    progress.info(
        f"{len(velocity)} points, velocity {np.nanmin(velocity):.1f} to "
        f"{np.nanmax(velocity):.1f} mm/yr; component: {MEANINGS.get(component, component)}."
    )
    if component == "LOS":
        progress.warn(
            "The velocity is along the line of sight, in which east-west motion is mixed; "
            "decompose ascending and descending tracks first where both are there."
        )
    elif component in ("E", "N"):
        progress.warn("The velocity is horizontal and tells nothing of subsidence.")


def _enough(quality, name, limit, sense, velocity, progress: Progress) -> np.ndarray:
    if quality is None:
        return np.isfinite(velocity)
    enough = good(quality, limit, sense)
    what = "at most" if sense == LOW_IS_GOOD else "at least"
    progress.info(f"{enough.sum()} of {len(enough)} points have {name} of {what} {limit:g}.")
    if not enough.any():
        raise InputError(
            f"No point has {name} of {what} {limit:g}; it is {np.nanmin(quality):g} to "
            f"{np.nanmax(quality):g}: change QUALITY_LIMIT or QUALITY_SENSE."
        )
    return enough


def _judge(label: int, before: int, after: int, spacing: float, how: str, chosen, progress) -> None:
    what = "subsidence" if label else "stable"
    if not before:
        why = (
            "none moves so fast: change THRESHOLD (its sign is that of subsidence)"
            if label and not chosen.any()
            else "all are of too low a quality: change QUALITY_LIMIT"
            if chosen.any()
            else "none moves so little: change STABLE_LIMIT"
        )
        raise InputError(f"There is no {what} point; {why}.")
    thinned = f", thinned from {before} ({how} {spacing:g})" if spacing > 0 else ""
    progress.info(f"{after} {what} points (label {label}){thinned}.")


def _write(
    path: str, features: Features, rows: np.ndarray, label: int, names: dict, metadata: dict
) -> None:
    columns: dict[str, object] = {LABEL: np.full(len(rows), label, dtype=np.int32)}
    shapefile = Path(path).suffix.lower() == ".shp"
    for name, source in names.items():
        values = features.columns[source]
        chosen = values[rows] if isinstance(values, np.ndarray) else [values[i] for i in rows]
        columns[name[:10] if shapefile else name] = chosen
    write_points(path, features.x[rows], features.y[rows], columns, features.crs, metadata)
    write_style("inventory", path)
