"""The prediction job on rasters: masks, tiles, outputs, errors, kill."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

gdal = pytest.importorskip("osgeo.gdal")
osr = pytest.importorskip("osgeo.osr")
torch = pytest.importorskip("torch")

from land_subsidence.subsidence_plugin.engine.errors import (  # noqa: E402
    DeviceError,
    InputError,
    ModelFileError,
    OutputError,
)
from land_subsidence.subsidence_plugin.engine.jobs import (  # noqa: E402
    predictsusceptibility as job,
)
from land_subsidence.subsidence_plugin.engine.jobs import run_job  # noqa: E402
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor  # noqa: E402
from land_subsidence.subsidence_plugin.engine.models.file import (  # noqa: E402
    load_model,
    save_model,
)
from land_subsidence.subsidence_plugin.engine.models.predict_rows import (  # noqa: E402
    predict_samples,
)
from land_subsidence.subsidence_plugin.engine.networks.registry import build  # noqa: E402
from land_subsidence.subsidence_plugin.engine.progress import Progress  # noqa: E402
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid  # noqa: E402
from land_subsidence.subsidence_plugin.engine.raster.read import Raster  # noqa: E402
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
FACTORS = [
    Factor("slope", "continuous", 0.0, 1.0),
    Factor("geology", "categorical", 1.0, 3.0, (1.0, 2.0, 3.0)),
    Factor("twi", "continuous", 0.0, 1.0),
]
SMALL = {"blocks": 2, "block_units": 16, "dense1": 8, "dense2": 4}

reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
UTM48 = reference.ExportToWkt()


def save(path, factors=FACTORS, members=1, rules=None):
    card = Card("drdn", list(factors), SMALL, rules=rules)
    card.split = {"train": {"rows": 100, "positive": 50}}
    arrays = []
    for seed in range(members):
        torch.manual_seed(seed)
        module = build("drdn", card.n_inputs, SMALL)
        with torch.no_grad():  # an untrained network answers nearly constant: stretch its logits
            logits = module.eval()(torch.rand(500, card.n_inputs))
            module.output.weight /= logits.std()
            module.output.bias.copy_((module.output.bias - logits.mean()) / logits.std())
        arrays.append({name: t.numpy().copy() for name, t in module.state_dict().items()})
    save_model(str(path), arrays, card)
    return str(path)


def stack(path, width=540, height=280, names=("slope", "geology", "twi"), seed=0, **metadata):
    rng = np.random.default_rng(seed)
    data = {
        "slope": rng.uniform(0, 1.2, (height, width)).astype(np.float32),
        "geology": rng.integers(1, 4, (height, width)).astype(np.float32),
        "twi": rng.uniform(0, 1, (height, width)).astype(np.float32),
        "ndvi": np.zeros((height, width), np.float32),
    }
    data["slope"][5, 7] = np.nan
    data["twi"][100, 200] = np.nan
    data["geology"][33, 44] = 9
    data["slope"][256:, 512:] = np.nan  # the last tile has no valid pixel
    grid = Grid(width, height, (1000.0, 30.0, 0, 2000.0, 0, -30.0), UTM48)
    kinds = ["categorical" if n == "geology" else "continuous" for n in names]
    with RasterWriter(str(path), grid, names, kinds=kinds, metadata=metadata) as writer:
        for index, name in enumerate(names, start=1):
            writer.write(data[name], band=index)
    return str(path), data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("prediction")


@pytest.fixture(scope="module")
def model(folder):
    return save(folder / "model.safetensors")


@pytest.fixture(scope="module")
def ensemble(folder):
    return save(folder / "ensemble.safetensors", members=3)


@pytest.fixture(scope="module")
def source(folder):
    return stack(folder / "stack.tif")


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    """Cut even the small rasters of these tests: tiles of 256 x 256 cells and the rest."""
    monkeypatch.setattr(job, "TILE_BYTES", 256 * 256 * 3 * 4)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def progress(lines):
    return Progress(on_message=lambda text, level: lines.append(text))


def whole(model, data, member=None):
    columns = {name: values.ravel() for name, values in data.items()}
    probability = predict_samples(load_model(model), columns)
    shape = next(iter(data.values())).shape
    return probability.mean(axis=0).reshape(shape) if member is None else probability


def test_tiles_give_what_the_whole_raster_gives(tmp_path, model, source, progress, lines):
    output = str(tmp_path / "p.tif")
    result = run_job(
        "predictsusceptibility",
        {"factors": source[0], "model": model, "output": output, "device": 1},
        progress,
    )
    raster = Raster(output)
    got, expected = raster.read()[0], whole(model, source[1])
    assert np.array_equal(np.isnan(got), np.isnan(expected))
    assert np.isnan(got[[5, 100, 33], [7, 200, 44]]).all() and np.isnan(got[256:, 512:]).all()
    assert np.nanmax(np.abs(got - expected)) <= 1e-5 and np.nanstd(got) > 0.1
    valid = ~np.isnan(expected)
    beyond = int((source[1]["slope"][valid] > 1).sum())
    assert result == {"pixels": 151200, "valid": int(valid.sum()), "clipped": {"slope": beyond}}
    text = "\n".join(lines)
    assert f"set to its ends, lie: slope {beyond / valid.sum():.2%}." in text
    assert "More than 5% of the pixels lie outside the training range of slope:" in text
    assert "Computing on the CPU, as asked" in text
    # what the file says of itself
    assert raster.metadata["SUBSIDENCE_KIND"] == "probability"
    assert raster.metadata["SUBSIDENCE_SOURCE"] == source[0]
    assert raster.metadata["SUBSIDENCE_MODEL"] == load_model(model).model_id
    assert raster.metadata["SUBSIDENCE_UNITS"] == "probability"
    band = raster.dataset.GetRasterBand(1)
    assert raster.names == ["probability"] and np.isnan(raster.bands[0].nodata)
    assert band.GetOverviewCount() > 0 and band.GetBlockSize() == [256, 256]
    assert abs(float(band.GetMetadataItem("STATISTICS_MEAN")) - np.nanmean(got)) < 1e-5
    assert raster.dataset.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE") == "DEFLATE"
    assert raster.grid.transform == (1000.0, 30.0, 0, 2000.0, 0, -30.0)
    assert sorted(os.listdir(tmp_path)) == ["p.qml", "p.tif"]


def test_order_and_case_of_bands_do_not_matter(tmp_path, folder, model, source, progress):
    shuffled, _data = stack(tmp_path / "s.tif", names=("twi", "ndvi", "slope", "geology"))
    dataset = gdal.Open(shuffled, gdal.GA_Update)
    dataset.GetRasterBand(3).SetDescription("SLOPE")
    dataset = None
    outputs = [str(tmp_path / "a.tif"), str(tmp_path / "b.tif")]
    for factors, output in zip((source[0], shuffled), outputs):
        job.run(progress, factors, model, output)
    assert np.array_equal(*(Raster(p).read() for p in outputs), equal_nan=True)


def test_nodata_of_each_band_masks(tmp_path, model, source, progress):
    data = [source[1][n].copy() for n in ("slope", "geology", "twi")]
    path, marks = str(tmp_path / "n.tif"), (-1.0, 0.0, -9999.0)
    pieces = []
    for index, (values, mark) in enumerate(zip(data, marks)):
        values[np.isnan(values)] = mark
        pieces.append(str(tmp_path / f"{index}.tif"))
        single = gdal.GetDriverByName("GTiff").Create(pieces[-1], 540, 280, 1, gdal.GDT_Float32)
        single.SetProjection(UTM48)
        single.SetGeoTransform((1000.0, 30.0, 0, 2000.0, 0, -30.0))
        single.GetRasterBand(1).WriteArray(values)
        single.GetRasterBand(1).SetNoDataValue(mark)
    single = None
    gdal.BuildVRT(path, pieces, separate=True)
    dataset = gdal.Open(path, gdal.GA_Update)
    for index, name in enumerate(("slope", "geology", "twi"), start=1):
        dataset.GetRasterBand(index).SetDescription(name)
    dataset = None
    job.run(progress, path, model, str(tmp_path / "p.tif"))
    got = Raster(str(tmp_path / "p.tif")).read()[0]
    expected = whole(model, source[1])
    assert np.array_equal(np.isnan(got), np.isnan(expected))
    assert np.nanmax(np.abs(got - expected)) <= 1e-5


def test_spread_and_members_of_an_ensemble(tmp_path, ensemble, source, progress):
    paths = [str(tmp_path / f"{name}.tif") for name in ("mean", "spread", "members")]
    job.run(progress, source[0], ensemble, *paths, prevalence=0.1)
    mean, spread, members = (Raster(p).read() for p in paths)
    plain = whole(ensemble, source[1], member="all").reshape(3, 280, 540).astype(float)

    def corrected(probability):
        odds = probability / (1 - probability) / 9  # 0.1 / 0.9, samples 1:1
        return odds / (1 + odds)

    expected = corrected(plain)
    assert np.nanmax(np.abs(members - expected)) < 1e-5
    assert np.nanmax(np.abs(mean[0] - corrected(plain.mean(axis=0)))) < 1e-5
    assert np.nanmax(np.abs(spread[0] - expected.std(axis=0))) < 1e-5
    assert Raster(paths[2]).names == ["member_1", "member_2", "member_3"]
    assert [Raster(p).metadata["SUBSIDENCE_KIND"] for p in paths] == [
        "probability", "spread", "members",
    ]  # fmt: skip
    assert Raster(paths[0]).metadata["SUBSIDENCE_PREVALENCE"] == "0.1"


@pytest.mark.parametrize("prevalence", [None, 0.1])
@pytest.mark.parametrize(
    "calibration",
    [
        {"method": "isotonic", "x": [0.1, 0.4, 0.45, 0.8], "y": [0.02, 0.1, 0.5, 0.9]},
        {"method": "platt", "slope": 0.4, "intercept": -0.7},
    ],
)
def test_a_recalibrated_model_maps_recalibrated_probabilities(
    tmp_path, ensemble, source, progress, lines, calibration, prevalence
):
    """Every pixel against the calibration of the same model's plain map."""
    loaded = load_model(ensemble)
    loaded.card.calibration = {
        **calibration, "rows": 1200, "positive": 300, "split": "validation", "source": "s.gpkg"
    }  # fmt: skip
    path = str(tmp_path / "calibrated.safetensors")
    save_model(path, loaded.arrays, loaded.card)
    maps = [str(tmp_path / f"{name}.tif") for name in ("raw", "mean", "spread", "members")]
    job.run(progress, source[0], ensemble, maps[0])
    lines.clear()
    job.run(progress, source[0], path, *maps[1:], prevalence=prevalence)
    raw, mean, spread, members = (Raster(p).read() for p in maps)

    def expected(probability):
        p = probability.astype(float)
        if calibration["method"] == "isotonic":
            p = np.interp(p, calibration["x"], calibration["y"])
        else:
            p = 1 / (1 + np.exp(0.7) * ((1 - p) / p) ** 0.4)
        if prevalence:  # the calibration rows hold 1 to 3, the area 1 to 9
            p = p / 3 / (p / 3 + 1 - p)
        return p

    assert np.array_equal(np.isnan(raw), np.isnan(mean))
    assert np.nanmax(np.abs(mean - expected(raw))) < 1e-6
    own = expected(whole(ensemble, source[1], member="all").reshape(3, 280, 540))
    assert np.nanmax(np.abs(members - own)) < 1e-4  # steep parts magnify the last bit
    assert np.nanmax(np.abs(spread[0] - own.std(axis=0))) < 1e-4
    method = {"isotonic": "isotonic regression", "platt": "Platt's curve"}[calibration["method"]]
    assert lines[0] == (
        f"The map is recalibrated by {method}, fitted on 1,200 validation rows of s.gpkg."
    )
    assert all(
        Raster(p).metadata["SUBSIDENCE_CALIBRATION"] == calibration["method"] for p in maps[1:]
    )
    assert "SUBSIDENCE_CALIBRATION" not in Raster(maps[0]).metadata
    told = [line for line in lines if "Prior corrected" in line]
    assert told == (
        ["Prior corrected from 0.25 (calibration rows) to 0.1 (PREVALENCE)."] if prevalence else []
    )


