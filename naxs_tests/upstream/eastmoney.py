"""Eastmoney's quote hosts: daily bars of stocks and indices, today's market, today's ST board.

Volumes are in lots and rounded, turnover and changes in percent with two decimals. A code that is
unknown has ``data: null``; a suspended stock has ``-`` in today's market and no row in the past.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream.replies import Asked, Reply, Route, Row
from naxs_tests.upstream.seen import SeenMarket
from naxs_tests.upstream.symbols import exchange_of

_KLINE = {
    "f51": "date",
    "f52": "open",
    "f53": "close",
    "f54": "high",
    "f55": "low",
    "f56": "volume",
    "f57": "amount",
    "f58": "amplitude",
    "f59": "change_percent",
    "f60": "change",
    "f61": "turnover",
}
_QUOTE_COLUMNS = {
    "open": "f17",
    "high": "f15",
    "low": "f16",
    "close": "f2",
    "volume": "f5",
    "amount": "f6",
}
# Keys that come unasked with f128, in the numeric order of all keys.
_WITH_F128 = ("f140", "f141")


def _kline(asked: Asked, market: SeenMarket) -> Reply | None:
    if asked.query["klt"] != "101" or asked.query.get("fqt", "0") != "0":
        return None  # only unadjusted days are imitated
    place, _, code = asked.query["secid"].partition(".")
    fields = [_KLINE[name] for name in asked.query["fields2"].split(",") if name in _KLINE]
    bars, name = _bars(market, place, code)
    rows = []
    if bars is not None:
        first, last = asked.query["beg"], asked.query["end"]
        day = pl.col("date").dt.strftime("%Y%m%d")
        within = bars.filter(day >= first, day <= last)
        rows = [_kline_row(bar, fields) for bar in within.iter_rows(named=True)]

    def document(rows: list[Row]) -> Any:
        data = None
        if bars is not None:
            data = {
                "code": code,
                "market": int(place),
                "name": name,
                "decimal": 2,
                "dktotal": bars.height,
                "klines": [",".join(row.values()) for row in rows],
            }
        return {"rc": 0, "rt": 17, "svr": 181669733, "lt": 1, "full": 0, "data": data}

    return Reply(rows, document, "data", {name: name for name in fields})


def _bars(market: SeenMarket, place: str, code: str) -> tuple[pl.DataFrame | None, str]:
    """Bars and name of a stock, or of the index that has this code in Shanghai."""
    index = market.market.index_bars.filter(
        pl.col("index") == f"{code}.{'SH' if place == '1' else 'SZ'}",
        pl.col("date") <= market.today,
    ).sort("date")
    if index.height:
        before = pl.col("close").shift(1)
        return index.with_columns(pre_close=before.fill_null(pl.col("open"))), code
    exchange = exchange_of(code)
    known = market.known_instruments().filter(pl.col("symbol") == f"{code}.{exchange}")
    if known.is_empty() or (exchange == "SH") != (place == "1"):
        return None, ""
    return market.bars(f"{code}.{exchange}"), known.item(0, "name")


def _kline_row(bar: dict[str, Any], fields: list[str]) -> Row:
    before = bar["pre_close"]
    turnover = bar.get("turnover")
    cells = {
        "date": f"{bar['date']}",
        **{name: f"{bar[name]:.2f}" for name in ("open", "close", "high", "low")},
        "volume": f"{lots(bar['volume'])}",
        "amount": f"{bar['amount']:.2f}",
        "amplitude": f"{(bar['high'] - bar['low']) / before * 100:.2f}",
        "change_percent": f"{(bar['close'] / before - 1) * 100:.2f}",
        "change": f"{bar['close'] - before:.2f}",
        "turnover": f"{(turnover or 0) * 100:.2f}",
    }
    return {name: cells[name] for name in fields}


def lots(volume: int) -> int:
    """Lots of a hundred shares, half up."""
    return (volume + 50) // 100


def _list(asked: Asked, market: SeenMarket) -> Reply | None:
    only_st = "f:4" in asked.query["fs"]
    quotes = market.quotes()
    if only_st:
        quotes = quotes.filter("is_st")
    keys = set(asked.query["fields"].split(","))
    keys |= set(_WITH_F128) if "f128" in keys else set()
    ordered = sorted(keys, key=lambda key: int(key[1:]))
    page, size = int(asked.query["pn"]), min(100, int(asked.query["pz"]))
    rows = [
        {key: cells.get(key, "-") for key in ordered}
        for cells in map(_quote, quotes[(page - 1) * size : page * size].iter_rows(named=True))
    ]

    def document(rows: list[Row]) -> Any:
        data = {"total": quotes.height, "diff": rows} if rows or page > 1 else None
        return {"rc": 0, "rt": 6, "svr": 181669437, "lt": 1, "full": 1, "data": data}

    return Reply(rows, document, "data", _QUOTE_COLUMNS)


def _quote(bar: dict[str, Any]) -> Row:
    code, _, exchange = bar["symbol"].partition(".")
    before = bar["pre_close"]
    cells: Row = {
        "f1": 2,
        "f12": code,
        "f13": int(exchange == "SH"),
        "f14": bar["name"],
        "f18": round(before, 2),
        "f152": 2,
    }
    if bar["volume"] > 0:
        outstanding = bar["volume"] / bar["turnover"] if bar["turnover"] else 0.0
        cells |= {
            "f2": bar["close"],
            "f3": round((bar["close"] / before - 1) * 100, 2),
            "f4": round(bar["close"] - before, 2),
            "f5": lots(bar["volume"]),
            "f6": bar["amount"],
            "f7": round((bar["high"] - bar["low"]) / before * 100, 2),
            "f8": round((bar["turnover"] or 0) * 100, 2),
            "f15": bar["high"],
            "f16": bar["low"],
            "f17": bar["open"],
            "f20": round(outstanding * bar["close"], 2),
            "f21": round(outstanding * bar["close"], 2),
        }
    return cells


ROUTES = (
    Route(Family.EASTMONEY, "push2his.eastmoney.com", "/api/qt/stock/kline/get", _kline),
    Route(Family.EASTMONEY, "82.push2.eastmoney.com", "/api/qt/clist/get", _list),
    Route(Family.EASTMONEY, "40.push2.eastmoney.com", "/api/qt/clist/get", _list),
)
