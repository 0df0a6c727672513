"""Long price rows as dense (days x symbols) matrices, one for each field of the expressions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.errors import DataError

Matrix: TypeAlias = npt.NDArray[np.float32]

MEMBER = "in_universe"
"""The column beside the prices that tells whether a row's symbol is in the universe that day."""

INDUSTRY_FIELDS = ("industry", "industry2", "industry3")
"""The group fields by the level of the classification, the coarsest first."""


def industry_column(level: int) -> str:
    """The column beside the prices with the number of a row's industry of ``level`` (from 1)."""
    return f"industry_{level}"


@dataclass(frozen=True)
class Source:
    """How a field is made from the columns of prices; ``columns`` are those it must have.

    What tells of the ``symbol`` rather than of its trading is known on suspended rows too.
    """

    columns: tuple[str, ...]
    values: pl.Expr
    symbol: bool = False


def _quoted(column: str) -> Source:
    return Source((column,), pl.col(column))


def _back_adjusted(column: str) -> Source:
    return Source((column, "adj_factor"), pl.col(column) * pl.col("adj_factor"))


def _industry(level: int) -> Source:
    column = industry_column(level)
    return Source((column,), pl.col(column), symbol=True)


_QUOTED_VWAP = pl.when(pl.col("volume") > 0).then(pl.col("amount") / pl.col("volume"))

FIELDS: Mapping[str, Source] = MappingProxyType(
    {
        "open": _back_adjusted("open"),
        "high": _back_adjusted("high"),
        "low": _back_adjusted("low"),
        "close": _back_adjusted("close"),
        "vwap": Source(("amount", "volume", "adj_factor"), _QUOTED_VWAP * pl.col("adj_factor")),
        "volume": Source(("volume", "adj_factor"), pl.col("volume") / pl.col("adj_factor")),
        "amount": _quoted("amount"),
        "raw_open": _quoted("open"),
        "raw_high": _quoted("high"),
        "raw_low": _quoted("low"),
        "raw_close": _quoted("close"),
        "raw_pre_close": _quoted("pre_close"),
        "raw_vwap": Source(("amount", "volume"), _QUOTED_VWAP),
        "raw_volume": _quoted("volume"),
        "adj_factor": _quoted("adj_factor"),
        **{name: _industry(level) for level, name in enumerate(INDUSTRY_FIELDS, start=1)},
    }
)
"""Fields of the expressions: ``$close`` and its like are raw x adj_factor in CNY, ``$volume`` is
shares / adj_factor, ``$amount`` is CNY as traded, and ``$raw_...`` are as quoted. ``$industry`` and
its like number the industry of a symbol: they only group."""

REFUSED_FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cap": (
            "no table of the market tells market capitalisation",
            "write an expression without it, or stand turnover in for size by Mean($amount, 20)",
        ),
    }
)
"""Fields that formulas of others read and that the data have not: why, and what to do instead."""

_USABLE = ~pl.col("is_suspended").fill_null(False) & pl.col("quarantined_by").is_null()


@dataclass(frozen=True)
class Panel:
    """Fields of prices as float32 matrices of (days x symbols), NaN where nothing is known.

    ``days`` are consecutive absolute trading-day indices, ``dates`` theirs (NaT where no symbol has
    a row). ``present`` marks the cells that have a row, suspended or not. ``cells`` is the flat
    index into a matrix for each row of the prices, in their order. ``universe`` marks the cells
    that operators across the symbols of a day look at. ``periods`` are the figures of periods that
    :func:`~naxs_assets.factors.periods.with_periods` gives.
    """

    days: npt.NDArray[np.int32]
    dates: npt.NDArray[np.datetime64]
    symbols: tuple[str, ...]
    fields: Mapping[str, Matrix]
    present: npt.NDArray[np.bool_]
    cells: npt.NDArray[np.int64]
    universe: npt.NDArray[np.bool_]
    periods: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def first_day(self) -> int:
        return int(self.days[0]) if len(self.days) else 0


def missing_in_prices(prices: pl.DataFrame, fields: Iterable[str]) -> tuple[str, ...]:
    """The fields of which ``prices`` know no value on any usable (traded, not quarantined) row."""
    names = sorted(set(fields))
    there = [name for name in names if set(FIELDS[name].columns) <= set(prices.columns)]
    known = prices.filter(_USABLE).select(
        FIELDS[name].values.is_not_null().any().alias(name) for name in there
    )
    return tuple(name for name in names if name not in there or not known[name].item())


def panel_from_prices(prices: pl.DataFrame, fields: Iterable[str]) -> Panel:
    """Scatter the rows of ``prices`` into one matrix for each of ``fields`` (keys of FIELDS).

    Suspended and quarantined rows are present, and NaN in every field; a field whose columns the
    data lack is NaN throughout. The universe is what the column ``MEMBER`` says, every row
    where there is no such column. Raises :class:`DataError` when a key appears twice or a day index
    goes with two dates.
    """
    names = sorted(set(fields))
    symbols = prices["symbol"].unique().sort()
    column = prices["symbol"].cast(pl.Enum(symbols)).to_physical().to_numpy().astype(np.int64)
    day = prices["day"].to_numpy().astype(np.int64)
    first = int(day.min()) if len(day) else 0
    days = np.arange(first, int(day.max()) + 1 if len(day) else first, dtype=np.int32)
    cells = (day - first) * len(symbols) + column

    row_dates = prices["date"].to_numpy()
    dates = np.full(len(days), np.datetime64("NaT", "D"))
    dates[day - first] = row_dates
    present = np.zeros((len(days), len(symbols)), np.bool_)
    present.ravel()[cells] = True
    _check_keys(prices, int(present.sum()), dates[day - first] == row_dates)

    usable = prices.select(_USABLE).to_series()
    matrices = {}
    for name in names:
        source = FIELDS[name]
        matrix = np.full(present.shape, np.nan, np.float32)
        if set(source.columns) <= set(prices.columns):
            known = pl.when(pl.lit(usable) | source.symbol).then(source.values)
            values = prices.select(known.cast(pl.Float32).fill_null(math.nan)).to_series()
            matrix.ravel()[cells] = values.to_numpy()
        matrices[name] = matrix
    universe = present
    if MEMBER in prices.columns:
        universe = np.zeros(present.shape, np.bool_)
        universe.ravel()[cells] = prices[MEMBER].to_numpy()
    return Panel(
        days=days,
        dates=dates,
        symbols=tuple(symbols),
        fields=MappingProxyType(matrices),
        present=present,
        cells=cells,
        universe=universe,
    )


def _check_keys(prices: pl.DataFrame, cells: int, agrees: npt.NDArray[np.bool_]) -> None:
    if cells != prices.height:
        twice = prices.filter(pl.struct("date", "symbol").is_duplicated())
        sample = (twice if twice.height else prices).select("date", "symbol").row(0)
        raise DataError(
            f"prices hold {prices.height - cells} rows more than they have (day, symbol) keys",
            where=f"for example {sample}",
            remedy="re-make the prices of that month",
        )
    if not agrees.all():
        sample = prices.filter(~pl.Series(agrees)).select("date", "day").row(0)
        raise DataError(
            "prices give two dates the same trading-day index",
            where=f"for example (date, day) = {sample}",
            remedy="re-make the calendar, then the prices of that month",
        )