def test_raw_factors_for_a_model_of_classes(tmp_path, source, progress):
    factors = [Factor("slope", "classes", 1, 3), Factor("twi", "classes", 1, 2)]
    rules = {
        "slope": {"method": "manual", "breaks": [0.3, 0.7]},
        "twi": {"method": "manual", "breaks": [0.5]},
    }
    model = save(tmp_path / "m.safetensors", factors, rules=rules)
    job.run(progress, source[0], model, str(tmp_path / "p.tif"))
    slope, twi = source[1]["slope"], source[1]["twi"]
    codes = {
        "slope": (1.0 + (slope > np.float32(0.3)) + (slope > np.float32(0.7))) + slope * 0,
        "twi": 1.0 + (twi > 0.5) + twi * 0,
    }
    got = Raster(str(tmp_path / "p.tif")).read()[0]
    expected = whole(model, codes)
    assert np.array_equal(np.isnan(got), np.isnan(expected))
    assert np.nanmax(np.abs(got - expected)) <= 1e-5


def test_a_class_stack_with_zero_as_nodata(tmp_path, progress):
    factors = [Factor("slope", "classes", 1, 3), Factor("twi", "classes", 1, 2)]
    model = save(tmp_path / "m.safetensors", factors)
    codes = np.random.default_rng(0).integers(0, 3, (2, 40, 60)).astype(np.uint8)
    path = str(tmp_path / "c.tif")
    metadata = {"SUBSIDENCE_KIND": "class_stack"}
    grid = Grid(60, 40, (0, 1.0, 0, 0, 0, -1.0), UTM48)
    with RasterWriter(path, grid, ["slope", "twi"], "uint8", metadata=metadata) as writer:
        writer.write(codes)
    job.run(progress, path, model, str(tmp_path / "p.tif"))
    got = Raster(str(tmp_path / "p.tif")).read()[0]
    assert np.array_equal(np.isnan(got), (codes == 0).any(axis=0))
    values = np.where(codes == 0, np.nan, codes.astype(float))
    expected = whole(model, {"slope": values[0], "twi": values[1]})
    assert np.nanmax(np.abs(got - expected)) <= 1e-5


