"""What the public plugin site checks on a plugin's zip, and what our own rules add.

The site (plugins.qgis.org, repository qgis/QGIS-Plugins-Website: ``plugins/validator.py`` and
``plugins/security_scanner.py``) refuses a zip of wrong structure or metadata, and blocks one in
which Bandit or detect-secrets finds anything; flake8 and the look at files inform. Here every
finding counts, with all rules of Bandit and detect-secrets on. Of flake8 the rules that the site
has on are run by ruff, which knows them.
"""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlparse

LARGEST = 2_000_000
REQUIRED = (
    "name", "description", "version", "qgisMinimumVersion", "qgisMaximumVersion", "author", "email",
    "about", "tracker", "repository", "homepage", "license", "category", "tags", "icon",
    "changelog", "hasProcessingProvider", "experimental", "deprecated",
)  # fmt: skip
ADDRESSES = ("tracker", "repository", "homepage")
CATEGORIES = {"Raster", "Vector", "Database", "Mesh", "Web"}
#: Names that are reserved so that nobody can have them: what stands here has to be filled in.
RESERVED = re.compile(r"(\.|^)(invalid|example|test|localhost|example\.(com|net|org))$")
FORBIDDEN_FOLDERS = {"__MACOSX", ".git", "__pycache__"}
#: What has no business in the zip of a plugin; the first line is the site's.
SUSPICIOUS = (
    ".exe", ".dll", ".so", ".dylib", ".bat", ".sh", ".ps1", ".cmd",
    ".pyc", ".pyd", ".o", ".a", ".pyo", ".ts", ".zip", ".orig", ".rej", ".log",
)  # fmt: skip
NOT_SHIPPED = re.compile(
    r"^(tests?|tools|build|docs|\.ci|Makefile|pyproject\.toml|setup\.\w+)(/|$)"
)
#: Not text, but meant: compiled translations and pictures.
NOT_TEXT = {".qm", ".png"}
#: The rules of flake8 that the site has on (E9 and F831 are syntax errors, which always count).
FLAKE8 = (
    "E101,E711,E712,E713,E714,E721,E722,E731,E741,E742,E743,W605,F402,F403,F404,F405,F811,F821,"
    "F822,F823,F901,C901"
)


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack the zip into ``folder``; return the folder."""
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    return folder


def run(archive: Path, unpacked: Path, upload: bool = False) -> list[str]:
    """Return all findings, saying on the way what was checked."""
    steps: list[tuple[str, Callable[[], list[str]]]] = [
        ("structure", lambda: structure(archive)),
        ("metadata", lambda: metadata(unpacked, upload)),
        ("bandit", lambda: bandit(unpacked)),
        ("detect-secrets", lambda: secrets(unpacked)),
        ("flake8's rules", lambda: flake8(unpacked)),
    ]
    findings = []
    with ThreadPoolExecutor() as pool:  # the tools are programs of their own
        results = pool.map(lambda step: step[1](), steps)
        for (name, _step), found in zip(steps, results):
            print(f"{name:16}{counted(found)}", flush=True)
            findings += [f"{name}: {line}" for line in found]
    return findings


def counted(findings: list[str]) -> str:
    """Return how many findings there are, in words."""
    return {0: "no finding", 1: "1 finding"}.get(len(findings), f"{len(findings)} findings")


def structure(archive: Path) -> list[str]:
    """Return what is wrong with the zip, its folders and files."""
    found = []
    if archive.stat().st_size > LARGEST:
        found.append(f"{archive.stat().st_size / 1e6:.1f} MB, more than {LARGEST / 1e6:.0f} MB")
    with zipfile.ZipFile(archive) as content:
        names = content.namelist()
        tops = sorted({name.split("/")[0] for name in names})
        if len(tops) != 1 or not tops[0].isidentifier():
            return [*found, f"one top folder with a Python name is needed, not {', '.join(tops)}"]
        for needed in ("__init__.py", "metadata.txt", "LICENSE"):
            if f"{tops[0]}/{needed}" not in names:
                found.append(f"{needed} is missing")
        for entry in content.infolist():
            if not entry.is_dir():
                reason = _fault(entry, content.read(entry))
                found += [f"{entry.filename}: {reason}"] if reason else []
    return found


def _fault(entry: zipfile.ZipInfo, data: bytes) -> str:
    """Return why a file must not be in the zip; empty where it may."""
    path = Path(entry.filename)
    mode = entry.external_attr >> 16
    reasons = {
        "names a place outside": ".." in entry.filename or path.is_absolute(),
        "has a backslash in its name": "\\" in entry.filename,
        "lies in a forbidden folder": bool(FORBIDDEN_FOLDERS & set(path.parts)),
        "is hidden": any(part.startswith(".") for part in path.parts),
        "is of a kind that is not shipped": path.name.lower().endswith(SUSPICIOUS),
        "is for developers": bool(NOT_SHIPPED.match("/".join(path.parts[1:]))),
        "is executable": bool(mode & 0o111),
        "is a link": mode & 0o170000 == 0o120000,
        "is not text": path.suffix not in NOT_TEXT and not _is_text(data),
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds)


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def read_metadata(unpacked: Path) -> dict[str, str]:
    """Return the keys of metadata.txt as the site reads them (a bare per cent sign fails)."""
    parser = configparser.ConfigParser()
    parser.optionxform = str
    with next(unpacked.glob("*/metadata.txt")).open(encoding="utf-8") as file:
        parser.read_file(file)
    return dict(parser.items("general"))


def metadata(unpacked: Path, upload: bool = False) -> list[str]:
    """Return what is wrong with metadata.txt; with ``upload`` also what is still to fill in."""
    try:
        values = read_metadata(unpacked)
    except (configparser.Error, UnicodeDecodeError, StopIteration) as error:
        return [f"metadata.txt cannot be read ({error})"]
    found = [f"'{key}' is missing or empty" for key in REQUIRED if not values.get(key, "").strip()]
    if found:
        return found
    icon = next(unpacked.glob("*/metadata.txt")).parent / values["icon"]
    wrong = {
        "author has a slash": "/" in values["author"],
        "name says 'plugin' again": "plugin" in values["name"].lower(),
        "description is longer than a line": "\n" in values["description"],
        "version is not like 1.2.3": not re.fullmatch(r"\d+\.\d+\.\d+", values["version"]),
        "email is no address": not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", values["email"]),
        f"category is none of {', '.join(sorted(CATEGORIES))}": values["category"]
        not in CATEGORIES,
        "icon is not in the zip": not icon.is_file(),
        "no changelog of this version": values["version"] not in values["changelog"],
    }
    for key in ("qgisMinimumVersion", "qgisMaximumVersion"):
        wrong[f"{key} is not like 3.22"] = not re.fullmatch(r"\d+\.\d+", values[key])
    for key in ("experimental", "deprecated"):
        wrong[f"{key} is neither True nor False"] = values[key] not in {"True", "False"}
    for key in ADDRESSES:
        address = urlparse(values[key])
        wrong[f"{key} is no web address"] = (
            address.scheme not in {"http", "https"} or not address.hostname
        )
    found += [reason for reason, holds in wrong.items() if holds]
    if upload:
        found += [f"'{key}' is still a placeholder" for key in placeholders(unpacked)]
    return found


def placeholders(unpacked: Path) -> list[str]:
    """Return the keys whose addresses nobody can have: the owner has to fill them in."""
    values = read_metadata(unpacked)
    hosts = {key: urlparse(values.get(key, "")).hostname or "" for key in ADDRESSES}
    hosts["email"] = values.get("email", "").rpartition("@")[2]
    return [key for key, host in hosts.items() if RESERVED.search(host)]


def bandit(unpacked: Path) -> list[str]:
    """Return the findings of Bandit, all tests and severities; lines marked nosec excepted."""
    report = json.loads(_output("bandit", "-r", ".", "-f", "json", "--quiet", cwd=unpacked))
    found = [f"{error['filename']}: {error['reason']}" for error in report["errors"]]
    for issue in report["results"]:
        place = f"{issue['filename']}:{issue['line_number']}"
        found.append(f"{place}: {issue['test_id']} {issue['issue_text']}")
    return found


def secrets(unpacked: Path) -> list[str]:
    """Return the findings of detect-secrets in all files."""
    report = json.loads(_output("detect-secrets", "scan", "--all-files", ".", cwd=unpacked))
    return [
        f"{name}:{secret['line_number']}: {secret['type']}"
        for name, secrets in report["results"].items()
        for secret in secrets
    ]


def flake8(unpacked: Path) -> list[str]:
    """Return what breaks the rules of flake8 that the site has on, with its line length."""
    text = _output(
        "ruff", "check", "--isolated", "--no-cache", "--quiet", "--output-format=concise",
        f"--select={FLAKE8}", "--config=lint.mccabe.max-complexity=10", ".", cwd=unpacked,
    )  # fmt: skip
    return [line for line in text.splitlines() if line]


def _output(program: str, *arguments: str, cwd: Path) -> str:
    """Return what a tool beside this Python prints; its exit code only says that it found some."""
    path = tool(program)
    if path is None:
        sys.exit(f"{program} is not installed: run 'make setup' (it is in requirements-dev.txt).")
    done = subprocess.run(
        [path, *arguments], cwd=cwd, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode not in (0, 1):
        sys.exit(f"{program} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def tool(program: str) -> str | None:
    """Return the path of a program in this Python's environment, None where it is missing."""
    path = Path(sysconfig.get_path("scripts")) / program
    return str(path) if path.exists() else None
