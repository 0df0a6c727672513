"""Sina's calendar, bars and factors; what the function's own repairs leave behind is taken out."""

import ast
import inspect
import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from naxs_assets.market.fetching.errors import EmptyAnswerError, SchemaChangedError
from naxs_assets.market.sources.akshare import sina
from naxs_assets.market.sources.offers import PulledTable
from naxs_tests.market.sources.asking import FRIDAY, TODAY, ask, made, rows_of, wanted

OFFERS = {offer.table: offer for offer in sina.OFFERS}
CALENDAR, DAY = OFFERS[PulledTable.OPEN_DAYS], OFFERS[PulledTable.DAY]
HISTORY, FACTORS = OFFERS[PulledTable.HISTORY], OFFERS[PulledTable.FACTORS]
SPAN = wanted(date(2024, 1, 4), FRIDAY, "600000.SH")


def named_in_source(function: str) -> list[tuple[str, ...]]:
    """Every list of column names that the function's source assigns to a frame."""
    import akshare

    tree = ast.parse(inspect.getsource(getattr(akshare, function)))
    return [
        tuple(ast.literal_eval(node.value))
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and node.targets[0].attr == "columns"
        and isinstance(node.value, ast.List)
    ]


def test_promised_columns_are_those_of_the_functions_source() -> None:
    assert sina.HISTORY_COLUMNS[1:] in named_in_source("stock_zh_a_daily")
    assert sina.FACTOR_COLUMNS in named_in_source("stock_zh_a_daily")
    assert sina.CALENDAR_COLUMNS in named_in_source("tool_trade_date_hist_sina")


def test_the_day_that_akshare_appends_is_not_there_twice() -> None:
    span = wanted(date(1992, 4, 30), date(1992, 5, 5))
    (call,) = CALENDAR.calls(span)
    days = (date(1992, 4, 30), date(1992, 5, 4), date(1992, 5, 4), date(1992, 5, 5), FRIDAY)
    rows = rows_of(CALENDAR, span, made(call, *((day,) for day in days)))

    assert rows["date"].to_list() == [date(1992, 4, 30), date(1992, 5, 4), date(1992, 5, 5)]


def test_a_calendar_that_ends_before_the_span_is_empty() -> None:
    (call,) = CALENDAR.calls(SPAN)

    with pytest.raises(EmptyAnswerError, match="no open day from 2024-01-04"):
        CALENDAR.rows(SPAN, [made(call, (date(2023, 12, 29),))])


QUOTE = {
    "symbol": "sh600519", "code": "600519", "name": "贵州茅台", "trade": "1784.000",
    "pricechange": -13.0, "changepercent": -0.723, "buy": "1784.000", "sell": "1784.100",
    "settlement": "1797.000", "open": "1800.010", "high": "1805.970", "low": "1775.000",
    "volume": 1667577, "amount": 2980574806, "ticktime": "15:00:00", "per": 30.1, "pb": 10.2,
    "mktcap": 2.2e8, "nmc": 2.2e8, "turnoverratio": 0.13,
}  # fmt: skip
HALTED = {
    "symbol": "bj920002", "name": "ST某某", "trade": "0.000", "pricechange": 0, "open": "0.000",
    "changepercent": 0, "settlement": "7.200", "high": "0.000", "low": "0.000", "volume": 0,
    "amount": 0,
}  # fmt: skip


def snapshot(*rows: dict[str, Any]) -> pl.DataFrame:
    (call,) = DAY.calls(TODAY)
    count, data = f'"{len(rows)}"', json.dumps(rows, ensure_ascii=False)
    return rows_of(DAY, TODAY, ask(call, getHQNodeStockCount=count, getHQNodeData=data))


def test_the_snapshot_is_read_in_shares_and_yuan() -> None:
    row = snapshot(QUOTE).row(0, named=True)

    assert row == {
        "date": FRIDAY,
        "symbol": "600519.SH",
        "open": 1800.01,
        "high": 1805.97,
        "low": 1775.0,
        "close": 1784.0,
        "pre_close": 1797.0,
        "change": -0.00723,
        "volume": 1_667_577,
        "amount": 2_980_574_806.0,
        "turnover": None,
        "is_st": False,
        "is_suspended": None,
    }


