"""Models that do not fit, damaged and hostile model files, and a device that is not there."""

import json

import pytest
from algorithm_calls import NETWORKS
from example_area import raster_like
from land_subsidence.subsidence_plugin.engine.raster.read import Raster


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
