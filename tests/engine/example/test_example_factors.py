"""The synthetic factors: ranges and correlations of the paper, repeatability, terrain."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.example import factors as ex
from land_subsidence.subsidence_plugin.engine.example.fields import correlated, smooth_noise
from land_subsidence.subsidence_plugin.engine.example.landscape import meander
from land_subsidence.subsidence_plugin.engine.progress import Progress

#: Limits of the classes in section 4.2 of the paper; only what the relief of a small area can
#: not reach is narrower.
PAPER_RANGES = {
    "aspect": (-1, 360),
    "slope": (0, 60),
    "curvature": (-33.28, 26.24),
    "elevation": (-51, 49),
    "ndvi": (-0.0687, 0.4215),
    "groundwater": (-22.3635, 7.7276),
    "holocene_thickness": (1.2595, 32.0001),
    "rainfall": (1726.59, 1974.26),
    "band5": (0.05, 0.30),
}
CATEGORIES = {"engineering_geology": 7, "hydrogeology": 5, "lulc": 4}
SIZES = [(120, 140, 3), (260, 200, 8), (150, 400, 21)]


@pytest.fixture(scope="module", params=SIZES, ids=str)
def area(request):
    rows, columns, seed = request.param
    return ex.example_factors((rows, columns), 12.5, seed, Progress())[1]


def test_factors_are_the_nineteen_of_the_paper(area):
    assert list(area) == [
        "aspect", "slope", "curvature", "elevation", "ndvi", "groundwater", "engineering_geology",
        "hydrogeology", "holocene_thickness", "lulc", "rainfall", "twi",
        "band1", "band2", "band3", "band4", "band5", "band6", "band7",
    ]  # fmt: skip


def test_values_stay_in_the_ranges_of_the_paper(area):
    for name, (low, high) in PAPER_RANGES.items():
        values = area[name]
        assert np.isfinite(values).all(), name
        assert low <= values.min() and values.max() <= high, (name, values.min(), values.max())
    for name in ("groundwater", "holocene_thickness", "rainfall"):
        low, high = PAPER_RANGES[name]
        assert np.ptp(area[name]) == pytest.approx(high - low, rel=1e-3)  # the whole range is used


def test_categorical_factors_have_all_their_groups(area):
    for name, count in CATEGORIES.items():
        codes, cells = np.unique(area[name], return_counts=True)
        assert set(codes) <= set(range(1, count + 1)), name
        # a group may be missing from a small area, but no more than one
        assert len(codes) >= count - 1, (name, codes)
        assert cells.max() < 0.85 * area[name].size, name
    assert {f.name: len(f.legend) for f in ex.FACTORS if f.legend} == CATEGORIES


def test_water_is_the_same_in_all_maps(area):
    water = area["lulc"] == 3
    assert 0.01 < water.mean() < 0.15
    assert ((area["engineering_geology"] == 1) == water).all()
    assert ((area["hydrogeology"] == 5) == water).all()


def test_bands_correlate_as_in_the_paper(area):
    for (first, second), expected in {
        ("band1", "band2"): 0.94, ("band3", "band4"): 0.87,
        ("band6", "band7"): 0.80, ("ndvi", "band5"): 0.75,
    }.items():  # fmt: skip
        r = np.corrcoef(area[first].ravel(), area[second].ravel())[0, 1]
        assert r == pytest.approx(expected, abs=0.02), (first, second)


def test_other_correlations_are_weak(area):
    pairs = {("band1", "band2"), ("band3", "band4"), ("band6", "band7"), ("ndvi", "band5")}
    names = [n for n in area if n not in CATEGORIES]
    table = np.corrcoef([area[n].ravel().astype(float) for n in names])
    others = {
        (a, b): table[i, j]
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i < j and (a, b) not in pairs and (b, a) not in pairs
    }
    assert max(map(abs, others.values())) < 0.75, max(others.items(), key=lambda i: abs(i[1]))
    assert np.median(np.abs(list(others.values()))) < 0.15


def test_ndvi_follows_from_bands_4_and_5(area):
    red, nir = area["band4"].astype(float), area["band5"].astype(float)
    np.testing.assert_allclose(area["ndvi"], (nir - red) / (nir + red), atol=1e-6)


def test_slope_is_that_of_gdal(area):
    from osgeo import gdal

    z = area["elevation"]
    source = gdal.GetDriverByName("MEM").Create("", z.shape[1], z.shape[0], 1, gdal.GDT_Float32)
    source.SetGeoTransform((0, 12.5, 0, 0, 0, -12.5))
    source.GetRasterBand(1).WriteArray(z)
    slope = gdal.DEMProcessing("", source, "slope", format="MEM").ReadAsArray()
    np.testing.assert_allclose(area["slope"][1:-1, 1:-1], slope[1:-1, 1:-1], atol=2e-3)


def test_wetness_is_higher_in_the_valleys(area):
    concave = area["curvature"] < np.quantile(area["curvature"], 0.1)
    convex = area["curvature"] > np.quantile(area["curvature"], 0.9)
    assert area["twi"][concave].mean() > area["twi"][convex].mean() + 0.5


def test_plain_hills_and_a_river(area):
    z = area["elevation"]
    plain, hills = np.quantile(z, 0.5), np.quantile(z, 0.98)
    assert -25 < plain < -13
    assert hills > plain + 8
    slope_above = area["slope"][z > (plain + hills) / 2].mean()
    assert slope_above > 2 * area["slope"][z < plain + 1].mean()


def test_same_seed_is_bitwise_the_same_and_another_is_not():
    first = ex.example_factors((110, 130), 12.5, 7, Progress())[1]
    again = ex.example_factors((110, 130), 12.5, 7, Progress())[1]
    other = ex.example_factors((110, 130), 12.5, 8, Progress())[1]
    for name in first:
        assert first[name].tobytes() == again[name].tobytes(), name
        assert first[name].tobytes() != other[name].tobytes(), name


def test_holes_are_irregular_and_differ_by_factor():
    masks = ex.holes((200, 240), 5)
    missing = {f.name: ex.holes_of(f.name, masks) for f in ex.FACTORS}
    assert missing["band1"].mean() == pytest.approx(0.022, abs=0.004)  # clouds and no survey
    assert missing["slope"].mean() == pytest.approx(0.010, abs=0.002)  # no survey only
    assert (missing["slope"] <= missing["groundwater"]).all()
    assert (missing["band1"] == missing["ndvi"]).all()
    assert (missing["band1"] != missing["hydrogeology"]).any()


def test_correlated_reaches_the_coefficient_exactly():
    base = smooth_noise((80, 90), 0.05, 1, "a")
    other = smooth_noise((80, 90), 0.05, 1, "b") + 0.5 * base
    mixed = correlated(base, other, 0.6)
    assert np.corrcoef(base.ravel(), mixed.ravel())[0, 1] == pytest.approx(0.6, abs=1e-4)


def test_noise_is_smooth_at_the_asked_length():
    """A longer length leaves smaller steps between neighbours."""
    steps = [
        np.abs(np.diff(smooth_noise((200, 200), length, 2, "n"), axis=1)).mean()
        for length in (0.02, 0.05, 0.1)
    ]
    assert steps[0] > 1.5 * steps[1] > 2 * steps[2]


def test_meander_joins_its_ends_and_winds():
    curve = meander((0.0, 0.2), (1.5, 0.8), 4, 1.4, 3, "river")
    np.testing.assert_allclose(curve[[0, -1]], [[0.0, 0.2], [1.5, 0.8]], atol=1e-9)
    length = np.hypot(*np.diff(curve, axis=0).T).sum()
    assert 1.15 < length / np.hypot(1.5, 0.6) < 3
