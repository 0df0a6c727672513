"""What changed between two snapshots of the contracts, and whether it breaks a reader.

Compatible is what leaves every query and every stored month of before as good as it was: a new
table, a new column that may be null, a wider range, other words. Everything else is breaking and
needs a higher version of the contract; a table that is gone has none, so it is always told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from naxs_assets.lineage.schema_snapshot import ColumnShape, Snapshot, TableShape


@dataclass(frozen=True)
class Change:
    """One difference in one table, in words."""

    table: str
    what: str
    breaking: bool


def changes_between(old: Snapshot, new: Snapshot) -> list[Change]:
    """Every difference, by table."""
    found: list[Change] = []
    for name in sorted({*old.tables, *new.tables}):
        before, after = old.tables.get(name), new.tables.get(name)
        if before is None:
            found.append(Change(name, "table added", breaking=False))
        elif after is None:
            found.append(Change(name, "table removed", breaking=True))
        else:
            found += [Change(name, what, breaking) for what, breaking in _of_table(before, after)]
    return found


def unannounced(changes: Sequence[Change], old: Snapshot, new: Snapshot) -> list[str]:
    """The tables with a breaking change whose contract has no higher version than before."""
    broken = dict.fromkeys(change.table for change in changes if change.breaking)
    return [
        name
        for name in broken
        if name not in new.tables or new.tables[name].version <= old.tables[name].version
    ]


_Difference = tuple[str, bool]
"""What it is in words, and whether it is breaking."""


def _of_table(old: TableShape, new: TableShape) -> Iterator[_Difference]:
    if new.version != old.version:
        what = f"version {old.version} -> {new.version}"
        yield (what, False) if new.version > old.version else (f"{what} went back", True)
    if new.contract != old.contract:
        yield f"contract renamed: {old.contract} -> {new.contract}", False
    if new.description != old.description:
        yield "described in other words", False
    if new.key != old.key:
        yield f"key changed: {', '.join(old.key)} -> {', '.join(new.key)}", True
    for name in ("known_from", "known_until"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{name} changed: {before} -> {after}", True
    yield from ((f"rule added: {rule}", True) for rule in new.rules if rule not in old.rules)
    yield from ((f"rule removed: {rule}", False) for rule in old.rules if rule not in new.rules)
    yield from _of_columns(old.columns, new.columns)


def _of_columns(old: dict[str, ColumnShape], new: dict[str, ColumnShape]) -> Iterator[_Difference]:
    removed = [name for name in old if name not in new]
    added = [name for name in new if name not in old]
    for name in removed:
        # What holds the same under another name.
        other = next((also for also in added if new[also] == old[name]), None)
        if other is None:
            yield f"column {name} removed", True
        else:
            added.remove(other)
            yield f"column {name} renamed to {other}", True
    for name in added:
        if new[name].nullable:
            yield f"column {name} added, may be null", False
        else:
            yield f"column {name} added, never null, which months made before do not have", True
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        yield "columns in another order", False
    for name in kept:
        for what, breaking in _of_column(old[name], new[name]):
            yield f"column {name}: {what}", breaking


def _of_column(old: ColumnShape, new: ColumnShape) -> Iterator[_Difference]:
    if new.type != old.type:
        yield f"type {old.type} -> {new.type}", True
    if new.unit != old.unit:
        yield f"unit {old.unit} -> {new.unit}", True
    if new.description != old.description:
        yield "described in other words", False
    if new.nullable != old.nullable:
        yield ("may be null now", False) if new.nullable else ("may not be null any more", True)
    if new.at_least != old.at_least:
        what = f"lowest value {_bound(old.at_least)} -> {_bound(new.at_least)}"
        tighter = new.at_least is not None and (old.at_least is None or new.at_least > old.at_least)
        yield what, tighter
    if new.at_most != old.at_most:
        what = f"highest value {_bound(old.at_most)} -> {_bound(new.at_most)}"
        tighter = new.at_most is not None and (old.at_most is None or new.at_most < old.at_most)
        yield what, tighter
    yield from _of_values(old.one_of, new.one_of)


def _of_values(old: tuple[str, ...] | None, new: tuple[str, ...] | None) -> Iterator[_Difference]:
    if old == new:
        return
    if new is None:
        yield "any value is allowed now", False
    elif old is None:
        yield f"only these values any more: {', '.join(new)}", True
    else:
        gone = [value for value in old if value not in new]
        more = [value for value in new if value not in old]
        if gone:
            yield f"values not allowed any more: {', '.join(gone)}", True
        if more:
            yield f"values allowed too: {', '.join(more)}", False


def _bound(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
