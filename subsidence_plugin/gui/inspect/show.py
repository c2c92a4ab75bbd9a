"""Puts what is known of a place into the widgets of the dock."""

from __future__ import annotations

from html import escape
from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY

from ...engine.inspection.place import NO_MODEL, NO_PROBABILITY, PlaceReport
from ...translate import tr
from .dock import InspectDock
from .page import Colours, factors_table, headline, values_table
from .task import Look, Shown
from .words import figure_words, missing_text, series_title, shap_text, skipped_text

#: Pixels an inch, at which the letters of the figures are as large as QGIS's own.
PIXELS = 96.0


def look_of(dock: InspectDock) -> Look:
    """Return how figures are to be drawn: as wide as the dock, as sharp as the screen."""
    inches = min(max(dock.figure_width() / PIXELS, 2.9), 9.0)
    return Look(inches, PIXELS * dock.devicePixelRatioF(), figure_words())


def show_nothing(dock: InspectDock, place: str, message: str) -> None:
    """Empty the page; ``place`` stands at its head and ``message`` says what to do or is done."""
    dock.show_text(dock.place, place)
    dock.show_text(dock.message, message)
    dock.show_text(dock.headline, "")
    for box in dock.boxes:
        box.setVisible(False)
    dock.show_series([], [])
    dock.waterfall.show_png(b"")
    dock.picture.setEnabled(False)
    dock.table.setEnabled(False)


def show_place(dock: InspectDock, shown: Shown, colours: Colours) -> None:
    """Show what is known so far.

    Parameters
    ----------
    dock : InspectDock
    shown : Shown
    colours : mapping
        Layer name to the colours of its codes.
    """
    report = shown.report
    anything = bool(report.values or report.factors or report.series)
    dock.show_text(dock.message, "" if anything else nothing_here(report))
    dock.show_text(dock.headline, headline(report, colours))
    dock.values.setText(values_table(report.values, colours))
    dock.factors.setText(factors_table(report.factors))
    left_out = [escape(skipped_text(one)) for one in report.skipped]
    if report.missing == NO_PROBABILITY:
        left_out.append(escape(missing_text(report)))
    dock.skipped.setText("<br>".join(left_out))
    dock.values_box.setVisible(bool(report.values))
    dock.factors_box.setVisible(bool(report.factors))
    dock.skipped_box.setVisible(bool(left_out))
    dock.show_series([f"<b>{escape(series_title(one))}</b>" for one in report.series], shown.series)
    _show_why(dock, shown)
    dock.table.setEnabled(anything)
    dock.picture.setEnabled(bool(report.series or report.shap))


def _show_why(dock: InspectDock, shown: Shown) -> None:
    report = shown.report
    has_map = any(pixel.kind == "probability" for pixel in report.pixels)
    dock.why_box.setVisible(has_map or report.shap is not None)
    dock.waterfall.show_png(shown.waterfall)
    if report.shap is not None:
        dock.why.setText(escape(shap_text(report.shap)))
    elif shown.explained:
        dock.why.setText(escape(missing_text(report)))
    else:
        dock.why.setText(tr("Working out the SHAP values …"))
    no_file = report.missing == NO_MODEL or ".safetensors" in report.missing
    dock.choose.setVisible(shown.explained and no_file)


def show_problem(dock: InspectDock, problem: str, explained: bool) -> None:
    """Say why the work ended before all was known; what has come stays."""
    dock.show_text(dock.message, escape(problem))
    if not explained:
        dock.why_box.setVisible(False)


def nothing_here(report: PlaceReport) -> str:
    """Return why nothing can be shown."""
    if report.pixels and not any(pixel.inside for pixel in report.pixels):
        return tr("The place lies outside of all layers of this plugin.")
    return tr(
        "No layer of this plugin has a value here. Results are recognised by their metadata, time "
        "series by their fields of dates (DYYYYMMDD)."
    )


def place_text(point: QgsPointXY, crs: Optional[QgsCoordinateReferenceSystem]) -> str:
    """Return the coordinates with the name of their reference system."""
    if crs is None or not crs.isValid():
        return f"{point.x():.3f}, {point.y():.3f}"
    digits = 6 if crs.isGeographic() else 1
    return f"{point.x():.{digits}f}, {point.y():.{digits}f} ({crs.authid() or crs.description()})"
