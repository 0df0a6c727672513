"""Which change of a contract breaks a reader, and which asks for a higher version."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from naxs_assets.errors import ConfigurationError
from naxs_assets.lineage.contract import Column, Contract, RowRule
from naxs_assets.lineage.schema_changes import changes_between, unannounced
from naxs_assets.lineage.schema_snapshot import Snapshot, parse_snapshot, snapshot_of
from naxs_assets.lineage.warehouse_tables import Described

OLD = Contract(
    name="bars",
    version=1,
    key=("date", "symbol"),
    columns=(
        Column("date", pl.Date, "-", "trading day"),
        Column("symbol", pl.String, "-", "instrument"),
        Column("close", pl.Float64, "CNY", "close", nullable=True, at_least=0, at_most=100),
        Column("board", pl.String, "-", "board", one_of=("main", "star")),
    ),
    rules=(RowRule("close is positive", lambda: pl.col("close") > 0),),
    known_from="date",
)


def snapshot(contract: Contract, **others: Contract) -> Snapshot:
    tables = {"market/bars": contract} | {f"market/{name}": of for name, of in others.items()}
    return snapshot_of({name: Described(of, "行情\n\nBars") for name, of in tables.items()})


def with_column(column: str, **changed: Any) -> Contract:
    """The old contract with one column changed."""
    columns = [replace(c, **changed) if c.name == column else c for c in OLD.columns]
    return replace(OLD, columns=tuple(columns))


def with_more(column: Column) -> Contract:
    return replace(OLD, columns=(*OLD.columns, column))


COMPATIBLE = {
    "column turnover added, may be null": with_more(
        Column("turnover", pl.Float64, "ratio", "of the float", nullable=True)
    ),
    "columns in another order": replace(OLD, columns=OLD.columns[::-1]),
    "column close: described in other words": with_column("close", description="last trade"),
    "column board: may be null now": with_column("board", nullable=True),
    "column close: lowest value 0 -> none": with_column("close", at_least=None),
    "column close: lowest value 0 -> -1": with_column("close", at_least=-1),
    "column close: highest value 100 -> 200": with_column("close", at_most=200),
    "column board: values allowed too: bse": with_column("board", one_of=("main", "star", "bse")),
    "column board: any value is allowed now": with_column("board", one_of=None),
    "rule removed: close is positive": replace(OLD, rules=()),
    "contract renamed: bars -> prices": replace(OLD, name="prices"),
    "version 1 -> 2": replace(OLD, version=2),
}
BREAKING = {
    "column board removed": replace(OLD, columns=OLD.columns[:3]),
    "column close renamed to last": with_column("close", name="last"),
    "column close: type float64 -> float32": with_column("close", dtype=pl.Float32),
    "column close: unit CNY -> cents": with_column("close", unit="cents"),
    "column close: may not be null any more": with_column("close", nullable=False),
    "column close: lowest value 0 -> 1": with_column("close", at_least=1),
    "column close: highest value 100 -> 50": with_column("close", at_most=50),
    "column symbol: only these values any more: a": with_column("symbol", one_of=("a",)),
    "column board: values not allowed any more: star": with_column("board", one_of=("main",)),
    "column turnover added, never null, which months made before do not have": with_more(
        Column("turnover", pl.Float64, "ratio", "of the float")
    ),
    "key changed: date, symbol -> symbol, date": replace(OLD, key=("symbol", "date")),
    "known_from changed: date -> None": replace(OLD, known_from=None),
    "rule added: it is round": replace(
        OLD, rules=(*OLD.rules, RowRule("it is round", lambda: pl.lit(value=True)))
    ),
}


def test_equal_contracts_have_no_changes() -> None:
    assert changes_between(snapshot(OLD), snapshot(OLD)) == []


@pytest.mark.parametrize("what", COMPATIBLE)
def test_a_compatible_change_asks_for_nothing(what: str) -> None:
    old, new = snapshot(OLD), snapshot(COMPATIBLE[what])
    changes = changes_between(old, new)
    assert [(change.what, change.breaking) for change in changes] == [(what, False)]
    assert unannounced(changes, old, new) == []


@pytest.mark.parametrize("what", BREAKING)
def test_a_breaking_change_asks_for_a_higher_version(what: str) -> None:
    old, new = snapshot(OLD), snapshot(BREAKING[what])
    changes = changes_between(old, new)
    assert [(change.what, change.breaking) for change in changes] == [(what, True)]
    assert unannounced(changes, old, new) == ["market/bars"]
    announced = snapshot(replace(BREAKING[what], version=2))
    assert unannounced(changes_between(old, announced), old, announced) == []


def test_a_version_never_goes_back() -> None:
    old, new = snapshot(replace(OLD, version=2)), snapshot(OLD)
    changes = changes_between(old, new)
    assert [(change.what, change.breaking) for change in changes] == [
        ("version 2 -> 1 went back", True)
    ]
    assert unannounced(changes, old, new) == ["market/bars"]


def test_a_table_may_come_but_not_go() -> None:
    one, two = snapshot(OLD), snapshot(OLD, other=OLD)
    (added,) = changes_between(one, two)
    assert (added.table, added.what, added.breaking) == ("market/other", "table added", False)
    gone = changes_between(two, one)
    assert [(change.what, change.breaking) for change in gone] == [("table removed", True)]
    assert unannounced(gone, two, one) == ["market/other"]


def test_a_snapshot_is_read_back_as_it_was_written() -> None:
    written = snapshot(OLD, other=replace(OLD, known_from=None, rules=()))
    read = parse_snapshot(written.to_yaml(), Path("schema.yaml"))
    assert read == written
    assert read.to_yaml() == written.to_yaml()


@pytest.mark.parametrize(
    "text", ["", "tables: 3", "a: b", "tables: {x: {key: 1}}", "tables: {x: 1}"]
)
def test_what_is_no_snapshot_is_refused_by_its_file(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no snapshot of contracts") as refused:
        parse_snapshot(text, Path("schema.yaml"))
    assert refused.value.where == "schema.yaml"
