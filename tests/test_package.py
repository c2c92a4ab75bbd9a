"""The plugin's zip: what goes in, what the plugin site would say, whether a fresh QGIS runs it."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
if not (ROOT / "tools" / "package.py").is_file():
    pytest.skip("the tools are not part of this copy", allow_module_level=True)
sys.path.append(str(ROOT / "tools"))

import package  # noqa: E402
import package_checks  # noqa: E402
import package_trial  # noqa: E402
import package_window  # noqa: E402
import real_window  # noqa: E402

METADATA = {
    "name": "Sinking", "description": "Maps of sinking", "version": "1.2.3", "about": "More",
    "qgisMinimumVersion": "3.22", "qgisMaximumVersion": "4.99", "author": "Somebody",
    "email": "me@somewhere.vn", "tracker": "https://somewhere.vn/issues",
    "repository": "https://somewhere.vn/code", "homepage": "https://somewhere.vn",
    "license": "GPL-2.0-or-later", "category": "Raster", "tags": "sinking", "icon": "icon.svg",
    "changelog": "1.2.3: first", "hasProcessingProvider": "yes", "experimental": "True",
    "deprecated": "False",
}  # fmt: skip
TS = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de"><context><name>Subsidence</name><message><source>Map</source>
<translation>Karte</translation></message></context></TS>
"""


def metadata_text(**changes):
    values = {**METADATA, **changes}
    lines = [f"{key}={value}" for key, value in values.items() if value is not None]
    return "\n".join(["[general]", *lines, ""])


@pytest.fixture
def zipped(tmp_path):
    """Write a zip of a small sound plugin with ``files`` beside; None leaves one out."""

    def write(files=None, modes=None):
        content = {
            "sinking/__init__.py": "x = 1\n",
            "sinking/LICENSE": "GPL\n",
            "sinking/icon.svg": "<svg/>\n",
            "sinking/metadata.txt": metadata_text(),
            **(files or {}),
        }
        path = tmp_path / "plugin.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in content.items():
                if data is not None:
                    entry = zipfile.ZipInfo(name)
                    entry.external_attr = (modes or {}).get(name, 0o100644) << 16
                    archive.writestr(entry, data)
        return path

    return write


@pytest.fixture
def unpacked(zipped, tmp_path):
    """The folder of the unpacked zip, for checks that look at files."""

    def write(files=None):
        folder = tmp_path / "unpacked"
        shutil.rmtree(folder, ignore_errors=True)
        return package_checks.unpack(zipped(files), folder)

    return write


def needs(program):
    if package_checks.tool(program) is None:
        pytest.skip(f"{program} is not installed (requirements-dev.txt)")


def needs_git():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("the zip is built by git from a clone")


# What the checks find


def test_a_sound_zip_has_no_finding(zipped, unpacked):
    assert package_checks.structure(zipped()) == []
    assert package_checks.metadata(unpacked(), upload=True) == []


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("sinking/LICENSE", None, "LICENSE is missing"),
        ("sinking/__init__.py", None, "__init__.py is missing"),
        ("other/a.py", "", "one top folder with a Python name is needed, not other, sinking"),
        ("sinking/__pycache__/a.py", "", "forbidden folder"),
        ("sinking/a.pyc", "", "of a kind that is not shipped"),
        ("sinking/fast.so", b"\x7fELF\0", "of a kind that is not shipped, is not text"),
        ("sinking/model.bin", b"\x80\xff", "is not text"),
        ("sinking/.secrets.baseline", "{}", "is hidden"),
        ("sinking/tests/test_a.py", "", "is for developers"),
        ("sinking/Makefile", "", "is for developers"),
        ("sinking/../a.py", "", "names a place outside"),
        ("sinking/large.csv", os.urandom(1_000_001).hex(), "2.0 MB, more than 2 MB"),
    ],
)
def test_structure(zipped, name, data, said):
    found = package_checks.structure(zipped({name: data}))
    assert len(found) == 1 and said in found[0]


def test_modes_of_files(zipped):
    modes = {"sinking/__init__.py": 0o100755, "sinking/icon.svg": 0o120777}
    found = package_checks.structure(zipped(modes=modes))
    assert found == [
        "sinking/__init__.py: is executable", "sinking/icon.svg: is executable, is a link",
    ]  # fmt: skip


def test_translations_and_pictures_may_be_binary(zipped):
    files = {"sinking/i18n/de.qm": b"\x3c\xb8\0", "sinking/icon.png": b"\x89PNG\0"}
    assert package_checks.structure(zipped(files)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"about": "5 % of the area"}, "cannot be read"),
        ({"tracker": None}, "'tracker' is missing or empty"),
        ({"tags": ""}, "'tags' is missing or empty"),
        ({"author": "A/B"}, "author has a slash"),
        ({"name": "Sinking plugin"}, "name says 'plugin' again"),
        ({"homepage": "somewhere.vn"}, "homepage is no web address"),
        ({"email": "nobody"}, "email is no address"),
        ({"category": "Analysis"}, "category is none of"),
        ({"icon": "lost.svg"}, "icon is not in the zip"),
        ({"version": "1.3.0"}, "no changelog of this version"),
        ({"version": "first", "changelog": "first"}, "version is not like 1.2.3"),
        ({"qgisMaximumVersion": "4"}, "qgisMaximumVersion is not like 3.22"),
        ({"experimental": "maybe"}, "experimental is neither True nor False"),
    ],
)
def test_metadata(unpacked, changes, said):
    found = package_checks.metadata(unpacked({"sinking/metadata.txt": metadata_text(**changes)}))
    assert len(found) == 1 and said in found[0]


