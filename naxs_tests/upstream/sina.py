"""Sina Finance: the packed calendar and bars, factors as scripts, share capital, today's market.

Volumes are in shares, amounts in CNY. A suspended day has no packed bar; in today's market it has
zeros. The calendar lacks 1992-05-04, which was an open day.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream.packing import PackedBar, pack_bars, pack_calendar
from naxs_tests.upstream.replies import SCRIPT, Asked, Reply, Route, Row
from naxs_tests.upstream.seen import SeenMarket
from naxs_tests.upstream.symbols import from_prefixed, prefixed

_FORGOTTEN = date(1992, 5, 4)
_NO_EVENT_SINCE = "1900-01-01"
_BAR_COLUMNS = {name: name for name in ("date", "open", "high", "low", "close", "volume", "amount")}
_SPOT_COLUMNS = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "trade",
    "volume": "volume",
    "amount": "amount",
}


def _calendar(asked: Asked, market: SeenMarket) -> Reply:
    def document(rows: list[Row]) -> bytes:
        return f'var datelist="{pack_calendar([row["date"] for row in rows])}";'.encode()

    days = [day for day in market.market.open_days if day != _FORGOTTEN]
    return Reply([{"date": day} for day in days], document, content_type=SCRIPT, fixed=True)


def _history(asked: Asked, market: SeenMarket) -> Reply | None:
    (symbol,) = asked.found
    bars = market.bars(from_prefixed(symbol))
    if bars.is_empty():
        return None

    def document(rows: list[Row]) -> bytes:
        return f'var KLC_K2_{symbol}="{pack_bars([_packed(row) for row in rows])}";'.encode()

    rows = bars.select(*_BAR_COLUMNS).to_dicts()
    return Reply(rows, document, columns=_BAR_COLUMNS, content_type=SCRIPT, fixed=True)


def _packed(bar: Row) -> PackedBar:
    cents = {name: round(bar[name] * 100) for name in ("open", "high", "low", "close", "amount")}
    return PackedBar(day=bar["date"], volume=bar["volume"], **cents)


def _capital(asked: Asked, market: SeenMarket) -> Reply:
    """Shares outstanding in ten thousands, from each day on which they changed."""
    symbol = asked.query["symbol"]
    shares = (pl.col("volume") / pl.col("turnover")).round().cast(pl.Int64).alias("shares")
    counted = market.bars(from_prefixed(symbol)).filter(pl.col("turnover") > 0)
    changes = counted.select("date", shares).filter(
        pl.col("shares").ne_missing(pl.col("shares").shift(1))
    )
    rows = [
        {"date": f"{day}", "amount": f"{count / 10_000:.4f}"} for day, count in changes.iter_rows()
    ]
    return Reply(
        rows,
        lambda rows: rows,
        wrap=lambda text: f"/*<script>...</script>*/\nvar KKE_ShareAmount_{symbol}=({text});",
        content_type=SCRIPT,
    )


def _factors(asked: Asked, market: SeenMarket) -> Reply | None:
    """The newest first; ``f`` of hfq multiplies a price, that of qfq divides it."""
    symbol, kind = asked.found
    factors = market.market.factors.filter(
        pl.col("symbol") == from_prefixed(symbol), pl.col("ex_date") <= market.today
    ).sort("ex_date")
    if factors.is_empty():
        return None
    values = factors["factor"].to_list()
    if kind == "qfq":
        values = [values[-1] / value for value in values]
    days = [_NO_EVENT_SINCE, *(f"{day}" for day in factors["ex_date"][1:])]
    rows = [{"d": day, "f": f"{value!r}"} for day, value in zip(days, values, strict=True)][::-1]

    def document(rows: list[Row]) -> bytes:
        value = json.dumps({"total": len(rows), "data": rows}, separators=(",", ":"))
        return f"var {symbol}{kind}={value}\n/* {kind} */".encode()

    return Reply(rows, document, content_type=SCRIPT)


def _count(asked: Asked, market: SeenMarket) -> Reply:
    return Reply([], lambda _: f"{market.quotes().height}", content_type=SCRIPT)


def _spot(asked: Asked, market: SeenMarket) -> Reply:
    page, size = int(asked.query["page"]), int(asked.query["num"])
    quotes = market.quotes()
    quotes = quotes.sort(pl.col("symbol").map_elements(prefixed, return_dtype=pl.String))
    part = quotes[(page - 1) * size : page * size]
    at = f"{market.now:%H:%M:%S}"
    rows = [_spot_row(bar, at) for bar in part.iter_rows(named=True)]
    return Reply(rows, lambda rows: rows, columns=_SPOT_COLUMNS)


def _spot_row(bar: dict[str, Any], at: str) -> Row:
    trades = bar["volume"] > 0
    price = {name: bar[name] if trades else 0.0 for name in ("open", "high", "low", "close")}
    before = bar["pre_close"]
    outstanding = bar["volume"] / bar["turnover"] if trades and bar["turnover"] else 0.0
    return {
        "symbol": prefixed(bar["symbol"]),
        "code": bar["symbol"][:6],
        "name": bar["name"],
        "trade": f"{price['close']:.3f}",
        "pricechange": round(price["close"] - before, 3) if trades else 0,
        "changepercent": round((price["close"] / before - 1) * 100, 3) if trades else 0,
        "buy": f"{price['close']:.3f}",
        "sell": f"{price['close']:.3f}",
        "settlement": f"{before:.3f}",
        "open": f"{price['open']:.3f}",
        "high": f"{price['high']:.3f}",
        "low": f"{price['low']:.3f}",
        "volume": bar["volume"],
        "amount": bar["amount"],
        "ticktime": at,
        "per": 0,
        "pb": 0,
        "mktcap": round(outstanding * bar["close"] / 10_000, 4),
        "nmc": round(outstanding * bar["close"] / 10_000, 4),
        "turnoverratio": round((bar["turnover"] or 0) * 100, 5),
    }


_COMPANY = "finance.sina.com.cn"
_MARKET = "vip.stock.finance.sina.com.cn"
_CENTER = "/quotes_service/api/json_v2.php/Market_Center"

ROUTES = (
    Route(Family.SINA, _COMPANY, "/realstock/company/klc_td_sh.txt", _calendar),
    Route(Family.SINA, _COMPANY, r"/realstock/company/(\w+)/hisdata_klc2/klc_kl.js", _history),
    Route(Family.SINA, _COMPANY, r"/realstock/company/(\w+)/(hfq|qfq).js", _factors),
    Route(
        Family.SINA,
        "stock.finance.sina.com.cn",
        "/stock/api/jsonp.php/.*/StockService.getAmountBySymbol",
        _capital,
    ),
    Route(Family.SINA, _MARKET, f"{_CENTER}.getHQNodeStockCount", _count),
    Route(Family.SINA, _MARKET, f"{_CENTER}.getHQNodeData", _spot),
)
