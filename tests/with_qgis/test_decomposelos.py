"""``subsidence:decomposelos`` and ``subsidence:insarinventory`` by id, to the absence points."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.insar.los import los_vector
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from qgis.core import QgsProcessingException, QgsVectorLayer

NAME = "subsidence:decomposelos"
INVENTORY = "subsidence:insarinventory"
START = np.datetime64("2020-01-01")
ANGLES = {"ASCENDING": (39.0, -9.0), "DESCENDING": (37.0, 191.0)}


@pytest.fixture
def tracks(tmp_path):
    paths = {}
    rng = np.random.default_rng(1)
    for first, (name, angles) in enumerate(ANGLES.items()):
        x, y = rng.uniform(0, 2000, (2, 800))
        days = np.arange(first * 6, 900, 12)
        up = -15 * np.exp(-((x - 1000) ** 2 + (y - 1000) ** 2) / 4e5)[:, None] * days / 365.25
        vector = los_vector(*(np.full(800, angle) for angle in angles))
        columns = {"incidence_angle": np.full(800, angles[0]),
                   "track_angle": np.full(800, angles[1])}  # fmt: skip
        for day, values in zip(days, (vector[:, 2:] * up).T):
            columns["D" + str(START + np.timedelta64(int(day), "D")).replace("-", "")] = values
        paths[name] = str(tmp_path / f"{name}.gpkg")
        write_points(paths[name], x, y, columns, "EPSG:32648", {"COMPONENT": "LOS"})
    return paths


def test_from_tracks_to_an_inventory_with_absence_points(run, tmp_path, tracks, log):
    outputs = {n: str(tmp_path / f"{n}.gpkg") for n in ("VERTICAL", "EAST")}
    result = run(NAME, {**tracks, **outputs, "DATES": 2, "STEP": 12}, log)
    assert result["VERTICAL"] == outputs["VERTICAL"] and result["CELLS"] > 250
    assert "Motion northwards is taken as zero" in log.text
    vertical, east = (read_features(outputs[n]) for n in ("VERTICAL", "EAST"))
    assert vertical.number("mean_velocity").min() == pytest.approx(-15, abs=1.5)
    assert np.abs(east.number("mean_velocity")).max() < 3  # points of both tracks lie apart
    targets = {n: str(tmp_path / f"{n}.gpkg") for n in ("OUTPUT", "STABLE")}
    options = {"QUALITY_FIELD": "points_ascending", "QUALITY_LIMIT": 2, "SPACING": 150}
    chosen = run(INVENTORY, {"INPUT": outputs["VERTICAL"], **options, **targets}, log)
    assert chosen["SUBSIDENCE_POINTS"] > 10 and chosen["STABLE_POINTS"] > 10
    absent = str(tmp_path / "all.gpkg")
    both = {"PRESENCE": targets["OUTPUT"], "CANDIDATES": targets["STABLE"], "RATIO": 0.5}
    run("subsidence:absencepoints", {**both, "OUTPUT": absent})
    label = read_features(absent).number("label")
    assert (label == 1).sum() == chosen["SUBSIDENCE_POINTS"]
    assert (label == 0).sum() == round(chosen["SUBSIDENCE_POINTS"] / 2)


def test_default_inventory_without_stable_points(run, tmp_path, tracks):
    outputs = {n: str(tmp_path / f"{n}.gpkg") for n in ("VERTICAL", "EAST")}
    run(NAME, {**tracks, **outputs})
    target = str(tmp_path / "i.gpkg")
    layer = QgsVectorLayer(outputs["VERTICAL"], "vertical")
    result = run(INVENTORY, {"INPUT": layer, "OUTPUT": target})
    assert result["STABLE_POINTS"] == 0 and "STABLE" not in result
    assert read_features(target).number("velocity").max() <= -5
    with pytest.raises(QgsProcessingException, match="THRESHOLD is 0; give a velocity below 0"):
        run(INVENTORY, {"INPUT": layer, "THRESHOLD": 0, "OUTPUT": target})


def test_errors_and_angles_of_parameters(run, tmp_path, tracks):
    outputs = {n: str(tmp_path / f"{n}.gpkg") for n in ("VERTICAL", "EAST")}
    swapped = {"ASCENDING": tracks["ASCENDING"], "DESCENDING": tracks["ASCENDING"]}
    with pytest.raises(QgsProcessingException, match="Both layers look from nearly the same side"):
        run(NAME, {**swapped, **outputs})
    with pytest.raises(QgsProcessingException, match="Neither layer has the field gnss_velocity_n"):
        run(NAME, {**tracks, **outputs, "NORTH": 1})
    angles = {
        "ASCENDING_INCIDENCE": 39, "ASCENDING_TRACK": -9, "DESCENDING_INCIDENCE": 37,
        "DESCENDING_TRACK": 191,
    }  # fmt: skip
    assert run(NAME, {**tracks, **outputs, **angles})["CELLS"] > 250


def test_both_headless(qgis_process, tmp_path, tracks):
    given = [f"--{name}={path}" for name, path in tracks.items()]
    up, east = tmp_path / "up.gpkg", tmp_path / "east.gpkg"
    done = qgis_process("run", NAME, *given, f"--VERTICAL={up}", f"--EAST={east}")
    assert done.returncode == 0, done.stdout + done.stderr
    target = tmp_path / "i.gpkg"
    done = qgis_process("run", INVENTORY, f"--INPUT={up}", "--THRESHOLD=-8", f"--OUTPUT={target}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_features(str(target)).number("velocity").max() <= -8
