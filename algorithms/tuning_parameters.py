"""Parameters that all tuning algorithms share: where a study is kept and who works on it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsAuthMethodConfig,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterAuthConfig,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..subsidence_plugin.engine.tuning.storage_url import storage_login
from .base import SubsidenceAlgorithm
from .translate import tr
from .values import Values


def add_search(algorithm: SubsidenceAlgorithm, warm_up: str) -> None:
    """Add ``STRATEGY``, ``TRIALS``, ``SPACE`` and ``PRUNING``.

    Parameters
    ----------
    algorithm : SubsidenceAlgorithm
    warm_up : str
        After what a trial may be ended early, in words.
    """
    algorithm.add(
        QgsProcessingParameterEnum("STRATEGY", "Search", ["Grid", "Random", "TPE"], defaultValue=2),
        "Grid tries the combinations of a few values; random draws every trial anew; TPE "
        "learns from the trials so far where good values lie.",
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "TRIALS", "Trials", QgsProcessingParameterNumber.Type.Integer, 50, minValue=1,
            maxValue=100_000,
        ),
        "Number of finished trials (completed or pruned) in all; those of earlier runs of the "
        "study and of other computers count. A grid ends with its last combination.",
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterString("SPACE", "Changes of the search space", optional=True),
        "Entries parted by semicolons that replace the model's own space: a range "
        "(learning_rate=1e-4..1e-2), values (blocks=2,4,8), or one value that is not searched "
        "(batch_size=32). Empty: the space that the model declares; the report shows it.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterBoolean("PRUNING", "End hopeless trials early", True),
        "Median pruning: after a warm-up ({warm_up}) a trial that does worse than the median of "
        "the trials before it at the same point is ended. It saves time; slow learners may be "
        "lost.",
        advanced=True,
        values={"warm_up": tr(warm_up)},
    )


def add_search_results(algorithm: SubsidenceAlgorithm) -> None:
    """Add what every tuning returns of its search beside its files."""
    algorithm.addOutput(QgsProcessingOutputNumber("BEST_VALUE", "Value of the best trial"))
    algorithm.addOutput(QgsProcessingOutputNumber("BEST_TRIAL", "Number of the best trial"))
    algorithm.addOutput(QgsProcessingOutputString("STUDY_NAME", "Name of the study"))
    algorithm.addOutput(QgsProcessingOutputString("STORAGE_SHOWN", "Where the trials are kept"))


def search_arguments(values: Values) -> dict[str, Any]:
    """Return the job's arguments of ``add_search``."""
    return {
        "strategy": values.choice("STRATEGY"),
        "trials": values.integer("TRIALS"),
        "space": values.text("SPACE") or "",
        "pruning": values.flag("PRUNING"),
    }


def add_storage(algorithm: SubsidenceAlgorithm) -> None:
    """Add ``WORKERS``, ``STORAGE``, ``STUDY``, ``AUTHENTICATION`` and ``WORKER_DATA``."""
    algorithm.add(
        QgsProcessingParameterNumber(
            "WORKERS", "Trials at the same time", QgsProcessingParameterNumber.Type.Integer, 1,
            minValue=0, maxValue=256,
        ),
        "1 computes in this process, and the same seed and data repeat the search. More start so "
        "many worker processes of one thread each, which is faster on several cores but cannot be "
        "repeated by the seed; 0 starts one a core.",
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterString("STORAGE", "Storage of the trials", optional=True),
        "Where the trials are kept, so that an interrupted search goes on where it stopped when "
        "it is run again. Empty: a file beside the model, with the suffix .study, which stays; "
        "delete it to begin anew. A path names another such file (or an SQLite file, with the "
        "suffix .db). A database URL such as postgresql://user@host:5432/name lets several QGIS "
        "sessions, qgis_process calls and workers on several computers share one study. Type no "
        "password here, QGIS keeps what is typed: use AUTHENTICATION, or the name of an "
        "environment variable as in postgresql://user:${MY_VARIABLE}@host/name.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterAuthConfig(
            "AUTHENTICATION", "Authentication of the database", None, True
        ),
        "Entry of QGIS's authentication database (basic: user name and password) for STORAGE. "
        "Empty: none.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterString("STUDY", "Name of the study", optional=True),
        "Name within the storage. Empty: a name that follows from model type, search space, "
        "settings and data, so that the same search goes on and another one begins anew. A "
        "study of this name with another search space or other data is refused.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterFileDestination(
            "WORKER_DATA", "Data for workers elsewhere", "NumPy archives (*.npz)", None, True,
            False,
        ),
        "Writes the data of the trials to a file that workers on other computers need beside "
        "STORAGE (a database URL); the log shows the command that starts such a worker, which "
        "needs Python with torch and optuna (a GCN also scipy) but no QGIS. It is written at the "
        "start and stays. Empty: none.",
        advanced=True,
    )  # fmt: skip


def storage_arguments(values: Values) -> dict[str, Any]:
    """Return the job's arguments of these parameters; the password is not among them."""
    return {
        "workers": values.integer("WORKERS"),
        "storage": values.text("STORAGE"),
        "study": values.text("STUDY"),
        "worker_data": values.output("WORKER_DATA"),
    }


def login_of(values: Values) -> AbstractContextManager:
    """Return a context in which the storage gets the login of ``AUTHENTICATION``, if given.

    Raises
    ------
    QgsProcessingException
        QGIS cannot give it: its database is locked, or there is no such entry.
    """
    entry = values.text("AUTHENTICATION")
    if not entry:
        return nullcontext()
    config = QgsAuthMethodConfig()
    loaded = QgsApplication.authManager().loadAuthenticationConfig(entry, config, True)
    known = config.configMap() if loaded and isinstance(loaded, bool) else {}
    if isinstance(loaded, tuple) and loaded[0]:  # some versions return the filled one
        known = loaded[1].configMap()
    if not known.get("username") or not known.get("password"):
        raise QgsProcessingException(
            tr(
                "AUTHENTICATION '{entry}' gives no user name and password; choose an entry of the "
                "kind 'Basic', and unlock QGIS's authentication database (qgis_process reads its "
                "master password from the file that QGIS_AUTH_PASSWORD_FILE names)."
            ).format(entry=entry)
        )
    return storage_login(known["username"], known["password"])
