"""Operators whose weights fall with age: WMA and EMA of Qlib."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from naxs_assets.factors.operator import ALL_HISTORY, MAX_DAYS, Array, Operator, Role
from naxs_assets.factors.tile import Tile

_FORGOTTEN = 2.0**-53
"""The share of all weight, the rounding of float64, below which older days are left out."""


def keep_of(span: float) -> float:
    """The weight of yesterday beside today's 1: of a span in days, or of a weight below 1."""
    return 1.0 - span if 0 < span < 1 else 1.0 - 2.0 / (span + 1.0)


def memory_of(span: float) -> int:
    """Days after which what an exponential mean left out weighs less than float64 rounds."""
    keep = keep_of(span)
    return max(1, math.ceil(math.log(_FORGOTTEN) / math.log(keep))) if keep > 0 else 1


def exponential_reads(span: float) -> tuple[int, int]:
    """The memory of a mean whose weight is forgotten within MAX_DAYS; else all history."""
    memory = memory_of(span)
    return (1 - memory, 0) if memory <= MAX_DAYS else (ALL_HISTORY, 0)


def exponential(*, whole: bool) -> Callable[..., Array]:
    """The mean; a ``whole`` one needs as many values as its span has days."""

    def compute(tile: Tile, values: Array, span: float) -> Array:
        from naxs_assets.factors import decay_kernels

        result = tile.empty()
        fewest = float(span) if whole and span >= 1 else 1.0
        decay_kernels.window_exponential(
            values, tile.first_day, memory_of(span), keep_of(span), fewest, result
        )
        return result

    return compute


def _weighted(tile: Tile, values: Array, days: int) -> Array:
    from naxs_assets.factors import decay_kernels

    result = tile.empty()
    decay_kernels.window_weighted(values, tile.present(), days, result)
    return result


def true_weighted(tile: Tile, values: Array, days: int) -> Array:
    """The mean with weights 1 to N that sum to 1, of windows without a missing value."""
    result = _weighted(tile, values, days)
    return np.multiply(result, days, out=result)


WMA = Operator(
    "WMA",
    (Role.SERIES, Role.WINDOW),
    _weighted,
    reads=lambda days: (1 - int(days) if days else ALL_HISTORY, 0),
    windowed=True,
)
EMA = Operator(
    "EMA",
    (Role.SERIES, Role.DECAY),
    exponential(whole=False),
    reads=exponential_reads,
    windowed=True,
)

DECAY = (WMA, EMA)


def decaying(operator: Operator) -> Operator:
    """What Qlib computes for a plain rolling ``operator`` of a window between 0 and 1, whatever its
    name: the exponential mean in which the newest day has that weight."""
    return replace(EMA, name=operator.name, roles=operator.roles)
