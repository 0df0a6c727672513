"""The day loop: from the parameters of a market to all its bars."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, timedelta

import numpy as np
import polars as pl

from naxs_assets.errors import ConfigurationError
from naxs_assets.market.calendar import trading_days
from naxs_assets.market.sources.base import (
    RAW_CORPORATE_ACTIONS,
    RAW_INDEX_MEMBERS,
    RAW_INDUSTRY,
    RAW_INSTRUMENTS,
)
from naxs_assets.market.synthetic import events
from naxs_assets.market.synthetic.index import Index, IndexBar, review_days, smooth_value
from naxs_assets.market.synthetic.listings import list_new_shares, opening_days
from naxs_assets.market.synthetic.news import News, news_table, publish_news
from naxs_assets.market.synthetic.opening import open_market
from naxs_assets.market.synthetic.panel import Panel, Recorder
from naxs_assets.market.synthetic.parameters import INDEX_SYMBOL, SyntheticMarket
from naxs_assets.market.synthetic.publications import figures_table
from naxs_assets.market.synthetic.quotes import Quotes, quote
from naxs_assets.market.synthetic.returns import draw_returns, plant_signals
from naxs_assets.market.synthetic.state import INDUSTRIES, Flags, Instrument, Integers, State

_NOTICE = 15  # trading days from the announcement of a distribution to its ex-date
_AHEAD = timedelta(days=60)  # changes of the index are dated up to three weeks ahead


def generate(market: SyntheticMarket) -> Panel:
    """Return the market's bars, instruments and index, the same bits for the same parameters.

    Raises ``ConfigurationError`` when there is no trading day from ``first`` to ``last``, and when
    a board runs out of codes (some 6,000 names over some 30 years).
    """
    calendar = trading_days(None, market.last + _AHEAD)["date"].to_list()
    first = bisect_left(calendar, market.first)
    stop = bisect_right(calendar, market.last)
    if first == stop:
        raise ConfigurationError(
            f"no trading day from {market.first} to {market.last}",
            where="dates of the synthetic market",
            remedy="choose a range that holds a trading day",
        )
    state = open_market(market, calendar, first)
    index = Index(state, market.index_size, first)
    opened = opening_days(calendar)
    reviews = review_days(calendar)
    recorder = Recorder(stop - first, market.names)
    index_bars: list[IndexBar] = []
    actions: list[tuple[date, date, events.ExRight]] = []
    published: list[News] = []
    for day in range(first, stop):
        today = calendar[day]
        rng = market.stream(day)
        list_new_shares(state, rng, today, opened <= day)
        suspended = events.suspend(state, rng)
        trading = state.listed & ~suspended
        index.remove_st(state, events.change_st(state, rng, today, trading), day)
        index.remove_st(state, events.announce_delistings(state, rng, trading), day)
        events.jump(state, rng, trading)
        close_before = state.close.copy()
        pre_close, shares_before, distributed = events.go_ex_right(state, rng, today, trading)
        actions += [(calendar[max(day - _NOTICE, 0)], today, one) for one in distributed]
        returns = draw_returns(state, rng)
        quotes = quote(state, rng, pre_close, returns, today=today, trading=trading)
        _record(
            recorder,
            day - first,
            state=state,
            quotes=quotes,
            pre_close=pre_close,
            suspended=suspended,
        )
        index_bars.append(
            index.price(
                state,
                rng,
                quotes,
                today=day,
                close_before=close_before,
                shares_before=shares_before,
            )
        )
        state.close = quotes.close
        smooth_value(state)
        published += publish_news(state, rng, today, calendar[day + 1])
        plant_signals(state, quotes.close / pre_close - 1 - returns.common, trading)
        if day in reviews:
            index.review(state, day, reviews[day])
        _end_day(state, rng, today)
    return Panel(
        days=calendar[first:stop],
        recorded=recorder,
        index_recorded=index_bars,
        instruments=_instruments_table(state.instruments),
        index_members=_members_table(index, state.instruments, calendar),
        corporate_actions=_actions_table(actions, state.instruments),
        industry=_industry_table(state.instruments),
        fundamentals=figures_table(market, state.instruments),
        news=news_table(published, state.instruments),
    )


def _record(
    recorder: Recorder,
    row: int,
    *,
    state: State,
    quotes: Quotes,
    pre_close: Integers,
    suspended: Flags,
) -> None:
    recorder.instrument[row] = state.instrument
    for name in ("open", "high", "low", "close"):
        recorder.prices[name][row] = getattr(quotes, name)
    recorder.prices["pre_close"][row] = pre_close
    recorder.volume[row] = quotes.volume
    recorder.amount[row] = quotes.amount
    recorder.shares[row] = np.maximum(state.shares, 1)
    recorder.adj_factor[row] = state.adj_factor
    recorder.is_st[row] = state.is_st
    recorder.is_suspended[row] = suspended


def _end_day(state: State, rng: np.random.Generator, today: date) -> None:
    events.end_suspensions(state, rng)
    events.delist(state, today)
    state.listing_day += 1
    state.st_days += 1


def _instruments_table(instruments: list[Instrument]) -> pl.DataFrame:
    rows = [{name: getattr(one, name) for name in RAW_INSTRUMENTS} for one in instruments]
    return pl.DataFrame(rows, schema=RAW_INSTRUMENTS)


def _actions_table(
    actions: list[tuple[date, date, events.ExRight]], instruments: list[Instrument]
) -> pl.DataFrame:
    rows = [
        {
            "symbol": instruments[one.instrument].symbol,
            "ex_date": ex_date,
            "announced_at": announced,
            "payable_date": ex_date if one.cash else None,
            "cash": one.cash / 100,
            "bonus": one.bonus_tenths / 10,
            "rights": one.rights_tenths / 10,
            "rights_price": one.rights_price / 100 if one.rights_tenths else None,
        }
        for announced, ex_date, one in actions
    ]
    return pl.DataFrame(rows, schema=RAW_CORPORATE_ACTIONS)


def _industry_table(instruments: list[Instrument]) -> pl.DataFrame:
    rows = [
        {
            "symbol": one.symbol,
            "start_date": one.list_date,
            "code": f"S{one.industry + 1:02d}",
            "name": INDUSTRIES[one.industry],
            "level": 1,
        }
        for one in instruments
    ]
    return pl.DataFrame(rows, schema=RAW_INDUSTRY)


def _members_table(
    index: Index, instruments: list[Instrument], calendar: list[date]
) -> pl.DataFrame:
    def day(number: int | None) -> date | None:
        return None if number is None else calendar[number]

    rows = [
        {
            "index": INDEX_SYMBOL,
            "symbol": instruments[stay.instrument].symbol,
            "effective_from": day(stay.first),
            "effective_to": day(stay.last),
            "announced_at": day(stay.announced),
        }
        for stay in index.history
    ]
    return pl.DataFrame(rows, schema=RAW_INDEX_MEMBERS).sort("symbol", "effective_from")
