"""A generated market in memory: compact arrays of days x listing places, tables on demand."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from naxs_assets.market.sources.base import RAW_BARS, RAW_INDEX_BARS
from naxs_assets.market.synthetic.index import IndexBar
from naxs_assets.market.synthetic.parameters import INDEX_SYMBOL

_PRICES = ("open", "high", "low", "close", "pre_close")


class Recorder:
    """Arrays of days x listing places that the generator fills day by day.

    Prices and amounts are integer cents; ``instrument`` is -1 where a place is empty.
    """

    def __init__(self, days: int, places: int) -> None:
        shape = (days, places)
        self.instrument: NDArray[np.int32] = np.full(shape, -1, dtype=np.int32)
        self.prices: dict[str, NDArray[np.int32]] = {
            name: np.zeros(shape, dtype=np.int32) for name in _PRICES
        }
        self.volume: NDArray[np.int64] = np.zeros(shape, dtype=np.int64)
        self.amount: NDArray[np.int64] = np.zeros(shape, dtype=np.int64)
        self.shares: NDArray[np.int64] = np.ones(shape, dtype=np.int64)
        self.adj_factor: NDArray[np.float64] = np.zeros(shape)
        self.is_st: NDArray[np.bool_] = np.zeros(shape, dtype=np.bool_)
        self.is_suspended: NDArray[np.bool_] = np.zeros(shape, dtype=np.bool_)


@dataclass(frozen=True)
class Panel:
    """All bars of a market, with its instruments and its index; tables follow ``sources.base``."""

    days: list[date]
    recorded: Recorder
    index_recorded: list[IndexBar]
    instruments: pl.DataFrame
    index_members: pl.DataFrame
    corporate_actions: pl.DataFrame
    industry: pl.DataFrame
    fundamentals: pl.DataFrame
    news: pl.DataFrame

    def open_days(self) -> pl.Series:
        """Return the trading days (``pl.Date``, sorted, unique)."""
        return pl.Series("date", self.days, dtype=pl.Date)

    def bars(self, first: date, last: date) -> pl.DataFrame:
        """Return the bars of ``first`` to ``last``, sorted by date and symbol."""
        start, stop = bisect_left(self.days, first), bisect_right(self.days, last)
        recorded = self.recorded
        instrument = recorded.instrument[start:stop]
        rows, places = np.nonzero(instrument >= 0)
        number = instrument[rows, places]
        # `instruments` is in the order of listing; its symbols' ranks give the order of rows.
        rank = self.instruments["symbol"].rank("ordinal").to_numpy().astype(np.int64)
        order = np.argsort(rows * (rank.size + 1) + rank[number], kind="stable")
        rows, places, number = rows[order], places[order], number[order]
        rows += start
        cents = {name: recorded.prices[name][rows, places] for name in _PRICES}
        days = np.array(self.days, dtype="datetime64[D]")
        return pl.DataFrame(
            {
                "date": pl.Series(days[rows]).cast(pl.Date),
                "symbol": self.instruments["symbol"].gather(number),
                **{name: cents[name] / 100 for name in _PRICES},
                "change": cents["close"] / cents["pre_close"] - 1,
                "volume": recorded.volume[rows, places],
                "amount": recorded.amount[rows, places] / 100,
                "adj_factor": recorded.adj_factor[rows, places],
                "is_st": recorded.is_st[rows, places],
                "is_suspended": recorded.is_suspended[rows, places],
                "turnover": recorded.volume[rows, places] / recorded.shares[rows, places],
                "source": pl.repeat("synthetic", rows.size, dtype=pl.String, eager=True),
                "bad_cells": pl.repeat(None, rows.size, dtype=pl.String, eager=True),
                "supplemented": pl.repeat(False, rows.size, dtype=pl.Boolean, eager=True),
                "supplement_disagrees": pl.repeat(False, rows.size, dtype=pl.Boolean, eager=True),
            }
        ).select(*RAW_BARS)

    def index_bars(self, first: date, last: date) -> pl.DataFrame:
        """Return the index bars of ``first`` to ``last``, sorted by date."""
        start, stop = bisect_left(self.days, first), bisect_right(self.days, last)
        rows = [
            {"date": day, "index": INDEX_SYMBOL, **vars(bar)}
            for day, bar in zip(self.days[start:stop], self.index_recorded[start:stop], strict=True)
        ]
        return pl.DataFrame(rows, schema=RAW_INDEX_BARS)
