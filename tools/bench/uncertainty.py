"""Uncertainty maps of an ensemble: seconds of 10 members × 25 million pixels, and memory.

The job is run as a user runs it, reading and writing of all eight maps included, in a fresh
process each, on a tile of noise and bowls that a VRT repeats. Copying the members' bands once, by
the plugin's own reader and writer, is timed beside it: reading, compressing and overviews alone.
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

MEMBERS, EDGE = 10, 1000
#: Tiles across and down: 2 and 25 million pixels.
SMALL_MAP, LARGE_MAP = (2, 1), (5, 5)
MAPS = (
    "median", "levels", "exceedance", "class_probability", "confidence", "spread",
    "rank_variance", "bivariate",
)  # fmt: skip


def bench() -> list[dict]:
    """Return the rows of the bench table: name, value, unit, target, ok (None: no target)."""
    load()
    rows, peaks = [], []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_members(place / "members.tif")
        for label, tiles in (("small", SMALL_MAP), ("large", LARGE_MAP)):
            repeat_members(place / "members.tif", place / f"{label}.vrt", *tiles)
            pixels = EDGE * EDGE * tiles[0] * tiles[1] / 1e6
            peak, seconds, copying = child(place, f"{label}.vrt")
            peaks.append(peak)
            what = f"{MEMBERS} members × {pixels:.0f} M pixels"
            rows += [
                row(f"{what}, all eight maps, reading and writing included", seconds, "s"),
                row(f"{what}, the same / copying the members", seconds / copying, ""),
                row(f"{what}, peak memory", peak, "MiB"),
            ]
    growth = peaks[1] / peaks[0]
    name = "growth of the memory with 12.5 times the pixels"
    return [*rows, row(name, growth, "", "<= 1.15", growth <= 1.15)]


def child(place: Path, source: str) -> list[float]:
    """Run the job in a process of its own: peak in MiB, seconds, and seconds of a copy."""
    command = [sys.executable, str(Path(__file__).resolve()), str(place), source]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def make_members(path: Path) -> None:
    """Write a bowl seen by members that differ in place and noise, in mm."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
    from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter

    random = np.random.default_rng(6)
    down, across = np.mgrid[:EDGE, :EDGE].astype(np.float32)
    grid = Grid(EDGE, EDGE, (300_000.0, 100.0, 0, 5_600_000.0, 0, -100.0), utm())
    names = [f"member_{number}" for number in range(1, MEMBERS + 1)]
    metadata = {"SUBSIDENCE_KIND": "members", "SUBSIDENCE_UNITS": "mm"}
    with RasterWriter(str(path), grid, names, metadata=metadata) as writer:
        for band in range(1, MEMBERS + 1):
            x, y = 450 + 100 * random.random(2)
            bowl = -80 * np.exp(-((across - x) ** 2 + (down - y) ** 2) / 4e4)
            noise = random.normal(0, 2, (EDGE, EDGE))
            writer.write((bowl + noise).astype(np.float32), band=band)


def repeat_members(source: Path, target: Path, across: int, down: int) -> None:
    """Write a VRT that shows the members several times beside and below themselves."""
    bands = []
    for band in range(1, MEMBERS + 1):
        sources = "".join(
            f'<SimpleSource><SourceFilename relativeToVRT="0">{source}</SourceFilename>'
            f"<SourceBand>{band}</SourceBand>"
            f'<SrcRect xOff="0" yOff="0" xSize="{EDGE}" ySize="{EDGE}"/>'
            f'<DstRect xOff="{c * EDGE}" yOff="{r * EDGE}" xSize="{EDGE}" ySize="{EDGE}"/>'
            "</SimpleSource>"
            for r in range(down)
            for c in range(across)
        )
        nodata = "<NoDataValue>nan</NoDataValue>"
        bands.append(
            f'<VRTRasterBand dataType="Float32" band="{band}">{nodata}{sources}</VRTRasterBand>'
        )
    target.write_text(
        f'<VRTDataset rasterXSize="{across * EDGE}" rasterYSize="{down * EDGE}">'
        f"<SRS>{escape(utm())}</SRS><GeoTransform>300000, 100, 0, 5600000, 0, -100</GeoTransform>"
        f"{''.join(bands)}</VRTDataset>"
    )


def measured_child(place: str, source: str) -> None:
    """Run the job and print the peak in MiB, its seconds and those of a copy, as JSON."""
    load()
    from land_subsidence.subsidence_plugin.engine.jobs import run_job
    from land_subsidence.subsidence_plugin.engine.progress import Progress

    quiet = Progress(on_message=lambda text, level: None)
    folder = Path(place)
    stem = Path(source).stem
    arguments = {name: str(folder / f"{stem}_{name}.tif") for name in MAPS}
    start = time.perf_counter()
    run_job("ensembleuncertainty", {"members": [str(folder / source)], **arguments}, quiet)
    seconds, peak = time.perf_counter() - start, status("VmHWM")
    start = time.perf_counter()
    copy(folder / source, folder / "copy.tif")
    print(json.dumps([peak, seconds, time.perf_counter() - start]))


def copy(source: Path, target: Path) -> None:
    """Copy all members with the reader and the writer of the job."""
    from land_subsidence.subsidence_plugin.engine.cores import cores
    from land_subsidence.subsidence_plugin.engine.progress import Progress
    from land_subsidence.subsidence_plugin.engine.raster.cache import bounded_cache
    from land_subsidence.subsidence_plugin.engine.raster.member_tiles import open_members
    from land_subsidence.subsidence_plugin.engine.raster.stack_tiles import (
        tile_cache_bytes,
        write_tile,
    )
    from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter

    layers = open_members([str(source)])
    names = layers.rasters[0].names
    with bounded_cache(tile_cache_bytes(layers.rasters[0], layers.tile, MEMBERS)):
        with RasterWriter(str(target), layers.grid, names) as writer:
            layers.stream(cores()).run(
                lambda values: values.copy(),
                lambda window, values: write_tile(writer, window, values),
                Progress(on_message=lambda text, level: None),
            )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measured_child(*sys.argv[1:])
    else:
        for figure in bench():
            print(figure)
