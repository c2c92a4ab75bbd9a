"""Bad input gets one clear sentence, a failure and no output file, in every algorithm by id.

What only one algorithm knows is tested beside it; here are the cases that run through the chain:
broken points, labels, factors, grids, model files and folders, Cancel and a killed process.
"""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

NETWORKS = ("traincnn", "trainlstm", "traindrdn", "traincnnlstm")
TRAINERS = (*NETWORKS, "trainbaseline")


@pytest.fixture(scope="module")
def area(qgis_app, tmp_path_factory):
    """Paths of a small example area, samples of it and a model trained on them."""
    import processing

    folder = tmp_path_factory.mktemp("area")
    paths = {
        key: str(folder / name)
        for key, name in {
            "FACTORS": "factors.tif", "INVENTORY": "inventory.gpkg", "INSAR": "insar.gpkg",
            "TRUTH": "truth.tif", "DEM": "dem.tif", "POINTS": "points.gpkg",
            "SAMPLES": "samples.gpkg", "MODEL": "model.safetensors", "CLASSES": "classes.tif",
        }.items()
    }  # fmt: skip
    written = {k: paths[k] for k in ("FACTORS", "INVENTORY", "INSAR", "TRUTH", "DEM")}
    size = {"WIDTH": 140, "HEIGHT": 120, "DATES": 20, "POINTS": 150}
    processing.run("subsidence:createexample", {**size, **written})
    processing.run(
        "subsidence:absencepoints", {"PRESENCE": paths["INVENTORY"], "MASK": paths["FACTORS"],
                                     "OUTPUT": paths["POINTS"]},
    )  # fmt: skip
    processing.run(
        "subsidence:extractsamples", {"POINTS": paths["POINTS"], "FACTORS": paths["FACTORS"],
                                      "OUTPUT": paths["SAMPLES"]},
    )  # fmt: skip
    processing.run(
        "subsidence:trainbaseline", {"SAMPLES": paths["SAMPLES"], "MODEL": paths["MODEL"]}
    )
    processing.run(
        "subsidence:classifysusceptibility", {"INPUT": paths["TRUTH"], "OUTPUT": paths["CLASSES"]}
    )
    return paths


@pytest.fixture
def refused(run, tmp_path):
    """Run an algorithm that must fail; returns its one sentence, with nothing written."""
    from qgis.core import QgsProcessingException

    def call(algorithm, parameters, **outputs):
        folder = tmp_path / "out"
        folder.mkdir(exist_ok=True)
        targets = {name: str(folder / file) for name, file in outputs.items()}
        with pytest.raises(QgsProcessingException) as failure:
            run(f"subsidence:{algorithm}", {**parameters, **targets})
        message = str(failure.value)
        assert "Traceback" not in message and "\n" not in message.strip(), message
        assert len(message) > 25, message
        assert not list(folder.iterdir()), list(folder.iterdir())
        return message

    return call


def points_like(source, target, change):
    """Copy a point layer with ``change(columns)`` applied; keeps rows where 'keep' is True."""
    layer = read_features(source)
    columns = dict(layer.columns)
    keep = change(columns)
    keep = np.ones(len(layer.x), bool) if keep is None else keep
    columns = {k: [v for v, k_ in zip(c, keep) if k_] if isinstance(c, list) else c[keep]
               for k, c in columns.items()}  # fmt: skip
    write_points(str(target), layer.x[keep], layer.y[keep], columns, layer.crs)
    return str(target)


def raster_like(source, target, values=None, crs=None, transform=None, bands=None):
    """Write a copy of a stack with other values, CRS, place or choice of bands."""
    raster = Raster(source)
    chosen = bands or raster.names
    indices = [raster.band(name).index for name in chosen]
    data = raster.read(bands=indices)
    if values is not None:
        data = values(data)
    grid = Grid(
        data.shape[2], data.shape[1], transform or raster.grid.transform,
        raster.grid.crs if crs is None else crs,
    )  # fmt: skip
    kinds = [raster.band(name).kind for name in chosen]
    with RasterWriter(str(target), grid, chosen, kinds=kinds) as writer:
        writer.write(data)
    return str(target)


# --- points and labels -----------------------------------------------------------------------


def no_rows(columns):
    return np.zeros(len(columns["label"]), bool)


def one_class(columns):
    return columns["label"] == 1


def labels_of_two_and_three(columns):
    columns["label"] = columns["label"] + 2


def labels_as_text(columns):
    columns["label"] = ["yes" if v else "no" for v in columns["label"]]


