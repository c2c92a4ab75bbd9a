"""The job on rasters: errors in one sentence, Cancel, nothing left."""

import numpy as np
import pytest

pytest.importorskip("osgeo.gdal")
pytest.importorskip("osgeo.osr")
pytest.importorskip("scipy")
pytest.importorskip("safetensors")

from applicability_world import (
    CELL,
    GRID,
    HEIGHT,
    KINDS,
    NAMES,
    SAMPLES,
    UTM48,
    WIDTH,
    save_logistic,
    write_samples,
    write_stack,
)
from land_subsidence.subsidence_plugin.engine.errors import (
    Cancelled,
    InputError,
    OutputError,
)
from land_subsidence.subsidence_plugin.engine.jobs import applicability as job
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter


def test_other_samples_are_refused(world, arguments, progress, tmp_path):
    own = world[2].copy()
    columns = dict(zip(NAMES, own.T.astype(float)))
    columns["slope"] = columns["slope"] * 1.01
    samples = write_samples(tmp_path / "s.gpkg", columns)
    with pytest.raises(
        InputError, match=r"not those that the model was trained on: .*'slope' runs"
    ):
        run_job("applicability", {**arguments, "samples": samples}, progress)
    columns = dict(zip(NAMES, own.T.astype(float)))
    columns["geology"] = np.where(columns["geology"] == 2, 1, columns["geology"])
    samples = write_samples(tmp_path / "s.gpkg", columns)
    with pytest.raises(InputError, match=r"'geology'.*or has other categories"):
        run_job("applicability", {**arguments, "samples": samples}, progress)


def test_fewer_rows_of_the_same_range_are_warned_of(world, arguments, progress, lines, tmp_path):
    columns = dict(zip(NAMES, world[2].T.astype(float)))
    own = world[2][:, [0, 2]]
    within = ((own > own.min(axis=0)) & (own < own.max(axis=0))).all(axis=1)
    inner = np.flatnonzero(within & (np.arange(SAMPLES) % 4 > 0))[0]
    columns["twi"][inner] = np.nan
    run_job(
        "applicability",
        {**arguments, "samples": write_samples(tmp_path / "s.gpkg", columns)},
        progress,
    )
    assert any("trained on 180 rows, the samples have 179 training rows" in line for line in lines)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"masked": "m.tif"}, "MASKED needs the raster to mask"),
        ({"weights": 2}, "WEIGHTS is 2; allowed is 0 to 1"),
        ({"fold_field": "zone"}, "There is no field 'zone'"),
        ({"fold_field": "split"}, "The field 'split' holds text"),
    ],
)
def test_bad_parameters(arguments, progress, tmp_path, change, words):
    if "masked" in change:
        change = {"masked": str(tmp_path / change["masked"])}
    with pytest.raises(InputError, match=words):
        run_job("applicability", {**arguments, **change}, progress)
    assert not (tmp_path / "out").exists()


def test_one_fold_for_all_rows_counts_as_none(world, arguments, progress, tmp_path, lines):
    columns = dict(zip(NAMES, world[2].T.astype(float)))
    samples = write_samples(tmp_path / "s.gpkg", columns, fold=np.ones(SAMPLES))
    alone = run_job("applicability", {**arguments, "fold_field": None}, progress)
    one = run_job("applicability", {**arguments, "samples": samples}, progress)
    assert one == alone and any("are in 1 fold(s):" in line for line in lines)


def test_a_model_that_answers_always_the_same(world, arguments, progress, tmp_path):
    model = save_logistic(tmp_path / "m.safetensors", world[2], coefficients=[0.0] * 5)
    given = {**arguments, "model": model}
    with pytest.raises(InputError, match=r"same probability whatever the factors are.*WEIGHTS"):
        run_job("applicability", given, progress)
    assert run_job("applicability", {**given, "weights": 1}, progress)["SHARE_OUTSIDE"] > 0


def test_missing_factors_and_no_common_pixel(world, arguments, progress, tmp_path):
    values = world[1].copy()
    two = write_stack(tmp_path / "two.tif", values[:2], NAMES[:2], KINDS[:2])
    with pytest.raises(InputError, match="lacks 1 of the model's 3 factors: twi"):
        run_job("applicability", {**arguments, "factors": two}, progress)
    values[0, :, :150], values[2, :, 150:] = np.nan, np.nan
    empty = write_stack(tmp_path / "empty.tif", values)
    with pytest.raises(InputError, match="do the factors cover the same area"):
        run_job("applicability", {**arguments, "factors": empty}, progress)
    assert not (tmp_path / "out").exists()


def test_maps_that_cannot_be_masked(world, arguments, progress, tmp_path):
    masked = str(tmp_path / "m.tif")
    with RasterWriter(
        str(tmp_path / "c.tif"), GRID, ["c"], "uint8",
        metadata={"SUBSIDENCE_KIND": "susceptibility_classes"},
    ):  # fmt: skip
        pass
    given = {**arguments, "masked": masked}
    with pytest.raises(InputError, match="holds classes; give the probability raster"):
        run_job("applicability", {**given, "probability": str(tmp_path / "c.tif")}, progress)
    other = Grid(WIDTH, HEIGHT, (500_010.0, CELL, 0, 2_000_000.0, 0, -CELL), UTM48)
    with RasterWriter(str(tmp_path / "o.tif"), other, ["p"]):
        pass
    with pytest.raises(InputError, match="in PROBABILITY has not the cells of the stack"):
        run_job("applicability", {**given, "probability": str(tmp_path / "o.tif")}, progress)


def test_an_output_over_an_input_is_refused(world, arguments, progress):
    with pytest.raises(OutputError, match="is also an input"):
        run_job("applicability", {**arguments, "output": arguments["factors"]}, progress)


@pytest.mark.parametrize("after", [0.05, 0.3, 0.9])
def test_cancel_leaves_nothing(arguments, tmp_path, monkeypatch, after):
    monkeypatch.setattr(job, "TILE_BYTES", 32 * 32 * 3 * 4)
    seen = []
    progress = Progress(
        seen.append, lambda text, level: None, lambda: bool(seen) and seen[-1] >= after
    )
    with pytest.raises(Cancelled):
        run_job("applicability", arguments, progress)
    assert not (tmp_path / "out").exists()
    assert seen == sorted(seen)
