"""Figures of cross-validation: AUC of the folds, the folds on the map, semivariograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..crossvalidation.folds import SCHEMES
from ..crossvalidation.summary import SCHEME_WORDS
from .figures import (
    INK,
    PAGE_WIDTH,
    REFERENCE,
    add_legend,
    colour,
    label_axes,
    label_panel,
    new_figure,
    panel_grid,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..crossvalidation.study import Study

#: As in the style ``folds``: Paul Tol's "muted" scheme, and grey for folds beyond it.
FOLD_COLOURS = (
    "#cc6677", "#332288", "#ddcc77", "#117733", "#88ccee", "#882255", "#44aa99", "#999933",
    "#aa4499",
)  # fmt: skip
OTHER_FOLDS = "#bbbbbb"
#: More folds than this get no dot each.
MOST_DOTS = 60
#: Panels of semivariograms; more factors are in the table and the CSV file alone.
MOST_PANELS = 24


def box_figure(study: Study) -> tuple[Figure, dict[str, Any]]:
    """Return box plots of the folds' AUC, random and spatial side by side for each model."""
    models = [candidate.title for candidate in study.candidates]
    figure, (ax,) = new_figure(width=min(PAGE_WIDTH, 3.4 + 1.5 * len(models)), height=3.9)
    columns: dict[str, list] = {"model": [], "scheme": [], "auc": []}
    for place, model in enumerate(models):
        for side, scheme in enumerate(SCHEMES):
            areas = study.result.auc(model, scheme)
            areas = areas[np.isfinite(areas)]
            _box(ax, place - 0.19 + 0.38 * side, areas, side)
            columns["model"] += [model] * len(areas)
            columns["scheme"] += [scheme] * len(areas)
            columns["auc"] += areas.tolist()
    for side, scheme in enumerate(SCHEMES):
        ax.bar(0, 0, bottom=np.nan, color=colour(side), alpha=0.45, label=SCHEME_WORDS[scheme])
    ax.plot([], [], "D", color="white", markeredgecolor=INK, markersize=5, label="mean")
    if min(columns["auc"]) < 0.55:
        ax.axhline(0.5, color=REFERENCE, linewidth=1, linestyle=":", label="chance")
    ax.set_xticks(range(len(models)))
    ax.set_xticklabels([model.replace(" ", "\n") for model in models])
    ax.set_xlim(-0.6, len(models) - 0.4)
    ax.grid(False, axis="x")
    label_axes(ax, "", "AUC of a fold")
    add_legend(ax, loc="upper center", bbox_to_anchor=(0.5, 1.13), ncol=4)
    return figure, columns


def _box(ax: Axes, place: float, areas: np.ndarray, side: int) -> None:
    drawn = ax.boxplot(
        [areas], positions=[place], widths=0.32, showfliers=False, patch_artist=True,
        manage_ticks=False, medianprops={"color": INK, "linewidth": 1.6},
        whiskerprops={"color": INK}, capprops={"color": INK},
    )  # fmt: skip
    drawn["boxes"][0].set(facecolor=colour(side), alpha=0.45, edgecolor=INK)
    if len(areas) <= MOST_DOTS:
        shift = 0.2 * ((np.arange(len(areas)) * 0.618034) % 1 - 0.5)
        ax.plot(place + shift, areas, "o", color=INK, markersize=2.6, alpha=0.55, zorder=4)
    ax.plot(place, areas.mean(), "D", color="white", markeredgecolor=INK, markersize=5, zorder=5)


