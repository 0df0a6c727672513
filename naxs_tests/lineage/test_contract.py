"""Contracts: a table that breaks its promise is refused with the rule, the count and a sample."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from naxs_assets.errors import DataError
from naxs_assets.lineage.contract import Column, Contract, RowRule

BARS = Contract(
    name="bars",
    version=2,
    key=("date", "symbol"),
    columns=(
        Column("date", pl.Date, "-", "Trading day"),
        Column("symbol", pl.String, "-", "Stock"),
        Column("low", pl.Float64, "CNY", "Lowest price", at_least=0),
        Column("high", pl.Float64, "CNY", "Highest price", nullable=True, at_most=1e6),
        Column("board", pl.String, "-", "Board", one_of=("main", "star")),
    ),
    rules=(RowRule("low is above high", lambda: pl.col("low") <= pl.col("high")),),
)


def bars(**cells: object) -> pl.DataFrame:
    row = {
        "date": date(2024, 1, 2),
        "symbol": "600519.SH",
        "low": 1.0,
        "high": 2.0,
        "board": "main",
    }
    return pl.DataFrame([row | cells], schema_overrides={"date": pl.Date})


def test_a_sound_table_comes_back_in_canonical_order() -> None:
    given = pl.concat([bars(symbol="b"), bars(symbol="a")]).select(
        "board", "high", "low", "symbol", "date"
    )
    table = BARS.validate(given, "market/bars[2024-01]")
    assert table.columns == ["date", "symbol", "low", "high", "board"]
    assert table.get_column("symbol").to_list() == ["a", "b"]
    assert BARS.validate(BARS.empty(), "nowhere").height == 0


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (bars().drop("low"), "missing columns ['low']"),
        (bars(note="x"), "unexpected columns ['note']"),
        (bars(low=-1.0), "column low"),
        (bars(high=2e6), "column high"),
        (bars(low=None), "column low"),
        (bars(board="bse"), "'bse'"),
        (bars(low="cheap"), "column low"),
        (bars(low=3.0), "low is above high (1 rows"),
        (pl.concat([bars(), bars()]), "key ('date', 'symbol') is not unique (2 rows"),
    ],
    ids=[
        "column missing",
        "column too many",
        "too low",
        "too high",
        "null",
        "not in the list",
        "wrong type, which the row rule could not even compare",
        "row rule",
        "key twice",
    ],
)
def test_every_breach_is_named(table: pl.DataFrame, named: str) -> None:
    with pytest.raises(DataError) as caught:
        BARS.validate(table, "market/bars[2024-01]")
    assert "contract bars v2" in caught.value.what
    assert named in caught.value.what
    assert caught.value.where == "market/bars[2024-01]"
    assert caught.value.remedy


def test_a_rule_on_an_unknown_value_counts_as_met() -> None:
    unknown = bars().with_columns(high=pl.lit(None, pl.Float64))
    assert BARS.validate(unknown, "market/bars[2024-01]").height == 1
