"""Kernels across the symbols of one day, compiled by numba."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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


@kernel
def clip_to_quantiles(values: Doubles, lower: float, upper: float) -> None:
    """Clip each row in place to its own two quantiles, linearly interpolated; NaN stays."""
    for day in range(len(values)):
        row = values[day]
        known = np.sort(row[~np.isnan(row)])
        if len(known) > 0:
            least = _quantile(known, lower)
            most = _quantile(known, upper)
            for j in range(len(row)):
                if row[j] < least:
                    row[j] = least
                elif row[j] > most:
                    row[j] = most


@kernel
def _quantile(ordered: npt.NDArray[np.float64], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    weight = place - below
    return float(ordered[below] + weight * (ordered[above] - ordered[below]))


@kernel
def demean_within(values: Doubles, groups: Doubles) -> None:
    """Take from each value, in place, the mean of its row's values of the same group.

    A value of no group (NaN) becomes NaN. Sums run in the order of the symbols, whatever number a
    group has.
    """
    for day in range(len(values)):
        names = np.unique(groups[day][~np.isnan(groups[day])])
        total = np.zeros(len(names))
        count = np.zeros(len(names))
        place = np.full(values.shape[1], -1)
        for j in range(values.shape[1]):
            if not np.isnan(values[day, j]) and not np.isnan(groups[day, j]):
                place[j] = np.searchsorted(names, groups[day, j])
                total[place[j]] += values[day, j]
                count[place[j]] += 1.0
        for j in range(values.shape[1]):
            if place[j] < 0:
                values[day, j] = np.nan
            else:
                values[day, j] -= total[place[j]] / count[place[j]]


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    values = np.zeros((1, 2))
    ranks(values, np.empty_like(values))
    clip_to_quantiles(values, 0.1, 0.9)
    demean_within(values, np.zeros_like(values))
