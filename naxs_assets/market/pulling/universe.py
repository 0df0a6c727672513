"""What the stored reference tables say: open days, and whose bars are wanted when."""

from __future__ import annotations

from datetime import date

import polars as pl

from naxs_assets.market.calendar import trading_days
from naxs_assets.market.pulling.members import member_intervals
from naxs_assets.market.pulling.parts import PulledStore
from naxs_assets.market.pulling.planning import Lives
from naxs_assets.market.sources.offers import PulledTable


def sessions_of(store: PulledStore, first: date, last: date) -> list[date]:
    """The open days from ``first`` to ``last``; guessed weekdays beyond every known calendar."""
    parts = store.parts(PulledTable.OPEN_DAYS)
    own = store.rows(parts[-1]).get_column("date") if parts else None
    days: list[date] = trading_days(own, last).get_column("date").to_list()
    return [day for day in days if day >= first]


def named_of(store: PulledStore, index: str) -> dict[PulledTable, frozenset[str]]:
    """The symbols that the newest lists name; an instrument is also who is a member now."""
    now = member_intervals(store, index).filter(pl.col("effective_to").is_null())
    members = frozenset(now.get_column("symbol").to_list())
    return {
        PulledTable.MEMBERS: members,
        PulledTable.INSTRUMENTS: members | _newest(store, PulledTable.INSTRUMENTS),
        PulledTable.INDUSTRY: _newest(store, PulledTable.INDUSTRY),
    }


def _newest(store: PulledStore, table: PulledTable) -> frozenset[str]:
    parts = store.parts(table)
    return frozenset(store.rows(parts[-1]).get_column("symbol").to_list() if parts else [])


def lives_of(store: PulledStore, index: str) -> Lives:
    """Every symbol that is or was in ``index``, with its days of listing and delisting."""
    symbols = member_intervals(store, index).get_column("symbol").unique().sort().to_list()
    parts = store.parts(PulledTable.INSTRUMENTS)
    listed: dict[str, tuple[date | None, date | None]] = {}
    if parts:
        rows = (
            store.rows(parts[-1])
            .sort("symbol", "list_date")
            .group_by("symbol", maintain_order=True)
            # One that was listed again has a row for each time.
            .agg(pl.col("list_date").min(), pl.col("delist_date").last())
        )
        listed = {symbol: (start, end) for symbol, start, end in rows.iter_rows()}
    return {symbol: listed.get(symbol, (None, None)) for symbol in symbols}
