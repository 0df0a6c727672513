"""Weights in whole billionths of nav, and the refusal of weights that nobody could hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from naxs_assets.backtest.construction.candidates import Floats
from naxs_assets.errors import DataError

PARTS = 1_000_000_000
_ROUNDING = 1e-6
"""In parts: a value this close below a whole part is that part, not the one under it."""


def whole_parts(weights: Floats, total: float, cap: float = 1.0) -> Floats:
    """``weights`` (at least 0) rounded to 9 decimals, none above ``cap``, ``total`` in sum at most.

    Largest remainders: each weight is rounded down, and the parts that are missing to the sum of
    the weights, or to ``total`` if that is less, go to the largest remainders, ties to the earlier
    name. A weight below one part becomes 0, and stays 0. Where the weights sum to more than
    ``total`` they are first scaled down to it.
    """
    given = float(weights.sum())
    exact = weights * (PARTS * (total / given if given > total else 1.0))
    parts = np.minimum(np.floor(exact + _ROUNDING), np.floor(cap * PARTS + _ROUNDING))
    missing = int(np.floor(min(given, total) * PARTS + _ROUNDING) - parts.sum())
    open_to_more = np.flatnonzero((parts > 0) & (parts < np.floor(cap * PARTS + _ROUNDING)))
    by_remainder = np.argsort((parts - exact)[open_to_more], kind="stable")
    if missing > 0:
        parts[open_to_more[by_remainder[:missing]]] += 1
    return parts / PARTS


def legal_weights(weights: Floats, symbols: Sequence[str]) -> None:
    """Refuse weights that are NaN, infinite, negative or above 1, or above 1 + 1e-9 in sum.

    Raises :class:`DataError` that names the first such symbol and its weight.
    """
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0) & (weights <= 1)))
    problem = ""
    if wrong.size:
        first = int(wrong[0])
        problem = (
            f"the weight of {symbols[first]} is {float(weights[first])!r}, not a ratio from 0 to 1"
        )
        if wrong.size > 1:
            problem += f" (and those of {wrong.size - 1} more)"
    elif weights.sum() > 1 + 1 / PARTS:
        largest = int(weights.argmax())
        problem = (
            f"weights sum to {float(weights.sum()):.9f}, above 1"
            f" (the largest: {symbols[largest]}, {float(weights[largest]):.9f})"
        )
    if problem:
        raise DataError(
            problem,
            where="target weights",
            remedy="give each name a ratio of nav, long only, 1 in sum at most; the rest is cash",
        )
