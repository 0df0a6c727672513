"""Membership intervals from lists of members by date."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from naxs_assets.market.pulling.parts import PulledStore
from naxs_assets.market.sources.base import RAW_INDEX_MEMBERS
from naxs_assets.market.sources.offers import PulledTable


def member_intervals(store: PulledStore, index: str, as_of: datetime | None = None) -> pl.DataFrame:
    """Intervals of membership in ``index`` (columns ``RAW_INDEX_MEMBERS``), from every list kept.

    ``effective_from`` is the day of the first list that has the symbol, ``effective_to`` the day
    before the first one that has it no more; null while the newest list has it. Of two lists of
    one day the later answer counts.
    """
    parts = store.parts(PulledTable.MEMBERS, as_of=as_of, scope=index)
    rows = store.rows_of(PulledTable.MEMBERS, parts).filter(pl.col("index") == index)
    newest = rows.filter(pl.col("part") == pl.col("part").max().over("date"))
    return intervals(newest)


def intervals(lists: pl.DataFrame) -> pl.DataFrame:
    """Intervals from whole lists: one row for each member and ``date`` of a list."""
    dates = lists.get_column("date").unique().sort()
    if dates.is_empty():
        return pl.DataFrame(schema=RAW_INDEX_MEMBERS)
    places = pl.DataFrame({"date": dates, "place": range(len(dates))})
    placed = (
        lists.select("index", "symbol", "date")
        .unique()
        .join(places, on="date", how="left")
        .sort("index", "symbol", "place")
    )
    # A new interval begins where the list before did not have the symbol.
    begins = (pl.col("place") - pl.col("place").shift(1) != 1).fill_null(value=True)
    numbered = placed.with_columns(begins.over("index", "symbol").alias("begins")).with_columns(
        pl.col("begins").cum_sum().over("index", "symbol").alias("interval")
    )
    following = places.with_columns(ends=pl.col("date").shift(-1) - timedelta(days=1)).select(
        "place", "ends"
    )
    return (
        numbered.group_by("index", "symbol", "interval")
        .agg(pl.col("date").min().alias("effective_from"), pl.col("place").max())
        .join(following, on="place", how="left")
        .select(
            "index",
            "symbol",
            "effective_from",
            effective_to="ends",
            announced_at=pl.lit(None, dtype=pl.Date),
        )
        .sort("index", "symbol", "effective_from")
    )
