"""Forecasts of grids: seconds a member, and peak memory, reading and writing included.

The job is run as a user runs it, in a fresh process each, with ten untrained members of the
default ResNet + Transformer (their weights do not change the time), on a tile of bowls and noise
that a VRT repeats.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load
from prediction import row, status, utm

EDGE, MEMBERS, WINDOW, HORIZON = 250, 10, 60, 30
#: Tiles across and down: 0.25 and 1 million cells.
SMALL_MAP, LARGE_MAP = (2, 2), (4, 4)


def bench() -> list[dict]:
    """Return the rows of the bench table: name, value, unit, target, ok (None: no target)."""
    load()
    rows, peaks = [], []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        dates = make_tile(place / "tile.tif")
        make_forecaster(place / "model.safetensors")
        for label, tiles in (("small", SMALL_MAP), ("large", LARGE_MAP)):
            repeat_tile(place / "tile.tif", place / f"{label}.vrt", dates, *tiles)
            side = EDGE * tiles[0]
            peak, seconds, one, base = child(place, f"{label}.vrt")
            peaks.append(peak)
            what = f"{side} × {side} cells, window {WINDOW}, horizon {HORIZON}, {MEMBERS} members"
            rows += [
                row(f"{what}: a member, in the whole job", seconds / MEMBERS, "s"),
                row(f"{what}: a member alone, on one thread", one, "s"),
                row(f"{what}: peak memory", peak, "MiB", "<= 2048", peak <= 2048),
                row(f"{what}: of it PyTorch, GDAL and the files of the job", base, "MiB"),
            ]
    growth = peaks[1] / peaks[0]
    return [*rows, row("growth of the memory with 4 times the cells", growth, "", "<= 1.25",
                       growth <= 1.25)]  # fmt: skip


def child(place: Path, source: str) -> list[float]:
    """Run the job in a process of its own: peak in MiB, seconds, of a member, memory before."""
    command = [sys.executable, str(Path(__file__).resolve()), str(place), source]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def make_tile(path: Path) -> list[str]:
    """Write bowls that sink, with noise and some nodata; return the dates."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
    from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter

    random = np.random.default_rng(8)
    dates = [str(np.datetime64("2020-01-03", "D") + 6 * k) for k in range(WINDOW + 1)]
    down, across = np.mgrid[:EDGE, :EDGE].astype(np.float32)
    bowl = np.exp(-((across - 100) ** 2 + (down - 120) ** 2) / 3e3).astype(np.float32)
    hole = random.random((EDGE, EDGE)) < 0.1
    grid = Grid(EDGE, EDGE, (300_000.0, 100.0, 0, 5_600_000.0, 0, -100.0), utm())
    about = {"SUBSIDENCE_KIND": "deformation_stack", "SUBSIDENCE_UNITS": "mm"}
    with RasterWriter(str(path), grid, dates, metadata=about, finish=False) as writer:
        for band in range(1, len(dates) + 1):
            values = -0.4 * band * bowl + random.normal(0, 1.5, (EDGE, EDGE))
            values[hole] = np.nan
            writer.write(values.astype(np.float32), band=band)
    return dates


def repeat_tile(source: Path, target: Path, dates: list[str], across: int, down: int) -> None:
    """Write a VRT that shows the tile several times beside and below itself."""
    bands = []
    for band, date in enumerate(dates, 1):
        sources = "".join(
            f'<SimpleSource><SourceFilename relativeToVRT="0">{source}</SourceFilename>'
            f"<SourceBand>{band}</SourceBand>"
            f'<SrcRect xOff="0" yOff="0" xSize="{EDGE}" ySize="{EDGE}"/>'
            f'<DstRect xOff="{c * EDGE}" yOff="{r * EDGE}" xSize="{EDGE}" ySize="{EDGE}"/>'
            "</SimpleSource>"
            for r in range(down)
            for c in range(across)
        )
        bands.append(
            f'<VRTRasterBand dataType="Float32" band="{band}"><Description>{date}</Description>'
            f"<NoDataValue>nan</NoDataValue>{sources}</VRTRasterBand>"
        )
    target.write_text(
        f'<VRTDataset rasterXSize="{across * EDGE}" rasterYSize="{down * EDGE}">'
        f"<SRS>{escape(utm())}</SRS><GeoTransform>300000, 100, 0, 5600000, 0, -100</GeoTransform>"
        f"{''.join(bands)}</VRTDataset>"
    )


def make_forecaster(path: Path) -> None:
    """Write untrained members with calibrated-looking intervals."""
    import torch
    from land_subsidence.subsidence_plugin.engine.forecasters.registry import (
        build,
        forecaster_type,
    )
    from land_subsidence.subsidence_plugin.engine.forecasting.card import ForecasterCard
    from land_subsidence.subsidence_plugin.engine.forecasting.file import save_forecaster

    kind = forecaster_type("resnet", "transformer", "lastmap")
    members = []
    for seed in range(MEMBERS):
        torch.manual_seed(seed)
        state = build(kind, {}, WINDOW, HORIZON).state_dict()
        members.append({name: tensor.numpy().copy() for name, tensor in state.items()})
    conformal = {"coverages": [0.5, 0.95], "floor": 0.1, "ceiling": 9.0,
                 "quantiles": [[1.0] * HORIZON, [2.0] * HORIZON]}  # fmt: skip
    card = ForecasterCard("resnet", "transformer", "lastmap", WINDOW, HORIZON, conformal=conformal)
    save_forecaster(str(path), card, members)


def measured_child(place: str, source: str) -> None:
    """Run the job and print peak in MiB, seconds, those of a member, and memory before, as JSON."""
    load()
    from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster
    from land_subsidence.subsidence_plugin.engine.jobs import run_job
    from land_subsidence.subsidence_plugin.engine.progress import Progress

    folder, lines = Path(place), []
    load_forecaster(str(folder / "model.safetensors")).module(0)
    base = status("VmHWM")
    names = ("output", "spread", "lower", "upper", "members")
    arguments = {name: str(folder / f"{Path(source).stem}_{name}.tif") for name in names}
    start = time.perf_counter()
    run_job(
        "forecastdeformation",
        {"input": str(folder / source), "model": str(folder / "model.safetensors"), "device": 1,
         **arguments},
        Progress(on_message=lambda text, level: lines.append(text)),
    )  # fmt: skip
    seconds, peak = time.perf_counter() - start, status("VmHWM")
    told = next(line for line in lines if line.startswith("Seconds a member"))
    each = [float(part) for part in told.rpartition(": ")[2].rstrip(".").split(", ")]
    print(json.dumps([peak, seconds, sum(each) / len(each), base]))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measured_child(*sys.argv[1:])
    else:
        for figure in bench():
            print(figure)
