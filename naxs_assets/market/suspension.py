"""Suspended days, however a source encodes them, and what carries over from the month before.

A suspended row ends up with every price at the last close and no volume. Where the vendor states
a close, or else a previous close, for the day it is taken: on an ex-date within a suspension that
is the ex-right last close.
"""

from __future__ import annotations

import polars as pl

from naxs_assets.market.quality.registry import Verdict
from naxs_assets.market.rules import Findings


def with_absent_rows(
    rows: pl.DataFrame,
    days: pl.DataFrame,
    instruments: pl.DataFrame,
    previous: pl.DataFrame | None,
    findings: Findings,
) -> pl.DataFrame:
    """Add a suspended row for every listed symbol seen before that has none.

    ``days`` are the month's open days; those after the last one with rows are left alone.
    """
    if rows.is_empty():
        return rows
    seen = rows.group_by("symbol").agg(pl.col("day").min().alias("since"))
    if previous is not None:
        earlier = previous.select("symbol", since=pl.lit(0, dtype=pl.Int32)).unique()
        seen = pl.concat([earlier, seen]).group_by("symbol").agg(pl.col("since").min())
    listed = instruments.select("symbol", "list_date", "delist_date")
    absent = (
        days.filter(pl.col("day") <= rows.get_column("day").max())
        .select("date", "day")
        .join(seen, how="cross")
        .filter(pl.col("day") >= pl.col("since"))
        .join(listed, on="symbol", how="left")
        .filter(
            (pl.col("date") >= pl.col("list_date")).fill_null(value=True),
            (pl.col("date") <= pl.col("delist_date")).fill_null(value=True),
        )
        .join(rows, on=["symbol", "day"], how="anti")
        .select("date", "symbol", "day", suspended=pl.lit(value=True))
    )
    if absent.height:
        findings.note("calendar", f"{absent.height} rows of suspended days added")
    return pl.concat([rows, absent], how="diagonal")


def with_state(rows: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
    """Put a row of state before each symbol of ``previous``; sort by symbol and day."""
    rows = rows.rename({"adj_factor": "vendor_factor"}).with_columns(
        is_state=pl.lit(value=False), state_factor=pl.lit(None, dtype=pl.Float64)
    )
    if previous is not None:
        state = (
            previous.sort("symbol", "date")
            .group_by("symbol")
            .agg(
                pl.col("day").last(),
                pl.col("close").drop_nulls().last(),
                pl.col("close").is_not_null().last().alias("was_priced"),
                pl.col("source_adj_factor").last().alias("vendor_factor"),
                pl.col("adj_factor").last().alias("state_factor"),
                pl.lit(value=True).alias("is_state"),
            )
        )
        rows = pl.concat([state, rows], how="diagonal")
    else:
        rows = rows.with_columns(was_priced=pl.lit(None, dtype=pl.Boolean))
    return rows.sort("symbol", "day")


def with_last_prices(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Fill suspensions with the last close; add what :func:`check_factor` reads of the row before.

    ``price`` is the row's own close, ``last_price`` the latest one before it, ``follows`` says
    that the row before is of the previous open day and was not taken out, ``carried`` that the row
    has no price of its own.
    """
    suspended, broken = pl.col("suspended"), pl.col("broken").is_not_null()
    stated = pl.coalesce(
        pl.when(pl.col("close") != 0).then("close"),
        pl.when(suspended & (pl.col("pre_close") > 0)).then("pre_close"),
    )
    rows = rows.with_columns(close=stated)
    unpriced = suspended & pl.col("close").is_null()
    rows = rows.with_columns(
        price=pl.when(~broken & ~unpriced.fill_null(False)).then("close"),
        carried=(broken | unpriced).fill_null(False),
        # Filled rows are as good as the row before them.
        trusted=pl.when("is_state")
        .then("was_priced")
        .when(broken)
        .then(False)
        .when(~unpriced)
        .then(True),
    )
    rows = rows.with_columns(
        last_price=pl.col("price").forward_fill().shift(1).over("symbol"),
        follows=(
            (pl.col("day") == pl.col("day").shift(1) + 1)
            & pl.col("trusted").forward_fill().shift(1)
        ).over("symbol"),
    )
    unknown = unpriced & ~broken & pl.col("last_price").is_null()
    findings.add(
        "schema",
        Verdict.QUARANTINED,
        rows.filter(unknown),
        note="suspended before any price was known",
    )
    return rows.with_columns(
        broken=pl.when(unknown).then(pl.lit("schema")).otherwise("broken"),
        close=pl.when(unpriced & ~broken).then("last_price").otherwise("close"),
    )
