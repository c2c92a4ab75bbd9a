"""Unit vectors, decomposition and its error against hand-worked cases and matrix algebra."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.insar.components import (
    component_statistics,
    fit_tracks,
)
from land_subsidence.subsidence_plugin.engine.insar.los import decompose, los_vector, vectors_of

#: Two points of the Ustica product: angles and the vector that the service delivers for them.
DELIVERED = [
    (37.31, 191.42, (0.594, -0.12, 0.795)),
    (38.97, -8.94, (-0.621, -0.098, 0.777)),
]


@pytest.mark.parametrize("incidence, heading, expected", DELIVERED)
def test_vectors_from_angles_are_those_that_egms_delivers(incidence, heading, expected):
    np.testing.assert_allclose(los_vector(incidence, heading), expected, atol=1e-3)


def test_a_known_motion_comes_back():
    rng = np.random.default_rng(3)
    first = los_vector(rng.uniform(30, 45, 6), rng.uniform(-14, -8, 6))
    second = los_vector(rng.uniform(30, 45, 6), rng.uniform(188, 194, 6))
    east, up = rng.normal(size=(2, 6, 9))
    seen = [v[:, :1] * east + v[:, 2:] * up for v in (first, second)]
    found = decompose(first, second)
    vertical, eastward = found.components(*seen)
    np.testing.assert_allclose(vertical, up, atol=1e-12)
    np.testing.assert_allclose(eastward, east, atol=1e-12)


def test_symmetric_tracks_by_hand():
    """Both at 45°, from due east and west: up = (a + d)/√2, east = (d - a)/√2."""
    half = np.sqrt(0.5)
    first, second = np.array([[-half, 0, half]]), np.array([[half, 0, half]])
    found = decompose(first, second)
    up, east = found.components(np.array([2.0]), np.array([4.0]))
    assert up[0] == pytest.approx(6 / np.sqrt(2))
    assert east[0] == pytest.approx(2 / np.sqrt(2))


def test_neglected_north_is_what_it_adds():
    first = los_vector(np.array([39.0]), np.array([-9.0]))
    second = los_vector(np.array([37.0]), np.array([191.0]))
    found = decompose(first, second)
    vertical, east = found.components(first[:, 1], second[:, 1])  # one unit of north alone
    np.testing.assert_allclose(found.north, [[vertical[0], east[0]]])


def test_two_tracks_of_one_side_are_refused():
    first = los_vector(np.array([39.0]), np.array([-9.0]))
    with pytest.raises(InputError, match="Both layers look from nearly the same side"):
        decompose(first, los_vector(np.array([37.0]), np.array([-9.0])))


def test_where_vectors_come_from():
    columns = {"incidence_angle": np.array([37.31]), "track_angle": np.array([191.42])}
    np.testing.assert_allclose(vectors_of(columns, 1, "It")[0], (0.594, -0.12, 0.795), atol=1e-3)
    np.testing.assert_allclose(
        vectors_of({}, 2, "It", 38.97, -8.94)[1], (-0.621, -0.098, 0.777), atol=1e-3
    )
    with pytest.raises(InputError, match="It has neither the fields los_east"):
        vectors_of({}, 1, "It")
    wrong = {name: np.array([0.5]) for name in ("los_east", "los_north", "los_up")}
    with pytest.raises(InputError, match="It has line-of-sight vectors that are no unit vectors"):
        vectors_of(wrong, 1, "It")


def test_statistics_of_components_and_their_errors():
    """Velocity and errors against 2000 repeated draws of the noise of both tracks."""
    rng = np.random.default_rng(4)
    start = np.datetime64("2020-01-01")
    own = [start + np.arange(0, 1500, step).astype("timedelta64[D]") for step in (12, 18)]
    end = min(dates[-1] for dates in own)
    count, sigma, up, east = 2000, (2.0, 3.0), -8.0, 1.5
    vectors = [
        np.repeat(los_vector(np.array([i]), np.array([h])), count, axis=0)
        for i, h in ((39.0, -9.0), (37.0, 191.0))
    ]
    tracks = []
    for vector, dates, noise in zip(vectors, own, sigma):
        t = (dates - start).astype(float) / 365.25
        true = (vector[0, 0] * east + vector[0, 2] * up) * t + 3 * np.cos(2 * np.pi * t)
        series = true + rng.normal(0, noise, (count, len(t)))
        tracks.append((series, dates))
    found = decompose(*vectors)
    vertical, eastward = component_statistics(found, *fit_tracks(tracks, start, end))
    for stats, truth in ((vertical, up), (eastward, east)):
        velocity, error = stats["mean_velocity"], stats["mean_velocity_std"]
        assert velocity.mean() == pytest.approx(truth, abs=5 * velocity.std() / np.sqrt(count))
        assert error.mean() == pytest.approx(velocity.std(), rel=0.06)
    a, b = found.weights[0, 0]
    assert np.median(vertical["rmse"]) == pytest.approx(np.hypot(2 * a, 3 * b), rel=0.02)
