"""One table of a mapping, read from its files into canonical columns and units."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from textwrap import shorten

import polars as pl

from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.market.sources.cells import Kind, canonical_symbol, reading
from naxs_assets.market.sources.mapping import Columns, Table, Units

_KINDS = {
    "date": Kind.DATE,
    "list_date": Kind.DATE,
    "delist_date": Kind.DATE,
    "effective_from": Kind.DATE,
    "effective_to": Kind.DATE,
    "announced_at": Kind.DATE,
    "ex_date": Kind.DATE,
    "payable_date": Kind.DATE,
    "start_date": Kind.DATE,
    "report_period": Kind.DATE,
    "published_at": Kind.INSTANT,
    "level": Kind.WHOLE,
    "volume": Kind.WHOLE,
    "is_st": Kind.FLAG,
    "is_suspended": Kind.FLAG,
    "is_open": Kind.FLAG,
    "symbol": Kind.TEXT,
    "index": Kind.TEXT,
    "name": Kind.TEXT,
    "code": Kind.TEXT,
    "item": Kind.TEXT,
    "id": Kind.TEXT,
    "title": Kind.TEXT,
    "source": Kind.TEXT,
}
_SCALES = {
    "shares": 1.0,
    "lots": 100.0,
    "cny": 1.0,
    "thousand_cny": 1e3,
    "ten_thousand_cny": 1e4,
    "ratio": 1.0,
    "percent": 0.01,
}
_BAD = "bad:"
_MOSTLY = 0.5
_LONGEST_LIST = 400
"""Letters of the list of a file's columns in a message."""
# What reading broken bytes has been seen to raise; the Parquet reader panics on some of them.
_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


