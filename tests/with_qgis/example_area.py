"""A small example area with everything that the algorithms take, made once for all tests."""

import numpy as np
from algorithm_calls import FEW
from land_subsidence.subsidence_plugin.engine.insar.los import los_vector
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.training.scores import runs_table
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points, write_table

FILES = {
    "FACTORS": "factors.tif", "INVENTORY": "inventory.gpkg", "INSAR": "insar.gpkg",
    "TRUTH": "truth.tif", "DEM": "dem.tif", "POINTS": "points.gpkg", "SAMPLES": "samples.gpkg",
    "MODEL": "model.safetensors", "CLASSES": "classes.tif", "SERIES": "series.csv",
    "ASCENDING": "ascending.gpkg", "DESCENDING": "descending.gpkg", "MEMBERS": "members.tif",
    "SPREAD": "spread.tif", "EXCEEDANCE": "exceedance.tif", "RESIDUAL": "residual.tif",
    "SMALL_MODEL": "small_model.safetensors", "RUNS": "runs.gpkg", "OTHER_RUNS": "other_runs.gpkg",
}  # fmt: skip
#: Made when first asked for, since making it takes long: file, algorithm, inputs and settings.
LATER = {
    "STACK": ("stack.tif", "griddeformation", {"INPUT": "INSAR"}, {"RESOLUTION": 100}),
    "FORECASTER": ("forecaster.safetensors", "trainforecaster", {"INPUT": "STACK"},
                   {"WINDOW": 4, "HORIZON": 2, "EPOCHS": 1, "REPEATS": 2, "DEVICE": 1}),
    "FORECAST": ("forecast.tif", "forecastdeformation",
                 {"INPUT": "STACK", "MODEL": "FORECASTER"}, {}),
}  # fmt: skip
#: Of the tracks: incidence and heading, degrees.
ANGLES = {"ASCENDING": (39.0, -9.0), "DESCENDING": (37.0, 191.0)}


class Area(dict):
    """Paths by name; those of ``LATER`` are made when first asked for."""

    def __init__(self, folder):
        super().__init__({key: str(folder / name) for key, name in FILES.items()})
        self.folder = folder

    def __missing__(self, key):
        import processing

        name, algorithm, inputs, settings = LATER[key]
        target = "MODEL" if name.endswith(".safetensors") else "OUTPUT"
        given = {parameter: self[source] for parameter, source in inputs.items()}
        path = str(self.folder / name)
        processing.run(f"subsidence:{algorithm}", {**given, **settings, target: path})
        self[key] = path
        return path


def make_area(folder):
    """Return the paths of a small area's layers, samples, model, tracks and ensemble by name."""
    import processing

    paths = Area(folder)
    written = {k: paths[k] for k in ("FACTORS", "INVENTORY", "INSAR", "TRUTH", "DEM")}
    size = {"WIDTH": 140, "HEIGHT": 120, "DATES": 60, "POINTS": 150}
    processing.run("subsidence:createexample", {**size, **written})
    processing.run(
        "subsidence:absencepoints", {"PRESENCE": paths["INVENTORY"], "MASK": paths["FACTORS"],
                                     "OUTPUT": paths["POINTS"]},
    )  # fmt: skip
    processing.run(
        "subsidence:extractsamples", {"POINTS": paths["POINTS"], "FACTORS": paths["FACTORS"],
                                      "OUTPUT": paths["SAMPLES"]},
    )  # fmt: skip
    for model, factors in (("MODEL", []), ("SMALL_MODEL", FEW)):
        processing.run(
            "subsidence:trainbaseline", {"SAMPLES": paths["SAMPLES"], "FACTOR_FIELDS": factors,
                                         "MODEL": paths[model]},
        )  # fmt: skip
    processing.run(
        "subsidence:classifysusceptibility", {"INPUT": paths["TRUTH"], "OUTPUT": paths["CLASSES"]}
    )
    _write_series(paths["INSAR"], paths["SERIES"])
    for name, angles in ANGLES.items():
        _write_track(paths["INSAR"], paths[name], name, angles)
    _write_ensemble(paths)
    for key, values in (("RUNS", (0.80, 0.81, 0.82)), ("OTHER_RUNS", (0.70, 0.74, 0.72))):
        members = [{"validation": {"AUC": value}} for value in values]
        write_table(paths[key], runs_table(key, "default", range(len(values)), members))
    return paths


