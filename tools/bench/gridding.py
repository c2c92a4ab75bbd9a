"""Gridding 130,000 points × 300 dates onto 500 × 500 cells against ``gdal_grid``, date by date.

Our job is timed as a user runs it, reading, the error at left-out points and writing included.
``gdal_grid`` (invdistnn, same power, neighbours and radius, all cores) is timed on one date of the
same layer and multiplied by the number of dates; and, for comparison, on a layer that has that date
alone, which somebody would have to make for every date first. The same in processor time stands
beside it: other programs on the computer disturb that less.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load
from prediction import row, status, utm

POINTS, DATES, SIDE, CELL = 130_000, 300, 500, 100.0
NEIGHBOURS, POWER, RADIUS, TURNS = 12, 2.0, 500.0, 3
LEFT, TOP = 4_500_000.0, 3_000_000.0


def bench() -> list[dict]:
    """Return the rows of the bench table: name, value, unit, target, ok (None: no target)."""
    load()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_points(place)
        ours, theirs, alone = [], [], []
        for _turn in range(TURNS):
            theirs.append(timed(gdal_run, place, "points"))
            ours.append(timed(our_run, place))
            alone.append(timed(gdal_run, place, "last"))
        same = check(place)
    what = f"{POINTS:,} points × {DATES} dates onto {SIDE} × {SIDE} cells"
    (own, own_work), (date, date_work), (one, _) = (
        map(min, zip(*times)) for times in (ours, theirs, alone)
    )
    ratio = date * DATES / own
    return [
        row(f"griddeformation, {what}, reading and writing included", own, "s"),
        row("the same, processor time", own_work, "s"),
        row("gdal_grid invdistnn, one date of the same layer", date, "s"),
        row(f"gdal_grid × {DATES} / griddeformation", ratio, "×", ">= 100", ratio >= 100),
        row("the same in processor time", date_work * DATES / own_work, "×"),
        row(f"gdal_grid × {DATES} from layers of one date / griddeformation",
            one * DATES / own, "×"),
        row("largest difference of that date's map", same, "mm", "<= 0.001", same <= 1e-3),
        row("peak memory of the process", status("VmHWM"), "MiB"),
    ]  # fmt: skip


def make_points(place: Path) -> None:
    """Write all dates as our algorithms do, and the last one by itself."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.insar.dates import date_field
    from land_subsidence.subsidence_plugin.engine.vector.point_stream import PointStream

    random = np.random.default_rng(1)
    cells = np.sort(random.choice(SIDE * SIDE, POINTS, replace=False))
    shift = random.uniform(0.1, 0.9, (2, POINTS))
    x = LEFT + (cells % SIDE + shift[0]) * CELL
    y = TOP - (cells // SIDE + shift[1]) * CELL
    dates = np.datetime64("2020-01-03") + 6 * np.arange(DATES)
    names = [date_field(date) for date in dates]
    speed = -20 * np.exp(-((x - LEFT - 25e3) ** 2 + (y - TOP + 25e3) ** 2) / 1e8)
    last = None
    kinds = [(name, "real") for name in names]
    with PointStream(str(place / "points.gpkg"), kinds, utm(), {}) as stream:
        for start in range(0, POINTS, 5000):
            part = slice(start, start + 5000)
            noise = random.normal(0, 3, (len(x[part]), DATES))
            values = np.round(speed[part, None] * np.arange(DATES) / 60 + noise, 1)
            stream.write(x[part], y[part], [], values)
            last = values[:, -1] if last is None else np.r_[last, values[:, -1]]
        stream.finish()
    with PointStream(str(place / "last.gpkg"), kinds[-1:], utm(), {}) as stream:
        stream.write(x, y, [], last[:, None])
        stream.finish()


def timed(run, *arguments) -> tuple[float, float]:
    """Return the seconds that a call took, and those of processors, children included."""
    start, before = time.perf_counter(), sum(os.times()[:4])
    run(*arguments)
    return time.perf_counter() - start, sum(os.times()[:4]) - before


def our_run(place: Path) -> None:
    """Run the whole job."""
    from land_subsidence.subsidence_plugin.engine.jobs import run_job
    from land_subsidence.subsidence_plugin.engine.progress import Progress

    arguments = {
        "points": str(place / "points.gpkg"), "output": str(place / "stack.tif"),
        "resolution": CELL, "neighbours": NEIGHBOURS, "power": POWER, "max_distance": RADIUS,
    }  # fmt: skip
    run_job("griddeformation", arguments, Progress(on_message=lambda text, level: None))


def gdal_run(place: Path, layer: str) -> None:
    """Run ``gdal_grid`` once on a layer."""
    size, side = str(SIDE), SIDE * CELL
    algorithm = (
        f"invdistnn:power={POWER}:smoothing=0:radius={RADIUS}:max_points={NEIGHBOURS}:"
        "min_points=1:nodata=nan"
    )
    command = [
        "gdal_grid", "-q", "-a", algorithm, "-zfield", date_of_last(), "-ot", "Float32",
        "-txe", str(LEFT), str(LEFT + side), "-tye", str(TOP), str(TOP - side),
        "-outsize", size, size, "-co", "COMPRESS=DEFLATE", "-co", "TILED=YES",
        str(place / f"{layer}.gpkg"), str(place / "gdal.tif"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)


def date_of_last() -> str:
    """Return the field of the last date."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.insar.dates import date_field

    return date_field(np.datetime64("2020-01-03") + 6 * (DATES - 1))


def check(place: Path) -> float:
    """Return the largest difference of both maps of the last date; infinite where one is empty."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.raster.read import Raster

    ours = Raster(str(place / "stack.tif")).read(bands=[DATES])[0].astype(float)
    theirs = Raster(str(place / "gdal.tif"))
    values = theirs.read()[0].astype(float)
    values = values if theirs.grid.north_up else values[::-1]
    if not np.array_equal(np.isnan(ours), np.isnan(values)):
        return float("inf")
    return float(np.nanmax(np.abs(ours - values)))


if __name__ == "__main__":
    for result in bench():
        print(result)
