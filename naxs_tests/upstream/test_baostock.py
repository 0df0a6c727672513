"""The real baostock client against the loopback: tables, pages, and what it does not survive."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import date

import baostock
import baostock.common.contants as constants
import pandas as pd
import polars as pl
import pytest

from naxs_tests.upstream import LoopbackUpstream, Misbehaviour, UpstreamMarket
from naxs_tests.upstream.eventful import DELISTED, DELISTED_ON, FIRST, LAST, SUSPENDED

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
FIELDS = (
    "date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,isST"
)
SPAN = {"start_date": f"{FIRST}", "end_date": f"{LAST}"}
Read = Callable[..., pd.DataFrame]


@pytest.fixture
def read(upstream: LoopbackUpstream, monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    """Logged in; reads a query row by row, as its guide says."""
    host, port = upstream.baostock_address
    monkeypatch.setattr(constants, "BAOSTOCK_SERVER_IP", host)
    monkeypatch.setattr(constants, "BAOSTOCK_SERVER_PORT", port)
    assert baostock.login().error_code == "0"

    def frame(function: str, *arguments: str, **named: str) -> pd.DataFrame:
        result = getattr(baostock, function)(*arguments, **named)
        rows = []
        while result.error_code == "0" and result.next():
            rows.append(result.get_row_data())
        assert result.error_code == "0", result.error_msg
        return pd.DataFrame(rows, columns=result.fields)

    yield frame
    assert baostock.logout().error_code == "0"


def numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column)


@pytest.mark.parametrize("symbol", ["600001.SH", SUSPENDED])
def test_bars_have_every_day(read: Read, market: UpstreamMarket, symbol: str) -> None:
    bars = market.bars.filter(pl.col("symbol") == symbol).sort("date").to_pandas()
    frame = read("query_history_k_data_plus", f"{symbol[7:].lower()}.{symbol[:6]}", FIELDS, **SPAN)
    assert list(frame.columns) == FIELDS.split(",")
    assert list(frame["date"]) == [f"{day:%Y-%m-%d}" for day in bars["date"]]
    for name, served in {
        "preclose": "pre_close",
        "open": "open",
        "high": "high",
        "low": "low",
    }.items():
        assert abs(numbers(frame[name]) - bars[served]).max() < 1e-9
    for name in ("close", "volume", "amount"):
        assert abs(numbers(frame[name]) - bars[name]).max() < 1e-9
    trades = bars["volume"] > 0
    assert list(frame["tradestatus"] == "1") == list(trades)
    assert (frame["turn"][~trades] == "").all()
    assert abs(numbers(frame["turn"][trades]) / 100 - bars["turnover"][trades]).max() < 1e-8
    assert abs(numbers(frame["pctChg"]) / 100 - bars["change"]).max() < 1e-8
    assert list(frame["isST"] == "1") == list(bars["is_st"])


def test_the_bars_of_a_day(read: Read, market: UpstreamMarket) -> None:
    frame = read("query_daily_history_k_AStock", f"{LAST}").set_index("code").sort_index()
    bars = market.bars.filter(
        pl.col("date") == LAST, ~pl.col("symbol").str.ends_with(".BJ")
    ).with_columns(
        code=pl.col("symbol").str.tail(2).str.to_lowercase() + "." + pl.col("symbol").str.head(6)
    )
    assert list(frame.index) == sorted(bars["code"])
    closes = bars.sort("code")["close"].to_numpy()
    assert abs(numbers(frame["close"]).to_numpy() - closes).max() < 1e-9
    assert read("query_daily_history_k_AStock", "2023-07-01").empty


def test_index_bars_are_in_shares(read: Read, market: UpstreamMarket) -> None:
    frame = read("query_history_k_data_plus", "sh.000300", "date,code,close,volume,amount", **SPAN)
    assert abs(numbers(frame["close"]) - market.index_bars["close"].to_pandas()).max() < 6e-5
    assert list(numbers(frame["volume"])) == market.index_bars["volume"].to_list()


def test_calendar(read: Read, market: UpstreamMarket) -> None:
    frame = read("query_trade_dates", **SPAN)
    assert len(frame) == (LAST - FIRST).days + 1
    is_open = frame["calendar_date"][frame["is_trading_day"] == "1"]
    assert list(is_open) == [f"{day}" for day in market.open_days]


def test_instruments(read: Read, market: UpstreamMarket) -> None:
    frame = read("query_stock_basic").set_index("code")
    gone = frame.loc[f"sh.{DELISTED[0][:6]}"]
    assert (gone["outDate"], gone["status"], gone["type"]) == (f"{DELISTED_ON}", "0", "1")
    assert frame.loc["sh.000300", "type"] == "2"
    stocks = market.instruments.filter(~pl.col("symbol").str.ends_with(".BJ"))
    assert (frame["type"] == "1").sum() == stocks.height


def test_members_of_a_day(read: Read, market: UpstreamMarket) -> None:
    frame = read("query_hs300_stocks", "2023-01-01")
    assert set(frame["updateDate"]) == {"2022-12-30"}
    day = date(2022, 12, 30)
    served = market.members.filter(
        pl.col("effective_from") <= day,
        pl.col("effective_to").is_null() | (pl.col("effective_to") >= day),
    )
    assert sorted(frame["code"].str[3:]) == sorted(served["symbol"].str.head(6))


def test_factors_have_six_decimals(read: Read, market: UpstreamMarket) -> None:
    symbol = market.factors.filter(pl.col("factor") > 1).sort("symbol").item(0, "symbol")
    served = market.factors.filter(pl.col("symbol") == symbol, pl.col("factor") != 1)
    code = f"{symbol[7:].lower()}.{symbol[:6]}"
    frame = read("query_adjust_factor", code, "1990-12-19", f"{LAST}")
    assert list(frame["dividOperateDate"]) == [f"{day}" for day in served["ex_date"]]
    assert abs(numbers(frame["backAdjustFactor"]) - served["factor"].to_pandas()).max() < 1e-6
    assert float(frame["foreAdjustFactor"].iloc[-1]) == 1


def test_pages_are_served_until_one_is_not_full(
    read: Read, upstream: LoopbackUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "BAOSTOCK_PER_PAGE_COUNT", 100)
    asked = len(upstream.requests)
    frame = read("query_trade_dates", "2022-06-01", "2023-04-06")
    assert len(frame) == 310
    assert frame["calendar_date"].is_unique
    pages = [one.query["arguments"].split(",")[0] for one in upstream.requests[asked:]]
    assert pages == ["1", "2", "3", "4"]


def test_get_data_fails_at_the_second_page(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client appends frames in a way that pandas no longer has."""
    monkeypatch.setattr(constants, "BAOSTOCK_PER_PAGE_COUNT", 100)
    result = baostock.query_trade_dates("2022-06-01", "2023-04-06")
    with pytest.raises(AttributeError, match="append"):
        result.get_data()


