"""Real AKShare against the loopback: every daily bar comes back as it was served, unit by unit."""

from __future__ import annotations

import akshare
import pandas as pd
import polars as pl
import pytest

from naxs_tests.upstream import LoopbackUpstream, UpstreamMarket
from naxs_tests.upstream.eventful import BEIJING, FIRST, LAST
from naxs_tests.upstream.symbols import prefixed

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PRICES = ["open", "high", "low", "close"]
MAIN, STAR, SHENZHEN, CHINEXT = "600001.SH", "688001.SH", "000001.SZ", "300001.SZ"
SPAN = {"start_date": FIRST.strftime("%Y%m%d"), "end_date": LAST.strftime("%Y%m%d")}
DASHED = {"start_date": f"{FIRST}", "end_date": f"{LAST}"}


def traded(market: UpstreamMarket, symbol: str) -> pd.DataFrame:
    bars = market.bars.filter(pl.col("symbol") == symbol, pl.col("volume") > 0)
    return bars.sort("date").to_pandas()


def same(left: pd.Series, right: pd.Series, within: float = 1e-9) -> None:
    assert len(left) == len(right)
    assert abs(left.to_numpy() - right.to_numpy()).max() <= within


@pytest.mark.parametrize("symbol", [MAIN, STAR, SHENZHEN, CHINEXT, BEIJING])
def test_eastmoney_gives_lots_and_percent(
    upstream: LoopbackUpstream, market: UpstreamMarket, symbol: str
) -> None:
    bars = traded(market, symbol)
    frame = akshare.stock_zh_a_hist(symbol=symbol[:6], **SPAN)
    assert [f"{day}" for day in frame["日期"]] == [f"{day:%Y-%m-%d}" for day in bars["date"]]
    for chinese, name in zip(["开盘", "最高", "最低", "收盘"], PRICES, strict=True):
        same(frame[chinese], bars[name])
    same(frame["成交量"] * 100, bars["volume"], within=50)
    same(frame["成交额"], bars["amount"], within=0.005)
    same(frame["收盘"] - frame["涨跌额"], bars["pre_close"], within=1e-6)
    same(frame["涨跌幅"] / 100, bars["change"], within=6e-5)
    same(frame["换手率"] / 100, bars["turnover"], within=6e-5)


def test_eastmoney_serves_only_the_span(upstream: LoopbackUpstream) -> None:
    frame = akshare.stock_zh_a_hist(MAIN[:6], start_date="20230103", end_date="20230105")
    assert [f"{day}" for day in frame["日期"]] == ["2023-01-03", "2023-01-04", "2023-01-05"]


def test_eastmoney_knows_no_other_stock(upstream: LoopbackUpstream) -> None:
    assert akshare.stock_zh_a_hist("600999", **SPAN).empty


def test_eastmoney_index_volume_is_in_lots(
    upstream: LoopbackUpstream, market: UpstreamMarket
) -> None:
    bars = market.index_bars.to_pandas()
    frame = akshare.stock_zh_index_daily_em("sh000300", **SPAN)
    assert list(frame["date"]) == [f"{day:%Y-%m-%d}" for day in bars["date"]]
    for name in PRICES:
        same(frame[name], bars[name], within=0.005)
    same(frame["volume"] * 100, bars["volume"], within=50)
    same(frame["amount"], bars["amount"], within=0.005)
    with pytest.raises(TypeError):
        akshare.stock_zh_index_daily_em("sh000999")


@pytest.mark.parametrize("symbol", [MAIN, STAR, SHENZHEN, CHINEXT, BEIJING])
def test_sina_gives_shares_and_ratios_through_its_own_decoder(
    upstream: LoopbackUpstream, market: UpstreamMarket, symbol: str
) -> None:
    bars = traded(market, symbol)
    frame = akshare.stock_zh_a_daily(prefixed(symbol))
    assert [f"{day}" for day in frame["date"]] == [f"{day:%Y-%m-%d}" for day in bars["date"]]
    for name in (*PRICES, "volume", "amount"):
        same(frame[name], bars[name])
    same(frame["turnover"], bars["turnover"])


def test_sina_factors_are_newest_first(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    changes = market.factors.group_by("symbol").len().sort("len", "symbol", descending=True)
    symbol = changes.item(0, "symbol")
    factors = market.factors.filter(pl.col("symbol") == symbol).sort("ex_date", descending=True)
    assert factors.height > 1
    frame = akshare.stock_zh_a_daily(prefixed(symbol), adjust="hfq-factor")
    assert [float(value) for value in frame["hfq_factor"]] == factors["factor"].to_list()
    days = [f"{day:%Y-%m-%d}" for day in frame["date"]]
    assert days[:-1] == [f"{day}" for day in factors["ex_date"][:-1]]
    assert days[-1] == "1900-01-01"
    inverse = akshare.stock_zh_a_daily(prefixed(symbol), adjust="qfq-factor")
    assert float(inverse["qfq_factor"].iloc[0]) == 1
    assert float(inverse["qfq_factor"].iloc[-1]) == factors.item(0, "factor")


def test_sina_does_not_know_a_stock(upstream: LoopbackUpstream) -> None:
    with pytest.raises(IndexError):
        akshare.stock_zh_a_daily("sh600999")


def test_sina_calendar_is_packed_and_akshare_adds_a_day(
    upstream: LoopbackUpstream, market: UpstreamMarket
) -> None:
    days = akshare.tool_trade_date_hist_sina()["trade_date"].to_list()
    assert f"{days[0]}" == "1992-05-04"
    assert days[1:] == market.open_days.to_list()


@pytest.mark.parametrize("symbol", [MAIN, STAR, CHINEXT])
def test_tencent_gives_shares_of_rounded_lots(
    upstream: LoopbackUpstream, market: UpstreamMarket, symbol: str
) -> None:
    bars = traded(market, symbol)
    frame = akshare.stock_zh_a_hist_tx(prefixed(symbol), **DASHED)
    assert [f"{day}" for day in frame["date"]] == [f"{day:%Y-%m-%d}" for day in bars["date"]]
    for name in PRICES:
        same(frame[name], bars[name])
    same(frame["volume"], bars["volume"], within=0 if symbol == STAR else 50)
    same(frame["amount"], bars["amount"], within=50.001)
    same(frame["turnover"], bars["turnover"], within=6e-5)


def test_tencent_leaves_lots_where_a_code_looks_like_an_index(
    upstream: LoopbackUpstream, market: UpstreamMarket
) -> None:
    bars = traded(market, SHENZHEN)
    frame = akshare.stock_zh_a_hist_tx(prefixed(SHENZHEN), **DASHED)
    same(frame["volume"] * 100, bars["volume"], within=50)


def test_tencent_has_no_bars_of_beijing(upstream: LoopbackUpstream) -> None:
    with pytest.raises(KeyError):
        akshare.stock_zh_a_hist_tx(prefixed(BEIJING), **DASHED)


def test_a_correction_upstream_is_served_at_once(
    upstream: LoopbackUpstream, market: UpstreamMarket
) -> None:
    bar = traded(market, MAIN).iloc[20]
    day = bar["date"].date()
    upstream.market = market.restated(MAIN, day, close=bar["close"] + 0.01)
    try:
        span = {"start_date": f"{day:%Y%m%d}", "end_date": f"{day:%Y%m%d}"}
        frame = akshare.stock_zh_a_hist(MAIN[:6], **span)
    finally:
        upstream.market = market
    assert frame["收盘"].iloc[0] == pytest.approx(bar["close"] + 0.01)
