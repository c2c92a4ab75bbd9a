"""What the panel keeps with the project: chosen model files, how far a point may lie."""

from __future__ import annotations

from qgis.core import QgsProject

SCOPE, FOLDER = "land_subsidence", "/inspect"
#: Metres within which the nearest point of a time series is looked for.
WITHIN = 250
MODEL = "model_"


def chosen_models() -> dict[str, str]:
    """Return the files chosen for models, by the model's id."""
    project = QgsProject.instance()
    found = {}
    for key in project.entryList(SCOPE, FOLDER):
        if key.startswith(MODEL):
            path, known = project.readEntry(SCOPE, f"{FOLDER}/{key}")
            if known and path:
                found[key[len(MODEL) :].replace("unknown", "")] = project.readPath(path)
    return found


def choose_model(model_id: str, path: str) -> None:
    """Keep the file of a model, relative to the project where the project keeps paths so."""
    project = QgsProject.instance()
    key = f"{FOLDER}/{MODEL}{model_id or 'unknown'}"
    project.writeEntry(SCOPE, key, project.writePath(path))


def within() -> int:
    """Return the metres within which points are looked for."""
    value, known = QgsProject.instance().readNumEntry(SCOPE, f"{FOLDER}/within", WITHIN)
    return value if known and value > 0 else WITHIN


def keep_within(metres: int) -> None:
    """Keep the metres within which points are looked for."""
    if metres != within():
        QgsProject.instance().writeEntry(SCOPE, f"{FOLDER}/within", int(metres))
