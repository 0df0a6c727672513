"""What the warehouse shows: each table asset of the ledger as a view over its current files.

``market/prices`` becomes ``market.prices``. Nothing is copied: a view names the Parquet files of
the current versions, so it shows exactly them however often the pointers move afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from naxs_assets.lineage import tables as t
from naxs_assets.lineage.contract import Column, Contract
from naxs_assets.lineage.records import UNPARTITIONED, Schema

if TYPE_CHECKING:
    import duckdb

    from naxs_assets.lineage.database import Database
    from naxs_assets.lineage.store import Store

META = "naxs"
"""The schema of the tables that tell of the warehouse itself."""

MONTH = "month"
_MONTH_COMMENT = "month that the row was made in, YYYY-MM; a condition on it skips other files"
_META_COMMENTS = {
    "tables": "every table of this warehouse: its asset, rows, months and contract",
    "columns": "every column of every table: its type, unit and meaning",
    "versions": "the version that each month of each table shows",
}


@dataclass(frozen=True)
class Described:
    """What the program says of a table asset: its contract, and what it is in a few words."""

    contract: Contract
    description: str

    def comment(self) -> str:
        """What the table is, and the contract of its rows."""
        key = ", ".join(self.contract.key)
        return f"{self.description}\n{self.contract.name} v{self.contract.version}, key {key}"


@dataclass(frozen=True)
class Part:
    """One month (or the whole) of a table: the version that is current there."""

    month: str
    version_id: int
    content_hash: str
    uri: str
    rows: int
    schema: Schema
    made_at: str


@dataclass(frozen=True)
class WarehouseTable:
    """A table asset with the current version of each of its months, in order."""

    asset: str
    parts: tuple[Part, ...]
    described: Described | None = None

    @property
    def schema(self) -> str:
        return sql_names(self.asset)[0]

    @property
    def name(self) -> str:
        return sql_names(self.asset)[1]

    @property
    def sql_name(self) -> str:
        return sql_name(self.asset)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every stored column: in the order of the newest contract, then what only older have."""
        newest_first = sorted(self.parts, key=lambda part: part.schema.version, reverse=True)
        return tuple(
            dict.fromkeys(name for part in newest_first for name, _ in part.schema.columns)
        )

    @property
    def has_month(self) -> bool:
        """Whether the view adds the month of each row."""
        return self.parts[0].month != UNPARTITIONED and MONTH not in self.columns

    def column(self, name: str) -> Column | None:
        """What the contract says of a column; None when it does not know it."""
        known = self.described.contract.columns if self.described else ()
        return next((column for column in known if column.name == name), None)

    def comment(self) -> str:
        """What the table is, and the contract of its rows."""
        if self.described is None:
            return f"{self.asset}: this program has no contract of it any more"
        return self.described.comment()


def current_tables(
    database: Database, described: Mapping[str, Described]
) -> tuple[WarehouseTable, ...]:
    """Every table asset that has a current version, by name, from one snapshot of the ledger."""
    columns = (
        t.versions.c[name]
        for name in ("asset", "partition", "id", "content_hash", "uri", "rows", "schema", "made_at")
    )
    query = (
        select(*columns)
        .join(t.pointers, t.pointers.c.version_id == t.versions.c.id)
        .where(t.versions.c.kind == "table")
        .order_by(t.versions.c.asset, t.versions.c.partition)
    )
    schema_of = cache(Schema.from_json)  # hundreds of months share a few
    with database.read() as connection:
        found = connection.execute(query).all()
    return tuple(
        WarehouseTable(
            asset,
            tuple(
                Part(row[1], row.id, row.content_hash, row.uri, row.rows or 0, schema, row.made_at)
                for row in rows
                if (schema := schema_of(row.schema))
            ),
            described.get(asset),
        )
        for asset, rows in groupby(found, lambda row: str(row.asset))
    )


def facts_of(tables: Sequence[WarehouseTable]) -> list[Any]:
    """Everything that decides what the warehouse shows, as plain data."""
    return [
        [
            table.asset,
            [[part.month, part.version_id, part.uri] for part in table.parts],
            table.comment(),
            [
                [column.name, column.unit, column.description, column.nullable]
                for column in (table.described.contract.columns if table.described else ())
            ],
        ]
        for table in tables
    ]


def create(
    connection: duckdb.DuckDBPyConnection, store: Store, tables: Sequence[WarehouseTable]
) -> None:
    """Create the view of each table, with comments, and the tables of ``naxs``.

    Opens one file of each table, and all of a table whose months differ in their columns. Raises
    ``duckdb.Error`` when such a file cannot be read.
    """
    for schema in sorted({table.schema for table in tables} | {META}):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    for table in tables:
        connection.execute(_view(table, store))
        for statement in _comments(table):
            connection.execute(statement)
    _fill_meta(connection, tables)