def dates_of(columns):
    """Return the names of the fields of dates."""
    return [name for name in columns if name[0] == "D" and name[1:].isdigit()]


def _write_series(source, target):
    """Write the points as the generic csv that ``importinsar`` takes."""
    layer = read_features(source)
    names = dates_of(layer.columns)
    table = np.column_stack([layer.x, layer.y, *(layer.columns[name] for name in names)])
    np.savetxt(target, table, "%.3f", ",", header=",".join(["x", "y", *names]), comments="")


def _write_track(source, target, name, angles):
    """Write the vertical motion of the points as a track sees it, every other point of a cell."""
    layer = read_features(source)
    up = los_vector(*angles)[..., 2]
    columns = {date: up * layer.columns[date] for date in dates_of(layer.columns)}
    columns["incidence_angle"] = np.full(len(layer.x), angles[0])
    columns["track_angle"] = np.full(len(layer.x), angles[1])
    metadata = {"SUBSIDENCE_KIND": "insar", "COMPONENT": "LOS", "GEOMETRY": name.lower()}
    write_points(target, layer.x, layer.y, columns, layer.crs, metadata)


def _write_ensemble(paths):
    """Write five members of a forecast in mm, and the maps that priorities follow from."""
    truth, random = Raster(paths["TRUTH"]), np.random.default_rng(5)
    bowl = -50 * truth.read()
    members = bowl + random.normal(0, 2, (5, *bowl.shape[1:]))
    about = {"SUBSIDENCE_KIND": "members", "SUBSIDENCE_UNITS": "mm"}
    write_raster(paths["MEMBERS"], truth.grid, members, about)
    write_raster(paths["SPREAD"], truth.grid, members.std(axis=0)[None])
    write_raster(paths["EXCEEDANCE"], truth.grid, (members < -20).mean(axis=0)[None])
    write_raster(paths["RESIDUAL"], truth.grid, members[:1] - bowl)


def write_raster(path, grid, values, metadata=None):
    """Write bands of any numbers as float32."""
    names = [f"band_{number}" for number in range(1, len(values) + 1)]
    with RasterWriter(str(path), grid, names, metadata=metadata) as writer:
        writer.write(np.asarray(values, np.float32))
    return str(path)


def points_like(source, target, change):
    """Copy a point layer with ``change(columns)`` applied; keeps rows where 'keep' is True."""
    layer = read_features(source)
    columns = dict(layer.columns)
    keep = change(columns)
    keep = np.ones(len(layer.x), bool) if keep is None else keep
    columns = {k: [v for v, k_ in zip(c, keep) if k_] if isinstance(c, list) else c[keep]
               for k, c in columns.items()}  # fmt: skip
    write_points(str(target), layer.x[keep], layer.y[keep], columns, layer.crs)
    return str(target)


def raster_like(source, target, values=None, crs=None, transform=None, bands=None):
    """Write a copy of a stack with other values, CRS, place or choice of bands."""
    raster = Raster(source)
    chosen = bands or raster.names
    indices = [raster.band(name).index for name in chosen]
    data = raster.read(bands=indices)
    if values is not None:
        data = values(data)
    grid = Grid(
        data.shape[2], data.shape[1], transform or raster.grid.transform,
        raster.grid.crs if crs is None else crs,
    )  # fmt: skip
    kinds = [raster.band(name).kind for name in chosen]
    with RasterWriter(str(target), grid, chosen, kinds=kinds) as writer:
        writer.write(data)
    return str(target)
