"""Kernels of the factor report: correlations and groups within each day's names.

The rows of all days stand one after another; ``offsets[d]`` to ``offsets[d + 1]`` are those of day
d. What is not finite is unknown.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.kernels import kernel

Floats: TypeAlias = npt.NDArray[np.float32]
Doubles: TypeAlias = npt.NDArray[np.float64]
Offsets: TypeAlias = npt.NDArray[np.int64]
Places: TypeAlias = npt.NDArray[np.int32]
Groups: TypeAlias = npt.NDArray[np.int8]


@kernel
def orders(values: Floats, offsets: Offsets, order: Places) -> None:
    """The place within its day of the smallest value, the next, ...; the unknown come last."""
    for day in range(len(offsets) - 1):
        first, last = offsets[day], offsets[day + 1]
        known = np.empty(last - first, np.float32)
        for j in range(last - first):
            value = values[first + j]
            known[j] = value if np.isfinite(value) else np.inf
        sorted_places = np.argsort(known, kind="mergesort")
        for j in range(last - first):
            order[first + j] = sorted_places[j]


@kernel
def _deviations(
    values: Floats, order: Places, known: npt.NDArray[np.bool_], kept: Places, found: Doubles
) -> int:
    """Twice the average rank among the known, less its mean; returns how many are known."""
    count = 0
    for place in order:
        if known[place]:
            kept[count] = place
            count += 1
    first = 0
    while first < count:
        last = first
        while last + 1 < count and values[kept[last + 1]] == values[kept[first]]:
            last += 1
        for place in range(first, last + 1):
            found[kept[place]] = first + last + 1 - count
        first = last + 1
    return count


@kernel
def correlations(
    factor: Floats,
    factor_order: Places,
    outcomes: Floats,
    outcome_orders: Places,
    offsets: Offsets,
    ic: Doubles,
    rank_ic: Doubles,
    names: Places,
) -> None:
    """Pearson and Spearman correlation of a factor with each outcome, day by day.

    ``outcomes`` is (outcomes x rows); the results are (outcomes x days), NaN where either side
    does not vary among the names that have both.
    """
    most = 0
    for day in range(len(offsets) - 1):
        most = max(most, offsets[day + 1] - offsets[day])
    known = np.empty(most, np.bool_)
    kept = np.empty(most, np.int32)
    left, right = np.empty(most), np.empty(most)
    for day in range(len(offsets) - 1):
        first, last = offsets[day], offsets[day + 1]
        x, x_order = factor[first:last], factor_order[first:last]
        for which in range(len(outcomes)):
            y, y_order = outcomes[which, first:last], outcome_orders[which, first:last]
            x_mean, y_mean = 0.0, 0.0
            for j in range(len(x)):
                known[j] = np.isfinite(x[j]) and np.isfinite(y[j])
                if known[j]:
                    x_mean += x[j]
                    y_mean += y[j]
            count = _deviations(x, x_order, known, kept, left)
            _deviations(y, y_order, known, kept, right)
            names[which, day] = count
            ic[which, day] = rank_ic[which, day] = np.nan
            if count < 2:
                continue
            x_mean /= count
            y_mean /= count
            xx = yy = xy = rank_xx = rank_yy = rank_xy = 0.0
            for j in range(len(x)):
                if known[j]:
                    dx, dy = x[j] - x_mean, y[j] - y_mean
                    xx += dx * dx
                    yy += dy * dy
                    xy += dx * dy
                    rank_xx += left[j] * left[j]
                    rank_yy += right[j] * right[j]
                    rank_xy += left[j] * right[j]
            if rank_xx > 0.0 and rank_yy > 0.0:
                rank_ic[which, day] = rank_xy / np.sqrt(rank_xx * rank_yy)
                if xx > 0.0 and yy > 0.0:
                    ic[which, day] = xy / (np.sqrt(xx) * np.sqrt(yy))


@kernel
def groups(
    factor: Floats,
    order: Places,
    offsets: Offsets,
    count: int,
    group: Groups,
    deviation: npt.NDArray[np.int16],
) -> None:
    """The group of each row, 1 the lowest factor; 0 where it is unknown or names are too few.

    ``deviation`` is twice the average rank less its mean, 0 where unknown.
    """
    for day in range(len(offsets) - 1):
        first, last = offsets[day], offsets[day + 1]
        x = factor[first:last]
        known = np.isfinite(x)
        found = np.zeros(last - first)
        kept = np.empty(last - first, np.int32)
        names = _deviations(x, order[first:last], known, kept, found)
        for j in range(last - first):
            group[first + j] = 0
            deviation[first + j] = np.int16(found[j])
            if known[j] and names >= count:
                # twice the rank is whole, so that ties are in one group together
                doubled = int(found[j]) + names + 1
                group[first + j] = (doubled - 1) * count // (2 * names) + 1


@kernel
def group_means(
    group: Groups, outcome: Floats, offsets: Offsets, count: int, means: Doubles
) -> None:
    """Mean known outcome of each group, (groups x days); NaN where there is none."""
    for day in range(len(offsets) - 1):
        sums, known = np.zeros(count), np.zeros(count)
        for row in range(offsets[day], offsets[day + 1]):
            if group[row] > 0 and np.isfinite(outcome[row]):
                sums[group[row] - 1] += outcome[row]
                known[group[row] - 1] += 1
        for each in range(count):
            means[each, day] = sums[each] / known[each] if known[each] > 0 else np.nan


@kernel
def turnover(group: Groups, previous: Offsets, offsets: Offsets, top: int, found: Doubles) -> None:
    """Share of a day's names in group ``top`` that were not in it the trading day before.

    ``previous`` is the row of the same name on that day, -1 where there is none. NaN where either
    day has no such group.
    """
    grouped = np.zeros(len(offsets), np.bool_)
    for day in range(len(offsets) - 1):
        names, stayed, follows = 0, 0, False
        for row in range(offsets[day], offsets[day + 1]):
            follows = follows or previous[row] >= 0
            if group[row] == top:
                names += 1
                if previous[row] >= 0 and group[previous[row]] == top:
                    stayed += 1
        grouped[day] = names > 0
        there = names > 0 and follows and grouped[day - 1]
        found[day] = 1.0 - stayed / names if there else np.nan


def warm() -> None:
    """Compile every kernel for the types it is called with."""
    offsets = np.array([0, 3], np.int64)
    factor = np.arange(3, dtype=np.float32)
    order = np.empty(3, np.int32)
    orders(factor, offsets, order)
    ic, rank_ic, names = np.empty((1, 1)), np.empty((1, 1)), np.empty((1, 1), np.int32)
    correlations(factor, order, factor[None], order[None], offsets, ic, rank_ic, names)
    group = np.empty(3, np.int8)
    groups(factor, order, offsets, 2, group, np.empty(3, np.int16))
    group_means(group, factor, offsets, 2, np.empty((2, 1)))
    turnover(group, np.full(3, -1), offsets, 2, np.empty(1))
