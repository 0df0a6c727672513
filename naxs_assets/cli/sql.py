"""``naxs sql``: one query to the home's tables, on a connection that can do nothing else."""

from __future__ import annotations

import csv
import json
import math
import sys
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from naxs_assets.cli.homes import Home
from naxs_assets.errors import EXIT_DEGRADED, ConfigurationError

if TYPE_CHECKING:
    from naxs_assets.lineage.warehouse_queries import Answer, Warehouse

_ROWS = 200
_SECONDS = 60.0
_TABLES = """
SELECT schema_name || '.' || table_name AS "table", rows, months, first_month, last_month, contract
FROM naxs.tables ORDER BY ALL
"""
_COLUMNS = """
SELECT column_name AS "column", data_type AS type, unit, nullable, description
FROM naxs.columns WHERE schema_name || '.' || table_name = ? ORDER BY position
"""


@click.command()
@click.argument("query", required=False)
@click.option("--tables", is_flag=True, help="List the tables with their rows and months.")
@click.option("--describe", metavar="TABLE", help="The columns of a table, with their units.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_ROWS,
    show_default=True,
    help="Most rows to print.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=_SECONDS,
    show_default=True,
    help="Longest time that the query may take.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the rows as CSV.")
@click.pass_obj
def sql(
    home: Home,
    query: str | None,
    tables: bool,
    describe: str | None,
    limit: int,
    seconds: float,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Ask QUERY (DuckDB's SQL) of the current tables, such as market.prices.

    Without warehouse.duckdb the Parquet files are read directly; the command then says "degraded"
    and ends with 3.
    """
    if (query is not None) + tables + (describe is not None) != 1 or (as_json and as_csv):
        raise ConfigurationError(
            "one thing is asked at a time",
            where="QUERY, --tables, --describe; --json, --csv",
            remedy='naxs sql "SELECT ..." or naxs sql --tables or naxs sql --describe TABLE',
        )
    from naxs_assets.lineage.warehouse import connect
    from naxs_assets.lineage.warehouse_queries import Limits

    settings = home.settings()
    with connect(settings.home, Limits(seconds=seconds, threads=settings.threads)) as warehouse:
        if describe is not None:
            answer = _columns_of(warehouse, describe)
        else:
            answer = warehouse.query(_TABLES if query is None else query, limit=limit)
        if as_json:
            click.echo(json.dumps(_facts(answer, warehouse), ensure_ascii=False))
        elif as_csv:
            _print_csv(answer)
        else:
            _print_table(answer)
        _tell(answer, warehouse, limit)
        degraded = warehouse.degraded
    if degraded is not None:
        sys.exit(EXIT_DEGRADED)


def _columns_of(warehouse: Warehouse, table: str) -> Answer:
    answer = warehouse.query(_COLUMNS, [table])
    if not answer.rows:
        known = [str(row[0]) for row in warehouse.query(_TABLES).rows]
        raise ConfigurationError(
            f"there is no table {table!r}",
            where="--describe",
            remedy=f"known: {', '.join(known) or 'none, nothing has been made yet'}",
        )
    return answer


def _facts(answer: Answer, warehouse: Warehouse) -> dict[str, Any]:
    return {
        "columns": [
            {"name": name, "type": kind}
            for name, kind in zip(answer.columns, answer.types, strict=True)
        ],
        "rows": [[_plain(cell) for cell in row] for row in answer.rows],
        "truncated": answer.truncated,
        "degraded": warehouse.degraded is not None,
        "reason": warehouse.degraded,
        "published_at": warehouse.published_at,
    }


def _plain(cell: Any) -> Any:
    """A cell as JSON can hold it: instants and days as ISO 8601, and what JSON lacks as text."""
    match cell:
        case None | bool() | int() | str():
            return cell
        case float():
            return cell if math.isfinite(cell) else str(cell)
        case date() | datetime() | time():
            return cell.isoformat()
        case list() | tuple():
            return [_plain(item) for item in cell]
        case dict():
            return {str(name): _plain(value) for name, value in cell.items()}
        case _:
            return str(cell)


def _print_csv(answer: Answer) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)


def _print_table(answer: Answer) -> None:
    shown = Table(box=None, padding=(0, 1, 0, 0))
    for name in answer.columns:
        shown.add_column(escape(name), overflow="fold")
    for row in answer.rows:
        shown.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    Console(highlight=False).print(shown)


def _tell(answer: Answer, warehouse: Warehouse, limit: int) -> None:
    if answer.truncated:
        click.echo(f"these are the first {limit} rows; --limit shows more", err=True)
    if warehouse.degraded is not None:
        click.echo(
            f"degraded: {warehouse.degraded}; the Parquet files were read directly, without "
            "comments and units\nremedy: naxs warehouse publish",
            err=True,
        )
