"""What a series of daily figures says: mean, deviation, ratio and a t value that allows for
autocorrelation; and which factors go together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from naxs_assets.factors.operator import Array


def newey_west_lags(days: int, overlap: int = 0) -> int:
    """How many autocovariances count: floor(4 (T/100)^(2/9)), the rule of Newey and West (1994,
    Review of Economic Studies 61) for Bartlett weights, or ``overlap`` if that is more: labels
    that share ``overlap`` days are autocorrelated so far (Hansen and Hodrick 1980).
    """
    return max(int(4 * (days / 100) ** (2 / 9)), overlap)


def newey_west_t(values: Array, overlap: int = 0) -> float:
    """t value of the mean of ``values``, NaN left out (Newey and West 1987, Econometrica 55).

    mean / sqrt(S / T) with S = c_0 + 2 sum_j (1 - j / (L + 1)) c_j, c_j the autocovariance of lag
    j divided by T, and L of :func:`newey_west_lags`. NaN with fewer than two values or no
    variation.
    """
    known = values[np.isfinite(values)]
    days = len(known)
    if days < 2:
        return math.nan
    mean = float(known.mean())
    error = known - mean
    lags = min(newey_west_lags(days, overlap), days - 1)
    spread = float(error @ error)
    if not _varies(spread, mean, days):
        return math.nan
    for lag in range(1, lags + 1):
        spread += 2 * (1 - lag / (lags + 1)) * float(error[lag:] @ error[:-lag])
    return mean / math.sqrt(spread / days / days) if spread > 0 else math.nan


def _varies(squares: float, mean: float, days: int) -> bool:
    """Whether a sum of squares about the mean is more than what rounding leaves."""
    return squares > 1e-24 * days * mean * mean


@dataclass(frozen=True)
class Summary:
    """Mean, sample deviation, their ratio (not annualised) and Newey-West t over ``days`` days."""

    mean: float
    deviation: float
    ratio: float
    t: float
    days: int


def summary(values: Array, overlap: int = 0) -> Summary:
    """The summary of daily ``values``, NaN left out; what cannot be told is NaN, as the ratio of
    what does not vary."""
    known = values[np.isfinite(values)]
    days = len(known)
    mean = float(known.mean()) if days else math.nan
    deviation = float(known.std(ddof=1)) if days > 1 else math.nan
    varies = days > 1 and _varies(deviation * deviation * (days - 1), mean, days)
    ratio = mean / deviation if varies else math.nan
    return Summary(mean, deviation, ratio, newey_west_t(known, overlap), days)


def mean(values: Array) -> float:
    """Mean of the known values, NaN where there is none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def clusters(correlation: Array, threshold: float) -> list[int]:
    """The cluster of each factor, numbered from 1 in the order of their first members.

    Average linkage (UPGMA; Sokal and Michener 1958) on the distance 1 - |correlation|: two clusters
    are joined while the mean |correlation| between their members is at least ``threshold``.
    An unknown correlation counts as 0.
    """
    near = np.nan_to_num(np.abs(correlation))
    np.fill_diagonal(near, -1.0)
    members = [[factor] for factor in range(len(near))]
    while len(near) > 1:
        one, other = sorted(divmod(int(near.argmax()), len(near)))
        if near[one, other] < threshold:
            break
        sizes = len(members[one]), len(members[other])
        joined = (sizes[0] * near[one] + sizes[1] * near[other]) / sum(sizes)
        near[one, :] = near[:, one] = joined
        near[one, one] = -1.0
        near = np.delete(np.delete(near, other, axis=0), other, axis=1)
        members[one] += members.pop(other)
    found = [0] * len(correlation)
    for number, cluster in enumerate(sorted(members, key=min), start=1):
        for factor in cluster:
            found[factor] = number
    return found
