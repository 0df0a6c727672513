"""Small markets for Qlib bundles, and a reader of bundles that shares no code with the writer."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from naxs_assets.lineage.content_hash import table_hash
from naxs_assets.market.contracts import INDEX_MEMBERS
from naxs_assets.market.qlib_bundle import rows_of_prices
from naxs_assets.market.qlib_bundle_input import BundleInput, Part
from naxs_assets.partitions import first_day, last_day

FIELDS = ("open", "high", "low", "close", "volume", "amount", "vwap", "change", "factor")
# Two months of seven trading days.
DAYS = [
    *(date(2023, 1, day) for day in (17, 18, 19, 20, 30, 31)),
    *(date(2023, 2, day) for day in (1, 2)),
]
Row = dict[str, object]


def row(symbol: str, day: date, close: float, **other: object) -> Row:
    """A traded row of market/prices: 100 shares at the close, after the same close."""
    made: Row = {
        "date": day,
        "symbol": symbol,
        "open": close,
        "high": close,
        "low": close,
        "close": close,
        "pre_close": close,
        "volume": 100,
        "amount": 100 * close,
        "adj_factor": 1.0,
        "is_suspended": False,
        "quarantined_by": None,
    }
    return made | other


def plain_rows() -> list[Row]:
    """Three stocks: one on all days, one listed on the third, one gone after the fourth."""
    rows = []
    for number, day in enumerate(DAYS):
        rows.append(row("600519.SH", day, 10.0 + number, adj_factor=1.5))
        if number >= 2:
            rows.append(row("000001.SZ", day, 20.0 + number))
        if number < 4:
            rows.append(row("300750.SZ", day, 30.0 + number, adj_factor=2.0))
    return rows


@dataclass(frozen=True)
class SmallMarket:
    """Rows of prices as months, with the members of indices."""

    rows: tuple[Row, ...]
    members: pl.DataFrame = field(default_factory=INDEX_MEMBERS.empty)
    days: tuple[date, ...] = tuple(DAYS)

    def until(self, day: date) -> SmallMarket:
        """What there was on the evening of ``day``."""
        rows = tuple(one for one in self.rows if str(one["date"]) <= str(day))
        return replace(self, rows=rows, days=tuple(one for one in self.days if one <= day))

    def restated(self, symbol: str, day: date, **values: object) -> SmallMarket:
        """The same with other values in one row."""
        here = [(one["symbol"], one["date"]) == (symbol, day) for one in self.rows]
        assert sum(here) == 1
        rows = [one | values if hit else one for one, hit in zip(self.rows, here, strict=True)]
        return replace(self, rows=tuple(rows))

    def without(self, symbol: str, *days: date) -> SmallMarket:
        """The same without a symbol's rows on ``days``, or on any day."""
        rows = tuple(
            one
            for one in self.rows
            if one["symbol"] != symbol or (days and one["date"] not in days)
        )
        return replace(self, rows=rows)

    def input(self) -> BundleInput:
        """What an export takes."""
        schema = {"quarantined_by": pl.String}
        table = pl.DataFrame(list(self.rows), schema_overrides=schema, infer_schema_length=None)
        calendar = pl.Series("date", list(self.days))
        parts = {}
        for month in sorted({f"{day:%Y-%m}" for day in self.days}):
            bounds = first_day(month), last_day(month)
            prices = table.filter(pl.col("date").is_between(*bounds))
            made = rows_of_prices(prices)
            digest = table_hash(prices, ("date", "symbol"))
            parts[f"market/prices {month}"] = Part(*bounds, digest, lambda made=made: made)
        return BundleInput(calendar, parts, self.members)


PLAIN = SmallMarket(tuple(plain_rows()))


def members(*spans: tuple[str, str, date, date | None]) -> pl.DataFrame:
    """Rows of market/index_members: index, symbol, first and last day."""
    names = INDEX_MEMBERS.column_names
    rows = [(*span, None) for span in spans]
    return pl.DataFrame(rows, schema=dict.fromkeys(names), orient="row").cast(
        {column.name: column.dtype for column in INDEX_MEMBERS.columns}  # type: ignore[arg-type]
    )


def read_bundle(folder: Path) -> dict[tuple[str, str, str], float]:
    """Every known value of a bundle by symbol, day and field, read by the format's description."""
    days = (folder / "calendars/day.txt").read_text().splitlines()
    found = {}
    for file in (folder / "features").glob("*/*.day.bin"):
        content = file.read_bytes()
        first, *values = struct.unpack(f"<{len(content) // 4}f", content)
        for place, value in enumerate(values, int(first)):
            if place < len(days) and not np.isnan(value):
                name = file.name.removesuffix(".day.bin")
                found[file.parent.name.upper(), days[place], name] = value
    return found


def files_of(folder: Path) -> Mapping[str, bytes]:
    """Every file of a folder by its path there."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
