"""What the rules of whole tables, of pulls and of the clock find in a home at this moment."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from naxs_assets.lineage.publishing import Lineage
from naxs_assets.market.contracts import (
    CALENDAR,
    CORPORATE_ACTIONS,
    FUNDAMENTALS,
    INDEX_MEMBERS,
    INDEX_PRICES,
    INDUSTRY,
    INSTRUMENTS,
    NEWS,
    PRICES,
)
from naxs_assets.market.quality.engine import Answer
from naxs_assets.market.quality.panel import WHOLE
from naxs_assets.market.quality.tables import (
    clock_table,
    column_table,
    judge_tables,
    span_table,
)

_STORED = (
    PRICES,
    CALENDAR,
    INSTRUMENTS,
    INDEX_MEMBERS,
    INDEX_PRICES,
    CORPORATE_ACTIONS,
    INDUSTRY,
    FUNDAMENTALS,
    NEWS,
)


def judge_now(lineage: Lineage, pulled: Mapping[str, pl.DataFrame] | None = None) -> Answer:
    """Ask the rules of tables, pulls and the clock of what a home holds now.

    ``pulled`` is what a live home knows of its pulls (the tables ``sample``, ``second_sample``,
    ``restatements`` and ``fetched`` of :func:`judge_tables`); without it the market is not expected
    to go on, and the clock is not asked.
    """
    tables: dict[str, pl.DataFrame] = {
        "columns": column_table({contract.name: contract for contract in _STORED})
    }
    for contract in (CALENDAR, INSTRUMENTS, INDEX_MEMBERS):
        handle = lineage.reader(f"market/{contract.name}").whole()
        if handle:
            tables[contract.name] = handle.frame()
    for contract in (FUNDAMENTALS, NEWS):
        handles = lineage.reader(f"market/{contract.name}").current()
        if handles:
            tables[contract.name] = pl.concat(handle.frame() for handle in handles)
    if INDEX_MEMBERS.name in tables:
        spans = _spans(lineage)
        tables["spans"] = spans
        if spans.height:
            ends = spans.select(pl.col("first").min(), pl.col("last").max())
            tables["span"] = span_table(*ends.row(0))
    if CALENDAR.name in tables and pulled is not None:
        tables["clock"] = clock_table(lineage.clock(), tables[CALENDAR.name])
    return judge_tables(tables | dict(pulled or {}), month=WHOLE)


def _spans(lineage: Lineage) -> pl.DataFrame:
    """The first and last day with rows of each symbol: columns symbol, first and last."""
    parts = [pl.LazyFrame(schema={"date": pl.Date, "symbol": pl.String})]
    for handle in lineage.reader("market/prices").current():
        # Two columns of a local file; elsewhere the table comes whole, by the cache.
        path = lineage.store.local_path(handle.present().uri)
        table = handle.frame().lazy() if path is None else pl.scan_parquet(path)
        parts.append(table.select("date", "symbol"))
    ends = (
        pl.concat(parts)
        .group_by("symbol")
        .agg(first=pl.col("date").min(), last=pl.col("date").max())
    )
    return ends.sort("symbol").collect()
