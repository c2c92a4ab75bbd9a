"""What is known of one place, as plain values that the panel, its figures and its files share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

#: Why a layer says nothing: no file behind it, the file is gone, or it cannot be read.
NOT_A_FILE, GONE, UNREADABLE = "not_a_file", "gone", "unreadable"
#: Why there is no explanation: what is missing.
NO_PROBABILITY, NO_MODEL, NO_STACK, OUTSIDE = "no_probability", "no_model", "no_stack", "outside"


@dataclass(frozen=True)
class Source:
    """A layer of the map.

    ``source`` is what GDAL opens (``path`` or ``path|layername=name``), ``crs`` the WKT of the
    layer in the map (empty: the file's own), ``problem`` one of the reasons above where it is
    known already that there is nothing to open.
    """

    name: str
    source: str
    is_raster: bool = True
    crs: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Skipped:
    """A layer that was left out: its name, a reason (see above), and words of GDAL, if any."""

    layer: str
    reason: str
    words: str = ""


@dataclass(frozen=True)
class Band:
    """One band at the place: NaN where it has no data; ``label`` says what a class code means."""

    name: str
    value: float
    label: str = ""
    date: Optional[np.datetime64] = None


@dataclass(frozen=True)
class Pixel:
    """All bands of a raster at the place; ``bands`` have no values where it lies outside."""

    layer: str
    path: str
    kind: str
    metadata: Mapping[str, str]
    bands: Sequence[Band]
    inside: bool = True

    @property
    def known(self) -> bool:
        """Tell whether any band has a value here."""
        return any(np.isfinite(band.value) for band in self.bands)


@dataclass(frozen=True)
class Value:
    """One row of the table of values.

    ``low``, ``high`` and ``count`` describe the members where the value is their mean; ``name``
    tells bands of one layer apart and is empty where there is one; ``date`` is that of the band.
    """

    layer: str
    kind: str
    name: str
    value: float
    label: str = ""
    unit: str = ""
    date: str = ""
    low: float = np.nan
    high: float = np.nan
    count: int = 0


@dataclass
class FactorValue:
    """A conditioning factor at the place; NaN and empty text where no layer says it."""

    name: str
    value: float = np.nan
    code: float = np.nan
    label: str = ""
    unit: str = ""


@dataclass
class Forecast:
    """A forecast of one series; ``lower`` and ``upper`` are None where there is no interval."""

    layer: str
    origin: Optional[np.datetime64]
    dates: np.ndarray
    values: np.ndarray
    lower: Optional[np.ndarray] = None
    upper: Optional[np.ndarray] = None
    coverage: str = ""


@dataclass
class Series:
    """Observed displacement at a grid cell, or at a point ``distance`` metres away.

    ``dates`` are datetime64[D], ``values`` in ``unit``, NaN where nothing was observed;
    ``component`` is that of the metadata (``U``, ``E``, ``LOS``), empty where it is not known.
    """

    layer: str
    dates: np.ndarray
    values: np.ndarray
    unit: str = "mm"
    distance: Optional[float] = None
    component: str = ""
    forecasts: list[Forecast] = field(default_factory=list)

    @property
    def last(self) -> Optional[int]:
        """Index of the last observed date, None where there is none."""
        known = np.flatnonzero(np.isfinite(self.values))
        return int(known[-1]) if len(known) else None


@dataclass
class PlaceShap:
    """SHAP values of the place: ``base + shap.sum()`` is ``prediction``.

    ``texts`` name each factor with its value; ``error`` is None where it is not known; ``unit``
    is what the values are shares of; ``model_file`` is empty where a raster of SHAP values was
    read. ``background_layer`` is empty where the background is cells of the stack.
    """

    names: list[str]
    texts: list[str]
    values: np.ndarray
    shap: np.ndarray
    base: float
    prediction: float
    unit: str = "probability"
    error: Optional[np.ndarray] = None
    background: int = 0
    background_layer: str = ""
    source: str = ""
    model_file: str = ""
    mapped: float = np.nan
    prevalence: str = ""


@dataclass
class PlaceReport:
    """All that the layers know of a place, in the order of the layers.

    ``x``, ``y`` are in ``crs`` (WKT). ``missing`` is why there is no ``shap``: one of the reasons
    above, or a sentence of the engine.
    """

    x: float
    y: float
    crs: str
    values: list[Value] = field(default_factory=list)
    factors: list[FactorValue] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    pixels: list[Pixel] = field(default_factory=list)
    samples: list[Source] = field(default_factory=list)
    shap: Optional[PlaceShap] = None
    missing: str = ""

    def first(self, kind: str) -> Optional[Value]:
        """Return the uppermost value of a kind that is known, None where there is none."""
        found = (v for v in self.values if v.kind == kind and np.isfinite(v.value))
        return next(found, None)

    def pixel(self, kind: str) -> Optional[Pixel]:
        """Return the uppermost raster of a kind that has a value here, None without one."""
        return next((p for p in self.pixels if p.kind == kind and p.known), None)
