"""What happens to companies: suspensions, ST, delistings, jumps, dividends and bonus shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from naxs_assets.market.synthetic.state import Flags, Integers, State

DELISTING_DAYS = 15
"""Trading days from the announcement of a delisting to the last one."""

_LONGEST_SUSPENSION = 125  # about six months
_BONUS_TENTHS = np.array([1, 2, 3, 4, 5, 8, 10])
_ONE_YUAN = 100
_RIGHTS_TENTHS = 3


def suspend(state: State, rng: np.random.Generator) -> Flags:
    """Suspend some shares for 1 day to about 6 months; return who does not trade today."""
    chance, kind, length = rng.random((3, state.places))
    eligible = (
        state.listed
        & (state.suspended_left == 0)
        & (state.listing_day >= 10)
        & (state.days_to_delisting < 0)
    )
    begins = eligible & (chance < 1 / 1000)
    longest = np.where(kind < 0.70, 5, np.where(kind < 0.95, 30, _LONGEST_SUSPENSION))
    days = 1 + np.floor(length * longest).astype(np.int64)
    state.suspended_left[begins] = days[begins]
    state.suspended_for[begins] = days[begins]
    return state.listed & (state.suspended_left > 0)


def end_suspensions(state: State, rng: np.random.Generator) -> None:
    """Count a day of every suspension; the news of a long one is priced when it ends."""
    shock = rng.standard_normal(state.places)
    running = state.suspended_left > 0
    state.suspended_left[running] -= 1
    resumes = running & (state.suspended_left == 0) & (state.suspended_for > 10)
    state.pending[resumes] += np.clip(
        0.02 * np.sqrt(state.suspended_for[resumes]) * shock[resumes], -0.4, 0.6
    )


def change_st(state: State, rng: np.random.Generator, today: date, trading: Flags) -> Integers:
    """Put shares under ST and take others out, from today on; return the places newly under ST.

    Most entries come with the annual reports of late April. Each comes with bad news.
    """
    chance, news = rng.random((2, state.places))
    reporting = today.month == 4 and today.day >= 20
    seasoned = trading & (state.listing_day > 250) & (state.days_to_delisting < 0)
    leaves = seasoned & state.is_st & (state.st_days > 60) & (chance < 1 / 300)
    enters = seasoned & ~state.is_st & (chance < (1 / 400 if reporting else 1 / 12000))
    state.is_st[leaves] = False
    state.is_st[enters] = True
    state.st_days[enters] = 0
    state.pending[enters] -= 0.02 + 0.08 * news[enters]
    return np.flatnonzero(enters)


def announce_delistings(state: State, rng: np.random.Generator, trading: Flags) -> Integers:
    """Announce delistings of long ST shares and of shares below 1 CNY, in `DELISTING_DAYS` days.

    Returns the places that come under ST by it.
    """
    chance = rng.random(state.places)
    free = trading & (state.days_to_delisting < 0) & (state.listing_day >= 10)
    failing = free & state.is_st & (state.st_days >= 60) & (chance < 1 / 400)
    penny = free & (state.close < _ONE_YUAN) & (chance < 1 / 20)
    announced = failing | penny
    newly_st = announced & ~state.is_st
    state.days_to_delisting[announced] = DELISTING_DAYS
    state.pending[announced] = -0.15
    state.is_st[newly_st] = True
    state.st_days[newly_st] = 0
    return np.flatnonzero(newly_st)


def delist(state: State, today: date) -> None:
    """Count a day of every announced delisting; empty the places whose last day is today."""
    announced = state.days_to_delisting > 0
    state.days_to_delisting[announced] -= 1
    for place in np.flatnonzero(announced & (state.days_to_delisting == 0)):
        state.instruments[state.instrument[place]].delist_date = today
        state.instrument[place] = -1
        state.is_st[place] = False


def jump(state: State, rng: np.random.Generator, trading: Flags) -> None:
    """Give a few shares news larger than a day's limit: a run of one-price boards."""
    chance, size = rng.random((2, state.places))
    hit = trading & ~state.is_st & (state.listing_day >= 10) & (chance < 1 / 8000)
    rises = chance < 0.6 / 8000
    state.pending[hit] += np.where(rises, 0.12 + 0.20 * size, -0.10 - 0.15 * size)[hit]


@dataclass(frozen=True)
class ExRight:
    """A distribution: CNY a share in cents, and new shares for ten held; rights at a price."""

    instrument: int
    cash: int
    bonus_tenths: int
    rights_tenths: int
    rights_price: int


def go_ex_right(
    state: State, rng: np.random.Generator, today: date, trading: Flags
) -> tuple[Integers, Integers, list[ExRight]]:
    """Pay dividends, bonus shares and rights.

    Returns the ex-right previous close, yesterday's shares and the events. The first is in cents,
    ``(close - cash + rights x price) / (1 + bonus + rights)`` half up. ``adj_factor`` grows by
    exactly the previous close over it. Most companies pay once a year, from 10 May to 31 July;
    one in thirty of these asks for money instead.
    """
    pre_close = state.close.copy()
    shares_before = state.shares.copy()
    if not date(today.year, 5, 10) <= today <= date(today.year, 7, 31):
        return pre_close, shares_before, []
    chance, wealth, kind, cashless, ratio, needy = rng.random((6, state.places))
    pays = (
        trading
        & (state.listing_day >= 60)
        & (state.days_to_delisting < 0)
        & (state.close >= 2 * _ONE_YUAN)
        & (state.paid_in_year < today.year)
        & (chance < 1 / 50)
    )
    places = np.flatnonzero(pays)
    if places.size == 0:
        return pre_close, shares_before, []
    close = state.close[places]
    splits = kind[places] < np.where(close > 5000, 0.35, np.where(close > 1000, 0.15, 0.0))
    choice = np.floor(ratio[places] * _BONUS_TENTHS.size).astype(np.int64)
    tenths = np.where(splits, _BONUS_TENTHS[choice], 0)
    yields = 0.003 + 0.037 * wealth[places] ** 2
    cash = np.maximum(1, np.rint(close * yields).astype(np.int64))
    cash[splits & (cashless[places] < 0.3)] = 0
    asks = needy[places] < 1 / 30
    tenths, cash = np.where(asks, 0, tenths), np.where(asks, 0, cash)
    rights = np.where(asks, _RIGHTS_TENTHS, 0)
    price = np.where(asks, close * 7 // 10, 0)
    parts = 10 + tenths + rights
    reference = (2 * ((close - cash) * 10 + rights * price) + parts) // (2 * parts)
    pre_close[places] = reference
    state.adj_factor[places] *= close / reference
    state.shares[places] = state.shares[places] * parts // 10
    state.paid_in_year[places] = today.year
    happened = [
        ExRight(int(instrument), *map(int, figures))
        for instrument, *figures in zip(
            state.instrument[places], cash, tenths, rights, price, strict=True
        )
    ]
    return pre_close, shares_before, happened
