"""GDAL failures as our errors, without changing GDAL's global settings inside QGIS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from osgeo import gdal, ogr, osr

from ..errors import InputError, SubsidenceError


@contextmanager
def without_exceptions() -> Iterator[None]:
    """Let GDAL answer with codes and None inside the block, in this thread only.

    QGIS's Processing switches GDAL's exceptions on from 3.40 on, and GDAL 4 has them on: a point
    without image in another CRS, or a format without transactions, would then end a run. GDAL
    before 3.7 has no such block; there, they are off.
    """
    with ExitStack() as stack:
        for module in (gdal, ogr, osr):
            if hasattr(module, "ExceptionMgr"):
                stack.enter_context(module.ExceptionMgr(useExceptions=False))
        yield


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
        with without_exceptions():
            yield
    except RuntimeError as problem:  # another plugin switched GDAL's exceptions on
        raise error(f"{what}: {problem}") from problem
    finally:
        gdal.PopErrorHandler()
    if failures:
        raise error(f"{what}: {failures[0]}")
