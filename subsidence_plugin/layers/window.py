"""What the window shows of a project: the temporal controller's time, the selected layer."""

from __future__ import annotations

from qgis.core import Qgis, QgsDateTimeRange, QgsInterval, QgsMapLayer, QgsProject, QgsUnitTypes
from qgis.PyQt.QtCore import Qt, QTimer

from .tree import date_groups

#: Where a project remembers the time that we gave it.
ENTRY = ("Subsidence", "/TimeRange")


def offer_range(project: QgsProject, whole: QgsDateTimeRange, days: int) -> None:
    """Make ``whole`` the time that the controller plays, where the project has none yet.

    A time that comes from an earlier result of ours is widened; one of the user stays.

    Parameters
    ----------
    project : QgsProject
    whole : QgsDateTimeRange
    days : int
        Length of a frame.
    """
    settings = project.timeSettings()
    known = settings.temporalRange()
    if not known.isInfinite():
        if project.readEntry(*ENTRY)[0] != _text(known):
            return
        begin, end = min(known.begin(), whole.begin()), max(known.end(), whole.end())
        whole = QgsDateTimeRange(begin, end, True, False)
        days = min(days, int(settings.timeStep()))
    settings.setTemporalRange(whole)
    settings.setTimeStep(max(days, 1))
    settings.setTimeStepUnit(_days())
    project.writeEntry(*ENTRY, _text(whole))
    window = _window(project)
    controller = window.mapCanvas().temporalController() if window is not None else None
    if controller is not None:
        controller.setTemporalExtents(whole)
        controller.setFrameDuration(QgsInterval(max(days, 1), _days()))


def _text(time: QgsDateTimeRange) -> str:
    return " ".join(t.toString(Qt.DateFormat.ISODate) for t in (time.begin(), time.end()))


def settle(layer: QgsMapLayer, project: QgsProject) -> None:
    """Select a layer and fold the groups of dates.

    QGIS selects, and unfolds, what was added last or lies beside what was moved.
    """
    window = _window(project)
    if window is None:
        return
    key = layer.id()

    def select_and_fold() -> None:
        selected = project.mapLayer(key)
        if selected is not None:
            window.setActiveLayer(selected)
        for group in date_groups(project):
            group.setExpanded(False)

    QTimer.singleShot(0, select_and_fold)  # after what QGIS does when layers come


def _window(project: QgsProject):
    """Return QGIS's interface, None without a window or where it shows another project."""
    import qgis.utils

    return qgis.utils.iface if project is QgsProject.instance() else None


def _days():
    """Return the unit: QGIS moved it from ``QgsUnitTypes`` to ``Qgis``."""
    units = getattr(Qgis, "TemporalUnit", None)
    return units.Days if units else getattr(QgsUnitTypes, "TemporalDays")  # noqa: B009
