"""Contracts of the market tables: columns, units, keys and what was known when."""

from __future__ import annotations

from datetime import date

import polars as pl

from naxs_assets.lineage.contract import Column, Contract, RowRule

BOARDS = ("main", "chinext", "star", "bse")
UNKNOWN_LIST_DATE = date(1990, 12, 19)
"""Stands for a list date the source does not know: the calendar's first day."""

RANGE_TOLERANCE = 1e-4
"""How far, as a ratio, an index's open or close may lie beyond its recorded high or low: vendors
compute the four values from samples of their own (21 of 27,109 recorded rows differ, at most by
0.75e-4)."""

PRICE_FIELDS = ("open", "high", "low", "close", "pre_close", "volume", "amount", "turnover")
"""Fields of a prices row that are null when the row is quarantined."""

_SYMBOL = Column("symbol", pl.String, "-", "instrument, for example 600519.SH")
_DATE = Column("date", pl.Date, "-", "trading day in Shanghai")
_DAY = Column("day", pl.Int32, "-", "absolute trading-day index, 0 is 1990-12-19", at_least=0)


def _range_holds(tolerance: float = 0.0) -> pl.Expr:
    slack = pl.col("close") * tolerance
    return (pl.col("low") - slack <= pl.min_horizontal("open", "close", "high")) & (
        pl.col("high") + slack >= pl.max_horizontal("open", "close")
    )


CALENDAR = Contract(
    name="calendar",
    version=1,
    key=("date",),
    columns=(
        _DATE,
        _DAY,
        Column(
            "provisional",
            pl.Boolean,
            "-",
            "true for a weekday guessed to be open, beyond every known calendar",
        ),
    ),
    known_from="date",
)

INSTRUMENTS = Contract(
    name="instruments",
    version=2,
    key=("symbol",),
    columns=(
        _SYMBOL,
        Column(
            "id",
            pl.String,
            "-",
            "permanent identity: the first code of the instrument, whatever it is called now",
        ),
        Column("name", pl.String, "-", "short name as the source has it; empty when unknown"),
        Column("board", pl.String, "-", "board of the code", one_of=BOARDS),
        Column("list_date", pl.Date, "-", "first trading day; 1990-12-19 when unknown"),
        Column("list_date_known", pl.Boolean, "-", "false where list_date stands for unknown"),
        Column(
            "delist_date", pl.Date, "-", "last day of the listing; null while listed", nullable=True
        ),
    ),
    rules=(
        RowRule(
            "delist_date is not before list_date",
            lambda: pl.col("delist_date") >= pl.col("list_date"),
        ),
        RowRule(
            "an unknown list_date is 1990-12-19",
            lambda: pl.col("list_date_known") | (pl.col("list_date") == UNKNOWN_LIST_DATE),
        ),
    ),
    known_from="list_date",
    known_until="delist_date",
)

INDEX_MEMBERS = Contract(
    name="index_members",
    version=1,
    key=("index", "symbol", "effective_from"),
    columns=(
        Column("index", pl.String, "-", "index, for example 000300.SH"),
        _SYMBOL,
        Column("effective_from", pl.Date, "-", "first day as a member"),
        Column(
            "effective_to",
            pl.Date,
            "-",
            "last day as a member, inclusive; null while still a member",
            nullable=True,
        ),
        Column(
            "announced_at",
            pl.Date,
            "-",
            "day the entry was announced; null when unknown",
            nullable=True,
        ),
    ),
    rules=(
        RowRule(
            "effective_to is not before effective_from",
            lambda: pl.col("effective_to") >= pl.col("effective_from"),
        ),
    ),
    known_from="effective_from",
    known_until="effective_to",
)

