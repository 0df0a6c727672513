"""Rolling kernels whose cost does not grow with the window, compiled by numba.

A kernel reads a C-contiguous float64 matrix of (days x ``LANES`` symbols) in which NaN alone means
missing, and fills ``result`` of the same shape. A missing cell is skipped inside the window and
never blanks the row; a result without enough values is NaN (``rolling(window, min_periods=1)`` of
pandas).

The bits of a result depend only on the window's content and the day's absolute index, never on
the first row that happens to be loaded. The days are cut into blocks of ``window`` days
counted from absolute day 0; a window is the tail of one block and the head of the next, so two
scans, backward over the one and forward over the other, give every window by a single merge (van
Herk 1992; Gil and Werman 1993). A missing cell and a day that is not loaded are both the
identity of the merge, exactly.

Second moments are sums of deviations from an anchor, which is the value nearest to the cut between
the blocks. The anchor is one of the window's own values, so no value lies further from it than
the window's range, and no more is lost than about the window's length times the machine's
precision; a window of equal values has no spread at all, exactly.

The innermost loops run over the symbols, which are independent of each other and contiguous.
Their number is a constant: only so does the compiler see that the rows of a state do not
overlap, and uses vector instructions (4 times faster).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from naxs_assets.factors.lanes import LANES

Doubles: TypeAlias = npt.NDArray[np.float64]

LITTLE_VARIANCE = 2e-5**2
"""Qlib's Corr and Rsquare are NaN where a standard deviation is at most 2e-5."""

VARIANCE, DEVIATION, FLAT = range(3)
"""What :func:`window_variance` gives; the last is 1 where the variance is little, 0 elsewhere."""

# IEEE arithmetic as written: no reordering, no contraction; a division by zero does not raise.
kernel = njit(nogil=True, cache=True, fastmath=False, error_model="numpy")


@kernel
def window_sums(
    values: Doubles, first_day: int, window: int, divide: bool, result: Doubles
) -> None:
    """Sum over each window, or mean when ``divide``; NaN where the window has no value."""
    days = len(values)
    head = np.zeros((2, LANES))
    tail = np.zeros((window + 1, 2, LANES))
    for start in range(-(first_day % window), days, window):
        first, last = max(start, 0), min(start + window, days)
        head[:] = 0.0
        for day in range(first, last):
            cut = day - start + 1
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                count = head[0, j] + (1.0 if there else 0.0)
                total = head[1, j] + (value if there else 0.0)
                head[0, j] = count
                head[1, j] = total
                number = tail[cut, 0, j] + count
                merged = tail[cut, 1, j] + total
                scale = number if divide else 1.0
                result[day, j] = merged / scale if number > 0.0 else np.nan
        for day in range(last - 1, first - 1, -1):
            row = day - start
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                tail[row, 0, j] = tail[row + 1, 0, j] + (1.0 if there else 0.0)
                tail[row, 1, j] = tail[row + 1, 1, j] + (value if there else 0.0)
        not_loaded(tail, first - start)


@kernel
def not_loaded(tail: npt.NDArray[np.float64], rows: int) -> None:
    """The first ``rows`` of a block add nothing to the tail."""
    # Not by whole rows: the compiler takes 2 seconds for what such an assignment might complain of.
    for row in range(rows - 1, -1, -1):
        for statistic in range(tail.shape[1]):
            for j in range(LANES):
                tail[row, statistic, j] = tail[row + 1, statistic, j]


@kernel
def window_variance(
    values: Doubles, first_day: int, window: int, statistic: int, result: Doubles
) -> None:
    """Variance (ddof 1) over each window, its root, or whether it is little; NaN, and so not
    little, with fewer than two values."""
    days = len(values)
    head = np.zeros((4, LANES))  # count, anchor, sum and sum of squares of the deviations from it
    tail = np.zeros((window + 1, 4, LANES))
    for start in range(-(first_day % window), days, window):
        first, last = max(start, 0), min(start + window, days)
        head[:] = 0.0
        for day in range(first, last):
            cut = day - start + 1
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                anchor = value if there & (head[0, j] == 0.0) else head[1, j]
                gap = value - anchor if there else 0.0
                number = head[0, j] + (1.0 if there else 0.0)
                total = head[2, j] + gap
                square = head[3, j] + gap * gap
                head[0, j] = number
                head[1, j] = anchor
                head[2, j] = total
                head[3, j] = square
                # The head's sums as they are seen from the anchor of the tail.
                shift = anchor - tail[cut, 1, j] if number * tail[cut, 0, j] > 0.0 else 0.0
                both = tail[cut, 0, j] + number
                totals = tail[cut, 2, j] + (total + shift * number)
                squares = tail[cut, 3, j] + (square + shift * (2.0 * total + shift * number))
                spread = both * squares - totals * totals
                spread = spread if spread > 0.0 else 0.0
                pairs = both * (both - 1.0) if both > 1.0 else np.nan
                if statistic == FLAT:
                    result[day, j] = 1.0 if spread <= LITTLE_VARIANCE * pairs else 0.0
                else:
                    variance = spread / pairs
                    result[day, j] = np.sqrt(variance) if statistic == DEVIATION else variance
        for day in range(last - 1, first - 1, -1):
            row = day - start
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                anchor = value if there & (tail[row + 1, 0, j] == 0.0) else tail[row + 1, 1, j]
                gap = value - anchor if there else 0.0
                tail[row, 0, j] = tail[row + 1, 0, j] + (1.0 if there else 0.0)
                tail[row, 1, j] = anchor
                tail[row, 2, j] = tail[row + 1, 2, j] + gap
                tail[row, 3, j] = tail[row + 1, 3, j] + gap * gap
        not_loaded(tail, first - start)