def test_strips_give_the_same(tmp_path, model, source, progress):
    strips = str(tmp_path / "strips.tif")
    gdal.Translate(strips, source[0], creationOptions=["TILED=NO", "BLOCKYSIZE=1"])
    paths = [str(tmp_path / "a.tif"), str(tmp_path / "b.tif")]
    job.run(progress, source[0], model, paths[0])
    job.run(progress, strips, model, paths[1])
    a, b = (Raster(p).read() for p in paths)
    assert np.array_equal(np.isnan(a), np.isnan(b)) and np.nanmax(np.abs(a - b)) <= 1e-5


def test_the_block_cache_is_as_before(tmp_path, model, source, progress):
    before, threads = gdal.GetCacheMax(), torch.get_num_threads()
    job.run(progress, source[0], model, str(tmp_path / "p.tif"))
    assert gdal.GetCacheMax() == before and torch.get_num_threads() == threads


def refused(tmp_path, error, text, *arguments, **options):
    with pytest.raises(error, match=text):
        job.run(Progress(), *arguments, str(tmp_path / "out" / "p.tif"), **options)
    left = os.listdir(tmp_path / "out") if (tmp_path / "out").exists() else []
    assert left == []


def test_errors_are_one_sentence_and_leave_nothing(tmp_path, folder, model, source):
    refused(tmp_path, ModelFileError, "cannot be read", source[0], str(tmp_path / "no"))
    content = Path(model).read_bytes()
    for share in (0.02, 0.4, 0.99):
        cut = tmp_path / "cut.safetensors"
        cut.write_bytes(content[: int(len(content) * share)])
        refused(tmp_path, ModelFileError, "cut off|damaged", source[0], str(cut))
    refused(tmp_path, ModelFileError, "not a model file", source[0], source[0])
    fewer, _data = stack(tmp_path / "f.tif", names=("slope", "ndvi"))
    refused(tmp_path, InputError, "lacks 2 .*: geology, twi;", fewer, model)
    refused(tmp_path, InputError, "PREVALENCE is 1;", source[0], model, prevalence=1)
    single = str(tmp_path / "out" / "s.tif")
    refused(tmp_path, InputError, "SPREAD needs a model of several", source[0], model,
            spread=single)  # fmt: skip


