"""A GPKG of points written row block by row block, so that memory does not grow with the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from osgeo import gdal, ogr

from ..errors import OutputError
from ..raster.gdal_calls import failures_raise
from .geopackage import LARGE_PAGES, point_blobs, quoted
from .read import spatial_reference

#: Columns that a table of SQLite, and so a GPKG, can have.
MOST_COLUMNS = 2000
#: Types of fields by the names used here.
TYPES = {"text": ogr.OFTString, "integer": ogr.OFTInteger64, "real": ogr.OFTReal}
FORMATS = {
    ".csv": ("CSV", ["CREATE_CSVT=YES", "STRING_QUOTING=IF_NEEDED", "GEOMETRY=AS_XY"]),
    ".geojson": ("GeoJSON", []), ".fgb": ("FlatGeobuf", []), ".sqlite": ("SQLite", []),
}  # fmt: skip


class PointStream:
    """Writes points in blocks; rows may be taken out again before the end.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``. Other formats than GPKG are converted at the end.
    fields : sequence of (name, "text" | "integer" | "real")
        Texts first: the order of the values of a row.
    crs : str
    metadata : dict of str to str
    order : sequence of str, optional
        Names in the order in which the layer shows them; default that of ``fields``.
    """

    def __init__(self, path, fields, crs, metadata, order=None) -> None:
        self.path = str(path)
        suffix = Path(self.path).suffix.lower()
        if suffix != ".gpkg" and suffix not in FORMATS:
            raise OutputError(f"The format of '{path}' is not known; use .gpkg, .csv or .geojson.")
        if len(fields) + 2 > MOST_COLUMNS:
            raise OutputError(
                f"The layer would have {len(fields)} fields, and a GPKG has at most "
                f"{MOST_COLUMNS - 2}; narrow the dates with MIN_DATE and MAX_DATE."
            )
        self._file = self.path if suffix == ".gpkg" else str(Path(self.path).with_suffix(".gpkg"))
        self._table = Path(self.path).stem
        self._x: list[np.ndarray] = []
        self._y: list[np.ndarray] = []
        self._removed = np.empty(0, dtype=np.int64)
        kinds = dict(fields)
        with failures_raise(f"The layer '{path}' cannot be written", OutputError):
            self._create([(n, kinds[n]) for n in (order or kinds)], crs, metadata)
        self._database = sqlite3.connect(self._file, isolation_level=None)
        self._begin([name for name, _kind in fields])

    def __enter__(self) -> PointStream:
        return self

    def __exit__(self, *_error) -> None:
        self._database.close()

    @property
    def x(self) -> np.ndarray:
        """Return the x of all rows written, also of those taken out again."""
        return np.concatenate(self._x) if self._x else np.empty(0)

    @property
    def y(self) -> np.ndarray:
        """Return the y of all rows written."""
        return np.concatenate(self._y) if self._y else np.empty(0)

    def write(
        self, x: np.ndarray, y: np.ndarray, texts: Sequence[Sequence[str]], numbers: np.ndarray
    ) -> None:
        """Append rows.

        Parameters
        ----------
        x, y : (rows,) arrays
        texts : one sequence a text field
        numbers : (rows, number fields) array
            NaN becomes null.
        """
        blobs = point_blobs(x, y, self._srs)
        values = numbers.tolist()  # SQLite itself turns NaN into null
        if texts:
            rows = ([blob, *text, *row] for blob, text, row in zip(blobs, zip(*texts), values))
        else:
            rows = ([blob, *row] for blob, row in zip(blobs, values))
        self._run_many(self._insert, rows)
        self._x.append(np.array(x, float))
        self._y.append(np.array(y, float))

    def remove(self, rows: np.ndarray) -> None:
        """Take rows out again; they are counted from 0 in the order of writing."""
        self._run_many(
            " ".join(["DELETE FROM", quoted(self._table), "WHERE fid = ?"]),
            ((int(row) + 1,) for row in rows),
        )
        self._removed = np.union1d(self._removed, rows).astype(np.int64)

    def finish(self) -> int:
        """Record count and extent, index the points, convert; return the number of rows."""
        keep = np.ones(len(self.x), dtype=bool)
        keep[self._removed] = False
        x, y = self.x[keep], self.y[keep]
        try:
            run = self._database.execute
            if len(x):
                box = [float(v) for v in (x.min(), y.min(), x.max(), y.max())]
                run(
                    "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? "
                    "WHERE table_name = ?",
                    (*box, self._table),
                )
            run(
                "UPDATE gpkg_ogr_contents SET feature_count = ? WHERE table_name = ?",
                (len(x), self._table),
            )
            for _name, sql in self._triggers:
                run(sql)
            run("COMMIT")
        except sqlite3.Error as error:
            raise self._full(error) from error
        self._database.close()
        with failures_raise(f"The layer '{self.path}' cannot be written", OutputError):
            dataset = gdal.OpenEx(self._file, gdal.OF_VECTOR | gdal.OF_UPDATE)
            name = self._table.replace("'", "''")
            dataset.ExecuteSQL(f"SELECT CreateSpatialIndex('{name}', 'geom')")
            dataset = None
            if self._file != self.path:
                self._convert()
        return len(x)

    def _create(self, fields, crs: str, metadata: dict[str, str]) -> None:
        before = gdal.GetThreadLocalConfigOption("OGR_SQLITE_PRAGMA")
        gdal.SetThreadLocalConfigOption("OGR_SQLITE_PRAGMA", LARGE_PAGES)
        try:
            driver = gdal.GetDriverByName("GPKG")
            dataset = driver.Create(self._file, 0, 0, 0, gdal.GDT_Unknown)
        finally:
            gdal.SetThreadLocalConfigOption("OGR_SQLITE_PRAGMA", before)
        if dataset is None:
            raise OutputError(f"The layer '{self.path}' cannot be written: no file can be made.")
        reference = spatial_reference(crs, "The layer")
        options = ["SPATIAL_INDEX=NO"]  # made at the end, in one go
        layer = dataset.CreateLayer(self._table, reference, ogr.wkbPoint, options)
        layer.SetMetadata({key: str(value) for key, value in metadata.items()})
        for name, kind in fields:
            layer.CreateField(ogr.FieldDefn(name, TYPES[kind]))
        layer = dataset = None

    def _begin(self, names: Sequence[str]) -> None:
        run = self._database.execute
        try:
            # The file is written aside and renamed when whole, so no journal need protect it.
            run("PRAGMA journal_mode=OFF")
            run("PRAGMA synchronous=OFF")
            self._triggers = run(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?",
                (self._table,),
            ).fetchall()
            self._srs = run(
                "SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = ?", (self._table,)
            ).fetchone()[0]
            run("BEGIN")
            for name, _sql in self._triggers:
                run("DROP TRIGGER " + quoted(name))
        except sqlite3.Error as error:
            raise self._full(error) from error
        names = ["geom", *names]
        places = ", ".join("?" * len(names))
        columns = ", ".join(map(quoted, names))
        into = ["INSERT INTO", quoted(self._table), "(", columns, ") VALUES (", places, ")"]
        self._insert = " ".join(into)

    def _run_many(self, sql: str, rows) -> None:
        try:
            self._database.executemany(sql, rows)
        except sqlite3.Error as error:
            raise self._full(error) from error

    def _full(self, error: Exception) -> OutputError:
        return OutputError(f"The layer '{self.path}' cannot be written ({error}); disk full?")

    def _convert(self) -> None:
        driver, options = FORMATS[Path(self.path).suffix.lower()]
        gdal.VectorTranslate(self.path, self._file, format=driver, layerCreationOptions=options)
        Path(self._file).unlink()
