"""A month of index prices: dirty rows are left out, and kept beside."""

import json
from datetime import date
from typing import Any

import polars as pl
import pytest

from naxs_assets.errors import DataError
from naxs_assets.market.contracts import INDEX_PRICES
from naxs_assets.market.index_prices import MonthOfIndexPrices, build_index_month
from naxs_assets.market.rules import MonthRefused
from naxs_assets.market.sources.base import RAW_INDEX_BARS
from naxs_tests.market.hand_made import CALENDAR, MARCH, open_day


def bar(number: int, **cells: Any) -> dict[str, Any]:
    row = {
        "date": open_day(number), "index": "000300.SH",
        "open": 5000.0, "high": 5100.0, "low": 4900.0, "close": 5050.0,
        "volume": 10_000_000_000, "amount": None,
    }  # fmt: skip
    return row | cells


def build(*rows: dict[str, Any]) -> MonthOfIndexPrices:
    raw = pl.DataFrame(list(rows), schema=RAW_INDEX_BARS)
    built = build_index_month(raw, month=MARCH, calendar=CALENDAR)
    assert INDEX_PRICES.validate(built.frame, MARCH).equals(built.frame)
    return built


def test_clean_rows_pass_sorted_and_with_their_day() -> None:
    built = build(bar(1), bar(0), bar(0, index="000001.SH", volume=None))
    assert built.findings["verdict"].unique().to_list() == ["pass"]
    assert built.frame.select("index", "day").rows() == [
        ("000001.SH", 7400),
        ("000300.SH", 7400),
        ("000300.SH", 7401),
    ]


@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        ("schema", {"close": None}),
        ("schema", {"close": float("inf")}),
        ("schema", {"volume": -1}),
        ("schema", {"date": None}),
        ("calendar", {"date": date(2021, 3, 6)}),
        ("ohlc", {"low": 5060.0}),
        ("ohlc", {"low": -1.0}),
    ],
)
def test_a_dirty_row_is_left_out_and_kept(rule: str, cells: dict[str, Any]) -> None:
    built = build(bar(0), bar(1, **cells))
    assert built.frame["date"].to_list() == [open_day(0)]
    found = built.findings.filter(pl.col("rows") > 0)
    assert found.select("rule", "verdict").rows() == [(rule, "quarantined")]
    assert built.rejected["rule"].to_list() == [rule]
    assert json.loads(built.rejected["raw_row"][0])["index"] == "000300.SH"


def test_conflicting_rows_are_both_left_out_and_copies_collapse() -> None:
    built = build(bar(0), bar(0, close=5060.0), bar(1), bar(1))
    assert built.frame["date"].to_list() == [open_day(1)]
    assert built.rejected["rule"].to_list() == ["key", "key"]


def test_a_row_without_any_price_is_no_row() -> None:
    built = build(bar(0), bar(1, open=None, high=None, low=None, close=None))
    assert built.frame.height == 1
    note = built.findings.filter(pl.col("rule") == "schema")["note"][0]
    assert note == "1 rows without any price left out"


def test_a_hair_s_breadth_beyond_the_range_is_tolerated() -> None:
    # 000852.SH on 2016-08-11: close 8531.6914, low 8532.3291.
    sloppy = {"open": 8647.1152, "high": 8667.2461, "low": 8532.3291, "close": 8531.6914}
    assert build(bar(0, **sloppy)).frame.height == 1


def test_too_many_dirty_rows_refuse_the_month() -> None:
    with pytest.raises(MonthRefused, match="market/index_prices 2021-03"):
        build(*(bar(n, low=6000.0) for n in range(4)))


def test_rows_of_another_month_are_refused() -> None:
    with pytest.raises(DataError, match="other months"):
        build(bar(0, date=date(2021, 5, 6)))
