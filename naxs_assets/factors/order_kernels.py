"""Kernels that look at every value of a window: order statistics, extremes' places, high moments.

Conventions as in :mod:`naxs_assets.factors.kernels`. Each window is computed from its own values in
the order of the days, so a result has the same bits whatever was loaded before. The cost of a step
grows with the window; quantiles keep the window sorted, which makes a step two insertions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from naxs_assets.factors.kernels import Matrix

DEVIATION = 0
SKEWNESS = 1
KURTOSIS = 2

_FEWEST_FOR_SKEWNESS, _FEWEST_FOR_KURTOSIS = 3, 4

_kernel = njit(nogil=True, cache=True, fastmath=False, error_model="numpy")


@_kernel
def window_quantile(values: Matrix, window: int, quantile: float, result: Matrix) -> None:
    """The quantile of each window by linear interpolation between its sorted values."""
    days, symbols = values.shape
    ordered = np.empty(window, np.float32)
    for j in range(symbols):
        count = 0
        for day in range(days):
            if day >= window:
                gone = values[day - window, j]
                if np.isfinite(gone):
                    place = np.searchsorted(ordered[:count], gone)
                    for k in range(place, count - 1):
                        ordered[k] = ordered[k + 1]
                    count -= 1
            value = values[day, j]
            if np.isfinite(value):
                place = count
                while place > 0 and ordered[place - 1] > value:
                    ordered[place] = ordered[place - 1]
                    place -= 1
                ordered[place] = value
                count += 1
            if count == 0:
                result[day, j] = np.nan
                continue
            where = quantile * (count - 1)
            low = int(where)
            found = np.float64(ordered[low])
            if low + 1 < count:
                found += (np.float64(ordered[low + 1]) - found) * (where - low)
            result[day, j] = found


@_kernel
def window_place(
    values: Matrix, starts: npt.NDArray[np.int64], window: int, sign: float, result: Matrix
) -> None:
    """The place of the first maximum (``sign`` 1) or minimum (-1), from 1 at the oldest row.

    A missing value wins over every other, as in ``numpy.argmax``; a window without any value is
    NaN. ``starts`` is each symbol's first row with data: before it a window is shorter.
    """
    days, symbols = values.shape
    for j in range(symbols):
        for day in range(days):
            first = max(day - window + 1, starts[j])
            place, best, known = 0, 0.0, False
            missing = -1
            for row in range(first, day + 1):
                value = np.float64(values[row, j])
                if not np.isfinite(value):
                    missing = row if missing < 0 else missing
                elif not known or sign * value > best:
                    place, best, known = row, sign * value, True
            if missing >= 0:
                place = missing
            result[day, j] = np.float32(place - first + 1) if known else np.float32(np.nan)


@_kernel
def window_moment(values: Matrix, window: int, statistic: int, result: Matrix) -> None:
    """Mean absolute deviation, or skewness or excess kurtosis corrected for bias as in pandas.

    The latter need 3 and 4 values and some spread: NaN without; a window of equal values has
    skewness 0 and kurtosis -3, as in pandas.
    """
    days, symbols = values.shape
    for j in range(symbols):
        for day in range(days):
            first = max(0, day - window + 1)
            count, total = 0.0, 0.0
            for row in range(first, day + 1):
                value = np.float64(values[row, j])
                if np.isfinite(value):
                    count += 1.0
                    total += value
            if count == 0.0:
                result[day, j] = np.nan
                continue
            mean = total / count
            deviation = second = third = fourth = 0.0
            for row in range(first, day + 1):
                value = np.float64(values[row, j])
                if np.isfinite(value):
                    gap = value - mean
                    square = gap * gap
                    deviation += abs(gap)
                    second += square
                    third += square * gap
                    fourth += square * square
            if statistic == DEVIATION:
                result[day, j] = deviation / count
            elif statistic == SKEWNESS:
                result[day, j] = _skewness(count, second, third)
            else:
                result[day, j] = _kurtosis(count, second, fourth)


@_kernel
def _skewness(count: float, second: float, third: float) -> float:
    """Fisher and Pearson's G1, corrected for bias as in pandas."""
    if count < _FEWEST_FOR_SKEWNESS:
        return np.nan
    if second <= 0.0:
        return 0.0
    variance = second / count
    raw = (third / count) / (variance * np.sqrt(variance))
    return float(raw * np.sqrt(count * (count - 1.0)) / (count - 2.0))


@_kernel
def _kurtosis(count: float, second: float, fourth: float) -> float:
    """Excess kurtosis G2, corrected for bias as in pandas."""
    if count < _FEWEST_FOR_KURTOSIS:
        return np.nan
    if second <= 0.0:
        return -3.0
    variance = second / count
    raw = (count * count - 1.0) * (fourth / count) / (variance * variance)
    return (raw - 3.0 * (count - 1.0) ** 2) / ((count - 2.0) * (count - 3.0))


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    values = np.zeros((3, 2), np.float32)
    result = np.empty_like(values)
    window_quantile(values, 2, 0.5, result)
    window_place(values, np.zeros(2, np.int64), 2, 1.0, result)
    window_moment(values, 2, DEVIATION, result)