PRICES = Contract(
    name="prices",
    version=3,
    key=("date", "symbol"),
    columns=(
        _DATE,
        _SYMBOL,
        _DAY,
        Column("open", pl.Float64, "CNY", "first trade, unadjusted", nullable=True),
        Column("high", pl.Float64, "CNY", "highest trade, unadjusted", nullable=True),
        Column("low", pl.Float64, "CNY", "lowest trade, unadjusted", nullable=True),
        Column("close", pl.Float64, "CNY", "close, unadjusted", nullable=True),
        Column(
            "pre_close",
            pl.Float64,
            "CNY",
            "ex-right previous close, what limits are computed from",
            nullable=True,
        ),
        Column("volume", pl.Int64, "shares", "traded volume", nullable=True, at_least=0),
        Column("amount", pl.Float64, "CNY", "traded amount", nullable=True, at_least=0),
        Column(
            "turnover",
            pl.Float64,
            "ratio",
            "volume over free-float shares; null when unknown",
            nullable=True,
            at_least=0,
        ),
        Column(
            "adj_factor",
            pl.Float64,
            "ratio",
            "cumulative back-adjustment factor: adjusted price = price x adj_factor",
            nullable=True,
        ),
        Column(
            "source_adj_factor",
            pl.Float64,
            "ratio",
            "the factor as the vendor gave it",
            nullable=True,
        ),
        Column("is_st", pl.Boolean, "-", "special treatment; null when unknown", nullable=True),
        Column("is_suspended", pl.Boolean, "-", "no trading this day", nullable=True),
        Column(
            "limit_up",
            pl.Int64,
            "cents",
            "upper price limit; null = none or unknown",
            nullable=True,
        ),
        Column(
            "limit_down",
            pl.Int64,
            "cents",
            "lower price limit; null = none or unknown",
            nullable=True,
        ),
        Column(
            "quarantined_by",
            pl.String,
            "-",
            "id of the quality rule that took the row out; it cannot be traded",
            nullable=True,
        ),
        Column(
            "quarantined_row",
            pl.String,
            "-",
            "JSON of the raw row or rows that were taken out",
            nullable=True,
        ),
        Column(
            "repaired",
            pl.String,
            "-",
            "what was repaired: adj_factor = rebuilt from the change",
            nullable=True,
            one_of=("adj_factor",),
        ),
        Column(
            "supplemented",
            pl.Boolean,
            "-",
            "pre_close, amount and status of this row came from the source's second table",
        ),
        Column("source", pl.String, "-", "who gave the row, whole"),
    ),
    rules=(
        RowRule("low and high enclose every price", _range_holds),
        RowRule(
            "prices are positive",
            lambda: pl.min_horizontal("open", "high", "low", "close", "pre_close") > 0,
        ),
        RowRule("adj_factor is positive", lambda: pl.col("adj_factor") > 0),
        RowRule(
            "a quarantined row has no price and keeps the raw row, any other has a close",
            lambda: (
                pl.when(pl.col("quarantined_by").is_null())
                .then(pl.col("close").is_not_null())
                .otherwise(
                    pl.all_horizontal(pl.col(PRICE_FIELDS).is_null())
                    & pl.col("quarantined_row").is_not_null()
                )
            ),
        ),
        RowRule(
            "a suspended row has no volume",
            lambda: ~pl.col("is_suspended") | pl.col("volume").is_null() | (pl.col("volume") == 0),
        ),
    ),
    known_from="date",
)

INDEX_PRICES = Contract(
    name="index_prices",
    version=1,
    key=("date", "index"),
    columns=(
        _DATE,
        Column("index", pl.String, "-", "index, for example 000300.SH"),
        _DAY,
        Column("open", pl.Float64, "points", "first value"),
        Column("high", pl.Float64, "points", "highest value"),
        Column("low", pl.Float64, "points", "lowest value"),
        Column("close", pl.Float64, "points", "last value"),
        Column("volume", pl.Int64, "shares", "traded volume", nullable=True, at_least=0),
        Column("amount", pl.Float64, "CNY", "traded amount", nullable=True, at_least=0),
    ),
    rules=(
        RowRule("low and high enclose every value", lambda: _range_holds(RANGE_TOLERANCE)),
        RowRule("values are positive", lambda: pl.col("low") > 0),
    ),
    known_from="date",
)

_INSTANT = pl.Datetime("us", "UTC")

CORPORATE_ACTIONS = Contract(
    name="corporate_actions",
    version=1,
    key=("symbol", "ex_date"),
    columns=(
        _SYMBOL,
        Column("ex_date", pl.Date, "-", "first day without the right"),
        Column("announced_at", pl.Date, "-", "day of announcement", nullable=True),
        Column("payable_date", pl.Date, "-", "day on which cash is paid", nullable=True),
        Column("cash", pl.Float64, "CNY a share", "dividend before tax", at_least=0),
        Column("bonus", pl.Float64, "shares a share", "bonus and converted shares", at_least=0),
        Column("rights", pl.Float64, "shares a share", "shares offered to holders", at_least=0),
        Column(
            "rights_price",
            pl.Float64,
            "CNY",
            "price of the shares offered; null without any",
            nullable=True,
            at_least=0,
        ),
    ),
    rules=(
        RowRule(
            "announced_at is not after ex_date", lambda: pl.col("announced_at") <= pl.col("ex_date")
        ),
        RowRule("something happens", lambda: pl.sum_horizontal("cash", "bonus", "rights") > 0),
    ),
    known_from="ex_date",
)

