"""Where a study is stored, and its password: taken from outside, shown nowhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional
from urllib.parse import quote, unquote

from ..errors import InputError

HIDDEN = "***"
#: User, password: a password may hold @ and /, so that it ends at the last @.
_URL = re.compile(r"^([\w.+-]+)://(?:([^:@/?]*)(?::(.*))?@)?(.*)$", re.DOTALL)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_QUERY = re.compile(r"([?&][^=&]*(?:password|passwd|pwd)=)([^&\s]*)", re.IGNORECASE)
_IN_TEXT = re.compile(r"(://[^:@/\s'\"]*:)[^\s'\"]*@")
SQLITE = (".db", ".sqlite", ".sqlite3")
#: Suffix of the folder beside a study's file in which trials keep their networks.
KEPT = ".networks"

_login: ContextVar[Optional[tuple[str, str]]] = ContextVar("storage_login", default=None)


@contextmanager
def storage_login(user: str, word: str) -> Iterator[None]:
    """Let ``place_of`` use this name and password inside the block (in this thread).

    So a login kept by QGIS reaches the storage without standing in a job's arguments.
    """
    before = _login.set((user, word))
    try:
        yield
    finally:
        _login.reset(before)


@dataclass(frozen=True)
class Place:
    """A storage: its full address (never shown) and the masked one.

    Parameters
    ----------
    address : str
        Database URL with credentials, or the path of a journal file.
    shown : str
        The same without the password.
    is_database : bool
    hidden : tuple of str
        Texts to mask wherever they turn up.
    typed : bool
        The password stood in the text that was given.
    """

    address: str = field(repr=False)
    shown: str
    is_database: bool
    hidden: tuple[str, ...] = field(default=(), repr=False)
    typed: bool = False

    @property
    def aside(self) -> Optional[str]:
        """Folder beside the study's file for what trials keep; None of a database server."""
        path = self.shown.partition("sqlite:///")[2] if self.is_database else self.address
        return f"{path.partition('?')[0]}{KEPT}" if path else None

    def mask(self, text: str) -> str:
        """Return a text without any password of this storage."""
        for word in self.hidden:
            text = text.replace(word, HIDDEN)
        return masked(text)


def masked(text: str) -> str:
    """Return a text in which the passwords of all URLs are replaced by stars."""
    return _QUERY.sub(rf"\g<1>{HIDDEN}", _IN_TEXT.sub(rf"\g<1>{HIDDEN}@", text))


def place_of(
    storage: Optional[str], default: str, environment: Optional[Mapping[str, str]] = None
) -> Place:
    """Return the place that the parameter ``STORAGE`` names.

    Parameters
    ----------
    storage : str or None
        A database URL, in which ``${NAME}`` stands for an environment variable; or the path of
        a journal file (of SQLite where it ends in ``.db``, ``.sqlite``). Empty: the default.
    default : str
        Path of a journal file.
    environment : mapping, optional
        Instead of ``os.environ``.
    """
    text = (storage or "").strip()
    if "://" not in text:
        path = Path(text or default).expanduser().absolute()
        if path.suffix.lower() in SQLITE:
            return Place(_sqlite_url(path), f"sqlite:///{path}", True)
        return Place(str(path), str(path), False)
    found = _URL.match(text)
    if found is None:
        raise InputError(
            f"STORAGE is '{masked(text):.80}', which is no database URL; write for example "
            "postgresql://user@host:5432/database."
        )
    scheme, user, word, rest = found.groups()
    if scheme.partition("+")[0] == "sqlite":
        rest = _absolute(rest)
    environment = os.environ if environment is None else environment
    login = _login.get() or (None, None)
    plain = _expanded(word, environment) if word else login[1]
    name = _expanded(user, environment) if user else login[0]
    rest = _VARIABLE.sub(lambda m: quote(_variable(m[1], environment), safe="/:?=&"), rest)
    in_query = [unquote(m[2]) for m in _QUERY.finditer(rest)]
    secrets = {s for s in (plain, *in_query) if s}
    account = "" if name is None else quote(name, safe="")
    shown_account = account + (f":{HIDDEN}" if plain else "")
    account += f":{quote(plain, safe='')}" if plain else ""
    return Place(
        f"{scheme}://{account}{'@' if account else ''}{rest}",
        masked(f"{scheme}://{shown_account}{'@' if account else ''}{rest}"),
        True,
        # Two letters would star whole texts; in URLs they are masked all the same.
        tuple(t for s in sorted(secrets) for t in {s, quote(s, safe="")} if len(s) > 2),
        bool(word and not _VARIABLE.search(word)) or bool(in_query),
    )


def _sqlite_url(path: Path) -> str:
    """Return the URL of a file: SQLAlchemy knows which of its versions quote '%' and '?' in it."""
    try:
        from sqlalchemy.engine import URL
    except ImportError:  # told once the storage is opened
        return f"sqlite:///{path}"
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def _absolute(rest: str) -> str:
    """Return the path in an SQLite URL made absolute: workers run in another folder."""
    path, sign, query = rest.partition("?")
    if not path[1:] or path[1:].startswith((":memory:", "file:")):
        return rest
    return f"/{Path(path[1:]).absolute()}{sign}{query}"


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    """Return a user or password in plain letters, variables replaced by what they hold."""
    parts = _VARIABLE.split(text)
    return "".join(
        _variable(part, environment) if index % 2 else unquote(part)
        for index, part in enumerate(parts)
    )


def _variable(name: str, environment: Mapping[str, str]) -> str:
    if not environment.get(name):
        raise InputError(
            f"STORAGE names the environment variable {name}, which is not set; set it before "
            "starting QGIS or the worker."
        )
    return environment[name]
