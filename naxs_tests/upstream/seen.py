"""The market as an upstream knows it at one instant: nothing that happens later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

if TYPE_CHECKING:
    from naxs_tests.upstream.market import UpstreamMarket

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class SeenMarket:
    """``market`` at ``now``, a Shanghai time without time zone.

    A day's bars are there, whole, from its midnight on.
    """

    market: UpstreamMarket
    now: datetime

    @property
    def today(self) -> date:
        """The Shanghai day of ``now``."""
        return self.now.date()

    @cached_property
    def last_day(self) -> date:
        """The last open day up to today, whose quotes a snapshot shows."""
        days = self.market.open_days
        return days.filter(days <= self.today).max()

    def bars(self, symbol: str) -> pl.DataFrame:
        """The bars of one symbol up to today by date, without suspended days; maybe none."""
        bars = self.market.bars_by_symbol.get(symbol)
        if bars is None:
            return self.market.bars.clear()
        return bars.filter(pl.col("date") <= self.today, pl.col("volume") > 0)

    def all_rows(self, symbol: str) -> pl.DataFrame:
        """The same with the rows of suspended days."""
        bars = self.market.bars_by_symbol.get(symbol)
        if bars is None:
            return self.market.bars.clear()
        return bars.filter(pl.col("date") <= self.today)

    def quotes(self) -> pl.DataFrame:
        """The last day's bars of all symbols with their names, suspended ones too, by symbol.

        As in every vendor's quotes, the name of a stock under special treatment begins with ST.
        """
        names = self.market.instruments.select("symbol", "name")
        bars = self.market.bars.filter(pl.col("date") == self.last_day)
        marked = pl.concat_str(pl.when("is_st").then(pl.lit("ST")).otherwise(pl.lit("")), "name")
        return bars.join(names, on="symbol", how="left").with_columns(name=marked).sort("symbol")

    def listed(self) -> pl.DataFrame:
        """The instruments that are listed today, by symbol."""
        known = self.known_instruments()
        return known.filter(pl.col("delist_date").is_null() | (pl.col("delist_date") >= self.today))

    def delisted(self) -> pl.DataFrame:
        """The instruments whose last trading day is over, by symbol."""
        return self.known_instruments().filter(pl.col("delist_date") < self.today)

    def known_instruments(self) -> pl.DataFrame:
        """Every instrument that is or was listed; a delisting that lies ahead is not known."""
        ahead = pl.col("delist_date") >= self.today
        return (
            self.market.instruments.filter(pl.col("list_date") <= self.today)
            .with_columns(pl.when(~ahead).then("delist_date").alias("delist_date"))
            .sort("symbol")
        )

    def members(self, index: str, day: date) -> pl.DataFrame:
        """The symbols in the index on ``day``, sorted."""
        return (
            self.market.members.filter(
                pl.col("index") == index,
                pl.col("effective_from") <= day,
                pl.col("effective_to").is_null() | (pl.col("effective_to") >= day),
            )
            .select("symbol")
            .sort("symbol")
        )

    @cached_property
    def instant(self) -> datetime:
        """``now`` in UTC."""
        return self.now.replace(tzinfo=SHANGHAI).astimezone(UTC)
