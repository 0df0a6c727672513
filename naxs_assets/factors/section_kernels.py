"""Kernels across the symbols of one day, compiled by numba."""

from __future__ import annotations

import numpy as np

from naxs_assets.factors.kernels import Doubles, kernel


@kernel
def ranks(values: Doubles, result: Doubles) -> None:
    """Percentile in (0, 1] of each value among its row's, ties averaged; NaN stays."""
    days, symbols = values.shape
    there = np.empty(symbols, np.int64)
    known = np.empty(symbols)
    for day in range(days):
        count = 0
        for j in range(symbols):
            result[day, j] = np.nan
            if not np.isnan(values[day, j]):
                there[count] = j
                known[count] = values[day, j]
                count += 1
        order = np.argsort(known[:count], kind="mergesort")
        first = 0
        while first < count:
            last = first
            while last + 1 < count and known[order[last + 1]] == known[order[first]]:
                last += 1
            rank = (0.5 * (first + last) + 1.0) / count
            for place in range(first, last + 1):
                result[day, there[order[place]]] = rank
            first = last + 1


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    values = np.zeros((1, 2))
    ranks(values, np.empty_like(values))
