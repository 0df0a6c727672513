"""``naxs schema``: the contracts of all tables, how they changed, and as statements of SQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from naxs_assets.cli.homes import Home
from naxs_assets.errors import ConfigurationError, NaxsError
from naxs_assets.lineage.staging import write_whole

if TYPE_CHECKING:
    from naxs_assets.lineage.schema_changes import Change
    from naxs_assets.lineage.schema_snapshot import Snapshot
    from naxs_assets.lineage.warehouse_tables import Described

_PACKAGE = Path(__file__).resolve().parents[1]
SNAPSHOT_FILE = _PACKAGE / "schema.yaml"
PAGE_FILE = _PACKAGE.parent / "docs" / "schema.md"
# No home of anybody: the tables of the built-in catalogue alone.
_NO_HOME = _PACKAGE / "no-home"


class UnannouncedChangeError(NaxsError):
    """A contract breaks its readers without a higher version."""


@click.group()
def schema() -> None:
    """What every table promises: columns, types, units and keys."""


@schema.command()
@click.argument("table", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the contracts as JSON.")
@click.pass_obj
def show(home: Home, table: str | None, as_json: bool) -> None:
    """The contract of every table of this program and of the home's catalogue, or of TABLE."""
    from naxs_assets.lineage.schema_snapshot import snapshot_of

    shapes = snapshot_of(_chosen(home, table)).tables
    if as_json:
        facts = {name: shape.model_dump(mode="json") for name, shape in shapes.items()}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    console = Console(highlight=False)
    listed = Table("table", "contract", "columns", "key", box=None, padding=(0, 1, 0, 0))
    for name, shape in shapes.items():
        contract = f"{shape.contract} v{shape.version}"
        listed.add_row(name, contract, str(len(shape.columns)), ", ".join(shape.key))
    console.print(listed)
    if table is None:
        return
    columns = Table("column", "type", "unit", "null", "description", box=None, padding=(0, 1, 0, 0))
    for shape in shapes.values():
        for column, of in shape.columns.items():
            may_be_null = "null" if of.nullable else ""
            columns.add_row(column, of.type, of.unit, may_be_null, escape(of.description))
    console.print(columns)


@schema.command()
@click.option(
    "--against",
    type=click.File(encoding="utf-8"),
    help="The snapshot to compare with; - reads it from standard input, for example from "
    "git show main:naxs_assets/schema.yaml (default: the committed one).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def diff(against: TextIO | None, as_json: bool) -> None:
    """What changed in the built-in contracts since a snapshot; ends with 1 when a breaking change
    has no higher version."""
    from naxs_assets.lineage.schema_changes import changes_between, unannounced

    old, new = _snapshot_before(against), _built_in()
    changes = changes_between(old, new)
    broken = unannounced(changes, old, new)
    _show_changes(changes, broken, as_json=as_json)
    _refuse(broken)


@schema.command()
@click.option(
    "--dialect",
    type=click.Choice(["duckdb", "clickhouse"]),
    default="duckdb",
    show_default=True,
    help="Whose SQL to write.",
)
@click.option("--table", help="Only this table, for example market/prices.")
@click.option("--json", "as_json", is_flag=True, help="Print the SQL as JSON.")
@click.pass_obj
def ddl(home: Home, dialect: str, table: str | None, as_json: bool) -> None:
    """The statements that create these tables in a database, with comments and units."""
    from naxs_assets.lineage.ddl import DIALECTS
    from naxs_assets.lineage.ddl import ddl as statements

    (chosen,) = (known for known in DIALECTS if known == dialect)
    sql = statements(_chosen(home, table), chosen)
    if as_json:
        click.echo(json.dumps({"dialect": chosen, "sql": sql}, ensure_ascii=False))
    else:
        click.echo(sql, nl=False)


@schema.command()
@click.option("--drop", multiple=True, metavar="TABLE", help="A table that is gone on purpose.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def snapshot(drop: tuple[str, ...], as_json: bool) -> None:
    """Write naxs_assets/schema.yaml and docs/schema.md of this checkout from the contracts.

    A breaking change without a higher version is refused.
    """
    from naxs_assets.lineage.schema_changes import changes_between, unannounced
    from naxs_assets.lineage.schema_page import schema_page

    if not PAGE_FILE.parent.is_dir():
        raise ConfigurationError(
            "the snapshot is part of a checkout of the project, and this is an installed package",
            where=str(PAGE_FILE.parent),
            remedy="run it in a checkout",
        )
    new = _built_in()
    if SNAPSHOT_FILE.exists():
        old = _snapshot_before(None)
        changes = changes_between(old, new)
        gone = {name for name in drop if name not in new.tables}
        broken = [name for name in unannounced(changes, old, new) if name not in gone]
    else:
        changes, broken = [], []
    _show_changes(changes, broken, as_json=as_json)
    _refuse(broken)
    for file, text in ((SNAPSHOT_FILE, new.to_yaml()), (PAGE_FILE, schema_page(new))):
        write_whole(file, text)
        if not as_json:
            click.echo(f"wrote {file}")


def _built_in() -> Snapshot:
    from naxs_assets.definitions import described_tables
    from naxs_assets.lineage.schema_snapshot import snapshot_of

    return snapshot_of(described_tables(_NO_HOME))


def _snapshot_before(file: TextIO | None) -> Snapshot:
    from naxs_assets.lineage.schema_snapshot import parse_snapshot

    if file is None:
        return parse_snapshot(SNAPSHOT_FILE.read_text(encoding="utf-8"), SNAPSHOT_FILE)
    return parse_snapshot(file.read(), Path(file.name))


def _chosen(home: Home, table: str | None) -> dict[str, Described]:
    from naxs_assets.definitions import described_tables

    tables = described_tables(home.folder)
    if table is None:
        return {name: tables[name] for name in sorted(tables)}
    asset = table.replace(".", "/", 1)
    if asset not in tables:
        raise ConfigurationError(
            f"there is no table {table!r}", remedy=f"known: {', '.join(sorted(tables))}"
        )
    return {asset: tables[asset]}


def _show_changes(changes: list[Change], broken: list[str], *, as_json: bool) -> None:
    if as_json:
        facts = {
            "changes": [
                {"table": change.table, "what": change.what, "breaking": change.breaking}
                for change in changes
            ],
            "without_version": broken,
        }
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    if not changes:
        click.echo("nothing changed")
    for change in changes:
        kind = "breaking" if change.breaking else "compatible"
        click.echo(f"{kind:<10}  {change.table}: {change.what}")


def _refuse(broken: list[str]) -> None:
    if not broken:
        return
    raise UnannouncedChangeError(
        "a breaking change has no higher version of its contract",
        where=", ".join(broken),
        remedy="raise the version of the contract in the stage's contracts.py, then: naxs schema "
        "snapshot (with --drop TABLE for a table that is gone on purpose)",
    )