def test_no_points(area, refused, tmp_path):
    empty = points_like(area["POINTS"], tmp_path / "empty.gpkg", no_rows)
    for algorithm, parameters, output in (
        ("absencepoints", {"PRESENCE": empty, "MASK": area["FACTORS"]}, {"OUTPUT": "o.gpkg"}),
        ("extractsamples", {"POINTS": empty, "FACTORS": area["FACTORS"]}, {"OUTPUT": "o.gpkg"}),
        ("frequencyratio", {"POINTS": empty, "CLASS_RASTER": area["CLASSES"]}, {"OUTPUT": "o.csv"}),
    ):
        message = refused(algorithm, parameters, **output)
        assert "point" in message or "features" in message


@pytest.mark.parametrize("trainer", TRAINERS)
def test_no_samples(area, refused, tmp_path, trainer):
    empty = points_like(area["SAMPLES"], tmp_path / "empty.gpkg", no_rows)
    message = refused(trainer, {"SAMPLES": empty}, MODEL="m.safetensors")
    assert "sample" in message.lower() or "row" in message.lower()


@pytest.mark.parametrize("trainer", TRAINERS)
def test_one_class_only(area, refused, tmp_path, trainer):
    single = points_like(area["SAMPLES"], tmp_path / "single.gpkg", one_class)
    message = refused(trainer, {"SAMPLES": single}, MODEL="m.safetensors")
    assert "label" in message or "class" in message


@pytest.mark.parametrize("change", [labels_of_two_and_three, labels_as_text])
def test_labels_other_than_0_and_1(area, refused, tmp_path, change):
    points = points_like(area["POINTS"], tmp_path / "points.gpkg", change)
    samples = points_like(area["SAMPLES"], tmp_path / "samples.gpkg", change)
    for algorithm, parameters, output in (
        ("extractsamples", {"POINTS": points, "FACTORS": area["FACTORS"]}, {"OUTPUT": "o.gpkg"}),
        ("trainbaseline", {"SAMPLES": samples}, {"MODEL": "m.safetensors"}),
        ("traindrdn", {"SAMPLES": samples}, {"MODEL": "m.safetensors"}),
        ("validatemodel", {"SAMPLES": samples, "MODELS": [area["MODEL"]]}, {"OUTPUT": "o.csv"}),
    ):
        assert "label" in refused(algorithm, parameters, **output)


def test_points_outside_of_the_raster(area, refused, tmp_path):
    layer = read_features(area["POINTS"])
    away = str(tmp_path / "away.gpkg")
    write_points(away, layer.x + 1e6, layer.y, {"label": layer.columns["label"]}, layer.crs)
    message = refused(
        "extractsamples", {"POINTS": away, "FACTORS": area["FACTORS"]}, OUTPUT="o.gpkg"
    )
    assert "None of the 300" in message
    parameters = {"CLASS_RASTER": area["CLASSES"], "POINTS": away}
    assert "same area" in refused("frequencyratio", parameters, OUTPUT="o.csv")


# --- factors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("trainer", ["traindrdn", "trainbaseline"])
def test_a_constant_factor(area, run, refused, tmp_path, trainer):
    """Refused by name, or trained without harm: never NaN (a constant has no range to scale)."""

    def constant(columns):
        columns["rainfall"] = np.full(len(columns["label"]), 1800.0)

    samples = points_like(area["SAMPLES"], tmp_path / "samples.gpkg", constant)
    assert "rainfall" in refused(trainer, {"SAMPLES": samples}, MODEL="m.safetensors")


@pytest.mark.parametrize("trainer", ["traindrdn", "trainbaseline"])
def test_a_factor_of_text(area, refused, tmp_path, trainer):
    def text(columns):
        columns["rainfall"] = ["much"] * len(columns["label"])

    samples = points_like(area["SAMPLES"], tmp_path / "samples.gpkg", text)
    parameters = {"SAMPLES": samples, "FACTOR_FIELDS": ["slope", "rainfall"]}
    assert "rainfall" in refused(trainer, parameters, MODEL="m.safetensors")


def test_a_factor_that_is_all_nodata(area, refused, tmp_path):
    def blank(data):
        data[1] = np.nan
        return data

    stack = raster_like(area["FACTORS"], tmp_path / "s.tif", blank, bands=["twi", "rainfall"])
    message = refused("reclassifyfactors", {"FACTORS": stack}, OUTPUT="o.tif")
    assert "rainfall" in message
    message = refused(
        "extractsamples", {"POINTS": area["POINTS"], "FACTORS": stack}, OUTPUT="o.gpkg"
    )
    assert "rainfall" in message


