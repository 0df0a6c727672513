"""Instruments and index membership as tables."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from naxs_assets.errors import DataError
from naxs_assets.lineage.contract import Contract
from naxs_assets.market.contracts import (
    CALENDAR,
    INDEX_MEMBERS,
    INDEX_PRICES,
    INSTRUMENTS,
    PRICES,
)
from naxs_assets.market.reference import index_members_table, instruments_table
from naxs_assets.market.sources.base import RAW_INDEX_MEMBERS, RAW_INSTRUMENTS


def instruments(*rows: tuple[str, str | None, date | None, date | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=RAW_INSTRUMENTS, orient="row")


def members(*rows: tuple[Any, ...]) -> pl.DataFrame:
    full = [("000300.SH", symbol, start, end, None) for symbol, start, end in rows]
    return pl.DataFrame(full, schema=RAW_INDEX_MEMBERS, orient="row")


def test_instruments_get_a_board_and_a_known_or_unknown_list_date() -> None:
    table = instruments_table(
        instruments(
            ("688001.SH", "华兴源创", date(2019, 7, 22), None),
            ("600001.SH", None, None, date(2009, 12, 29)),
            ("T00018.SH", "上港集箱", date(2000, 7, 19), None),
        )
    )
    assert table.rows() == [
        ("600001.SH", "600001.SH", "", "main", date(1990, 12, 19), False, date(2009, 12, 29)),
        ("688001.SH", "688001.SH", "华兴源创", "star", date(2019, 7, 22), True, None),
    ]


@pytest.mark.parametrize("contract", [CALENDAR, INSTRUMENTS, INDEX_MEMBERS, PRICES, INDEX_PRICES])
def test_the_day_a_row_was_known_from_is_never_null(contract: Contract) -> None:
    (column,) = [c for c in contract.columns if c.name == contract.known_from]
    assert not column.nullable


def test_duplicate_symbols_break_the_contract() -> None:
    twice = instruments(("600001.SH", "", None, None), ("600001.SH", "", None, None))
    with pytest.raises(DataError, match="not unique"):
        instruments_table(twice)


def test_members_come_back_sorted() -> None:
    table = index_members_table(
        members(
            ("600519.SH", date(2015, 1, 5), None),
            ("600519.SH", date(2010, 1, 4), date(2012, 6, 29)),
            ("000001.SZ", date(2005, 4, 8), None),
        )
    )
    assert table.select("symbol", "effective_from").rows() == [
        ("000001.SZ", date(2005, 4, 8)),
        ("600519.SH", date(2010, 1, 4)),
        ("600519.SH", date(2015, 1, 5)),
    ]


@pytest.mark.parametrize("end", [None, date(2015, 1, 5)])
def test_overlapping_intervals_are_refused(end: date | None) -> None:
    with pytest.raises(DataError, match=r"600519\.SH.*2015"):
        index_members_table(
            members(("600519.SH", date(2010, 1, 4), end), ("600519.SH", date(2015, 1, 5), None))
        )
