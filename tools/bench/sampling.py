"""Sampling 10,000 points × 19 bands: our samples against ``native:rastersampling``, in pairs.

Both run through ``processing.run`` in one QGIS without window and write a GPKG; the order of the
two changes from pair to pair, and the medians are compared.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load

POINTS, BANDS, WIDTH, HEIGHT, PAIRS = 10_000, 19, 1000, 1000, 5


def bench() -> list[dict]:
    """Return the medians of both, and their ratio (target: at most 1)."""
    load()
    with tempfile.TemporaryDirectory() as folder:
        app = start_qgis(folder)
        stack, points = example(Path(folder))
        times: dict[str, list[float]] = {"native": [], "ours": []}
        for pair in range(PAIRS + 1):
            order = ["native", "ours"] if pair % 2 else ["ours", "native"]
            for who in order:
                seconds = timed(who, stack, points, Path(folder) / f"{who}{pair}.gpkg")
                if pair:  # the first pair warms up imports and the file cache
                    times[who].append(seconds)
        del app
    native, ours = statistics.median(times["native"]), statistics.median(times["ours"])
    what = f"{POINTS:,} points × {BANDS} bands of a {WIDTH} × {HEIGHT} stack"
    return [
        row(f"native:rastersampling, {what}", native, "s"),
        row("subsidence:extractsamples, the same, with split and folds", ours, "s"),
        row("extractsamples / rastersampling", ours / native, "ratio", "<= 1", ours <= native),
    ]


def row(name, value, unit, target=None, ok=None) -> dict:
    return {"name": name, "value": round(value, 4), "unit": unit, "target": target, "ok": ok}


def start_qgis(home: str):
    """Return a QGIS application with the native and our algorithms."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["HOME"] = home
    from qgis.core import QgsApplication  # noqa: TID251 - measured against QGIS itself

    app = QgsApplication.instance() or QgsApplication([], False)
    app.initQgis()
    sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))
    from processing.core.Processing import Processing

    Processing.initialize()
    registry = QgsApplication.processingRegistry()
    if registry.providerById("subsidence") is None:
        from land_subsidence.algorithms.provider import SubsidenceProvider

        app.provider = SubsidenceProvider()
        registry.addProvider(app.provider)
    return app


def example(folder: Path) -> tuple[str, str]:
    """Return the paths of a stack as our algorithms write it, and of random points on it."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
    from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
    from land_subsidence.subsidence_plugin.engine.vector.write import write_points
    from osgeo import osr

    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32648)
    grid = Grid(WIDTH, HEIGHT, (5e5, 30.0, 0, 2.4e6, 0, -30.0), crs.ExportToWkt())
    rng = np.random.default_rng(1)
    stack, points = str(folder / "stack.tif"), str(folder / "points.gpkg")
    with RasterWriter(stack, grid, [f"factor_{i}" for i in range(BANDS)], finish=False) as writer:
        for column, line, width, height in grid.windows(1024):
            tile = rng.normal(size=(BANDS, height, width)).round(2).astype(np.float32)
            writer.write(tile, column, line)
    x, y = grid.xy(rng.uniform(0, WIDTH, POINTS), rng.uniform(0, HEIGHT, POINTS))
    write_points(points, x, y, {"label": rng.integers(0, 2, POINTS)}, grid.crs)
    return stack, points


def timed(who: str, stack: str, points: str, target: Path) -> float:
    """Return the seconds of one run."""
    import processing

    if who == "native":
        name = "native:rastersampling"
        parameters = {"INPUT": points, "RASTERCOPY": stack, "COLUMN_PREFIX": "f"}
    else:
        name = "subsidence:extractsamples"
        parameters = {"POINTS": points, "LABEL_FIELD": "label", "FACTORS": stack}
    start = time.perf_counter()
    processing.run(name, {**parameters, "OUTPUT": str(target)})
    return time.perf_counter() - start


if __name__ == "__main__":
    for result in bench():
        print(result)