def test_a_recorded_quote_gives_the_bar_that_another_vendor_has() -> None:
    """``QUOTE`` holds the numbers recorded on 2023-02-08."""
    folder = os.environ.get("NAXS_REAL_DATA")
    if not folder:
        pytest.skip("NAXS_REAL_DATA names no folder of recorded data")
    bars = pl.read_parquet(Path(folder) / "daily_full_csi300now_2020_2023.parquet")
    other = bars.filter(symbol="600519.SH", date=date(2023, 2, 8)).row(0, named=True)

    row = snapshot(QUOTE).row(0, named=True)

    for name in ("open", "high", "low", "close", "pre_close", "volume"):
        assert row[name] == other[name], name
    assert row["amount"] == pytest.approx(other["amount"], abs=1)
    assert row["change"] == pytest.approx(other["pct_chg"] / 100, abs=1e-5)


def test_a_suspended_stock_keeps_its_previous_close_only() -> None:
    row = snapshot(QUOTE, QUOTE | HALTED).row(1, named=True)

    assert (row["symbol"], row["pre_close"], row["is_st"]) == ("920002.BJ", 7.2, True)
    assert [row[name] for name in ("open", "high", "low", "close", "change")] == [None] * 5
    assert (row["volume"], row["amount"]) == (0, 0.0)


def test_exchanged_columns_of_a_snapshot_are_refused() -> None:
    swapped = QUOTE | {"open": QUOTE["trade"], "trade": QUOTE["open"]}
    rows = [swapped | {"symbol": f"sh60051{number}"} for number in range(4)]

    with pytest.raises(SchemaChangedError, match="change contradicts the closes on 4 of 4 rows"):
        snapshot(*rows)


def test_no_snapshot_is_offered_of_a_past_day() -> None:
    assert not DAY.calls(replace(TODAY, first=date(2024, 1, 4), last=date(2024, 1, 4)))


def bar(day: date, volume: float = 22_114_012.0, amount: float = 145_715_862.0) -> tuple[Any, ...]:
    return (day, 6.60, 6.62, 6.56, 6.60, volume, amount, 29_352_080_000.0, 0.00075)


def test_history_is_asked_from_its_start_and_cut_to_the_span() -> None:
    (call,) = HISTORY.calls(SPAN)
    days = (date(2024, 1, 3), date(2024, 1, 4), FRIDAY)
    rows = rows_of(HISTORY, SPAN, made(call, *(bar(day) for day in days)))

    assert str(call) == (
        "stock_zh_a_daily(symbol=sh600000, start_date=19900101, end_date=20240105, adjust=)"
    )
    assert rows["date"].to_list() == [date(2024, 1, 4), FRIDAY]
    row = rows.row(0, named=True)
    assert (row["volume"], row["amount"], row["turnover"]) == (22_114_012, 145_715_862.0, 0.00075)
    assert (row["pre_close"], row["change"]) == (None, None)


def test_a_switch_to_lots_is_refused() -> None:
    (call,) = HISTORY.calls(SPAN)

    with pytest.raises(SchemaChangedError, match="volume of the main board has another unit"):
        HISTORY.rows(SPAN, [made(call, bar(FRIDAY, volume=221_140.0))])


def test_factors_start_without_the_row_of_1900() -> None:
    (call,) = FACTORS.calls(SPAN)
    body = (
        'var sh600000hfq={"total":3,"data":[{"d":"2023-07-21","f":"13.2600000000000000"},'
        '{"d":"2022-07-21","f":"12.7000000000000000"},'
        '{"d":"1900-01-01","f":"1.0000000000000000"}]}\n/* end */'
    )
    rows = rows_of(FACTORS, SPAN, ask(call, hfq=body))

    assert str(call) == "stock_zh_a_daily(symbol=sh600000, adjust=hfq-factor)"
    assert rows.rows() == [
        ("600000.SH", date(2022, 7, 21), 12.7),
        ("600000.SH", date(2023, 7, 21), 13.26),
    ]


@pytest.mark.parametrize(
    ("first", "factor"),
    [("2023-07-21", "12.7"), ("2022-07-21", "0"), ("2022-07-21", "-1.2")],
)
def test_what_is_no_series_of_factors_is_refused(first: str, factor: str) -> None:
    (call,) = FACTORS.calls(SPAN)
    answer = made(call, (date.fromisoformat(first), factor), (date(2023, 7, 21), "13.26"))

    with pytest.raises(SchemaChangedError, match="no series of factors"):
        FACTORS.rows(SPAN, [answer])
