"""What baostock answers to each query: cells as texts, suspended days included, Beijing not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from naxs_tests.upstream.replies import Reply, Row
from naxs_tests.upstream.seen import SeenMarket
from naxs_tests.upstream.symbols import from_prefixed, prefixed

SUCCESS = "0"
_NO_SUCH_FIELD, _NO_SUCH_CODE = "10004012", "10004011"
_UNADJUSTED = "3"
_INDEX_OF = {"query_hs300_stocks": "000300.SH"}
# fmt: off
DAILY_FIELDS = (
    "date", "code", "open", "high", "low", "close", "preclose", "volume", "amount", "adjustflag",
    "turn", "tradestatus", "pctChg", "peTTM", "pbMRQ", "psTTM", "pcfNcfTTM", "isST",
)
# fmt: on


class QueryError(Exception):
    """A query that baostock answers with an error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Query:
    """A query's name, its user and its other parts, in order."""

    method: str
    user: str
    parts: tuple[str, ...]


def answer(query: Query, market: SeenMarket) -> Reply:
    """The message body for ``query``. Raises ``QueryError``."""
    if query.method in _BY_PAGE:
        page, size, *arguments = query.parts
        fields, rows = _BY_PAGE[query.method](query.method, arguments, market)
        start = (int(page) - 1) * int(size)
        # Bars echo the fields that were asked for among the arguments; the others end with them.
        named = [] if query.method == "query_history_k_data_plus" else [",".join(fields)]
        tail = (*arguments, *named)
        return _reply(query, fields, rows[start : start + int(size)], (page, size), tail)
    if query.method in _WHOLE:
        fields, rows = _WHOLE[query.method](query.parts[0], market)
        return _reply(query, fields, rows, (), (",".join(fields),))
    raise QueryError("10004020", "错误的消息类型")


def _reply(
    query: Query,
    fields: tuple[str, ...],
    rows: list[Row],
    head: tuple[str, ...],
    tail: tuple[str, ...],
) -> Reply:
    def document(rows: list[Row]) -> bytes:
        records = json.dumps({"record": [list(row.values()) for row in rows]}, ensure_ascii=False)
        parts = (SUCCESS, "success", query.method, query.user, *head, records, *tail)
        return "\1".join(parts).encode()

    columns = {"date": "date", "volume": "volume", "high": "high", "low": "low", "close": "close"}
    return Reply(rows, document, columns={k: v for k, v in columns.items() if v in fields})


def _history(
    method: str, arguments: list[str], market: SeenMarket
) -> tuple[tuple[str, ...], list[Row]]:
    code, names, first, last, frequency, adjusted = arguments
    fields = tuple(name.strip() for name in names.split(","))
    if (frequency, adjusted) != ("d", _UNADJUSTED) or not set(fields) <= set(DAILY_FIELDS):
        raise QueryError(_NO_SUCH_FIELD, "无效的指标")
    symbol = _known(code)
    index = market.market.index_bars.filter(
        pl.col("index") == symbol, pl.col("date") <= market.today
    ).sort("date")
    bars = index if index.height else market.all_rows(symbol)
    if index.height:
        bars = _like_stock_bars(index, symbol)
    day = pl.col("date").cast(pl.String)
    within = bars.filter(day >= first, day <= last)
    return fields, [_bar(bar, fields) for bar in within.iter_rows(named=True)]


def _known(code: str) -> str:
    if code[:3] not in {"sh.", "sz."}:
        raise QueryError(_NO_SUCH_CODE, "无效的证券代码")
    return from_prefixed(code)


def _like_stock_bars(index: pl.DataFrame, symbol: str) -> pl.DataFrame:
    before = pl.col("close").shift(1).fill_null(pl.col("open"))
    return index.with_columns(
        symbol=pl.lit(symbol),
        pre_close=before,
        change=pl.col("close") / before - 1,
        turnover=pl.lit(None, dtype=pl.Float64),
        is_st=pl.lit(False),
    )


def _bar(bar: dict[str, Any], fields: tuple[str, ...]) -> Row:
    trades = bar["volume"] > 0
    cells = {
        "date": f"{bar['date']}",
        "code": prefixed(bar["symbol"], "."),
        **{name: f"{bar[name]:.4f}" for name in ("open", "high", "low", "close", "amount")},
        "preclose": f"{bar['pre_close']:.4f}",
        "volume": f"{bar['volume']}",
        "adjustflag": _UNADJUSTED,
        "turn": f"{bar['turnover'] * 100:.6f}" if trades and bar["turnover"] else "",
        "tradestatus": f"{trades:d}",
        "pctChg": f"{bar['change'] * 100:.6f}",
        "isST": f"{bool(bar['is_st']):d}",
    }
    return {name: cells.get(name, "") for name in fields}


