"""Restatements: what newer parts changed of days that were known before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import polars as pl

from naxs_assets.market.pulling.parts import RESTATEMENTS, Part, PulledStore, as_text
from naxs_assets.market.pulling.restated_values import changed_factors, changed_figures
from naxs_assets.market.pulling.winners import (
    BAR_TABLES,
    Ranks,
    winning_bars,
    winning_index_bars,
)
from naxs_assets.market.sources.offers import PULLED, PulledTable

_Winning = Callable[[PulledStore, Sequence[Part], Ranks, date, date], pl.DataFrame]
_LONGEST_SPAN = timedelta(days=400)
_HALF_A_TICK = 0.005
_ROUNDED_RATIO = 1e-4  # a percentage with two decimals
_SHARE = 0.005
_ROUNDING: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("open", "high", "low", "close", "pre_close"), (_HALF_A_TICK, 0.0)),
    **dict.fromkeys(("change", "turnover"), (_ROUNDED_RATIO, 0.0)),
    **dict.fromkeys(("volume", "amount"), (0.0, _SHARE)),
}
"""By how much, absolutely and as a share, two families may differ that tell the same: vendors round
to ticks, to 0.01 % and to lots or 10,000 CNY."""


def note_restatements(store: PulledStore, bars: Ranks, index_bars: Ranks) -> pl.DataFrame:
    """Compare the parts that came since the last comparison with what stood before them.

    Appends to the store and returns what they changed: every value of bars that was known and is
    now another or unknown; of another family, another by more than rounding. A day that comes anew,
    and a value that was unknown before, restate nothing. A bar that its family does not tell any
    more (column ``row``) stands nevertheless. Of factors and fundamentals a value that
    the same family tells otherwise than before is one (``date`` is the ex-date or the report
    period), and so is a factor that is gone or new within days that were known. After a kill the
    next call compares what this one did not.
    """
    before = store.compared_through()
    parts = store.parts()
    if not parts or parts[-1].id == before:
        return pl.DataFrame(schema=RESTATEMENTS)
    found = [
        _changed(store, [p for p in parts if p.table in BAR_TABLES], before, bars, winning_bars),
        _changed(
            store,
            [p for p in parts if p.table is PulledTable.INDEX_BARS],
            before,
            index_bars,
            winning_index_bars,
        ),
        changed_factors(store, [p for p in parts if p.table is PulledTable.FACTORS], before),
        changed_figures(store, [p for p in parts if p.table is PulledTable.FUNDAMENTALS], before),
    ]
    result = pl.concat(found)
    store.add_restatements(result, parts[-1].id)
    return result


def _changed(
    store: PulledStore, parts: Sequence[Part], before: int, ranks: Ranks, winning: _Winning
) -> pl.DataFrame:
    known = [part for part in parts if part.id <= before]
    added = [part for part in parts if part.id > before]
    nothing = pl.DataFrame(schema=RESTATEMENTS)
    if not known or not added:
        return nothing
    sources = {part.id: part for part in parts}
    found = [nothing]
    first, end = min(p.wanted.first for p in added), max(p.wanted.last for p in added)
    while first <= end:  # a piece at a time: a backfill spans decades
        last = min(first + _LONGEST_SPAN, end)
        old = winning(store, known, ranks, first, last)
        new = winning(store, parts, ranks, first, last)
        found.append(_differences(old, new, sources))
        if "symbol" in old.columns:
            found.append(_withdrawn(store, old, added, sources))
        first = last + timedelta(days=1)
    return pl.concat(found)


def _differences(old: pl.DataFrame, new: pl.DataFrame, parts: dict[int, Part]) -> pl.DataFrame:
    table = PulledTable.INDEX_BARS if "index" in old.columns else PulledTable.HISTORY
    name = "index" if table is PulledTable.INDEX_BARS else "symbol"
    keys = ["date", name]
    values = [column for column in PULLED[table] if column not in keys]
    families = {number: part.family.value for number, part in parts.items()}
    instants = {number: as_text(part.fetched_at) for number, part in parts.items()}
    text = pl.String
    # A day that comes twice in one part is dirty: the quality rules tell of it.
    old = old.unique(keys, keep="first", maintain_order=True)
    new = new.unique(keys, keep="first", maintain_order=True)
    both = old.join(new, on=keys, how="inner", suffix=":new", maintain_order="left").filter(
        pl.col("part") != pl.col("part:new")
    )
    both = both.with_columns(
        other_family=pl.col("part").replace_strict(families, return_dtype=text)
        != pl.col("part:new").replace_strict(families, return_dtype=text)
    )
    found = [pl.DataFrame(schema={**RESTATEMENTS, "part": pl.Int64, "part:new": pl.Int64})]
    for column in values:
        was, now = pl.col(column), pl.col(f"{column}:new")
        changed = both.filter(was.is_not_null() & was.ne_missing(now) & ~_rounded(column))
        found.append(
            changed.select(
                pl.lit("bars" if name == "symbol" else table.value).alias("table"),
                pl.col(name).alias("symbol"),
                "date",
                pl.lit(column).alias("column"),
                was.cast(pl.String).alias("old"),
                now.cast(pl.String).alias("new"),
                pl.lit("").alias("old_source"),
                pl.lit("").alias("new_source"),
                pl.lit("").alias("seen_at"),
                "part",
                "part:new",
            )
        )
    rows = pl.concat(found).sort("date", "symbol", "column")
    return rows.with_columns(
        old_source=pl.col("part").replace_strict(families, return_dtype=text),
        new_source=pl.col("part:new").replace_strict(families, return_dtype=text),
        seen_at=pl.col("part:new").replace_strict(instants, return_dtype=text),
    ).select(*RESTATEMENTS)


def _withdrawn(
    store: PulledStore, old: pl.DataFrame, added: Sequence[Part], parts: dict[int, Part]
) -> pl.DataFrame:
    """The bars of ``old`` that an added part of their own family should have and has not.

    What was told before is not told again.
    """
    families = {number: part.family.value for number, part in parts.items()}
    instants = {number: as_text(part.fetched_at) for number, part in parts.items()}
    key = ["date", "symbol", "family"]
    family = pl.col("part").replace_strict(families, return_dtype=pl.String)
    old = old.unique(["date", "symbol"], keep="first", maintain_order=True).select(
        "date", "symbol", family=family
    )
    spans = pl.DataFrame(
        [
            (
                p.scope if p.table is PulledTable.HISTORY else None,
                p.family.value,
                p.wanted.first,
                p.wanted.last,
                as_text(p.fetched_at),
            )
            for p in added
        ],
        schema={
            "symbol": pl.String,
            "family": pl.String,
            "date": pl.Date,
            "last": pl.Date,
            "seen_at": pl.String,
        },
        orient="row",
    )
    whole_days = spans.filter(pl.col("symbol").is_null()).drop("symbol", "last")
    histories = spans.drop_nulls("symbol").rename({"date": "first"})
    asked = pl.concat(
        [
            old.join(whole_days, on=["date", "family"], how="inner").select(*key, "seen_at"),
            old.join(histories, on=["symbol", "family"], how="inner")
            .filter(pl.col("date").is_between(pl.col("first"), pl.col("last")))
            .select(*key, "seen_at"),
        ]
    )
    told = store.rows_of(PulledTable.HISTORY, added).select(
        "date",
        "symbol",
        family=family,
        seen_at=pl.col("part").replace_strict(instants, return_dtype=pl.String),
    )
    known = store.restatements().filter(pl.col("column") == "row")
    gone = asked.join(told, on=[*key, "seen_at"], how="anti").join(
        known, left_on=key, right_on=["date", "symbol", "old_source"], how="anti"
    )
    return (
        gone.select(
            pl.lit("bars").alias("table"),
            "symbol",
            "date",
            pl.lit("row").alias("column"),
            pl.lit("present").alias("old"),
            pl.lit(None, pl.String).alias("new"),
            pl.col("family").alias("old_source"),
            pl.col("family").alias("new_source"),
            "seen_at",
        )
        .unique(["symbol", "date"], keep="first", maintain_order=True)
        .sort("date", "symbol")
    )


def _rounded(column: str) -> pl.Expr:
    """Whether another family tells the same value, rounded otherwise."""
    if column not in _ROUNDING:
        return pl.lit(value=False)
    absolute, share = _ROUNDING[column]
    was, now = pl.col(column), pl.col(f"{column}:new")
    within = (now - was).abs() <= absolute + share * was.abs() + 1e-9
    return pl.col("other_family") & within.fill_null(value=False)
