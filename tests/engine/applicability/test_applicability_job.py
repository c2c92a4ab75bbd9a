"""The job on rasters: inside and outside, tiles, classes, masks, report."""

import csv
import json
import os

import numpy as np
import pytest

gdal = pytest.importorskip("osgeo.gdal")
pytest.importorskip("osgeo.osr")
pytest.importorskip("scipy")
pytest.importorskip("safetensors")

from applicability_world import (  # noqa: E402
    CELL,
    CORNER,
    GRID,
    HEIGHT,
    KINDS,
    NAMES,
    SAMPLES,
    WIDTH,
    draw_cells,
    maps,
    save_logistic,
    write_samples,
    write_stack,
)
from land_subsidence.subsidence_plugin.engine.errors import (  # noqa: E402
    InputError,
)
from land_subsidence.subsidence_plugin.engine.jobs import applicability as job  # noqa: E402
from land_subsidence.subsidence_plugin.engine.jobs import run_job  # noqa: E402
from land_subsidence.subsidence_plugin.engine.models.card import Card  # noqa: E402
from land_subsidence.subsidence_plugin.engine.models.encode import fit_factors  # noqa: E402
from land_subsidence.subsidence_plugin.engine.models.file import (  # noqa: E402
    load_model,
    save_model,
)
from land_subsidence.subsidence_plugin.engine.raster.read import Raster  # noqa: E402
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter  # noqa: E402


def test_the_shifted_corner_is_outside_and_training_cells_inside(
    world, arguments, progress, lines, tmp_path
):
    result = run_job("applicability", arguments, progress)
    index, area = maps(arguments)
    rows, cells = draw_cells()
    training = np.arange(SAMPLES) % 4 > 0
    assert np.abs(index[rows[training], cells[training]]).max() == 0
    assert (area[rows[training], cells[training]] == 1).all()
    assert (area[CORNER] == 0).mean() > 0.95
    missing = np.isnan(index)
    assert missing[5:9, 7:12].all() and missing[100:104, 200:205].all()
    assert missing.sum() == 20 + 20 and np.isnan(area[missing]).all()
    threshold = result["THRESHOLD_USED"]
    assert np.array_equal(area[~missing] == 0, index[~missing] > np.float32(threshold))
    outside = int((area == 0).sum())
    assert result["KM2_OUTSIDE"] == pytest.approx(outside * CELL**2 / 1e6)
    assert result["SHARE_OUTSIDE"] == pytest.approx(outside / (~missing).sum())
    text = "\n".join(lines)
    assert "20 pixels have a category that the model has not seen" in text
    assert "Folds for the threshold: 5" in text
    assert "Share of the squared distance outside, by factor: slope 8" in text
    dataset = gdal.Open(arguments["area"])
    band = dataset.GetRasterBand(1)
    assert band.GetNoDataValue() == 255 and band.GetCategoryNames()[1] == "Inside"
    assert sorted(os.listdir(tmp_path / "out")) == [
        "area.qml", "area.tif", "area.tif.aux.xml", "index.qml", "index.tif",
    ]  # fmt: skip


def test_metadata_and_style_say_what_it_is(arguments, progress, world):
    result = run_job("applicability", arguments, progress)
    model = load_model(arguments["model"]).model_id
    for name, kind in (("output", "dissimilarity"), ("area", "applicability")):
        metadata = Raster(arguments[name]).metadata
        assert metadata["SUBSIDENCE_KIND"] == kind and metadata["SUBSIDENCE_MODEL"] == model
        assert float(metadata["SUBSIDENCE_THRESHOLD"]) == pytest.approx(result["THRESHOLD_USED"])
    style = open(arguments["output"].replace(".tif", ".qml"), encoding="utf-8").read()
    assert "$" not in style and f'value="{result["THRESHOLD_USED"]:.9g}"' in style


def test_tiles_threads_order_and_case_change_nothing(
    world, arguments, progress, monkeypatch, tmp_path
):
    _folder, values, _own = world
    run_job("applicability", arguments, progress)
    shuffled = write_stack(
        tmp_path / "shuffled.tif",
        np.stack([values[2], np.zeros((HEIGHT, WIDTH), np.float32), values[0], values[1]]),
        ["TWI", "spare", "Slope", "geology"],
        ["continuous", "continuous", "continuous", "categorical"],
    )
    monkeypatch.setattr(job, "TILE_BYTES", 64 * 64 * 3 * 4)
    other = {
        **arguments, "factors": shuffled, "output": str(tmp_path / "o.tif"),
        "area": str(tmp_path / "a.tif"), "threads": 1,
    }  # fmt: skip
    run_job("applicability", other, progress)
    for one, two in zip(maps(arguments), maps(other)):
        assert np.array_equal(one, two, equal_nan=True)


