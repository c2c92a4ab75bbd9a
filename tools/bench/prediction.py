"""Prediction with the default networks, reading and writing included, and its peak memory.

Speed is told as a share of the rate at which this processor multiplies matrices of the same
shapes in the same run, since absolute times vary. Both are taken in turns, the best of each
counts: a busy machine slows single turns.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load

WIDTH, HEIGHT, FACTORS, ROWS, TURNS = 1024, 1024, 19, 6000, 3
PIXELS = WIDTH * HEIGHT
NAMES = [f"factor_{i}" for i in range(1, FACTORS + 1)]
#: Layers of the default DRDN.
SHAPES = [(19, 128)] + [(128, 128)] * 16 + [(1024, 128), (128, 64), (64, 32), (32, 1)]
#: Tiles across and down that make 4 and 40 million pixels of the one valid tile.
SMALL_MAP, LARGE_MAP = (2, 2), (8, 5)
#: Read and written on two cores by others, M pixels/s (shared/lessons.md), not measured here.
PEERS = (
    ("random forest of 100 trees", "0.2"),
    ("scikit-learn MLP (64, 32)", "0.5 to 1.1"),
    ("logistic regression, their floor of reading and writing", "2.2 to 2.9"),
)


def bench() -> list[dict]:
    """Return the rows of the bench table: name, value, unit, target, ok (None: no target)."""
    load()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        values, label = make_stack(place / "stack.tif")
        make_models(place, values, label)
        make_quarter(place)
        rows = residual_rows(place)
        for name, title in (("cnn", "CNN"), ("lstm", "LSTM"), ("cnnlstm", "CNN-LSTM")):
            seconds = predict(place, name, stack="quarter.tif")[0]
            rows.append(row(f"{title} float32", PIXELS / 4 / seconds / 1e6, "M px/s"))
        rows.append(forest_row(values, label, place))
        for name, figure in PEERS:
            rows.append(row(f"peers, as published: {name}", figure, "M px/s"))
        return rows + memory_rows(place)


def row(name, value, unit, target="", ok=None) -> dict:
    shown = round(value, 3) if isinstance(value, float) else value
    return {"name": name, "value": shown, "unit": unit, "target": target, "ok": ok}


def utm() -> str:
    """Return the WKT of UTM zone 48 N."""
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    return reference.ExportToWkt()


def make_stack(path: Path):
    """Write smooth random factors with some noise; return samples of them and labels."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
    from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
    from scipy.ndimage import zoom

    random = np.random.default_rng(1)
    grid = Grid(WIDTH, HEIGHT, (0.0, 30.0, 0.0, 0.0, 0.0, -30.0), utm())
    rows, columns = random.integers(0, HEIGHT, ROWS), random.integers(0, WIDTH, ROWS)
    samples = np.empty((ROWS, FACTORS), np.float32)
    with RasterWriter(
        str(path), grid, NAMES, metadata={"SUBSIDENCE_KIND": "factor_stack"}
    ) as writer:
        for index in range(FACTORS):
            field = zoom(random.random((32, 32)), WIDTH / 32, order=1)
            field = (field + 0.05 * random.standard_normal(field.shape)).astype(np.float32)
            writer.write(field, band=index + 1)
            samples[:, index] = field[rows, columns]
    x = samples - 0.5
    logit = 6 * x[:, 0] + 4 * np.sin(6 * x[:, 1]) + 12 * x[:, 2] * x[:, 3] - 4 * (x[:, 4] > 0.1)
    return samples, (random.random(ROWS) < 1 / (1 + np.exp(-2 * logit))).astype(np.float32)


