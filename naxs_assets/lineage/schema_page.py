"""``docs/schema.md``: every table with its columns, types and units, written from the contracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from naxs_assets.lineage.schema_snapshot import ColumnShape, Snapshot, TableShape
from naxs_assets.lineage.warehouse_tables import sql_names

_HEAD = """\
# 表结构 · Tables

<!-- Written from the contracts by: naxs schema snapshot -->

仓库 `warehouse.duckdb` 里的每张表，列的类型、单位与含义；本页由契约生成。

Every table of `warehouse.duckdb` with its columns' types, units and meaning, written from the
contracts. A monthly table also has `month`, YYYY-MM. Types are Arrow's; a column may be null only
where it says so. How a table changes, and what a change asks for: [warehouse.md](warehouse.md).
"""


def schema_page(snapshot: Snapshot) -> str:
    """The page as Markdown. Tables with the same contract are told once."""
    alike: dict[str, list[str]] = {}
    for asset, table in snapshot.tables.items():
        alike.setdefault(table.model_dump_json(exclude={"description"}), []).append(asset)
    sections = (_section(assets, snapshot.tables[assets[0]]) for assets in alike.values())
    return _HEAD + "".join("\n" + "\n".join(lines) + "\n" for lines in sections)


def _section(assets: list[str], table: TableShape) -> Iterator[str]:
    yield "## " + ", ".join(f"`{'.'.join(sql_names(asset))}`" for asset in assets)
    yield ""
    yield from table.description.splitlines()
    yield ""
    yield f"Contract `{table.contract}` v{table.version}, key {_names(table.key)}."
    dated = [name for name in (table.known_from, table.known_until) if name is not None]
    if dated:
        yield f"Cut to a day by {_names(dated)}."
    if table.rules:
        yield ""
        yield from (f"- {rule}" for rule in table.rules)
    yield ""
    yield "| column | type | unit | | |"
    yield "|---|---|---|---|---|"
    for name, column in table.columns.items():
        cells = (f"`{name}`", column.type, column.unit, _allowed(column), column.description)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _allowed(column: ColumnShape) -> str:
    """What values a column may have, beyond its type."""
    said = ["may be null"] if column.nullable else []
    if column.at_least is not None:
        said.append(f"≥ {column.at_least:g}")
    if column.at_most is not None:
        said.append(f"≤ {column.at_most:g}")
    if column.one_of is not None:
        said.append("one of " + ", ".join(column.one_of))
    return "; ".join(said)
