"""A writer of Qlib's file format: what its data server reads for daily bars.

``calendars/day.txt`` has one day a line, ``instruments/all.txt`` symbol, first and last day by
tabs, and ``features/SYMBOL/FIELD.day.bin`` little-endian float32: the index of the first value
in the calendar, then one value a day, NaN where nothing was traded.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

_TRADED = ~pl.col("is_suspended").fill_null(value=False) & pl.col("quarantined_by").is_null()
_FIELDS = {
    "open": pl.col("open") * pl.col("adj_factor"),
    "high": pl.col("high") * pl.col("adj_factor"),
    "low": pl.col("low") * pl.col("adj_factor"),
    "close": pl.col("close") * pl.col("adj_factor"),
    "vwap": pl.when(pl.col("volume") > 0).then(
        pl.col("amount") / pl.col("volume") * pl.col("adj_factor")
    ),
    "volume": pl.col("volume") / pl.col("adj_factor"),
    "change": pl.col("close") / pl.col("pre_close") - 1,
}


def qlib_symbol(symbol: str) -> str:
    """``600519.SH`` as Qlib writes it: ``SH600519``."""
    code, _, exchange = symbol.partition(".")
    return exchange + code


def write_bundle(prices: pl.DataFrame, folder: Path) -> None:
    """Write the rows of market/prices: adjusted prices, volume over the factor, change, factor."""
    calendar = prices["date"].unique().sort()
    (folder / "calendars").mkdir(parents=True)
    (folder / "calendars" / "day.txt").write_text("\n".join(calendar.dt.to_string()) + "\n")
    rows = prices.select(
        "date",
        "symbol",
        *(pl.when(_TRADED).then(value).alias(name) for name, value in _FIELDS.items()),
        factor="adj_factor",
    ).sort("symbol", "date")
    spans = []
    for (symbol,), bars in rows.group_by("symbol", maintain_order=True):
        name = qlib_symbol(str(symbol))
        spans.append(f"{name}\t{bars['date'][0]}\t{bars['date'][-1]}\n")
        place = folder / "features" / name.lower()
        place.mkdir(parents=True)
        first = calendar.search_sorted(bars["date"][0])
        cells = calendar.search_sorted(bars["date"]).to_numpy() - first
        for field in (*_FIELDS, "factor"):
            values = np.full(cells[-1] + 2, np.nan, "<f4")
            values[0] = first
            values[1 + cells] = bars[field].to_numpy()
            values.tofile(place / f"{field}.day.bin")
    (folder / "instruments").mkdir()
    (folder / "instruments" / "all.txt").write_text("".join(spans))
