"""A small synthetic market in which the last day has everything that a vendor treats specially."""

from __future__ import annotations

from datetime import date

import polars as pl

from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import SyntheticMarket

FIRST, LAST = date(2022, 6, 1), date(2023, 6, 30)
ST, SUSPENDED = ("600003.SH", "002001.SZ"), "000002.SZ"
SUSPENDED_SINCE = date(2023, 6, 26)
DELISTED = ("601001.SH", "002002.SZ")
DELISTED_ON = date(2023, 5, 31)
BEIJING = "920901.BJ"
_MOVED_TO_BEIJING = "605001.SH"


class EventfulSource(SyntheticSource):
    """The synthetic market with ``ST`` and ``SUSPENDED`` stocks on the last day, ``DELISTED``
    ones, and one in Beijing."""

    def __init__(self) -> None:
        super().__init__(SyntheticMarket(seed=7, names=60, first=FIRST, last=LAST))

    def instruments(self) -> pl.DataFrame:
        gone = pl.col("symbol").is_in(DELISTED)
        last = pl.when(gone).then(pl.lit(DELISTED_ON)).otherwise("delist_date")
        return _moved(super().instruments().with_columns(last.alias("delist_date")))

    def index_members(self) -> pl.DataFrame:
        return (
            super().index_members().filter(~pl.col("symbol").is_in((*DELISTED, _MOVED_TO_BEIJING)))
        )

    def bars(self, first: date, last: date) -> pl.DataFrame:
        symbol, day = pl.col("symbol"), pl.col("date")
        bars = super().bars(FIRST, LAST).filter(~symbol.is_in(DELISTED) | (day <= DELISTED_ON))
        halted = (symbol == SUSPENDED) & (day >= SUSPENDED_SINCE)
        before = bars.filter((symbol == SUSPENDED) & (day < SUSPENDED_SINCE))
        values = dict.fromkeys(("open", "high", "low", "close", "pre_close"), before["close"][-1])
        values |= {"change": 0.0, "volume": 0, "amount": 0.0, "is_suspended": True}
        bars = bars.with_columns(
            pl.when(halted).then(pl.lit(value)).otherwise(name).alias(name)
            for name, value in values.items()
        ).with_columns(is_st=pl.col("is_st") | (symbol.is_in(ST) & (day >= date(2023, 6, 15))))
        return _moved(bars.filter(day.is_between(first, last))).sort("date", "symbol")


def _moved(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.col("symbol").replace(_MOVED_TO_BEIJING, BEIJING))
