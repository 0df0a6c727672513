"""New listings: board, code, name, issue price and the company's lasting properties."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date

import numpy as np

from naxs_assets.errors import ConfigurationError
from naxs_assets.market.limits import DAILY_LIMITS, limit_ratios
from naxs_assets.market.synthetic.state import (
    BOARDS,
    INDUSTRIES,
    MAIN,
    Flags,
    Floats,
    Instrument,
    Integers,
    State,
)

_BOARD_SHARES = (0.60, 0.25, 0.11, 0.04)  # main, ChiNext, STAR, Beijing

_PREFIXES: tuple[tuple[str, ...], ...] = (
    ("600", "000", "601", "002", "603", "605", "001", "003"),
    ("300", "301", "302"),
    ("688", "689"),
    ("920", "830", "870", "430"),
)
_CODES_OF_A_PREFIX = 999
_EXCHANGE = {"6": "SH", "0": "SZ", "3": "SZ", "9": "BJ", "8": "BJ", "4": "BJ"}

_DAILY_LISTING_CHANCE = 1 / 250  # an empty place waits about a year


def opening_days(calendar: list[date]) -> Integers:
    """Return the calendar index of each board's first day; the main board's is 0."""
    opened = [0] * len(BOARDS)
    for place, board in enumerate(BOARDS):
        if place != MAIN:
            since = min(rule.since for rule in DAILY_LIMITS if rule.board == board)
            opened[place] = bisect_left(calendar, since)
    return np.array(opened, dtype=np.int64)


def choose_boards(rng: np.random.Generator, count: int, is_open: Flags) -> Integers:
    """Return a board for each of ``count`` listings; a board not yet open goes to the main one."""
    edges = np.cumsum(_BOARD_SHARES)[:-1]
    boards = np.searchsorted(edges, rng.random(count), side="right").astype(np.int64)
    return np.where(is_open[boards], boards, MAIN)


def list_instruments(
    state: State,
    rng: np.random.Generator,
    places: Integers,
    *,
    boards: Integers,
    prices: Floats,
    dates: list[date],
) -> None:
    """Fill ``places`` with new instruments at ``prices`` (cents), listed on ``dates``."""
    count = places.size
    industries = rng.integers(0, len(INDUSTRIES), count)
    for place, board, industry, listed_on in zip(places, boards, industries, dates, strict=True):
        state.instrument[place] = len(state.instruments)
        state.instruments.append(_new_instrument(state, int(board), int(industry), listed_on))
    cents = np.rint(prices).astype(np.int64)
    value = np.exp(np.log(8e9) + 1.1 * rng.standard_normal(count))
    state.board[places] = boards
    state.industry[places] = industries
    state.beta[places] = np.clip(1 + 0.25 * rng.standard_normal(count), 0.3, 1.8)
    state.sigma[places] = 0.0190 * np.clip(np.exp(0.25 * rng.standard_normal(count)), 0.5, 2.0)
    state.normal_turnover[places] = 0.012 * np.exp(0.5 * rng.standard_normal(count))
    state.close[places] = cents
    state.shares[places] = np.rint(value / cents).astype(np.int64) * 100
    state.average_value[places] = state.shares[places] * cents / 100
    state.adj_factor[places] = 1.0
    for cleared in (
        state.listing_day,
        state.pending,
        state.suspended_left,
        state.st_days,
        state.paid_in_year,
        state.log_turnover,
        state.sentiment,
        state.unread,
        state.signal,
    ):
        cleared[places] = 0
    state.recent[:, places] = 0.0
    state.is_st[places] = False
    state.days_to_delisting[places] = -1


def list_new_shares(
    state: State, rng: np.random.Generator, today: date, is_open: Flags
) -> Integers:
    """List new shares in some of the empty places; return these places.

    Where the first day has a limit (the +44 % regime) the demand lasts for several one-price
    boards; where it has none, the first day takes it all.
    """
    chance = rng.random(state.places)
    places = np.flatnonzero(~state.listed & (chance < _DAILY_LISTING_CHANCE))
    if places.size == 0:
        return places
    boards = choose_boards(rng, places.size, is_open)
    prices = np.clip(np.exp(np.log(1600) + 0.6 * rng.standard_normal(places.size)), 300, 20000)
    dates = [today] * places.size
    list_instruments(state, rng, places, boards=boards, prices=prices, dates=dates)
    demand = rng.random(places.size)
    limited = np.array(
        [limit_ratios(BOARDS[board], False, today, 0) is not None for board in boards]
    )
    state.pending[places] = np.where(limited, 0.6 + 0.5 * demand, -0.1 + 1.2 * demand)
    state.log_turnover[places] = 3.0
    return places


def _new_instrument(state: State, board: int, industry: int, listed_on: date) -> Instrument:
    serial = state.issued_codes[board]
    state.issued_codes[board] += 1
    prefixes = _PREFIXES[board]
    if serial >= _CODES_OF_A_PREFIX * len(prefixes):
        raise ConfigurationError(
            f"the {BOARDS[board]} board has no code left on {listed_on}",
            where="listings of the synthetic market",
            remedy="ask for fewer names or a shorter market",
        )
    code = f"{prefixes[serial % len(prefixes)]}{serial // len(prefixes) + 1:03d}"
    return Instrument(
        symbol=f"{code}.{_EXCHANGE[code[0]]}",
        name=f"合成{INDUSTRIES[industry]}{len(state.instruments) + 1:04d}",
        list_date=listed_on,
        industry=industry,
    )
