"""How a grid is cut so that tiles give what the whole grid would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: Column, row, width and height.
Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Reach:
    """What a tile needs: ``halo`` cells around it, and corners at multiples of ``align``."""

    halo: int = 0
    align: int = 1

    def around(self, core: Window, size: tuple[int, int]) -> Window:
        """Return the window to compute so that the cells of ``core`` come out right.

        Parameters
        ----------
        core : Window
        size : (width, height)
            Of the raster, in which the window stays. Its far ends, too, lie at multiples of
            ``align``, or at the end of the raster.
        """
        spans = [self._span(core[axis], core[axis] + core[axis + 2], size[axis]) for axis in (0, 1)]
        (left, right), (top, bottom) = spans
        return left, top, right - left, bottom - top

    def _span(self, first: int, stop: int, size: int) -> tuple[int, int]:
        first = max(first - self.halo, 0) // self.align * self.align
        stop = -(-(stop + self.halo) // self.align) * self.align
        return first, min(stop, size)


def union(windows: list[Window]) -> Window:
    """Return the smallest window that holds them all."""
    left, top = min(w[0] for w in windows), min(w[1] for w in windows)
    right = max(w[0] + w[2] for w in windows)
    bottom = max(w[1] + w[3] for w in windows)
    return left, top, right - left, bottom - top


def parts(window: Window, side: int) -> Iterator[Window]:
    """Yield the squares of at most ``side`` cells that a window is cut into, row by row."""
    column, row, width, height = window
    for top in range(row, row + height, side):
        for left in range(column, column + width, side):
            yield left, top, min(side, column + width - left), min(side, row + height - top)


def inner(window: Window, core: Window) -> tuple[slice, slice]:
    """Return the rows and columns of ``core`` inside an array of ``window``."""
    top, left = core[1] - window[1], core[0] - window[0]
    return slice(top, top + core[3]), slice(left, left + core[2])
