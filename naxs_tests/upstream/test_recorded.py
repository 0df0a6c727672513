"""Recorded responses of the real hosts: served from the same bars, the loopback's are the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import requests

from naxs_tests.upstream import LoopbackUpstream, UpstreamMarket
from naxs_tests.upstream.symbols import prefixed


def holding(market: UpstreamMarket, symbol: str, bars: list[dict[str, Any]]) -> UpstreamMarket:
    """A market of one stock with these bars."""
    days = [bar["date"] for bar in bars]
    return replace(
        market,
        bars=pl.DataFrame([{"symbol": symbol, "is_st": False, **bar} for bar in bars]),
        instruments=market.instruments.head(1).with_columns(symbol=pl.lit(symbol)),
        open_days=pl.Series(days),
    )


def asked(upstream: LoopbackUpstream, url: str, **query: str) -> str:
    upstream.as_of = upstream.market.open_days.max()
    return requests.get(url, query, timeout=10).text


@pytest.fixture
def served(upstream: LoopbackUpstream, market: UpstreamMarket) -> Any:
    """The upstream, back to its own market afterwards."""
    as_of = upstream.as_of
    yield upstream
    upstream.market, upstream.as_of = market, as_of


def test_eastmoney(real_data: Path, served: LoopbackUpstream, market: UpstreamMarket) -> None:
    file = real_data / "upstream_responses" / "eastmoney_kline_603912_20221215_20221221.json"
    recorded = json.loads(file.read_text(encoding="utf-8"))["data"]
    before, bars = recorded["preKPrice"], []
    for line in recorded["klines"]:
        day, *cells = line.split(",")
        opened, closed, high, low, lots, amount, *_, turnover = map(float, cells)
        bars.append(
            {
                "date": date.fromisoformat(day),
                **{"open": opened, "high": high, "low": low, "close": closed, "pre_close": before},
                **{"volume": int(lots) * 100, "amount": amount, "turnover": turnover / 100},
            }
        )
        before = closed
    served.market = holding(market, "603912.SH", bars)
    text = asked(
        served,
        "https://push2his.eastmoney.com/api/qt/stock/kline/get",
        fields2="f51,f52,f53,f54,f55,f56,f57,f58,f59,f60,f61,f116",
        **{"klt": "101", "fqt": "0", "secid": "1.603912", "beg": "0", "end": "20500101"},
    )
    assert json.loads(text)["data"]["klines"] == recorded["klines"]


def test_tencent(real_data: Path, served: LoopbackUpstream, market: UpstreamMarket) -> None:
    """The recorded rows are of an address that tells neither turnover nor amount."""
    file = real_data / "upstream_responses" / "tencent_kline_sh600601_20230119.json"
    recorded = json.loads(file.read_text(encoding="utf-8"))["data"]["sh600601"]["day"]
    bars = []
    for day, *cells in recorded:
        opened, closed, high, low, lots = map(float, cells)
        bars.append(
            {
                "date": date.fromisoformat(day),
                **{"open": opened, "high": high, "low": low, "close": closed, "pre_close": closed},
                **{"volume": int(lots) * 100, "amount": lots * 100 * closed, "turnover": 0.01},
            }
        )
    served.market = holding(market, "600601.SH", bars)
    text = asked(
        served,
        "https://proxy.finance.qq.com/ifzqgtimg/appstock/app/newfqkline/get",
        _var="kline_day2023",
        param=f"{prefixed('600601.SH')},day,2023-01-01,2024-12-31,640,",
    )
    name, _, value = text.partition("=")
    assert name == "kline_day2023"
    rows = json.loads(value)["data"]["sh600601"]["day"]
    assert [row[:6] for row in rows] == recorded


def test_eastmoney_without_rows(
    real_data: Path, served: LoopbackUpstream, market: UpstreamMarket
) -> None:
    file = real_data / "upstream_responses" / "eastmoney_kline_000300_empty.jsonp"
    text = file.read_text(encoding="utf-8")
    recorded = json.loads(text[text.find("(") + 1 : text.rfind(")")])
    found = json.loads(
        asked(
            served,
            "https://push2his.eastmoney.com/api/qt/stock/kline/get",
            **{"klt": "101", "fqt": "0", "secid": "1.000300", "beg": "20300101", "end": "20300102"},
            fields2="f51",
        )
    )
    assert found["data"]["klines"] == recorded["data"]["klines"] == []
    assert found.keys() == recorded.keys()
