"""The common grid of factors, from a reference raster or from CRS, cell size and extent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from ..errors import InputError
from ..vector.read import open_layer, spatial_reference
from .factor_sources import Source
from .grid import Grid
from .read import Raster
from .target_grid import make_grid, transform_box


def factor_grid(
    sources: Sequence[Source],
    reference: Optional[str],
    crs: Optional[str],
    resolution: Optional[float],
    extent: Optional[Sequence],
    polygons: Optional[str],
) -> Grid:
    """Return the grid of REFERENCE, else the one made from CRS, RESOLUTION and EXTENT."""
    if reference:
        if crs or resolution or extent:
            raise InputError("Give either REFERENCE or CRS, RESOLUTION and EXTENT, not both.")
        grid = Raster(reference).grid
        spatial_reference(grid.crs, f"The raster '{reference}'")
        if not grid.north_up:
            raise InputError(
                f"The raster '{reference}' is rotated or upside down; choose another REFERENCE."
            )
        return grid
    box = None
    if extent:
        box = (tuple(extent[:4]), extent[4] or crs or "")
    grids = list({s.raster.path: (s.title, s.raster.grid) for s in sources if s.raster}.values())
    if grids:
        if box and not box[1]:
            box = (box[0], grids[0][1].crs)
        return make_grid(grids, crs, resolution, box)
    return _grid_of_polygons(polygons, crs, resolution, box)


def _grid_of_polygons(polygons, crs, resolution, box) -> Grid:
    """Return the grid for polygons alone, which have no cells: RESOLUTION is needed."""
    if not resolution:
        raise InputError("Polygons alone have no cell size; give RESOLUTION or REFERENCE.")
    _dataset, layer = open_layer(polygons)
    own = layer.GetSpatialRef()
    wkt = own.ExportToWkt() if own else ""
    spatial_reference(wkt, f"The layer '{polygons}'")
    if not layer.GetFeatureCount():
        raise InputError(f"The layer '{polygons}' has no features; choose one that has.")
    west, east, south, north = layer.GetExtent()
    target = crs or wkt
    if box is None:
        box = (transform_box((west, south, east, north), wkt, target), target)
    own_box = transform_box(box[0], box[1] or target, target)
    start = Grid(1, 1, (own_box[0], resolution, 0.0, own_box[3], 0.0, -resolution), target)
    return make_grid([("polygons", start)], target, resolution, (own_box, target))
