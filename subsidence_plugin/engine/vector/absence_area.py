"""The area of absence points as a source of random points, all in one working CRS."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from ..raster.mask import ValidCells, valid_in_all
from ..raster.read import Raster
from ..raster.sample import sample_cells
from ..sampling.absence import Box, Candidates, CellArea, PolygonArea, Presence, Source
from ..sampling.polygons import inside_polygons
from .metric_crs import is_geographic
from .polygons import rings_of
from .read import read_features, transform_points

WHAT = "The layer of subsidence"


class AbsenceArea:
    """Where absence points may lie: a mask raster, mask polygons, or nothing said.

    Parameters
    ----------
    work : str
        WKT of the CRS in which distances are measured.
    raster : Raster, optional
        Mask whose valid cells are the area.
    polygons : str, optional
        Source of mask polygons.
    progress : Progress
    """

    def __init__(
        self, work: str, raster: Optional[Raster], polygons: Optional[str], progress: Progress
    ) -> None:
        self._work, self._raster, self._progress = work, raster, progress
        self._parts = None
        if polygons:
            features = read_features(polygons)
            if features.geometry != "polygon" or not len(features):
                raise InputError("The mask layer holds no polygons; choose polygons or a raster.")
            self._parts = rings_of(features, work, "The mask", WHAT)
            if not self._parts:
                raise InputError(
                    "The mask cannot be transformed to the inventory's CRS; reproject it."
                )

    def source(self, candidates: Optional[str], presence: Presence, progress: Progress) -> Source:
        """Return where random points are drawn from."""
        if candidates:
            return self._candidates(candidates, progress)
        if self._raster is not None:
            return self._cells()
        if self._parts is not None:
            return PolygonArea(self._parts)
        corners = [rings[0] for rings in presence.polygons]
        xy = np.concatenate([np.c_[presence.x, presence.y], *corners])
        low, high = xy.min(axis=0), xy.max(axis=0)
        if not (high > low).all():
            raise InputError(
                "The inventory has no extent to place absence points in; give a MASK or CANDIDATES."
            )
        progress.warn(
            "No MASK and no CANDIDATES: absence points are placed in the bounding box of the "
            "inventory, whatever lies there (water, missing factors)."
        )
        return Box((low[0], low[1], high[0], high[1]))

    def _candidates(self, path: str, progress: Progress) -> Candidates:
        features = read_features(path, [])
        if features.geometry != "point" or not len(features):
            raise InputError(
                "The layer of candidates holds no points (CANDIDATES); choose another."
            )
        what = "The layer of candidates"
        x, y = transform_points(features.x, features.y, features.crs, self._work, what, WHAT)
        keep = np.isfinite(x)
        if self._parts is not None:
            keep &= inside_polygons(x, y, self._parts)
        if self._raster is not None:
            keep[keep] = self._on_mask(features.x[keep], features.y[keep], features.crs)
        if not keep.all():
            progress.warn(f"{(~keep).sum()} of {len(x)} candidates lie outside the mask.")
        if not keep.any():
            raise InputError("No candidate lies inside the mask; check MASK and CANDIDATES.")
        return Candidates(x[keep], y[keep])

    def _on_mask(self, x: np.ndarray, y: np.ndarray, crs: str) -> np.ndarray:
        raster = self._raster
        x, y = transform_points(x, y, crs, raster.grid.crs, "The layer of candidates", "The mask")
        rows, columns, inside = raster.grid.cells(x, y)
        values = sample_cells(raster, rows[inside], columns[inside], self._progress)
        inside[inside] = valid_in_all(raster, values.T)
        return inside

    def _cells(self) -> CellArea:
        raster, work = self._raster, self._work
        in_degrees = is_geographic(raster.grid.crs, "The mask")
        cells = ValidCells(raster, self._progress)
        if len(cells) == 0:
            raise InputError(
                f"The mask '{Path(raster.path).name}' has no valid cell; choose another."
            )
        self._progress.info(f"The mask has {len(cells)} valid cells.")
        bounds = raster.grid.bounds
        widest = (
            1.0 if bounds[1] <= 0 <= bounds[3] else np.cos(np.radians(np.abs(bounds[1::2]).min()))
        )

        def place(numbers: np.ndarray, rng: np.random.Generator, progress: Progress):
            rows, columns = cells.cells(numbers, progress)
            x, y = raster.grid.xy(columns + rng.random(len(columns)), rows + rng.random(len(rows)))
            keep = np.ones(len(x), dtype=bool)
            if in_degrees:  # cells shrink towards the poles, and so does their share of points
                keep = rng.random(len(x)) * widest < np.cos(np.radians(y))
            x, y = transform_points(x, y, raster.grid.crs, work, "The mask", WHAT)
            return x, y, keep & np.isfinite(x)

        return CellArea(len(cells), place)
