"""Eastmoney's bars in shares and ratios, and answers whose columns cannot be right refused."""

import json
import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.sources.akshare import eastmoney
from naxs_assets.market.sources.offers import PulledTable
from naxs_tests.market.sources.asking import (
    EVENING,
    FRIDAY,
    TODAY,
    answered,
    ask,
    rows_of,
    wanted,
)

OFFERS = {offer.table: offer for offer in eastmoney.OFFERS}
HISTORY, DAY = OFFERS[PulledTable.HISTORY], OFFERS[PulledTable.DAY]
INDEX, ST = OFFERS[PulledTable.INDEX_BARS], OFFERS[PulledTable.ST]
STOCK = "603912.SH"
SPAN = wanted(date(2022, 12, 15), date(2022, 12, 21), STOCK)
# As recorded: date, open, close, high, low, lots, CNY, amplitude %, %, change, turnover %.
KLINES = (
    "2022-12-15,9.93,10.17,10.20,9.93,38877,39386980.00,2.71,1.90,0.19,1.28",
    "2022-12-16,10.18,10.28,10.35,9.95,61371,62330324.00,3.93,1.08,0.11,2.02",
    "2022-12-19,10.38,11.31,11.31,10.24,184039,202423504.00,10.41,10.02,1.03,6.06",
    "2022-12-20,12.44,12.44,12.44,12.01,289093,359055463.00,3.80,9.99,1.13,9.52",
    "2022-12-21,11.20,12.02,12.44,11.20,384033,454377104.00,9.97,-3.38,-0.42,12.64",
)


def kline(*lines: str) -> dict[str, Any]:
    return {"rc": 0, "data": {"code": "603912", "klines": list(lines)}}


def history(*lines: str) -> pl.DataFrame:
    (call,) = HISTORY.calls(SPAN)
    return rows_of(HISTORY, SPAN, ask(call, kline=kline(*lines)))


def edited(position: int, other: int | None = None, *, times: float = 1) -> list[str]:
    """The recorded lines with two fields exchanged, or one multiplied."""
    lines = []
    for line in KLINES:
        cells = line.split(",")
        if other is None:
            cells[position] = str(float(cells[position]) * times)
        else:
            cells[position], cells[other] = cells[other], cells[position]
        lines.append(",".join(cells))
    return lines


def test_unadjusted_bars_are_asked_for_symbol_by_symbol() -> None:
    calls = HISTORY.calls(wanted(date(2024, 1, 2), FRIDAY, "600519.SH", "920002.BJ"))

    assert [str(call) for call in calls] == [
        f"stock_zh_a_hist(symbol={code}, period=daily, start_date=20240102, end_date=20240105, "
        "adjust=)"
        for code in ("600519", "920002")
    ]


def test_lots_become_shares_and_percentages_ratios() -> None:
    first = history(*KLINES).row(0, named=True)

    assert first == {
        "date": date(2022, 12, 15),
        "symbol": STOCK,
        "open": 9.93,
        "high": 10.20,
        "low": 9.93,
        "close": 10.17,
        "pre_close": 9.98,
        "change": 0.019,
        "volume": 3_887_700,
        "amount": 39_386_980.0,
        "turnover": 0.0128,
        "is_st": None,
        "is_suspended": None,
    }


def test_previous_close_is_the_close_before() -> None:
    rows = history(*KLINES)

    assert rows["pre_close"][1:].to_list() == rows["close"][:-1].to_list()


def test_rows_are_sorted_and_duplicates_pass_to_the_rules() -> None:
    rows = history(*reversed(KLINES), KLINES[2])

    assert rows["date"].is_sorted()
    assert rows.height == 6


