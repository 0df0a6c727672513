"""The market on the evening before its first day."""

from __future__ import annotations

from datetime import date

import numpy as np

from naxs_assets.market.synthetic.listings import choose_boards, list_instruments, opening_days
from naxs_assets.market.synthetic.parameters import SyntheticMarket
from naxs_assets.market.synthetic.state import State


def open_market(market: SyntheticMarket, calendar: list[date], first_day: int) -> State:
    """Return the state before the market's first day: about 92 % of the places are listed.

    ``calendar`` is every trading day from 1990-12-19 on; ``first_day`` is the index in it of
    the market's first day.
    """
    rng = market.stream(-1)
    state = State(market.names)
    occupied = rng.random(market.names) >= 0.08
    occupied[0] = True
    places = np.flatnonzero(occupied)
    # Seasoned listings only: the opening state has no new shares, so a board counts as
    # open once it is older than that.
    opened = opening_days(calendar)
    seasoned = first_day - 60
    boards = choose_boards(rng, places.size, opened <= seasoned)
    span = seasoned - opened[boards]
    listed_on = opened[boards] + np.floor(rng.random(places.size) * (span + 1)).astype(np.int64)
    prices = np.clip(np.exp(np.log(1200) + 0.7 * rng.standard_normal(places.size)), 200, 30000)
    dates = [calendar[int(day)] for day in listed_on]
    list_instruments(state, rng, places, boards=boards, prices=prices, dates=dates)
    state.listing_day[places] = first_day - listed_on
    state.log_turnover[places] = 0.4 * rng.standard_normal(places.size)
    state.is_st[places] = rng.random(places.size) < 0.03
    return state
