"""The contracts of all tables as plain data: what a release promises to whoever reads its tables.

The snapshot is committed, so that a change of a contract shows in a review, and is compared by
:mod:`naxs_assets.lineage.schema_changes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from naxs_assets.errors import ConfigurationError
from naxs_assets.lineage.content_hash import type_name
from naxs_assets.lineage.contract import Column
from naxs_assets.lineage.warehouse_tables import Described
from naxs_assets.yaml_file import parse_yaml

# One line for each column, so that a review shows which one changed.
_WIDTH = 1_000
_HEAD = "# The contracts of all tables. Written by: naxs schema snapshot\n"


class ColumnShape(BaseModel):
    """What a contract promises of one column; ``type`` is the canonical name of the type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    unit: str
    description: str
    nullable: bool = False
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] | None = None


class TableShape(BaseModel):
    """What a contract promises of one table; ``columns`` in their order, ``rules`` by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contract: str
    version: int
    description: str
    key: tuple[str, ...]
    known_from: str | None = None
    known_until: str | None = None
    rules: tuple[str, ...] = ()
    columns: dict[str, ColumnShape]


@dataclass(frozen=True)
class Snapshot:
    """Every table by asset name, in order of the names."""

    tables: Mapping[str, TableShape]

    def to_yaml(self) -> str:
        """The snapshot as it is committed."""
        tables = {
            name: table.model_dump(mode="json", exclude_defaults=True)
            for name, table in self.tables.items()
        }
        body = yaml.safe_dump(
            {"tables": tables},
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=None,
            width=_WIDTH,
        )
        return _HEAD + body


def snapshot_of(tables: Mapping[str, Described]) -> Snapshot:
    """The snapshot of contracts by asset name."""
    return Snapshot({name: _shape(tables[name]) for name in sorted(tables)})


def parse_snapshot(text: str, file: Path) -> Snapshot:
    """The snapshot in the text of ``file``. Raises :class:`ConfigurationError` naming the file."""
    try:
        tables = parse_yaml(text, file)["tables"]
        return Snapshot({name: TableShape.model_validate(table) for name, table in tables.items()})
    except (ValidationError, TypeError, KeyError, AttributeError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigurationError(
            f"this is no snapshot of contracts: {first}",
            where=str(file),
            remedy="take one that naxs schema snapshot wrote, such as naxs_assets/schema.yaml",
        ) from error


def canonical_type(column: Column) -> str:
    """The canonical name of a column's type, such as ``float64`` or ``timestamp[us,UTC]``."""
    dtype: Any = column.dtype
    instance: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return type_name(instance, column.name)


def _shape(described: Described) -> TableShape:
    contract = described.contract
    return TableShape(
        contract=contract.name,
        version=contract.version,
        description=described.description,
        key=contract.key,
        known_from=contract.known_from,
        known_until=contract.known_until,
        rules=tuple(rule.name for rule in contract.rules),
        columns={column.name: _column_shape(column) for column in contract.columns},
    )


def _column_shape(column: Column) -> ColumnShape:
    return ColumnShape(
        type=canonical_type(column),
        unit=column.unit,
        description=column.description,
        nullable=column.nullable,
        at_least=column.at_least,
        at_most=column.at_most,
        one_of=column.one_of,
    )
