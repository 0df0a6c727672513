"""What a live upstream can offer: for one table the calls to make and how to read the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.sources.base import (
    RAW_CORPORATE_ACTIONS,
    RAW_FUNDAMENTALS,
    RAW_INDEX_BARS,
    RAW_INDUSTRY,
    RAW_INSTRUMENTS,
    RAW_NEWS,
    Columns,
)


class PulledTable(StrEnum):
    """The tables that are pulled, each from one family at a time."""

    OPEN_DAYS = "open_days"
    INSTRUMENTS = "instruments"
    MEMBERS = "members"
    DAY = "day"
    HISTORY = "history"
    CONFIRMING_DAY = "confirming_day"
    CONFIRMING_HISTORY = "confirming_history"
    FACTORS = "factors"
    INDEX_BARS = "index_bars"
    SUSPENSIONS = "suspensions"
    ST = "st"
    CORPORATE_ACTIONS = "corporate_actions"
    INDUSTRY = "industry"
    FUNDAMENTALS = "fundamentals"
    NEWS = "news"


_BARS: Columns = {
    "date": pl.Date,
    "symbol": pl.String,
    "open": pl.Float64,
    "high": pl.Float64,
    "low": pl.Float64,
    "close": pl.Float64,
    "pre_close": pl.Float64,
    "change": pl.Float64,
    "volume": pl.Int64,
    "amount": pl.Float64,
    "turnover": pl.Float64,
    "is_st": pl.Boolean,
    "is_suspended": pl.Boolean,
}

PULLED: dict[PulledTable, Columns] = {
    PulledTable.OPEN_DAYS: {"date": pl.Date},
    PulledTable.INSTRUMENTS: RAW_INSTRUMENTS,
    PulledTable.MEMBERS: {
        "index": pl.String,
        "symbol": pl.String,
        "date": pl.Date,
        "weight": pl.Float64,
    },
    PulledTable.DAY: _BARS,
    PulledTable.HISTORY: _BARS,
    PulledTable.CONFIRMING_DAY: _BARS,
    PulledTable.CONFIRMING_HISTORY: _BARS,
    PulledTable.FACTORS: {"symbol": pl.String, "ex_date": pl.Date, "factor": pl.Float64},
    PulledTable.INDEX_BARS: RAW_INDEX_BARS,
    PulledTable.SUSPENSIONS: {"date": pl.Date, "symbol": pl.String},
    PulledTable.ST: {"date": pl.Date, "symbol": pl.String},
    PulledTable.CORPORATE_ACTIONS: RAW_CORPORATE_ACTIONS,
    PulledTable.INDUSTRY: RAW_INDUSTRY,
    PulledTable.FUNDAMENTALS: RAW_FUNDAMENTALS,
    PulledTable.NEWS: RAW_NEWS,
}
"""Columns of each pulled table: CNY unadjusted, shares, ratios, ``600519.SH``, Shanghai days.

``DAY`` is every symbol on one day, ``HISTORY`` one symbol over many days; both are bars, and what
a family does not tell is null. ``CONFIRMING_DAY`` and ``CONFIRMING_HISTORY`` are the same of a
family whose bars do not stand: to compare with, never to make bars from. ``MEMBERS`` is who was in
the index on ``date``; ``weight`` is a ratio. ``FACTORS`` is one symbol's whole series of cumulative
back-adjustment factors, each valid from its ``ex_date`` on.
"""


CONFIRMING: dict[PulledTable, PulledTable] = {
    PulledTable.CONFIRMING_DAY: PulledTable.DAY,
    PulledTable.CONFIRMING_HISTORY: PulledTable.HISTORY,
}
"""The tables that confirm bars, each with the one that it is read as."""


NO_ROW_WHEN_SUSPENDED = frozenset({Family.SINA, Family.TENCENT, Family.EASTMONEY})
"""Families whose histories have no row on a day of suspension; their days have one."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of an offer; an offer reads the parts that its table needs.

    ``now`` is the Shanghai day on which it is asked: a snapshot is of this day.
    """

    first: date
    last: date
    now: date
    symbols: tuple[str, ...] = ()
    index: str = ""


@dataclass(frozen=True)
class Offer:
    """How one family gives one table.

    ``calls`` lists the calls for what is wanted, one by one independent; ``rows`` turns their
    answers into the columns of ``PULLED``, in canonical units, sorted by key. ``rows`` raises
    ``SchemaChangedError`` where a value cannot be what its column promises.
    """

    family: Family
    table: PulledTable
    calls: Callable[[Wanted], Sequence[Call]]
    rows: Callable[[Wanted, Sequence[Answer]], pl.DataFrame]


Offers = Callable[[PulledTable], Sequence[Offer]]
"""The offers of a table, the one to ask first in front."""
