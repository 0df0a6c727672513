"""Turns wanted returns into quoted prices in cents within the day's limits, and into volume."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from naxs_assets.market.limits import LISTING_DAYS, limit_ratios
from naxs_assets.market.synthetic.returns import Returns
from naxs_assets.market.synthetic.state import BOARDS, Flags, Floats, Integers, State

_NO_LIMIT = -1
_SEALED_OVERSHOOT = 0.03
_LEAST_VOLUME = 100


@dataclass(frozen=True)
class Quotes:
    """A day's bars by listing place: prices and amount in cents, volume in shares."""

    open: Integers
    high: Integers
    low: Integers
    close: Integers
    volume: Integers
    amount: Integers


def limit_prices(state: State, pre_close: Integers, today: date) -> tuple[Integers, Integers]:
    """Return today's upper and lower limits in cents, -1 where there is none.

    The dated table gives a ratio for each board, ST status and listing day; the arithmetic is
    that of ``limits.with_limits``.
    """
    table = np.full((len(BOARDS), 2, LISTING_DAYS + 1, 2), _NO_LIMIT, dtype=np.int64)
    for board, name in enumerate(BOARDS):
        for is_st in (False, True):
            for listing_day in range(LISTING_DAYS + 1):
                ratios = limit_ratios(name, is_st, today, listing_day)
                if ratios is not None:
                    table[board, int(is_st), listing_day] = ratios
    listing_day_index = np.minimum(state.listing_day, LISTING_DAYS)
    up, down = np.moveaxis(
        table[state.board, state.is_st.astype(np.int64), listing_day_index], -1, 0
    )
    limited = up != _NO_LIMIT
    limit_up = np.where(limited, (pre_close * (1000 + up) + 500) // 1000, _NO_LIMIT)
    limit_down = np.where(limited, (pre_close * (1000 - down) + 500) // 1000, _NO_LIMIT)
    return limit_up, limit_down


def quote(
    state: State,
    rng: np.random.Generator,
    pre_close: Integers,
    returns: Returns,
    *,
    today: date,
    trading: Flags,
) -> Quotes:
    """Return the day's bars; shares that do not trade stay at their last close.

    News beyond the limit makes a one-price board and stays pending for the next day.
    """
    opening, rise, fall, interest = rng.standard_normal((4, state.places))
    limit_up, limit_down = limit_prices(state, pre_close, today)
    limited = limit_up != _NO_LIMIT
    lowest = np.where(limited, np.maximum(limit_down, 1), 1)
    highest = np.where(limited, limit_up, np.iinfo(np.int64).max)
    news = state.pending
    sealed_up = trading & limited & (news > 0) & (pre_close * (1 + news) >= limit_up)
    sealed_down = trading & limited & (news < 0) & (pre_close * (1 + news) <= limit_down)
    wanted = returns.common + returns.own
    target = pre_close * (1 + wanted + news)
    state.pending = np.where(
        sealed_up,
        news - (limit_up / pre_close - 1),
        np.where(sealed_down, news + (1 - limit_down / pre_close), np.where(trading, 0.0, news)),
    )
    sealed_up |= trading & limited & (target > limit_up * (1 + _SEALED_OVERSHOOT))
    sealed_down |= trading & limited & (target < limit_down * (1 - _SEALED_OVERSHOOT))
    sealed = sealed_up | sealed_down

    def within(price: Floats) -> Integers:
        # Bounded as floats first: far above any price, yet safe to turn into an integer.
        cents = np.floor(np.clip(price, 1.0, 1e12) + 0.5).astype(np.int64)
        return np.clip(cents, lowest, highest)

    close = within(target)
    close = np.where(sealed_up, limit_up, np.where(sealed_down, np.maximum(limit_down, 1), close))
    close = np.where(trading, close, pre_close)
    one_price = sealed | ~trading
    gap = news + 0.3 * wanted + 0.35 * state.sigma * opening
    open_ = np.where(one_price, close, within(pre_close * (1 + gap)))
    top = np.maximum(open_, close) * (1 + 0.45 * state.sigma * np.abs(rise))
    bottom = np.minimum(open_, close) * (1 - 0.45 * state.sigma * np.abs(fall))
    high = np.where(one_price, close, within(top))
    low = np.where(one_price, close, within(bottom))
    surprise = np.abs(returns.own) / state.sigma
    volume = _trade(state, interest, surprise, sealed, trading)
    average = (open_ + high + low + 2 * close) / 5
    amount = np.rint(average * volume).astype(np.int64)
    return Quotes(open_, high, low, close, volume, amount)


def _trade(
    state: State, interest: Floats, surprise: Floats, sealed: Flags, trading: Flags
) -> Integers:
    """Return the shares traded, and move the log turnover: slow memory, more on large moves."""
    moved = 0.85 * state.log_turnover + 0.22 * interest + 0.10 * (np.minimum(surprise, 5) - 0.75)
    state.log_turnover = np.where(trading, moved, state.log_turnover)
    turnover = state.normal_turnover * np.exp(state.log_turnover) * np.where(sealed, 0.08, 1.0)
    shares = np.floor(np.minimum(turnover, 0.8) * state.shares).astype(np.int64)
    return np.where(trading, np.maximum(shares, _LEAST_VOLUME), 0)