def test_the_whole_raster_by_brute_force(world, arguments, progress):
    """All pixels against all training rows, without weights, by the published formulas."""
    _folder, values, own = world
    run_job("applicability", {**arguments, "weights": 1}, progress)
    training = own[np.arange(SAMPLES) % 4 > 0].astype(float)
    flat = values.reshape(3, -1).T.astype(float)

    def columns(v):
        dummies = [(v[:, 1] == level).astype(float) for level in (1, 2, 3)]
        return np.column_stack([v[:, 0], *dummies, v[:, 2]])

    known, pixels = columns(training), columns(flat)
    mean, deviation = known.mean(axis=0), known.std(axis=0, ddof=1)
    known, pixels = (known - mean) / deviation, (pixels - mean) / deviation
    between = np.sqrt(((known[:, None] - known[None]) ** 2).sum(axis=2))
    scale = between.sum() / (len(known) * (len(known) - 1))
    step = 997
    nearest = np.sqrt(((pixels[::step, None] - known[None]) ** 2).sum(axis=2)).min(axis=1) / scale
    got = maps(arguments)[0].ravel()[::step]
    fine = ~np.isnan(got)
    assert got[fine] == pytest.approx(nearest[fine], rel=1e-4, abs=1e-5)


def test_weights_are_the_importance_in_the_model(world, arguments, progress, tmp_path, lines):
    _folder, _values, own = world
    model = save_logistic(tmp_path / "m.safetensors", own, coefficients=[5.0, 0, 0, 0, 0])
    table = str(tmp_path / "t.csv")
    run_job("applicability", {**arguments, "model": model, "table": table}, progress)
    with open(table, encoding="utf-8", newline="") as file:
        rows = {row["factor"]: row for row in csv.DictReader(file)}
    assert float(rows["slope"]["weight"]) == pytest.approx(1)
    assert float(rows["slope"]["share_outside"]) == pytest.approx(1)
    assert float(rows["twi"]["weight"]) == float(rows["twi"]["share_outside"]) == 0
    assert float(rows["slope"]["beyond"]) < float(rows["slope"]["beyond_outside"]) <= 1
    assert any("the largest: slope 100.0%" in line for line in lines)


def test_weights_of_a_network_of_two_members(world, arguments, progress, tmp_path):
    """A network that only sees the first factor: all weight is there, whatever was drawn."""
    torch = pytest.importorskip("torch")
    from land_subsidence.subsidence_plugin.engine.networks.registry import build

    small = {"blocks": 1, "block_units": 8, "dense1": 4, "dense2": 4}
    members = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        module = build("drdn", 5, small)
        first = next(m for m in module.modules() if isinstance(m, torch.nn.Linear))
        with torch.no_grad():
            first.weight[:, 1:] = 0
            first.weight[:, 0] = torch.linspace(-3, 3, 8)
        members.append({name: tensor.numpy() for name, tensor in module.state_dict().items()})
    training = world[2][np.arange(SAMPLES) % 4 > 0]
    card = Card("drdn", fit_factors(training, NAMES, KINDS), small)
    save_model(str(tmp_path / "n.safetensors"), members, card)
    table, threads = str(tmp_path / "t.csv"), torch.get_num_threads()
    given = {**arguments, "model": str(tmp_path / "n.safetensors"), "table": table}
    assert run_job("applicability", given, progress)["SHARE_OUTSIDE"] > 0.04
    with open(table, encoding="utf-8", newline="") as file:
        weights = {row["factor"]: float(row["weight"]) for row in csv.DictReader(file)}
    assert weights == pytest.approx({"slope": 1, "geology": 0, "twi": 0}, abs=1e-6)
    assert torch.get_num_threads() == threads


def test_masked_map(world, arguments, progress, tmp_path, lines):
    probability = np.random.default_rng(0).random((2, HEIGHT, WIDTH)).astype(np.float32)
    path, masked = str(tmp_path / "p.tif"), str(tmp_path / "masked.tif")
    metadata = {"SUBSIDENCE_KIND": "members", "SUBSIDENCE_MODEL": "another"}
    with RasterWriter(path, GRID, ["one", "two"], metadata=metadata) as writer:
        writer.write(probability)
    run_job("applicability", {**arguments, "probability": path, "masked": masked}, progress)
    got, area = Raster(masked), maps(arguments)[1]
    assert got.names == ["one", "two"] and got.metadata["SUBSIDENCE_KIND"] == "members"
    assert np.array_equal(got.read(), np.where(area == 1, probability, np.nan), equal_nan=True)
    assert any("was made by the model another" in line for line in lines)
    run_job("applicability", {**arguments, "probability": path}, progress)
    assert "warning: PROBABILITY is used for MASKED only, which was not asked for." in lines


def test_threshold_by_hand_and_folds_of_one_row_each(world, arguments, progress, lines):
    result = run_job("applicability", {**arguments, "threshold": 1e9}, progress)
    assert result["THRESHOLD_USED"] == 1e9 and result["SHARE_OUTSIDE"] == 0
    alone = run_job("applicability", {**arguments, "fold_field": None}, progress)
    folds = run_job("applicability", arguments, progress)
    assert alone["THRESHOLD_USED"] < folds["THRESHOLD_USED"]
    assert any("each row is its own fold" in line for line in lines)


