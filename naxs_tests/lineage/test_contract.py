"""Contracts: a table that breaks its promise is refused with the rule, the count and a sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandera.errors
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


NUMBERS = st.one_of(
    st.none(), st.sampled_from([float("nan"), float("inf"), -1.0, 0.0, 1e6, 2e6]), st.floats()
)


@given(
    lows=st.lists(NUMBERS, min_size=1, max_size=4),
    high=NUMBERS,
    board=st.sampled_from([None, "main", "star", "bse"]),
    symbol=st.sampled_from([None, "600519.SH"]),
)
def test_a_table_is_refused_exactly_where_pandera_refuses_it(
    lows: list[float | None], high: float | None, board: str | None, symbol: str | None
) -> None:
    without_rules = replace(BARS, key=("low",), rules=())
    table = pl.DataFrame(
        {
            "date": [date(2024, 1, 2)] * len(lows),
            "symbol": [symbol] * len(lows),
            "low": lows,
            "high": [high] * len(lows),
            "board": [board] * len(lows),
        },
        schema=without_rules.empty().schema,
    ).unique("low")
    try:
        without_rules.pandera_schema.validate(table, lazy=True)
        is_met = True
    except pandera.errors.SchemaErrors:
        is_met = False
    try:
        without_rules.validate(table, "market/bars[2024-01]")
    except DataError:
        assert not is_met
    else:
        assert is_met
