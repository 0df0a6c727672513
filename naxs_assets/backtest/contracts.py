"""Contract of the backtest's one stored table, the journal."""

from __future__ import annotations

import polars as pl

from naxs_assets.lineage.contract import Column, Contract, RowRule

RECORDS = ("account", "distribution", "order", "position")
SIDES = ("buy", "sell")
STATUSES = ("filled", "rejected")

REFUSED = (
    "no_bar",
    "suspended",
    "limit_up",
    "limit_down",
    "t_plus_1",
    "lot_size",
    "cash",
)
"""Why an order was rejected: no bar or a quarantined one; suspended; deal price at the upper limit
(buy) or the lower limit (sell); bought the same day; the share of cash is below the board's
smallest lot; the whole cash is below it, or below the costs of a sale."""

NO_SIGNAL = "no_signal"
"""Cause on an account row: the trading day before has no scores, so nothing was traded."""


def _record(name: str) -> pl.Expr:
    return pl.col("record") == name


def _unless(record: str, condition: pl.Expr) -> pl.Expr:
    return ~_record(record) | condition


def _cents(name: str, description: str, *, at_least: int | None = None) -> Column:
    return Column(name, pl.Int64, "cents", description, nullable=True, at_least=at_least)


COST_COLUMNS = (
    "commission_cents",
    "stamp_duty_cents",
    "transfer_fee_cents",
    "exchange_fees_cents",
    "slippage_cents",
)

JOURNAL = Contract(
    name="journal",
    version=1,
    key=("date", "record", "sequence"),
    columns=(
        Column("date", pl.Date, "-", "trading day in Shanghai"),
        Column(
            "record",
            pl.String,
            "-",
            "account: the close of the day, one row a day; position: a name held at the close; "
            "order: filled or rejected; distribution: shares and cash from a changed adj_factor",
            one_of=RECORDS,
        ),
        Column("sequence", pl.Int32, "-", "order within date and record", at_least=0),
        Column("day", pl.Int32, "-", "absolute trading-day index, 0 is 1990-12-19", at_least=0),
        Column("symbol", pl.String, "-", "instrument; null for the account", nullable=True),
        Column("side", pl.String, "-", "order: buy or sell", nullable=True, one_of=SIDES),
        Column(
            "requested",
            pl.Int64,
            "shares",
            "order: shares asked for; null when there was no price to size it by",
            nullable=True,
            at_least=0,
        ),
        Column(
            "shares",
            pl.Int64,
            "shares",
            "order: filled; position: held; distribution: added (negative when merged)",
            nullable=True,
        ),
        Column(
            "available",
            pl.Int64,
            "shares",
            "position: not bought on this day, so sellable on it (T+1); all are the day after",
            nullable=True,
            at_least=0,
        ),
        _cents("price_cents", "order: deal price; distribution: ex-right pre_close", at_least=1),
        _cents("value_cents", "order: traded; position: at last_close; account: all positions"),
        _cents("cash_cents", "account: cash at the close; order, distribution: paid to it"),
        *(
            _cents(name, "order: paid; account: paid that day in all", at_least=0)
            for name in COST_COLUMNS
        ),
        _cents("cost_cents", "position: paid for it, costs included; sale: paid for what was sold"),
        _cents("last_close_cents", "position: last known close", at_least=1),
        Column(
            "adj_factor",
            pl.Float64,
            "ratio",
            "position: factor last acted on, null when unknown; distribution: the new one",
            nullable=True,
        ),
        _cents("nav_cents", "account: cash and positions at the close", at_least=0),
        _cents("previous_nav_cents", "account: at the close before; first day: the capital"),
        Column("status", pl.String, "-", "order's end", nullable=True, one_of=STATUSES),
        Column(
            "cause",
            pl.String,
            "-",
            "order: why it was rejected; account: no_signal when nothing could be traded",
            nullable=True,
            one_of=(*REFUSED, NO_SIGNAL),
        ),
    ),
    rules=(
        RowRule(
            "an account row has cash, value and nav that add up",
            lambda: _unless(
                "account",
                (
                    (pl.col("nav_cents") == pl.col("cash_cents") + pl.col("value_cents"))
                    & (pl.col("cash_cents") >= 0)
                ).fill_null(False),
            ),
        ),
        RowRule(
            "a position has shares, at their last close",
            lambda: _unless(
                "position",
                (
                    (pl.col("shares") > 0)
                    & (pl.col("available") <= pl.col("shares"))
                    & (pl.col("value_cents") == pl.col("shares") * pl.col("last_close_cents"))
                ).fill_null(False),
            ),
        ),
        RowRule(
            "an order is filled, or rejected for a cause",
            lambda: _unless(
                "order",
                pl.when(pl.col("status") == "filled")
                .then((pl.col("shares") > 0) & pl.col("cause").is_null())
                .otherwise((pl.col("shares") == 0) & pl.col("cause").is_not_null())
                & pl.col("status").is_not_null()
                & pl.col("side").is_not_null(),
            ),
        ),
    ),
)
"""Money in integer cents, so that state carried from month to month is exact."""