def test_same_seed_same_result(arguments, progress):
    first = run_job("applicability", arguments, progress), maps(arguments)[0]
    again = run_job("applicability", arguments, progress), maps(arguments)[0]
    assert first[0] == again[0] and np.array_equal(first[1], again[1], equal_nan=True)
    other = run_job("applicability", {**arguments, "seed": 1}, progress)
    assert other["THRESHOLD_USED"] == pytest.approx(first[0]["THRESHOLD_USED"], rel=0.1)


RULES = {
    "slope": {"method": "manual", "breaks": [8.0, 12.0]},
    "geology": {"method": "unique", "values": [1.0, 2.0, 3.0]},
    "twi": {"method": "manual", "breaks": [5.5, 6.5]},
}


def coded(values):
    codes = [
        1 + (values[0] > 8) + (values[0] > 12),
        np.where(values[1] > 3, 0, values[1]),
        1 + (values[2] > 5.5) + (values[2] > 6.5),
    ]
    return np.where(np.isnan(values), 0, np.stack(codes)).astype(np.uint8)


@pytest.fixture
def classes(world, tmp_path, arguments):
    """Samples of classes and a model of them, with its rules."""
    _folder, values, _own = world
    codes, (rows, cells) = coded(values), draw_cells()
    own = codes[:, rows, cells].T.astype(np.float32)
    kinds = ["classes"] * 3
    columns = dict(zip(NAMES, own.T.astype(float)))
    return codes, {
        **arguments,
        "samples": write_samples(tmp_path / "s.gpkg", columns, dict.fromkeys(NAMES, "classes")),
        "model": save_logistic(
            tmp_path / "m.safetensors", own, kinds, [2.0, -1.0, 1.0], json.dumps(RULES)
        ),
    }


def test_class_stack_and_raw_factors_give_the_same(classes, progress, tmp_path, lines):
    codes, given = classes
    run_job("applicability", given, progress)  # raw factors, classified by the model's rules
    raw = maps(given)
    kinds = ["categorical"] * 3
    stack = write_stack(
        tmp_path / "c.tif", codes, NAMES, kinds, "uint8", RULES, SUBSIDENCE_KIND="class_stack"
    )
    run_job("applicability", {**given, "factors": stack}, progress)
    for one, two in zip(raw, maps(given)):
        assert np.array_equal(one, two, equal_nan=True)
    assert np.isnan(raw[0][100:104, 200:205]).all()  # a category without class is no data
    assert any("classified by the model's own rules" in line for line in lines)


def test_report_of_classes_says_what_they_hide(classes, progress, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    report = tmp_path / "r.html"
    run_job("applicability", {**classes[1], "report": str(report)}, progress)
    page = report.read_text(encoding="utf-8")
    assert "extrapolation in a single factor cannot be seen here" in page


def test_classes_by_other_rules_are_refused(classes, progress, tmp_path):
    codes, given = classes
    rules = {**RULES, "twi": {"method": "manual", "breaks": [5.0, 6.5]}}
    stack = write_stack(
        tmp_path / "c.tif", codes, NAMES, ["categorical"] * 3, "uint8", rules,
        SUBSIDENCE_KIND="class_stack",
    )  # fmt: skip
    with pytest.raises(InputError, match=r"classes of twi in .* were made by other rules"):
        run_job("applicability", {**given, "factors": stack}, progress)


def test_report_says_how_much_and_why(arguments, progress, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    report = tmp_path / "r.html"
    result = run_job("applicability", {**arguments, "report": str(report)}, progress)
    page = report.read_text(encoding="utf-8")
    assert f"{100 * result['SHARE_OUTSIDE']:.1f} % of the area" in page
    assert "contributes most is slope" in page
    assert "60 validation and test rows" in page
    assert "Inside does not mean right" in page
    assert "each against rows of the other 4 folds" in page
    assert page.count("data:image/png;base64,") == 3
    files = sorted(os.listdir(tmp_path / "r_data"))
    assert files == ["figure-1-index.csv", "figure-2-factors.csv", "figure-3-error.csv"]
    with open(tmp_path / "r_data" / files[0], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["pixels"]) for row in rows) == WIDTH * HEIGHT - 40
    assert sum(int(row["training_rows"]) for row in rows) == 180


def test_report_of_a_map_all_inside_and_without_labels(world, arguments, progress, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    columns = dict(zip(NAMES, world[2].T.astype(float)))
    samples = write_samples(tmp_path / "s.gpkg", columns, label=None)
    given = {**arguments, "samples": samples, "threshold": 99, "report": str(tmp_path / "r.html")}
    run_job("applicability", given, progress)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "lie inside the area of applicability" in page
    assert page.count("data:image/png;base64,") == 1
