"""The faulty market: the synthetic one with one documented fault for every quality rule.

Nothing reads it in a run; it shows that every fault is found under its rule and nothing else is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

import polars as pl

from naxs_assets.market.boards import board_expression
from naxs_assets.market.sources.base import DeclaredGaps, FactorPolicy, Source
from naxs_assets.partitions import first_day, last_day, month_of, months_between

WHOLE = "whole"
_SHORT = 6
"""Members that leave the index without a successor."""


@dataclass(frozen=True)
class Fault:
    """A planted fault: the rule that must find it, where, and in words.

    ``symbol`` or ``day`` is None where the fault is that of a whole day or table; ``month`` is
    ``whole`` for tables, pulls and the clock. ``also`` names rules that the same fault breaks.
    """

    rule: str
    month: str
    symbol: str | None
    day: date | None
    what: str
    also: tuple[str, ...] = ()


_col, _lit = pl.col, pl.lit

_ROW_EDITS: Mapping[str, tuple[str, dict[str, pl.Expr]]] = {
    "schema": ("a traded row without a close", {"close": _lit(None, pl.Float64)}),
    "ohlc": ("the low above the high", {"low": _col("high") + 1}),
    "zero": ("no volume, yet not suspended", {"volume": _lit(0, pl.Int64)}),
    "limit": ("a high a fifth beyond the limit", {"high": _col("pre_close") * 1.5}),
    "vwap": ("twice the amount", {"amount": _col("amount") * 2}),
    "preclose": ("pre_close is not the close of the day before",
                 {"pre_close": _col("pre_close") * 1.01}),
}  # fmt: skip
"""Faults of one row, by rule: in words, and the cells that are overwritten."""

_MONTH_FAULTS = (
    *_ROW_EDITS, "calendar", "key", "factor", "unit", "missing", "rowcount", "stale",
)  # fmt: skip


class FaultySource:
    """A ``Source`` over ``clean``, a market and its faults.

    The market has seventeen months or more with a delisting and a review of the index, and the day
    after its last one is an open day.
    """

    name = "synthetic"
    factor_policy = FactorPolicy.REBUILD

    def __init__(self, clean: Source) -> None:
        self._clean = clean

    @property
    def gaps(self) -> DeclaredGaps:
        return self._clean.gaps

    def identity(self) -> dict[str, str | int | float | bool]:
        """That of the clean market, marked as faulty."""
        return {**self._clean.identity(), "faulty": True}

    def provenance(self) -> dict[str, str]:
        return self._clean.provenance()

    def coverage(self) -> tuple[date, date]:
        return self._clean.coverage()

    def open_days(self) -> pl.Series:
        return self._clean.open_days()

    def index_bars(self, first: date, last: date) -> pl.DataFrame:
        return self._clean.index_bars(first, last)

    def bars(self, first: date, last: date) -> pl.DataFrame:
        """The bars of one month (or of a span with no planted day), faults and all."""
        rows = self._clean.bars(first, last)
        rows = rows.filter(pl.col("symbol") != self._by_rule["survivor"].symbol)
        factor = self._by_rule["factor"]
        wrong = _of(factor.symbol) & (pl.col("date") >= factor.day)
        rows = rows.with_columns(
            adj_factor=pl.when(wrong).then(pl.col("adj_factor") * 1.1).otherwise("adj_factor")
        )
        for fault in self.manifest:
            if fault.month != WHOLE and fault.day and first <= fault.day <= last:
                rows = self._plant(fault, rows)
        return rows.sort("date", "symbol", maintain_order=True)

    def instruments(self) -> pl.DataFrame:
        """The list date of one symbol lies after its first row."""
        late = pl.when(_of(self._by_rule["life"].symbol)).then(
            pl.lit(self._day("life") + timedelta(days=1))
        )
        return self._clean.instruments().with_columns(list_date=late.otherwise("list_date"))

    def index_members(self) -> pl.DataFrame:
        """Six members leave for nobody; one entry is announced after it took effect."""
        told = self._by_rule["point_in_time"]
        leaving = _col("symbol").is_in(self._leaving.implode()) & _col("effective_to").is_null()
        late = _of(told.symbol) & (_col("effective_from") == told.day)
        last_day_in = pl.lit(self._day("index_size") - timedelta(days=1))
        announced = pl.lit(self._day("point_in_time") + timedelta(days=1))
        return self._clean.index_members().with_columns(
            effective_to=pl.when(leaving).then(last_day_in).otherwise("effective_to"),
            announced_at=pl.when(late).then(announced).otherwise("announced_at"),
        )

    def pulled(self) -> dict[str, pl.DataFrame]:
        """What a live home would know of its pulls, each with its fault."""
        rules = [self._by_rule[rule] for rule in ("recon", "restated", "partial_bar")]
        recon, restated, partial = rules
        fields = ("date", "symbol", "close", "volume", "amount")
        sample = self._candidates(month_of(self.open_days()[0])).select(fields)
        off = pl.when(_at(recon)).then(pl.col("close") + 0.05).otherwise("close")
        midnight = pl.col("date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        hours = pl.when(_at(partial)).then(timedelta(hours=6)).otherwise(timedelta(hours=10))
        return {
            "sample": sample,
            "second_sample": sample.with_columns(close=off),
            "fetched": sample.select("date", "symbol", fetched_at=midnight + hours),
            "restatements": pl.DataFrame(
                {
                    "table": ["bars"], "symbol": [restated.symbol], "date": [restated.day],
                    "column": ["volume"], "old": ["100"], "new": ["200"],
                }
            ),
        }  # fmt: skip

    def columns(self) -> pl.DataFrame:
        """Two stored columns that may not be: an adjusted price, and an instant without zone."""
        names = [self._by_rule[rule].symbol or "" for rule in ("raw_only", "time")]
        return pl.DataFrame(
            {
                "table_name": [name.partition(".")[0] for name in names],
                "column_name": [name.partition(".")[2] for name in names],
                "type": ["Float64", "Datetime(time_unit='us', time_zone=None)"],
            }
        )

    def now(self) -> datetime:
        """A clock on the evening of the open day after the last bars, the calendar nearly over."""
        return datetime.combine(self._day("fresh"), time(12), UTC)

    @cached_property
    def manifest(self) -> tuple[Fault, ...]:
        """Every fault; those of rows and months have a month of their own, from the third on."""
        months = list(months_between(*(month_of(day) for day in self.coverage())))[2:]
        planted = [
            self._place(rule, month, place)
            for place, (rule, month) in enumerate(zip(_MONTH_FAULTS, months, strict=False))
        ]
        return (*planted, *self._of_tables())

    @cached_property
    def _by_rule(self) -> dict[str, Fault]:
        return {fault.rule: fault for fault in self.manifest}

    def _day(self, rule: str) -> date:
        day = self._by_rule[rule].day
        if day is None:
            raise ValueError(f"the fault of {rule} has no day")
        return day

    def _candidates(self, month: str) -> pl.DataFrame:
        """Rows of calm symbols that trade on every day of a month, by day and symbol."""
        rows = self._clean.bars(first_day(month), last_day(month))
        days = rows.get_column("date").n_unique()
        kept = pl.all_horizontal(
            ~pl.col("is_suspended").any(),
            pl.len() == days,
            pl.col("adj_factor").n_unique() == 1,
            pl.col("change").abs().max() < 0.045,
            (pl.col("close") > 5).all(),
        )
        return rows.filter(kept.over("symbol")).sort("date", "symbol")

    def _place(self, rule: str, month: str, place: int) -> Fault:
        rows = self._candidates(month)
        day = rows.get_column("date").unique().sort()[8]
        symbol: str | None = rows.get_column("symbol").unique().sort()[place]
        also: tuple[str, ...] = ()
        what = _ROW_EDITS[rule][0] if rule in _ROW_EDITS else ""
        match rule:
            case "calendar":
                what, day = "a row on a Saturday", day + timedelta(days=5 - day.weekday())
            case "key":
                what = "a second row of one key with another close"
            case "factor":
                what = "the factor a tenth too high from this day on"
            case "unit":
                what, symbol, also = "lots for shares, on one board", None, ("vwap",)
            case "missing":
                what = "no row of a listed symbol"
            case "rowcount":
                what, symbol, also = "a twentieth of the rows is lost", None, ("missing",)
            case "stale":
                what = "the bar of the day before again"
        return Fault(rule, month, symbol, day, what, also)

    def _plant(self, fault: Fault, rows: pl.DataFrame) -> pl.DataFrame:
        here = _at(fault)
        today = pl.col("date") == fault.day
        match fault.rule:
            case "calendar":
                source = rows.filter(_of(fault.symbol)).tail(1)
                rows = pl.concat([rows, source.with_columns(date=pl.lit(fault.day))])
            case "key":
                twin = rows.filter(here).with_columns(close=pl.col("low"))
                rows = pl.concat([rows, twin])
            case "unit":
                rows = _edited(
                    rows, today & (board_expression() == self._small_board(rows)),
                    {"volume": pl.col("volume") // 100},
                )  # fmt: skip
            case "missing":
                rows = rows.filter(~here)
            case "rowcount":
                lost = today & (pl.int_range(pl.len()).over("date") % 20 == 0)
                rows = rows.filter(~lost)
            case "stale":
                rows = _stale(rows, fault)
            case rule if rule in _ROW_EDITS:
                rows = _edited(rows, here, _ROW_EDITS[rule][1])
        return rows

    def _small_board(self, rows: pl.DataFrame) -> str:
        """The board with the fewest names, of those with at least eight."""
        names = rows.group_by(board_expression()).agg(names=pl.col("symbol").n_unique())
        return str(names.filter(pl.col("names") >= 8).sort("names", "board")["board"][0])

    @cached_property
    def _leaving(self) -> pl.Series:
        members = self._clean.index_members()
        staying = members.filter(_col("effective_to").is_null()).sort("effective_from", "symbol")
        return staying.get_column("symbol").head(_SHORT)

    def _of_tables(self) -> list[Fault]:
        members = self._clean.index_members()
        entry = (
            members.filter(pl.col("announced_at").is_not_null())
            .sort("effective_from", "symbol")
            .row(0, named=True)
        )
        never = ~pl.col("symbol").is_in(members.get_column("symbol").implode())
        listed = self._clean.instruments()
        gone = listed.filter(pl.col("delist_date").is_not_null() & never).sort("symbol")
        days = self.open_days()
        rows = self._candidates(month_of(days[0]))
        first = rows.get_column("symbol")[0]
        sample = rows.row(5, named=True)
        return [
            Fault("life", month_of(days[0]), first, days[0], "a row on the day before listing"),
            Fault("survivor", WHOLE, gone["symbol"][0], None, "a delisted symbol has no row"),
            Fault("index_size", WHOLE, "000300.SH", days[-10], "six members leave, none enters"),
            Fault("point_in_time", WHOLE, entry["symbol"], entry["effective_from"],
                  "an entry that is announced the day after"),
            Fault("raw_only", WHOLE, "prices.close_hfq", None, "an adjusted price is stored"),
            Fault("time", WHOLE, "news.published_at", None, "an instant without a zone"),
            Fault("recon", WHOLE, sample["symbol"], sample["date"], "closes 0.05 CNY apart"),
            Fault("restated", WHOLE, sample["symbol"], sample["date"], "a volume that changed"),
            Fault("partial_bar", WHOLE, sample["symbol"], sample["date"], "fetched at 14:00"),
            Fault("fresh", WHOLE, None, days[-1] + timedelta(days=1), "no bars of this open day"),
            Fault("horizon", WHOLE, None, days[-1] + timedelta(days=1), "no day known after it"),
        ]  # fmt: skip


def _of(symbol: str | None) -> pl.Expr:
    return pl.lit(value=False) if symbol is None else pl.col("symbol") == symbol


def _at(fault: Fault) -> pl.Expr:
    return _of(fault.symbol) & (pl.col("date") == fault.day)


def _edited(rows: pl.DataFrame, where: pl.Expr, cells: Mapping[str, pl.Expr]) -> pl.DataFrame:
    return rows.with_columns(
        pl.when(where).then(cell).otherwise(name).alias(name) for name, cell in cells.items()
    )


def _stale(rows: pl.DataFrame, fault: Fault) -> pl.DataFrame:
    """The bar repeats that of the day before, and the day after starts from it."""
    one = rows.filter(_of(fault.symbol)).sort("date")
    bar = one.filter(pl.col("date") < fault.day).row(-1, named=True)
    after = one.filter(pl.col("date") > fault.day).row(0, named=True)
    fields = ("open", "high", "low", "close", "volume", "amount")
    repeated = {name: pl.lit(bar[name]) for name in fields}
    repeated |= {"pre_close": pl.lit(bar["close"]), "change": pl.lit(0.0)}
    rows = _edited(rows, _at(fault), repeated)
    follows = _of(fault.symbol) & (pl.col("date") == after["date"])
    change = pl.lit(after["close"] / bar["close"] - 1)
    return _edited(rows, follows, {"pre_close": pl.lit(bar["close"]), "change": change})