INDUSTRY = Contract(
    name="industry",
    version=1,
    key=("symbol", "level", "start_date"),
    columns=(
        _SYMBOL,
        Column("level", pl.Int64, "-", "level of the classification, 1 the coarsest", at_least=1),
        Column(
            "start_date", pl.Date, "-", "valid from here until the symbol's next row of the level"
        ),
        Column("code", pl.String, "-", "code of the industry"),
        Column("name", pl.String, "-", "name of the industry; empty when unknown"),
        Column(
            "look_ahead",
            pl.Boolean,
            "-",
            "true where only a later day's industry is known and was carried back",
        ),
    ),
    known_from="start_date",
)

FUNDAMENTALS = Contract(
    name="fundamentals",
    version=1,
    key=("symbol", "report_period", "item", "revision"),
    columns=(
        _SYMBOL,
        Column("report_period", pl.Date, "-", "last day of the period reported on"),
        Column("item", pl.String, "-", "what is reported, for example net_profit"),
        Column(
            "revision",
            pl.Int64,
            "-",
            "1 for what was first published, one more for each other value that followed",
            at_least=1,
        ),
        Column("value", pl.Float64, "CNY, shares or ratio", "the figure as published then"),
        Column("announced_at", pl.Date, "-", "day of publication", nullable=True),
        Column("available_at", _INSTANT, "UTC", "instant from which a decision may use it"),
        Column(
            "ingested_at",
            _INSTANT,
            "UTC",
            "instant at which it was taken in here; null for recorded sources",
            nullable=True,
        ),
    ),
    rules=(
        RowRule(
            "announced_at is not before the period's end",
            lambda: pl.col("announced_at") >= pl.col("report_period"),
        ),
        RowRule(
            "a figure is not available before the day it is announced",
            lambda: (
                pl.col("available_at").dt.convert_time_zone("Asia/Shanghai").dt.date()
                >= pl.col("announced_at")
            ),
        ),
    ),
    known_from="available_at",
)

NEWS = Contract(
    name="news",
    version=1,
    key=("available_at", "id", "symbol"),
    columns=(
        Column("id", pl.String, "-", "identity of the news at its source"),
        _SYMBOL,
        Column("published_at", _INSTANT, "UTC", "instant of publication"),
        Column("available_at", _INSTANT, "UTC", "instant from which a decision may use it"),
        Column("title", pl.String, "-", "title or first sentence"),
        Column("source", pl.String, "-", "publisher; empty when unknown"),
    ),
    rules=(
        RowRule(
            "news are not available before they are published",
            lambda: pl.col("available_at") >= pl.col("published_at"),
        ),
    ),
    known_from="available_at",
)

QUALITY_FINDINGS = Contract(
    name="findings",
    version=2,
    key=("asset", "month", "rule"),
    columns=(
        Column("asset", pl.String, "-", "table that was judged, for example market/prices"),
        Column("month", pl.String, "-", "month of the table, YYYY-MM"),
        Column("rule", pl.String, "-", "id of the quality rule"),
        Column("severity", pl.String, "-", "critical rows leave the market, warnings stay in it"),
        Column("verdict", pl.String, "-", "what became of the rule in this month"),
        Column("rows", pl.Int64, "rows", "rows that broke the rule", at_least=0),
        Column("judged", pl.Int64, "rows", "rows that the rule could be asked of", at_least=0),
        Column("share", pl.Float64, "ratio", "broken rows of all raw or judged rows", at_least=0),
        Column(
            "observed",
            pl.Float64,
            "-",
            "the figure that was judged, in the rule's unit",
            nullable=True,
        ),
        Column(
            "threshold",
            pl.Float64,
            "-",
            "the figure it crossed, or would have crossed first",
            nullable=True,
        ),
        Column("sample", pl.String, "-", "up to twenty keys, symbol and date, joined by commas"),
        Column("note", pl.String, "-", "in words; empty for none"),
    ),
)
