"""Filling and accumulation: by hand, against independent solvers, and by conservation of mass."""

import sys

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, MissingPackageError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.terrain import flow, kernels
from land_subsidence.subsidence_plugin.engine.terrain.cells import CellSizes, constant_cells

NAN = np.nan
STEPS = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]


def fill(z):
    padded = flow.padded(*np.shape(z))
    padded[1:-1, 1:-1] = z
    return flow.fill_depressions(padded, Progress())


def drain(z, width=1.0, height=1.0):
    filled = fill(z)
    cells = constant_cells(len(z), width, height)
    return filled, flow.contributing_area(filled, cells, Progress())


def outlets(filled):
    """Cells that hand nothing on: no neighbour lower, nor level and nearer to the way out."""
    z, state = filled.z, filled.state.astype(int)
    found = np.zeros(z.shape, bool)
    for cell in map(tuple, np.argwhere(state != kernels.NODATA)):
        around = [(cell[0] + i, cell[1] + j) for i, j in STEPS]
        nearer = {1: 3, 2: 1, 3: 2}[state[cell]]
        found[cell] = not any(
            z[n] < z[cell] or (z[n] == z[cell] and state[n] == nearer) for n in around
        )
    return found[1:-1, 1:-1]


def test_pit_is_raised_to_its_lowest_way_out():
    z = np.array([[9, 9, 9, 9], [9, 1, 2, 9], [9, 2, 8, 4], [9, 9, 9, 9]], float)
    filled = fill(z)
    expected = np.array([[9, 9, 9, 9], [9, 4, 4, 9], [9, 4, 8, 4], [9, 9, 9, 9]])
    np.testing.assert_array_equal(filled.z[1:-1, 1:-1], expected)
    assert filled.raised == 3 and filled.deepest == 3


def test_nodata_is_a_way_out():
    """A bowl with a hole at its bottom drains into the hole: nothing is raised."""
    row, column = np.mgrid[-5:6, -5:6]
    bowl = np.hypot(row, column)
    assert fill(bowl).raised > 0
    bowl[5, 5] = NAN
    assert fill(bowl).raised == 0


def test_nodata_is_no_bridge():
    """Water does not cross a strip of nodata: the area west of it stays west."""
    z = np.tile(np.arange(9.0, 0, -1), (5, 1))
    z[:, 4] = NAN
    _, area = drain(z)
    assert area[:, :4].max() <= 20 and area[:, 5:].max() <= 20
    assert (area[:, 4] == 0).all()


def test_fill_equals_relaxation():
    """Independent: the lowest surface with z ≤ w and no cell below all its neighbours."""
    rng = np.random.default_rng(5)
    z = rng.normal(size=(40, 50)).round(1).astype(np.float32)  # ties, negatives, zeros
    z[rng.random(z.shape) < 0.05] = NAN
    w = np.where(np.isnan(z), -np.inf, np.inf)
    w = np.pad(w, 1, constant_values=-np.inf)
    while True:
        lowest = np.min([np.roll(w, step, (0, 1))[1:-1, 1:-1] for step in STEPS], axis=0)
        new = np.where(np.isnan(z), -np.inf, np.maximum(z, lowest))
        if np.array_equal(new, w[1:-1, 1:-1]):
            break
        w[1:-1, 1:-1] = new
    filled = fill(z)
    found = filled.z[1:-1, 1:-1]
    np.testing.assert_array_equal(found[~np.isnan(z)], new[~np.isnan(z)].astype(np.float32))
    assert filled.raised == np.count_nonzero(found > z)


def test_order_lists_every_cell_once_and_lowest_first():
    z = np.random.default_rng(6).normal(size=(30, 30))
    filled = fill(z)
    assert len(np.unique(filled.order)) == 900
    assert (np.diff(filled.z.ravel()[filled.order]) >= 0).all()


def test_three_by_three_by_hand():
    """All drain to the lower middle; W, E, SW, SE split between centre and outlet by slope^1.1."""
    z = [[9, 9, 9], [9, 5, 9], [9, 4, 9]]
    _, area = drain(z)
    side = 4**1.1 / (4**1.1 + (5 / 2**0.5) ** 1.1)
    low = (4 / 2**0.5) ** 1.1 / ((4 / 2**0.5) ** 1.1 + 5**1.1)
    assert area[1, 1] == pytest.approx(1 + 3 + 2 * side + 2 * low)
    assert area[2, 1] == pytest.approx(9)
    assert area[0].tolist() == [1, 1, 1]


def test_accumulation_equals_a_linear_system():
    """Independent: a = A + Wᵀ a solved by scipy, on a surface that falls westwards everywhere."""
    sparse = pytest.importorskip("scipy.sparse")
    from scipy.sparse.linalg import spsolve

    rng = np.random.default_rng(7)
    rows, columns, dx, dy, p = 12, 15, 3.0, 2.0, 1.7
    z = (np.arange(columns) + 0.9 * rng.random((rows, columns))).astype(np.float32)
    weights = sparse.lil_matrix((z.size, z.size))
    for r in range(rows):
        for c in range(columns):
            shares = {}
            for i, j in STEPS:
                if 0 <= r + i < rows and 0 <= c + j < columns and z[r + i, c + j] < z[r, c]:
                    drop = float(z[r, c]) - float(z[r + i, c + j])
                    shares[(r + i) * columns + c + j] = (drop / np.hypot(i * dy, j * dx)) ** p
            for other, share in shares.items():
                weights[other, r * columns + c] = share / sum(shares.values())
    expected = spsolve((sparse.identity(z.size) - weights).tocsc(), np.full(z.size, dx * dy))
    filled = fill(z)
    assert filled.raised == 0
    found = flow.contributing_area(filled, constant_cells(rows, dx, dy), Progress(), p)
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-6)


