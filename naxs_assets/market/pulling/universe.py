"""What the stored reference tables say: open days, and whose bars are wanted when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from naxs_assets.market.calendar import trading_days
from naxs_assets.market.fetching.calls import Family
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


@dataclass(frozen=True)
class Named:
    """The symbols that lists of before named.

    ``members`` are those of now, known as of ``members_on`` (None: never asked); ``listed`` has
    what each family named in its newest list of a table: not every family covers every exchange.
    """

    members: frozenset[str] = frozenset()
    members_on: date | None = None
    listed: Mapping[tuple[PulledTable, Family], frozenset[str]] = field(default_factory=dict)


def named_of(store: PulledStore, index: str) -> Named:
    """What the stored lists name."""
    now = member_intervals(store, index).filter(pl.col("effective_to").is_null())
    newest = {
        (part.table, part.family): part
        for part in store.parts(PulledTable.INSTRUMENTS, PulledTable.INDUSTRY)
    }
    return Named(
        members=frozenset(now.get_column("symbol").to_list()),
        members_on=max((p.wanted.last for p in store.parts(PulledTable.MEMBERS)), default=None),
        listed={
            place: frozenset(store.rows(part).get_column("symbol").to_list())
            for place, part in newest.items()
        },
    )


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