def _all_bars(day: str, market: SeenMarket) -> tuple[tuple[str, ...], list[Row]]:
    """Every stock of one day; none on a day without trading or still ahead."""
    bars = market.market.bars.filter(
        pl.col("date") == date.fromisoformat(day),
        pl.col("date") <= market.today,
        ~pl.col("symbol").str.ends_with(".BJ"),
    ).sort(pl.col("symbol").str.tail(2), "symbol")
    return DAILY_FIELDS, [_bar(bar, DAILY_FIELDS) for bar in bars.iter_rows(named=True)]


def _trade_dates(
    method: str, arguments: list[str], market: SeenMarket
) -> tuple[tuple[str, ...], list[Row]]:
    """Every day of the span up to the end of the calendar, whether open or not."""
    first, last = map(date.fromisoformat, arguments)
    days = market.market.open_days
    is_open = frozenset(days)
    rows = []
    while first <= min(last, days.max()):
        rows.append({"calendar_date": f"{first}", "is_trading_day": f"{first in is_open:d}"})
        first += timedelta(days=1)
    return ("calendar_date", "is_trading_day"), rows


def _instruments(
    method: str, arguments: list[str], market: SeenMarket
) -> tuple[tuple[str, ...], list[Row]]:
    """Stocks (type 1) and indices (type 2), listed (status 1) or no longer (0)."""
    code, name = arguments
    rows = [
        _instrument(prefixed(symbol, "."), symbol, "2005-04-08", "", kind="2")
        for symbol in market.market.index_bars["index"].unique().sort()
    ]
    stocks = market.known_instruments().filter(~pl.col("symbol").str.ends_with(".BJ"))
    rows += [
        _instrument(
            prefixed(one["symbol"], "."), one["name"], f"{one['list_date']}", one["delist_date"]
        )
        for one in stocks.iter_rows(named=True)
    ]
    chosen = [row for row in rows if code in {"", row["code"]} and name in row["code_name"]]
    return tuple(rows[0]), chosen


def _instrument(code: str, name: str, first: str, last: object, kind: str = "1") -> Row:
    return {
        "code": code,
        "code_name": name,
        "ipoDate": first,
        "outDate": f"{last or ''}",
        "type": kind,
        "status": "0" if last else "1",
    }


def _members(
    method: str, arguments: list[str], market: SeenMarket
) -> tuple[tuple[str, ...], list[Row]]:
    (text,) = arguments
    fields = ("updateDate", "code", "code_name")
    days = market.market.open_days
    updated = days.filter(days <= (date.fromisoformat(text) if text else market.today)).max()
    if updated is None:
        return fields, []
    names = dict(market.market.instruments.select("symbol", "name").iter_rows())
    members = market.members(_INDEX_OF[method], updated)["symbol"]
    return fields, [
        {"updateDate": f"{updated}", "code": prefixed(one, "."), "code_name": names[one]}
        for one in members
    ]


def _factors(
    method: str, arguments: list[str], market: SeenMarket
) -> tuple[tuple[str, ...], list[Row]]:
    """A row for each ex-right day, six decimals; a stock that never paid has none."""
    code, first, last = arguments
    fields = ("code", "dividOperateDate", "foreAdjustFactor", "backAdjustFactor", "adjustFactor")
    known = market.market.factors.filter(
        pl.col("symbol") == _known(code), pl.col("ex_date") <= market.today
    ).sort("ex_date")
    newest = known["factor"][-1] if known.height else 1.0
    rows = []
    for _, day, factor in known.select("symbol", "ex_date", "factor").iter_rows():
        if factor != 1 and first <= f"{day}" <= last:
            values = f"{factor / newest:.6f}", f"{factor:.6f}", f"{factor:.6f}"
            rows.append(dict(zip(fields, (code, f"{day}", *values), strict=True)))
    return fields, rows


_ByPage = Callable[[str, list[str], SeenMarket], tuple[tuple[str, ...], list[Row]]]
_BY_PAGE: dict[str, _ByPage] = {
    "query_history_k_data_plus": _history,
    "query_trade_dates": _trade_dates,
    "query_stock_basic": _instruments,
    "query_hs300_stocks": _members,
    "query_adjust_factor": _factors,
}
_WHOLE: dict[str, Callable[[str, SeenMarket], tuple[tuple[str, ...], list[Row]]]] = {
    "query_daily_history_k_AStock": _all_bars,
}
