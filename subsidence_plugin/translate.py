"""One translation context for the whole plugin, and the translator that fills it."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QTranslator

CONTEXT = "Subsidence"
FOLDER = Path(__file__).resolve().parents[1] / "i18n"


def tr(text: str) -> str:
    """Return ``text`` in the user's language, as it stands where there is no translation."""
    return QCoreApplication.translate(CONTEXT, text)


def translator(locale: str = "", folder: Path = FOLDER) -> Optional[QTranslator]:
    """Return the installed translator of a locale, None where the plugin does not speak it.

    The caller keeps it: Qt does not. It must be there before the algorithms are listed.

    Parameters
    ----------
    locale : str
        Such as ``de`` or ``pt_BR``; empty is that of QGIS. The region falls back to the language.
    folder : Path
        Holds ``land_subsidence_<locale>.qm``, as ``make translations`` writes them.
    """
    locale = (locale or QgsApplication.locale()).replace("-", "_")
    for name in dict.fromkeys((locale, locale.split("_")[0])):
        path = folder / f"land_subsidence_{name}.qm"
        found = QTranslator()
        if path.is_file() and found.load(str(path)):
            QCoreApplication.installTranslator(found)
            return found
    return None
