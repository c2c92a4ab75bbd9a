"""Job ``monitoringpriority`` on files, against the decision table in plain numpy."""

import os
import re

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.styles import STYLES

osr = pytest.importorskip("osgeo.osr")
reference = osr.SpatialReference()
reference.ImportFromEPSG(32632)
UTM32 = reference.ExportToWkt()
TRANSFORM = (300_000.0, 100.0, 0, 5_600_000.0, 0, -100.0)


def write(path, values, dtype="float32", transform=TRANSFORM, kind=""):
    values = np.asarray(values)
    values = values[None] if values.ndim == 2 else values
    about = {"SUBSIDENCE_KIND": kind} if kind else None
    grid = Grid(values.shape[2], values.shape[1], transform, UTM32)
    with RasterWriter(
        str(path), grid, [f"b{i}" for i in range(len(values))], dtype, metadata=about
    ) as writer:
        writer.write(values.astype(dtype))
    return str(path)


@pytest.fixture
def rasters(tmp_path):
    random = np.random.default_rng(8)
    shape = (70, 80)
    maps = {
        "spread": random.gamma(2, 1, shape).astype(np.float32),
        "residual": random.normal(0, 3, shape).astype(np.float32),
        "exceedance": (random.integers(0, 11, (3, *shape)) / 10).astype(np.float32),
        "levels": random.integers(1, 5, shape),
    }
    maps["spread"][0, :5] = np.nan
    maps["residual"][1, :5] = np.nan
    maps["levels"][2, :5] = 0
    paths = {
        name: write(tmp_path / f"{name}.tif", values, "uint8" if name == "levels" else "float32")
        for name, values in maps.items()
    }
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "priority.tif", paths, maps


def decide(conditions, shape):
    """Return the classes: the first condition that holds, written apart from the plugin's."""
    classes = np.full(shape, 7)
    for code in range(6, 0, -1):
        classes[conditions[code - 1]] = code
    return classes


def table(maps, names, quantile=0.85):
    valid = np.isfinite(maps["spread"])
    if "residual" in names:
        valid = valid & np.isfinite(maps["residual"])
    if "levels" in names:
        valid = valid & (maps["levels"] > 0)
    s = maps["spread"].astype(float)
    r = np.abs(maps["residual"]).astype(float)
    u, low = s >= np.quantile(s[valid], quantile), s <= np.quantile(s[valid], 1 / 3)
    high = r >= np.quantile(r[valid], quantile) if "residual" in names else s < 0
    p = maps["exceedance"][0] >= np.quantile(maps["exceedance"][0][valid], quantile)
    level = maps["levels"] >= 3 if "levels" in names else p
    p = (p | level) if "exceedance" in names else level
    conditions = [
        level & low, level & u, high & u, p & high, (u | p) & ~high, high & ~u,
    ]  # fmt: skip
    return np.where(valid, decide(conditions, s.shape), 0)


CASES = (
    ("exceedance",), ("levels",), ("residual", "exceedance"), ("residual", "levels"),
    ("residual", "exceedance", "levels"),
)  # fmt: skip


@pytest.mark.parametrize("names", CASES)
def test_classes_of_every_combination_of_inputs(names, rasters):
    output, paths, maps = rasters
    given = {name: paths[name] for name in ("spread", *names)}
    csv = str(output.parent / "areas.csv")
    result = run_job(
        "monitoringpriority", {**given, "output": str(output), "table": csv}, Progress()
    )
    got = Raster(str(output)).read(dtype=np.float64)[0]
    expected = table(maps, names)
    assert np.array_equal(np.nan_to_num(got), expected)
    counts = np.bincount(expected.ravel(), minlength=8)[1:]
    assert result["AREAS"] == pytest.approx(counts * 0.01)
    lines = output.with_name("areas.csv").read_text().splitlines()
    assert len(lines) == 8 and "Robust high: intervene first" in lines[1]
    first = "level high" if "levels" in names else "exceedance high"
    other = {
        (True, False): "exceedance", (False, True): "level", (True, True): "exceedance or level",
    }["exceedance" in names, "levels" in names]  # fmt: skip
    any_of = f"spread, {other}" if " or " in other else f"spread or {other}"
    stated = [
        f"{first}, spread low", f"{first}, spread high", "residual high, spread high",
        f"{other} high, residual high", f"{any_of} high, residual not high",
        "residual high, spread not high", "none of the above",
    ]  # fmt: skip
    legend = (output.parent / "priority.qml").read_text(encoding="utf-8")
    shipped = (STYLES / "priority.qml").read_text(encoding="utf-8")
    for line, words in zip(lines[1:], stated):
        assert f'"{words}"' in line or f",{words}," in line
        assert f" ({words})" in legend.replace("&#10;", " ")
    assert re.findall('color="(#[0-9a-f]{6})', legend) == re.findall(
        'color="(#[0-9a-f]{6})', shipped
    )


def test_all_residuals_equal_are_nowhere_high(rasters, tmp_path):
    output, paths, _maps = rasters
    paths["residual"] = write(tmp_path / "same.tif", np.full((70, 80), -2.5))
    del paths["levels"]
    lines = []
    log = Progress(on_message=lambda text, level: lines.append(text))
    run_job("monitoringpriority", {**paths, "output": str(output)}, log)
    codes = Raster(str(output)).read()[0]
    assert not np.isin(codes, [3, 4, 6]).any()
    assert any("is the same everywhere, so nowhere high" in line for line in lines)


def test_several_forecast_steps_are_averaged_by_their_size(rasters, tmp_path):
    output, paths, maps = rasters
    paths["residual"] = write(tmp_path / "steps.tif", [maps["residual"], -maps["residual"]])
    run_job("monitoringpriority", {**paths, "output": str(output)}, Progress())
    expected = table(maps, ("residual", "exceedance", "levels"))
    assert np.array_equal(np.nan_to_num(Raster(str(output)).read()[0]), expected)


def test_bad_input_is_named(rasters, tmp_path):
    output, paths, _maps = rasters
    spread = {"spread": paths["spread"], "output": str(output)}
    with pytest.raises(InputError, match="Give EXCEEDANCE or LEVELS"):
        run_job("monitoringpriority", spread, Progress())
    full = {**paths, "output": str(output)}
    with pytest.raises(InputError, match=r"EXCEEDANCE_BAND is 4, but .* has 3 bands"):
        run_job("monitoringpriority", {**full, "exceedance_band": 4}, Progress())
    with pytest.raises(InputError, match="LOW_QUANTILE is 90, above QUANTILE"):
        run_job("monitoringpriority", {**full, "low_quantile": 90}, Progress())
    other = write(tmp_path / "o.tif", np.ones((70, 81)))
    with pytest.raises(InputError, match=r"RESIDUAL, .*o.tif', has not the cells of"):
        run_job("monitoringpriority", {**full, "residual": other}, Progress())
    both = write(tmp_path / "both.tif", np.ones((70, 80)), "uint8", kind="bivariate")
    for name in ("LEVELS", "SPREAD"):
        with pytest.raises(InputError, match=f"in {name} is a raster of the kind 'bivariate'"):
            run_job("monitoringpriority", {**full, name.lower(): both}, Progress())
    empty = write(tmp_path / "n.tif", np.full((70, 80), np.nan))
    with pytest.raises(InputError, match="No cell is valid in all of the rasters"):
        run_job("monitoringpriority", {**full, "residual": empty}, Progress())
    assert os.listdir(output.parent) == []
