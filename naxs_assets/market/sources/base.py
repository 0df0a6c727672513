"""What every source of market data offers, in canonical units, before any quality rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

import polars as pl

Columns = Mapping[str, type[pl.DataType] | pl.DataType]
"""Names and types of a table's columns, in order."""

RAW_BARS: Columns = {
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
    "adj_factor": pl.Float64,
    "is_st": pl.Boolean,
    "is_suspended": pl.Boolean,
    "source": pl.String,
    "bad_cells": pl.String,
    "supplemented": pl.Boolean,
    "supplement_disagrees": pl.Boolean,
}
"""Columns of ``Source.bars``: CNY unadjusted, shares, ratios; possibly dirty.

``change`` is the vendor's return of the day, a ratio against the ex-right previous close;
``turnover`` is volume over free-float shares. ``source`` names who gave the row, whole.
``bad_cells`` is JSON ``{column: text}`` of cells that could not be read as a number or a date; the
cell itself is null. A row whose date or symbol is unreadable belongs to the day of its neighbour in
the file and is kept too. ``is_suspended`` null leaves it to the volume: none or zero is suspended.
A field the source lacks is an all-null column, named in ``Source.gaps``.
``supplemented`` marks a row whose ``pre_close``, ``amount`` and status came from the source's
second table, ``supplement_disagrees`` one that is there too but with another close or none, so that
nothing was taken; in both null is no.
"""

RAW_INDEX_BARS: Columns = {
    "date": pl.Date,
    "index": pl.String,
    "open": pl.Float64,
    "high": pl.Float64,
    "low": pl.Float64,
    "close": pl.Float64,
    "volume": pl.Int64,
    "amount": pl.Float64,
}
"""Columns of ``Source.index_bars``: index points, shares, CNY."""

RAW_INSTRUMENTS: Columns = {
    "symbol": pl.String,
    "name": pl.String,
    "list_date": pl.Date,
    "delist_date": pl.Date,
}
"""Columns of ``Source.instruments``; null ``list_date`` means the source does not know it."""

RAW_INDEX_MEMBERS: Columns = {
    "index": pl.String,
    "symbol": pl.String,
    "effective_from": pl.Date,
    "effective_to": pl.Date,
    "announced_at": pl.Date,
}
"""Columns of ``Source.index_members``; ``effective_to`` is the last day inclusive, null = still."""

RAW_CORPORATE_ACTIONS: Columns = {
    "symbol": pl.String,
    "ex_date": pl.Date,
    "announced_at": pl.Date,
    "payable_date": pl.Date,
    "cash": pl.Float64,
    "bonus": pl.Float64,
    "rights": pl.Float64,
    "rights_price": pl.Float64,
}
"""Columns of ``Source.corporate_actions``: ``cash`` CNY a share before tax, ``bonus`` and
``rights`` new shares a share, ``rights_price`` CNY; what does not happen is 0, what the source does
not know null."""

RAW_INDUSTRY: Columns = {
    "symbol": pl.String,
    "start_date": pl.Date,
    "code": pl.String,
    "name": pl.String,
    "level": pl.Int64,
}
"""Columns of ``Source.industry``: valid from ``start_date`` until the symbol's next row of the
level; a null ``start_date`` says that only today's industry is known."""

RAW_FUNDAMENTALS: Columns = {
    "symbol": pl.String,
    "report_period": pl.Date,
    "announced_at": pl.Date,
    "available_at": pl.Datetime("us", "UTC"),
    "item": pl.String,
    "value": pl.Float64,
}
"""Columns of ``Source.fundamentals``: one row per figure and publication. ``value`` is in CNY,
shares or ratios; ``announced_at`` null when unknown, ``available_at`` never: it is the instant from
which a decision may use the figure, and the source states how it knows. A source that knows when it
took a figure in has a further column ``ingested_at``, an instant."""

RAW_NEWS: Columns = {
    "id": pl.String,
    "symbol": pl.String,
    "published_at": pl.Datetime("us", "UTC"),
    "available_at": pl.Datetime("us", "UTC"),
    "title": pl.String,
    "source": pl.String,
}
"""Columns of ``Source.news``; ``available_at`` is the instant from which it may be used."""


class FactorPolicy(StrEnum):
    """What to do where ``adj_factor`` contradicts the vendor's ``change``."""

    KEEP = "keep"
    REBUILD = "rebuild_from_change"
    QUARANTINE = "quarantine"


@dataclass(frozen=True)
class DeclaredGaps:
    """What a source is known to lack.

    A rule that needs one of ``columns`` (names of ``RAW_BARS``) reports ``not_applicable``; in a
    month where some rows have a value after all, it is applied to those and says how many.
    ``tables`` are the names of tables that it does not have at all, such as ``news``. ``notes`` say
    in words what is missing, for the quality report. ``suspended_rows``: the source has no row on a
    day of suspension, so that a missing row means one.
    """

    columns: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    suspended_rows: bool = False


class Source(Protocol):
    """A provider of one market, read by the market assets."""

    @property
    def name(self) -> str:
        """``synthetic`` or ``files``."""
        ...

    @property
    def gaps(self) -> DeclaredGaps:
        """The columns and members this source declares missing."""
        ...

    @property
    def factor_policy(self) -> FactorPolicy:
        """What to do where the adjustment factor contradicts the change."""
        ...

    def identity(self) -> dict[str, str | int | float | bool]:
        """What fixes this market; recorded in the home and compared on every open."""
        ...

    def provenance(self) -> dict[str, str]:
        """External inputs by name: sha256 of each file read, or the generator's version."""
        ...

    def coverage(self) -> tuple[date, date]:
        """First and last day the source declares, both inclusive."""
        ...

    def open_days(self) -> pl.Series:
        """The source's own open days (``pl.Date``, sorted, unique); they may start late."""
        ...

    def instruments(self) -> pl.DataFrame:
        """Instruments in the columns of ``RAW_INSTRUMENTS``."""
        ...

    def index_members(self) -> pl.DataFrame:
        """Membership intervals in the columns of ``RAW_INDEX_MEMBERS``."""
        ...

    def bars(self, first: date, last: date) -> pl.DataFrame:
        """Bars with ``first <= date <= last`` in the columns of ``RAW_BARS``."""
        ...

    def index_bars(self, first: date, last: date) -> pl.DataFrame:
        """Index bars with ``first <= date <= last`` in the columns of ``RAW_INDEX_BARS``."""
        ...

    def corporate_actions(self) -> pl.DataFrame:
        """Dividends, bonus shares and rights in the columns of ``RAW_CORPORATE_ACTIONS``."""
        ...

    def industry(self) -> pl.DataFrame:
        """Industries in the columns of ``RAW_INDUSTRY``."""
        ...

    def fundamentals(self, first: date, last: date) -> pl.DataFrame:
        """Figures that became available on the Shanghai days ``first`` to ``last``, in the columns
        of ``RAW_FUNDAMENTALS``."""
        ...

    def news(self, first: date, last: date) -> pl.DataFrame:
        """News that became available on the Shanghai days ``first`` to ``last``, in the columns of
        ``RAW_NEWS``."""
        ...
