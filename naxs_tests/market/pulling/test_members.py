"""Membership intervals from dated lists: nobody is a member before a list has them."""

from __future__ import annotations

from datetime import date

import polars as pl

from naxs_assets.market.pulling.members import intervals

LISTS = {
    date(2024, 1, 1): ["000001.SZ", "600000.SH"],
    date(2024, 2, 1): ["000001.SZ"],
    date(2024, 3, 1): ["000001.SZ", "600000.SH", "600519.SH"],
}


def lists_of(lists: dict[date, list[str]]) -> pl.DataFrame:
    rows = [("000300.SH", symbol, day) for day, symbols in lists.items() for symbol in symbols]
    schema = {"index": pl.String, "symbol": pl.String, "date": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_an_interval_ends_the_day_before_the_first_list_without_the_symbol() -> None:
    assert intervals(lists_of(LISTS)).drop("index", "announced_at").rows() == [
        ("000001.SZ", date(2024, 1, 1), None),
        ("600000.SH", date(2024, 1, 1), date(2024, 1, 31)),
        ("600000.SH", date(2024, 3, 1), None),
        ("600519.SH", date(2024, 3, 1), None),
    ]


def test_without_a_list_there_is_no_member() -> None:
    assert intervals(lists_of({})).is_empty()
