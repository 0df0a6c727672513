"""The adjustment factor, checked against the vendor's change and rebuilt from it where it fails.

Both state the same fact: ``close x factor / (previous close x previous factor) - 1`` is the day's
return against the ex-right previous close. Where they differ by more than ``TOLERANCE`` the change
is believed: it is quoted day by day, while one wrong factor shifts every later price. The later
ratios of the vendor's factor are kept, so a series is the vendor's factor times a correction.
"""

from __future__ import annotations

import polars as pl

TOLERANCE = 0.001
"""Largest difference between the two returns, as a ratio (0.1 point)."""

_HALF_TICK = 0.005 + 1e-9
# A rounded correction survives the division of two stored columns, so that it never drifts.
_CORRECTION_DIGITS = 10


def half_up(price: pl.Expr) -> pl.Expr:
    """A price in CNY rounded half up to 0.01, tolerant of the dust of binary fractions."""
    return ((price * 100 + 0.5 + 1e-6).floor() / 100).round(2)


def check_factor(rows: pl.DataFrame, *, rebuild: bool, build: bool) -> pl.DataFrame:
    """Add ``adj_factor``, ``source_adj_factor``, ``contradicts``, ``built`` and ``unknown``.

    ``rows`` is sorted by symbol and day; a symbol may begin with a row of state out of the month
    before. Columns read:

    - ``price``: the close (CNY), null where there is none to trust; ``last_price`` the one before;
    - ``follows``: the row before is of the previous open day and its close can be compared with;
    - ``carried``: the row has no factor of its own (taken out, or a filled suspension);
    - ``pre_close`` (CNY) and ``change`` (ratio), null when unknown;
    - ``vendor_factor``: the source's factor; on a row of state, the one of its last row;
    - ``state_factor``: on a row of state, its ``adj_factor``; null elsewhere.

    ``contradicts`` marks rows whose factor disagrees with the change; with ``rebuild`` the ratio of
    that day becomes previous close / pre_close. ``built`` marks rows whose factor the source does
    not give, built the same way from 1 or from the row before; ``unknown`` those of them where
    nothing tells the ratio, which is then taken as 1. Without ``build``, for a source that states
    no returns on most rows, there are none of either: such a row has no factor.
    ``source_adj_factor`` is the vendor's factor, carried over rows that have none of their own.
    """
    vendor, own, carried = pl.col("vendor_factor"), pl.col("own"), pl.col("carried")
    rows = rows.with_columns(
        own=pl.when(~carried & vendor.is_finite() & (vendor > 0)).then(vendor),
        first=(pl.col("symbol") != pl.col("symbol").shift(1)).fill_null(value=True),
    )
    rows = rows.with_columns(
        level=own.forward_fill().over("symbol"),
        has_own=pl.when(~carried).then(own.is_not_null()).forward_fill().over("symbol"),
    )
    if build:
        # Where the vendor has never given a factor, the series is worked out on a level of 1.
        rows = rows.with_columns(pl.col("level").fill_null(1.0))
    rows = rows.with_columns(
        last_level=pl.when(~pl.col("first")).then(pl.col("level").shift(1)),
        last_has_own=pl.when(~pl.col("first")).then(pl.col("has_own").shift(1)),
    )
    implied = pl.col("price") * own / (pl.col("last_price") * pl.col("last_level")) - 1
    level_ratio = pl.col("level") / pl.col("last_level")
    no_jump = (pl.col("last_price") - pl.col("pre_close")).abs() <= _HALF_TICK
    rows = rows.with_columns(
        contradicts=(
            pl.col("follows")
            & pl.col("last_has_own")
            & ((implied - pl.col("change")).abs() > TOLERANCE)
        ).fill_null(value=False),
        built=~carried & own.is_null() & build,
        returned=(~carried & own.is_not_null() & ~pl.col("last_has_own")).fill_null(value=False),
        day_ratio=pl.when(no_jump).then(1.0).otherwise(pl.col("last_price") / pl.col("pre_close")),
    )
    replaced = (pl.col("built") | pl.col("returned")) & build
    if rebuild:
        replaced = replaced | pl.col("contradicts")
    replaced = replaced & ~pl.col("first")
    ratio = pl.when(pl.col("follows")).then(pl.col("day_ratio")).fill_null(1.0)
    step = (
        pl.when(pl.col("state_factor").is_not_null())
        .then((pl.col("state_factor") / pl.col("level")).round(_CORRECTION_DIGITS))
        .when(replaced)
        .then(ratio / level_ratio)
        .otherwise(1.0)
    )
    correction = step.cum_prod().over("symbol").round(_CORRECTION_DIGITS)
    # Rows taken out before a symbol's first good one have no factor to carry.
    has_factor = pl.col("has_own").is_not_null() if build else carried | own.is_not_null()
    carries = carried & pl.col("has_own") if build else carried
    return rows.with_columns(
        adj_factor=pl.when(has_factor).then(pl.col("level") * correction),
        source_adj_factor=pl.when(carries).then(pl.col("level")).otherwise(own),
        unknown=(replaced & pl.col("follows") & pl.col("day_ratio").is_null()).fill_null(
            value=False
        ),
    )
