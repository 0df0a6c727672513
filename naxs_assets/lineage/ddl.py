"""Contracts as ``CREATE TABLE`` statements with types, comments and units, for databases into
which a home's tables are loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, get_args

from naxs_assets.errors import DataError
from naxs_assets.lineage.contract import Column
from naxs_assets.lineage.schema_snapshot import canonical_type
from naxs_assets.lineage.warehouse_tables import (
    Described,
    column_comment,
    quoted,
    sql_name,
    sql_names,
    text,
)

Dialect = Literal["duckdb", "clickhouse"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)

_DUCKDB = {
    "bool": "BOOLEAN",
    "utf8": "VARCHAR",
    "date32": "DATE",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
}
_CLICKHOUSE = {
    "bool": "Bool",
    "utf8": "String",
    # Date32: a Date holds no day before 1970.
    "date32": "Date32",
    **{
        f"{kind}{bits}": f"{name}{bits}"
        for kind, name in (("int", "Int"), ("uint", "UInt"))
        for bits in (8, 16, 32, 64)
    },
    "float32": "Float32",
    "float64": "Float64",
}
_TIMESTAMP = re.compile(r"timestamp\[(ms|us|ns),(.*)\]")
_DIGITS = {"ms": 3, "us": 6, "ns": 9}
_DUCKDB_TIMESTAMPS = {"ms": "TIMESTAMP_MS", "us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}


def ddl(tables: Mapping[str, Described], dialect: Dialect) -> str:
    """The statements that create the tables of these assets, in the order given.

    Raises :class:`DataError` for a column whose type the dialect has no counterpart of.
    """
    statements = _WRITERS[dialect](tables)
    return "\n\n".join(f"{statement};" for statement in statements) + "\n"


def _duckdb(tables: Mapping[str, Described]) -> Iterator[str]:
    for schema in dict.fromkeys(sql_names(asset)[0] for asset in tables):
        yield f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}"
    for asset, table in tables.items():
        name = sql_name(asset)
        lines = [
            f"    {quoted(column.name)} {_duckdb_type(column, asset)}"
            + ("" if column.nullable else " NOT NULL")
            for column in table.contract.columns
        ]
        key = ", ".join(quoted(column) for column in table.contract.key)
        lines.append(f"    PRIMARY KEY ({key})")
        yield f"CREATE TABLE {name} (\n" + ",\n".join(lines) + "\n)"
        yield f"COMMENT ON TABLE {name} IS {text(table.comment())}"
        for column in table.contract.columns:
            comment = text(column_comment(column))
            yield f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {comment}"


def _clickhouse(tables: Mapping[str, Described]) -> Iterator[str]:
    for schema in dict.fromkeys(sql_names(asset)[0] for asset in tables):
        yield f"CREATE DATABASE IF NOT EXISTS {_backticked(schema)}"
    for asset, table in tables.items():
        name = ".".join(_backticked(part) for part in sql_names(asset))
        lines = [
            f"    {_backticked(column.name)} {_clickhouse_type(column, asset)} "
            f"COMMENT {_escaped(column_comment(column))}"
            for column in table.contract.columns
        ]
        key = ", ".join(_backticked(column) for column in table.contract.key)
        # By month, so that a month that was made again replaces the one before:
        # ALTER TABLE ... DROP PARTITION 202001, then INSERT.
        months = "PARTITION BY toYYYYMM(`date`)\n" if "date" in table.contract.key else ""
        yield (
            f"CREATE TABLE IF NOT EXISTS {name} (\n"
            + ",\n".join(lines)
            + f"\n)\nENGINE = ReplacingMergeTree\n{months}ORDER BY ({key})\n"
            + f"COMMENT {_escaped(table.comment())}"
        )


_WRITERS: Mapping[Dialect, Callable[[Mapping[str, Described]], Iterator[str]]] = {
    "duckdb": _duckdb,
    "clickhouse": _clickhouse,
}


def _duckdb_type(column: Column, asset: str) -> str:
    kind = canonical_type(column)
    if found := _TIMESTAMP.fullmatch(kind):
        unit, zone = found.groups()
        # DuckDB keeps instants in microseconds only.
        if not zone:
            return _DUCKDB_TIMESTAMPS[unit]
        if unit == "us":
            return "TIMESTAMP WITH TIME ZONE"
    if kind not in _DUCKDB:
        raise _no_counterpart(column, asset, kind, "DuckDB")
    return _DUCKDB[kind]


def _clickhouse_type(column: Column, asset: str) -> str:
    kind = canonical_type(column)
    if found := _TIMESTAMP.fullmatch(kind):
        unit, zone = found.groups()
        plain = f"DateTime64({_DIGITS[unit]}{f', {_escaped(zone)}' if zone else ''})"
    elif kind in _CLICKHOUSE:
        plain = _CLICKHOUSE[kind]
    else:
        raise _no_counterpart(column, asset, kind, "ClickHouse")
    return f"Nullable({plain})" if column.nullable else plain


def _no_counterpart(column: Column, asset: str, kind: str, database: str) -> DataError:
    return DataError(
        f"{database} has no type for a column of {kind}",
        where=f"{asset}, column {column.name}",
        remedy="give the column another type in its contract",
    )


def _backticked(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _escaped(value: str) -> str:
    """A text as ClickHouse writes it: a backslash escapes, also a line's end."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"