def test_addresses_that_nobody_can_have_are_placeholders(unpacked):
    changes = {"email": "a@b.invalid", "tracker": "https://example.org/issues"}
    folder = unpacked({"sinking/metadata.txt": metadata_text(**changes)})
    assert package_checks.placeholders(folder) == ["tracker", "email"]
    assert package_checks.metadata(folder) == []
    assert package_checks.metadata(folder, upload=True) == [
        "'tracker' is still a placeholder", "'email' is still a placeholder",
    ]  # fmt: skip


def test_bandit_is_asked(unpacked):
    needs("bandit")
    code = "import subprocess  # nosec B404\nassert subprocess.run('ls', shell=True)\n"
    found = package_checks.bandit(unpacked({"sinking/a.py": code}))
    codes = sorted(line.split(": ")[1].split()[0] for line in found)
    assert codes == ["B101", "B602", "B607"]


def test_detect_secrets_is_asked(unpacked):
    needs("detect-secrets")
    digest = hashlib.sha256(b"model").hexdigest()
    found = package_checks.secrets(unpacked({"sinking/a.json": f'{{"sum": "{digest}"}}\n'}))
    assert found == ["sinking/a.json:1: Hex High Entropy String"]


def test_rules_of_flake8_are_asked(unpacked):
    needs("ruff")
    code = "def f(x):\n    return x == None or undefined\n"
    found = package_checks.flake8(unpacked({"sinking/a.py": code}))
    assert ["E711" in found[0], "F821" in found[1], len(found)] == [True, True, 2]


# What goes in


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A small repository in place of ours, with one commit."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root = tmp_path / "clone"
    files = {
        "metadata.txt": metadata_text(), "__init__.py": "", "i18n/de.ts": TS, "tests/a.py": "",
        ".gitattributes": "tests export-ignore\n.* export-ignore\n*.ts export-ignore\n",
        ".gitignore": "*.pyc\n",
    }  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for call in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "first"]):
        subprocess.run(["git", *call], cwd=root, check=True)
    monkeypatch.setattr(package, "ROOT", root)
    return root


def names_in(archive):
    with zipfile.ZipFile(archive) as content:
        names = {name for name in content.namelist() if not name.endswith("/")}
    return {name.partition("/")[2] for name in names if name.startswith("land_subsidence/")}


def content_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def build(clone, tmp_path, worktree=False):
    scratch = tmp_path / ("here" if worktree else "commit")
    scratch.mkdir()
    return package.build("HEAD", tmp_path, scratch, worktree)


def test_the_commit_is_packed_and_not_what_lies_beside(clone, tmp_path, capsys):
    if not (shutil.which("lrelease") or shutil.which("lrelease-qt5")):
        pytest.skip("lrelease is not installed (qttools5-dev-tools)")
    (clone / "new.py").write_text("", encoding="utf-8")
    archive = build(clone, tmp_path)
    assert archive.name == "land_subsidence-1.2.3.zip"
    assert names_in(archive) == {"metadata.txt", "__init__.py", "i18n/de.qm"}
    assert "not committed: 1 changed file(s)" in capsys.readouterr().out


def test_the_files_here_are_packed_without_a_trace_in_the_repository(clone, tmp_path):
    (clone / "i18n" / "de.ts").unlink()
    (clone / "new.py").write_text("", encoding="utf-8")
    (clone / "new.pyc").write_text("", encoding="utf-8")
    before = content_of(clone / ".git")
    archive = build(clone, tmp_path, worktree=True)
    assert names_in(archive) == {"metadata.txt", "__init__.py", "new.py"}
    assert content_of(clone / ".git") == before


# Our own plugin


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    needs_git()
    folder = tmp_path_factory.mktemp("zip")
    return package.build("HEAD", folder, folder, worktree=True)


def test_our_zip_is_complete_and_small(archive, tmp_path):
    unpacked = package_checks.unpack(archive, tmp_path / "unpacked")
    assert package_checks.structure(archive) + package_checks.metadata(unpacked) == []
    values = package_checks.read_metadata(unpacked)
    assert (values["qgisMinimumVersion"], values["qgisMaximumVersion"]) == ("3.22", "4.99")
    assert {"README.md", "CHANGELOG.md", "requirements.txt"} <= names_in(archive)
    licence = (unpacked / "land_subsidence" / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2, June 1991" in licence and "END OF TERMS AND CONDITIONS" in licence
    assert values["license"] == "GPL-2.0-or-later" and "any later version" in licence


@pytest.mark.slow
def test_the_site_finds_nothing_in_our_zip(archive, tmp_path):
    for program in ("bandit", "detect-secrets", "ruff"):
        needs(program)
    unpacked = package_checks.unpack(archive, tmp_path / "unpacked")
    assert package_checks.run(archive, unpacked) == []


@pytest.mark.slow
def test_a_fresh_profile_lists_and_runs_our_zip(archive, tmp_path):
    if not (shutil.which("qgis_process.bin") or shutil.which("qgis_process")):
        pytest.skip("qgis_process is not installed")
    assert package_trial.run(archive, tmp_path / "home") == []


@pytest.mark.slow
def test_the_window_installs_our_zip(archive, tmp_path):
    if lacking := real_window.missing():
        pytest.skip(f"{lacking} is not installed")
    assert package_window.run(archive, tmp_path / "home", package.NAME) == []
