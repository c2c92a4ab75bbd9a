"""Jenks breaks of 5.5 million values: seconds, and variance within against an exact solver's."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load

SIZE = 5_500_000
CLASSES = (5, 9)
LIMIT_SECONDS, LIMIT_RATIO = 1.0, 1.0001


def data_sets(size: int) -> dict[str, np.ndarray]:
    """Return values like a curvature (heavy tails), a probability, and an elevation."""
    rng = np.random.default_rng(1)
    hills = rng.normal([3, 12, 60, 300], [1.5, 4, 20, 90], (size // 4 + 1, 4)).ravel()[:size]
    return {
        "curvature (Student t, 2 d.o.f.)": (0.05 * rng.standard_t(2, size)).astype(np.float32),
        "probability (beta 0.3, 1.2)": rng.beta(0.3, 1.2, size).astype(np.float32),
        "elevation (four modes)": hills.astype(np.float32),
    }


def compiled_layer():
    """Return compiled functions: cost of a class, and the best of one class more by its end."""
    import numba

    @numba.njit
    def cost(n, s, q, i, j):
        weight = n[j] - n[i]
        return q[j] - q[i] - (s[j] - s[i]) ** 2 / weight

    @numba.njit
    def layer(before, after, n, s, q, number):
        stack = [(number, len(n) - 1, number - 1, len(n) - 2)]
        while len(stack):
            first, last, low, high = stack.pop()
            middle = (first + last) // 2
            best, at = np.inf, low
            for i in range(low, min(high, middle - 1) + 1):
                value = before[i] + cost(n, s, q, i, middle)
                if value < best:
                    best, at = value, i
            after[middle] = best
            if first < middle:
                stack.append((first, middle - 1, low, at))
            if middle < last:
                stack.append((middle + 1, last, at, high))

    return cost, layer


def exact_solver():
    """Return a compiled function (sorted unique values, counts, classes) -> variance within.

    Divide and conquer over every distinct value, written apart from the plugin's program.
    """
    import numba

    cost, layer = compiled_layer()

    @numba.njit
    def solve(values, counts, classes):
        bins = len(values)
        n, s, q = np.zeros(bins + 1), np.zeros(bins + 1), np.zeros(bins + 1)
        mean = (values * counts).sum() / counts.sum()
        for i in range(bins):
            d = values[i] - mean
            n[i + 1], s[i + 1] = n[i] + counts[i], s[i] + counts[i] * d
            q[i + 1] = q[i] + counts[i] * d * d
        before = np.full(bins + 1, np.inf)
        for j in range(1, bins + 1):
            before[j] = cost(n, s, q, 0, j)
        for number in range(2, classes + 1):
            after = np.full(bins + 1, np.inf)
            layer(before, after, n, s, q, number)
            before = after
        return before[bins]

    return solve


def within(values: np.ndarray, breaks: list[float]) -> float:
    """Return the sum of squared deviations from class means, from the values themselves."""
    group = np.searchsorted(np.asarray(breaks, np.float32), values, side="left")
    parts = (values[group == g].astype(np.float64) for g in range(len(breaks) + 1))
    return float(sum(((part - part.mean()) ** 2).sum() for part in parts))


def bench(size: int = SIZE) -> list[dict]:
    """Return one row a figure."""
    load()
    from land_subsidence.subsidence_plugin.engine.classes.distribution import from_values
    from land_subsidence.subsidence_plugin.engine.classes.jenks import jenks_breaks

    solve, rows = exact_solver(), []
    solve(np.array([1.0, 2.0, 4.0]), np.ones(3), 2)
    for name, values in data_sets(size).items():
        distinct, counts = np.unique(values, return_counts=True)
        for classes in CLASSES:
            times = []
            for _repeat in range(3):
                copy = values.copy()
                begin = time.perf_counter()
                breaks = jenks_breaks(from_values(copy), classes)
                times.append(time.perf_counter() - begin)
            best = solve(distinct.astype(np.float64), counts.astype(np.float64), classes)
            ratio = within(values, breaks) / best
            what = f"Jenks, {size:,} values, {classes} classes, {name}"
            rows.append(
                {"name": what, "value": min(times), "unit": "s",
                 "target": f"< {LIMIT_SECONDS:g} s", "ok": min(times) < LIMIT_SECONDS}
            )  # fmt: skip
            rows.append(
                {"name": f"{what}: variance within / exact", "value": f"{ratio:.9f}", "unit": "",
                 "target": f"<= {LIMIT_RATIO}", "ok": ratio <= LIMIT_RATIO}
            )  # fmt: skip
    return rows


if __name__ == "__main__":
    for figure in bench():
        print(figure)