def test_cuda_asked_for_where_there_is_none(tmp_path, model, source, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused(tmp_path, DeviceError, "DEVICE is CUDA", source[0], model, device=2)


def test_a_baseline_says_that_it_computes_on_the_cpu(tmp_path, source, progress, lines):
    card = Card("logistic", [Factor("slope", "continuous", 0.0, 2.0)])
    arrays = {"coefficients": np.array([2.0]), "intercept": np.array([-1.0])}
    save_model(str(tmp_path / "b.safetensors"), [arrays], card)
    job.run(progress, source[0], str(tmp_path / "b.safetensors"), str(tmp_path / "p.tif"), device=2)
    assert "Computing on the CPU, as baselines do, whatever DEVICE says." in lines
    expected = 1 / (1 + np.exp(1 - source[1]["slope"]))
    assert np.nanmax(np.abs(Raster(str(tmp_path / "p.tif")).read()[0] - expected)) < 1e-6


def test_a_factor_without_any_value_is_named(tmp_path, model):
    path, _data = stack(tmp_path / "e.tif")
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(3).WriteArray(np.full((280, 540), np.nan, np.float32))
    dataset = None
    refused(tmp_path, InputError, "no value at all in twi", path, model)


def test_output_over_an_input_is_refused(model, source):
    with pytest.raises(OutputError, match="is also an input"):
        job.run(Progress(), source[0], model, source[0])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a small tmpfs of Linux")
def test_full_disk_is_one_sentence(tmp_path, model, source, monkeypatch):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))  # writes fail as when full
    try:
        refused(tmp_path, OutputError, "cannot be written", source[0], model)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


