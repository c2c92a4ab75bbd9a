"""Job ``ensembleuncertainty`` on files: several shapes of ensembles, memory in tiles, bad input."""

import os

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter

osr = pytest.importorskip("osgeo.osr")
reference = osr.SpatialReference()
reference.ImportFromEPSG(32632)
UTM32 = reference.ExportToWkt()


def write(path, values, names=None, metadata=None, transform=None, crs=UTM32):
    values = np.asarray(values, np.float32)
    values = values[None] if values.ndim == 2 else values
    transform = transform or (300_000.0, 100.0, 0, 5_600_000.0, 0, -100.0)
    grid = Grid(values.shape[2], values.shape[1], transform, crs)
    names = names or [f"member_{i}" for i in range(1, len(values) + 1)]
    with RasterWriter(str(path), grid, names, metadata=metadata) as writer:
        writer.write(values)
    return str(path)


@pytest.fixture
def field():
    """Seven members of 60 × 90 cells; one member lacks a corner, another a cell (infinite)."""
    random = np.random.default_rng(4)
    bowl = -40 * np.exp(-((np.arange(90) - 30) ** 2 + (np.arange(60)[:, None] - 20) ** 2) / 90)
    members = (bowl + random.normal(0, 2, (7, 60, 90))).astype(np.float32)
    members[2, :10, :10] = np.nan
    members[5, 40, 50] = np.inf
    return members


class Log(Progress):
    def __init__(self, **options):
        self.lines = []
        super().__init__(on_message=lambda text, level: self.lines.append(text), **options)

    @property
    def text(self):
        return "\n".join(self.lines)


def run(members, folder, log=None, names=("median", "levels", "bivariate"), **options):
    members = [members] if isinstance(members, str) else members
    paths = {name: str(folder / f"{name}.tif") for name in names}
    result = run_job("ensembleuncertainty", {"members": members, **paths, **options}, log or Log())
    return result, {name: Raster(path) for name, path in paths.items()}


ALL = (
    "median", "levels", "exceedance", "class_probability", "confidence", "spread",
    "rank_variance", "bivariate",
)  # fmt: skip


def test_all_maps_against_whole_arrays(field, tmp_path):
    log = Log()
    source = write(tmp_path / "m.tif", field, metadata={"SUBSIDENCE_UNITS": "mm"})
    result, maps = run(source, tmp_path, log, ALL, table=str(tmp_path / "t.csv"))
    valid = np.isfinite(field).all(axis=0)
    assert result["PIXELS"] == valid.sum() == 60 * 90 - 101 and result["MEMBERS"] == 7
    exact = field[:, valid].astype(np.float64)
    size = np.abs(np.median(exact, axis=0))
    q = np.quantile(size, [0.85, 0.95, 0.99])
    texts = result["THRESHOLDS"].split(", ")
    assert [float(text.split(" = ")[1]) for text in texts] == pytest.approx(q, rel=1e-8)
    ranks = 1 + (np.abs(exact)[None] >= q[:, None, None]).sum(axis=0)
    own = 1 + (size >= q[:, None]).sum(axis=0)
    spread = np.abs(exact).std(axis=0)
    column = 1 + (spread > np.quantile(spread, [[1 / 3], [2 / 3]])).sum(axis=0)
    expected = {
        "median": np.median(exact, axis=0),
        "levels": own,
        "confidence": (ranks == own).mean(axis=0),
        "spread": spread,
        "rank_variance": ranks.var(axis=0),
        "bivariate": 3 * (np.minimum(own, 3) - 1) + column,
    }
    for name, values in expected.items():
        got = maps[name].read()[0]
        assert got[valid] == pytest.approx(values, rel=1e-5, abs=1e-6), name
        assert np.isnan(got[~valid]).all()
    reached = (np.abs(exact)[None] >= q[:, None, None]).mean(axis=1)
    assert maps["exceedance"].read()[:, valid] == pytest.approx(reached)
    assert maps["exceedance"].names == ["P85", "P95", "P99"]
    assert maps["class_probability"].names == ["low", "medium", "high", "highest"]
    assert maps["class_probability"].read()[:, valid].sum(axis=0) == pytest.approx(1)
    assert maps["levels"].metadata["SUBSIDENCE_KIND"] == "levels"
    assert maps["spread"].metadata["SUBSIDENCE_UNITS"] == "mm"
    assert "magnitude of the deformation |d| in mm (from the units" in log.text
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert len(lines) == 5
    areas = [float(line.split(",")[6]) for line in lines[1:]]
    assert areas == pytest.approx(np.bincount(own)[1:] * 0.01)


