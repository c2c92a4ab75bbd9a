"""Measures the TWI chain (fill, accumulation, slope, TWI) of a 4000 × 4000 DEM.

Each figure comes from a process of its own, so that its peak memory is that of the chain with
all its imports and nothing else. Runs alone: ``python tools/bench/terrain.py``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import checkout
import numpy as np

SIZE = 4000
#: Issue 2: peak under 1.2 GiB. The prototype of feasibility.md §1 took 7 s; absolute times vary.
PEAK_MIB = 1.2 * 1024
PROTOTYPE_S = 7.0


def bench(size: int = SIZE) -> list[dict]:
    """Return the rows of the bench table: name, value, unit, target, ok (None: no target)."""
    with tempfile.TemporaryDirectory() as folder:
        dem = str(Path(folder) / "dem.tif")
        measure("dem", dem, str(size))
        measure("arrays", dem, "-")  # fills numba's cache, so that the next one is a usual run
        arrays = measure("arrays", dem, "-")
        job = measure("job", dem, str(Path(folder) / "stack.tif"))
    name = f"TWI chain, {size}²"
    stages = " + ".join(f"{key} {arrays[key]:.1f}" for key in ("fill", "flow", "slope and TWI"))
    return [
        row(f"{name}: computing ({stages})", arrays["seconds"], "s"),
        row(f"{name}: computing, peak memory", arrays["peak"], "MiB", PEAK_MIB),
        row(f"{name}: kernels from cache", arrays["compile"], "s"),
        row(f"{name}: algorithm, 5 factors, reading and writing", job["seconds"], "s"),
        row(f"{name}: algorithm, peak memory", job["peak"], "MiB", PEAK_MIB),
        row(f"{name}: cells in depressions", arrays["raised"], "%"),
    ]


def row(name: str, value: float, unit: str, target: float | None = None) -> dict:
    ok = None if target is None else bool(value < target)
    limit = None if target is None else f"< {target:.0f}"
    return {"name": name, "value": round(value, 2), "unit": unit, "target": limit, "ok": ok}


def measure(what: str, *arguments: str) -> dict:
    """Run this file as a fresh process and return what it prints."""
    command = [sys.executable, __file__, what, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def write_dem(path: str, size: int) -> dict:
    """Write a fractal surface (spectrum falling with the power 2 of the frequency), 0 to 500 m."""
    from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
    from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
    from osgeo import osr

    frequency = np.hypot(np.fft.fftfreq(size)[:, np.newaxis], np.fft.rfftfreq(size))
    frequency[0, 0] = 1
    noise = np.random.default_rng(1).standard_normal((size, size))
    z = np.fft.irfft2(np.fft.rfft2(noise) / frequency**2, (size, size))
    z = 500 * (z - z.min()) / np.ptp(z)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    grid = Grid(size, size, (500000, 10, 0, 2300000, 0, -10), reference.ExportToWkt())
    with RasterWriter(path, grid, ["elevation"], finish=False) as writer:
        writer.write(z.astype(np.float32)[np.newaxis])
    return {}


def on_arrays(path: str, _output: str) -> dict:
    """Fill, accumulate, and compute slope and TWI by tiles, the result kept as float32."""
    from land_subsidence.subsidence_plugin.engine.progress import Progress
    from land_subsidence.subsidence_plugin.engine.raster.read import Raster
    from land_subsidence.subsidence_plugin.engine.terrain import flow, kernels, surface
    from land_subsidence.subsidence_plugin.engine.terrain.cells import constant_cells

    raster = Raster(path)
    grid, times = raster.grid, [time.perf_counter()]
    kernels.compiled()
    times.append(time.perf_counter())
    dem = raster.read()[0]
    cells = constant_cells(grid.height, 10, 10)
    times.append(time.perf_counter())
    z = flow.padded(grid.height, grid.width)
    z[1:-1, 1:-1] = dem
    filled = flow.fill_depressions(z, Progress())
    raised = filled.raised
    times.append(time.perf_counter())
    area = flow.contributing_area(filled, cells, Progress())
    del z, filled
    times.append(time.perf_counter())
    twi, halo = np.empty_like(dem), surface.HALO
    for start in range(0, grid.height, 256):
        stop = min(start + 256, grid.height)
        low, high = max(start - halo, 0), min(stop + halo, grid.height)
        outside = (low - start + halo, stop + halo - high)
        window = np.pad(dem[low:high], (outside, (halo, halo)), constant_values=np.nan)
        here = cells.rows(start, stop)
        slope = surface.slope(*surface.gradient(window, here))
        twi[start:stop] = flow.wetness(area[start:stop], slope, here, 0.05)
    times.append(time.perf_counter())
    return {
        "compile": times[1] - times[0],
        "fill": times[3] - times[2],
        "flow": times[4] - times[3],
        "slope and TWI": times[5] - times[4],
        "seconds": times[5] - times[2],
        "raised": 100 * raised / dem.size,
    }


def as_job(path: str, output: str) -> dict:
    """Run the whole algorithm: five factors from file to file."""
    from land_subsidence.subsidence_plugin.engine.jobs import run_job
    from land_subsidence.subsidence_plugin.engine.progress import Progress

    start = time.perf_counter()
    run_job("topographicfactors", {"dem": path, "output": output}, Progress())
    return {"seconds": time.perf_counter() - start}


def peak_mib() -> float:
    """Return the peak resident memory of this process in MiB.

    ``ru_maxrss`` would begin at the size of the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments: list[str]) -> None:
    if not arguments:
        for line in bench():
            print(f"{line['name']:78} {line['value']:9.2f} {line['unit']:4} {line['target'] or ''}")
        return
    checkout.load()
    what, path, option = arguments
    if what == "dem":
        result = write_dem(path, int(option))
    else:
        result = {"arrays": on_arrays, "job": as_job}[what](path, option)
    print(json.dumps({**result, "peak": peak_mib()}))


if __name__ == "__main__":
    main(sys.argv[1:])
