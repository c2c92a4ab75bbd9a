"""SHAP values: time against shap's KernelExplainer, error against the definition, pixels/s.

A default DRDN with 19 factors, its weights as drawn but its output spread (training it would cost
more than all that is measured, and a network of any weights takes the same time).
"""

import itertools
import math
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load

SAMPLES, FACTORS, BACKGROUND, ROUNDS = 2600, 19, 100, 4
#: Rows that are timed, of ours and of theirs; the time of both is proportional to the rows.
OWN_TIMED, TIMED = 65, 20
SMALL, EXPLAINED = 10, 6
TILE, TILE_BACKGROUND, CLASSES = (96, 64), 10, 5
FASTER, ERROR, SUM = 10.0, 0.05, 1e-3


def bench() -> list[dict]:
    """Return the rows of the bench table: name, value, unit, target, ok (None: no target)."""
    load()
    import torch
    from land_subsidence.subsidence_plugin.engine.torch_threads import one_torch_thread

    with one_torch_thread(torch):
        return [*against_kernel(), *against_definition(), *tiles()]


def row(name, value, unit, target="", ok=None) -> dict:
    return {"name": name, "value": value, "unit": unit, "target": target, "ok": ok}


def network(factors):
    """Return a DRDN model with log-odds that spread by 2."""
    import numpy as np
    import torch
    from land_subsidence.subsidence_plugin.engine.models.card import Card
    from land_subsidence.subsidence_plugin.engine.models.model import Model
    from land_subsidence.subsidence_plugin.engine.networks.registry import build

    torch.manual_seed(1)
    module = build("drdn", len(factors), {}).eval()
    inputs = torch.from_numpy(np.random.default_rng(1).random((500, len(factors))).astype("f4"))
    with torch.no_grad():
        module.output.weight *= 2 / module(inputs).std()
        module.output.bias -= module(inputs).mean()
    arrays = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    return Model(Card("drdn", factors), [arrays])


def continuous(count):
    from land_subsidence.subsidence_plugin.engine.models.card import Factor

    return [Factor(f"factor_{i}") for i in range(count)]


def setting(factors, background):
    """Return model, game, background and a source of random numbers."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.explanation.background import make_background
    from land_subsidence.subsidence_plugin.engine.explanation.game import Game

    random, model = np.random.default_rng(2), network(factors)
    game = Game(model)
    known = random.random((background, len(factors))).astype("f4")
    return model, game, make_background(known, game.for_thread()), random


def against_kernel() -> list[dict]:
    """Time both on one thread and some rows, and scale to all: both take their time row by row."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.explanation.rows import explain_rows

    try:
        import shap
    except ImportError:
        return [row("SHAP against KernelExplainer: shap is not installed", "skipped", "")]
    model, game, background, random = setting(continuous(FACTORS), BACKGROUND)
    inputs = random.random((OWN_TIMED, FACTORS)).astype("f4")
    start = time.perf_counter()
    values, _errors, prediction = explain_rows(game, background, inputs, ROUNDS)
    own = (time.perf_counter() - start) / OWN_TIMED * SAMPLES
    kernel = shap.KernelExplainer(
        lambda rows: model.mean_probability(rows.astype("f4")), background.inputs.T
    )
    start = time.perf_counter()
    kernel.shap_values(inputs[:TIMED].astype(float), silent=True)
    theirs = (time.perf_counter() - start) / TIMED * SAMPLES
    gap = float(np.abs(background.base + values.sum(axis=1) - prediction).max())
    what = f"SHAP, {SAMPLES:,} samples x {FACTORS} factors, {ROUNDS} rounds, DRDN"
    return [
        row(f"{what} ({OWN_TIMED} rows, scaled)", own, "s"),
        row(f"{what}, KernelExplainer ({TIMED} rows, scaled)", theirs, "s"),
        row(f"{what}: times faster", theirs / own, "x", f">= {FASTER:g}", theirs / own >= FASTER),
        row(f"{what}: largest |base + sum - prediction|", gap, "", f"<= {SUM:g}", gap <= SUM),
    ]


def against_definition() -> list[dict]:
    """Compare with all coalitions of ten factors."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.explanation.rows import explain_rows

    model, game, background, random = setting(continuous(SMALL), BACKGROUND)
    inputs = random.random((EXPLAINED, SMALL)).astype("f4")
    exact = definition(model.mean_probability, inputs, np.ascontiguousarray(background.inputs.T))
    values = explain_rows(game, background, inputs, ROUNDS)[0]
    share = float(np.abs(values - exact).mean() / np.abs(exact).mean())
    what = f"SHAP, {SMALL} factors, {ROUNDS} rounds: mean |difference to the definition| / mean"
    return [row(what, share, "", f"<= {ERROR:g}", share <= ERROR)]


def definition(predict, rows, background):
    """Return Shapley values from all coalitions of factors."""
    import numpy as np

    count = rows.shape[1]
    members = np.array(list(itertools.product([False, True], repeat=count)))
    size = members.sum(axis=1)
    result = np.zeros(rows.shape)
    for place, x in enumerate(rows):
        hybrids = np.where(members[:, None], x, background[None]).reshape(-1, count)
        worth = predict(hybrids).reshape(len(members), -1).mean(axis=1)
        for factor in range(count):
            without = np.flatnonzero(~members[:, factor])
            joined = without + 2 ** (count - 1 - factor)
            weight = [1 / (count * math.comb(count - 1, s)) for s in size[without]]
            result[place, factor] = np.sum(weight * (worth[joined] - worth[without]))
    return result


def tiles() -> list[dict]:
    """Explain every pixel of a tile, of continuous factors and of patches of classes."""
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.explanation.permutations import draw_orders
    from land_subsidence.subsidence_plugin.engine.explanation.tiles import TileExplainer
    from land_subsidence.subsidence_plugin.engine.models.card import Factor

    coded = [Factor(f"factor_{i}", "classes", 1, CLASSES) for i in range(FACTORS)]
    found = []
    for name, factors in (("continuous factors", continuous(FACTORS)), ("classes", coded)):
        _model, game, background, random = setting(factors, TILE_BACKGROUND)
        if name == "classes":  # the background of a map of classes holds classes too
            background.inputs[:] = np.round(background.inputs * (CLASSES - 1)) / (CLASSES - 1)
            background.prediction[:] = game.for_thread()(background.inputs)
        values = smooth(random, TILE)
        if name == "classes":
            values = np.floor(values * CLASSES).clip(0, CLASSES - 1) + 1
        places = draw_orders(np.random.default_rng(1), 1, TILE_BACKGROUND, FACTORS)
        explainer = TileExplainer(game, background, places)
        start = time.perf_counter()
        tile = explainer(values.reshape(FACTORS, -1).astype("f4"))
        seconds = time.perf_counter() - start
        what = f"per-pixel SHAP, DRDN, {FACTORS} {name}, {TILE_BACKGROUND} background rows"
        gap = tile.additivity
        found.append(row(f"{what}, one thread", tile.valid / seconds, "px/s"))
        found.append(row(f"{what}: largest gap", gap, "", f"<= {SUM:g}", gap <= SUM))
    return found


def smooth(random, size):
    """Return random fields, (factors, rows, columns), that vary over some ten cells."""
    import numpy as np
    from scipy.ndimage import zoom

    rows, columns = size[1], size[0]
    fields = [zoom(random.random((rows // 8, columns // 8)), 8, order=1) for _ in range(FACTORS)]
    return np.stack(fields)


if __name__ == "__main__":
    for figure in bench():
        print(figure)
