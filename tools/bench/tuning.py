"""The same 50 queued LSTM trials with WORKERS 1 (in this process) and 2 (worker processes).

The trials and their number of epochs are fixed beforehand, so that both have the same work; what
is timed is the whole search, starting the workers included.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load

ROWS, FACTORS, TRIALS, EPOCHS = 6000, 19, 50, 8
TARGET = 1.6


def bench(rows: int = ROWS, trials: int = TRIALS, epochs: int = EPOCHS) -> list[dict]:
    """Return the figures as rows: name, value, unit, target, ok."""
    load()
    with tempfile.TemporaryDirectory() as folder:
        data, task = work(rows, epochs)
        times = {n: seconds(Path(folder) / f"{n}.study", task, data, trials, n) for n in (1, 2)}
    ratio = times[1] / times[2]
    what = f"{trials} LSTM trials of {epochs} epochs on {rows} samples"
    return [
        {"name": f"{what}, one at a time", "value": times[1], "unit": "s"},
        {"name": f"{what}, two worker processes", "value": times[2], "unit": "s"},
        {"name": "LSTM trials: two workers against one, times faster", "value": ratio, "unit": "",
         "target": f">= {TARGET}", "ok": ratio >= TARGET},
    ]  # fmt: skip


def work(rows: int, epochs: int):
    """Return the arrays and the task; every epoch is run, as nothing stops early or is pruned."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.training.fit import recipe_of
    from land_subsidence.subsidence_plugin.engine.tuning.space import Dimension
    from land_subsidence.subsidence_plugin.engine.tuning.susceptibility import make_data
    from land_subsidence.subsidence_plugin.engine.tuning.task import Task

    rng = np.random.default_rng(0)
    values = rng.random((rows, FACTORS), dtype=np.float32)
    label = (values[:, 0] + rng.normal(0, 0.3, rows) > values[:, 1]).astype(int)
    held = (np.arange(rows) % 4 == 0)[None, :]
    names = [f"f{index}" for index in range(FACTORS)]
    recipe = recipe_of("lstm", {}, {"epochs": epochs, "patience": 0}).as_dict()
    space = (
        Dimension("lstm_units", 32, 16, 48),
        Dimension("learning_rate", 1e-3, 1e-4, 1e-2, log=True),
    )
    arguments = {"recipe": recipe, "metric": "auc", "seed": 1}
    data = make_data(values, label, held, names, ["continuous"] * FACTORS)
    return data, Task("susceptibility", arguments, space)


def seconds(path: Path, task, data, trials: int, workers: int) -> float:
    """Return how long the queued trials take in so many worker processes."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.progress import Progress
    from land_subsidence.subsidence_plugin.engine.tuning.search import search
    from land_subsidence.subsidence_plugin.engine.tuning.storage import open_storage, quiet_optuna
    from land_subsidence.subsidence_plugin.engine.tuning.storage_url import place_of
    from land_subsidence.subsidence_plugin.engine.tuning.study import begin_study, counts
    from land_subsidence.subsidence_plugin.engine.tuning.task import Plan

    place, plan = place_of(str(path), ""), Plan("random", trials, 1, pruning=False)
    with quiet_optuna():
        study = begin_study(open_storage(place), place, "bench", task, data, plan)
    rng = np.random.default_rng(1)
    for _ in range(trials):
        study.enqueue_trial({"lstm_units": int(rng.integers(16, 49)),
                             "learning_rate": float(10 ** rng.uniform(-4, -2))})  # fmt: skip
    silent = Progress(on_message=lambda _text, _level: None)
    begun = time.perf_counter()
    search(task, data, plan, place, "bench", workers=workers, progress=silent)
    spent = time.perf_counter() - begun
    if counts(study).complete != trials:
        raise RuntimeError(f"only {counts(study).complete} of {trials} trials were completed")
    return spent


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for figure in bench():
        print(f"{figure['name']:70} {figure['value']:8.3f} {figure['unit']}")
