"""Which part stands for a symbol's day: whole rows of one family, never stitched of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.parts import Part, PulledStore
from naxs_assets.market.sources.offers import PULLED, PulledTable

Ranks = Mapping[Family, int]
"""Place of each family in the order of a table: the lowest stands for a day that several gave."""

BAR_TABLES = (PulledTable.DAY, PulledTable.HISTORY)
"""Both hold bars; either may give a symbol's day."""

_LATEST = 1 << 32  # more parts than a home will ever hold


def ranks_of(families: Sequence[Family]) -> dict[Family, int]:
    """Ranks by the order of ``families``; others come after them, in the order of all families."""
    order = [*families, *(family for family in Family if family not in families)]
    return {family: place for place, family in enumerate(dict.fromkeys(order))}


def winning_bars(
    store: PulledStore, parts: Sequence[Part], ranks: Ranks, first: date, last: date
) -> pl.DataFrame:
    """The bars of the days given: for each symbol and day the rows of one part.

    ``parts`` are of ``BAR_TABLES``. It is the newest part of the family that ranks first among
    those that have the symbol's day. Columns of ``PULLED`` and ``part``, sorted by day and symbol.
    """
    return _winning(store, PulledTable.HISTORY, parts, ranks, "symbol", first, last)


def winning_index_bars(
    store: PulledStore, parts: Sequence[Part], ranks: Ranks, first: date, last: date
) -> pl.DataFrame:
    """The same of index bars, for each index and day."""
    return _winning(store, PulledTable.INDEX_BARS, parts, ranks, "index", first, last)


def winning_part(parts: Sequence[Part], ranks: Ranks) -> Part | None:
    """Of parts of one scope the newest one of the family that ranks first."""
    return min(parts, key=lambda part: (ranks[part.family], -part.id), default=None)


def _winning(
    store: PulledStore,
    table: PulledTable,
    parts: Sequence[Part],
    ranks: Ranks,
    name: str,
    first: date,
    last: date,
) -> pl.DataFrame:
    touching = [p for p in parts if p.wanted.first <= last and p.wanted.last >= first]
    rows = store.rows_of(table, touching, first, last)
    places = pl.DataFrame(
        {
            "part": [part.id for part in touching],
            "place": [ranks[part.family] * _LATEST - part.id for part in touching],
        },
        schema={"part": pl.Int64, "place": pl.Int64},
    )
    rows = rows.join(places, on="part", how="left", maintain_order="left")
    return (
        rows.filter(pl.col("place") == pl.col("place").min().over(name, "date"))
        .select(*PULLED[table], "part")
        .sort("date", name, maintain_order=True)
    )
