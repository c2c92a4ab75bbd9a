"""A QGIS without window and with our provider; tests here skip where QGIS is absent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("qgis.core", reason="QGIS's Python is not here")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def qgis_app(tmp_path_factory):
    """The running QGIS application with the native, GDAL and our own algorithms."""
    os.environ["HOME"] = str(tmp_path_factory.mktemp("home"))
    from qgis.core import QgsApplication

    app = QgsApplication([], False)
    app.initQgis()
    sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))
    from processing.core.Processing import Processing

    Processing.initialize()
    from land_subsidence.algorithms.provider import SubsidenceProvider

    provider = SubsidenceProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    app.provider = provider
    yield app


@pytest.fixture
def run(qgis_app):
    """Run an algorithm by id: ``run("subsidence:…", {…})`` as the Toolbox would."""
    import processing
    from qgis.core import QgsProcessingContext

    def call(algorithm, parameters, feedback=None, context=None):
        context = context or QgsProcessingContext()
        return processing.run(algorithm, parameters, feedback=feedback, context=context)

    return call


@pytest.fixture(scope="session")
def area(qgis_app, tmp_path_factory):
    """Paths of a small example area, samples of it, a model trained on them, series, ensemble."""
    from example_area import make_area

    return make_area(tmp_path_factory.mktemp("area"))


@pytest.fixture
def refused(run, tmp_path):
    """Run an algorithm that must fail; returns its one sentence, with nothing written."""
    from qgis.core import QgsProcessingException

    def call(algorithm, parameters, **outputs):
        folder = tmp_path / "out"
        folder.mkdir(exist_ok=True)
        targets = {name: str(folder / file) for name, file in outputs.items()}
        with pytest.raises(QgsProcessingException) as failure:
            run(f"subsidence:{algorithm}", {**parameters, **targets})
        message = str(failure.value)
        assert "Traceback" not in message and "\n" not in message.strip(), message
        assert len(message) > 25, message
        assert not list(folder.iterdir()), list(folder.iterdir())
        return message

    return call


@pytest.fixture
def log():
    """A feedback that keeps its log: ``log.text`` after a run."""
    from qgis.core import QgsProcessingFeedback

    class Log(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.lines = []

        @property
        def text(self):
            return "\n".join(self.lines)

        def pushInfo(self, text):
            self.lines.append(text)

        def pushWarning(self, text):
            self.lines.append(text)

        def reportError(self, text, fatalError=False):
            self.lines.append(text)

    return Log()


@pytest.fixture(scope="session")
def qgis_process(tmp_path_factory):
    """Run the real ``qgis_process``: returns the completed process (text, exit code)."""
    home = tmp_path_factory.mktemp("qgis-process")

    def call(*arguments, timeout=300, **options):
        environment = {**os.environ, "SUBSIDENCE_QGIS_HOME": str(home), **options}
        return subprocess.run(
            [str(ROOT / "tools" / "qgis-process.sh"), *map(str, arguments)],
            capture_output=True, text=True, timeout=timeout, env=environment, check=False,
        )  # fmt: skip

    return call
