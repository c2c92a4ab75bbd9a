"""The version of this plugin, as its ``metadata.txt`` has it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

METADATA = Path(__file__).resolve().parents[2] / "metadata.txt"


@cache
def plugin_version() -> str:
    """Return the version; empty where the engine stands alone, without its plugin."""
    try:
        lines = METADATA.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line[8:].strip() for line in lines if line.startswith("version=")), "")


def base_versions(**packages: str) -> dict[str, str]:
    """Return versions for a model's card: this plugin's before those of the packages named."""
    own = {"land_subsidence": plugin_version()} if plugin_version() else {}
    return {**own, **packages}
