"""Loops over single cells: priority flood and flow accumulation, compiled by numba when needed.

The functions are plain Python, so that this file can be read and imported without numba;
`compiled` returns their compiled forms. Grids are flat arrays that include a ring of nodata
cells, so that no neighbour lies outside.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from types import FunctionType, SimpleNamespace
from typing import Callable

import numpy as np

from ..needs import need

#: States of a cell: not reached yet; reached, at a distance of 0, 1 or 2 (modulo 3) from the
#: way out of its flat; without elevation. Distances of neighbours in a flat differ by one at
#: most, so that the remainder tells which of two is nearer and a byte holds it.
UNSEEN, EXIT, NODATA = 0, 1, 4


def push(heap, size, key):
    """Add ``key`` to the binary min-heap of ``size`` keys."""
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if heap[parent] <= key:
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = key


def pop(heap, size):
    """Remove the smallest of the ``size`` keys of the heap and return it."""
    smallest, key = heap[0], heap[size - 1]
    last = size - 1
    place = 0
    while True:
        child = 2 * place + 1
        if child >= last:
            break
        if child + 1 < last and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = key
    return smallest


def sort_key(bits, cell):
    """Return an integer that orders by elevation (given as the bits of a float32), then cell."""
    if bits < 0:
        bits = bits ^ 0x7FFFFFFF
    return (np.int64(bits) << 32) | np.int64(cell)


def flood(z, bits, state, order, heap, counts, level, offsets, limit):
    """Reach ``limit`` more cells in order of their spill level; return False when all are done.

    ``order`` is the result and, beyond ``counts[1]``, the queue of cells at the present level;
    the heap holds the cells above it. ``counts``: keys in the heap, cells done, cells queued,
    cells raised. ``level``: the present level, the greatest rise.
    """
    size, head, tail, raised = counts[0], counts[1], counts[2], counts[3]
    stop = head + limit
    while head < stop:
        if head == tail:
            if size == 0:
                break
            level[0] = z[heap[0] & 0xFFFFFFFF]
            # All cells of a level start together: a flat then drains to its nearest way out.
            while size > 0 and z[heap[0] & 0xFFFFFFFF] == level[0]:
                order[tail] = pop(heap, size) & 0xFFFFFFFF
                size -= 1
                tail += 1
        cell = order[head]
        head += 1
        for offset in offsets:
            other = cell + offset
            if state[other] != 0:
                continue
            if z[other] <= level[0]:
                if z[other] < level[0]:
                    raised += 1
                    level[1] = max(level[1], level[0] - z[other])
                    z[other] = level[0]
                state[other] = state[cell] % 3 + 1
                order[tail] = other
                tail += 1
            else:
                state[other] = 1
                push(heap, size, sort_key(bits[other], other))
                size += 1
    counts[0], counts[1], counts[2], counts[3] = size, head, tail, raised
    return head < tail or size > 0


def accumulate(z, state, order, area, offsets, distances, stride, exponent, first, last):
    """Hand the area of the cells ``order[last:first]``, highest first, to their lower neighbours.

    Shares go by slope to the power ``exponent``; in a flat, equally to the neighbours that are
    nearer to its way out. A cell with neither keeps its area: there the water leaves.
    """
    shares = np.empty(8)
    for position in range(first - 1, last - 1, -1):
        cell = order[position]
        row = cell // stride
        total = 0.0
        for k in range(8):
            shares[k] = 0.0
            other = cell + offsets[k]
            drop = z[cell] - z[other]
            if state[other] != 4 and drop > 0:
                shares[k] = (drop / distances[row, k]) ** exponent
                total += shares[k]
        if total == 0.0 and state[cell] != 0:
            nearer = (state[cell] + 1) % 3 + 1
            for k in range(8):
                other = cell + offsets[k]
                if state[other] == nearer and z[other] == z[cell]:
                    shares[k] = 1.0
                    total += 1.0
        if total > 0.0:
            for k in range(8):
                if shares[k] > 0.0:
                    area[cell + offsets[k]] += area[cell] * (shares[k] / total)


@lru_cache(maxsize=1)
def compiled() -> SimpleNamespace:
    """Return the compiled ``flood`` and ``accumulate``; takes some seconds the first time.

    The machine code is kept on disk where numba finds a folder to write to (beside this file, or
    the user's cache); where not, it is made anew in each session.

    Raises
    ------
    MissingPackageError
        numba is not installed.
    """
    numba = need("numba", "to route water over the DEM for the TWI")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba warns of a cache folder it cannot use
        try:
            return _compile(numba.njit(nogil=True, error_model="numpy", cache=True))
        # No place for the cache, a full disk, or a cache written where this package had another
        # name (the plugin is `land_subsidence`, a script imports `engine`), which numba keeps.
        except (RuntimeError, OSError, ImportError):
            return _compile(numba.njit(nogil=True, error_model="numpy"))


def _compile(jit: Callable) -> SimpleNamespace:
    # Helpers are bound as globals of a copy, not through a closure: numba's cache never finds
    # a function again whose closure holds a compiled one.
    helpers = {f.__name__: jit(f) for f in (push, pop, sort_key)}
    scope = {**globals(), **helpers}
    kernels = SimpleNamespace(
        flood=jit(FunctionType(flood.__code__, scope, flood.__name__)),
        accumulate=jit(accumulate),
    )
    _warm_up(kernels)
    return kernels


def _warm_up(kernels: SimpleNamespace) -> None:
    """Call both once on a single cell, with the types of the real calls, so that they compile."""
    z = np.full(9, np.nan, np.float32)
    z[4] = 1
    state = np.full(9, NODATA, np.uint8)
    state[4] = EXIT
    order, heap = np.zeros(1, np.int32), np.full(8, 4, np.int64)
    offsets = neighbour_offsets(3)
    counts = np.array([1, 0, 0, 0])
    kernels.flood(z, z.view(np.int32), state, order, heap, counts, np.zeros(2), offsets, 1)
    kernels.accumulate(z, state, order, np.ones(9), offsets, np.ones((3, 8)), 3, 1.1, 1, 0)


def neighbour_offsets(stride: int) -> np.ndarray:
    """Return the flat offsets of NW, N, NE, W, E, SW, S, SE in a grid of ``stride`` columns."""
    return np.array(
        [-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1], np.int64
    )