def test_several_rasters_give_the_same_as_one(field, tmp_path):
    one = write(tmp_path / "one.tif", field)
    several = [write(tmp_path / f"m{i}.tif", member) for i, member in enumerate(field)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _result, first = run(one, tmp_path / "a", names=ALL)
    _result, second = run(several, tmp_path / "b", names=ALL)
    for name in ALL:
        assert np.array_equal(first[name].read(), second[name].read(), equal_nan=True), name


def test_tiles_and_threads_change_nothing(field, tmp_path, monkeypatch):
    from land_subsidence.subsidence_plugin.engine.raster import member_tiles

    source = write(tmp_path / "m.tif", np.tile(field, (1, 6, 5)))
    for folder in ("whole", "tiled"):
        (tmp_path / folder).mkdir()
    _result, whole = run(source, tmp_path / "whole", names=ALL, threads=1)
    monkeypatch.setattr(member_tiles, "TILE_BYTES", 4 * 7 * 256 * 40)
    _result, tiled = run(source, tmp_path / "tiled", names=ALL, threads=3)
    for name in ALL:
        assert np.array_equal(whole[name].read(), tiled[name].read(), equal_nan=True), name


def test_a_band_of_each_of_several_forecasts(field, tmp_path):
    steps = [write(tmp_path / f"f{i}.tif", [np.zeros((60, 90)), m]) for i, m in enumerate(field)]
    _result, maps = run(steps, tmp_path, band=2)
    valid = np.isfinite(field).all(axis=0)
    expected = np.median(field[:, valid], axis=0)
    assert maps["median"].read()[0][valid] == pytest.approx(expected)


def test_probabilities_are_recognised_and_checked(field, tmp_path):
    log, about = Log(), {"SUBSIDENCE_UNITS": "probability"}
    share = 1 / (1 + np.exp(field[:, 10:] / 10 + 2))
    run(write(tmp_path / "p.tif", share, metadata=about), tmp_path, log)
    assert "quantity: probability p (from the units in the metadata)" in log.text
    assert "≤ median <" in log.text
    wrong = write(tmp_path / "w.tif", field, metadata=about)
    with pytest.raises(InputError, match="probabilities lie between 0 and 1; set QUANTITY"):
        run(wrong, tmp_path)
    run(wrong, tmp_path, quantity=1)


def test_bands_that_may_not_be_members_are_warned_of(field, tmp_path):
    log = Log()
    about = {"SUBSIDENCE_KIND": "forecast", "SUBSIDENCE_UNITS": "mm", "SUBSIDENCE_STEP": "3"}
    _result, maps = run(write(tmp_path / "f.tif", field, metadata=about), tmp_path, log)
    assert "it is 'forecast', not 'members'" in log.text
    assert maps["levels"].metadata["SUBSIDENCE_STEP"] == "3"


def test_two_members_and_two_quantiles(tmp_path):
    values = np.stack([np.arange(100.0), np.arange(100.0) + 2]).reshape(2, 10, 10)
    _result, maps = run(write(tmp_path / "m.tif", values), tmp_path, quantiles=[50, 90])
    levels = maps["levels"].read()[0].ravel()
    assert np.bincount(levels.astype(int)).tolist() == [0, 50, 40, 10]


def test_members_that_agree_everywhere_have_no_spread(tmp_path):
    one = np.arange(200.0).reshape(10, 20)
    log = Log()
    _result, maps = run(write(tmp_path / "m.tif", [one] * 4), tmp_path, log, ALL)
    assert maps["spread"].read().max() == 0 and maps["rank_variance"].read().max() == 0
    assert maps["confidence"].read().min() == 1
    assert set(np.unique(maps["bivariate"].read())) == {1, 4, 7}
    assert "no spread" in log.text


def test_quantile_that_most_cells_share_is_said(tmp_path):
    values = np.zeros((3, 10, 20))
    values[:, 0, :5] = 7
    log = Log()
    _result, maps = run(write(tmp_path / "m.tif", values), tmp_path, log)
    assert "no cell is of the lowest level" in log.text
    assert maps["levels"].read().min() == 3  # 97.5 % are 0: Q85 = Q95 = 0 < Q99 = 7


BAD = {
    "constant": "in size in every valid cell, so there are no levels",
    "empty": "No cell is valid in all 3 members",
    "single": "has a single band, and one member has no spread",
    "stack": "are factors, not members",
    "nowhere": "has no coordinate reference system",
}


@pytest.mark.parametrize("case", BAD)
def test_bad_ensembles(case, field, tmp_path):
    options = {}
    values = field
    if case == "constant":
        values = np.full((3, 5, 5), -2.0)
    elif case == "empty":
        values = np.full((3, 4, 4), 1.0)
        for number in range(3):
            values[number, number:] = np.nan
            values[number, :number] = np.nan
        values[0, 0] = np.nan
    elif case == "single":
        values = field[:1]
    elif case == "stack":
        options = {"metadata": {"SUBSIDENCE_KIND": "factor_stack"}}
    elif case == "nowhere":
        options = {"crs": ""}
    source = write(tmp_path / "m.tif", values, **options)
    before = set(os.listdir(tmp_path))
    with pytest.raises(InputError, match=BAD[case]):
        run(source, tmp_path)
    assert set(os.listdir(tmp_path)) - before == set()


def test_members_that_do_not_fit_together(field, tmp_path):
    one = write(tmp_path / "a.tif", field[0])
    shifted = (300_050.0, 100.0, 0, 5_600_000.0, 0, -100.0)
    other = write(tmp_path / "b.tif", field[1], transform=shifted)
    with pytest.raises(InputError, match=r"Member 2, .*b.tif', has not the cells of"):
        run([one, other], tmp_path)
    two = write(tmp_path / "c.tif", field[:2])
    with pytest.raises(InputError, match=r"different numbers of bands: .*a.tif' has 1, .*' has 2"):
        run([one, two], tmp_path)
    with pytest.raises(InputError, match="choose the BAND to take of each"):
        run([two, two], tmp_path)
    with pytest.raises(InputError, match=r"BAND is 3, but .* has 2 bands"):
        run([two, two], tmp_path, band=3)
    with pytest.raises(InputError, match="leave it empty"):
        run(two, tmp_path, band=1)
    mm = write(tmp_path / "d.tif", field[0], metadata={"SUBSIDENCE_UNITS": "mm"})
    p = write(tmp_path / "e.tif", field[0], metadata={"SUBSIDENCE_UNITS": "probability"})
    with pytest.raises(InputError, match=r"different units \(mm, probability\)"):
        run([mm, p], tmp_path)
    with pytest.raises(InputError, match="No output is asked for"):
        run_job("ensembleuncertainty", {"members": [one, mm]}, Log())


def test_cancel_leaves_nothing(field, tmp_path):
    source = write(tmp_path / "m.tif", field)
    fractions = []
    log = Log(
        on_fraction=fractions.append, is_cancelled=lambda: bool(fractions and fractions[-1] > 0.5)
    )
    before = set(os.listdir(tmp_path))
    with pytest.raises(Cancelled):
        run(source, tmp_path, log)
    assert set(os.listdir(tmp_path)) == before
