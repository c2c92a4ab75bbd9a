"""One epoch of the default DRDN against a plain DataLoader loop with torch's Adam.

Both on one thread and in turns, so that a busy machine slows both; ours clips the gradient as
well, which the plain loop does not.
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load

ROWS, FACTORS, BATCH, PAIRS = 6000, 19, 32, 5
TARGET = 0.6


def plain_epoch(architecture: str, inputs, label):
    """Return the function that trains one epoch with a DataLoader and Adam at its defaults."""
    import torch
    from land_subsidence.subsidence_plugin.engine.networks.registry import build

    module = build(architecture, FACTORS, {})
    optimizer = torch.optim.Adam(module.parameters())
    loss_of = torch.nn.BCEWithLogitsLoss()
    rows = torch.utils.data.TensorDataset(torch.from_numpy(inputs), torch.from_numpy(label))
    loader = torch.utils.data.DataLoader(rows, BATCH, shuffle=True)

    def epoch() -> None:
        for x, y in loader:
            optimizer.zero_grad()
            loss_of(module(x), y).backward()
            optimizer.step()

    return epoch


def own_epoch(architecture: str, inputs, label):
    """Return the function that trains one epoch as the plugin does."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.progress import Progress
    from land_subsidence.subsidence_plugin.engine.training.loop import Member
    from land_subsidence.subsidence_plugin.engine.training.settings import Settings

    holdout = np.zeros(len(inputs), dtype=bool)
    member = Member(architecture, {}, inputs, label, holdout, Settings(), 1, "cpu")
    numbers = iter(range(1, 10_000))
    return lambda: member._epoch(next(numbers), Progress())


def paired(architecture: str) -> tuple[float, float, float]:
    """Return medians of own and plain seconds, and of the ratio within each pair."""
    import numpy as np

    rng = np.random.default_rng(0)
    inputs = rng.random((ROWS, FACTORS), dtype=np.float32)
    label = (inputs[:, 0] > inputs[:, 1]).astype(np.float32)
    own, plain = (make(architecture, inputs, label) for make in (own_epoch, plain_epoch))
    own(), plain()
    times = [(seconds(own), seconds(plain)) for _ in range(PAIRS)]
    ratio = statistics.median(a / b for a, b in times)
    return statistics.median(a for a, _ in times), statistics.median(b for _, b in times), ratio


def seconds(work) -> float:
    """Return how long ``work`` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def bench() -> list[dict]:
    """Return the figures as rows: name, value, unit, target, ok."""
    load()
    import torch
    from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    rows = []
    try:
        for name, declared in sorted(ARCHITECTURES.items(), key=lambda item: item[0] != "drdn"):
            own, plain, ratio = paired(name)
            what = f"{declared.title}: one epoch, {ROWS} samples, batch {BATCH}"
            rows.append({"name": what, "value": own, "unit": "s"})
            rows.append({"name": f"{what}, plain loop", "value": plain, "unit": "s"})
            row = {"name": f"{declared.title}: epoch, own / plain loop", "value": ratio, "unit": ""}
            if name == "drdn":
                row.update(target=f"<= {TARGET}", ok=ratio <= TARGET)
            rows.append(row)
    finally:
        torch.set_num_threads(before)
    return rows


if __name__ == "__main__":
    for figure in bench():
        print(f"{figure['name']:60} {figure['value']:8.3f} {figure['unit']}")
