"""The inspect panel: map tool, dock and background work, put together."""

from __future__ import annotations

from functools import partial
from typing import Callable, Optional

from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsPointXY, QgsProject
from qgis.gui import QgsMessageBarItem
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog

from ...engine.inspection.place import PlaceReport
from ...translate import tr
from . import settings
from .dock import InspectDock
from .export import ExportTask, ask_target, write_csv, write_picture
from .layers import class_colours, sources_of
from .map_place import MapPlace
from .show import look_of, place_text, show_nothing, show_place, show_problem
from .task import Place, Shown
from .work import PlaceWork

#: Pixels by which the width must change before figures are drawn anew, and the time to wait.
WORTH_DRAWING, PAUSE = 24, 400
#: Width of the panel when it is opened, pixels.
WIDTH = 372

#: Docks of Processing, by their object names.
NEIGHBOURS = ("ProcessingToolbox", "ResultsViewer")


class InspectPanel(QObject):
    """Shows what the layers of the project know of the place that is clicked on.

    Nothing is read or computed in the main thread. A new click takes the place of the one before,
    whose results are thrown away.

    Parameters
    ----------
    iface : QgisInterface

    Attributes
    ----------
    dock : InspectDock or None
        Made when the panel is first shown.
    work : PlaceWork
        Its signals ``shown`` and ``ended`` tell when there is something new.
    """

    #: An export has ended: its path, and a sentence where it failed.
    exported = pyqtSignal(str, str)

    def __init__(self, iface) -> None:
        super().__init__()
        self.iface = iface
        self.dock: Optional[InspectDock] = None
        self.work = PlaceWork()
        self.work.shown.connect(self._show)
        self.work.ended.connect(self._show_end)
        self._colours: dict[str, dict[int, str]] = {}
        self._where = ""
        self._map: Optional[MapPlace] = None
        self._width = 0.0
        self._warning: Optional[QgsMessageBarItem] = None

    @property
    def report(self) -> Optional[PlaceReport]:
        """The last place, as far as it is known."""
        return self.work.latest and self.work.latest.report

    def show(self) -> None:
        """Show the panel and take the map's clicks."""
        if self.dock is None:
            self._make()
            self.work.prepare(sources_of(QgsProject.instance()), settings.chosen_models())
            self.dock.show()
            window, across = self.iface.mainWindow(), Qt.Orientation.Horizontal
            window.resizeDocks([self.dock], [WIDTH], across)
        self.dock.show()
        self.dock.raise_()
        self._map.take_clicks(True)

    def remove(self) -> None:
        """Stop the work and take away all that was added to QGIS."""
        self.work.forget()
        if self.dock is None:
            return
        self._timer.stop()
        QgsProject.instance().cleared.disconnect(self.clear)
        QgsProject.instance().readProject.disconnect(self._read_settings)
        self._map.remove()
        self.iface.removeDockWidget(self.dock)
        self.dock.deleteLater()
        self.dock = self._map = None

    def inspect(
        self, point: QgsPointXY, crs: Optional[QgsCoordinateReferenceSystem] = None
    ) -> None:
        """Look at a place; what is found comes with ``work.shown``.

        Parameters
        ----------
        point : QgsPointXY
        crs : QgsCoordinateReferenceSystem, optional
            Default: the map's.
        """
        project = QgsProject.instance()
        crs = crs or self._map.crs
        sources, colours = sources_of(project), class_colours(project)
        self._colours = {one.name: colours.get(one.source, {}) for one in sources}
        self._map.mark(point, crs)
        self._where = place_text(point, crs)
        if not sources:
            self.work.forget()
            show_nothing(self.dock, self._where, tr(
                "The project has no layer that can be asked; add results of this plugin first."
            ))  # fmt: skip
            return
        show_nothing(self.dock, self._where, tr("Reading {count} layers …").format(
            count=len(sources)
        ))  # fmt: skip
        place = Place(
            point.x(), point.y(), crs.toWkt() if crs.isValid() else "", sources,
            self.dock.within.value(), settings.chosen_models(),
        )  # fmt: skip
        self._start(place)

    def clear(self) -> None:
        """Forget the place, as when another project is opened."""
        self.work.forget()
        self._map.unmark()
        self.dock.show_busy(False)
        self._read_settings()
        show_nothing(self.dock, "", tr("Click on the map to see what the layers say of a place."))

    def choose_model(self, path: str = "") -> None:
        """Keep the model file of the probability raster with the project, and look again.

        Parameters
        ----------
        path : str
            Empty: the user is asked.
        """
        pixel = self.report.pixel("probability") if self.report else None
        if pixel is None:
            return
        if not path:
            path, _filter = QFileDialog.getOpenFileName(
                self.dock, tr("Model file"), pixel.path, tr("Model files (*.safetensors)")
            )
        if path:
            settings.choose_model(pixel.metadata.get("SUBSIDENCE_MODEL", ""), path)
            self.work.place.models = settings.chosen_models()
            self._start(self.work.place)

    def export_picture(self, path: str = "") -> None:
        """Write waterfall and time series to a PNG file; ``exported`` tells when that is done.

        Parameters
        ----------
        path : str
            Empty: the user is asked.
        """
        path = path or ask_target(self.dock, tr("Export picture"), "PNG (*.png)", ".png")
        if path and self.report is not None:
            self._export(path, partial(write_picture, path, self.report, self._where))

    def export_csv(self, path: str = "") -> None:
        """Write all values and series to a CSV file; ``exported`` tells when that is done.

        Parameters
        ----------
        path : str
            Empty: the user is asked.
        """
        path = path or ask_target(self.dock, tr("Export CSV"), "CSV (*.csv)", ".csv")
        if path and self.report is not None:
            self._export(path, partial(write_csv, path, self.report))

    def _make(self) -> None:
        self.dock = dock = InspectDock(self.iface.mainWindow())
        self._map = MapPlace(self.iface.mapCanvas(), self.inspect, dock.pick.setChecked)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._draw_anew)
        dock.pick.clicked.connect(self._map.take_clicks)
        dock.choose.clicked.connect(lambda: self.choose_model())
        dock.picture.clicked.connect(lambda: self.export_picture())
        dock.table.clicked.connect(lambda: self.export_csv())
        dock.within.editingFinished.connect(self._look_further)
        dock.closed.connect(self._closed)
        dock.resized.connect(self._timer.start)
        # As a tab beside Processing's docks: below them it would have no height for its figures.
        area = Qt.DockWidgetArea.RightDockWidgetArea
        self.iface.addTabifiedDockWidget(area, dock, list(NEIGHBOURS), True)
        QgsProject.instance().cleared.connect(self.clear)
        QgsProject.instance().readProject.connect(self._read_settings)
        self.clear()

    def _closed(self) -> None:
        self.work.stop()
        self.dock.show_busy(False)
        self._map.take_clicks(False)
        self._map.unmark()

    def _read_settings(self) -> None:
        self.dock.within.setValue(settings.within())

    def _look_further(self) -> None:
        metres = self.dock.within.value()
        if metres == settings.within():
            return
        settings.keep_within(metres)
        if self.work.place is not None:
            self.work.place.within = metres
            self._start(self.work.place)

    def _start(self, place: Place) -> None:
        self.dock.show_busy(True)
        self._width = self.dock.figure_width()
        self.work.start(place, look_of(self.dock))

    def _draw_anew(self) -> None:
        width = self.dock.figure_width()
        if abs(width - self._width) > WORTH_DRAWING and self.work.draw(look_of(self.dock)):
            self._width = width

    def _show(self, shown: Shown) -> None:
        show_place(self.dock, shown, self._colours)

    def _show_end(self, problem: str) -> None:
        self.dock.show_busy(False)
        self._timer.start()  # the width may have changed meanwhile
        if problem:
            latest = self.work.latest
            show_problem(self.dock, problem, latest is not None and latest.explained)

    def _export(self, path: str, write: Callable[[], None]) -> None:
        ExportTask(write, partial(self._show_export, path)).start()

    def _show_export(self, path: str, problem: str) -> None:
        if self.dock is not None:
            bar, title = self.iface.messageBar(), tr("Inspect panel")
            if self._warning is not None and not sip.isdeleted(self._warning):
                bar.popWidget(self._warning)
            self._warning = None
            if problem:
                self._warning = bar.createMessage(title, problem)
                bar.pushWidget(self._warning, Qgis.MessageLevel.Warning)
            else:
                said = tr("Written: {path}").format(path=path)
                bar.pushMessage(title, said, Qgis.MessageLevel.Success)
        self.exported.emit(path, problem)