class TableFiles:
    """The files of one table: ``name`` is its key in the mapping, ``root`` the data folder."""

    def __init__(self, name: str, table: Table, root: Path) -> None:
        self._name = name
        self._table = table
        self._root = root
        columns: Columns = getattr(table, "columns")  # noqa: B009 - declared by each table
        self._columns = columns.mapped()
        self._optional = {
            name for name, field in type(columns).model_fields.items() if not field.is_required()
        }
        self._units: Units = getattr(table, "units", Units())

    def paths(self) -> list[Path]:
        """The files, sorted; raises ``ConfigurationError`` when there is none."""
        found = sorted(path for path in self._root.glob(self._table.path) if path.is_file())
        if not found:
            raise ConfigurationError(
                f"no file matches {self._table.path!r}",
                where=f"{self._name}.path of the mapping, in {self._root}",
                remedy="correct the path or the data folder",
            )
        return found

    def frame(self) -> pl.DataFrame:
        """Every row in canonical columns, in the files' order, with ``bad_cells``.

        Raises ``ConfigurationError`` when a file lacks a mapped column, is in another encoding or
        most cells of a column cannot be read, and ``DataError`` when a file itself cannot be read.
        """
        frame = self._collected(pl.concat(self._parts(), how="diagonal"))
        return self._with_bad_cells(self._with_symbols(frame))

    def span(self) -> tuple[date, date]:
        """The first and the last readable ``date``; raises as :meth:`frame` when there is none."""
        days = pl.concat([part.select("date") for part in self._parts()])
        ends = days.select(pl.col("date").min(), pl.col("date").max().alias("last"))
        first, last = self._collected(ends).row(0)
        if first is None:
            self.frame()  # refuses dates in another form, with an example
            raise self._unreadable(self._table.path, "no row has a date")
        return first, last

    def _collected(self, lazy: pl.LazyFrame) -> pl.DataFrame:
        try:
            return lazy.collect()
        except _FAULTS as error:
            raise self._fault(error) from error

    def _fault(self, error: BaseException) -> ConfigurationError | DataError:
        """The error of the first file that cannot be read by itself."""
        for path in self.paths():
            try:
                part = self._scan(path)
                if part is not None:
                    part.collect()
            except _FAULTS as its_own:
                return self._unreadable_file(path, its_own)
        return self._unreadable(self._table.path, _in_one_line(error))

    def _parts(self) -> list[pl.LazyFrame]:
        """The files that are not empty, lazily."""
        parts = [part for part in map(self._scan, self.paths()) if part is not None]
        if not parts:
            raise self._unreadable(self._table.path, "every file is empty")
        return parts

    def _scan(self, path: Path) -> pl.LazyFrame | None:
        """One file lazily in canonical columns; None for a file without a single byte."""
        if path.stat().st_size == 0:
            return None
        try:
            lazy = self._open(path)
            schema = lazy.collect_schema()
        except (*_FAULTS, UnicodeDecodeError) as error:
            raise self._unreadable_file(path, error) from error
        columns = []
        for name, column in self._columns.items():
            if column not in schema:
                raise self._lacking(path, name, list(schema))
            if f"{column}_duplicated_0" in schema:  # so polars calls the second of a name
                raise ConfigurationError(
                    f"{path.name} has more than one column {column!r}",
                    where=f"{self._name}.columns.{name} of the mapping, in {self._root}",
                    remedy="give each column of the file a name of its own",
                )
            read, bad = reading(
                column,
                schema[column],
                _KINDS.get(name, Kind.NUMBER),
                date_format=self._table.date_format,
                null_values=self._table.null_values,
                scale=_SCALES.get(getattr(self._units, name, None) or "", 1.0),
            )
            columns.append(read.alias(name))
            if bad is not None:
                columns.append(bad.alias(_BAD + name))
        return lazy.select(columns)

    def _open(self, path: Path) -> pl.LazyFrame:
        if path.suffix == ".parquet":
            return pl.scan_parquet(path)
        if self._is_utf8:
            return pl.scan_csv(path, separator=self._table.separator, infer_schema=False)
        text = path.read_bytes().decode(self._table.encoding)
        return pl.read_csv(
            text.encode(), separator=self._table.separator, infer_schema=False
        ).lazy()

    @property
    def _is_utf8(self) -> bool:
        return self._table.encoding.lower().replace("-", "") == "utf8"

    def _lacking(self, path: Path, name: str, columns: list[str]) -> ConfigurationError:
        """The error of a file without the column that ``name`` is mapped to."""
        if not self._is_decodable(path):
            return self._undecodable(path)
        has = shorten(", ".join(columns), _LONGEST_LIST, placeholder=" ...")
        remedy = "map the name to one of these"
        if name in self._optional:
            remedy += ", or leave it out and declare a gap"
        if len(columns) == 1 and path.suffix != ".parquet":
            remedy = f"correct the separator, which is {self._table.separator!r}"
        return ConfigurationError(
            f"{path.name} has no column {self._columns[name]!r}; it has {has}",
            where=f"{self._name}.columns.{name} of the mapping, in {self._root}",
            remedy=remedy,
        )

    def _is_decodable(self, path: Path) -> bool:
        try:
            return path.suffix == ".parquet" or bool(path.read_bytes().decode(self._table.encoding))
        except UnicodeDecodeError:
            return False

    def _unreadable_file(self, path: Path, error: BaseException) -> ConfigurationError | DataError:
        if not self._is_decodable(path):
            return self._undecodable(path)
        return self._unreadable(path.name, _in_one_line(error))

    def _undecodable(self, path: Path) -> ConfigurationError:
        return ConfigurationError(
            f"{path.name} is not in the encoding {self._table.encoding}",
            where=f"{self._name}.encoding of the mapping, in {self._root}",
            remedy="set encoding to the file's own (often gbk), or save the file anew",
        )

    def _unreadable(self, file: str, why: str) -> DataError:
        return DataError(
            f"{file} cannot be read: {why}",
            where=f"{self._name} of the mapping, in {self._root}",
            remedy="check the file, and encoding, separator and columns in the mapping",
        )

    def _with_symbols(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Turn the symbols into the canonical form, by way of the few that are distinct."""
        for name in ("symbol", "index"):
            if name not in frame.columns:
                continue
            texts = frame.get_column(name).unique().drop_nulls().to_list()
            symbols = {
                text: canonical_symbol(text, self._table.symbol_form, index=name == "index")
                for text in texts
            }
            if any(text != symbol for text, symbol in symbols.items()):
                read = pl.col(name).replace_strict(symbols, return_dtype=pl.String)
                frame = frame.with_columns(
                    read.alias(name), pl.when(read.is_null()).then(name).alias(_BAD + name)
                )
        return frame

    def _with_bad_cells(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Gather the unreadable cells of each row as JSON in ``bad_cells``."""
        suspects = [name for name in frame.columns if name.startswith(_BAD)]
        suspects = [name for name in suspects if frame.get_column(name).count()]
        for name in suspects:
            self._refuse_mostly_unreadable(frame, name.removeprefix(_BAD))
        kept = frame.select(pl.exclude(f"^{_BAD}.*$"))
        if not suspects:
            return kept.with_columns(bad_cells=pl.lit(None, dtype=pl.String))
        texts: list[str | None] = [None] * frame.height
        dirty = (
            frame.select(suspects)
            .with_row_index("row")
            .filter(pl.any_horizontal(pl.col(suspects).is_not_null()))
        )
        for row in dirty.to_dicts():
            cells = {
                name.removeprefix(_BAD): row[name] for name in suspects if row[name] is not None
            }
            texts[row["row"]] = json.dumps(cells, ensure_ascii=False)
        return kept.with_columns(bad_cells=pl.Series(texts, dtype=pl.String))

    def _refuse_mostly_unreadable(self, frame: pl.DataFrame, name: str) -> None:
        """Most cells of a column being unreadable is a wrong mapping, no dirt in the data."""
        bad = frame.get_column(_BAD + name)
        readable = frame.get_column(name).count()
        if bad.count() <= _MOSTLY * (bad.count() + readable):
            return
        kind = _KINDS.get(name, Kind.NUMBER)
        hint = {
            Kind.INSTANT: f"date_format is {self._table.date_format!r}",
            Kind.DATE: f"date_format is {self._table.date_format!r}",
            Kind.TEXT: f"symbol_form is {self._table.symbol_form!r}",
        }.get(kind, "null_values lists the texts that stand for nothing")
        raise ConfigurationError(
            f"{bad.count()} of {bad.count() + readable} cells of column "
            f"{self._columns[name]!r} cannot be read as a {kind.value}, "
            f"for example {bad.drop_nulls()[0]!r}",
            where=f"{self._name}.columns.{name} of the mapping ({self._table.path})",
            remedy=f"correct the mapping; {hint}",
        )


def _in_one_line(error: BaseException) -> str:
    """What an error says first; what follows is advice on the library's own options."""
    return str(error).strip().partition("\n")[0]
