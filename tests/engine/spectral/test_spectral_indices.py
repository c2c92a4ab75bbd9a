"""Spectral indices by hand, and their limits."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.spectral.indices import (
    INDICES,
    bands_needed,
    reflectance,
    spectral_index,
)

BY_NAME = {index.name: index for index in INDICES}


def values(*numbers):
    return np.array([numbers], np.float32)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ndvi", (0.4 - 0.1) / 0.5),
        ("ndwi", (0.2 - 0.4) / 0.6),
        ("ndbi", (0.3 - 0.4) / 0.7),
        ("mndwi", (0.2 - 0.3) / 0.5),
        ("savi", 1.5 * (0.4 - 0.1) / (0.5 + 0.5)),
    ],
)
def test_by_hand(name, expected):
    bands = {"RED": values(0.1), "GREEN": values(0.2), "SWIR1": values(0.3), "NIR": values(0.4)}
    found = spectral_index(BY_NAME[name], bands)
    assert found[0, 0] == pytest.approx(expected, rel=1e-6) and found.dtype == np.float32


@pytest.mark.parametrize("name", ["ndvi", "savi"])
def test_nothing_reflected_is_nodata(name):
    bands = {"RED": values(0, 0, np.nan, 0.2), "NIR": values(0, 0.3, 0.2, np.nan)}
    found = spectral_index(BY_NAME[name], bands)
    assert np.isnan(found[0]).tolist() == [True, False, True, True]


def test_landsat_scale_and_limits():
    """7273 and 43636 are the ends of the valid range of Collection 2, 0 is its fill value."""
    stored = values(7273, 43636, 20000, 5000, 48000, 0, 65535, np.nan)
    found, clipped, refused = reflectance(stored, 0.0000275, -0.2)
    np.testing.assert_allclose(found[0, :3], [0.0000075, 0.99999, 0.35], atol=1e-5)
    assert found[0, 3] == 0 and found[0, 4] == 1  # -0.0625 and 1.12
    assert np.isnan(found[0, 5:]).all()
    assert (clipped, refused) == (2, 2)


def test_bands_of_indices():
    assert bands_needed([BY_NAME["ndvi"]]) == ["RED", "NIR"]
    assert bands_needed(list(INDICES)) == ["GREEN", "RED", "NIR", "SWIR1"]


def test_order_is_an_interface():
    assert [index.name for index in INDICES] == ["ndvi", "ndwi", "ndbi", "mndwi", "savi"]
