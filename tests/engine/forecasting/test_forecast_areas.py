"""What forecasters are trained on: areas of a stack and of points, gaps, covariates, refusals."""

import numpy as np
import pytest
from forecast_world import Log, card_of, dates_of, series, utm, write_series, write_stack
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.forecasting.recipe import forecast_recipe
from land_subsidence.subsidence_plugin.engine.jobs.forecast_data import read_forecast_data
from land_subsidence.subsidence_plugin.engine.naive.time_split import TimeSplit
from land_subsidence.subsidence_plugin.engine.raster import forecast_areas
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector import forecast_points
from osgeo import gdal

pytest.importorskip("scipy")

DATES = 40
SHORT = {"window": 6, "horizon": 2}


def read(stack, log=None, spatial="cnn", variant="lastmap", lengths=SHORT, **options):
    recipe = forecast_recipe(spatial, "lstm", variant, **lengths)
    return read_forecast_data(log or Log(), recipe, stack, **options)


def write_covariates(path, values, names, kinds=None, cell=100.0):
    grid = Grid(
        values.shape[2], values.shape[1], (300_000.0, cell, 0, 5_600_000.0, 0, -cell), utm()
    )
    with RasterWriter(str(path), grid, names, kinds=kinds) as writer:
        writer.write(values.astype(np.float32))
    return str(path)


