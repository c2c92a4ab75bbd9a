"""Every algorithm in folders as people have them: umlauts, spaces, quotes, '#', and very long."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from algorithm_calls import CALLS
from example_area import make_area
from land_subsidence.subsidence_plugin.engine.models.file import load_model
from land_subsidence.subsidence_plugin.engine.raster.read import Raster

ROOT = Path(__file__).resolve().parents[2]
#: What users have in names, and what command lines, SQL, URLs and file filters trip over. (QGIS
#: itself opens no vector layer in a folder with '%' and two hexadecimal digits in its name.)
ODD = "Đo lún & Gebäude müll/it's 100 % #1 [a] {b} (c); $HOME=x, 山"
#: Windows allows 259 characters without its prefix; the longest of our own suffixes stay below.
LONG = 215
#: One algorithm of each way to read and write; the others take longer together.
QUICK = {
    "extractsamples", "traindrdn", "tunemodel", "predictsusceptibility", "classifysusceptibility",
    "frequencyratio", "insarinventory", "modelinfo", "mapproject", "reclassifyfactors",
}  # fmt: skip


def long_folder(base):
    """Return a folder whose path has ``LONG`` characters."""
    folder = base
    while len(str(folder)) < LONG - 60:
        folder = folder / ("server-share-" + "x" * 40)
    return folder / ("y" * (LONG - len(str(folder)) - 1))


def make_place(folder):
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    return make_area(folder / "in"), folder / "out"


@pytest.fixture(scope="module")
def odd(qgis_app, tmp_path_factory):
    """The example area in a folder with an odd name, and another one for outputs."""
    return make_place(tmp_path_factory.mktemp("p") / ODD)


@pytest.fixture(scope="module")
def long(qgis_app, tmp_path_factory):
    """The same with a path near the limit of Windows."""
    return make_place(long_folder(tmp_path_factory.mktemp("p")))


def marked(names):
    """Return the calls as parameters, slow but for those named."""
    return [
        pytest.param(call, id=call.id, marks=() if call.id in names else pytest.mark.slow)
        for call in CALLS
    ]


def check(place, call, run):
    area, out = place
    folder = out / call.id
    folder.mkdir()
    results = run(f"subsidence:{call.id}", call.parameters(area, folder, quick=True))
    for name, file in call.outputs.items():
        assert results[name] == str(folder / file)
        assert (folder / file).stat().st_size > 0, name
    leftovers = [p.name for p in folder.iterdir() if "partial" in p.name or p.name.endswith("~")]
    assert not leftovers


@pytest.mark.parametrize("call", marked(QUICK))
def test_every_algorithm_in_a_folder_with_an_odd_name(odd, call, run):
    check(odd, call, run)


@pytest.mark.parametrize("call", marked({"traindrdn", "predictsusceptibility"}))
def test_every_algorithm_in_a_folder_with_a_long_path(long, call, run):
    assert len(str(long[1])) >= LONG
    check(long, call, run)


@pytest.mark.parametrize(
    "storage", ["100 %41 #?.db", pytest.param("studies ö/s.study", marks=pytest.mark.slow)]
)
def test_workers_and_their_study_in_such_a_folder(odd, storage, run):
    """Worker processes get folders, storage and samples through their command line and stdin."""
    pytest.importorskip("optuna")
    area, out = odd
    place = out / storage
    run("subsidence:tunemodel", {
        "SAMPLES": area["SAMPLES"], "MODEL_TYPE": 4, "TRIALS": 4, "WORKERS": 2,
        "STORAGE": str(place), "MODEL": str(out / "tuned.safetensors"),
    })  # fmt: skip
    assert place.is_file()
    assert load_model(str(out / "tuned.safetensors")).card.training["tuning"]["trials"] == 4


def test_relative_paths_are_those_of_the_folder_where_qgis_process_runs(odd, tmp_path_factory):
    """A chain as one types it; the results lie in that folder, and nowhere else."""
    folder = odd[1] / "relative"
    (folder / "sub dir").mkdir(parents=True)
    environment = {**os.environ, "SUBSIDENCE_QGIS_HOME": str(tmp_path_factory.mktemp("home"))}

    def qgis_process(algorithm, **values):
        call = [str(ROOT / "tools" / "qgis-process.sh"), "run", f"subsidence:{algorithm}",
                *(f"--{name}={value}" for name, value in values.items())]  # fmt: skip
        done = subprocess.run(
            call, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    qgis_process(
        "trainbaseline", SAMPLES="../../in/samples.gpkg", MODEL="mô hình.safetensors",
        REPORT="./b ü.html",
    )  # fmt: skip
    qgis_process(
        "predictsusceptibility", FACTORS="../../in/factors.tif", MODEL="mô hình.safetensors",
        OUTPUT="sub dir/p.tif",
    )  # fmt: skip
    said = qgis_process("modelinfo", MODEL="./mô hình.safetensors", LAYER="sub dir/p.tif")
    assert "'p.tif' was made by this model" in said and "MATCHES:\ttrue" in said
    probability = Raster(str(folder / "sub dir" / "p.tif")).read()
    assert 0 < np.nanmin(probability) < np.nanmax(probability) < 1
    names = {p.name for p in folder.rglob("*") if p.suffix in (".safetensors", ".html", ".tif")}
    assert names == {"mô hình.safetensors", "b ü.html", "p.tif"}