def test_beijing_and_unknown_fields_are_errors(read: Read) -> None:
    assert baostock.query_history_k_data_plus("bj.920901", "date", **SPAN).error_code == "10004011"
    assert baostock.query_history_k_data_plus("sh.600001", "dates", **SPAN).error_code == "10004012"


def child(upstream: LoopbackUpstream) -> subprocess.Popen[str]:
    """A process that has nothing but the upstream's environment and asks for one day."""
    code = """
        import baostock
        baostock.login()
        print(baostock.query_trade_dates("2023-06-30", "2023-06-30").get_row_data())
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"PATH": os.environ["PATH"], **upstream.environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_child_process_comes_here_by_itself(upstream: LoopbackUpstream) -> None:
    told, _ = child(upstream).communicate(timeout=120)
    assert "['2023-06-30', '1']" in told


def test_the_client_waits_for_ever_when_the_server_closes(upstream: LoopbackUpstream) -> None:
    upstream.requests.clear()
    upstream.misbehave("query_trade_dates", Misbehaviour.CLOSED)
    running = child(upstream)
    try:
        while not any(one.path == "query_trade_dates" for one in upstream.requests):
            assert running.poll() is None
            time.sleep(0.05)
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(timeout=1.5)
    finally:
        running.kill()
        running.communicate()


def test_a_reset_is_printed_and_becomes_an_error_code(
    upstream: LoopbackUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, port = upstream.baostock_address
    monkeypatch.setattr(constants, "BAOSTOCK_SERVER_IP", host)
    monkeypatch.setattr(constants, "BAOSTOCK_SERVER_PORT", port)
    baostock.login()
    upstream.misbehave("baostock", Misbehaviour.RESET)
    assert baostock.query_hs300_stocks("2023-06-30").error_code == "10002007"


def test_changed_columns_pass_in_silence(read: Read, upstream: LoopbackUpstream) -> None:
    upstream.misbehave("query_history_k_data_plus", Misbehaviour.COLUMNS_SWAPPED)
    frame = read("query_history_k_data_plus", "sh.600001", FIELDS, **SPAN)
    assert (numbers(frame["high"]) <= numbers(frame["low"])).all()