def fold_figure(study: Study) -> tuple[Figure, dict[str, Any]]:
    """Return the points coloured by fold, random and spatial, of the first repeat."""
    x, y = study.terrain.places.x, study.terrain.places.y
    unit, scale = ("km", 1000.0) if study.terrain.unit == "m" else (study.terrain.unit, 1.0)
    x, y = (x - x.min()) / scale, (y - y.min()) / scale
    shape = np.clip(np.ptp(y) / max(np.ptp(x), 1e-12), 0.35, 1.4)
    figure, axes = new_figure(width=PAGE_WIDTH, height=0.8 + 3.3 * shape, columns=2)
    size = float(np.clip(6000 / len(x), 2, 18))
    columns: dict[str, Any] = {"x": x, "y": y, "label": study.label}
    for ax, scheme in zip(axes, SCHEMES):
        fold = study.partition(scheme).fold
        columns[f"fold_{scheme}"] = fold
        for number in range(1, fold.max() + 1):
            own = fold == number
            shade = FOLD_COLOURS[number - 1] if number <= len(FOLD_COLOURS) else OTHER_FOLDS
            _points(ax, x, y, own, study.label, shade, size, number)
        ax.set_aspect("equal")
        label_axes(ax, f"x ({unit})", f"y ({unit})", SCHEME_WORDS[scheme].capitalize())
    add_legend(
        axes[1], loc="center left", bbox_to_anchor=(1.0, 0.5), title="Fold", title_fontsize=9,
        handlelength=1, markerscale=float(np.sqrt(30 / size)),
    )  # fmt: skip
    return figure, columns


def _points(
    ax: Axes, x: np.ndarray, y: np.ndarray, own: np.ndarray, label: np.ndarray, shade: str,
    size: float, number: int,
) -> None:  # fmt: skip
    """Draw one fold: filled where there is subsidence, hollow where there is none."""
    for value, face in ((0, "none"), (1, shade)):
        chosen = own & (label == value)
        ax.scatter(
            x[chosen], y[chosen], s=size, facecolors=face, edgecolors=shade, linewidths=0.8,
            label=str(number) if value else None,
        )  # fmt: skip


def semivariogram_figure(study: Study) -> tuple[Figure, dict[str, Any]]:
    """Return the semivariogram of each factor with its fitted model and range."""
    unit, scale = ("km", 1000.0) if study.terrain.unit == "m" else (study.terrain.unit, 1.0)
    curves = study.terrain.curves
    shown = curves[:MOST_PANELS]
    figure, axes = panel_grid(len(shown), columns=4, height=1.9)
    columns: dict[str, list] = {
        name: [] for name in ("factor", "distance", "semivariance", "pairs", "fitted")
    }
    for index, curve in enumerate(curves):
        fit = curve.at(curve.distance) if curve.model else np.full(len(curve.distance), np.nan)
        for name, values in zip(
            columns, ([curve.factor] * len(fit), curve.distance, curve.gamma, curve.pairs, fit)
        ):
            columns[name] += list(values)
        if index >= len(shown):
            continue
        ax = axes[index]
        ax.scatter(
            curve.distance / scale, curve.gamma, s=8 + 30 * curve.pairs / curve.pairs.max(),
            color=colour(0), alpha=0.75, linewidths=0,
        )  # fmt: skip
        if curve.model:
            line = np.linspace(0, curve.distance[-1], 200)
            ax.plot(line / scale, curve.at(line), color=colour(1), linewidth=1.5)
            if not curve.limit:
                ax.axvline(curve.range / scale, color=INK, linewidth=0.9, linestyle="--")
        ax.set_ylim(0, max(1.15, 1.08 * float(curve.gamma.max(initial=0))))
        ax.set_xlim(left=0)
        last_row = index >= len(shown) - 4
        label_panel(
            ax, curve.factor, f"Distance ({unit})" if last_row else "",
            "Semivariance" if index % 4 == 0 else "",
        )  # fmt: skip
        text = f"range {range_text(curve.range, curve.limit)} {study.terrain.unit}"
        ax.text(
            0.97, 0.06, text, transform=ax.transAxes, ha="right", fontsize=8, color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
        )  # fmt: skip
    return figure, columns


def range_text(range_: float, limit: str) -> str:
    """Return a range with three digits and its limit sign, ``–`` where there is none."""
    if range_ != range_:
        return "–"
    return f"{limit} {range_:.3g}".strip() if range_ < 1000 else f"{limit} {range_:,.0f}".strip()
