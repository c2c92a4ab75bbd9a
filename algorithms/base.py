"""What every algorithm shares: names, help, parameters, running a job, errors and Cancel."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)
from qgis.PyQt.QtGui import QIcon

from ..subsidence_plugin.engine.errors import Cancelled, SubsidenceError
from ..subsidence_plugin.engine.jobs import run_job
from ..subsidence_plugin.engine.progress import Progress
from ..subsidence_plugin.engine.thread_state import keep_thread_state
from .destinations import FileVectorDestination
from .groups import Group
from .help_page import HelpPage
from .help_text import help_text
from .number_range import allowed, plain
from .styling import style_when_loaded
from .translate import tr
from .values import Values

ICONS = Path(__file__).resolve().parents[1] / "resources" / "icons"


class SubsidenceAlgorithm(QgsProcessingAlgorithm):
    """Base of all algorithms: a child declares parameters and turns them into job arguments."""

    NAME = ""
    TITLE = ""
    GROUP = Group.PROJECT
    #: Stem of the file in ``resources/help``; empty: the name.
    HELP_FILE = ""

    def declare(self) -> None:
        """Add the parameters and outputs (with ``add`` and its relatives)."""
        raise NotImplementedError

    def arguments(self, values: Values) -> dict[str, Any]:
        """Return the arguments of the job called ``NAME``."""
        raise NotImplementedError

    def job(self) -> str:
        """Return the name of the engine's job."""
        return self.NAME

    def name(self) -> str:
        return self.NAME

    def displayName(self) -> str:
        return tr(self.TITLE)

    def group(self) -> str:
        return tr(self.GROUP.value[1])

    def groupId(self) -> str:
        return self.GROUP.value[0]

    def help_values(self) -> dict[str, str]:
        """Return what fills the ``{name}`` places of the help text; most have none."""
        return {}

    def help_page(self) -> HelpPage:
        """Return the help page in the user's language."""
        return HelpPage(self, help_text(self.HELP_FILE or self.NAME), self.help_values())

    def shortHelpString(self) -> str:
        return self.help_page().shown()

    def shortDescription(self) -> str:
        return self.help_page().summary()

    def helpUrl(self) -> str:
        # The Help button of a dialog opens it: our help dialog answers, without a network.
        return f"subsidence-help:{self.NAME}"

    def tags(self) -> list[str]:
        # Found by the English name, too, which papers and scripts use.
        return [self.NAME, self.TITLE]

    def icon(self) -> QIcon:
        return QIcon(str(ICONS / f"{self.groupId()}.svg"))

    def createInstance(self) -> SubsidenceAlgorithm:
        return type(self)()

    def initAlgorithm(self, configuration: Optional[dict] = None) -> None:
        self.declare()

    def add(
        self,
        parameter: QgsProcessingParameterDefinition,
        help: str,
        advanced: bool = False,
        create_output: bool = True,
        values: Optional[dict[str, Any]] = None,
    ) -> None:
        """Add a parameter with its (translated) description, help and place.

        Places like ``{default}`` of the help are filled with ``values`` after the translation.
        """
        parameter.setDescription(tr(parameter.description()))
        parameter.setHelp(tr(help).format(**values) if values else tr(help))
        if isinstance(parameter, QgsProcessingParameterEnum):
            parameter.setOptions([tr(option) for option in parameter.options()])
        if advanced:
            flag = QgsProcessingParameterDefinition.Flag.FlagAdvanced
            parameter.setFlags(parameter.flags() | flag)
        self.addParameter(parameter, create_output)

    def addOutput(self, definition: QgsProcessingOutputDefinition) -> bool:
        definition.setDescription(tr(definition.description()))
        return super().addOutput(definition)

    def add_seed(self) -> None:
        """Add the parameter ``SEED``."""
        self.add(
            QgsProcessingParameterNumber(
                "SEED",
                "Random seed",
                QgsProcessingParameterNumber.Type.Integer,
                42,
                minValue=0,
                maxValue=2**31 - 1,
            ),
            "The same seed and the same data give the same result.",
            advanced=True,
        )

    def add_device(self) -> None:
        """Add the parameter ``DEVICE``."""
        self.add(
            QgsProcessingParameterEnum(
                "DEVICE", "Device", ["Automatic", "CPU", "CUDA"], defaultValue=0
            ),
            "Automatic takes the CUDA GPU where PyTorch finds one; the log says what was chosen.",
            advanced=True,
        )

    def add_threads(self) -> None:
        """Add the parameter ``THREADS`` of an algorithm that works tile by tile."""
        self.add(
            QgsProcessingParameterNumber(
                "THREADS",
                "Compute threads",
                QgsProcessingParameterNumber.Type.Integer,
                0,
                minValue=0,
                maxValue=1024,
            ),
            "Tiles computed at a time; 0 takes one thread for each processor core.",
            advanced=True,
        )

    def add_raster_output(self, name: str, text: str, help: str, optional: bool = False) -> None:
        """Add a raster output; an optional one is skipped unless asked for."""
        self.add(
            QgsProcessingParameterRasterDestination(name, text, None, optional, not optional), help
        )

    def add_points_output(self, name: str, text: str, help: str, optional: bool = False) -> None:
        """Add a point layer output, a GPKG file by default."""
        kind = QgsProcessing.SourceType.TypeVectorPoint
        self.add(FileVectorDestination(name, text, kind, None, optional, not optional), help)

    def add_table_output(self, name: str, text: str, help: str, optional: bool = False) -> None:
        """Add an output table without geometry, GPKG by default, CSV (with .csvt) as well."""
        kind = QgsProcessing.SourceType.TypeVector
        self.add(FileVectorDestination(name, text, kind, None, optional, not optional), help)

    def add_file_output(
        self, name: str, text: str, file_filter: str, help: str, optional: bool = False
    ) -> None:
        """Add an output file, for example a report or a model."""
        self.add(
            QgsProcessingParameterFileDestination(
                name, text, file_filter, None, optional, not optional
            ),
            help,
        )

    def add_report(self) -> None:
        """Add the optional output ``REPORT``."""
        self.add_file_output(
            "REPORT",
            "Report",
            "HTML files (*.html)",
            "A self-contained HTML page with the figures and tables of this run.",
            optional=True,
        )
        # The Results Viewer lists reports by this title alone.
        title = tr("{title}: report").format(title=self.displayName())
        self.outputDefinition("REPORT").setDescription(title)

    def checkParameterValues(
        self, parameters: dict, context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Name the range of a number that is out of it (QGIS says 'incorrect value' only)."""
        for definition in self.parameterDefinitions():
            value = parameters.get(definition.name())
            if not isinstance(definition, QgsProcessingParameterNumber) or isinstance(value, bool):
                continue
            try:
                number = float(value)
            except (TypeError, ValueError):
                continue  # empty, or an expression: QGIS's own check
            low, high = definition.minimum(), definition.maximum()
            if not low <= number <= high:
                return False, tr("{name} is {value}; it must be {range}.").format(
                    name=definition.name(), value=plain(number), range=allowed(low, high)
                )
        return super().checkParameterValues(parameters, context)

    def processAlgorithm(
        self, parameters: dict, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict:
        feedback = feedback or QgsProcessingFeedback()
        values = Values(self, parameters, context, feedback)
        keep_thread_state()
        try:
            outcome = self.execute(values, progress_of(feedback))
        except SubsidenceError as error:
            raise QgsProcessingException(str(error)) from error
        except Cancelled:
            return {}
        return self.results(values, outcome)

    def execute(self, values: Values, progress: Progress) -> dict[str, Any]:
        """Do the work; an algorithm on QGIS's own objects overrides this, others have a job."""
        return run_job(self.job(), self.arguments(values), progress)

    def results(self, values: Values, outcome: dict) -> dict:
        """Return output names and values: paths of what was written, figures of the job."""
        destinations = [d.name() for d in self.parameterDefinitions() if d.isDestination()]
        results = {name: values.output(name) for name in destinations}
        for path in filter(None, results.values()):
            style_when_loaded(path, values.context)
        for output in self.outputDefinitions():
            if output.name() in outcome:
                results[output.name()] = outcome[output.name()]
        return {key: value for key, value in results.items() if value is not None}


def progress_of(feedback: QgsProcessingFeedback) -> Progress:
    """Return the engine's progress that speaks to, and is cancelled through, ``feedback``."""

    def message(text: str, level: str) -> None:
        if level == "warning":
            feedback.pushWarning(text)
        else:
            feedback.pushInfo(text)

    return Progress(lambda f: feedback.setProgress(100 * f), message, feedback.isCanceled)
