"""Tencent: daily bars by spans of two years, and today's market.

Volume is in lots, for STAR's 688 codes in shares; AKShare multiplies by a hundred except for those
and, wrongly, for codes that begin with sz000. Amounts are in units of 10,000 CNY with two decimals.
Beijing is not served as bars.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream.eastmoney import lots
from naxs_tests.upstream.replies import SCRIPT, Asked, Reply, Route, Row
from naxs_tests.upstream.seen import SeenMarket
from naxs_tests.upstream.symbols import from_prefixed, prefixed

_COLUMNS = {name: name for name in ("date", "open", "close", "high", "low", "volume", "amount")}
_RANK_COLUMNS = {"close": "zxj", "volume": "volume", "amount": "turnover"}


def _bars(market: SeenMarket, symbol: str) -> pl.DataFrame:
    bars = market.bars(from_prefixed(symbol))
    return bars.clear() if symbol.startswith("bj") else bars


def _weeks(asked: Asked, market: SeenMarket) -> Reply:
    """One row a week; AKShare reads the first day from it."""
    bars = _bars(market, asked.query["code"])
    weeks = bars.group_by_dynamic("date", every="1w").agg(pl.col("close").last())
    days = [bars["date"][0], *weeks["date"][1:]] if bars.height else []
    rows = [{"date": f"{day}"} for day in days]
    return Reply(
        rows,
        lambda rows: {"code": 0, "msg": "", "data": [list(row.values()) for row in rows]},
        "data",
        wrap=_variable(asked),
        content_type=SCRIPT,
    )


def _days(asked: Asked, market: SeenMarket) -> Reply | None:
    symbol, _, first, last, most, adjust = asked.query["param"].split(",")
    bars = _bars(market, symbol)
    if adjust and first:
        return None  # only unadjusted days are imitated
    day = pl.col("date").dt.strftime("%Y-%m-%d")
    within = bars.filter(day >= first, day <= (last or "9999")).tail(int(most))
    rows = [_day(bar, symbol) for bar in within.iter_rows(named=True)]

    def document(rows: list[Row]) -> Any:
        data = {symbol: {"day": [list(row.values()) for row in rows], "qt": {}, "version": "16"}}
        return {"code": 0, "msg": "", "data": data if bars.height else {}}

    return Reply(rows, document, "data", _COLUMNS, wrap=_variable(asked), content_type=SCRIPT)


def _variable(asked: Asked) -> Any:
    name = asked.query["_var"]
    return lambda text: f"{name}={text}"


def _day(bar: dict[str, Any], symbol: str) -> Row:
    in_shares = symbol.startswith("sh688")
    return {
        "date": f"{bar['date']}",
        "open": f"{bar['open']:.3f}",
        "close": f"{bar['close']:.3f}",
        "high": f"{bar['high']:.3f}",
        "low": f"{bar['low']:.3f}",
        "volume": f"{bar['volume'] if in_shares else lots(bar['volume'])}.000",
        "event": {},
        "turnover": f"{(bar['turnover'] or 0) * 100:.2f}",
        "amount": f"{bar['amount'] / 10_000:.2f}",
        "after": "",
    }


def _rank(asked: Asked, market: SeenMarket) -> Reply:
    start, count = int(asked.query["offset"]), int(asked.query["count"])
    quotes = market.quotes().sort(["close", "symbol"], descending=[True, False])
    rows = [_rank_row(bar) for bar in quotes[start : start + count].iter_rows(named=True)]

    def document(rows: list[Row]) -> Any:
        data = {"rank_list": rows, "offset": start, "total": quotes.height}
        return {"code": 0, "msg": "ok", "data": data}

    return Reply(rows, document, "data", _RANK_COLUMNS)


def _rank_row(bar: dict[str, Any]) -> Row:
    before = bar["pre_close"]
    symbol = prefixed(bar["symbol"])
    in_shares = symbol.startswith("sh688")
    outstanding = bar["volume"] / bar["turnover"] if bar["turnover"] else 0.0
    return {
        "code": symbol,
        "hsl": f"{(bar['turnover'] or 0) * 100:.2f}",
        "lb": "1.00",
        "ltsz": f"{outstanding * bar['close'] / 1e8:.2f}",
        "name": bar["name"],
        "pe_ttm": "0.00",
        "pn": "0.00",
        "speed": "0.00",
        "state": "" if bar["volume"] > 0 else "S",
        "stock_type": "GP-A",
        "turnover": f"{bar['amount'] / 10_000:.2f}",
        "volume": f"{bar['volume'] if in_shares else lots(bar['volume'])}",
        "zd": f"{bar['close'] - before:.2f}",
        "zdf": f"{(bar['close'] / before - 1) * 100:.2f}",
        "zf": f"{(bar['high'] - bar['low']) / before * 100:.2f}",
        "zljlr": "0.00",
        "zsz": f"{outstanding * bar['close'] / 1e8:.2f}",
        "zxj": f"{bar['close']:.2f}",
    }


_PROXY = "proxy.finance.qq.com"

ROUTES = (
    Route(Family.TENCENT, "web.ifzq.gtimg.cn", "/other/klineweb/klineWeb/weekTrends", _weeks),
    Route(Family.TENCENT, _PROXY, "/ifzqgtimg/appstock/app/newfqkline/get", _days),
    Route(Family.TENCENT, _PROXY, "/cgi/cgi-bin/rank/hs/getBoardRankList", _rank),
)
