"""InSAR points of the example: fields, statistics by an independent fit, planted features."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.example.deformation import (
    Bowl,
    Fault,
    Planted,
    displacement,
)
from land_subsidence.subsidence_plugin.engine.example.factors import example_factors
from land_subsidence.subsidence_plugin.engine.example.insar import (
    insar_points,
    node_spacing,
    series_statistics,
)
from land_subsidence.subsidence_plugin.engine.example.truth import DRIVERS, truth_probability
from land_subsidence.subsidence_plugin.engine.progress import Progress

BOUNDS = (575000.0, 2340000.0 - 200 * 12.5, 575000.0 + 240 * 12.5, 2340000.0)


@pytest.fixture(scope="module")
def points():
    land, factors = example_factors((200, 240), 12.5, 11, Progress())
    p, _logit = truth_probability({name: factors[name] for name in DRIVERS})
    return land, p, insar_points(land, p, BOUNDS, 304, 11)


def at_centre(planted, years, slip_year=99.0, probability=0.0, x=0.0, y=0.0):
    """Displacement of one point."""
    return displacement(
        planted, np.array([x]), np.array([y]), np.array([probability]), years, slip_year
    )[0]


NO_FAULT = Fault(0, -1, 0, 1, 0.0, 0.0, "2020-01-01", 100.0)


def test_a_bowl_reaches_its_total_and_falls_off_as_a_gaussian():
    years = np.linspace(0, 4, 9)
    bare, steady = Planted((), NO_FAULT), Planted((Bowl("steady", 0, 0, 50, -80),), NO_FAULT)
    difference = at_centre(steady, years) - at_centre(bare, years)
    np.testing.assert_allclose(difference, np.linspace(0, -80, 9), atol=1e-9)
    aside = at_centre(steady, years, x=50.0) - at_centre(bare, years, x=50.0)
    assert aside[-1] == pytest.approx(-80 * np.exp(-0.5))


def test_the_accelerating_bowl_is_slow_first():
    years = np.linspace(0, 4, 9)
    bowl = Planted((Bowl("accelerating", 0, 0, 50, -80),), NO_FAULT)
    moved = at_centre(bowl, years) - at_centre(Planted((), NO_FAULT), years)
    assert moved[-1] == pytest.approx(-80)
    assert (np.diff(moved) < 0).all() and (np.diff(moved, 2) < 0).all()


def test_the_fault_creeps_and_slips_on_one_side():
    years = np.array([0.0, 1.0, 2.0])
    # from south to north: the right side is the east
    fault = Planted((), Fault(0, -1000, 0, 1000, -5.0, -9.0, "2021-07-01", 100.0))
    bare = at_centre(Planted((), NO_FAULT), years)
    np.testing.assert_allclose(at_centre(fault, years, 1.5, x=-1.0), bare, atol=1e-9)
    east = at_centre(fault, years, 1.5, x=100.0) - bare
    np.testing.assert_allclose(east, np.array([0, -5, -10 - 9]) * np.exp(-1), atol=1e-9)


def test_fields_are_those_of_the_european_service(points):
    _land, _p, layer = points
    names = list(layer.columns)
    assert names[:11] == [
        "pid", "easting", "northing", "height", "rmse", "mean_velocity", "mean_velocity_std",
        "acceleration", "acceleration_std", "seasonality", "seasonality_std",
    ]  # fmt: skip
    assert names[11:14] == ["D20200103", "D20200109", "D20200115"]
    dates = np.array([f"{n[1:5]}-{n[5:7]}-{n[7:]}" for n in names[11:]], dtype="datetime64[D]")
    assert len(dates) == 304 and set(np.diff(dates).astype(int)) == {6}
    assert len(set(layer.columns["pid"])) == len(layer.x)


def test_statistics_equal_an_independent_fit():
    years = 6 / 365.25 * np.arange(200)
    random = np.random.default_rng(0)
    wave = 3 * np.sin(2 * np.pi * (years - 0.2))
    series = -8 * years - 0.75 * years**2 + wave + random.normal(0, 0.5, 200)
    found = series_statistics(series[None, :], years)
    sine = [np.sin(2 * np.pi * years), np.cos(2 * np.pi * years)]
    line = np.linalg.lstsq(np.column_stack([years**0, years, *sine]), series, rcond=None)[0]
    curve = np.linalg.lstsq(
        np.column_stack([years**0, years, years**2, *sine]), series, rcond=None
    )[0]
    assert found["mean_velocity"][0] == pytest.approx(line[1], abs=0.006)
    assert found["acceleration"][0] == pytest.approx(2 * curve[2], abs=0.006)
    assert found["acceleration"][0] == pytest.approx(-1.5, abs=0.4)
    assert found["seasonality"][0] == pytest.approx(3, abs=0.6)
    assert found["rmse"][0] == pytest.approx(0.5, abs=0.08)


def test_subsidence_grows_with_the_truth(points):
    from scipy.stats import spearmanr

    _land, p, layer = points
    rows = ((BOUNDS[3] - layer.y) / 12.5).astype(int)
    columns = ((layer.x - BOUNDS[0]) / 12.5).astype(int)
    velocity = layer.columns["mean_velocity"]
    truth = p[rows, columns]
    assert spearmanr(truth, -velocity)[0] > 0.4
    assert velocity[truth > 0.6].mean() < velocity[truth < 0.05].mean() - 8
    assert np.abs(velocity).max() < 80


def test_planted_features_show_in_the_points(points):
    _land, _p, layer = points
    bowls = layer.planted.bowls
    assert [b.kind for b in bowls].count("accelerating") == 1 and len(bowls) == 5
    bowl = next(b for b in bowls if b.kind == "accelerating")
    near = np.hypot(layer.x - bowl.x, layer.y - bowl.y) < bowl.radius
    assert near.any()
    assert layer.columns["acceleration"][near].mean() < -2
    assert layer.columns["mean_velocity"][near].mean() < -12
    assert np.median(layer.columns["acceleration"]) > -0.5


def test_no_point_on_water_and_most_in_town(points):
    land, _p, layer = points
    rows = ((BOUNDS[3] - layer.y) / 12.5).astype(int)
    columns = ((layer.x - BOUNDS[0]) / 12.5).astype(int)
    assert not land.water[rows, columns].any()
    assert land.urban[rows, columns].mean() > 1.2 * land.urban.mean()


def test_lattice_spacing():
    def square(side):
        return (0, 0, side, side)

    assert node_spacing(square(7500), 12.5) == 100  # the European service's
    assert node_spacing(square(2500), 12.5) == 50  # 2,500 nodes
    assert node_spacing(square(1250), 25) == 50  # not below two cells
    assert node_spacing(square(60_000), 12.5) == 300  # 40,000 nodes
