"""Area of applicability: pixels a second, both ways to search rows, and memory.

The job is timed as a user runs it, reading and writing included, on the stack of the prediction's
bench with 2,000 training rows of 19 factors. The search is one matrix product of pixels and rows,
so its rate is told beside that of bare products of the same shape, taken in turns.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load
from prediction import FACTORS, NAMES, PIXELS, make_stack, repeat_tile, row, status, utm

TRAINING, FEW, MANY, TURNS = 2000, 40, 20000, 3
#: Tiles across and down that make 2 and 20 million pixels of the one valid tile.
SMALL_MAP, LARGE_MAP = (2, 1), (5, 4)


def bench() -> list[dict]:
    """Return the rows of the bench table: name, value, unit, target, ok (None: no target)."""
    load()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        values, label = make_stack(place / "stack.tif")
        make_model(place, "model", values[:TRAINING], label[:TRAINING])
        make_model(place, "few", values[:FEW], label[:FEW])
        return [*speed_rows(place), *search_rows(values), *memory_rows(place)]


def make_model(place: Path, name: str, values, label) -> None:
    """Write samples and a logistic regression of them, whose weights cost the job no time."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.models.card import Card
    from land_subsidence.subsidence_plugin.engine.models.encode import fit_factors
    from land_subsidence.subsidence_plugin.engine.models.file import save_model
    from land_subsidence.subsidence_plugin.engine.vector.write import write_points

    number = np.arange(len(values))
    fields = {
        "label": label.astype(int), "split": ["train"] * len(values), "fold": number % 5 + 1,
        **dict(zip(NAMES, values.T.astype(float))),
    }  # fmt: skip
    kinds = {"kinds": json.dumps(dict.fromkeys(NAMES, "continuous"))}
    write_points(str(place / f"{name}.gpkg"), number, number, fields, utm(), kinds)
    member = {"coefficients": 3.0 / (1 + np.arange(FACTORS)), "intercept": np.array([0.0])}
    card = Card("logistic", fit_factors(values, NAMES))
    save_model(str(place / f"{name}.safetensors"), [member], card)


def run(place: Path, name: str, weights: int, stack: str = "stack.tif") -> float:
    """Return the seconds of the whole job."""
    from land_subsidence.subsidence_plugin.engine.jobs import run_job
    from land_subsidence.subsidence_plugin.engine.progress import Progress

    arguments = {
        "samples": str(place / f"{name}.gpkg"), "model": str(place / f"{name}.safetensors"),
        "factors": str(place / stack), "output": str(place / "index.tif"),
        "area": str(place / "area.tif"), "weights": weights,
    }  # fmt: skip
    start = time.perf_counter()
    run_job("applicability", arguments, Progress(on_message=lambda text, level: None))
    return time.perf_counter() - start


def speed_rows(place: Path) -> list[dict]:
    """Return the rate of the job, beside that of bare matrix products."""
    from land_subsidence.subsidence_plugin.engine.cores import cores

    products, times = [], []
    for _turn in range(TURNS):
        products.append(product_rate() * cores())
        times.append(run(place, "model", 1))
    rate, share = PIXELS / min(times), PIXELS / min(times) / max(products)
    size = f"{TRAINING:,} rows × {FACTORS} factors"
    weighted = PIXELS / run(place, "model", 0)
    return [
        row(f"matrix products, {size}, one thread × cores", max(products) / 1e6, "M px/s"),
        row(f"index and area, {size}, reading and writing included", rate / 1e6, "M px/s"),
        row("index and area / matrix products", share, ""),
        row("the same with weights by importance, computed first", weighted / 1e6, "M px/s"),
    ]


def product_rate(seconds: float = 1.0) -> float:
    """Return pixels/s of bare products in single precision on one thread."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.applicability.nearest import (
        CHUNK,
        one_blas_thread,
    )

    left = np.random.default_rng(0).random((CHUNK, FACTORS + 1)).astype(np.float32)
    right = np.random.default_rng(1).random((FACTORS + 1, TRAINING)).astype(np.float32)
    out, done = np.empty((CHUNK, TRAINING), np.float32), 0
    with one_blas_thread():
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            np.matmul(left, right, out=out)
            done += CHUNK
        return done / (time.perf_counter() - start)


def search_rows(values) -> list[dict]:
    """Return how a k-d tree does against matrix products, one thread, in memory."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.applicability.nearest import (
        CHUNK,
        Products,
        directions,
        one_blas_thread,
    )
    from scipy.spatial import cKDTree

    random = np.random.default_rng(2)
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    half = len(scaled) // 2  # rows from the first half, points from the second
    uneven = 0.6 ** np.arange(FACTORS)  # the first five factors have nine tenths of the weight
    rows = []
    for text, weights in (("alike", np.ones(FACTORS)), ("by importance", uneven)):
        for count in (TRAINING, MANY):
            noise = random.normal(0, 0.3, (count, FACTORS))
            known = (scaled[random.integers(0, half, count)] + noise) * weights
            points = scaled[half:].astype(float) * weights
            times = []
            with one_blas_thread():
                for search in (cKDTree(known).query, Products(known)):
                    start = time.process_time()
                    for first in range(0, len(points), CHUNK):
                        search(points[first : first + CHUNK])
                    times.append(time.process_time() - start)
            spread = f"{directions(known):.1f} directions"
            name = f"k-d tree / matrix products, {count:,} rows, weights {text} ({spread})"
            rows.append(row(name, times[1] / times[0], "× speed"))
    return rows


def memory_rows(place: Path) -> list[dict]:
    """Return peak memory of 2 and 20 million pixels, each in a fresh process."""
    peaks = []
    for label, tiles in (("small", SMALL_MAP), ("large", LARGE_MAP)):
        repeat_tile(place / "stack.tif", place / f"{label}.vrt", *tiles)
        command = [sys.executable, str(Path(__file__).resolve()), str(place), f"{label}.vrt"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(json.loads(done.stdout.splitlines()[-1]))
    (small, _seconds), (large, seconds) = peaks
    pixels = [PIXELS * a * b / 1e6 for a, b in (SMALL_MAP, LARGE_MAP)]
    growth = large / small
    return [
        row(f"peak memory of {pixels[0]:.0f} M px", small, "MiB"),
        row(f"peak memory of {pixels[1]:.0f} M px ({FEW} rows, {pixels[1] / seconds:.2f} M px/s)",
            large, "MiB"),
        row("growth with ten times the pixels", growth, "", "<= 1.15", growth <= 1.15),
    ]  # fmt: skip


def memory_child(place: str, stack: str) -> None:
    """Run the job and print the peak in MiB and the seconds, as JSON."""
    load()
    seconds = run(Path(place), "few", 1, stack)
    print(json.dumps([status("VmHWM"), seconds]))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        memory_child(*sys.argv[1:])
    else:
        print(json.dumps(bench(), indent=1))
