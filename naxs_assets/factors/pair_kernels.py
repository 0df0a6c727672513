"""Rolling kernels of two series, and of one against time, compiled by numba.

Conventions and method as in :mod:`naxs_assets.factors.kernels`: sums of deviations from an anchor
in the window, of the tail of one block and the head of the next.
"""

from __future__ import annotations

import numpy as np

from naxs_assets.factors.kernels import LITTLE_VARIANCE, Doubles, kernel, not_loaded
from naxs_assets.factors.lanes import LANES


@kernel
def window_pairs(  # noqa: PLR0915 - compiled code is plain loops
    lefts: Doubles,
    rights: Doubles,
    first_day: int,
    window: int,
    scale: bool,
    little: float,
    result: Doubles,
) -> None:
    """Covariance (ddof 1) of the pairs of each window in which both values are there, or their
    correlation when ``scale``; NaN with fewer than two pairs, and without spread to divide by.

    A correlation is also NaN where either variance of the pairs is at most ``little``.
    """
    days = len(lefts)
    # Count, both anchors, both sums, both sums of squares and the sum of products.
    head = np.zeros((8, LANES))
    tail = np.zeros((window + 1, 8, LANES))
    for start in range(-(first_day % window), days, window):
        first, last = max(start, 0), min(start + window, days)
        head[:] = 0.0
        for day in range(first, last):
            cut = day - start + 1
            for j in range(LANES):
                x, y = lefts[day, j], rights[day, j]
                there = not (np.isnan(x) | np.isnan(y))
                fresh = there & (head[0, j] == 0.0)
                anchor_x = x if fresh else head[1, j]
                anchor_y = y if fresh else head[2, j]
                gap_x = x - anchor_x if there else 0.0
                gap_y = y - anchor_y if there else 0.0
                number = head[0, j] + (1.0 if there else 0.0)
                sum_x, sum_y = head[3, j] + gap_x, head[4, j] + gap_y
                square_x = head[5, j] + gap_x * gap_x
                square_y = head[6, j] + gap_y * gap_y
                product = head[7, j] + gap_x * gap_y
                head[0, j] = number
                head[1, j] = anchor_x
                head[2, j] = anchor_y
                head[3, j] = sum_x
                head[4, j] = sum_y
                head[5, j] = square_x
                head[6, j] = square_y
                head[7, j] = product
                joined = number * tail[cut, 0, j] > 0.0
                shift_x = anchor_x - tail[cut, 1, j] if joined else 0.0
                shift_y = anchor_y - tail[cut, 2, j] if joined else 0.0
                both = tail[cut, 0, j] + number
                sums_x = tail[cut, 3, j] + (sum_x + shift_x * number)
                sums_y = tail[cut, 4, j] + (sum_y + shift_y * number)
                squares_x = tail[cut, 5, j] + (
                    square_x + shift_x * (2.0 * sum_x + shift_x * number)
                )
                squares_y = tail[cut, 6, j] + (
                    square_y + shift_y * (2.0 * sum_y + shift_y * number)
                )
                crossed = shift_x * sum_y + shift_y * (sum_x + shift_x * number)
                products = tail[cut, 7, j] + (product + crossed)
                together = both * products - sums_x * sums_y
                spread_x = both * squares_x - sums_x * sums_x
                spread_y = both * squares_y - sums_y * sums_y
                spread_x = spread_x if spread_x > 0.0 else 0.0
                spread_y = spread_y if spread_y > 0.0 else 0.0
                pairs = both * (both - 1.0)
                floor = little * pairs if scale else -1.0
                divisor = np.sqrt(spread_x) * np.sqrt(spread_y) if scale else pairs
                known = (both > 1.0) & (spread_x > floor) & (spread_y > floor)
                result[day, j] = together / divisor if known else np.nan
        for day in range(last - 1, first - 1, -1):
            row = day - start
            for j in range(LANES):
                x, y = lefts[day, j], rights[day, j]
                there = not (np.isnan(x) | np.isnan(y))
                fresh = there & (tail[row + 1, 0, j] == 0.0)
                anchor_x = x if fresh else tail[row + 1, 1, j]
                anchor_y = y if fresh else tail[row + 1, 2, j]
                gap_x = x - anchor_x if there else 0.0
                gap_y = y - anchor_y if there else 0.0
                tail[row, 0, j] = tail[row + 1, 0, j] + (1.0 if there else 0.0)
                tail[row, 1, j] = anchor_x
                tail[row, 2, j] = anchor_y
                tail[row, 3, j] = tail[row + 1, 3, j] + gap_x
                tail[row, 4, j] = tail[row + 1, 4, j] + gap_y
                tail[row, 5, j] = tail[row + 1, 5, j] + gap_x * gap_x
                tail[row, 6, j] = tail[row + 1, 6, j] + gap_y * gap_y
                tail[row, 7, j] = tail[row + 1, 7, j] + gap_x * gap_y
        not_loaded(tail, first - start)