@kernel
def window_maximum(
    values: Doubles, first_day: int, window: int, sign: float, result: Doubles
) -> None:
    """``sign`` x the maximum of ``sign`` x values: 1 gives the maximum, -1 the minimum."""
    days = len(values)
    head = np.empty(LANES)
    tail = np.full((window + 1, LANES), -np.inf)
    for start in range(-(first_day % window), days, window):
        first, last = max(start, 0), min(start + window, days)
        head[:] = -np.inf
        for day in range(first, last):
            cut = day - start + 1
            for j in range(LANES):
                value = sign * values[day, j]
                # A missing value is not greater than any.
                top = value if value > head[j] else head[j]
                head[j] = top
                best = top if top > tail[cut, j] else tail[cut, j]
                result[day, j] = sign * best if best > -np.inf else np.nan
        tail[last - start] = -np.inf
        for day in range(last - 1, first - 1, -1):
            row = day - start
            for j in range(LANES):
                value = sign * values[day, j]
                tail[row, j] = value if value > tail[row + 1, j] else tail[row + 1, j]
        for row in range(first - start - 1, -1, -1):
            for j in range(LANES):
                tail[row, j] = tail[row + 1, j]


@kernel
def window_place(
    values: Doubles,
    first_day: int,
    window: int,
    present: npt.NDArray[np.bool_],
    sign: float,
    result: Doubles,
) -> None:
    """The place of the first maximum (``sign`` 1) or minimum (-1), from 1 at the oldest row.

    A missing value wins over every other, as in ``numpy.argmax``; a window without any value is
    NaN. A window begins with the first of its days on which the symbol is ``present`` or a value
    is there, so that nothing before the window decides.
    """
    days = len(values)
    begins = np.empty((days + 1, LANES))  # the first row of a window whose oldest day this is
    gaps = np.empty((days + 1, LANES))  # the first missing value from this day on
    gap_from_begin = np.empty((days + 1, LANES))
    begins[days], gaps[days], gap_from_begin[days] = days, days, days
    for day in range(days - 1, -1, -1):
        now = float(day)
        for j in range(LANES):
            there = not np.isnan(values[day, j])
            begun = there | present[day, j]
            begins[day, j] = now if begun else begins[day + 1, j]
            gaps[day, j] = gaps[day + 1, j] if there else now
            gap_from_begin[day, j] = gaps[day, j] if begun else gap_from_begin[day + 1, j]
    head = np.zeros((3, LANES))  # the best value, its row, and how many values are there
    tail = np.zeros((window + 1, 3, LANES))
    tail[:, 0] = -np.inf
    for start in range(-(first_day % window), days, window):
        first, last = max(start, 0), min(start + window, days)
        head[0] = -np.inf
        head[2] = 0.0
        for day in range(first, last):
            cut = day - start + 1
            now, oldest = float(day), max(0, day - window + 1)
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                ranked = sign * value if there else -np.inf
                greater = ranked > head[0, j]
                best = ranked if greater else head[0, j]
                place = now if greater else head[1, j]
                number = head[2, j] + (1.0 if there else 0.0)
                head[0, j] = best
                head[1, j] = place
                head[2, j] = number
                found = place if best > tail[cut, 0, j] else tail[cut, 1, j]
                gap = gap_from_begin[oldest, j]
                found = gap if gap <= now else found
                any_there = number + tail[cut, 2, j] > 0.0
                result[day, j] = found - begins[oldest, j] + 1.0 if any_there else np.nan
        for day in range(last - 1, first - 1, -1):
            row = day - start
            now = float(day)
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                ranked = sign * value if there else -np.inf
                not_less = ranked >= tail[row + 1, 0, j]
                tail[row, 0, j] = ranked if not_less else tail[row + 1, 0, j]
                tail[row, 1, j] = now if not_less else tail[row + 1, 1, j]
                tail[row, 2, j] = tail[row + 1, 2, j] + (1.0 if there else 0.0)
        not_loaded(tail, first - start)


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    values = np.zeros((3, LANES))
    result = np.empty_like(values)
    window_sums(values, 0, 2, True, result)
    window_variance(values, 0, 2, VARIANCE, result)
    window_maximum(values, 0, 2, 1.0, result)
    window_place(values, 0, 2, np.ones(values.shape, np.bool_), 1.0, result)
