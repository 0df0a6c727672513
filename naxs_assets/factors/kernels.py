"""Rolling kernels over dense (days x symbols) float32 matrices, compiled by numba.

Every kernel reads a C-contiguous float32 matrix and fills ``result`` of the same shape. A cell that
is not finite is missing: it is skipped inside the window and never blanks the row, and a
result without enough values is NaN (``rolling(window, min_periods=1)`` of pandas).

The bits of a result depend only on the window's content and the day's absolute index, never on
the first row that happens to be loaded. The days are cut into blocks of ``window`` days
counted from absolute day 0; a window is the tail of one block and the head of the next, so two
scans, backward over the one and forward over the other, give every window by a single merge (van
Herk 1992; Gil and Werman 1993). Nothing is subtracted, so nothing cancels, and a window needs
exactly its own days. A missing cell and a day that is not loaded are both the identity of
the merge, exactly. Moments merge by Chan, Golub and LeVeque (1979).

The innermost loop runs over symbols, which are independent of each other and contiguous in
memory; ``_SYMBOLS_AT_ONCE`` of them keep the scans of a block inside the cache.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Matrix: TypeAlias = npt.NDArray[np.float32]
Moments: TypeAlias = npt.NDArray[np.float64]

COVARIANCE = 0
CORRELATION = 1
SLOPE = 2
RESIDUAL = 3

_SYMBOLS_AT_ONCE = 128

# IEEE arithmetic as written: no reordering, no contraction; a division by zero does not raise.
_kernel = njit(nogil=True, cache=True, fastmath=False, error_model="numpy")


@_kernel
def window_sums(values: Matrix, first_day: int, window: int, divide: bool, result: Matrix) -> None:
    """Sum over each window, or mean when ``divide``; NaN where the window has no value."""
    days, symbols = values.shape
    count = np.zeros(_SYMBOLS_AT_ONCE)
    total = np.zeros(_SYMBOLS_AT_ONCE)
    for left in range(0, symbols, _SYMBOLS_AT_ONCE):
        width = min(_SYMBOLS_AT_ONCE, symbols - left)
        tail_count = np.zeros((window + 1, _SYMBOLS_AT_ONCE))
        tail_sum = np.zeros((window + 1, _SYMBOLS_AT_ONCE))
        for start in range(-(first_day % window), days, window):
            first = max(start, 0)
            last = min(start + window, days)
            for j in range(width):
                count[j] = 0.0
                total[j] = 0.0
            for day in range(first, last):
                cut = day - start + 1
                for j in range(width):
                    value = np.float64(values[day, left + j])
                    there = np.isfinite(value)
                    count[j] += 1.0 if there else 0.0
                    total[j] += value if there else 0.0
                    number = tail_count[cut, j] + count[j]
                    merged = tail_sum[cut, j] + total[j]
                    scale = number if divide else 1.0
                    result[day, left + j] = merged / scale if number > 0.0 else np.nan
            for day in range(last - 1, first - 1, -1):
                row = day - start
                for j in range(width):
                    value = np.float64(values[day, left + j])
                    there = np.isfinite(value)
                    tail_count[row, j] = tail_count[row + 1, j] + (1.0 if there else 0.0)
                    tail_sum[row, j] = tail_sum[row + 1, j] + (value if there else 0.0)
            for row in range(first - start - 1, -1, -1):
                for j in range(width):
                    tail_count[row, j] = tail_count[row + 1, j]
                    tail_sum[row, j] = tail_sum[row + 1, j]


@_kernel
def window_variance(
    values: Matrix, first_day: int, window: int, root: bool, result: Matrix
) -> None:
    """Variance (ddof 1) over each window, or its root; NaN with fewer than two values."""
    days, symbols = values.shape
    count = np.zeros(_SYMBOLS_AT_ONCE)
    mean = np.zeros(_SYMBOLS_AT_ONCE)
    square = np.zeros(_SYMBOLS_AT_ONCE)
    for left in range(0, symbols, _SYMBOLS_AT_ONCE):
        width = min(_SYMBOLS_AT_ONCE, symbols - left)
        tail_count = np.zeros((window + 1, _SYMBOLS_AT_ONCE))
        tail_mean = np.zeros((window + 1, _SYMBOLS_AT_ONCE))
        tail_square = np.zeros((window + 1, _SYMBOLS_AT_ONCE))
        for start in range(-(first_day % window), days, window):
            first = max(start, 0)
            last = min(start + window, days)
            for j in range(width):
                count[j] = 0.0
                mean[j] = 0.0
                square[j] = 0.0
            for day in range(first, last):
                cut = day - start + 1
                for j in range(width):
                    value = np.float64(values[day, left + j])
                    there = np.isfinite(value)
                    number = count[j] + (1.0 if there else 0.0)
                    step = value - mean[j] if there else 0.0
                    centre = mean[j] + step / (number if number > 0.0 else 1.0)
                    spread = square[j] + (step * (value - centre) if there else 0.0)
                    count[j] = number
                    mean[j] = centre
                    square[j] = spread
                    before = tail_count[cut, j]
                    both = before + number
                    gap = centre - tail_mean[cut, j]
                    share = number / (both if both > 0.0 else 1.0)
                    merged = tail_square[cut, j] + spread + gap * gap * (before * share)
                    variance = merged / (both - 1.0) if both > 1.0 else np.nan
                    result[day, left + j] = np.sqrt(variance) if root else variance
            for day in range(last - 1, first - 1, -1):
                row = day - start
                for j in range(width):
                    value = np.float64(values[day, left + j])
                    there = np.isfinite(value)
                    number = tail_count[row + 1, j] + (1.0 if there else 0.0)
                    step = value - tail_mean[row + 1, j] if there else 0.0
                    centre = tail_mean[row + 1, j] + step / (number if number > 0.0 else 1.0)
                    added = step * (value - centre) if there else 0.0
                    tail_count[row, j] = number
                    tail_mean[row, j] = centre
                    tail_square[row, j] = tail_square[row + 1, j] + added
            for row in range(first - start - 1, -1, -1):
                for j in range(width):
                    tail_count[row, j] = tail_count[row + 1, j]
                    tail_mean[row, j] = tail_mean[row + 1, j]
                    tail_square[row, j] = tail_square[row + 1, j]


@_kernel
def window_maximum(
    values: Matrix, first_day: int, window: int, sign: float, result: Matrix
) -> None:
    """``sign`` x the maximum of ``sign`` x values: 1 gives the maximum, -1 the minimum."""
    days, symbols = values.shape
    nothing = np.float32(-np.inf)
    factor = np.float32(sign)
    head = np.empty(_SYMBOLS_AT_ONCE, np.float32)
    for left in range(0, symbols, _SYMBOLS_AT_ONCE):
        width = min(_SYMBOLS_AT_ONCE, symbols - left)
        tail = np.full((window + 1, _SYMBOLS_AT_ONCE), nothing)
        for start in range(-(first_day % window), days, window):
            first = max(start, 0)
            last = min(start + window, days)
            for j in range(width):
                head[j] = nothing
            for day in range(first, last):
                cut = day - start + 1
                for j in range(width):
                    value = values[day, left + j]
                    signed = factor * value if np.isfinite(value) else nothing
                    top = signed if signed > head[j] else head[j]
                    head[j] = top
                    best = top if top > tail[cut, j] else tail[cut, j]
                    result[day, left + j] = factor * best if best > nothing else np.nan
            for day in range(last - 1, first - 1, -1):
                row = day - start
                for j in range(width):
                    value = values[day, left + j]
                    signed = factor * value if np.isfinite(value) else nothing
                    tail[row, j] = signed if signed > tail[row + 1, j] else tail[row + 1, j]
            for row in range(first - start - 1, -1, -1):
                for j in range(width):
                    tail[row, j] = tail[row + 1, j]


@_kernel
def _append_pair(before: Moments, after: Moments, j: int, x: float, y: float) -> None:
    """Moments of symbol ``j`` with the pair (x, y) added, unless one of both is missing.

    Rows: count, mean of x, mean of y, and the centred sums of xx, yy and xy.
    """
    there = np.isfinite(x) and np.isfinite(y)
    number = before[0, j] + (1.0 if there else 0.0)
    divisor = number if number > 0.0 else 1.0
    step_x = x - before[1, j] if there else 0.0
    step_y = y - before[2, j] if there else 0.0
    mean_x = before[1, j] + step_x / divisor
    mean_y = before[2, j] + step_y / divisor
    rest_x = x - mean_x if there else 0.0
    rest_y = y - mean_y if there else 0.0
    after[0, j] = number
    after[1, j] = mean_x
    after[2, j] = mean_y
    after[3, j] = before[3, j] + step_x * rest_x
    after[4, j] = before[4, j] + step_y * rest_y
    after[5, j] = before[5, j] + step_x * rest_y


@_kernel
def window_pairs(  # noqa: PLR0912 - compiled code is plain loops
    lefts: Matrix, rights: Matrix, first_day: int, window: int, statistic: int, result: Matrix
) -> None:
    """A statistic of the pairs of each window in which both values are there.

    ``COVARIANCE`` (ddof 1), ``CORRELATION``, ``SLOPE`` of ``lefts`` upon ``rights`` by least
    squares, or the ``RESIDUAL`` of the window's last pair from that line; NaN with fewer than two
    pairs or without any spread to divide by.
    """
    days, symbols = lefts.shape
    head = np.zeros((6, _SYMBOLS_AT_ONCE))
    for left in range(0, symbols, _SYMBOLS_AT_ONCE):
        width = min(_SYMBOLS_AT_ONCE, symbols - left)
        tail = np.zeros((window + 1, 6, _SYMBOLS_AT_ONCE))
        for start in range(-(first_day % window), days, window):
            first = max(start, 0)
            last = min(start + window, days)
            for moment in range(6):
                for j in range(width):
                    head[moment, j] = 0.0
            for day in range(first, last):
                older = tail[day - start + 1]
                for j in range(width):
                    x = np.float64(lefts[day, left + j])
                    y = np.float64(rights[day, left + j])
                    _append_pair(head, head, j, x, y)
                    both = older[0, j] + head[0, j]
                    weight = older[0, j] * (head[0, j] / (both if both > 0.0 else 1.0))
                    gap_x = head[1, j] - older[1, j]
                    gap_y = head[2, j] - older[2, j]
                    square_x = older[3, j] + head[3, j] + gap_x * gap_x * weight
                    square_y = older[4, j] + head[4, j] + gap_y * gap_y * weight
                    product = older[5, j] + head[5, j] + gap_x * gap_y * weight
                    scale = square_y
                    if statistic == COVARIANCE:
                        scale = both - 1.0
                    elif statistic == CORRELATION:
                        scale = np.sqrt(square_x) * np.sqrt(square_y)
                    known = both > 1.0 and scale > 0.0
                    found = product / scale if known else np.nan
                    if statistic == RESIDUAL:
                        share = head[0, j] / (both if both > 0.0 else 1.0)
                        rest_x = x - (older[1, j] + gap_x * share)
                        rest_y = y - (older[2, j] + gap_y * share)
                        found = rest_x - found * rest_y
                    result[day, left + j] = found
            for day in range(last - 1, first - 1, -1):
                row = day - start
                for j in range(width):
                    x = np.float64(lefts[day, left + j])
                    y = np.float64(rights[day, left + j])
                    _append_pair(tail[row + 1], tail[row], j, x, y)
            for row in range(first - start - 1, -1, -1):
                for moment in range(6):
                    for j in range(width):
                        tail[row, moment, j] = tail[row + 1, moment, j]


@_kernel
def window_rank(values: Matrix, window: int, result: Matrix) -> None:
    """Percentile in (0, 1] of the last value within each window, ties averaged.

    NaN where the last value is missing. Counts directly, which is exact wherever it starts.
    """
    days, symbols = values.shape
    score = np.zeros(_SYMBOLS_AT_ONCE, np.float32)
    count = np.zeros(_SYMBOLS_AT_ONCE, np.float32)
    known = np.empty((days, _SYMBOLS_AT_ONCE), np.float32)
    one = np.float32(1.0)
    none = np.float32(0.0)
    for left in range(0, symbols, _SYMBOLS_AT_ONCE):
        width = min(_SYMBOLS_AT_ONCE, symbols - left)
        for j in range(width):
            count[j] = none
        for day in range(days):
            for j in range(width):
                value = values[day, left + j]
                there = np.isfinite(value)
                known[day, j] = value if there else np.float32(np.nan)
                count[j] += one if there else none
                score[j] = none
            if day >= window:
                for j in range(width):
                    count[j] -= none if np.isnan(known[day - window, j]) else one
            for other in range(max(0, day - window + 1), day + 1):
                for j in range(width):
                    # Twice the values below plus once the values equal, itself among them.
                    score[j] += one if known[other, j] < known[day, j] else none
                    score[j] += one if known[other, j] <= known[day, j] else none
            for j in range(width):
                rank = (np.float64(score[j]) + 1.0) / (2.0 * np.float64(count[j]))
                result[day, left + j] = np.nan if np.isnan(known[day, j]) else rank


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    values = np.zeros((3, 2), np.float32)
    result = np.empty_like(values)
    window_sums(values, 0, 2, True, result)
    window_variance(values, 0, 2, True, result)
    window_maximum(values, 0, 2, 1.0, result)
    window_pairs(values, values, 0, 2, COVARIANCE, result)
    window_rank(values, 2, result)
