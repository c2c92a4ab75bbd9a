"""Opening a study's storage, and saying in one sentence when it cannot be reached."""

from __future__ import annotations

import errno
import importlib.util
import json
import logging
import re
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Optional

from ..errors import InputError, MissingPackageError, SubsidenceError
from ..needs import need
from .storage_url import Place

#: Seconds between two signs of life of a running trial in a database.
HEARTBEAT = 10
#: A trial without a sign of life for so many heartbeats is given to another worker.
MISSED = 6
#: Seconds to wait for a connection.
CONNECT_TIMEOUT = 10
#: Seconds after which a lock on the journal file, left by a killed process, is broken.
LOCK_GRACE = 15
#: Drivers of PostgreSQL by SQLAlchemy's name, the first installed one is taken.
POSTGRES_DRIVERS = ("psycopg2", "psycopg")
#: Of a journal file: disk full, quota used up, device or network folder gone, read-only.
DISK_ERRORS = tuple(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EIO", "ESTALE", "EROFS")
    if hasattr(errno, name)
)  # fmt: skip


def open_storage(
    place: Place,
    heartbeat: int = HEARTBEAT,
    on_stale: Optional[Callable[[Any, Any], None]] = None,
) -> Any:
    """Return Optuna's storage of a place: a journal file, or a database with heartbeat.

    Parameters
    ----------
    place : Place
    heartbeat : int
        Seconds between two signs of life of a running trial (databases only).
    on_stale : callable, optional
        ``on_stale(study, trial)`` for a trial whose worker gave no sign of life any more.

    Raises
    ------
    InputError
        The storage cannot be reached, or is something else than a study's storage.
    """
    need("optuna", "to tune models")
    with storage_errors(place), quiet_optuna():
        if place.is_database:
            return _database(place, heartbeat, on_stale)
        return _journal(Path(place.address))


def _journal(path: Path) -> Any:
    storages = need("optuna.storages", "to tune models")
    journal = need("optuna.storages.journal", "to tune models")
    path.parent.mkdir(parents=True, exist_ok=True)
    # A lock by a link needs a privilege on Windows; one by exclusive creation works everywhere.
    lock = journal.JournalFileOpenLock(str(path), grace_period=LOCK_GRACE)
    if path.exists():
        _check_journal(path, lock)
    return storages.JournalStorage(journal.JournalFileBackend(str(path), lock_obj=lock))


def _check_journal(path: Path, lock: Any) -> None:
    """Refuse a file that is no journal; cut off a last line that was not written to its end."""
    with path.open("rb") as file:
        first = file.readline()
    try:
        known = not first or "op_code" in json.loads(first)
    except ValueError:
        known = False
    if not known:
        raise InputError(
            f"The file '{path}' in STORAGE is no study; name a new file, or one that tuning wrote."
        )
    if _ends_whole(path):
        return
    lock.acquire()
    try:
        if not _ends_whole(path):
            whole = path.read_bytes().rpartition(b"\n")
            with path.open("r+b") as file:
                file.truncate(len(whole[0]) + len(whole[1]))
    finally:
        lock.release()


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, 2):
            return True
        file.seek(-1, 2)
        return file.read(1) == b"\n"


def _database(place: Place, heartbeat: int, on_stale: Optional[Callable]) -> Any:
    storages = need("optuna.storages", "to tune models")
    need("sqlalchemy", "to keep studies in a database")
    url = with_driver(place.address)
    options: dict[str, Any] = {"pool_pre_ping": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"timeout": 60}
    elif url.startswith("postgresql"):
        # A dead network is noticed within a minute, not after the system's two hours.
        options["connect_args"] = {
            "connect_timeout": CONNECT_TIMEOUT, "keepalives_idle": 30,
            "keepalives_interval": 10, "keepalives_count": 3,
        }  # fmt: skip
    elif url.startswith("mysql"):
        options["connect_args"] = {"connect_timeout": CONNECT_TIMEOUT}
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    for attempt in range(5):
        try:
            return storages.RDBStorage(
                url, options, heartbeat_interval=heartbeat, grace_period=MISSED * heartbeat,
                heartbeat_stale_trial_callback=on_stale,
            )  # fmt: skip
        except ImportError:
            raise MissingPackageError(
                f"The Python package that speaks to the database of {place.shown} is not "
                "installed; install its driver, or use a file as STORAGE."
            ) from None
        except (IntegrityError, ProgrammingError, OperationalError) as error:
            # Two processes that make the tables at once: the second finds them made.
            if attempt == 4 or not re.search("already exists|duplicate|UNIQUE", str(error)):
                raise
            time.sleep(0.5 * (attempt + 1))
    return None


def with_driver(url: str) -> str:
    """Return a PostgreSQL URL with an installed driver in it; others as they are."""
    scheme, sign, rest = url.partition("://")
    if scheme not in ("postgres", "postgresql"):
        return url
    for driver in POSTGRES_DRIVERS:
        if importlib.util.find_spec(driver):
            return f"postgresql+{driver}{sign}{rest}"
    raise MissingPackageError(
        "The Python package 'psycopg2' (psycopg2-binary, or the system's python3-psycopg2) is "
        "needed to keep studies in PostgreSQL and is not installed."
    )


@contextmanager
def storage_errors(
    place: Place, finished: Callable[[], Optional[int]] = lambda: None
) -> Iterator[None]:
    """Turn errors of the storage inside the block into one sentence without the password.

    Parameters
    ----------
    place : Place
    finished : callable
        Returns the number of finished trials known so far, None before the study is open.
    """
    try:
        yield
    except SubsidenceError:
        raise
    except Exception as error:
        if not _from_storage(error, place):
            raise
        reason = _reason(error, place)
        count = finished()
        if count is None:
            text = (
                f"The storage {place.shown} cannot be reached ({reason}); check STORAGE, and that "
                "the database server runs and lets this user in."
            )
        else:
            text = (
                f"The storage {place.shown} dropped out ({reason}); the finished trials "
                f"({count}) are kept there: run again with the same STORAGE and STUDY to go on."
            )
    else:
        return
    # The database's own error may repeat the address, so it is not shown along.
    raise InputError(text) from None


def _from_storage(error: Exception, place: Place) -> bool:
    """Tell errors of the storage from those of a trial, which may run in the same block."""
    from optuna.exceptions import StorageInternalError

    if place.is_database:
        kinds: list[type] = [StorageInternalError]
        if "sqlalchemy" in sys.modules:
            kinds.append(sys.modules["sqlalchemy.exc"].SQLAlchemyError)
        return isinstance(error, tuple(kinds))
    if isinstance(error, OSError):
        named = str(error.filename or "").startswith(place.address)
        return named or error.errno in DISK_ERRORS
    return isinstance(error, json.JSONDecodeError) or "Invalid log format" in str(error)


def _reason(error: Exception, place: Place) -> str:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    text = lines[0] if lines else type(cause).__name__
    text = re.sub(r"^\([\w.]+\)\s*", "", text)
    return place.mask(text)[:300].rstrip(".")


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna from writing to the console inside the block; our own log says it all."""
    logger = need("optuna", "to tune models").logging
    from optuna.exceptions import ExperimentalWarning

    before = logger.get_verbosity()
    logger.set_verbosity(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        logger.set_verbosity(before)
