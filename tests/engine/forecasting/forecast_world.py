"""A small stack, its points, and forecasters whose forecasts can be worked out by hand."""

import numpy as np
from land_subsidence.subsidence_plugin.engine.forecasters.registry import build, forecaster_type
from land_subsidence.subsidence_plugin.engine.forecasting.card import ForecasterCard
from land_subsidence.subsidence_plugin.engine.forecasting.file import save_forecaster
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from osgeo import osr

nan = np.nan
WINDOW, HORIZON = 8, 3


def utm():
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32632)
    return reference.ExportToWkt()


class Log(Progress):
    def __init__(self, **options):
        self.lines, self.warnings = [], []
        super().__init__(on_message=self._keep, **options)

    def _keep(self, text, level):
        (self.warnings if level == "warning" else self.lines).append(text)

    @property
    def text(self):
        return "\n".join(self.lines + self.warnings)


def card_of(spatial="cnn", temporal="lstm", variant="lastmap", **changes):
    values = {
        "window": WINDOW, "horizon": HORIZON, "mean": -10.0, "std": 4.0, "step_days": 6.0,
        "cell_size": 100.0, "crs": utm(), "component": "U", "source": "stack.tif",
        "first_date": "2020-01-03", "last_date": "2020-12-31", "seeds": [1],
        "split": {"train": {"dates": 40, "windows": 30}},
        "metrics": {"test": {"RMSE": 1.5, "by_step": [1.0, 1.5, 2.0]}},
    }  # fmt: skip
    return ForecasterCard(spatial, temporal, variant, **{**values, **changes})


def arrays_of(card, member=0, seed=None, slope=None):
    """Return a member's tensors: random, or such that step h is last + h · slope · last change."""
    import torch

    torch.manual_seed(0 if seed is None else seed)
    kind = forecaster_type(card.spatial, card.temporal, card.variant)
    shape = tuple(card.shape) or None
    h = card.hyperparameters_of(member)
    module = build(kind, h, card.window, card.horizon, len(card.covariates), shape)
    arrays = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
    if seed is not None and "output.weight" in arrays:
        arrays["output.weight"] += (
            np.random.default_rng(seed)
            .normal(0, 0.5, arrays["output.weight"].shape)
            .astype(np.float32)
        )
    if slope is not None:  # the network's own part starts at zero; only the linear one speaks
        arrays["linear.weight"][:] = 0
        arrays["linear.weight"][:, -2] = -slope * (1 + card.gap + np.arange(card.horizon))
    return arrays


def write_forecaster(path, card, slopes=(1.0,), seeds=None):
    """Write a forecaster; by default each member carries on the last change, times its slope."""
    if seeds is not None:
        members = [arrays_of(card, m, seed=s) for m, s in enumerate(seeds)]
    else:
        members = [arrays_of(card, m, slope=s) for m, s in enumerate(slopes)]
    card.members = len(members)
    save_forecaster(str(path), card, members)
    return str(path)


def dates_of(count, step=6, first="2020-01-03"):
    return np.datetime64(first, "D") + step * np.arange(count)


def write_stack(path, values, dates, metadata=None, cell=100.0, described=True):
    """Write (dates, rows, columns) mm as a deformation stack."""
    _count, rows, columns = values.shape
    grid = Grid(columns, rows, (300_000.0, cell, 0, 5_600_000.0, 0, -cell), utm())
    about = {"SUBSIDENCE_KIND": "deformation_stack", "SUBSIDENCE_UNITS": "mm", "COMPONENT": "U",
             "SUBSIDENCE_MEANING": "negative is subsidence", **(metadata or {})}  # fmt: skip
    names = [str(date) for date in dates] if described else [f"b{k}" for k in range(len(dates))]
    with RasterWriter(str(path), grid, names, metadata=about, finish=False) as writer:
        writer.write(values.astype(np.float32))
    return str(path)


def series(count=14, rows=20, columns=30, seed=3):
    """Return motion with noise, (dates, rows, columns)."""
    random = np.random.default_rng(seed)
    slope = random.normal(-0.5, 0.3, (rows, columns))
    steps = slope + random.normal(0, 0.4, (count, rows, columns))
    return np.cumsum(steps, axis=0).astype(np.float32)


def write_series(path, x, y, values, dates, metadata=None, **others):
    """Write points with a field a date."""
    fields = ["D" + str(date).replace("-", "") for date in dates]
    columns = {**others, **dict(zip(fields, np.asarray(values, float).T))}
    write_points(str(path), np.array(x, float), np.array(y, float), columns, utm(), metadata)
    return str(path)
