"""A graph of four small monthly assets, as tables and as contracts, without any keeping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import numpy as np
import polars as pl

from naxs_assets.lineage.contract import Column, Contract
from naxs_assets.partitions import first_day, last_day

NAMES = 20
_SYMBOLS = [f"{600_000 + number}.SH" for number in range(NAMES)]

Tables = Sequence[pl.DataFrame]
"""One upstream asset's months that are there, the oldest first."""

_KEY = (
    Column("date", pl.Date, "-", "weekday"),
    Column("symbol", pl.String, "-", "instrument"),
)


def _contract(name: str, column: str, unit: str) -> Contract:
    value = Column(column, pl.Float64, unit, f"the {column}", nullable=True)
    return Contract(name=name, version=1, key=("date", "symbol"), columns=(*_KEY, value))


def prices(month: str) -> pl.DataFrame:
    """Random closes of every weekday of a month, the same at every call."""
    days = pl.date_range(first_day(month), last_day(month), timedelta(days=1), eager=True)
    days = days.filter(days.dt.weekday() <= 5).alias("date")
    keys = days.to_frame().join(pl.DataFrame({"symbol": _SYMBOLS}), how="cross")
    rng = np.random.default_rng(int(month.replace("-", "")))
    return keys.with_columns(close=pl.Series(rng.uniform(5, 50, keys.height)))


def returns(month: str, closes: Tables) -> pl.DataFrame:
    """Daily returns of a month; the month before gives the first day's."""
    table = pl.concat(closes).sort("date", "symbol")
    change = (pl.col("close") / pl.col("close").shift(1) - 1).over("symbol")
    inside = pl.col("date").is_between(first_day(month), last_day(month))
    return table.select("date", "symbol", change.alias("return")).filter(inside)


def signal(_month: str, changes: Tables) -> pl.DataFrame:
    """The day's rank of the return, the lowest best."""
    rank = (-pl.col("return")).rank().over("date")
    return changes[-1].select("date", "symbol", rank.cast(pl.Float64).alias("rank"))


def book(_month: str, ranks: Tables) -> pl.DataFrame:
    """Equal weights of the day's best quarter."""
    best = pl.col("rank") > NAMES * 3 / 4
    weight = best.cast(pl.Float64) / best.sum().over("date")
    return ranks[-1].select("date", "symbol", weight.alias("weight"))


class Step:
    """One asset: its contract, what makes a month of it, and what it reads how far back."""

    def __init__(
        self,
        contract: Contract,
        make: Callable[..., pl.DataFrame],
        reads: str | None = None,
        back: int = 0,
    ) -> None:
        self.contract, self.make, self.reads, self.back = contract, make, reads, back


GRAPH: Mapping[str, Step] = {
    "prices": Step(_contract("prices", "close", "CNY"), prices),
    "returns": Step(_contract("returns", "return", "ratio"), returns, "prices", back=1),
    "signal": Step(_contract("signal", "rank", "-"), signal, "returns"),
    "book": Step(_contract("book", "weight", "ratio"), book, "signal"),
}