def test_a_small_grid_is_one_area_with_gaps_filled_by_the_last_value(tmp_path):
    values = series(DATES, 9, 7)
    values[5, 2, 3] = np.nan
    values[:2, 4, 4] = np.nan
    values[: DATES // 3, 0, 0] = np.nan
    values[:, 8, 6] = np.nan
    log = Log()
    source = read(write_stack(tmp_path / "s.tif", values, dates_of(DATES)), log)
    (area,) = source.data.areas
    assert area.levels.shape == (DATES, 9, 7) and area.corner == (0, 0)
    assert area.mask.sum() == 9 * 7 - 2
    assert not area.mask[0, 0] and not area.mask[8, 6]
    assert area.levels[5, 2, 3] == values[4, 2, 3] and not area.observed[5, 2, 3]
    assert (area.levels[:2, 4, 4] == values[2, 4, 4]).all()
    assert not area.observed[:2, 4, 4].any()
    seen = np.isfinite(values) & area.mask
    np.testing.assert_array_equal(area.levels[seen], values[seen])
    np.testing.assert_array_equal(area.observed[:, area.mask], seen[:, area.mask])
    assert source.data.cell_size == pytest.approx(100, rel=2e-3)
    assert "61 cells with a series of 7 × 9; 40 dates from 2020-01-03 to 2020-08-24" in log.text
    assert source.card["component"] == "U" and source.card["first_date"] == "2020-01-03"


def test_bands_are_put_in_the_order_of_time(tmp_path):
    values, dates = series(DATES, 5, 5), dates_of(DATES)
    order = np.random.default_rng(1).permutation(DATES)
    (area,) = read(write_stack(tmp_path / "s.tif", values[order], dates[order])).data.areas
    np.testing.assert_array_equal(area.levels, values)
    np.testing.assert_array_equal(area.days, dates.astype(int))


def test_dates_in_gaps_are_neither_targets_nor_origins(tmp_path):
    stack = write_stack(tmp_path / "s.tif", series(DATES, 5, 5), dates_of(DATES))
    dataset = gdal.Open(stack, gdal.GA_Update)
    for number in (11, 38):
        dataset.GetRasterBand(number).SetMetadataItem("SUBSIDENCE_GAP", "yes")
    dataset = None
    log = Log()
    source = read(stack, log)
    (area,) = source.data.areas
    assert not area.observed[[10, 37]].any() and area.observed[[9, 11, 36, 38]].all()
    assert source.data.split.skipped == (10, 37)
    train = source.data.split.origins("train", 6, 2)
    assert 10 not in train and {9, 11} <= set(train.tolist())
    assert source.data.split.origins("test", 6, 2).tolist() == [35, 36]
    assert "2 of the 40 dates, at which nothing was measured" in log.text


def test_an_origin_that_is_skipped_may_leave_none():
    split = TimeSplit(20, 0.1, 0.1, skipped=(17,))
    with pytest.raises(InputError, match="test part has 2 of the 20 dates"):
        split.origins("test", 5, 2)
    assert split.origins("test", 5, 1).tolist() == [18]


def test_large_grids_become_tiles_padded_at_the_edges(tmp_path, monkeypatch):
    monkeypatch.setattr(forecast_areas, "WHOLE_CELLS", 100)
    monkeypatch.setattr(forecast_areas, "TILE", 32)
    values = series(DATES, 40, 70)
    values[:, :32, 32:64] = np.nan
    source = read(write_stack(tmp_path / "s.tif", values, dates_of(DATES)))
    areas = {area.corner: area for area in source.data.areas}
    assert set(areas) == {(0, 0), (0, 64), (32, 0), (32, 32), (32, 64)}
    assert {area.shape for area in areas.values()} == {(32, 32)}
    assert {a.static.shape for a in areas.values()} == {(0, 32, 32)}
    corner = areas[32, 64]
    assert corner.mask.sum() == 8 * 6 and corner.mask[:8, :6].all()
    np.testing.assert_array_equal(corner.levels[:, :8, :6], values[:, 32:, 64:])
    assert not corner.observed[:, 8:].any()
    total = sum(int(area.mask.sum()) for area in areas.values())
    assert total == 40 * 70 - 32 * 32


def test_of_a_grid_beyond_memory_random_tiles_are_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(forecast_areas, "WHOLE_CELLS", 100)
    monkeypatch.setattr(forecast_areas, "TILE", 32)
    monkeypatch.setattr(forecast_areas, "LEVEL_BYTES", 2 * 4 * DATES * 32 * 32)
    stack = write_stack(tmp_path / "s.tif", series(DATES, 64, 96), dates_of(DATES))
    log = Log()
    chosen = [{a.corner for a in read(stack, log, seed=s).data.areas} for s in (1, 1, 2, 3, 4)]
    assert {len(corners) for corners in chosen} == {2}
    assert chosen[0] == chosen[1] and len(set(map(frozenset, chosen))) > 1
    assert "2,048 cells with a series of 96 × 64, about 33 % of them all: 2 randomly" in log.text


def test_covariates_are_standardised_over_the_cells_with_a_series(tmp_path):
    values = series(DATES, 6, 5)
    values[:, 5] = np.nan
    static = np.random.default_rng(2).normal(50, 7, (2, 6, 5))
    static[0, 5] = 1e6
    static[1, 0, 0] = np.nan
    path = write_covariates(tmp_path / "c.tif", static, ["clay", "depth"])
    source = read(write_stack(tmp_path / "s.tif", values, dates_of(DATES)), covariates=path)
    (area,) = source.data.areas
    expected = np.ones((6, 5), bool)
    expected[5] = expected[0, 0] = False
    np.testing.assert_array_equal(area.mask, expected)
    for layer, raw, entry in zip(area.static, static, source.data.covariates):
        known = raw[expected].astype(np.float32)
        assert entry["mean"] == pytest.approx(known.mean(), rel=1e-5)
        assert entry["std"] == pytest.approx(known.std(), rel=1e-5)
        scaled = (known - known.mean()) / known.std()
        np.testing.assert_allclose(layer[expected], scaled, atol=1e-5)
        assert (layer[~expected] == 0).all()
    assert [entry["name"] for entry in source.data.covariates] == ["clay", "depth"]


def test_covariates_that_do_not_fit(tmp_path):
    stack = write_stack(tmp_path / "s.tif", series(DATES, 6, 5), dates_of(DATES))
    values = np.random.default_rng(2).normal(0, 1, (1, 6, 5))
    coded = write_covariates(tmp_path / "k.tif", values, ["soil"], ["categorical"])
    same = write_covariates(tmp_path / "e.tif", 0 * values + 3, ["flat"])
    other = write_covariates(tmp_path / "o.tif", values, ["clay"], cell=90.0)
    empty = write_covariates(tmp_path / "n.tif", values * np.nan, ["clay"])
    for path, words in (
        (coded, "band 'soil' .* is categorical"), (same, "band 'flat' .* the same at all nodes"),
        (other, "has other cells than INPUT"), (empty, "No cell has both a series"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            read(stack, covariates=path)


def test_stacks_that_cannot_be_trained_on(tmp_path, monkeypatch):
    dates, values = dates_of(DATES), series(DATES, 6, 5)
    stack = write_stack(tmp_path / "s.tif", values, dates)
    with pytest.raises(InputError, match="has no cell with values at three quarters of its 40"):
        read(write_stack(tmp_path / "n.tif", values * np.nan, dates))
    with pytest.raises(InputError, match="has bands without a date"):
        read(write_stack(tmp_path / "b.tif", values, dates, described=False))
    with pytest.raises(InputError, match="INPUT is empty"):
        read(None)
    # Before anything is read: how many dates are needed, and the limit of the paper's variant.
    monkeypatch.setattr(Raster, "read", None)
    with pytest.raises(InputError, match="train part has 32 of the 40 dates, but a window of 60"):
        read(stack, lengths={"window": 60, "horizon": 2})
    with pytest.raises(InputError, match=r"test part has 4 .* need 5 there; use a shorter HORIZON"):
        read(stack, lengths={"window": 6, "horizon": 5}, validation_share=0.2)
    monkeypatch.setattr("land_subsidence.subsidence_plugin.engine.jobs.forecast_data.MOST_CELLS", 9)
    for spatial in ("cnn", "gcn"):
        with pytest.raises(InputError, match="takes grids of at most 9 cells; this one has 5 × 6"):
            read(stack, variant="paper", spatial=spatial)
    points = points_of(tmp_path / "p.gpkg", 10)[0]
    with pytest.raises(InputError, match="takes at most 9; POINTS has 10"):
        read(None, variant="paper", spatial="gcn", points=points)


def points_of(path, count=60, metadata=None, missing=()):
    random = np.random.default_rng(8)
    x, y = 300_000 + 2000 * random.random(count), 5_600_000 - 2000 * random.random(count)
    values = series(DATES, count, 1)[:, :, 0].T
    for node in missing:
        values[node, :30] = np.nan
    return write_series(path, x, y, values, dates_of(DATES), metadata), x, y, values


def test_points_are_the_nodes_of_a_graph(tmp_path):
    path, x, y, values = points_of(tmp_path / "p.gpkg", missing=(4,))
    log = Log()
    source = read(None, log, "gcn", points=path)
    (area,) = source.data.areas
    keep = np.arange(60) != 4
    np.testing.assert_allclose(area.xy, np.column_stack([x, y])[keep])
    np.testing.assert_allclose(area.levels, values[keep].T, atol=1e-6)
    assert area.mask.all() and source.card["nodes"] == "points"
    apart = np.hypot(*(area.xy[:, None] - area.xy[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    assert source.data.cell_size == pytest.approx(np.median(apart.min(axis=0)))
    assert "59 points with a series" in log.text


def test_many_points_are_cut_into_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(forecast_points, "AREA_POINTS", 16)
    path, x, y, _values = points_of(tmp_path / "p.gpkg")
    areas = read(None, spatial="gcn", points=path).data.areas
    assert all(len(area.mask) <= 16 for area in areas)
    found = np.concatenate([area.xy for area in areas])
    assert set(map(tuple, found.round(3))) == set(zip(x.round(3), y.round(3)))
    monkeypatch.setattr(forecast_points, "LEVEL_BYTES", 4 * DATES * 32)
    log = Log()
    areas = read(None, log, "gcn", points=path).data.areas
    assert 16 < sum(len(area.mask) for area in areas) <= 32
    assert "randomly chosen groups" in log.text


def test_covariates_at_points_are_those_of_their_cells(tmp_path):
    path, x, y, _values = points_of(tmp_path / "p.gpkg")
    static = np.random.default_rng(3).normal(5, 2, (1, 20, 15))  # the eastern quarter has none
    raster = write_covariates(tmp_path / "c.tif", static, ["clay"])
    source = read(None, spatial="gcn", points=path, covariates=raster)
    (area,) = source.data.areas
    inside = x < 301_500
    assert len(area.mask) == inside.sum() < 60
    columns, rows = (x // 100 - 3000).astype(int), ((5_600_000 - y) // 100).astype(int)
    raw = static[0, rows[inside], columns[inside]]
    np.testing.assert_allclose(area.static[0], (raw - raw.mean()) / raw.std(), atol=1e-4)


def test_points_beside_a_grid_are_read_at_its_dates(tmp_path):
    stack = write_stack(tmp_path / "s.tif", series(DATES, 20, 20), dates_of(DATES))
    random = np.random.default_rng(8)
    values = series(DATES - 3, 3, 1)[:, :, 0].T
    dates = np.delete(dates_of(DATES), [7, 20, 39])
    x, y = [300_050.0, 300_125.0, 399_000.0], [5_599_950.0, 5_599_700.0, 5_599_000.0]
    path = write_series(tmp_path / "p.gpkg", x, y, values, dates)
    points = read(stack, points=path).points
    np.testing.assert_allclose(points.column, [0.5, 1.25])
    np.testing.assert_allclose(points.row, [0.5, 3.0])
    assert not points.observed[:, [7, 20, 39]].any()
    assert points.observed.sum() == 2 * (DATES - 3)
    assert (points.levels[:, 7] == points.levels[:, 6]).all()
    far = write_series(tmp_path / "f.gpkg", [1.0], [2.0], random.normal(size=(1, 37)), dates)
    log = Log()
    assert read(stack, log, points=far).points is None
    assert "has no point on the stack" in log.warnings[0]


def test_points_of_few_acquisitions_are_scored_where_these_are(tmp_path):
    """A stack of equal steps with more gaps than acquisitions, as ``STEP`` makes of such points."""
    values, dates = series(DATES, 20, 20), dates_of(DATES)
    stack = write_stack(tmp_path / "s.tif", values, dates)
    gaps = np.arange(DATES) % 5 > 1
    dataset = gdal.Open(stack, gdal.GA_Update)
    for number in np.flatnonzero(gaps) + 1:
        dataset.GetRasterBand(int(number)).SetMetadataItem("SUBSIDENCE_GAP", "yes")
    dataset = None
    own = values[~gaps, :2, 0].T
    path = write_series(
        tmp_path / "p.gpkg", [300_050.0] * 2, [5_599_950.0, 5_599_850.0], own, dates[~gaps]
    )
    points = read(stack, points=path).points
    assert points.observed[0].tolist() == (~gaps).tolist()
    np.testing.assert_allclose(points.levels[:, ~gaps], own, atol=1e-5)
    thirds = own[:, [1]] + np.array([1, 2, 3]) / 4 * (own[:, [2]] - own[:, [1]])
    np.testing.assert_allclose(points.levels[:, 2:5], thirds, atol=1e-5)


def test_epochs_of_egms_l3_are_warned_of(tmp_path):
    dates = dates_of(DATES, first="2022-06-01")
    stacks = [
        write_stack(tmp_path / f"{i}.tif", series(DATES, 4, 4), own, {"PRODUCT": product})
        for i, (own, product) in enumerate((
            (dates, "EGMS L3"), (dates, "EGMS L2B"), (dates_of(DATES, 12), "EGMS L3"),
            (dates_of(DATES), "EGMS L3"),
        ))
    ]  # fmt: skip
    found = [read(stack).warnings for stack in stacks]
    assert [len(warnings) for warnings in found] == [1, 0, 0, 0]
    assert "a GAP of 2 is the honest test" in found[0][0]
    assert read(stacks[0], lengths={**SHORT, "gap": 2}).warnings == []


def test_interpolation_in_time_is_warned_of(tmp_path):
    """Bands between acquisitions, and tracks that were interpolated to each other's dates."""
    values, dates = series(DATES, 4, 4), dates_of(DATES)
    steps = write_stack(tmp_path / "steps.tif", values, dates)
    dataset = gdal.Open(steps, gdal.GA_Update)
    for number, date in enumerate(dates, 1):
        acquired = date + 1 if number % 10 == 3 else date
        dataset.GetRasterBand(number).SetMetadataItem("SUBSIDENCE_ACQUISITION", str(acquired))
    dataset = None
    (found,) = read(steps).warnings
    assert found.startswith(f"4 of the {DATES} bands lie between acquisitions")
    assert "a GAP of 2 is the honest test" in found
    assert read(steps, lengths={**SHORT, "gap": 2}).warnings == []
    some = write_stack(tmp_path / "some.tif", values, dates, {"DATES_IN_BOTH": str(DATES - 1)})
    (found,) = read(some).warnings
    assert f"of which {DATES - 1} dates are common" in found
    every = write_stack(tmp_path / "every.tif", values, dates, {"DATES_IN_BOTH": str(DATES)})
    assert read(every).warnings == []


def test_the_last_target_that_decides_is_noted(tmp_path):
    path = write_stack(tmp_path / "s.tif", series(DATES, 4, 4), dates_of(DATES))
    source, card = read(path), card_of(**SHORT)
    source.set_card(card)
    first = source.data.split.bounds("test")[0]
    assert card.seen_until == str(dates_of(DATES)[first - 1])