def test_a_constant_factor_cannot_be_broken_into_classes(area, refused, tmp_path):
    def flat(data):
        return np.where(np.isnan(data), np.nan, 7).astype(np.float32)

    stack = raster_like(area["FACTORS"], tmp_path / "s.tif", flat, bands=["rainfall"])
    assert "rainfall" in refused("reclassifyfactors", {"FACTORS": stack}, OUTPUT="o.tif")


@pytest.mark.parametrize("method", [0, 1])
def test_more_classes_than_distinct_values(area, refused, tmp_path, method):
    def three(data):
        return np.where(np.isnan(data), np.nan, np.floor(3 * data).clip(0, 2) / 4).astype("f4")

    source = raster_like(area["TRUTH"], tmp_path / "three.tif", three)
    for algorithm, name in (("classifysusceptibility", "INPUT"), ("reclassifyfactors", "FACTORS")):
        parameters = {name: source, "METHOD": method, "CLASSES": 5}
        message = refused(algorithm, parameters, OUTPUT="o.tif")
        assert "5" in message and "class" in message


# --- grids -----------------------------------------------------------------------------------


def test_rasters_that_do_not_overlap(area, refused, tmp_path):
    away = raster_like(
        area["FACTORS"], tmp_path / "away.tif", bands=["twi"],
        transform=(900_000.0, 12.5, 0.0, 2_100_000.0, 0.0, -12.5),
    )  # fmt: skip
    parameters = {"RASTERS": [area["TRUTH"], away], "REFERENCE": area["TRUTH"]}
    message = refused("alignfactors", parameters, OUTPUT="o.tif")
    assert "away" in message or "twi" in message


def test_a_raster_without_crs(area, refused, tmp_path):
    bare = raster_like(area["DEM"], tmp_path / "bare.tif", crs="")
    message = refused("alignfactors", {"RASTERS": [bare, area["TRUTH"]]}, OUTPUT="o.tif")
    assert "coordinate reference system" in message or "CRS" in message
    message = refused("topographicfactors", {"INPUT": bare}, OUTPUT="o.tif")
    assert "coordinate reference system" in message or "CRS" in message
    message = refused(
        "extractsamples", {"POINTS": area["POINTS"], "FACTORS": bare}, OUTPUT="o.gpkg"
    )
    assert "coordinate reference system" in message or "CRS" in message


def test_rasters_on_different_grids(area, refused, tmp_path):
    bands = {name: tmp_path / f"{name}.tif" for name in ("band4", "band5")}
    raster_like(area["FACTORS"], bands["band4"], bands=["band4"])
    raster_like(area["FACTORS"], bands["band5"], lambda d: d[:, :-5, :-5], bands=["band5"])
    parameters = {"RED": str(bands["band4"]), "NIR": str(bands["band5"]), "INDICES": [0]}
    assert "grid" in refused("spectralindices", parameters, OUTPUT="o.tif")


# --- model files -----------------------------------------------------------------------------


def test_a_model_whose_factors_are_missing(area, refused, tmp_path):
    bands = [n for n in Raster(area["FACTORS"]).names if n not in ("twi", "band7")]
    stack = raster_like(area["FACTORS"], tmp_path / "fewer.tif", bands=bands)
    parameters = {"FACTORS": stack, "MODEL": area["MODEL"]}
    message = refused("predictsusceptibility", parameters, OUTPUT="o.tif")
    assert "twi" in message and "band7" in message


