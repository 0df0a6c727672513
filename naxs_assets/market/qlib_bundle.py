"""The format of a Qlib bundle: its folders, names and fields.

``calendars/day.txt`` has one day a line; ``instruments/NAME.txt`` symbol, first and last day by
tabs; ``features/symbol/FIELD.day.bin`` little-endian float32: the place of the first value in the
calendar, then one value a day. This is what Qlib 0.9.7 reads (``FileFeatureStorage``) and what its
``scripts/dump_bin.py`` writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.errors import DataError

Values: TypeAlias = npt.NDArray[np.float32]
Places: TypeAlias = npt.NDArray[np.int64]

CALENDAR_FILE = "calendars/day.txt"
VALUE = np.dtype("<f4")

INDEX_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "000016.SH": "sse50",
        "000300.SH": "csi300",
        "000852.SH": "csi1000",
        "000903.SH": "csi100",
        "000905.SH": "csi500",
        "000906.SH": "csi800",
    }
)
"""What Qlib's users call the members of an index; any other has its symbol for a name."""

_TRADED = ~pl.col("is_suspended").fill_null(value=False) & pl.col("quarantined_by").is_null()
_TRADED_FIELDS: Mapping[str, pl.Expr] = MappingProxyType(
    {
        "open": pl.col("open") * pl.col("adj_factor"),
        "high": pl.col("high") * pl.col("adj_factor"),
        "low": pl.col("low") * pl.col("adj_factor"),
        "close": pl.col("close") * pl.col("adj_factor"),
        "volume": pl.col("volume") / pl.col("adj_factor"),
        "amount": pl.col("amount"),
        "vwap": pl.when(pl.col("volume") > 0).then(
            pl.col("amount") / pl.col("volume") * pl.col("adj_factor")
        ),
        "change": pl.col("close") / pl.col("pre_close") - 1,
    }
)
FIELDS = (*_TRADED_FIELDS, "factor")
"""Every field of a symbol. Prices are raw x factor in CNY and volume shares / factor, so that
``$close/$factor`` and ``$volume*$factor`` are as quoted; amount is CNY and change a ratio. The
factor is the back-adjustment one: a later dividend changes no value of the past. On a suspended or
quarantined day only the factor is known."""

_QLIB_SYMBOL = re.compile(r"([A-Z]{2,3})(\d{6})")


def qlib_symbol(symbol: str) -> str:
    """``600519.SH`` as Qlib writes it: ``SH600519``."""
    code, _, exchange = symbol.partition(".")
    return exchange + code


def symbol_of_qlib(name: str) -> str | None:
    """``SH600519`` (in any case) as ``600519.SH``; None for what is no such symbol."""
    found = _QLIB_SYMBOL.fullmatch(name.upper())
    return f"{found[2]}.{found[1]}" if found else None


def index_name(index: str) -> str:
    """The name of an index's file of members: ``csi300``, or ``sh000985``."""
    return INDEX_NAMES.get(index, qlib_symbol(index).lower())


def field_file(folder: Path, symbol: str, field: str) -> Path:
    """The file of one field of a symbol in Qlib's form."""
    return folder / "features" / symbol.lower() / f"{field}.day.bin"


def rows_of_prices(prices: pl.DataFrame) -> pl.DataFrame:
    """date, symbol in Qlib's form and ``FIELDS`` (Float32) for each row of market/prices."""
    return prices.select(
        "date",
        _qlib_symbols("symbol"),
        *(
            pl.when(_TRADED).then(value).cast(pl.Float32).alias(name)
            for name, value in _TRADED_FIELDS.items()
        ),
        pl.col("adj_factor").cast(pl.Float32).alias("factor"),
    )


def rows_of_index_prices(index_prices: pl.DataFrame) -> pl.DataFrame:
    """The same of market/index_prices: points, a factor of 1, and no vwap and no change."""
    unknown = pl.lit(None, dtype=pl.Float32)
    return index_prices.select(
        "date",
        _qlib_symbols("index"),
        *(pl.col(name).cast(pl.Float32) for name in ("open", "high", "low", "close")),
        *(pl.col(name).cast(pl.Float32) for name in ("volume", "amount")),
        vwap=unknown,
        change=unknown,
        factor=pl.lit(1, dtype=pl.Float32),
    )


def _qlib_symbols(column: str) -> pl.Expr:
    parts = pl.col(column).str.split(".")
    return (parts.list.get(1) + parts.list.get(0)).alias("symbol")


@dataclass(frozen=True)
class Series:
    """The rows of one symbol: their places in the calendar, rising, and (fields x rows) values."""

    places: Places
    values: Values

    @property
    def first(self) -> int:
        return int(self.places[0])

    @property
    def end(self) -> int:
        """The place behind the last row."""
        return int(self.places[-1]) + 1

    def dense(self, field: int, first: int, end: int) -> Values:
        """The values of one field at the places from ``first`` up to ``end``, NaN without a row."""
        dense = np.full(end - first, np.nan, VALUE)
        inside = slice(*np.searchsorted(self.places, (first, end)))
        dense[self.places[inside] - first] = self.values[field, inside]
        return dense


def series_by_symbol(rows: pl.DataFrame, calendar: pl.Series) -> dict[str, Series]:
    """Rows of date, symbol and ``FIELDS`` as a series for each symbol.

    Raises :class:`DataError` for a row on a day that the calendar does not have, or of two rows of
    a symbol on one day.
    """
    rows = rows.sort("symbol", "date")
    places = calendar.search_sorted(rows["date"]).to_numpy().astype(np.int64)
    known = np.append(calendar.to_physical().to_numpy(), -1)[places]
    symbols = rows["symbol"].rle().struct.unnest()
    ends = np.cumsum(symbols["len"].to_numpy())
    inside = np.ones(len(places), np.bool_)
    inside[ends[:-1]] = False
    faulty = known != rows["date"].to_physical().to_numpy()
    faulty[1:] |= inside[1:] & (np.diff(places) <= 0)
    if faulty.any():
        sample = rows.filter(pl.Series(faulty)).select("date", "symbol").row(0)
        raise DataError(
            "a row lies on no day of the calendar, or twice on one",
            where=f"for example {sample}",
            remedy="re-make the calendar, then the prices of that month",
        )
    values = np.stack([rows[name].fill_null(float("nan")).to_numpy() for name in FIELDS])
    found, first = {}, 0
    for symbol, end in zip(symbols["value"], ends, strict=True):
        found[symbol] = Series(places[first:end], values[:, first:end])
        first = int(end)
    return found
