"""Weights of the best names by score: equal, by score, by rank, by inverse volatility."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from naxs_assets.backtest.construction.candidates import Candidates, Floats
from naxs_assets.backtest.construction.parts import whole_parts
from naxs_assets.backtest.construction.settings import require

Indices = npt.NDArray[np.intp]


def equal_weights(
    candidates: Candidates, top: int, *, invested: float = 1.0, name_cap: float = 1.0
) -> Floats:
    """``invested`` in equal parts over the ``top`` best-scored names.

    Fewer names where fewer have a score; ties go by the symbol. No weight exceeds ``name_cap``: the
    excess goes to the other names in proportion, and what all caps together leave over is cash.
    Returns weights (names,), ratios of nav. Raises :class:`DataError` when no name has a score,
    :class:`ConfigurationError` on settings out of range.
    """
    best = _best(candidates, top, candidates.scored)
    return _shared_out(candidates, best, np.ones(best.size), invested, name_cap)


def score_weights(
    candidates: Candidates, top: int, *, invested: float = 1.0, name_cap: float = 1.0
) -> Floats:
    """Like :func:`equal_weights`, in proportion to the scores; a score of 0 or less gets nothing.

    All in cash where no score is above 0.
    """
    best = _best(candidates, top, candidates.scored)
    return _shared_out(
        candidates, best, np.maximum(candidates.scores[best], 0.0), invested, name_cap
    )


def rank_weights(
    candidates: Candidates, top: int, *, invested: float = 1.0, name_cap: float = 1.0
) -> Floats:
    """Like :func:`equal_weights`, in proportion to n, n - 1, ..., 1 from the best of n names on."""
    best = _best(candidates, top, candidates.scored)
    return _shared_out(
        candidates, best, np.arange(best.size, 0, -1, dtype=np.float64), invested, name_cap
    )


def inverse_volatility_weights(
    candidates: Candidates,
    top: int,
    *,
    minimum_days: int = 20,
    invested: float = 1.0,
    name_cap: float = 1.0,
) -> Floats:
    """Like :func:`equal_weights`, in proportion to 1 over the standard deviation of returns.

    The standard deviation (ddof 1) is over the known days of ``candidates.returns``. A name with
    fewer than ``minimum_days`` of them, or whose price never moved, is passed over, and the next
    best takes its place. All in cash where that leaves no name.
    """
    require(minimum_days >= 2, "minimum_days", minimum_days, "at least 2")
    known = np.isfinite(candidates.returns)
    days = known.sum(axis=0)
    mean = np.where(known, candidates.returns, 0.0).sum(axis=0) / np.maximum(days, 1)
    squares = (np.where(known, candidates.returns - mean, 0.0) ** 2).sum(axis=0)
    deviation = np.sqrt(squares / np.maximum(days - 1, 1))
    # Returns that are all the same leave a rounding error of their mean, which is no movement.
    moves = deviation > 1e-12 * np.maximum(np.abs(mean), 1e-12)
    best = _best(candidates, top, candidates.scored & (days >= minimum_days) & moves)
    return _shared_out(candidates, best, 1 / deviation[best], invested, name_cap)


def _best(candidates: Candidates, top: int, eligible: npt.NDArray[np.bool_]) -> Indices:
    """Places of the ``top`` best-scored eligible names, best first, ties in order of symbols."""
    require(top >= 1, "top", top, "at least 1")
    places = np.flatnonzero(eligible)
    return places[np.argsort(-candidates.scores[places], kind="stable")[:top]]


def _shared_out(
    candidates: Candidates, best: Indices, shares: Floats, invested: float, cap: float
) -> Floats:
    require(0 < invested <= 1, "invested", invested, "a ratio above 0 and up to 1")
    require(0 < cap <= 1, "name_cap", cap, "a ratio above 0 and up to 1")
    weights = np.zeros(len(candidates.symbols))
    weights[best] = filled(shares, invested, cap)
    return whole_parts(weights, invested, cap)


def filled(shares: Floats, total: float, cap: float) -> Floats:
    """``total`` in proportion to ``shares`` (at least 0), none above ``cap``.

    Water filling: what exceeds the cap goes to the names below it, in proportion, until none is
    above. The sum is ``total``, or less where every name with a share is at the cap.
    """
    weights = np.zeros(shares.size)
    below = shares > 0
    while below.any():
        left = total - cap * (np.count_nonzero(shares > 0) - np.count_nonzero(below))
        # Dividing by the largest first keeps tiny shares from overflowing.
        relative = shares[below] / shares[below].max()
        weights[below] = left * (relative / relative.sum())
        over = below & (weights >= cap)
        if not over.any():
            break
        weights[over] = cap
        below &= ~over
    return weights
