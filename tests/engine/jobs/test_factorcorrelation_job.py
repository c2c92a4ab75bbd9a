"""The correlation job: rows and factors that count, from samples and from stacks."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress

pytest.importorskip("osgeo.gdal")
pytest.importorskip("scipy")

from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points, write_table
from scipy import stats


@pytest.fixture
def columns():
    random = np.random.default_rng(2)
    a, b, c = random.normal(size=(3, 60))
    return {
        "label": np.tile([0, 1], 30),
        "split": ["train"] * 40 + ["validation"] * 20,
        "depth": a,
        "clay": a + 0.3 * b,
        "Slope": c,
    }


def correlate(folder, log=None, **arguments):
    """Run the job and return the table by pair, and the results."""
    arguments = {"output": str(folder / "pairs.csv"), **arguments}
    progress = Progress(
        on_message=lambda text, level: (log if log is not None else []).append(text)
    )
    results = run_job("factorcorrelation", arguments, progress)
    table = read_features(arguments["output"]).columns
    rows = {
        frozenset(pair): {name: values[i] for name, values in table.items()}
        for i, pair in enumerate(zip(table["factor1"], table["factor2"]))
    }
    return rows, results


def samples(folder, columns, **metadata):
    path = str(folder / "samples.gpkg")
    place = np.arange(len(columns["label"]), dtype=float)
    write_points(path, place, place, columns, "EPSG:32648", metadata)
    return path


def stack(folder, bands, kinds=None, kind="factor_stack", source_kinds=None):
    """Write bands (name to 2d-array) as float32 with NaN as nodata."""
    path = str(folder / "stack.tif")
    height, width = next(iter(bands.values())).shape
    grid = Grid(width, height, (0, 10, 0, 10.0 * height, 0, -10), _crs())
    kinds = kinds or ["continuous"] * len(bands)
    with RasterWriter(
        path, grid, list(bands), "float32", kinds, {"SUBSIDENCE_KIND": kind}
    ) as writer:
        for index, values in enumerate(bands.values(), 1):
            writer.write(values.astype(np.float32), 0, 0, index)
            if source_kinds:
                band = writer.dataset.GetRasterBand(index)
                band.SetMetadataItem("source_kind", source_kinds[index - 1])
    return path


def _crs():
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    return reference.ExportToWkt()


def test_training_rows_are_correlated_and_others_left_alone(tmp_path, columns):
    rows, results = correlate(tmp_path, samples=samples(tmp_path, columns), threshold=0.9)
    for pair in (("depth", "clay"), ("depth", "Slope"), ("clay", "Slope")):
        x, y = (columns[name][:40] for name in pair)
        r, p = stats.pearsonr(x, y)
        row = rows[frozenset(pair)]
        assert (row["pearson"], row["pearson_p"]) == pytest.approx((r, p), rel=1e-6)
        rho, p = stats.spearmanr(x, y)
        assert (row["spearman"], row["spearman_p"]) == pytest.approx((rho, p), rel=1e-6)
        assert row["n"] == 40
    assert results["PAIRS"] == 1
    assert results["HIGHEST_VIF"] > 5
    rows, _results = correlate(tmp_path, samples=samples(tmp_path, columns), rows=1)
    assert rows[frozenset(("depth", "clay"))]["n"] == 60


def test_gaps_constant_and_categorical_factors_are_counted_and_named(tmp_path, columns):
    columns["clay"][3] = np.nan
    columns.update(flat=np.full(60, 0.1), lulc=np.tile([1.0, 2, 3], 20))
    log = []
    path = samples(tmp_path, columns, kinds=json.dumps({"lulc": "categorical"}))
    rows, _results = correlate(tmp_path, log, samples=path)
    assert len(rows) == 3
    assert all(row["n"] == 39 for row in rows.values())
    text = "\n".join(log)
    assert "1 of 40 rows lack a factor (most often 'clay') and are left out." in text
    assert "Left out, since one value stands in all rows: flat." in text
    assert "Categorical factors have no correlation and are left out: lulc." in text


def test_codes_of_unordered_classes_are_left_out(tmp_path, columns):
    columns.update(lulc=np.tile([1.0, 2, 3], 20))
    rules = {"depth": {"method": "jenks", "kind": "continuous"},
             "lulc": {"method": "unique", "kind": "categorical"}}  # fmt: skip
    kinds = dict.fromkeys(("depth", "clay", "Slope", "lulc"), "classes")
    path = samples(tmp_path, columns, kinds=json.dumps(kinds), rules=json.dumps(rules))
    log = []
    rows, _results = correlate(tmp_path, log, samples=path)
    assert len(rows) == 3
    assert "Class codes are correlated as ordinal numbers (1 is the lowest class)." in log
    bands = {name: columns[name].reshape(6, 10) for name in kinds}
    source_kinds = ["continuous"] * 3 + ["categorical"]
    path = stack(tmp_path, bands, kind="class_stack", source_kinds=source_kinds)
    assert len(correlate(tmp_path, factors=path)[0]) == 3


def test_a_stack_is_correlated_cell_by_cell_over_tiles(tmp_path):
    random = np.random.default_rng(6)
    a, b = random.normal(size=(2, 530, 610))  # more than one tile each way
    bands = {"depth": a + 500, "clay": 0.6 * a + 0.8 * b, "rain": b}
    bands["clay"][:50] = np.nan
    bands["rain"][:, -20:] = np.nan
    path = stack(tmp_path, bands)
    log = []
    rows, _results = correlate(tmp_path, log, factors=path, cells=2000, vif=str(tmp_path / "v.csv"))
    known = np.isfinite(bands["clay"]) & np.isfinite(bands["rain"])
    for pair in (("depth", "clay"), ("depth", "rain"), ("clay", "rain")):
        x, y = (bands[name].astype(np.float32)[known].astype(float) for name in pair)
        row = rows[frozenset(pair)]
        assert row["pearson"] == pytest.approx(stats.pearsonr(x, y)[0], abs=1e-9)
        # of 2,000 cells, so with a standard error of about 0.02
        assert row["spearman"] == pytest.approx(stats.spearmanr(x, y)[0], abs=0.08)
        t = row["pearson"] * np.sqrt(1998 / (1 - row["pearson"] ** 2))
        assert row["pearson_p"] == pytest.approx(2 * stats.t.sf(abs(t), 1998), rel=1e-6, abs=1e-300)
        assert row["n"] == 2000
    # clay is a combination of the other two, rounded to float32
    assert (
        read_features(str(tmp_path / "v.csv")).columns["verdict"] == ["combination of others"] * 3
    )
    assert any("283,200 complete cells of 323,300" in line for line in log)


def test_a_small_stack_is_taken_whole_and_bands_can_be_chosen(tmp_path):
    random = np.random.default_rng(8)
    bands = {name: random.normal(size=(12, 10)) for name in ("a", "b", "c", "d")}
    path = stack(tmp_path, bands, ["continuous", "continuous", "categorical", "continuous"])
    rows, _results = correlate(tmp_path, factors=path, factor_fields=["D"], bands=[1])
    assert list(rows) == [frozenset("ad")]
    row = rows[frozenset("ad")]
    assert row["n"] == 120
    x, y = (bands[name].ravel() for name in "ad")
    assert row["spearman"] == pytest.approx(stats.spearmanr(x, y)[0], abs=1e-6)
    assert len(correlate(tmp_path, factors=path)[0]) == 3
    with pytest.raises(InputError, match=r"no band 5 \(BANDS\); it has 4 bands"):
        correlate(tmp_path, factors=path, bands=[5])
    with pytest.raises(InputError, match="has no band 'e'; its bands are a, b, c, d"):
        correlate(tmp_path, factors=path, factor_fields=["e"])


def test_what_cannot_be_correlated_is_one_sentence(tmp_path, columns):
    path = samples(tmp_path, columns)
    empty = np.full((4, 4), np.nan)
    blank = stack(tmp_path, {"a": np.arange(16.0).reshape(4, 4), "b": empty})
    cases = [
        ({}, "Give either SAMPLES .* or FACTORS .*, one of them"),
        ({"samples": path, "factors": blank}, "not both"),
        (
            {"samples": path, "factor_fields": ["depth"]},
            "There is one factor with a continuous scale; a corr",
        ),
        ({"samples": path, "factor_fields": ["depth", "rain"]}, "have no field 'rain'"),
        ({"samples": path, "factor_fields": ["depth", "label"]}, "label' cannot be a factor"),
        ({"samples": path, "factor_fields": ["depth", "split"]}, "'split' holds text"),
        ({"factors": blank}, r"Only 0 cells have a value .*fewest: 'b', in 0\); at least 3"),
    ]
    for arguments, words in cases:
        with pytest.raises(InputError, match=words):
            correlate(tmp_path, **arguments)
    assert not (tmp_path / "pairs.csv").exists()


def test_only_constants_or_no_training_row_or_no_row(tmp_path, columns):
    flat = {**columns, "clay": np.ones(60), "Slope": np.ones(60)}
    with pytest.raises(
        InputError, match="one factor with more than one value; a correlation needs two"
    ):
        correlate(tmp_path, samples=samples(tmp_path, flat))
    late = {**columns, "split": ["validation"] * 60}
    with pytest.raises(InputError, match="has the split 'train'; choose all rows in ROWS"):
        correlate(tmp_path, samples=samples(tmp_path, late))
    none = str(tmp_path / "none.csv")
    write_table(none, {"label": np.empty(0), "depth": np.empty(0), "clay": np.empty(0)})
    with pytest.raises(InputError, match="hold no rows; run 'Extract samples'"):
        correlate(tmp_path, samples=none)


def test_more_factors_than_rows_have_no_inflation(tmp_path):
    random = np.random.default_rng(9)
    columns = {"label": np.array([0, 1, 0, 1])}
    columns.update({f"f{i}": random.normal(size=4) for i in range(5)})
    log = []
    _rows, results = correlate(tmp_path, log, samples=samples(tmp_path, columns))
    assert results["HIGHEST_VIF"] is None
    assert any("4 rows are too few for the inflation of 5 factors" in line for line in log)


def test_the_report_says_what_is_strong_and_what_stars_are_worth(tmp_path, columns):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    page = tmp_path / "report.html"
    path = samples(tmp_path, columns)
    correlate(tmp_path, samples=path, vif=str(tmp_path / "vif.csv"), report=str(page))
    html = page.read_text(encoding="utf-8")
    r = stats.pearsonr(columns["depth"][:40], columns["clay"][:40])[0]
    assert f"Of 3 pairs of 3 factors, 1 has |r| above 0.7: depth and clay ({r:.2f})" in html
    assert "spatial autocorrelation" in html
    assert "40 complete training rows" in html
    names = sorted(p.name for p in (tmp_path / "report_data").iterdir())
    assert names == ["figure-1-pearson.csv", "figure-2-vif.csv", "figure-3-spearman.csv"]


def test_the_report_names_the_factors_that_it_leaves_out(tmp_path, columns):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    columns.update(flat=np.full(60, 0.1), lulc=np.tile([1.0, 2, 3], 20))
    page = tmp_path / "report.html"
    path = samples(tmp_path, columns, kinds=json.dumps({"lulc": "categorical"}))
    correlate(tmp_path, samples=path, report=str(page))
    assert "lulc (categorical), flat (one value)" in page.read_text(encoding="utf-8")
    bands = {name: np.tile(columns[name], (2, 1)) for name in ("depth", "clay", "lulc")}
    raster = stack(tmp_path, bands, ["continuous", "continuous", "categorical"])
    correlate(tmp_path, factors=raster, report=str(page))
    assert "lulc (categorical)" in page.read_text(encoding="utf-8")


def test_a_run_is_cancelled_within_a_tile(tmp_path):
    from land_subsidence.subsidence_plugin.engine.errors import Cancelled

    path = stack(
        tmp_path, {name: np.random.default_rng(0).normal(size=(600, 600)) for name in "ab"}
    )
    asked = []
    progress = Progress(is_cancelled=lambda: asked.append(1) or len(asked) > 2)
    with pytest.raises(Cancelled):
        run_job("factorcorrelation", {"factors": path, "output": str(tmp_path / "p.csv")}, progress)
    assert len(asked) == 3
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith((".", "p."))] == []