@pytest.mark.parametrize("decimals", [0, 6])
def test_mass_is_conserved(decimals):
    """What arrives at the outlets is the area of all cells, through pits, flats and holes."""
    rng = np.random.default_rng(8)
    z = (rng.normal(size=(60, 60)).cumsum(0).cumsum(1) / 8).round(decimals)
    z[20:24, 30:36] = NAN
    filled, area = drain(z, 3, 2)
    assert filled.raised > 100
    valid = np.count_nonzero(~np.isnan(z))
    assert area[outlets(filled)].sum() == pytest.approx(6 * valid, rel=1e-12)
    assert (area[~np.isnan(z)] >= 6).all()


def test_flat_drains_the_same_way_in_all_directions():
    """A level plain has the symmetry of a square, and every cell drains to its nearest side."""
    filled, area = drain(np.full((9, 9), 2.0))
    for turned in (area[::-1], area[:, ::-1], area.T):
        np.testing.assert_allclose(turned, area, rtol=1e-12)
    assert area[0].sum() * 4 - 4 * area[0, 0] == pytest.approx(81)
    assert area[4, 4] == 1 and filled.raised == 0


def test_a_plateau_drains_over_its_whole_rim():
    """A flat with a lower ring around it is not drawn to the one cell that is reached first."""
    z = np.zeros((11, 11))
    z[1:-1, 1:-1] = 5
    _, area = drain(z)
    np.testing.assert_allclose(area[::-1], area, rtol=1e-12)
    np.testing.assert_allclose(area.T, area, rtol=1e-12)


def test_cone():
    """A cone's specific catchment area is r/2; feasibility measured a ratio of 1.08 ± 0.02."""
    row, column = np.mgrid[-100:101, -100:101]
    r = np.hypot(row, column) * 10.0
    z = np.where(r < 990, 1000 - 0.3 * r, NAN)
    _, area = drain(z, 10, 10)
    ring = (r > 100) & (r < 900)
    ratio = area[ring] / 10 / (r[ring] / 2)
    assert 1.04 < ratio.mean() < 1.10 and ratio.std() < 0.03


def test_rows_of_different_size_keep_their_area():
    """In degrees the rows shrink: the outlets receive the sum of the true areas."""
    z = np.tile(np.arange(1.0, 7), (5, 1))
    cells = CellSizes(np.linspace(5, 3, 5), np.full(5, 2.0))
    filled = fill(z)
    area = flow.contributing_area(filled, cells, Progress())
    assert area[outlets(filled)].sum() == pytest.approx(6 * (2 * np.linspace(5, 3, 5)).sum())


def test_wetness_by_hand():
    """ln((400/10)/tan 45°) = ln 40; a flat cell counts as 45° here; nodata stays nodata."""
    area, steep = np.array([[400.0, 400.0, 0.0]]), np.array([[45.0, 0.0, NAN]], np.float32)
    found = flow.wetness(area, steep, constant_cells(1, 10, 10), 45.0)
    np.testing.assert_allclose(found[0, :2], np.log(40), rtol=1e-6)
    assert np.isnan(found[0, 2]) and found.dtype == np.float32


def test_all_nodata_gives_nothing():
    filled, area = drain(np.full((3, 3), NAN))
    assert filled.order.size == 0 and (area == 0).all()


@pytest.mark.parametrize("calls", [1, 3, 6])
def test_cancel_between_chunks(calls, monkeypatch):
    """With chunks of 100 cells, 400 cells take four looks at Cancel in each of the two stages."""
    monkeypatch.setattr(flow, "CHUNK", 100)
    asked = []
    progress = Progress(is_cancelled=lambda: asked.append(1) or len(asked) >= calls)
    padded = flow.padded(20, 20)
    padded[1:-1, 1:-1] = np.random.default_rng(1).random((20, 20))
    with pytest.raises(Cancelled):
        filled = flow.fill_depressions(padded, progress)
        flow.contributing_area(filled, constant_cells(20, 1, 1), progress)
    assert len(asked) == calls


def test_chunks_change_nothing(monkeypatch):
    z = np.random.default_rng(2).normal(size=(25, 25)).cumsum(0)
    whole = drain(z)[1]
    monkeypatch.setattr(flow, "CHUNK", 7)
    np.testing.assert_array_equal(drain(z)[1], whole)


@pytest.fixture
def fresh_kernels():
    kernels.compiled.cache_clear()
    yield
    kernels.compiled.cache_clear()


def test_without_numba_one_sentence(fresh_kernels, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingPackageError, match="'numba' is needed to route water"):
        fill(np.ones((3, 3)))


def test_without_a_place_for_the_cache(fresh_kernels, monkeypatch):
    """A read-only plugin folder and no user cache: compiled anew, no failure."""
    caching = pytest.importorskip("numba.core.caching")
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert fill([[9, 9, 9], [9, 1, 9], [9, 9, 9]]).raised == 1


def test_a_cache_written_under_another_package_name(fresh_kernels, monkeypatch):
    """A script imports ``engine``, the plugin ``land_subsidence``; numba stores one name."""
    numba = pytest.importorskip("numba")
    njit = numba.njit

    def stale(*args, cache=False, **kwargs):
        if cache:
            raise ModuleNotFoundError("No module named 'land_subsidence'")
        return njit(*args, **kwargs)

    monkeypatch.setattr(numba, "njit", stale)
    assert fill([[9, 9, 9], [9, 1, 9], [9, 9, 9]]).raised == 1
