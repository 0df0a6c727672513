"""Today's market of each vendor: every listed stock, whether it trades or not."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import akshare
import pandas as pd
import polars as pl
import pytest

from naxs_assets.market.synthetic import SyntheticMarket
from naxs_tests.upstream import LoopbackUpstream, UpstreamMarket
from naxs_tests.upstream.eventful import LAST, ST, SUSPENDED
from naxs_tests.upstream.symbols import from_prefixed, prefixed

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def quotes(market: UpstreamMarket, day: date = LAST) -> pd.DataFrame:
    return market.bars.filter(pl.col("date") == day).sort("symbol").to_pandas().set_index("symbol")


def test_eastmoney(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    bars = quotes(market)
    frame = akshare.stock_zh_a_spot_em().set_index("代码")
    assert sorted(frame.index) == sorted(symbol[:6] for symbol in bars.index)
    frame = frame.loc[[symbol[:6] for symbol in bars.index]].set_index(bars.index)
    trades = bars["volume"] > 0
    assert frame.loc[~trades, ["最新价", "今开", "成交量"]].isna().all().all()
    assert SUSPENDED in frame.index[~trades]
    for chinese, name in {"今开": "open", "最高": "high", "最低": "low", "最新价": "close"}.items():
        assert (frame[chinese] - bars[name])[trades].abs().max() < 1e-9
    assert (frame["昨收"] - bars["pre_close"]).abs().max() < 1e-9
    assert (frame["成交量"] * 100 - bars["volume"])[trades].abs().max() <= 50
    assert (frame["成交额"] - bars["amount"])[trades].abs().max() < 0.01
    assert (frame["换手率"] / 100 - bars["turnover"])[trades].abs().max() < 6e-5


def test_eastmoney_st_board(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    bars = quotes(market)
    frame = akshare.stock_zh_a_st_em()
    assert sorted(frame["代码"]) == sorted(symbol[:6] for symbol in bars.index[bars["is_st"]])
    assert {symbol[:6] for symbol in ST} <= set(frame["代码"])
    assert frame["名称"].str.startswith("ST").all()


def test_sina(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    bars = quotes(market)
    frame = akshare.stock_zh_a_spot().set_index("代码")
    frame.index = frame.index.map(from_prefixed)
    assert sorted(frame.index) == list(bars.index)
    frame = frame.loc[bars.index]
    trades = bars["volume"] > 0
    columns = {"今开": "open", "最高": "high", "最低": "low", "最新价": "close"}
    for chinese, name in columns.items():
        assert (frame[chinese] - bars[name])[trades].abs().max() < 1e-9
        assert (frame[chinese][~trades] == 0).all()
    for chinese, name in {"昨收": "pre_close", "成交量": "volume", "成交额": "amount"}.items():
        assert (frame[chinese] - bars[name]).abs().max() < 1e-6
    assert set(frame["时间戳"]) == {"16:00:00"}
    assert list(frame["名称"].str.startswith("ST")) == list(bars["is_st"])


def test_tencent_has_no_open_high_or_low(
    upstream: LoopbackUpstream, market: UpstreamMarket
) -> None:
    bars = quotes(market)
    frame = akshare.stock_zh_a_spot_tx().set_index("code")
    assert sorted(frame.index) == sorted(prefixed(symbol) for symbol in bars.index)
    frame = frame.loc[[prefixed(symbol) for symbol in bars.index]].set_index(bars.index)
    assert (frame["zxj"].astype(float) - bars["close"]).abs().max() < 1e-9
    star = bars.index.str.startswith("688")
    shares = frame["volume"].astype(float) * [1 if one else 100 for one in star]
    assert (shares - bars["volume"]).abs().max() <= 50
    assert (frame["turnover"].astype(float) * 10_000 - bars["amount"]).abs().max() < 50.001
    assert (frame["hsl"].astype(float) / 100 - bars["turnover"]).abs().max() < 6e-5


def test_a_snapshot_shows_the_last_open_day_as_it_was_known(
    upstream: LoopbackUpstream, market: UpstreamMarket
) -> None:
    saturday = datetime(2023, 3, 11, 9, 0)
    upstream.as_of = saturday
    try:
        frame = akshare.stock_zh_a_spot_tx().set_index("code")
        past = akshare.stock_zh_a_hist("600001", start_date="20230301", end_date="20230401")
    finally:
        upstream.as_of = LAST
    bars = quotes(market, date(2023, 3, 10))
    assert sorted(frame.index) == sorted(prefixed(symbol) for symbol in bars.index)
    assert f"{past['日期'].iloc[-1]}" == "2023-03-10"


@pytest.mark.slow
def test_every_page_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AKShare waits between Eastmoney's pages of a hundred."""
    days = {"first": date(2023, 6, 29), "last": date(2023, 6, 30)}
    market = UpstreamMarket.of(SyntheticMarket(seed=7, names=240, **days))
    listed = quotes(market).shape[0]
    assert listed > 200
    with LoopbackUpstream(market, tmp_path) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        for function in ("stock_zh_a_spot_em", "stock_zh_a_spot", "stock_zh_a_spot_tx"):
            assert len(getattr(akshare, function)()) == listed
        pages = [request.path.rpartition("/")[2] for request in running.requests]
    assert pages.count("get") == 3
    assert pages.count("getBoardRankList") == 2
    assert sum("getHQNodeData" in page for page in pages) == listed // 80 + 1
