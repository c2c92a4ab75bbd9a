"""Loads model and packages while the user looks for a place to click on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qgis.core import Qgis, QgsMessageLog, QgsTask

from ...engine.errors import Cancelled, SubsidenceError
from ...engine.inspection.place import Source
from ...engine.jobs.explain_place import PlaceExplainer
from ...engine.progress import Progress
from ...translate import tr
from .task import RUNNING, quiet_flags


class PrepareTask(QgsTask):
    """Calls ``PlaceExplainer.prepare`` in the background.

    Parameters
    ----------
    explainer : PlaceExplainer
    sources : sequence of Source
    models : mapping of str to str
        Chosen model files.
    """

    def __init__(
        self, explainer: PlaceExplainer, sources: Sequence[Source], models: Mapping[str, str]
    ) -> None:
        super().__init__(tr("Preparing to inspect places"), quiet_flags())
        self._explainer, self._sources, self._models = explainer, sources, models
        self._given_up = False
        RUNNING.add(self)

    def give_up(self) -> None:
        """Stop at the next occasion; also after QGIS has deleted the task."""
        self._given_up = True

    def run(self) -> bool:
        """Load (called by QGIS in a background thread)."""
        progress = Progress(
            on_message=lambda text, level: None,
            is_cancelled=lambda: self._given_up or self.isCanceled(),
        )
        try:
            self._explainer.prepare(progress, self._sources, self._models)
        except (Cancelled, SubsidenceError):
            return True  # the first place says what is missing
        except Exception as error:  # a background thread must not take QGIS down
            QgsMessageLog.logMessage(repr(error), "Land subsidence", Qgis.MessageLevel.Critical)
        return True

    def finished(self, result: bool) -> None:
        """Forget the task (called by QGIS in the main thread)."""
        RUNNING.discard(self)
