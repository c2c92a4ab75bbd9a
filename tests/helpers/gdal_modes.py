"""GDAL's two ways to report a failure; QGIS's Processing switches the second on from 3.40 on."""

from contextlib import ExitStack

import pytest
from osgeo import gdal, ogr, osr

#: GDAL before 3.7 (QGIS 3.22) cannot switch for a block; nothing there switches them on.
MODES = ["errors", "exceptions"] if hasattr(gdal, "ExceptionMgr") else ["errors"]


@pytest.fixture(autouse=True, params=MODES)
def gdal_mode(request):
    """Run each test with GDAL's exceptions off, and again with them on."""
    with ExitStack() as stack:
        for module in (gdal, ogr, osr) if hasattr(gdal, "ExceptionMgr") else ():
            stack.enter_context(module.ExceptionMgr(request.param == "exceptions"))
        yield request.param
