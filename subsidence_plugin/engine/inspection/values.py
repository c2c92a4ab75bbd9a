"""Rows of the tables of a place: values of our layers, and factors with their classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .place import Band, FactorValue, Pixel, Value

#: Rasters that are shown elsewhere: as factors, as a series, as an explanation.
ELSEWHERE = (
    "factor_stack", "class_stack", "deformation_stack", "deformation_forecast", "forecast_lower",
    "forecast_upper", "shap",
)  # fmt: skip
#: Rasters whose bands are members of an ensemble: their mean and range is one row.
MEMBERS = ("members", "forecast_members")
#: Bands of one raster that are listed one by one.
MOST_BANDS = 12


def values_of(pixel: Pixel) -> list[Value]:
    """Return the rows of one raster; none where it is no layer of ours or shown elsewhere.

    Of dated bands the last one that has a value is taken, of members their mean and range.

    Parameters
    ----------
    pixel : Pixel
    """
    if not pixel.kind or pixel.kind in ELSEWHERE or not pixel.bands:
        return []
    unit = unit_of(pixel)
    if pixel.kind in MEMBERS:
        return [_of_members(pixel, unit)]
    bands = list(pixel.bands)
    if len(bands) > 1 and all(band.date is not None for band in bands):
        known = [band for band in bands if np.isfinite(band.value)]
        bands = (known or bands)[-1:]
    several = len(pixel.bands) > 1
    return [_value(pixel, band, unit, several) for band in bands[:MOST_BANDS]]


def unit_of(pixel: Pixel) -> str:
    """Return the unit of a raster's values as its metadata say it; empty for probabilities."""
    unit = pixel.metadata.get("SUBSIDENCE_UNITS", "").partition(";")[0].strip()
    return "" if unit == "probability" else unit


def _value(pixel: Pixel, band: Band, unit: str, several: bool) -> Value:
    dated = several and band.date is not None
    name = band.name if several and not dated else ""
    date = pixel.metadata.get("SUBSIDENCE_DATE", "")
    return Value(
        pixel.layer, pixel.kind, name, band.value, band.label, "" if band.label else unit,
        str(band.date) if dated else date,
    )  # fmt: skip


def _of_members(pixel: Pixel, unit: str) -> Value:
    values = np.array([band.value for band in pixel.bands])
    known = values[np.isfinite(values)]
    date = pixel.metadata.get("SUBSIDENCE_DATE", "")
    if not len(known):
        return Value(pixel.layer, pixel.kind, "", np.nan, unit=unit, date=date)
    return Value(
        pixel.layer, pixel.kind, "", float(known.mean()), "", unit, date, float(known.min()),
        float(known.max()), len(known),
    )  # fmt: skip


def factors_of(pixels: Sequence[Pixel]) -> list[FactorValue]:
    """Return the factors of all stacks, values and classes of the same name in one row.

    Where several stacks have a factor, the uppermost one that has a value counts.

    Parameters
    ----------
    pixels : sequence of Pixel
        From the uppermost layer down; other rasters are passed over.
    """
    found: dict[str, FactorValue] = {}
    for kind in ("class_stack", "factor_stack"):  # the classes' order is that of the model
        for pixel in (p for p in pixels if p.kind == kind):
            for band in pixel.bands:
                own = found.setdefault(band.name.casefold(), FactorValue(band.name))
                if kind == "class_stack" and band.value > 0 and not own.code > 0:
                    own.code, own.label = band.value, band.label
                elif kind == "factor_stack" and np.isnan(own.value):
                    own.value, own.label = band.value, own.label or band.label
    return list(found.values())
