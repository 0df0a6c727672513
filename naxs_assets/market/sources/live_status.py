"""Who was suspended or under special treatment on which day, where the bars do not tell it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from naxs_assets.market.pulling.parts import Part, PulledStore
from naxs_assets.market.sources.offers import NO_ROW_WHEN_SUSPENDED, PulledTable

_MOST = 0.6
"""On the worst days of July 2015 62 % of a stock list was traded."""

_KEY = ("date", "symbol")


def with_status(
    store: PulledStore,
    parts: Sequence[Part],
    rows: pl.DataFrame,
    sessions: Sequence[date],
    until: date,
) -> pl.DataFrame:
    """``rows`` (bars with their ``part``) with the suspended days that have none, and ``is_st``.

    A row without prices is added for a day up to ``until`` that the list of suspensions names, or
    that lies within a history of a family which has no row on such a day; the latter only on days
    on which most of the symbols have a bar, for else rows are lacking. ``is_st`` is taken from
    the day's list of special treatment where the bar does not tell it. Sorted by day and symbol.
    """
    seen = rows.group_by("symbol").agg(since=pl.col("date").min())
    left_out = _left_out(parts, sessions).join(_told_days(rows, seen), on="date", how="semi")
    absent = (
        pl.concat([_listed(store, parts, PulledTable.SUSPENSIONS), left_out])
        .unique(_KEY, keep="first", maintain_order=True)
        .join(rows, on=_KEY, how="anti", maintain_order="left")
        .join(seen, on="symbol", how="inner", maintain_order="left")
        .filter(pl.col("date") > pl.col("since"), pl.col("date") <= until)
        .select(*_KEY, "part", is_suspended=pl.lit(value=True))
    )
    treated = _listed(store, parts, PulledTable.ST)
    days = treated.select("date").unique().with_columns(has_list=pl.lit(value=True))
    named = treated.select(*_KEY, is_named=pl.lit(value=True)).unique()
    told = pl.when("has_list").then(pl.col("is_named").fill_null(value=False))
    return (
        pl.concat([rows, absent], how="diagonal")
        .join(days, on="date", how="left", maintain_order="left")
        .join(named, on=_KEY, how="left", maintain_order="left")
        .with_columns(is_st=pl.coalesce("is_st", told))
        .drop("has_list", "is_named")
        .sort("date", "symbol", maintain_order=True)
    )


def _told_days(rows: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """The days on which most of the symbols that were seen so far have a bar."""
    began = seen.group_by(date="since").agg(began=pl.len())
    return (
        rows.group_by("date")
        .agg(told=pl.col("symbol").n_unique())
        .join(began, on="date", how="left")
        .sort("date")
        .filter(pl.col("told") >= _MOST * pl.col("began").fill_null(0).cum_sum())
        .select("date")
    )


def _listed(store: PulledStore, parts: Sequence[Part], table: PulledTable) -> pl.DataFrame:
    """Date, symbol and part of a list that is pulled day by day, the newest answer of each."""
    newest = {part.scope: part for part in parts if part.table is table}
    return store.rows_of(table, list(newest.values())).select(*_KEY, "part")


def _left_out(parts: Sequence[Part], sessions: Sequence[date]) -> pl.DataFrame:
    """The sessions within histories that have no row on a day of suspension, whether they have one
    or not: date, symbol and part."""
    spans = pl.DataFrame(
        [
            (part.scope, part.wanted.first, part.wanted.last, part.id)
            for part in parts
            if part.table is PulledTable.HISTORY and part.family in NO_ROW_WHEN_SUSPENDED
        ],
        schema={"symbol": pl.String, "first": pl.Date, "last": pl.Date, "part": pl.Int64},
        orient="row",
    )
    days = pl.DataFrame({"date": sessions}, schema={"date": pl.Date})
    within = (pl.col("date") >= pl.col("first"), pl.col("date") <= pl.col("last"))
    return days.join_where(spans, *within).select(*_KEY, "part")
