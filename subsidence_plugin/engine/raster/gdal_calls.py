"""GDAL failures as our errors, without changing GDAL's global settings inside QGIS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from osgeo import gdal

from ..errors import InputError, SubsidenceError


@contextmanager
def failures_raise(what: str, error: type[SubsidenceError] = InputError) -> Iterator[None]:
    """Raise ``error`` when GDAL reports a failure inside the block.

    ``gdal.UseExceptions`` is global and would change QGIS and other plugins, and it misses what
    is only reported (a full disk when a file is closed), so failures are collected by a handler.
    """
    failures: list[str] = []

    def collect(level: int, _number: int, message: str) -> None:
        if level >= gdal.CE_Failure:
            failures.append(message.strip())

    gdal.PushErrorHandler(collect)
    try:
        yield
    except RuntimeError as problem:  # another plugin switched GDAL's exceptions on
        raise error(f"{what}: {problem}") from problem
    finally:
        gdal.PopErrorHandler()
    if failures:
        raise error(f"{what}: {failures[0]}")
