"""The return model: a Student-t market, industries, and idiosyncratic noise with three signals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from naxs_assets.market.synthetic.parameters import (
    NEWS_SIGNAL,
    REVERSAL_SIGNAL,
    TURNOVER_SIGNAL,
)
from naxs_assets.market.synthetic.state import (
    INDUSTRIES,
    REVERSAL_DAYS,
    Flags,
    Floats,
    State,
)

_DRIFT = 0.0004
_MARKET_SIGMA = 0.011
_INDUSTRY_SIGMA = 0.0045
_LARGEST_SCORE = 3.0
NEW_SHARE_DAYS = 10
"""Listing days whose returns are a new share's own story and enter no signal."""


@dataclass(frozen=True)
class Returns:
    """Returns wanted today before limits: what all share and each name's own part."""

    common: Floats
    own: Floats


def _student(rng: np.random.Generator, freedom: int, count: int) -> Floats:
    """Return Student-t numbers of unit variance."""
    numbers: Floats = rng.standard_t(freedom, count)
    return numbers * math.sqrt((freedom - 2) / freedom)


def draw_returns(state: State, rng: np.random.Generator) -> Returns:
    """Draw today's returns; the idiosyncratic mean is ``state.signal`` sigmas."""
    market = _DRIFT + _MARKET_SIGMA * _student(rng, 5, 1)
    industry = _INDUSTRY_SIGMA * _student(rng, 5, len(INDUSTRIES))
    noise = _student(rng, 6, state.places)
    new = state.listing_day < REVERSAL_DAYS
    own = state.sigma * np.where(new, 2.5, 1.0) * (noise + state.signal)
    return Returns(common=state.beta * market + industry[state.industry], own=own)


def _score(values: Floats, among: Flags) -> Floats:
    """Return the cross-sectional z-score over ``among``, within ±3, and 0 elsewhere."""
    if np.count_nonzero(among) < 2:
        return np.zeros_like(values)
    chosen = values[among]
    spread = chosen.std()
    if spread == 0:
        return np.zeros_like(values)
    score = np.clip((values - chosen.mean()) / spread, -_LARGEST_SCORE, _LARGEST_SCORE)
    return np.where(among, score, 0.0)


def plant_signals(state: State, realised_own: Floats, trading: Flags) -> None:
    """Set tomorrow's idiosyncratic mean from what happened up to today's close.

    ``realised_own`` is today's return in the market less its common part.
    """
    counted = trading & (state.listing_day >= NEW_SHARE_DAYS)
    state.recent[:-1] = state.recent[1:]
    state.recent[-1] = np.where(counted, realised_own, 0.0)
    reversal = _score(state.recent.sum(axis=0), counted)
    turnover = _score(state.log_turnover, counted)
    news = _score(state.sentiment, counted)
    state.signal = REVERSAL_SIGNAL * reversal + TURNOVER_SIGNAL * turnover + NEWS_SIGNAL * news