def make_quarter(place: Path) -> None:
    """Write the upper left quarter, enough to time the slower networks."""
    from osgeo import gdal

    window = [0, 0, WIDTH // 2, HEIGHT // 2]
    options = ["TILED=YES", "COMPRESS=DEFLATE", "PREDICTOR=3", "INTERLEAVE=BAND"]
    target, source = str(place / "quarter.tif"), str(place / "stack.tif")
    gdal.Translate(target, source, srcWin=window, creationOptions=options)


def make_models(place: Path, values, label) -> None:
    """Train the DRDN with early stopping; for the others random weights cost the same time."""
    import torch
    from land_subsidence.subsidence_plugin.engine.models.card import Card
    from land_subsidence.subsidence_plugin.engine.models.encode import encode, fit_factors
    from land_subsidence.subsidence_plugin.engine.models.file import save_model
    from land_subsidence.subsidence_plugin.engine.networks.registry import build
    from land_subsidence.subsidence_plugin.engine.training.loop import train
    from land_subsidence.subsidence_plugin.engine.training.settings import Settings

    factors = fit_factors(values, NAMES)
    inputs = encode(values, factors)[0]
    trained = train("drdn", {}, inputs, label, Settings(epochs=15, patience=4))
    save_model(str(place / "drdn.safetensors"), trained.members, Card("drdn", factors))
    sizes = {"cnn": {}, "lstm": {}, "cnnlstm": {}, "tiny": {"blocks": 1, "block_units": 8}}
    for name, chosen in sizes.items():
        architecture = "drdn" if name == "tiny" else name
        torch.manual_seed(0)
        state = build(architecture, FACTORS, chosen).state_dict()
        member = {key: tensor.numpy() for key, tensor in state.items()}
        save_model(
            str(place / f"{name}.safetensors"), [member], Card(architecture, factors, chosen)
        )


def predict(place: Path, name: str, precision: int = 0, stack: str = "stack.tif"):
    """Return (seconds, path of the map) of the whole job on the CPU."""
    from land_subsidence.subsidence_plugin.engine.jobs import run_job
    from land_subsidence.subsidence_plugin.engine.progress import Progress

    output = str(place / f"{name}_{precision}.tif")
    arguments = {
        "factors": str(place / stack), "model": str(place / f"{name}.safetensors"),
        "output": output, "device": 1, "precision": precision,
    }  # fmt: skip
    start = time.perf_counter()
    run_job("predictsusceptibility", arguments, Progress(on_message=lambda text, level: None))
    return time.perf_counter() - start, output


def residual_rows(place: Path) -> list[dict]:
    """Return the figures of the default DRDN in both precisions."""
    import numpy as np
    import torch
    from land_subsidence.subsidence_plugin.engine.prediction.precision import bfloat16_is_fast
    from land_subsidence.subsidence_plugin.engine.raster.read import Raster

    both = bfloat16_is_fast("cpu")
    products, times, low_products, low_times = [], [], [], []
    for _turn in range(TURNS):
        products.append(matrix_rate(torch.float32))
        seconds, exact = predict(place, "drdn")
        times.append(seconds)
        if both:
            low_products.append(matrix_rate(torch.bfloat16))
            seconds, rough = predict(place, "drdn", precision=1)
            low_times.append(seconds)
    rate, product = PIXELS / min(times), max(products)
    share = rate / product
    rows = [
        row("matrix products of DRDN's layers, float32", product / 1e6, "M px/s"),
        row("DRDN float32, reading and writing included", rate / 1e6, "M px/s"),
        row("DRDN float32 / matrix products", share, "", ">= 0.6", share >= 0.6),
    ]
    if not both:
        return [*rows, row("DRDN bfloat16: this processor has none", "-", "")]
    ratio, low_rate = min(times) / min(low_times), PIXELS / min(low_times)
    difference = float(np.nanmax(np.abs(Raster(exact).read() - Raster(rough).read())))
    return [
        *rows,
        row("matrix products bfloat16 / float32 (what the processor allows)",
            max(low_products) / product, ""),
        row("DRDN bfloat16, reading and writing included", low_rate / 1e6, "M px/s"),
        row("DRDN bfloat16 / matrix products", low_rate / max(low_products), ""),
        row("DRDN bfloat16 / float32", ratio, "", ">= 2", ratio >= 2),
        row("largest difference of a probability in bfloat16", difference, "", "<= 0.02",
            difference <= 0.02),
    ]  # fmt: skip


def matrix_rate(dtype, seconds: float = 1.5, rows: int = 2048) -> float:
    """Return rows/s of the bare matrix products of all layers, one thread a core."""
    import torch
    from land_subsidence.subsidence_plugin.engine.cores import cores
    from land_subsidence.subsidence_plugin.engine.torch_threads import one_torch_thread

    counts = [0.0] * cores()

    def work(index: int) -> None:
        operands = [
            (
                torch.rand(rows, a).to(dtype),
                torch.rand(a, b).to(dtype),
                torch.rand(rows, b).to(dtype),
            )
            for a, b in SHAPES
        ]
        with torch.inference_mode():
            done, start = 0, time.perf_counter()
            while time.perf_counter() - start < seconds:
                for left, right, out in operands:
                    torch.mm(left, right, out=out)
                done += rows
            counts[index] = done / (time.perf_counter() - start)

    with one_torch_thread(torch):
        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(counts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sum(counts)


def forest_row(values, label, place: Path) -> dict:
    """Return scikit-learn's own forest on the same pixels, in memory."""
    from land_subsidence.subsidence_plugin.engine.raster.read import Raster
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(100, n_jobs=2, random_state=0).fit(values, label)
    array = Raster(str(place / "stack.tif")).read().reshape(FACTORS, -1).T
    start = time.perf_counter()
    forest.predict_proba(array)
    rate = PIXELS / (time.perf_counter() - start)
    return row("scikit-learn RandomForest(100), n_jobs=2, array in memory", rate / 1e6, "M px/s")


def memory_rows(place: Path) -> list[dict]:
    """Return peak memory of 4 and 40 million pixels, each in a fresh process."""
    peaks = []
    for label, tiles in (("small", SMALL_MAP), ("large", LARGE_MAP)):
        repeat_tile(place / "stack.tif", place / f"{label}.vrt", *tiles)
        command = [sys.executable, str(Path(__file__).resolve()), str(place), f"{label}.vrt"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(json.loads(done.stdout.splitlines()[-1]))
    (torch_only, small, _s), (_t, large, seconds) = peaks
    pixels = [PIXELS * a * b / 1e6 for a, b in (SMALL_MAP, LARGE_MAP)]
    speed = f"small network, {pixels[1] / seconds:.2f} M px/s"
    beyond, growth = large - torch_only, large / small
    return [
        row(f"peak memory of {pixels[0]:.0f} M px", small, "MiB"),
        row(f"peak memory of {pixels[1]:.0f} M px ({speed})",
            large, "MiB"),
        row("growth with ten times the pixels", growth, "", "<= 1.1", growth <= 1.1),
        row("peak beyond importing torch", beyond, "MiB", "< 1024", beyond < 1024),
    ]  # fmt: skip


def repeat_tile(source: Path, target: Path, across: int, down: int) -> None:
    """Write a VRT that shows one raster several times beside and below itself."""
    parts = []
    for index, name in enumerate(NAMES, start=1):
        sources = "".join(
            f'<SimpleSource><SourceFilename relativeToVRT="0">{source}</SourceFilename>'
            f"<SourceBand>{index}</SourceBand>"
            f'<SrcRect xOff="0" yOff="0" xSize="{WIDTH}" ySize="{HEIGHT}"/>'
            f'<DstRect xOff="{c * WIDTH}" yOff="{r * HEIGHT}" xSize="{WIDTH}" ySize="{HEIGHT}"/>'
            "</SimpleSource>"
            for r in range(down)
            for c in range(across)
        )
        parts.append(
            f'<VRTRasterBand dataType="Float32" band="{index}"><Description>{name}</Description>'
            f"<NoDataValue>nan</NoDataValue>{sources}</VRTRasterBand>"
        )
    target.write_text(
        f'<VRTDataset rasterXSize="{across * WIDTH}" rasterYSize="{down * HEIGHT}">'
        f"<SRS>{escape(utm())}</SRS>"
        f"<GeoTransform>0, 30, 0, 0, 0, -30</GeoTransform>{''.join(parts)}</VRTDataset>"
    )


def memory_child(place: str, stack: str) -> None:
    """Predict and print the MiB after importing torch, the peak, and the seconds, as JSON."""
    load()
    import torch  # noqa: F401 - its memory is measured

    torch_only = status("VmRSS")
    seconds = predict(Path(place), "tiny", stack=stack)[0]
    print(json.dumps([torch_only, status("VmHWM"), seconds]))


def status(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        memory_child(*sys.argv[1:])
    else:
        print(json.dumps(bench(), indent=1))
