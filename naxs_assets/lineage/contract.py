"""Contracts: the exact columns, units and keys that every stored table promises.

One ``Contract`` drives the pandera validation before publishing, the column schema shown
in the Dagster UI and the canonical order of rows in the content hash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from naxs_assets.errors import DataError

if TYPE_CHECKING:
    import pandera.polars as pandera

_MAX_SHOWN_FAILURES = 5


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    ``unit`` is free text in the field's terms (``CNY``, ``shares``, ``ratio``, ``cents``, ``-``).
    ``at_least`` and ``at_most`` are inclusive bounds; ``one_of`` lists the allowed values.
    """

    name: str
    dtype: pl.DataType | type[pl.DataType]
    unit: str
    description: str
    nullable: bool = False
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] | None = None


@dataclass(frozen=True)
class RowRule:
    """A condition over several columns that every row must meet; null counts as met."""

    name: str
    condition: Callable[[], pl.Expr]


@dataclass(frozen=True)
class Contract:
    """Columns, key and row rules of one stored table.

    ``key`` names the columns that identify a row; tables are stored sorted by it.
    ``known_from`` and ``known_until`` name the date columns that let a reader cut the table to
    what was known on a day (see :meth:`naxs_assets.lineage.reader.Handle.until`).
    """

    name: str
    version: int
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[RowRule, ...] = ()
    known_from: str | None = None
    known_until: str | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def empty(self) -> pl.DataFrame:
        """A table with no rows that meets the contract."""
        return pl.DataFrame(schema={column.name: column.dtype for column in self.columns})

    @cached_property
    def pandera_schema(self) -> pandera.DataFrameSchema:
        """Columns, bounds and allowed values as pandera checks them."""
        import pandera.polars as pandera

        columns = {}
        for column in self.columns:
            checks = []
            if column.at_least is not None:
                checks.append(pandera.Check.ge(column.at_least))
            if column.at_most is not None:
                checks.append(pandera.Check.le(column.at_most))
            if column.one_of is not None:
                checks.append(pandera.Check.isin(list(column.one_of)))
            columns[column.name] = pandera.Column(
                column.dtype, checks=checks, nullable=column.nullable
            )
        return pandera.DataFrameSchema(columns, strict=True, ordered=True, name=self.name)

    def validate(self, frame: pl.DataFrame, where: str) -> pl.DataFrame:
        """Return ``frame`` sorted by the key, with the contract's column order.

        Raises :class:`DataError` naming the contract, ``where`` (asset and partition), the
        broken rules, their row counts and up to five sample rows.
        """
        missing = [name for name in self.column_names if name not in frame.columns]
        extra = [name for name in frame.columns if name not in self.column_names]
        if missing or extra:
            raise DataError(
                f"table does not meet contract {self.name} v{self.version}: "
                f"missing columns {missing}, unexpected columns {extra}",
                where=where,
                remedy="make the producing code return exactly the contract's columns",
            )
        ordered = frame.select(self.column_names)
        if not self._ascends(ordered):
            ordered = ordered.sort(self.key)
        # Rules compare typed columns, so they are asked only of a table with the right ones.
        problems = self._schema_problems(ordered) or self._row_problems(ordered)
        if problems:
            raise DataError(
                f"table does not meet contract {self.name} v{self.version}: "
                + "; ".join(problems[:_MAX_SHOWN_FAILURES]),
                where=where,
                remedy="nothing was published; mend the input or the producing code and run again",
            )
        return ordered.rechunk()

    def _ascends(self, frame: pl.DataFrame) -> bool:
        """Whether every row's key lies above the one before: in order, and each only once.

        That costs a tenth of sorting and looking for duplicates. A null in a key is no answer.
        """
        rises = pl.lit(value=False)
        for name in reversed(self.key):
            value, before = pl.col(name), pl.col(name).shift(1)
            rises = (value > before) | ((value == before) & rises)
        return frame.select(rises.slice(1).all(ignore_nulls=False)).item() is True

    def _is_met(self, frame: pl.DataFrame) -> bool:
        """What the pandera schema asks, in one expression.

        Pandera asks column by column, which for a month takes longer than making it; so it is
        asked only for what is wrong.
        """
        if any(frame.schema[column.name] != column.dtype for column in self.columns):
            return False
        broken = pl.any_horizontal(pl.lit(value=False), *self._faults)
        return not frame.select(broken).item()

    @cached_property
    def _faults(self) -> list[pl.Expr]:
        faults = []
        for column in self.columns:
            value = pl.col(column.name)
            if not column.nullable:
                faults.append(value.is_null().any())
                if column.dtype in (pl.Float32, pl.Float64):
                    faults.append(value.is_nan().any())
            if column.at_least is not None:
                faults.append((value < column.at_least).any())
            if column.at_most is not None:
                faults.append((value > column.at_most).any())
            if column.one_of is not None:
                faults.append(~value.is_in(list(column.one_of)).all())
        return faults

    @cached_property
    def _breaches(self) -> list[pl.Expr]:
        return [(~rule.condition()).any() for rule in self.rules]

    def _schema_problems(self, frame: pl.DataFrame) -> list[str]:
        if self._is_met(frame):
            return []
        import pandera.errors

        try:
            self.pandera_schema.validate(frame, lazy=True)
        except pandera.errors.SchemaErrors as error:
            cases = error.failure_cases
            return [
                f"column {row['column']}: {row['check']} failed ({row['count']} times, "
                f"for example {row['failure_case']!r})"
                for row in cases.group_by("column", "check", maintain_order=True)
                .agg(pl.len().alias("count"), pl.col("failure_case").first())
                .to_dicts()
            ]
        raise AssertionError(f"contract {self.name}: found broken, and pandera finds nothing wrong")

    def _row_problems(self, frame: pl.DataFrame) -> list[str]:
        problems = []
        if not self._ascends(frame):
            duplicated = frame.select(pl.struct(self.key).is_duplicated()).to_series()
            if duplicated.any():
                sample = frame.filter(duplicated).select(self.key).row(0)
                problems.append(f"key {self.key} is not unique ({duplicated.sum()} rows, {sample})")
        if not frame.select(pl.any_horizontal(pl.lit(value=False), *self._breaches)).item():
            return problems
        for rule in self.rules:
            broken = frame.filter(~rule.condition().fill_null(True))
            if broken.height:
                sample = broken.select(self.key).row(0)
                problems.append(f"{rule.name} ({broken.height} rows, for example {sample})")
        return problems
