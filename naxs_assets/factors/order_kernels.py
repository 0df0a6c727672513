"""Kernels that look at every value of a window: ranks, quantiles and high moments.

Conventions as in :mod:`naxs_assets.factors.kernels`. Each window is computed from its own values in
the order of the days, so a result has the same bits whatever was loaded before. The cost of a step
grows with the window; quantiles keep the window sorted, which makes a step one insertion.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.kernels import Doubles, kernel
from naxs_assets.factors.lanes import LANES

DEVIATION = 0
SKEWNESS = 1
KURTOSIS = 2

_FEWEST_FOR_SKEWNESS, _FEWEST_FOR_KURTOSIS = 3, 4


@kernel
def window_rank(values: Doubles, window: int, result: Doubles) -> None:
    """Percentile in (0, 1] of the last value within each window, ties averaged.

    NaN where the last value is missing.
    """
    days = len(values)
    score = np.zeros(LANES)
    count = np.zeros(LANES)
    for day in range(days):
        score[:] = 0.0
        for j in range(LANES):
            count[j] += 0.0 if np.isnan(values[day, j]) else 1.0
        if day >= window:
            gone = day - window
            for j in range(LANES):
                count[j] -= 0.0 if np.isnan(values[gone, j]) else 1.0
        for other in range(max(0, day - window + 1), day + 1):
            for j in range(LANES):
                # Twice the values below plus once the values equal, itself among them.
                below = 1.0 if values[other, j] < values[day, j] else 0.0
                score[j] += below + (1.0 if values[other, j] <= values[day, j] else 0.0)
        for j in range(LANES):
            there = not np.isnan(values[day, j])
            result[day, j] = (score[j] + 1.0) / (2.0 * count[j]) if there else np.nan


@kernel
def window_decay(values: Doubles, window: int, result: Doubles) -> None:
    """Mean of each window with weights that fall by equal steps, today's ``window`` and the oldest
    day's 1; a missing day takes its weight with it.
    """
    weights = np.zeros(LANES)
    totals = np.zeros(LANES)
    for day in range(len(values)):
        weights[:] = 0.0
        totals[:] = 0.0
        for other in range(max(0, day - window + 1), day + 1):
            weight = float(window - (day - other))
            for j in range(LANES):
                value = values[other, j]
                there = not np.isnan(value)
                weights[j] += weight if there else 0.0
                totals[j] += weight * value if there else 0.0
        for j in range(LANES):
            result[day, j] = totals[j] / weights[j] if weights[j] > 0.0 else np.nan


@kernel
def window_product(values: Doubles, window: int, result: Doubles) -> None:
    """Product of the values of each window."""
    count = np.zeros(LANES)
    product = np.zeros(LANES)
    for day in range(len(values)):
        count[:] = 0.0
        product[:] = 1.0
        for other in range(max(0, day - window + 1), day + 1):
            for j in range(LANES):
                value = values[other, j]
                there = not np.isnan(value)
                count[j] += 1.0 if there else 0.0
                product[j] *= value if there else 1.0
        for j in range(LANES):
            result[day, j] = product[j] if count[j] > 0.0 else np.nan


@kernel
def window_quantiles(
    values: Doubles, window: int, quantiles: npt.NDArray[np.float64], results: Doubles
) -> None:
    """Quantiles of each window by linear interpolation: ``results`` has one matrix for each.

    The window is kept sorted, what is missing at its end as infinity. One pass a day takes out
    the value that leaves and puts in the one that enters, without a branch.
    """
    ordered = np.full((window + 1, LANES), np.inf)
    before, entering, leaving = np.empty(LANES), np.empty(LANES), np.full(LANES, np.inf)
    count = np.zeros(LANES, np.int64)
    for day in range(len(values)):
        for j in range(LANES):
            there = not np.isnan(values[day, j])
            before[j] = -np.inf
            entering[j] = values[day, j] if there else np.inf
            count[j] += 1 if there else 0
        if day >= window:
            for j in range(LANES):
                there = not np.isnan(values[day - window, j])
                leaving[j] = values[day - window, j] if there else np.inf
                count[j] -= 1 if there else 0
        for k in range(window):
            for j in range(LANES):
                kept = ordered[k, j] if ordered[k, j] < leaving[j] else ordered[k + 1, j]
                larger = entering[j] if entering[j] > before[j] else before[j]
                ordered[k, j] = larger if larger < kept else kept
                before[j] = kept
        # Most symbols lack no value, and so have their quantiles in the same rows.
        most, others = min(window, day + 1), 0
        for j in range(LANES):
            others += 1 if (count[j] != most) & (count[j] != 0) else 0
        for number in range(len(quantiles)):
            result = results[number, day]
            where = quantiles[number] * (most - 1.0)
            low = int(where) if where > 0.0 else 0
            for j in range(LANES):
                below, above = ordered[low, j], ordered[low + 1, j]
                rest = (above - below) * (where - low) if above < np.inf else 0.0
                result[j] = below + rest if count[j] > 0 else np.nan
            for j in range(LANES if others else 0):
                if 0 < count[j] < most:
                    at = quantiles[number] * (count[j] - 1.0)
                    below, above = ordered[int(at), j], ordered[int(at) + 1, j]
                    rest = (above - below) * (at - int(at)) if above < np.inf else 0.0
                    result[j] = below + rest


@kernel
def window_moment(values: Doubles, window: int, statistic: int, result: Doubles) -> None:
    """Mean absolute deviation, or skewness or excess kurtosis corrected for bias as in pandas.

    The latter need 3 and 4 values and some spread: NaN without.
    """
    count, mean = np.zeros(LANES), np.zeros(LANES)
    deviation, second = np.zeros(LANES), np.zeros(LANES)
    third, fourth = np.zeros(LANES), np.zeros(LANES)
    for day in range(len(values)):
        count[:] = 0.0
        mean[:] = 0.0
        deviation[:] = 0.0
        second[:] = 0.0
        third[:] = 0.0
        fourth[:] = 0.0
        first = max(0, day - window + 1)
        for row in range(first, day + 1):
            for j in range(LANES):
                value = values[row, j]
                there = not np.isnan(value)
                count[j] += 1.0 if there else 0.0
                mean[j] += value if there else 0.0
        for j in range(LANES):
            mean[j] /= count[j]
        for row in range(first, day + 1):
            for j in range(LANES):
                value = values[row, j]
                gap = value - mean[j] if not np.isnan(value) else 0.0
                square = gap * gap
                deviation[j] += abs(gap)
                second[j] += square
                third[j] += square * gap
                fourth[j] += square * square
        for j in range(LANES):
            if count[j] == 0.0:
                result[day, j] = np.nan
            elif statistic == DEVIATION:
                result[day, j] = deviation[j] / count[j]
            elif statistic == SKEWNESS:
                result[day, j] = _skewness(count[j], second[j], third[j])
            else:
                result[day, j] = _kurtosis(count[j], second[j], fourth[j])


@kernel
def _skewness(count: float, second: float, third: float) -> float:
    """Fisher and Pearson's G1, corrected for bias as in pandas."""
    if count < _FEWEST_FOR_SKEWNESS or second <= 0.0:
        return np.nan
    variance = second / count
    raw = (third / count) / (variance * np.sqrt(variance))
    return float(raw * np.sqrt(count * (count - 1.0)) / (count - 2.0))


@kernel
def _kurtosis(count: float, second: float, fourth: float) -> float:
    """Excess kurtosis G2, corrected for bias as in pandas."""
    if count < _FEWEST_FOR_KURTOSIS or second <= 0.0:
        return np.nan
    variance = second / count
    raw = (count * count - 1.0) * (fourth / count) / (variance * variance)
    return (raw - 3.0 * (count - 1.0) ** 2) / ((count - 2.0) * (count - 3.0))


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    values = np.zeros((3, LANES))
    result = np.empty_like(values)
    window_rank(values, 2, result)
    window_decay(values, 2, result)
    window_product(values, 2, result)
    window_quantiles(values, 2, np.array([0.5]), result[None])
    window_moment(values, 2, DEVIATION, result)
