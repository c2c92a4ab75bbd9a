"""Figure of one time series: what was observed, forecasts with intervals, origins, last date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import numpy as np

from ..report.figures import INK, REFERENCE, add_legend, colour, dash, new_figure, style_axes
from ..report.sections import MINUS
from .place import Forecast, Series
from .words import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A forecast shorter than this share of the whole time gets a second panel, in which it is seen.
SHORT = 0.25
#: Time before the origin in that panel, as a multiple of the forecast's length.
BEFORE = 3.0
DAY = np.timedelta64(1, "D")


def series_figure(series: Series, words: Optional[Words] = None, width: float = 3.6) -> Figure:
    """Return the series and its forecasts against the date.

    A dotted line stands at the origin of each forecast, a ring at the last observed date.

    Parameters
    ----------
    series : Series
    words : Words, optional
    width : float
        Inches.
    """
    words = words or Words()
    recent = recent_span(series)
    height = 0.52 * width if width > 5 else 2.1
    panels = 2 if recent is not None else 1
    figure, _ = new_figure(width, height * panels + 0.35, columns=0)
    axes = [figure.add_subplot(panels, 1, place + 1) for place in range(panels)]
    for ax, span, name in zip(axes, (None, recent), (words.whole, words.recent)):
        style_axes(ax)
        ax.tick_params(labelsize=8)
        _draw(ax, series, words, span)
        ax.set_ylabel(words.displacement.format(unit=series.unit), fontsize=8.5, color=INK)
        if panels > 1:
            ax.set_title(name, fontsize=8.5, color=INK, loc="left", fontweight="bold")
    _legend(figure, axes)
    return figure


def recent_span(series: Series) -> Optional[tuple[np.datetime64, np.datetime64]]:
    """Return the first and the last date of the second panel, None where one panel is enough."""
    known = series.dates[np.isfinite(series.values)]
    if not series.forecasts or not len(known):
        return None
    latest = max(series.forecasts, key=lambda forecast: forecast.dates[-1])
    start = _origin(latest, series)
    length = max(latest.dates[-1] - start, DAY)
    whole = max(latest.dates[-1], known[-1]) - min(known[0], start)
    if length >= SHORT * whole:
        return None
    first = start - np.timedelta64(int(BEFORE * (length / DAY)), "D")
    return max(first, known[0]), latest.dates[-1]


def _origin(forecast: Forecast, series: Series) -> np.datetime64:
    """Return the origin of a forecast; unknown ones are the last observed date before it."""
    if forecast.origin is not None:
        return forecast.origin
    before = series.dates[(series.dates < forecast.dates[0]) & np.isfinite(series.values)]
    return before[-1] if len(before) else forecast.dates[0]


def _draw(
    ax: Axes, series: Series, words: Words, span: Optional[tuple[np.datetime64, np.datetime64]]
) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    inside = np.isfinite(series.values)
    if span is not None:
        inside &= (series.dates >= span[0]) & (series.dates <= span[1])
    ax.plot(
        series.dates[inside], series.values[inside], color=INK, linewidth=0.8, zorder=2,
        marker="." if span is not None or inside.sum() < 120 else "", markersize=3,
        label=words.observed,
    )  # fmt: skip
    several = len(series.forecasts) > 1
    for number, forecast in enumerate(reversed(series.forecasts)):
        if span is None or forecast.dates[-1] >= span[0]:
            _draw_forecast(ax, forecast, series, number, words, several)
    _mark_last(ax, series, words, span)
    if span is not None:
        margin = (span[1] - span[0]) / DAY * 0.03
        ax.set_xlim(span[0] - np.timedelta64(int(margin) + 1, "D"),
                    span[1] + np.timedelta64(int(margin) + 1, "D"))  # fmt: skip
    locator = AutoDateLocator(minticks=3, maxticks=5)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _draw_forecast(
    ax: Axes, forecast: Forecast, series: Series, number: int, words: Words, several: bool
) -> None:
    origin, own = _origin(forecast, series), colour(number)
    if forecast.lower is not None and forecast.upper is not None:
        known = np.isfinite(forecast.lower) & np.isfinite(forecast.upper)
        dates, lower, upper = forecast.dates[known], forecast.lower[known], forecast.upper[known]
        if known.sum() == 1:  # a band of no width would not be seen
            ax.vlines(dates, lower, upper, color=own, alpha=0.3, linewidth=5,
                      label=interval_text(forecast, words))  # fmt: skip
        else:
            ax.fill_between(dates, lower, upper, color=own, alpha=0.22, linewidth=0,
                            label=interval_text(forecast, words), zorder=1)  # fmt: skip
    name = words.forecast_from.format(date=origin) if several else words.forecast
    ax.plot(
        forecast.dates, forecast.values, color=own, linestyle=dash(number), linewidth=1.8,
        marker="o" if len(forecast.dates) == 1 else "", markersize=4, label=name, zorder=3,
    )  # fmt: skip
    ax.axvline(origin, color=REFERENCE, linestyle=":", linewidth=1.1, zorder=0,
               label=words.origin.format(date=origin) if number == 0 else "")  # fmt: skip


def interval_text(forecast: Forecast, words: Words) -> str:
    """Return what the band is called: with its coverage where that is known."""
    try:
        percent = 100 * float(forecast.coverage)
    except ValueError:
        return words.some_interval
    return words.interval.format(percent=f"{percent:.3g}")


def _mark_last(
    ax: Axes, series: Series, words: Words, span: Optional[tuple[np.datetime64, np.datetime64]]
) -> None:
    last = series.last
    if last is None or (span is not None and series.dates[last] < span[0]):
        return
    value = f"{series.values[last]:.1f}".replace("-", MINUS)
    ax.plot(
        series.dates[last], series.values[last], "o", markersize=6, markerfacecolor="none",
        markeredgecolor=INK, markeredgewidth=1.1, zorder=4,
        label=words.last.format(date=series.dates[last], value=f"{value} {series.unit}"),
    )  # fmt: skip


def _legend(figure: Figure, axes: list) -> None:
    """Put one legend below the panels: no panel is sure to have a corner free of curves."""
    named: dict[str, object] = {}
    for ax in axes:
        for handle, text in zip(*ax.get_legend_handles_labels()):
            named.setdefault(text, handle)
    narrow = figure.get_figwidth() <= 5
    across = 2 if narrow else 3
    rows = -(-len(named) // across)
    figure.set_figheight(figure.get_figheight() + 0.2 * rows)
    look = {"fontsize": 7.4, "handlelength": 1.2, "columnspacing": 0.9, "handletextpad": 0.5}
    if not narrow:
        look = {"fontsize": 8.5, "handlelength": 2.2, "columnspacing": 1.6}
    add_legend(
        axes[-1], handles=list(named.values()), labels=list(named), loc="upper center", ncol=across,
        bbox_to_anchor=(0.5 - 0.1 * narrow, -0.16), **look,
    )  # fmt: skip
