"""Optional packages, asked for where they are used, with one clear sentence when missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from .errors import MissingPackageError

#: Name to install by, where it is not the name to import by.
DISTRIBUTIONS = {"sklearn": "scikit-learn"}


def need(module: str, purpose: str) -> ModuleType:
    """Import and return ``module``, or say in one sentence who needs it and how to get it.

    Parameters
    ----------
    module : str
        Import name, for example ``"torch"``.
    purpose : str
        Ends the sentence "The package X is needed ...", for example "to train networks".

    Raises
    ------
    MissingPackageError
        The package is not installed, or installed and broken.
    """
    try:
        return importlib.import_module(module)
    # A library that does not load, or was built for another numpy, raises the other two.
    except (ImportError, OSError, ValueError) as error:
        top = module.split(".")[0]
        package = DISTRIBUTIONS.get(top, top)
        raise MissingPackageError(
            f"The Python package '{package}' is needed {purpose} and cannot be imported ({error}); "
            "see 'Check installation' (menu Plugins > Land subsidence, or the Toolbox)."
        ) from error
