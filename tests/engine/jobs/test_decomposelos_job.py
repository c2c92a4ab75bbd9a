"""Job ``decomposelos``: a planted motion, north, missing data, bad input, the official L3."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.insar.los import los_vector
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.series_layer import read_series
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

UTM = "EPSG:32648"
START = np.datetime64("2020-01-01")
ANGLES = {"ascending": (39.0, -9.0), "descending": (37.0, 191.0)}
OFFSETS = {"ascending": np.arange(0, 1100, 12), "descending": np.arange(5, 1100, 12)}


def motion(x, t):
    """Return east, north, up (mm) at points and years; planted, linear in x."""
    return (2 + x / 500) * t, np.full_like(x * t, 3.0) * t, (-10 + x / 100) * t


def track(folder, name, crs=UTM, fields=True, count=300, gaps=0.0, offsets=None, seed=1, **kinds):
    rng = np.random.default_rng(seed + len(name))
    x, y = rng.uniform(0, 1000, (2, count))
    days = OFFSETS[name] if offsets is None else offsets
    t = np.asarray(days) / 365.25
    vector = los_vector(*(np.full(count, angle) for angle in ANGLES[name]))
    parts = motion(x[:, None], t[None])
    series = sum(vector[:, axis, None] * part for axis, part in enumerate(parts))
    series[rng.random(series.shape) < gaps] = np.nan
    columns = {"gnss_velocity_n": np.full(count, 3.0)} if kinds.get("north") else {}
    if fields:
        columns.update(zip(("los_east", "los_north", "los_up"), vector.T))
    for day, values in zip(days, series.T):
        columns["D" + str(START + np.timedelta64(int(day), "D")).replace("-", "")] = values
    metadata = {"COMPONENT": kinds.get("component", "LOS"), "GEOMETRY": name}
    path = str(folder / f"{name}.gpkg")
    if crs == UTM:
        x, y = x + 500000, y + 2000000
    write_points(path, x, y, columns, crs, metadata)
    return path


def decomposed(folder, lines=None, **options):
    paths = {n: str(folder / f"{n}.gpkg") for n in ("ascending", "descending", "vertical", "east")}
    progress = Progress(None, lambda text, _level: lines.append(text) if lines is not None else 0)
    result = run_job("decomposelos", {**paths, **options}, progress)
    return result, read_series(paths["vertical"], "It"), read_series(paths["east"], "It")


def test_a_planted_motion_comes_back(tmp_path):
    for name in ANGLES:
        track(tmp_path, name, north=True, count=2000)
    lines = []
    result, up, east = decomposed(tmp_path, lines, north=1)
    assert result == {"CELLS": 100, "DATES": len(up.dates)}
    assert set(np.diff(up.dates).astype(int)) == {5, 7}
    centre = up.x - 500000
    assert set(np.unique(centre % 100)) == {50.0}
    # means of points in a cell lie off its centre, so the planted gradient shows by some
    # hundredths; against the mean position of points there would be no difference
    np.testing.assert_allclose(up.columns["mean_velocity"], -10 + centre / 100, atol=0.3)
    np.testing.assert_allclose(east.columns["mean_velocity"], 2 + centre / 500, atol=0.3)
    years = (up.dates - up.dates[0]).astype(float) / 365.25
    change = up.series - up.series[:, :1]
    rate = up.columns["mean_velocity"][:, None]
    np.testing.assert_allclose(change, rate * years, atol=0.01)
    assert "Motion northwards is 3.0 to 3.0 mm/yr (gnss_velocity_n)" in "\n".join(lines)
    assert up.metadata["COMPONENT"] == "U" and east.metadata["COMPONENT"] == "E"
    assert up.metadata["SUBSIDENCE_KIND"] == "insar"
    assert up.columns["points_ascending"].sum() == 2000


def test_one_point_a_track_by_hand(tmp_path):
    """One point of each track in one cell: both equations hold exactly, north left in."""
    for name in ANGLES:
        track(tmp_path, name, count=1)
    _result, up, east = decomposed(tmp_path, resolution=10000, dates=2, step=50)
    assert len(up) == 1
    rates, vectors = [], []
    for name in ANGLES:
        layer = read_series(str(tmp_path / f"{name}.gpkg"), "It")
        t = (layer.dates - START).astype(float) / 365.25
        rates.append(np.polyfit(t, layer.series[0], 1)[0])
        vectors.append(los_vector(*ANGLES[name]))
    (e1, _n1, u1), (e2, _n2, u2) = vectors
    expected = np.linalg.solve([[u1, e1], [u2, e2]], rates)
    found = [layer.columns["mean_velocity"][0] for layer in (up, east)]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert (np.diff(up.dates).astype(int) == 50).all()


def test_angles_for_layers_without_fields_of_them(tmp_path):
    for name in ANGLES:
        track(tmp_path, name, fields=False)
    with pytest.raises(InputError, match=r"\(ASCENDING\) has neither the fields los_east"):
        decomposed(tmp_path)
    angles = {f"{n}_{a}": v for n, pair in ANGLES.items() for a, v in
              zip(("incidence", "track"), pair)}  # fmt: skip
    bare = decomposed(tmp_path, **angles)[1]
    for name in ANGLES:
        track(tmp_path, name)
    np.testing.assert_allclose(bare.series, decomposed(tmp_path)[1].series, atol=1e-3)


def test_gaps_in_series_and_dates_in_both(tmp_path):
    same = np.arange(0, 900, 18)
    for name in ANGLES:
        track(tmp_path, name, gaps=0.2, offsets=same, count=60)
    result, up, _east = decomposed(tmp_path, dates=1, max_gap=20)
    assert result["DATES"] == len(same)
    assert 0 < np.isnan(up.series).mean() < 0.6
    assert np.isfinite(up.columns["mean_velocity"]).all()


def test_cells_with_few_points_are_left_out(tmp_path):
    for name in ANGLES:
        track(tmp_path, name)
    every, few = decomposed(tmp_path)[0], decomposed(tmp_path, min_points=3)[0]
    assert few["CELLS"] < every["CELLS"]
    with pytest.raises(InputError, match="No cell of 100 map units has 50 point"):
        decomposed(tmp_path, min_points=50)


def test_north_of_another_layer_is_the_nearest(tmp_path):
    for name in ANGLES:
        track(tmp_path, name)
    with pytest.raises(InputError, match="Neither layer has the field gnss_velocity_n for all"):
        decomposed(tmp_path, north=1)
    path = str(tmp_path / "gnss.gpkg")
    values = {"gnss_velocity_n": np.array([3.0, np.nan])}
    write_points(path, np.array([500000.0, 500500]), np.full(2, 2000000.0), values, UTM)
    other = decomposed(tmp_path, north=1, gnss=path)[1]
    for name in ANGLES:
        track(tmp_path, name, north=True)
    np.testing.assert_allclose(other.series, decomposed(tmp_path, north=1)[1].series, atol=1e-4)


def test_layers_in_degrees_become_metres(tmp_path):
    for name in ANGLES:
        path = track(tmp_path, name)
        layer = read_features(path)
        x, y = (layer.x - 500000) / 1e5 + 105, (layer.y - 2000000) / 1e5 + 20
        write_points(path, x, y, layer.columns, "EPSG:4326", layer.metadata)
    lines = []
    result, up, _east = decomposed(tmp_path, lines, resolution=200)
    assert "The layers are in degrees: cells are in metres on the ground." in lines
    assert "Azimuthal" in up.crs and result["CELLS"] > 20


def test_layers_that_cannot_be_decomposed(tmp_path):
    track(tmp_path, "ascending")
    track(tmp_path, "descending", component="U")
    with pytest.raises(InputError, match=r"\(DESCENDING\) holds the component U, not the line of"):
        decomposed(tmp_path)
    track(tmp_path, "descending", offsets=np.arange(2000, 2100, 12))
    with pytest.raises(InputError, match="The tracks do not overlap in time"):
        decomposed(tmp_path)
    track(tmp_path, "descending")
    with pytest.raises(InputError, match="RESOLUTION is 0; it must be greater than 0"):
        decomposed(tmp_path, resolution=0)
    same = {"descending": str(tmp_path / "ascending.gpkg")}
    with pytest.raises(InputError, match="Both layers look from nearly the same side"):
        decomposed(tmp_path, **same)
    assert not (tmp_path / "vertical.gpkg").exists()


def test_cancel_leaves_nothing(tmp_path):
    paths = {name: track(tmp_path, name) for name in ANGLES}
    calls = []

    def cancelled():
        calls.append(1)
        return len(calls) > 4

    outputs = {n: str(tmp_path / f"{n}.gpkg") for n in ("vertical", "east")}
    with pytest.raises(Cancelled):
        run_job("decomposelos", {**paths, **outputs}, Progress(is_cancelled=cancelled))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ascending.gpkg", "descending.gpkg"]


def test_ustica_is_the_official_level_3(real_data, tmp_path):
    """Velocity and series of both components against EGMS L3, which also takes north as zero."""
    folder = real_data / "egms_ustica"
    tracks = {"ascending": "117_0227", "descending": "022_0845"}
    for name, number in tracks.items():
        source = str(folder / f"EGMS_L2b_{number}_IW2_VV_2020_2024_1.zip")
        target = str(tmp_path / f"{name}.gpkg")
        run_job("importinsar", {"inputs": [source], "output": target}, Progress())
    _result, *components = decomposed(tmp_path)
    for component, found in zip("UE", components):
        target = str(tmp_path / "official.gpkg")
        source = str(folder / f"EGMS_L3_E45N17_100km_{component}_2020_2024_1.csv")
        run_job("importinsar", {"inputs": [source], "output": target}, Progress())
        official = read_series(target, "It")
        place = {(x, y): i for i, (x, y) in enumerate(zip(found.x, found.y))}
        rows = [place[x, y] for x, y in zip(official.x, official.y)]  # all 522 cells are there
        ours, theirs = found.columns["mean_velocity"][rows], official.columns["mean_velocity"]
        assert np.corrcoef(ours, theirs)[0, 1] > 0.99
        assert abs((ours - theirs).mean()) < 0.02
        assert np.sqrt(((ours - theirs) ** 2).mean()) < 0.1
        _dates, a, b = np.intersect1d(found.dates, official.dates, return_indices=True)
        mine, its = found.series[rows][:, a], official.series[:, b]
        rest = (mine - mine.mean(axis=1, keepdims=True)) - (its - its.mean(axis=1, keepdims=True))
        assert np.sqrt((rest**2).mean()) < 0.15
