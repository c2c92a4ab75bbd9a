"""The one line that installs what the plugin needs and keeps QGIS's numpy and scipy."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

from .requirements import Requirement
from .target import Target

#: PyTorch's own index of builds for the CPU: PyPI's for Linux bring gigabytes for NVIDIA GPUs.
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
#: Letters for which the shell of Windows needs quotes.
SPECIAL = set(" <>&|^()%!\"'")


def pip_line(
    target: Target,
    held: Sequence[str],
    requirements: Sequence[Requirement],
    cpu_torch: bool = False,
) -> str:
    """Return the line as it is typed.

    Versions to hold are named as packages to install: pip finds them installed and leaves them, and
    no constraints file is needed.

    Parameters
    ----------
    target : Target
    held : sequence of str
        For example ``["numpy==1.24.2"]``.
    requirements : sequence of Requirement
    cpu_torch : bool
        Offer PyTorch's builds for the CPU as well; pip prefers them to those of the same version.
    """
    words = [*target.command, "install", *target.options]
    if cpu_torch:
        words += ["--extra-index-url", CPU_INDEX]
    words += [*held, *(requirement.text for requirement in requirements)]
    return " ".join(map(quoted, words))


def quoted(word: str) -> str:
    """Return a word as the shell of this system needs it."""
    if sys.platform != "win32":
        return shlex.quote(word)
    return f'"{word}"' if SPECIAL & set(word) else word
