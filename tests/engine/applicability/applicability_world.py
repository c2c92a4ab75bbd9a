"""A small area, its samples and a model set by hand, for the tests of the job on rasters."""

import json

import numpy as np
from land_subsidence.subsidence_plugin.engine.models.card import Card
from land_subsidence.subsidence_plugin.engine.models.encode import fit_factors
from land_subsidence.subsidence_plugin.engine.models.file import save_model
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from osgeo import osr

NAMES, KINDS = ["slope", "geology", "twi"], ["continuous", "categorical", "continuous"]
WIDTH, HEIGHT, CELL, SAMPLES = 300, 280, 20.0, 240
#: Lower left corner, in which slope lies five standard deviations off.
CORNER = (slice(220, 280), slice(0, 80))

reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
UTM48 = reference.ExportToWkt()
GRID = Grid(WIDTH, HEIGHT, (500_000.0, CELL, 0, 2_000_000.0, 0, -CELL), UTM48)


def make_values():
    """Smooth factors; the corner is shifted, a hole has no value, a patch an unknown category."""
    row, column = np.mgrid[0:HEIGHT, 0:WIDTH]
    slope = 10 + 3 * np.sin(column / 31) + 2 * np.cos(row / 17)
    geology = 1 + (column // 60 + row // 70) % 3
    twi = 6 + np.cos(column / 23 + row / 29)
    values = np.stack([slope, geology, twi]).astype(np.float32)
    values[0][CORNER] += 5 * slope.std()
    values[2, 5:9, 7:12] = np.nan
    values[1, 100:104, 200:205] = 9
    return values


def write_stack(path, values, names=NAMES, kinds=KINDS, dtype="float32", rules=None, **metadata):
    with RasterWriter(str(path), GRID, names, dtype, kinds, metadata) as writer:
        writer.write(values)
        for index, name in enumerate(names, start=1):
            if rules and name in rules:
                writer.dataset.GetRasterBand(index).SetMetadataItem("rule", json.dumps(rules[name]))
    return str(path)


def draw_cells():
    """Cells away from the corner, the hole and the patch."""
    rng = np.random.default_rng(4)
    return rng.integers(10, 90, SAMPLES), rng.integers(90, 300, SAMPLES)


def write_samples(path, columns, kinds=None, **further):
    rows, cells = draw_cells()
    x = GRID.transform[0] + (cells + 0.5) * CELL
    y = GRID.transform[3] - (rows + 0.5) * CELL
    number = np.arange(SAMPLES)
    fields = {
        "label": (np.sin(number) > 0).astype(np.int32),
        "split": np.where(number % 4, "train", "validation"),
        "fold": (1 + number % 5).astype(np.int32),
        **columns,
        **further,
    }
    fields = {name: column for name, column in fields.items() if column is not None}
    metadata = {"kinds": json.dumps(kinds or dict(zip(NAMES, KINDS)))}
    write_points(str(path), x, y, fields, UTM48, metadata)
    return str(path)


def save_logistic(path, values, kinds=KINDS, coefficients=None, rules=None):
    """Save a logistic regression with weights set by hand, its card fitted to training rows."""
    training = values[np.arange(SAMPLES) % 4 > 0]
    card = Card("logistic", fit_factors(training, NAMES, kinds), rules=rules)
    card.split = {"train": {"rows": len(training), "positive": 90}}
    given = np.array(coefficients or [4.0, 0.5, -0.5, 0.2, 1.5])
    save_model(str(path), [{"coefficients": given, "intercept": np.array([0.1])}], card)
    return str(path)


def maps(arguments):
    return Raster(arguments["output"]).read()[0], Raster(arguments["area"]).read()[0]
