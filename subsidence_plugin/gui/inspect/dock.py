"""The widgets of the inspect panel; what they show comes from the panel."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import QgsApplication
from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QCloseEvent, QResizeEvent
from qgis.PyQt.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...translate import tr
from .figure_label import FigureLabel

NAME = "subsidenceInspect"


class InspectDock(QDockWidget):
    """One scrolling page: headline, waterfall, time series, values, factors, what was left out."""

    closed = pyqtSignal()
    resized = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Inspect panel"), parent)
        self.setObjectName(NAME)
        self.setMinimumWidth(260)
        self.pick = QToolButton()
        self.pick.setObjectName(f"{NAME}Pick")
        self.pick.setIcon(QgsApplication.getThemeIcon("/mActionIdentify.svg"))
        self.pick.setText(tr("Pick a place"))
        self.pick.setToolTip(tr("Click on the map to see what the layers say of that place"))
        self.pick.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.pick.setCheckable(True)
        self.place = _text("Place")
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedHeight(4)
        self.headline = _text("Headline")
        self.message = _text("Message")
        self._make_sections()
        self._make_buttons()
        self._arrange()
        self.show_busy(False)

    def show_busy(self, busy: bool) -> None:
        """Show that work is under way; the line keeps its place, so that nothing jumps."""
        self.busy.setRange(0, 0 if busy else 1)

    def show_text(self, label: QLabel, text: str) -> None:
        """Show a text, or nothing where it is empty."""
        label.setText(text)
        label.setVisible(bool(text))

    def show_series(self, titles: Sequence[str], pictures: Sequence[bytes]) -> None:
        """Show a picture a time series under its title; known series keep their places.

        ``pictures`` may be shorter, while figures are drawn.
        """
        while len(self._series) > len(titles):
            for widget in self._series.pop():
                self._series_layout.removeWidget(widget)
                widget.hide()  # what is deleted later is painted until then
                widget.deleteLater()
        while len(self._series) < len(titles):
            title, figure = _text("SeriesTitle"), FigureLabel(f"{NAME}Series", tr("Time series"))
            for widget in (title, figure):
                self._series_layout.addWidget(widget)
            self._series.append((title, figure))
        for index, (title, figure) in enumerate(self._series):
            title.setText(titles[index])
            figure.show_png(pictures[index] if index < len(pictures) else b"")
        self.series_box.setVisible(bool(titles))

    def figure_width(self) -> float:
        """Return the width that a figure has, in pixels."""
        return max(self.scroll.viewport().width() - 34, 200)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell that the user closed the panel (called by Qt)."""
        super().closeEvent(event)
        self.closed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell that the width has changed (called by Qt)."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.resized.emit()

    def _make_sections(self) -> None:
        self.why = _text("Why")
        self.choose = QPushButton(tr("Choose model file…"))
        self.choose.setObjectName(f"{NAME}ChooseModel")
        self.waterfall = FigureLabel(f"{NAME}Waterfall", tr("SHAP values of this place"))
        self.values, self.factors, self.skipped = map(_text, ("Values", "Factors", "Skipped"))
        self._series: list[tuple[QLabel, FigureLabel]] = []
        self.why_box, layout = _box("WhyBox", tr("Why this probability (SHAP)"))
        for widget in (self.waterfall, self.why, self.choose):
            layout.addWidget(widget)
        self.series_box, self._series_layout = _box("SeriesBox", tr("Time series"))
        self.values_box, layout = _box("ValuesBox", tr("Values"))
        layout.addWidget(self.values)
        self.factors_box, layout = _box("FactorsBox", tr("Factors"))
        layout.addWidget(self.factors)
        self.skipped_box, layout = _box("SkippedBox", tr("Left out"))
        layout.addWidget(self.skipped)
        self.boxes = (
            self.why_box, self.series_box, self.values_box, self.factors_box, self.skipped_box,
        )  # fmt: skip

    def _make_buttons(self) -> None:
        self.within = QSpinBox()
        self.within.setObjectName(f"{NAME}Within")
        self.within.setRange(1, 100_000)
        self.within.setSuffix(" m")
        self.within.setToolTip(
            tr("How far from the click the nearest point with a time series may lie")
        )
        self.picture = QPushButton(tr("Export picture…"))
        self.picture.setObjectName(f"{NAME}Picture")
        self.table = QPushButton(tr("Export CSV…"))
        self.table.setObjectName(f"{NAME}Csv")

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.pick)
        top.addStretch(1)
        label = QLabel(tr("Points within"))
        label.setBuddy(self.within)
        top.addWidget(label)
        top.addWidget(self.within)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(6, 4, 6, 4)
        for widget in (self.message, self.headline, *self.boxes):
            column.addWidget(widget)
        column.addStretch(1)
        self.scroll = QScrollArea()
        self.scroll.setObjectName(f"{NAME}Page")
        self.scroll.setWidgetResizable(True)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.scroll.setWidget(page)
        bottom = QHBoxLayout()
        bottom.addWidget(self.picture)
        bottom.addWidget(self.table)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(top)
        layout.addWidget(self.place)
        layout.addWidget(self.busy)
        layout.addWidget(self.scroll, 1)
        layout.addLayout(bottom)
        self.setWidget(whole)


def _text(name: str) -> QLabel:
    """Return a label of rich text that wraps and can be copied from."""
    label = QLabel()
    label.setObjectName(f"{NAME}{name}")
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _box(name: str, title: str) -> tuple[QgsCollapsibleGroupBox, QVBoxLayout]:
    box = QgsCollapsibleGroupBox(title)
    box.setObjectName(f"{NAME}{name}")
    box.setSaveCollapsedState(False)
    layout = QVBoxLayout(box)
    layout.setContentsMargins(4, 4, 4, 4)
    return box, layout
