"""Small areas that the tests of forecasters share."""

import numpy as np
from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
from land_subsidence.subsidence_plugin.engine.forecasting.recipe import forecast_recipe
from land_subsidence.subsidence_plugin.engine.forecasting.training import ForecastData
from land_subsidence.subsidence_plugin.engine.naive.time_split import TimeSplit

SMALL = {"token_dates": 2, "decoder_width": 6, "channels": 4, "dropout": 0.0}
TYPES = [(s, t) for s in ("cnn", "gcn", "resnet") for t in ("lstm", "transformer")]


def area(dates=60, rows=12, columns=12, seed=1, holes=True):
    """Return a grid of noisy trends, with some cells that have no series."""
    random = np.random.default_rng(seed)
    time = np.arange(dates)[:, None, None]
    rate = random.normal(-0.3, 0.3, (rows, columns))
    levels = rate * time + np.sin(time / 6.0) + random.normal(0, 0.3, (dates, rows, columns))
    mask = np.ones((rows, columns), bool)
    if holes:
        mask[0, :3] = mask[7, 7] = False
    return Area(levels.astype(np.float32), mask, 18262 + 6 * np.arange(dates))


def data(own=None, **shares):
    """Return an area with its split in time."""
    own = own or area()
    return ForecastData([own], 100.0, TimeSplit(len(own.days), **shares))


def recipe(spatial="resnet", temporal="transformer", variant="lastmap", **values):
    """Return a recipe for a small, fast network."""
    lengths = {"window": 8, "horizon": 3, "gap": 0}
    lengths.update({k: values.pop(k) for k in list(lengths) if k in values})
    own = {**SMALL, "units": 6} if temporal == "lstm" else {**SMALL, "width": 8, "heads": 2}
    if variant == "lastmap":
        own["readout_block"] = 4
    settings = {"epochs": 2, "crop": 8, "batch_size": 4}
    names = {h.name for h in forecast_recipe(spatial, temporal, variant).kind.hyperparameters}
    own.update({k: values.pop(k) for k in list(values) if k in names})
    return forecast_recipe(
        spatial, temporal, variant, **lengths, hyperparameters=own, settings={**settings, **values}
    )
