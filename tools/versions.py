"""Import QGIS, GDAL's arrays and every package in one process and say their versions."""

import importlib
import sys

import numpy
from osgeo import gdal, gdal_array
from qgis.core import Qgis  # noqa: TID251 - this checks that both live in one process

MODULES = ["torch", "sklearn", "shap", "optuna", "jenkspy", "safetensors", "numba", "matplotlib"]


def main() -> int:
    """Return 0 when all work together, 1 when the numpy of GDAL is not the one in use."""
    print(f"Python {sys.version.split()[0]}, QGIS {Qgis.QGIS_VERSION}, GDAL {gdal.__version__}")
    versions = [(m, getattr(importlib.import_module(m), "__version__", "")) for m in MODULES]
    print(", ".join(f"{m} {v}".strip() for m, v in [("numpy", numpy.__version__), *versions]))
    dataset = gdal_array.OpenArray(numpy.ones((2, 2), dtype="float32"))
    return 0 if dataset.ReadAsArray().sum() == 4 else 1


if __name__ == "__main__":
    sys.exit(main())
