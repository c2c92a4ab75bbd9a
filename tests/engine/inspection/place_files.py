"""Small rasters and points whose values at every place are known."""

import numpy as np
from land_subsidence.subsidence_plugin.engine.inspection.place import Source
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import spatial_reference

UTM = spatial_reference("EPSG:32648", "x").ExportToWkt()
WGS84 = "EPSG:4326"
#: Four columns and three rows of 10 m; the cell of column 2 and row 1 has its centre here.
GRID = Grid(4, 3, (500000.0, 10.0, 0.0, 2300030.0, 0.0, -10.0), UTM)
PLACE = (500025.0, 2300015.0)
COLUMN, ROW = 2, 1
QUIET = Progress(on_message=lambda text, level: None)


def raster(path, values, kind, names=None, dtype="float32", grid=GRID, rules=None, **metadata):
    """Write (bands, rows, columns), or a number a band, and return it as a source."""
    values = np.asarray(values, float)
    if values.ndim == 1:
        values = np.broadcast_to(values[:, None, None], (len(values), grid.height, grid.width))
    names = names or [f"band_{i}" for i in range(len(values))]
    about = {"SUBSIDENCE_KIND": kind, **metadata} if kind else metadata
    with RasterWriter(str(path), grid, names, dtype, metadata=about, finish=False) as writer:
        writer.write(values.astype(dtype))
        for number, name in enumerate(names, 1):
            band = writer.dataset.GetRasterBand(number)
            if name[:2] == "20":
                band.SetMetadataItem("SUBSIDENCE_DATE", name)
            if rules:
                band.SetMetadataItem("rule", rules[number - 1])
    return Source(path.stem, str(path))


def numbered(bands=1):
    """Return values that tell band, row and column: 100·band + 10·row + column."""
    b, r, c = np.indices((bands, GRID.height, GRID.width))
    return 100.0 * b + 10 * r + c
