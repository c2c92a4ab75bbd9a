"""Builds the plugin's zip from a commit, checks it as the plugin site does, and tries it out.

    tools/package.py                 the last commit, into build/
    tools/package.py v0.1.0          another commit
    tools/package.py --worktree      what lies here, committed or not (to try before a commit)
    tools/package.py --upload        placeholders in metadata.txt are findings, too

What stays out is listed in .gitattributes (export-ignore). Translations (i18n/*.ts) go in compiled.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import package_checks
import package_trial
import package_window
import real_window
import translations

ROOT = Path(__file__).resolve().parents[1]
NAME = "land_subsidence"


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when the zip was built and nothing was found, else 1."""
    options = parsed(arguments)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        archive = build(options.revision, options.out, scratch, options.worktree)
        unpacked = package_checks.unpack(archive, scratch / "unpacked")
        findings = package_checks.run(archive, unpacked, options.upload)
        placeholders = [] if options.upload else package_checks.placeholders(unpacked)
        if not findings and not options.no_run:
            findings = tried(archive, scratch)
    for line in findings:
        print(f"  {line}", file=sys.stderr)
    if placeholders:
        print(f"Before an upload fill in, in metadata.txt: {', '.join(placeholders)}.")
    verdict = package_checks.counted(findings) if findings else "ready"
    print(f"{archive} ({archive.stat().st_size / 1e6:.2f} MB): {verdict}")
    return 1 if findings else 0


def tried(archive: Path, scratch: Path) -> list[str]:
    """Return what went wrong when new users installed the zip, headless and in the window."""
    findings = package_trial.run(archive, scratch / "profile")
    if lacking := real_window.missing():
        print(f"window          not tried: {lacking} is not installed")
    elif not findings:
        findings = package_window.run(archive, scratch / "window", NAME)
        print(f"window          {package_checks.counted(findings)}")
    return findings


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revision", nargs="?", default="HEAD")
    parser.add_argument("--worktree", action="store_true", help="pack the files as they lie here")
    parser.add_argument("--upload", action="store_true", help="refuse placeholders in the metadata")
    parser.add_argument("--no-run", action="store_true", help="check only, do not install and run")
    parser.add_argument("--out", type=Path, default=ROOT / "build", help="folder for the zip")
    return parser.parse_args(arguments)


def build(revision: str, out: Path, scratch: Path, worktree: bool = False) -> Path:
    """Write the zip of a commit (or of the files here) into ``out``; return its path."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        sys.exit("The zip is built from a commit: this needs git and a clone of the repository.")
    environment = dict(os.environ)
    if worktree:
        revision = _tree_of_the_files_here(scratch, environment)
    elif changed := _git("status", "--porcelain").splitlines():
        print(f"Not in the zip, since not committed: {len(changed)} changed file(s).")
    version = _version(_git("show", f"{revision}:metadata.txt", environment=environment))
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"{NAME}-{version}.zip"
    archive.unlink(missing_ok=True)
    compiled = _translations(revision, scratch / "i18n", environment)
    _git(
        "archive", "--format=zip", f"--output={archive.resolve()}",
        f"--prefix={NAME}/i18n/", *(f"--add-file={path}" for path in compiled),
        f"--prefix={NAME}/", revision, environment=environment,
    )  # fmt: skip
    return archive


def _tree_of_the_files_here(scratch: Path, environment: dict[str, str]) -> str:
    """Return a tree of the files as they lie here; the repository and its index stay as they are.

    Changes ``environment``: an index and a store for objects of their own, which later calls of
    git need to find the tree.
    """
    store = scratch / "objects"
    store.mkdir()
    environment["GIT_INDEX_FILE"] = str(scratch / "index")
    environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = _git(
        "rev-parse", "--path-format=absolute", "--git-path", "objects"
    ).strip()
    environment["GIT_OBJECT_DIRECTORY"] = str(store)
    _git("read-tree", "HEAD", environment=environment)
    _git("add", "--all", environment=environment)
    return _git("write-tree", environment=environment).strip()


def _version(metadata: str) -> str:
    lines = [line for line in metadata.splitlines() if line.startswith("version=")]
    if not lines:
        sys.exit("metadata.txt has no line 'version=…'.")
    return lines[0].partition("=")[2].strip()


def _translations(revision: str, folder: Path, environment: dict[str, str]) -> list[Path]:
    """Compile the i18n/*.ts of a revision; return the .qm files."""
    listed = _git("ls-tree", "--name-only", revision, "i18n/", environment=environment)
    sources = [name for name in listed.splitlines() if name.endswith(".ts")]
    if not sources:
        return []
    folder.mkdir()
    compiled = []
    for name in sources:
        source = folder / Path(name).name
        text = _git("show", f"{revision}:{name}", environment=environment)
        source.write_text(text, encoding="utf-8")
        compiled.append(translations.compiled(source, folder))
    return compiled


def _git(*arguments: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, env=environment, capture_output=True, encoding="utf-8",
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
