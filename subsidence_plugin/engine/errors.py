"""Errors that a user can cause; each message says in one sentence what to change."""


class SubsidenceError(ValueError):
    """Base of every error that the user can mend; its text is shown as it stands."""


class InputError(SubsidenceError):
    """A layer, table or parameter does not hold what the computation needs."""


class ModelFileError(SubsidenceError):
    """A model file is damaged, of another kind, or made for other factors."""


class OutputError(SubsidenceError):
    """An output cannot be written where it was asked for."""


class MissingPackageError(SubsidenceError):
    """A Python package that this computation needs is not installed."""


class DeviceError(SubsidenceError):
    """The computing device asked for is not there or cannot do the work."""


class Cancelled(Exception):
    """The user pressed Cancel; not an error, so not a ``SubsidenceError``."""
