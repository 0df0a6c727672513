"""What a family told otherwise of factors and fundamentals than it had before."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.market.pulling.parts import RESTATEMENTS, Part, PulledStore, as_text
from naxs_assets.market.sources.offers import PulledTable


def changed_factors(store: PulledStore, parts: Sequence[Part], before: int) -> pl.DataFrame:
    """Rows of ``RESTATEMENTS``, of parts of factors after the one with the id ``before``.

    The ex-dates of each symbol at which a newer series is another, as far as the older went.
    """
    table = PulledTable.FACTORS
    last: dict[tuple[str, str], Part] = {}
    found = [pl.DataFrame(schema=RESTATEMENTS)]
    for part in parts:
        place = part.scope, part.family.value
        older = last.get(place)
        last[place] = part
        if older is None or part.id <= before or part.content_hash == older.content_hash:
            continue
        span = pl.col("ex_date").is_between(older.wanted.first, older.wanted.last)
        old, new = (store.rows(one).filter(span) for one in (older, part))
        both = old.join(new, on=["symbol", "ex_date"], how="full", suffix=":new", coalesce=True)
        changed = both.filter(pl.col("factor").ne_missing(pl.col("factor:new")))
        found.append(_told(table, changed, "ex_date", pl.lit("factor"), "factor", older, part))
    return pl.concat(found)


def changed_figures(store: PulledStore, parts: Sequence[Part], before: int) -> pl.DataFrame:
    """Rows of ``RESTATEMENTS``, of parts of fundamentals after the one with the id ``before``.

    The figures of which a newer answer of the same family tells another value.
    """
    found = [pl.DataFrame(schema=RESTATEMENTS)]
    key = ["symbol", "report_period", "item", "available_at"]
    for part in parts:
        if part.id <= before:
            continue
        new = store.rows(part).select(*key, "value").unique(key, keep="last", maintain_order=True)
        for older in reversed([p for p in parts if p.id < part.id and p.family is part.family]):
            old = store.rows(older).select(*key, "value")
            both = old.unique(key, keep="last").join(new, on=key, how="inner", suffix=":new")
            changed = both.filter(pl.col("value").ne_missing(pl.col("value:new")))
            found.append(
                _told(part.table, changed, "report_period", pl.col("item"), "value", older, part)
            )
            new = new.join(old, on=key, how="anti", maintain_order="left")
            if new.is_empty():
                break
    return pl.concat(found)


def _told(
    table: PulledTable,
    changed: pl.DataFrame,
    day: str,
    column: pl.Expr,
    value: str,
    older: Part,
    newer: Part,
) -> pl.DataFrame:
    """Rows of ``RESTATEMENTS`` for ``changed``, with ``value`` and ``value:new``."""
    return changed.select(
        pl.lit(table.value).alias("table"),
        "symbol",
        pl.col(day).alias("date"),
        column.alias("column"),
        pl.col(value).cast(pl.String).alias("old"),
        pl.col(f"{value}:new").cast(pl.String).alias("new"),
        pl.lit(older.family.value).alias("old_source"),
        pl.lit(newer.family.value).alias("new_source"),
        pl.lit(as_text(newer.fetched_at)).alias("seen_at"),
    ).sort("date", "symbol", "column")