def test_a_row_of_dashes_passes_to_the_rules() -> None:
    rows = history(*KLINES[:4], "2022-12-21,-,-,-,-,-,-,-,-,-,-")

    assert rows.row(4, named=True)["close"] is None
    assert rows.row(4, named=True)["volume"] is None


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (edited(5, times=100), "volume"),  # lots told in shares
        (edited(5, times=0.01), "volume"),
        (edited(5, 6), "volume"),  # volume and amount exchanged
        (edited(2, 3), "high"),  # close and high
        (edited(3, 4), "high"),  # high and low
        (edited(1, 2), "pre_close"),  # open and close
        (edited(8, 9), "pre_close"),  # % and change
        (edited(8, times=0.01), "change"),  # % told as a ratio
    ],
)
def test_a_silent_change_of_unit_or_column_is_refused(lines: list[str], named: str) -> None:
    with pytest.raises(SchemaChangedError, match=named) as refused:
        history(*lines)

    assert "akshare.eastmoney stock_zh_a_hist(symbol=603912" in refused.value.where


def test_a_day_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(SchemaChangedError, match="2022-12-14"):
        history(KLINES[0].replace("12-15", "12-14"), *KLINES[1:])


def test_an_unreadable_date_is_refused() -> None:
    with pytest.raises(SchemaChangedError, match=r"date holds days outside .* None"):
        history(KLINES[0].replace("2022-12-15", "2022-13-45"), *KLINES[1:])


def test_another_symbol_is_refused() -> None:
    (call,) = HISTORY.calls(SPAN)
    frame = ask(call, kline=kline(*KLINES)).frame.with_columns(股票代码=pl.lit("600000"))

    with pytest.raises(SchemaChangedError, match="is not 603912"):
        HISTORY.rows(SPAN, [answered(call, frame)])


# What the list service sends for the fields asked: with f128 come f140 and f141.
FIELDS = (*range(1, 19), *range(20, 26), 62, 115, 128, 136, 140, 141, 152)


def snapshot_row(code: str, name: str, **cells: Any) -> dict[str, Any]:
    """A row of the list service; keywords overwrite cells by field number."""
    row: dict[str, Any] = {f"f{number}": 1 for number in FIELDS}
    row |= {"f2": 10.5, "f3": 5.0, "f4": 0.5, "f5": 1000, "f6": 1_020_000.0, "f7": 6.0, "f8": 0.5}
    row |= {"f12": code, "f14": name, "f15": 10.6, "f16": 10.0, "f17": 10.1, "f18": 10.0}
    return row | cells


def snapshot(*rows: dict[str, Any]) -> pl.DataFrame:
    (call,) = DAY.calls(TODAY)
    body = {"data": {"total": len(rows), "diff": list(rows)}}
    return rows_of(DAY, TODAY, ask(call, clist=body))


DASHES = {f"f{number}": "-" for number in (2, 3, 4, 5, 6, 7, 8, 10, 15, 16, 17)}


def test_the_snapshot_is_read_in_shares_with_status_from_the_name() -> None:
    rows = snapshot(snapshot_row("600519", "贵州茅台"), snapshot_row("000004", "*ST国华"))

    assert rows["symbol"].to_list() == ["000004.SZ", "600519.SH"]
    assert rows.row(1, named=True) == {
        "date": FRIDAY,
        "symbol": "600519.SH",
        "open": 10.1,
        "high": 10.6,
        "low": 10.0,
        "close": 10.5,
        "pre_close": 10.0,
        "change": 0.05,
        "volume": 100_000,
        "amount": 1_020_000.0,
        "turnover": 0.005,
        "is_st": False,
        "is_suspended": None,
    }
    assert rows["is_st"].to_list() == [True, False]


def test_a_suspended_stock_keeps_its_previous_close_only() -> None:
    row = snapshot(snapshot_row("920002", "万达轴承", **DASHES)).row(0, named=True)

    assert row["symbol"] == "920002.BJ"
    assert [row[name] for name in ("open", "close", "volume", "amount")] == [None] * 4
    assert row["pre_close"] == 10.0


def test_no_snapshot_is_offered_of_a_past_day() -> None:
    past = replace(TODAY, first=date(2024, 1, 4), last=date(2024, 1, 4))

    assert not DAY.calls(past)
    assert not ST.calls(past)


