"""A Qlib bundle as tables of Parquet with a mapping: a market that ``naxs init`` takes.

Quoted prices are the bundle's over its factor, rounded half up to the tick of 0.01 CNY. A bundle
holds float32, which keeps seven digits: prices below 10,000 CNY come back exact, volumes of more
than 16,777,216 shares rounded to a multiple of two or more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.lineage.staging import write_whole
from naxs_assets.market.boards import board_expression
from naxs_assets.market.factor_repair import half_up
from naxs_assets.market.qlib_bundle import CALENDAR_FILE, INDEX_NAMES, VALUE, symbol_of_qlib

MAPPING_FILE = "mapping.yaml"
_PRICES = ("open", "high", "low", "close")
_NEEDED = (*_PRICES, "volume", "factor")
_OPTIONAL = ("amount", "change")
_INDEX_OF = {name: index for index, name in INDEX_NAMES.items()}


@dataclass(frozen=True)
class Imported:
    """The tables by name, and the instrument files of no index known here, which are left out."""

    tables: dict[str, pl.DataFrame]
    left_out: tuple[str, ...]
    last: date

    def mapping(self, name: str) -> dict[str, Any]:
        """The mapping that reads these tables, as the YAML of docs/mappings."""
        return _mapping(name, self.tables, self.last)


def read_series(file: Path, calendar: pl.Series) -> pl.DataFrame:
    """date and value (Float32, NaN as it is) of one ``FIELD.day.bin``.

    Raises :class:`DataError` where the file is torn or its days lie outside the calendar.
    """
    values = np.frombuffer(content := file.read_bytes(), VALUE, len(content) // VALUE.itemsize)
    whole = len(content) % VALUE.itemsize == 0 and len(values) > 0 and values[0] >= 0
    first = int(values[0]) if whole else 0
    if not whole or first + len(values) - 1 > len(calendar):
        raise DataError(
            "a series is torn, or has more days than the calendar",
            where=str(file),
            remedy="take the bundle again from where it came, then import it again",
        )
    return pl.DataFrame(
        {"date": calendar[first : first + len(values) - 1], "value": values[1:].astype(np.float32)}
    )


def read_calendar(folder: Path) -> pl.Series:
    """The days of a bundle. Raises :class:`ConfigurationError` where there is none."""
    file = folder / CALENDAR_FILE
    if not file.exists():
        raise ConfigurationError(
            "there is no Qlib bundle of daily bars here",
            where=str(file),
            remedy="name the folder that holds calendars, features and instruments",
        )
    return pl.Series("date", file.read_text(encoding="utf-8").split()).str.to_date("%Y-%m-%d")


def import_bundle(folder: Path) -> Imported:
    """The tables of a Qlib bundle: bars, index bars, index members and the calendar.

    Only days with a close have a row. Raises :class:`ConfigurationError` for a folder that is no
    bundle or has no factor, and :class:`DataError` for a file that is torn.
    """
    calendar = read_calendar(folder)
    bars = list(_all_bars(folder, calendar))
    if not bars:
        raise ConfigurationError(
            f"no symbol of the bundle has the fields {', '.join(_NEEDED)}",
            where=str(folder / "features"),
            remedy="without a factor adjusted prices cannot be turned into quoted ones: dump the "
            "bundle with it",
        )
    every = pl.concat(bars, how="diagonal")
    is_stock = board_expression().is_not_null()
    stocks, indices = every.filter(is_stock), every.filter(~is_stock)
    tables = {
        "bars": _quoted(stocks).sort("date", "symbol"),
        "calendar": pl.DataFrame({"date": calendar}),
    }
    if indices.height:
        points = indices.select(
            "date", "symbol", *(_finite(pl.col(name) / pl.col("factor")) for name in _PRICES)
        )
        tables["index_bars"] = points.rename({"symbol": "index"}).sort("date", "index")
    members, left_out = _members(folder)
    if members.height:
        tables["index_members"] = members
    return Imported(tables, tuple(left_out), calendar[-1])


def write_imported(imported: Imported, folder: Path, name: str) -> Path:
    """Write the tables and their mapping into a folder that is empty or new; returns the mapping.

    Raises :class:`ConfigurationError` for a folder that holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(
            "the folder is not empty", where=str(folder), remedy="name a folder that is not there"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for table, frame in imported.tables.items():
        frame.write_parquet(folder / f"{table}.parquet")
    mapping = folder / MAPPING_FILE
    text = yaml.safe_dump(imported.mapping(name), sort_keys=False, allow_unicode=True)
    write_whole(mapping, text)
    return mapping


def _all_bars(folder: Path, calendar: pl.Series) -> Iterator[pl.DataFrame]:
    for place in sorted((folder / "features").iterdir()):
        symbol = symbol_of_qlib(place.name)
        files = {field: place / f"{field}.day.bin" for field in (*_NEEDED, *_OPTIONAL)}
        if symbol is None or not all(files[field].exists() for field in _NEEDED):
            continue
        bars: pl.DataFrame | None = None
        for field, file in files.items():
            if file.exists():
                one = read_series(file, calendar).rename({"value": field})
                bars = one if bars is None else bars.join(one, on="date", how="left")
        assert bars is not None  # noqa: S101 - the needed fields are there
        yield bars.with_columns(symbol=pl.lit(symbol)).filter(pl.col("close").is_finite())


def _quoted(bars: pl.DataFrame) -> pl.DataFrame:
    """Bars as quoted: CNY at the tick, whole shares, ratios. What is not finite is null, and where
    the factor is no number above 0, so is all that it adjusts."""
    factor = _finite(pl.col("factor").cast(pl.Float64))
    factor = pl.when(factor > 0).then(factor)
    optional = [name for name in _OPTIONAL if name in bars.columns]
    return bars.select(
        "date",
        "symbol",
        *(half_up(_finite(pl.col(name).cast(pl.Float64)) / factor).alias(name) for name in _PRICES),
        (_finite(pl.col("volume").cast(pl.Float64)) * factor)
        .round()
        .cast(pl.Int64)
        .alias("volume"),
        *(_finite(pl.col(name).cast(pl.Float64)).alias(name) for name in optional),
        factor.alias("adj_factor"),
    )


def _finite(values: pl.Expr) -> pl.Expr:
    return pl.when(values.is_finite()).then(values)


def _members(folder: Path) -> tuple[pl.DataFrame, list[str]]:
    rows, left_out = [], []
    for file in sorted((folder / "instruments").glob("*.txt")):
        index = _INDEX_OF.get(file.stem) or symbol_of_qlib(file.stem)
        if file.stem == "all":
            continue
        if index is None:
            left_out.append(file.name)
            continue
        rows += [(index, *membership) for membership in _memberships(file)]
    schema = {
        "index": pl.String,
        "symbol": pl.String,
        "effective_from": pl.Date,
        "effective_to": pl.Date,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").drop_nulls(), left_out


def _memberships(file: Path) -> Iterator[tuple[str | None, date, date]]:
    """Symbol (None where it is no A-share), first and last day of each line."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            symbol, first, last = line.split("\t")[:3]
            yield (
                symbol_of_qlib(symbol),
                date.fromisoformat(first[:10]),
                date.fromisoformat(last[:10]),
            )
        except ValueError as error:
            raise DataError(
                f"line {number} is not a symbol, its first and its last day, with tabs between",
                where=f"{file}: {line[:80]!r}",
                remedy="mend the line, or take the bundle again from where it came",
            ) from error


def _mapping(name: str, tables: dict[str, pl.DataFrame], last: date) -> dict[str, Any]:
    bars = tables["bars"].columns
    gaps = {"pre_close": "not in a Qlib bundle, derived", "is_st": "not in a Qlib bundle"}
    gaps |= {field: "not in this bundle" for field in _OPTIONAL if field not in bars}
    gaps["turnover"] = "not in a Qlib bundle"
    units = {"volume": "shares"}
    units |= {"amount": "cny"} if "amount" in bars else {}
    units |= {"change": "ratio"} if "change" in bars else {}
    mapping: dict[str, Any] = {
        "name": name,
        "bars": {
            "path": "bars.parquet",
            "columns": {column: column for column in bars},
            "units": units,
        },
        "suspension": "absent_rows",
        "calendar": {"path": "calendar.parquet", "columns": {"date": "date"}},
    }
    for table in ("index_bars", "index_members"):
        if table in tables:
            columns = {column: column for column in tables[table].columns}
            mapping[table] = {"path": f"{table}.parquet", "columns": columns}
    if "index_members" in tables:
        mapping["index_members"]["open_end"] = last
    return mapping | {"gaps": gaps, "policies": {"factor": "rebuild_from_change"}}
