"""Rolling kernels whose weights fall with age, and the rule that a window must be whole.

Conventions as in :mod:`naxs_assets.factors.kernels`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.kernels import Doubles, kernel, not_loaded
from naxs_assets.factors.lanes import LANES


@kernel
def window_weighted(
    values: Doubles, present: npt.NDArray[np.bool_], window: int, result: Doubles
) -> None:
    """Qlib's WMA: the mean, over the values that are there, of weight x value.

    The weights 1 to n, of n rows, are divided by their sum, and the mean divides once more by the
    number of values: so it is defined in ``qlib/data/ops.py`` 0.9.7. A window begins with the first
    of its days on which the symbol is ``present`` or a value is there.
    """
    length, total, count = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
    for day in range(len(values)):
        length[:] = 0.0
        total[:] = 0.0
        count[:] = 0.0
        for other in range(max(0, day - window + 1), day + 1):
            for j in range(LANES):
                value = values[other, j]
                there = not np.isnan(value)
                begun = there | present[other, j] | (length[j] > 0.0)
                length[j] += 1.0 if begun else 0.0
                total[j] += length[j] * value if there else 0.0
                count[j] += 1.0 if there else 0.0
        for j in range(LANES):
            weights = 0.5 * length[j] * (length[j] + 1.0)
            result[day, j] = total[j] / weights / count[j] if count[j] > 0.0 else np.nan


@kernel
def window_exponential(
    values: Doubles, first_day: int, window: int, keep: float, fewest: float, result: Doubles
) -> None:
    """Mean of each window with weights ``keep`` to the power of a value's age in days; NaN with
    fewer than ``fewest`` values.

    The weights count days, not values (``ewm(ignore_na=False, adjust=True)`` of pandas).
    """
    days = len(values)
    head = np.zeros((3, LANES))  # count, weights and weighted sum, as of the newest day
    tail = np.zeros((window + 1, 3, LANES))
    for start in range(-(first_day % window), days, window):
        first, last = max(start, 0), min(start + window, days)
        head[:] = 0.0
        for day in range(first, last):
            cut = day - start + 1
            aged = keep**cut
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                head[0, j] += 1.0 if there else 0.0
                head[1, j] = keep * head[1, j] + (1.0 if there else 0.0)
                head[2, j] = keep * head[2, j] + (value if there else 0.0)
                number = tail[cut, 0, j] + head[0, j]
                weights = aged * tail[cut, 1, j] + head[1, j]
                total = aged * tail[cut, 2, j] + head[2, j]
                known = (number >= fewest) & (weights > 0.0)
                result[day, j] = total / weights if known else np.nan
        # The tails as of the block's last day, of weight 1.
        tail[last - start] = 0.0
        for day in range(last - 1, first - 1, -1):
            row = day - start
            weight = keep ** (start + window - 1 - day)
            for j in range(LANES):
                value = values[day, j]
                there = not np.isnan(value)
                tail[row, 0, j] = tail[row + 1, 0, j] + (1.0 if there else 0.0)
                tail[row, 1, j] = tail[row + 1, 1, j] + (weight if there else 0.0)
                tail[row, 2, j] = tail[row + 1, 2, j] + (weight * value if there else 0.0)
        not_loaded(tail, first - start)


@kernel
def forget_partial(values: Doubles, window: int, result: Doubles) -> None:
    """Make NaN what comes of a window in which a value is missing."""
    missing = np.zeros(LANES)
    for day in range(len(values)):
        gone = day - window
        for j in range(LANES):
            missing[j] += 1.0 if np.isnan(values[day, j]) else 0.0
            if gone >= 0:
                missing[j] -= 1.0 if np.isnan(values[gone, j]) else 0.0
            if (missing[j] > 0.0) | (gone < -1):
                result[day, j] = np.nan


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    values = np.zeros((3, LANES))
    result = np.empty_like(values)
    window_weighted(values, np.ones((3, LANES), np.bool_), 2, result)
    window_exponential(values, 0, 2, 0.5, 1.0, result)
    forget_partial(values, 2, result)
