"""Prints the Qt names in files that PyQt 6 lacks; run with a Python that has PyQt 6, not QGIS.

python tests/helpers/pyqt6_findings.py FILE...
"""

import importlib
import sys
import types
from pathlib import Path

import PyQt6
from qt6_rules import IN_WIDGETS, enum_findings

# QGIS's shim, as it is in QGIS 4: PyQt 6 under the name qgis.PyQt, and what moved to QtGui.
sys.modules["qgis"] = types.ModuleType("qgis")
sys.modules["qgis.PyQt"] = PyQt6
for name in ("QtCore", "QtGui", "QtWidgets", "QtXml", "QtSvg", "QtNetwork", "sip"):
    try:
        sys.modules[f"qgis.PyQt.{name}"] = importlib.import_module(f"PyQt6.{name}")
    except ImportError:  # each in a package of its own, some not installed
        continue
for name in IN_WIDGETS:
    setattr(sys.modules["qgis.PyQt.QtWidgets"], name, getattr(sys.modules["qgis.PyQt.QtGui"], name))

for path in map(Path, sys.argv[1:]):
    for finding in enum_findings(path.read_text(encoding="utf-8")):
        print(f"{path}:{finding}")