STARTER = """
import importlib.util, runpy, sys
root = sys.argv.pop(1)
spec = importlib.util.spec_from_file_location(
    "land_subsidence", root + "/__init__.py", submodule_search_locations=[root])
package = importlib.util.module_from_spec(spec)
sys.modules["land_subsidence"] = package
spec.loader.exec_module(package)
runpy.run_module("land_subsidence.subsidence_plugin.engine.jobs", run_name="__main__")
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_run_leaves_nothing_and_the_next_cleans_up(tmp_path, model, source):
    vrt = str(tmp_path / "big.vrt")
    translated = gdal.Translate(vrt, source[0], format="VRT", width=6000, height=5600)
    translated = None  # noqa: F841 - closes the file
    output = tmp_path / "out" / "p.tif"
    arguments = {"factors": vrt, "model": model, "output": str(output), "threads": 1}
    task = tmp_path / "task.json"
    task.write_text(json.dumps({"job": "predictsusceptibility", "arguments": arguments}))
    command = [sys.executable, "-c", STARTER, str(ROOT), str(task)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(tmp_path.glob("out/.p.tif.partial*/p.tif")):
        time.sleep(0.05)
    process.kill()
    process.wait()
    left = os.listdir(tmp_path / "out")
    assert len(left) == 1 and left[0].startswith(".p.tif.partial-")
    job.run(Progress(), source[0], model, str(output))
    assert sorted(os.listdir(tmp_path / "out")) == ["p.qml", "p.tif"]