@kernel
def window_line(  # noqa: PLR0915 - compiled code is plain loops
    values: Doubles,
    first_day: int,
    window: int,
    slopes: Doubles,
    fits: Doubles,
    residuals: Doubles,
) -> None:
    """The least-squares line of each window's values upon their days: its slope per day, R², and
    the last value's residual; NaN with fewer than two values, R² also without spread."""
    days = len(values)
    # Count, anchor, sum and sum of squares of the values; sum and squares of the days, products.
    head = np.zeros((7, LANES))
    tail = np.zeros((window + 1, 7, LANES))
    for start in range(-(first_day % window), days, window):
        first, last = max(start, 0), min(start + window, days)
        head[:] = 0.0
        for day in range(first, last):
            cut = day - start + 1
            # Days count from the cut between tail and head: small whole numbers, exact.
            now = float(day - start)
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                time = now if there else 0.0
                anchor = value if there & (head[0, j] == 0.0) else head[1, j]
                gap = value - anchor if there else 0.0
                number = head[0, j] + (1.0 if there else 0.0)
                total = head[2, j] + gap
                square = head[3, j] + gap * gap
                time_sum = head[4, j] + time
                time_square = head[5, j] + time * time
                product = head[6, j] + time * gap
                head[0, j] = number
                head[1, j] = anchor
                head[2, j] = total
                head[3, j] = square
                head[4, j] = time_sum
                head[5, j] = time_square
                head[6, j] = product
                joined = number * tail[cut, 0, j] > 0.0
                shift = anchor - tail[cut, 1, j] if joined else 0.0
                both = tail[cut, 0, j] + number
                totals = tail[cut, 2, j] + (total + shift * number)
                squares = tail[cut, 3, j] + (square + shift * (2.0 * total + shift * number))
                time_sums = tail[cut, 4, j] + time_sum
                time_squares = tail[cut, 5, j] + time_square
                products = tail[cut, 6, j] + (product + shift * time_sum)
                together = both * products - time_sums * totals
                time_spread = both * time_squares - time_sums * time_sums
                spread = both * squares - totals * totals
                enough = both > 1.0
                slope = together / time_spread if enough else np.nan
                flat = spread <= LITTLE_VARIANCE * (both * (both - 1.0))
                fit = together * slope / spread
                rest = (gap + shift) - totals / both - slope * (now - time_sums / both)
                slopes[day, j] = slope
                fits[day, j] = np.nan if flat else fit
                residuals[day, j] = rest if there & enough else np.nan
        for day in range(last - 1, first - 1, -1):
            row = day - start
            then = float(row - window)
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                time = then if there else 0.0
                anchor = value if there & (tail[row + 1, 0, j] == 0.0) else tail[row + 1, 1, j]
                gap = value - anchor if there else 0.0
                tail[row, 0, j] = tail[row + 1, 0, j] + (1.0 if there else 0.0)
                tail[row, 1, j] = anchor
                tail[row, 2, j] = tail[row + 1, 2, j] + gap
                tail[row, 3, j] = tail[row + 1, 3, j] + gap * gap
                tail[row, 4, j] = tail[row + 1, 4, j] + time
                tail[row, 5, j] = tail[row + 1, 5, j] + time * time
                tail[row, 6, j] = tail[row + 1, 6, j] + time * gap
        not_loaded(tail, first - start)


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    values = np.zeros((3, LANES))
    result = np.empty_like(values)
    window_pairs(values, values, 0, 2, True, 0.0, result)
    window_line(values, 0, 2, result, np.empty_like(values), np.empty_like(values))