@pytest.mark.parametrize(
    "fetched_at",
    [EVENING - timedelta(days=1), EVENING + timedelta(days=1), EVENING.replace(hour=8)],
)
def test_a_snapshot_of_another_session_is_refused(fetched_at: Any) -> None:
    (call,) = DAY.calls(TODAY)
    frame = ask(call, clist={"data": {"total": 1, "diff": [snapshot_row("600519", "x")]}}).frame

    with pytest.raises(SchemaChangedError, match="is not 2024-01-05"):
        DAY.rows(TODAY, [answered(call, frame, fetched_at)])


def test_one_board_in_another_unit_is_refused() -> None:
    main = [snapshot_row(f"60000{number}", "x") for number in range(6)]
    star = [snapshot_row(f"68800{number}", "x", f5=100_000) for number in range(3)]

    with pytest.raises(SchemaChangedError, match=r"star board .* 0\.01"):
        snapshot(*main, *star)


def test_index_volume_comes_in_lots() -> None:
    span = wanted(date(2024, 1, 4), FRIDAY, index="000300.SH")
    (call,) = INDEX.calls(span)
    lines = (
        "2024-01-04,3380.21,3347.05,3380.21,3331.60,105000000,180000000000.00,1.4",
        "2024-01-05,3341.01,3329.11,3378.45,3317.75,120000000,210000000000.00,1.8",
    )
    rows = rows_of(INDEX, span, ask(call, kline=kline(*lines)))

    assert call.arguments["symbol"] == "sh000300"
    assert rows.row(1) == (
        FRIDAY, "000300.SH", 3341.01, 3378.45, 3317.75, 3329.11, 12_000_000_000, 2.1e11,
    )  # fmt: skip
    with pytest.raises(SchemaChangedError, match="volume has another unit"):
        rows_of(INDEX, span, ask(call, kline=kline(lines[1].replace("120000000,", "1200000,"))))


def test_st_is_the_risk_board_without_stocks_in_their_delisting_period() -> None:
    (call,) = ST.calls(TODAY)

    def row(code: str, name: str) -> dict[str, Any]:
        return {f"f{number}": 1 for number in FIELDS if number > 1} | {"f12": code, "f14": name}

    body = {"data": {"total": 3, "diff": [row("600200", "*ST吴中"), row("000004", "ST国华"),
                                          row("000861", "海印退")]}}  # fmt: skip
    rows = rows_of(ST, TODAY, ask(call, clist=body))

    assert rows.rows() == [(FRIDAY, "000004.SZ"), (FRIDAY, "600200.SH")]


@pytest.fixture
def recorded() -> Path:
    folder = os.environ.get("NAXS_REAL_DATA")
    if not folder:
        pytest.skip("NAXS_REAL_DATA names no folder of recorded data")
    return Path(folder)


def test_recorded_responses_of_the_service_are_read(recorded: Path) -> None:
    body = recorded / "upstream_responses" / "eastmoney_kline_603912_20221215_20221221.json"
    (call,) = HISTORY.calls(SPAN)

    rows = rows_of(HISTORY, SPAN, ask(call, kline=json.loads(body.read_text())))

    assert rows.equals(history(*KLINES))


def test_answers_recorded_from_the_function_are_read_and_adjusted_ones_show(recorded: Path) -> None:
    """All 40 are forward-adjusted: in six of them amounts no longer fit the prices."""
    frames = pl.read_parquet(recorded / "raw" / "akshare_stock_zh_a_hist_qfq.parquet")
    refused = []
    for (code,), frame in frames.group_by("股票代码", maintain_order=True):
        span = wanted(date(2018, 1, 1), date(2026, 12, 31), f"{code}.SH")
        (call,) = HISTORY.calls(span)
        try:
            rows = rows_of(HISTORY, span, answered(call, frame.select(call.columns)))
        except SchemaChangedError as error:
            refused.append(error.what)
            continue
        assert rows["volume"].to_list() == (frame["成交量"] * 100).to_list()

    assert len(refused) == 6
    assert all("another unit" in what for what in refused)
