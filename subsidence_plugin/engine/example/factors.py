"""The 19 conditioning factors of the Hanoi paper (section 4.2) over the synthetic area."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..progress import Progress
from ..terrain.cells import CellSizes, constant_cells
from ..terrain.flow import contributing_area, fill_depressions, padded, wetness
from ..terrain.surface import HALO, aspect, curvature, gradient, slope
from .fields import smooth_noise
from .ground import (
    engineering_geology,
    groundwater_level,
    holocene_thickness,
    hydrogeology,
    land_use,
    rainfall,
)
from .landscape import Landscape, landscape
from .spectral import spectral_bands

#: Slope (degrees) that flatter cells count as in the wetness index; `topographicfactors` default.
MINIMUM_SLOPE = 0.05


@dataclass(frozen=True)
class Factor:
    """A factor: name, unit, and for a categorical one the meaning of its codes."""

    name: str
    unit: str
    legend: dict[int, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """``continuous`` or ``categorical``."""
        return "categorical" if self.legend else "continuous"


GEOLOGY_GROUPS = {
    1: "Rivers and lakes",
    2: "Brownish-gray to dark-gray mud with organic matter and shells",
    3: "Sandy clay, clayey sand, upper sand, lower gravelly sand",
    4: "Filled soil and rock",
    5: "Thin sandy clay over sand with gravel, cobbles and pebbles",
    6: "Sandy clay, clayey sandy silt and sand over pebbles",
    7: "Greenish-gray and mottled gray clay",
}
AQUIFER_GROUPS = {
    1: "Holocene aquifer",
    2: "Aquifer in Jurassic sediments (Ha Coi Formation)",
    3: "Holocene aquitard (Hai Hung Formation)",
    4: "Upper Pleistocene aquitard (Vinh Phuc Formation)",
    5: "Rivers and lakes",
}
LAND_USES = {1: "Agricultural land", 2: "Building land", 3: "River, pond, lake", 4: "Vegetation"}

#: In the order of the paper.
FACTORS = (
    Factor("aspect", "degrees clockwise from north, -1 flat"),
    Factor("slope", "degrees"),
    Factor("curvature", "1/100 m, convex positive"),
    Factor("elevation", "m above the ellipsoid"),
    Factor("ndvi", "1"),
    Factor("groundwater", "m, mean level"),
    Factor("engineering_geology", "group", GEOLOGY_GROUPS),
    Factor("hydrogeology", "group", AQUIFER_GROUPS),
    Factor("holocene_thickness", "m"),
    Factor("lulc", "class", LAND_USES),
    Factor("rainfall", "mm/year"),
    Factor("twi", "ln(m)"),
    *(Factor(f"band{i}", "top-of-atmosphere reflectance") for i in range(1, 8)),
)

#: What topographicfactors and spectralindices make from the elevation and the bands.
DERIVED = ("aspect", "slope", "curvature", "elevation", "ndvi", "twi")
#: The others: layers that a user has from surveys, maps and satellites.
SURVEYED = tuple(factor.name for factor in FACTORS if factor.name not in DERIVED)
#: Factors that miss data together, and the share of the area that each group misses.
HOLES = {
    "cloud": (("ndvi", *(f"band{i}" for i in range(1, 8))), 0.012),
    "geological map": (("engineering_geology", "hydrogeology", "holocene_thickness"), 0.006),
    "wells": (("groundwater",), 0.006),
    "no survey": (tuple(f.name for f in FACTORS), 0.010),
}


def example_factors(
    shape: tuple[int, int], resolution: float, seed: int, progress: Progress
) -> tuple[Landscape, dict[str, np.ndarray]]:
    """Return the landscape and the factors by name, without holes.

    Continuous factors are float32, categorical ones uint8 codes. Aspect, slope, curvature and
    TWI are computed from the elevation by the plugin's own terrain functions.

    Parameters
    ----------
    shape : (rows, columns)
    resolution : float
        Cell size, m.
    seed : int
    progress : Progress
    """
    land = landscape(shape, resolution, seed)
    progress(0.2)
    factors: dict[str, np.ndarray] = {"elevation": land.elevation}
    factors["holocene_thickness"] = holocene_thickness(land, seed)
    factors["groundwater"] = groundwater_level(land, factors["holocene_thickness"], seed)
    drivers = [factors["holocene_thickness"], factors["groundwater"]]
    factors["rainfall"] = rainfall(land, drivers, seed)
    progress(0.3)
    factors["lulc"] = land_use(land, seed)
    factors["engineering_geology"] = engineering_geology(land, seed)
    factors["hydrogeology"] = hydrogeology(land, seed)
    progress(0.45)
    factors.update(spectral_bands(land, factors["lulc"], seed))
    progress(0.65)
    factors.update(_terrain(land.elevation, resolution, progress.part(0.65, 1)))
    return land, {f.name: factors[f.name] for f in FACTORS}


def holes(shape: tuple[int, int], seed: int) -> dict[str, np.ndarray]:
    """Return the irregular holes (bool) of each group of ``HOLES``."""
    masks = {}
    for name, (_factors, share) in HOLES.items():
        noise = smooth_noise(shape, 0.03, seed, f"hole {name}", 2.6)
        masks[name] = noise > np.quantile(noise, 1 - share)
    return masks


def holes_of(factor: str, masks: dict[str, np.ndarray]) -> np.ndarray:
    """Return where a factor has no data: all holes of the groups that it belongs to."""
    mine = [masks[name] for name, (names, _share) in HOLES.items() if factor in names]
    return np.logical_or.reduce(mine)


def _terrain(elevation: np.ndarray, resolution: float, progress: Progress) -> dict[str, np.ndarray]:
    rows = elevation.shape[0]
    cells = constant_cells(rows, resolution, resolution)
    around = np.pad(elevation, HALO, constant_values=np.nan)
    east, north = gradient(around, cells)
    results = {"aspect": aspect(east, north), "slope": slope(east, north)}
    del east, north
    results["curvature"] = curvature(around, cells)
    del around
    progress(0.3)
    area = _drainage(elevation, cells, progress.part(0.3, 1))
    results["twi"] = wetness(area, results["slope"], cells, MINIMUM_SLOPE)
    return results


def _drainage(elevation: np.ndarray, cells: CellSizes, progress: Progress) -> np.ndarray:
    ringed = padded(*elevation.shape)
    ringed[1:-1, 1:-1] = elevation
    filled = fill_depressions(ringed, progress.part(0, 0.6))
    return contributing_area(filled, cells, progress.part(0.6, 1))