def truncated(content):
    return content[: len(content) // 2]


def renamed_csv(_content):
    return b"label,slope\n1,3\n0,2\n"


def empty_file(_content):
    return b""


def pickle_file(_content):
    # what pickle.dumps gives for os.system("…"): loading it must run nothing
    return b"cposix\nsystem\n(S'touch HOSTILE'\ntR."


def header_of_a_terabyte(content):
    return (1 << 40).to_bytes(8, "little") + content[8:]


def card_that_is_no_json(content):
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = {key: "{'oops" for key in header.get("__metadata__", {"card": ""})}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def tensors_that_reach_outside(content):
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    for name, tensor in header.items():
        if name != "__metadata__":
            tensor["data_offsets"] = [0, 10**9]
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


@pytest.mark.parametrize(
    "damage",
    [truncated, renamed_csv, empty_file, pickle_file, header_of_a_terabyte, card_that_is_no_json,
     tensors_that_reach_outside],
)  # fmt: skip
def test_damaged_and_hostile_models(area, refused, tmp_path, monkeypatch, damage):
    monkeypatch.chdir(tmp_path)
    model = tmp_path / "model.safetensors"
    with open(area["MODEL"], "rb") as good:
        model.write_bytes(damage(good.read()))
    parameters = {"FACTORS": area["FACTORS"], "MODEL": str(model)}
    message = refused("predictsusceptibility", parameters, OUTPUT="o.tif")
    assert "model" in message
    message = refused(
        "validatemodel", {"SAMPLES": area["SAMPLES"], "MODELS": [str(model)]}, OUTPUT="o.csv"
    )
    assert "model" in message
    assert not (tmp_path / "HOSTILE").exists()


def test_headless_failure_has_an_exit_code(area, qgis_process, tmp_path):
    model, output = tmp_path / "model.safetensors", tmp_path / "o.tif"
    model.write_bytes(b"no model")
    done = qgis_process(
        "run", "subsidence:predictsusceptibility", f"--FACTORS={area['FACTORS']}",
        f"--MODEL={model}", f"--OUTPUT={output}",
    )  # fmt: skip
    assert done.returncode != 0
    assert "model.safetensors" in done.stderr and "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


# --- device and folders ----------------------------------------------------------------------


def has_cuda():
    import torch

    return torch.cuda.is_available()


@pytest.mark.parametrize("algorithm", ["predictsusceptibility", *NETWORKS])
def test_cuda_where_there_is_none(area, run, refused, tmp_path, algorithm):
    if has_cuda():
        pytest.skip("this computer has a CUDA device")
    if algorithm == "predictsusceptibility":
        network = str(tmp_path / "network.safetensors")  # trees always run on the CPU
        run("subsidence:traincnn", {"SAMPLES": area["SAMPLES"], "EPOCHS": 1, "MODEL": network})
        parameters = {"FACTORS": area["FACTORS"], "MODEL": network}
        outputs = {"OUTPUT": "o.tif"}
    else:
        parameters, outputs = {"SAMPLES": area["SAMPLES"], "EPOCHS": 1}, {"MODEL": "m.safetensors"}
    assert "CUDA" in refused(algorithm, {**parameters, "DEVICE": 2}, **outputs)


def every_algorithm(area):
    """One good call of each algorithm: id, parameters, its main output and a file name."""
    return [
        ("createexample", {"WIDTH": 300, "HEIGHT": 300, "DATES": 60,
                           "INVENTORY": "TEMPORARY_OUTPUT", "INSAR": "TEMPORARY_OUTPUT",
                           "TRUTH": "TEMPORARY_OUTPUT"}, "FACTORS", "o.tif"),
        ("topographicfactors", {"INPUT": area["DEM"]}, "OUTPUT", "o.tif"),
        ("spectralindices", {"INPUT": area["FACTORS"], "RED_BAND": 16, "NIR_BAND": 17,
                             "GREEN_BAND": 15, "SWIR1_BAND": 18, "SCALE": 1, "OFFSET": 0},
         "OUTPUT", "o.tif"),
        ("alignfactors", {"RASTERS": [area["DEM"], area["TRUTH"]]}, "OUTPUT", "o.tif"),
        ("reclassifyfactors", {"FACTORS": area["FACTORS"]}, "OUTPUT", "o.tif"),
        ("absencepoints", {"PRESENCE": area["INVENTORY"], "MASK": area["TRUTH"]},
         "OUTPUT", "o.gpkg"),
        ("extractsamples", {"POINTS": area["POINTS"], "FACTORS": area["FACTORS"]},
         "OUTPUT", "o.gpkg"),
        ("trainbaseline", {"SAMPLES": area["SAMPLES"], "METHOD": 1}, "MODEL", "o.safetensors"),
        *((n, {"SAMPLES": area["SAMPLES"], "EPOCHS": 200, "DEVICE": 1}, "MODEL", "o.safetensors")
          for n in NETWORKS),
        ("predictsusceptibility", {"FACTORS": area["FACTORS"], "MODEL": area["MODEL"]},
         "OUTPUT", "o.tif"),
        ("classifysusceptibility", {"INPUT": area["TRUTH"]}, "OUTPUT", "o.tif"),
        ("validatemodel", {"SAMPLES": area["SAMPLES"], "MODELS": [area["MODEL"]]},
         "OUTPUT", "o.csv"),
    ]  # fmt: skip


ALGORITHMS = [
    "createexample", "topographicfactors", "spectralindices", "alignfactors", "reclassifyfactors",
    "absencepoints", "extractsamples", "trainbaseline", *NETWORKS, "predictsusceptibility",
    "classifysusceptibility", "validatemodel",
]  # fmt: skip


def call_of(area, algorithm):
    return next(c for c in every_algorithm(area) if c[0] == algorithm)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_output_folder_that_cannot_be_written(area, run, tmp_path, algorithm):
    """A folder that cannot be made: below a file, since root may write in read-only folders."""
    from qgis.core import QgsProcessingException

    _id, parameters, output, name = call_of(area, algorithm)
    (tmp_path / "file").write_text("in the way")
    for network in NETWORKS:
        if algorithm == network:
            parameters = {**parameters, "EPOCHS": 1}
    with pytest.raises(QgsProcessingException) as failure:
        run(f"subsidence:{algorithm}", {**parameters, output: str(tmp_path / "file" / name)})
    message = str(failure.value)
    assert "Traceback" not in message
    assert "file" in message or "folder" in message
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("delay", [0.0, 0.15])
def test_cancel_from_another_thread_leaves_nothing(area, run, tmp_path, algorithm, delay):
    from qgis.core import QgsProcessingFeedback

    _id, parameters, output, name = call_of(area, algorithm)
    feedback = QgsProcessingFeedback()
    timer = threading.Timer(delay, feedback.cancel)
    if delay == 0:
        feedback.cancel()  # pressed before the work begins
    timer.start()
    start = time.monotonic()
    results = run(
        f"subsidence:{algorithm}", {**parameters, output: str(tmp_path / name)}, feedback=feedback
    )
    timer.join()
    assert time.monotonic() - start < 30
    left = [p.name for p in tmp_path.iterdir()]
    if algorithm in NETWORKS:
        assert not results  # some hundred epochs take longer than the delay
    # quick ones may have finished before the delay was over; then the whole output is there
    if delay == 0 or not results:
        assert left == [], (results, left)
    else:
        assert name in left and not [n for n in left if "partial" in n]


# --- a full disk and a killed process --------------------------------------------------------


@pytest.fixture
def full_disk():
    """Limit the size of files to 20 kB, in place of a full disk: writing fails half-way."""
    resource = pytest.importorskip("resource", reason="needs a POSIX system")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Limit:
        def __enter__(self):
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))

        def __exit__(self, *_error):
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return Limit()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_full_disk(area, run, tmp_path, full_disk, algorithm):
    from qgis.core import QgsProcessingException

    _id, parameters, output, name = call_of(area, algorithm)
    if algorithm in NETWORKS:
        parameters = {**parameters, "EPOCHS": 1}
    if name == "o.csv" or algorithm in ("trainbaseline", "classifysusceptibility"):
        pytest.skip("the output is smaller than the limit")
    with pytest.raises(QgsProcessingException) as failure, full_disk:
        run(f"subsidence:{algorithm}", {**parameters, output: str(tmp_path / name)})
    assert "Traceback" not in str(failure.value)
    assert "written" in str(failure.value) or "space" in str(failure.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_process_leaves_nothing_under_the_final_name(run, tmp_path):
    """Kill the making of an example in mid-run; the next run removes what it left."""
    task = tmp_path / "task.json"
    model = tmp_path / "out" / "m.tif"
    model.parent.mkdir()
    outputs = {k: str(model.parent / f"{k}.gpkg") for k in ("inventory", "insar")}
    arguments = {"width": 1500, "height": 1500, "seed": 1, "factors": str(model), **outputs}
    arguments["truth"] = str(model.parent / "t.tif")
    task.write_text(json.dumps({"job": "createexample", "arguments": arguments}))
    tests = Path(__file__).resolve().parents[1]
    code = (
        f"import sys; sys.path.insert(0, {str(tests)!r}); import conftest;"
        "from land_subsidence.subsidence_plugin.engine.jobs.__main__ import main;"
        f"sys.exit(main({str(task)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    for _ in range(600):
        if [p for p in model.parent.iterdir() if "partial" in p.name]:
            break
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = [p.name for p in model.parent.iterdir()]
    assert left and all("partial" in name for name in left), left
    quick = {"WIDTH": 100, "HEIGHT": 100, "DATES": 20, "POINTS": 5, "FACTORS": str(model)}
    quick.update({k.upper(): v for k, v in outputs.items()}, TRUTH=arguments["truth"])
    run("subsidence:createexample", quick)
    names = [p.name for p in model.parent.iterdir()]
    assert "m.tif" in names and not [n for n in names if "partial" in n], names
