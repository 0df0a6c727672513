"""Tencent's volumes become shares whatever AKShare made of them."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.sources.akshare import tencent
from naxs_tests.market.sources.asking import FRIDAY, TODAY, ask, rows_of, wanted

(HISTORY,) = tencent.OFFERS
CLOSES = tencent.CLOSES


def kline(symbol: str, *days: list[Any]) -> dict[str, str]:
    """Bodies of the weekly trend, asked for the first year, and of the daily lines."""
    trend = json.dumps({"code": 0, "data": [["2024-01-02", "1"]]})
    lines = json.dumps({"code": 0, "data": {symbol: {"day": list(days)}}})
    return {"weekTrends": f"trend_qfq={trend}", "newfqkline": f"kline_day2024={lines}"}


def lines(*, unit: float, price: float = 10.0) -> list[list[Any]]:
    """Four days of the wire: date, open, close, high, low, volume, extra, turnover %, wan CNY."""
    made = []
    for number in range(2, 6):
        shares = 1_000_050 + number
        wan = f"{shares * price / 1e4:.2f}"
        prices = (price - 0.1, price, price + 0.1, price - 0.2)
        volume = f"{shares / unit:.3f}"
        day = f"2024-01-0{number}"
        made.append([day, *(f"{p:.3f}" for p in prices), volume, {}, "0.53", wan])
    return made


def history(symbol: str, unit: float, *, price: float = 10.0) -> pl.DataFrame:
    span = wanted(date(2024, 1, 2), FRIDAY, symbol)
    (call,) = HISTORY.calls(span)
    bodies = kline(call.arguments["symbol"], *lines(unit=unit, price=price))
    return rows_of(HISTORY, span, ask(call, **bodies))


def test_unadjusted_bars_are_asked_for_without_beijing() -> None:
    calls = HISTORY.calls(wanted(date(2024, 1, 2), FRIDAY, "000001.SZ", "920002.BJ"))

    assert [str(call) for call in calls] == [
        "stock_zh_a_hist_tx(symbol=sz000001, start_date=2024-01-02, end_date=2024-01-05, adjust=)"
    ]


@pytest.mark.parametrize(
    ("symbol", "unit"),
    [
        ("600000.SH", 100),  # lots, multiplied by AKShare
        ("300750.SZ", 100),
        ("000001.SZ", 100),  # lots that AKShare leaves alone
        ("688001.SH", 1),  # shares, left alone
        ("688001.SH", 100),  # would be lots, left alone
        ("689009.SH", 1),  # shares, multiplied by AKShare
    ],
)
def test_volume_is_in_shares_on_every_board(symbol: str, unit: float) -> None:
    rows = history(symbol, unit)

    assert rows["volume"].to_list() == [1_000_052, 1_000_053, 1_000_054, 1_000_055]
    assert rows["symbol"].unique().to_list() == [symbol]


def test_amount_is_in_yuan_and_turnover_a_ratio() -> None:
    row = history("000001.SZ", 100).row(3, named=True)

    assert (row["date"], row["open"], row["high"], row["low"], row["close"]) == (
        FRIDAY, 9.9, 10.1, 9.8, 10.0,
    )  # fmt: skip
    assert row["amount"] == pytest.approx(10_000_550, abs=100)
    assert row["turnover"] == pytest.approx(0.0053)
    assert (row["pre_close"], row["change"]) == (None, None)


def test_any_other_unit_is_refused() -> None:
    with pytest.raises(SchemaChangedError, match="volume of the main board has another unit"):
        history("600000.SH", 10)


def test_exchanged_prices_are_refused() -> None:
    span = wanted(date(2024, 1, 2), FRIDAY, "600000.SH")
    (call,) = HISTORY.calls(span)
    days = [[d, o, h, c, low, *rest] for d, o, c, h, low, *rest in lines(unit=100)]

    with pytest.raises(SchemaChangedError, match="high prices are out of order"):
        HISTORY.rows(span, [ask(call, **kline("sh600000", *days))])


# One row as the rank service sends it; only some keys are read.
ROW = {
    "code": "sh600519", "name": "贵州茅台", "zxj": "1297.40", "zdf": "0.39", "hsl": "0.13",
    "ltsz": "16218.56", "pe_ttm": "19.92", "pn": "6.46", "turnover": "208601", "zf": "0.77",
    "lb": "0.54", "zdf_d5": "1.93", "zdf_d10": "-3.32", "zdf_d20": "-3.94", "zdf_d60": "4.63",
    "zdf_w52": "-6.94", "zdf_y": "-3.84", "volume": "16126.00", "speed": "0.02", "zd": "5.10",
    "zsz": "16218.56", "zljlr": "-7495.96", "state": "", "stock_type": "GP-A",
}  # fmt: skip


def closes(*rows: dict[str, str]) -> pl.DataFrame:
    (call,) = CLOSES.calls(TODAY)
    body = {"code": 0, "data": {"rank_list": list(rows), "offset": 0, "total": len(rows)}}
    return rows_of(CLOSES, TODAY, ask(call, getBoardRankList=body))


def test_the_snapshot_gives_closes_but_no_open_high_and_low() -> None:
    row = closes(ROW).row(0, named=True)

    assert row == {
        "date": FRIDAY,
        "symbol": "600519.SH",
        "open": None,
        "high": None,
        "low": None,
        "close": 1297.40,
        "pre_close": 1292.30,
        "change": 0.0039,
        "volume": 1_612_600,
        "amount": 2_086_010_000.0,
        "turnover": 0.0013,
        "is_st": False,
        "is_suspended": None,
    }


def test_what_a_volume_counts_is_measured_for_each_range_of_codes() -> None:
    star = ROW | {"code": "sh688001", "volume": "1612600"}
    cdr = ROW | {"code": "sh689009"}

    assert closes(ROW, star, cdr)["volume"].to_list() == [1_612_600] * 3


def test_a_suspended_stock_keeps_its_last_close() -> None:
    halted = ROW | {"code": "sz000004", "name": "*ST国华", "zd": "0.00", "zdf": "0.00"}
    row = closes(ROW, halted | {"volume": "0", "turnover": "0"}).row(0, named=True)

    assert (row["symbol"], row["close"], row["pre_close"]) == ("000004.SZ", 1297.40, 1297.40)
    assert (row["volume"], row["amount"], row["change"], row["is_st"]) == (0, 0.0, None, True)


def test_an_absent_key_is_refused_by_name() -> None:
    with pytest.raises(SchemaChangedError, match="column turnover is absent"):
        closes({name: cell for name, cell in ROW.items() if name != "turnover"})


def test_no_snapshot_is_offered_of_a_past_day() -> None:
    assert not CLOSES.calls(replace(TODAY, first=date(2024, 1, 4), last=date(2024, 1, 4)))
