"""Rules that a raw row meets or breaks by itself: its place, its key and its own cells."""

from __future__ import annotations

from functools import reduce

import polars as pl

from naxs_assets.market.boards import board_expression
from naxs_assets.market.quality.registry import Verdict
from naxs_assets.market.quarantine import REJECTED, rejected_rows
from naxs_assets.market.rules import Findings
from naxs_assets.market.sources.base import RAW_BARS
from naxs_assets.partitions import first_day, last_day

_OHLC = ("open", "high", "low", "close")
_ENOUGH_TO_MISS_A_DAY = 10
"""With fewer symbols than this a day without rows may be one on which all are suspended."""


def open_days(calendar: pl.DataFrame, month: str) -> pl.DataFrame:
    """The rows of ``calendar`` that lie in ``month``."""
    return calendar.filter(pl.col("date").is_between(first_day(month), last_day(month)))


def placed_rows(
    raw: pl.DataFrame, month: str, calendar: pl.DataFrame, findings: Findings
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of open days with a readable symbol, with ``day``; and the rows that are neither."""
    days = open_days(calendar, month).select("date", "day")
    rows = raw.select(*RAW_BARS, board_expression()).join(
        days, on="date", how="left", maintain_order="left"
    )
    nameless = pl.col("date").is_null() | pl.col("board").is_null()
    closed = ~nameless & pl.col("day").is_null()
    rejected = []
    for rule, condition, note in (
        ("schema", nameless, "date unreadable or no A-share symbol"),
        ("calendar", closed, "rows on closed days"),
    ):
        broken = rows.filter(condition).select(*RAW_BARS)
        findings.add(rule, Verdict.QUARANTINED, broken, note=note)
        if broken.height:
            rejected.append(rejected_rows(broken, rule))
    kept = rows.filter(pl.col("day").is_not_null() & ~nameless).drop("board")
    return kept, pl.concat(rejected) if rejected else pl.DataFrame(schema=REJECTED)


def report_missing_days(
    rows: pl.DataFrame,
    month: str,
    calendar: pl.DataFrame,
    previous: pl.DataFrame | None,
    findings: Findings,
) -> None:
    """An open day without any row, before the last day that has rows, is a hole in the data."""
    present = rows.get_column("date").unique().sort()
    if not len(present):
        findings.note("calendar", "no rows on any open day of this month")
        return
    if rows.get_column("symbol").n_unique() < _ENOUGH_TO_MISS_A_DAY:
        return
    continues = previous is not None and previous.height > 0
    first = first_day(month) if continues else present[0]
    missing = open_days(calendar, month).filter(
        ~pl.col("provisional")
        & pl.col("date").is_between(first, present[-1])
        & ~pl.col("date").is_in(present.implode())
    )
    findings.add(
        "calendar",
        Verdict.WARN,
        missing.select("date", symbol=pl.lit("every symbol")),
        rows=round(missing.height * rows.height / len(present)),
        note="open days without any row",
    )


def unique_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per symbol and day, sorted; ``copies`` counts the dropped identical ones.

    ``broken`` is "key" where rows of one key differ.
    """
    rows = rows.sort("symbol", "day", maintain_order=True)
    twin = (
        (pl.col("symbol") == pl.col("symbol").shift(-1))
        & (pl.col("day") == pl.col("day").shift(-1))
    ).fill_null(value=False)
    if not rows.select(twin.any()).item():
        return rows.with_columns(
            broken=pl.lit(None, dtype=pl.String), copies=pl.lit(0, dtype=pl.UInt32)
        )
    counted = rows.group_by(rows.columns, maintain_order=True).agg(copies=pl.len() - 1)
    distinct = pl.len().over("symbol", "day")
    return counted.with_columns(
        broken=pl.when(distinct > 1).then(pl.lit("key")),
        copies=pl.when(distinct == 1).then("copies").otherwise(0),
    ).unique(["symbol", "day"], keep="first", maintain_order=True)


def judged_rows(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Set ``suspended`` and ``broken``, the id of the first rule that takes a row out."""
    volume, amount = pl.col("volume"), pl.col("amount")
    prices = [pl.col(name) for name in _OHLC]
    suspended = pl.col("is_suspended").fill_null(volume.fill_null(0) == 0)
    readable = reduce(
        lambda left, right: left & right, (price.is_finite().fill_null(False) for price in prices)
    )
    not_finite = reduce(
        lambda left, right: left | right,
        ((~column.is_finite()).fill_null(False) for column in (*prices, amount)),
    )
    schema = (
        pl.col("bad_cells").is_not_null()
        | not_finite
        | (volume < 0).fill_null(False)
        | (amount < 0).fill_null(False)
        | (~suspended & ~(readable & volume.is_not_null()))
    )
    low, high = pl.col("low"), pl.col("high")
    ordered = (
        (low > 0)
        & (low <= pl.min_horizontal("open", "close", "high"))
        & (high >= pl.max_horizontal("open", "close"))
    )
    negative = (pl.min_horizontal(*_OHLC) < 0).fill_null(False)
    ohlc = pl.when(suspended).then(negative).otherwise(~ordered)
    zero = (
        pl.when(suspended)
        .then((volume > 0) | (amount > 0) | ((low > 0) & (low < high)))
        .otherwise((volume == 0) | (amount == 0))
        .fill_null(False)
    )
    judged = rows.with_columns(
        suspended=suspended,
        broken=pl.when(pl.col("broken").is_not_null())
        .then("broken")
        .when(schema)
        .then(pl.lit("schema"))
        .when(ohlc)
        .then(pl.lit("ohlc"))
        .when(zero)
        .then(pl.lit("zero")),
    )
    findings.add("schema", Verdict.QUARANTINED, judged.filter(pl.col("broken") == "schema"))
    copies = int(judged.get_column("copies").sum())
    findings.add(
        "key",
        Verdict.WARN,
        judged.filter(pl.col("copies") > 0),
        rows=copies,
        note="identical copies dropped",
        counted=False,
    )
    for rule in ("key", "ohlc", "zero"):
        findings.add(rule, Verdict.QUARANTINED, judged.filter(pl.col("broken") == rule))
    return judged
