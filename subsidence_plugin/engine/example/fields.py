"""Seeded random fields: the raw material of the synthetic landscape."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return a generator of its own for each purpose, so that adding one changes no other."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def standardised(values: np.ndarray) -> np.ndarray:
    """Return the values with mean 0 and standard deviation 1, as float32."""
    mean, deviation = values.mean(dtype=np.float64), values.std(dtype=np.float64)
    return ((values - mean) / (deviation or 1.0)).astype(np.float32)


def smooth_noise(
    shape: tuple[int, int], length: float, seed: int, purpose: str, roughness: float = 3.0
) -> np.ndarray:
    """Return correlated Gaussian noise, mean 0 and standard deviation 1.

    White noise is filtered with the amplitude (1 + (2π f length)²)^(-roughness/2): flat at
    wavelengths above ``length``, a power law below. Long lengths are made on a coarse grid and
    interpolated by cubic splines, and on a larger one, so that opposite edges do not join.

    Parameters
    ----------
    shape : (rows, columns)
    length : float
        Correlation length (the corner wavelength over 2π) as a share of the shorter side.
    seed, purpose
        See ``generator``.
    roughness : float
        Exponent of the power law; 2 is rough, 4 is smooth.
    """
    from scipy import fft, ndimage

    cells = max(length * min(shape), 1.0)
    step = max(1, int(cells // 12))
    coarse = [-(-n // step) + 2 for n in shape]
    margin = int(2 * cells / step) + 1
    padded = [fft.next_fast_len(n + margin, real=True) for n in coarse]
    white = generator(seed, purpose).standard_normal(padded, dtype=np.float32)
    rows = fft.fftfreq(padded[0]).astype(np.float32)[:, None]
    columns = fft.rfftfreq(padded[1]).astype(np.float32)[None, :]
    square = (rows**2 + columns**2) * np.float32(2 * np.pi * cells / step) ** 2
    spectrum = fft.rfft2(white) * (1 + square) ** np.float32(-roughness / 2)
    field = fft.irfft2(spectrum, s=padded)[: coarse[0], : coarse[1]]
    if step > 1:
        field = ndimage.zoom(field, step, order=3)
    return standardised(field[: shape[0], : shape[1]])


def texture(shape: tuple[int, int], sigma: float, seed: int, purpose: str) -> np.ndarray:
    """Return fine noise (Gaussian filter of ``sigma`` cells), mean 0, standard deviation 1."""
    white = generator(seed, purpose).standard_normal(shape, dtype=np.float32)
    if sigma > 0:
        from scipy import ndimage

        white = ndimage.gaussian_filter(white, sigma, truncate=3)
    return standardised(white)


def parcels(shape: tuple[int, int], size: float, seed: int, purpose: str) -> np.ndarray:
    """Return the number (0 …) of the field parcel that each cell belongs to.

    Parcels are the cells nearest to the points of a turned, jittered lattice, ``size`` cells
    wide: the patchwork of paddies seen from above.
    """
    rng = generator(seed, purpose)
    angle = rng.uniform(0.2, 0.6)
    rows = np.arange(shape[0], dtype=np.float32)[:, None] / size
    columns = np.arange(shape[1], dtype=np.float32)[None, :] / size
    along = columns * np.float32(np.cos(angle)) + rows * np.float32(np.sin(angle))
    across = rows * np.float32(np.cos(angle)) - columns * np.float32(np.sin(angle))
    line = np.floor(along / 1.7).astype(np.int64)
    # every strip is cut at its own offset, so that the borders do not run through as a grid
    line -= line.min()
    offsets = rng.random(int(line.max()) + 1, dtype=np.float32)
    piece = np.floor(across + offsets[line]).astype(np.int64)
    piece -= piece.min()
    return line * (int(piece.max()) + 1) + piece


def parcel_noise(number: np.ndarray, seed: int, purpose: str) -> np.ndarray:
    """Return one Gaussian value a parcel, laid out over its cells."""
    values = generator(seed, purpose).standard_normal(int(number.max()) + 1, dtype=np.float32)
    return values[number]


def correlated(base: np.ndarray, other: np.ndarray, r: float) -> np.ndarray:
    """Return a standardised mix of two fields whose correlation with ``base`` is exactly ``r``."""
    base = standardised(base)
    slope = float(np.mean(base.astype(np.float64) * standardised(other)))
    rest = standardised(standardised(other) - np.float32(slope) * base)
    return np.float32(r) * base + np.float32(np.sqrt(1 - r * r)) * rest


def without(values: np.ndarray, others: list[np.ndarray]) -> np.ndarray:
    """Return the values less their linear regression on ``others``."""
    rest = standardised(values).astype(np.float64)
    design = np.column_stack([standardised(o).ravel() for o in others]).astype(np.float64)
    slopes = np.linalg.solve(design.T @ design, design.T @ rest.ravel())
    for other, slope in zip(others, slopes):
        rest -= slope * standardised(other)
    return standardised(rest)


def squashed(values: np.ndarray, limit: float = 3.0) -> np.ndarray:
    """Return values bent smoothly into (-limit, limit), so that no clipping is needed."""
    return np.float32(limit) * np.tanh(values / np.float32(limit))


def rescaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return values stretched linearly to the range from ``low`` to ``high``."""
    least, most = float(values.min()), float(values.max())
    scale = (high - low) / ((most - least) or 1.0)
    return (low + (values - least) * scale).astype(np.float32)


def ramp(values: np.ndarray, start: float, stop: float) -> np.ndarray:
    """Return 0 below ``start``, 1 above ``stop`` and a smooth step between (or falling)."""
    part = np.clip((values - start) / (stop - start), 0, 1).astype(np.float32)
    return part * part * (3 - 2 * part)