def _view(table: WarehouseTable, store: Store) -> str:
    differ = len({part.schema.columns for part in table.parts}) > 1
    selected = ", ".join(quoted(column) for column in table.columns)
    branches = []
    for parts in _without_shared_files(table.parts):
        files = {store.address(part.uri): part.month for part in parts}
        listed = ", ".join(text(file) for file in files)
        # DuckDB works this out for each file's name before it opens the file, and skips those
        # that a condition on the month rules out.
        months = ", ".join(f"{text(file)}: {text(month)}" for file, month in files.items())
        month = f", MAP {{{months}}}[filename] AS {MONTH}" if table.has_month else ""
        options = f"filename = {str(table.has_month).lower()}" + (
            ", union_by_name = true" if differ else ""
        )
        branches.append(f"SELECT {selected}{month} FROM read_parquet([{listed}], {options})")
    return f"CREATE VIEW {table.sql_name} AS " + " UNION ALL ".join(branches)


def _without_shared_files(parts: Sequence[Part]) -> list[list[Part]]:
    """The parts in groups in which no two have the same file.

    Months with the same content share a file. One of several empty months stands for all.
    """
    groups: list[list[Part]] = []
    seen: Counter[str] = Counter()
    for part in parts:
        if part.rows == 0 and seen[part.uri]:
            continue
        if seen[part.uri] == len(groups):
            groups.append([])
        groups[seen[part.uri]].append(part)
        seen[part.uri] += 1
    return groups


def _comments(table: WarehouseTable) -> Iterator[str]:
    yield f"COMMENT ON VIEW {table.sql_name} IS {text(table.comment())}"
    for name, comment in _column_comments(table).items():
        yield f"COMMENT ON COLUMN {table.sql_name}.{quoted(name)} IS {text(comment)}"


def _column_comments(table: WarehouseTable) -> dict[str, str]:
    said = {name: column_comment(table.column(name)) for name in table.columns}
    return said | {MONTH: _MONTH_COMMENT} if table.has_month else said


def column_comment(column: Column | None) -> str:
    """What a column holds, with its unit where it has one."""
    if column is None:
        return "not in the contract any more"
    return column.description if column.unit == "-" else f"{column.description} ({column.unit})"


def _fill_meta(connection: duckdb.DuckDBPyConnection, tables: Sequence[WarehouseTable]) -> None:
    _table(
        connection,
        "tables",
        {
            "schema_name": "VARCHAR",
            "table_name": "VARCHAR",
            "asset": "VARCHAR",
            "rows": "BIGINT",
            "months": "BIGINT",
            "first_month": "VARCHAR",
            "last_month": "VARCHAR",
            "contract": "VARCHAR",
            "description": "VARCHAR",
        },
        [
            (
                table.schema,
                table.name,
                table.asset,
                sum(part.rows for part in table.parts),
                len(table.parts),
                table.parts[0].month or None,
                table.parts[-1].month or None,
                f"{table.parts[-1].schema.contract} v{table.parts[-1].schema.version}",
                table.comment(),
            )
            for table in tables
        ],
    )
    types = {
        (schema, name, column): kind
        for schema, name, column, kind in connection.execute(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()"
        ).fetchall()
    }
    _table(
        connection,
        "columns",
        {
            "schema_name": "VARCHAR",
            "table_name": "VARCHAR",
            "position": "INTEGER",
            "column_name": "VARCHAR",
            "data_type": "VARCHAR",
            "unit": "VARCHAR",
            "nullable": "BOOLEAN",
            "description": "VARCHAR",
        },
        [
            (
                table.schema,
                table.name,
                position,
                column,
                types[table.schema, table.name, column],
                known.unit if (known := table.column(column)) else None,
                known.nullable if known else None,
                known.description if known else comment,
            )
            for table in tables
            for position, (column, comment) in enumerate(_column_comments(table).items(), start=1)
        ],
    )
    _table(
        connection,
        "versions",
        {
            "asset": "VARCHAR",
            "month": "VARCHAR",
            "version": "BIGINT",
            "content_hash": "VARCHAR",
            "rows": "BIGINT",
            "contract": "VARCHAR",
            "made_at": "TIMESTAMP WITH TIME ZONE",
            "file": "VARCHAR",
        },
        [
            (
                table.asset,
                part.month or None,
                part.version_id,
                part.content_hash,
                part.rows,
                f"{part.schema.contract} v{part.schema.version}",
                part.made_at,
                part.uri,
            )
            for table in tables
            for part in table.parts
        ],
    )


def _table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: Mapping[str, str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    where = f"{META}.{quoted(name)}"
    typed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
    connection.execute(f"CREATE TABLE {where} ({typed})")
    connection.execute(f"COMMENT ON TABLE {where} IS {text(_META_COMMENTS[name])}")
    if rows:
        # One statement with a list for each column: row by row takes a thousand times as long.
        lists = ", ".join(f"unnest(?::{kind}[])" for kind in columns.values())
        connection.execute(
            f"INSERT INTO {where} SELECT {lists}",
            [list(cells) for cells in zip(*rows, strict=True)],
        )


def sql_names(asset: str) -> tuple[str, str]:
    """The schema and the name of an asset's table: the first part of its name, and the rest."""
    schema, _, name = asset.partition("/")
    return (schema, name.replace("/", "_")) if name else ("main", asset)


def sql_name(asset: str) -> str:
    """The name of an asset's table as SQL writes it."""
    return ".".join(quoted(name) for name in sql_names(asset))


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as SQL writes it, whatever it holds."""
    return "'" + value.replace("'", "''") + "'"
