"""Sina Finance through AKShare: calendar, today's and past bars, adjustment factors.

Volume is in shares here, turnover a ratio. The factor and snapshot functions are heavy on the
upstream, which bans an address for an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.fetching.errors import EmptyAnswerError
from naxs_assets.market.sources.offers import Offer, PulledTable, Wanted
from naxs_assets.market.sources.plausible import check_bars, check_snapshot_day
from naxs_assets.market.sources.reading import (
    changed,
    compact,
    day,
    finished,
    no_nulls,
    number,
    percent,
    prefixed,
    read,
    shares,
    text,
    with_symbols,
)

CALENDAR_COLUMNS = ("trade_date",)
SNAPSHOT_COLUMNS = (
    "代码",
    "名称",
    "最新价",
    "涨跌额",
    "涨跌幅",
    "买入",
    "卖出",
    "昨收",
    "今开",
    "最高",
    "最低",
    "成交量",
    "成交额",
    "时间戳",
)
HISTORY_COLUMNS = (
    "date",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "amount",
    "outstanding_share",
    "turnover",
)
FACTOR_COLUMNS = ("date", "hfq_factor")

_FIRST_MARKET_DAY = date(1990, 12, 19)
# The function downloads the whole history whatever is asked, carries rows over days on which only
# the share capital changed, and takes them out again as duplicates of the trading day before them:
# it can do so only when that day is within what was asked.
_WHOLE_HISTORY = "19900101"


def _calendar_calls(_: Wanted) -> Sequence[Call]:
    return [Call(Family.SINA, "tool_trade_date_hist_sina", {}, CALENDAR_COLUMNS)]


def _calendar(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """The open days of the span, of the whole calendar that the answer holds.

    AKShare appends 1992-05-04, present or not: one of the two is dropped. Raises
    ``EmptyAnswerError`` when the calendar does not reach the span.
    """
    (answer,) = answers
    days = no_nulls(answer, read(answer, date=day("trade_date")), "date").unique()
    days = days.filter(pl.col("date").is_between(wanted.first, wanted.last))
    if days.is_empty():
        raise EmptyAnswerError(
            f"no open day from {wanted.first} to {wanted.last}", where=str(answer.call)
        )
    return finished(PulledTable.OPEN_DAYS, [days])


def _snapshot_calls(wanted: Wanted) -> Sequence[Call]:
    if not wanted.first == wanted.last == wanted.now:
        return []
    return [Call(Family.SINA, "stock_zh_a_spot", {}, SNAPSHOT_COLUMNS)]


def _snapshot(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Bars of today, Beijing included, without turnover; ``is_st`` is read from the name.

    A suspended stock has zero volume and zero for open, high and low, and for the last price too or
    the close before: zero prices are null, and the previous close stands.
    """
    (answer,) = answers
    check_snapshot_day(answer, wanted.first)
    rows = read(
        answer,
        symbol=text("代码"),
        name=text("名称"),
        open=number("今开"),
        high=number("最高"),
        low=number("最低"),
        close=number("最新价"),
        pre_close=number("昨收"),
        change=percent("涨跌幅"),
        volume=shares("成交量"),
        amount=number("成交额"),
    )
    prices = pl.col("open", "high", "low", "close", "pre_close")
    rows = with_symbols(answer, rows).with_columns(
        pl.when(prices != 0).then(prices).name.keep(),
        pl.when(pl.col("volume") > 0).then("change").alias("change"),
        pl.lit(wanted.first).alias("date"),
        is_st=pl.col("name").str.contains("ST"),
    )
    return finished(PulledTable.DAY, [check_bars(answer, rows).drop("name")])


def _history_calls(wanted: Wanted) -> Sequence[Call]:
    return [
        Call(
            Family.SINA,
            "stock_zh_a_daily",
            {
                "symbol": prefixed(symbol),
                "start_date": _WHOLE_HISTORY,
                "end_date": compact(wanted.last),
                "adjust": "",
            },
            HISTORY_COLUMNS,
        )
        for symbol in wanted.symbols
    ]


def _history(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Bars of the span with turnover, without previous close or change.

    A suspended day has no row: AKShare drops rows that repeat the one before. The last day may be
    missing for some hours after the close. Duplicates of a day with other values pass to the
    quality rules.
    """
    parts = []
    for answer in answers:
        rows = read(
            answer,
            date=day("date"),
            open=number("open"),
            high=number("high"),
            low=number("low"),
            close=number("close"),
            volume=shares("volume"),
            amount=number("amount"),
            turnover=number("turnover"),
        ).with_columns(symbol=pl.lit(answer.call.arguments["symbol"]))
        rows = with_symbols(answer, no_nulls(answer, rows, "date"))
        rows = rows.filter(pl.col("date").is_between(wanted.first, wanted.last))
        parts.append(check_bars(answer, rows))
    return finished(PulledTable.HISTORY, parts)


def _factor_calls(wanted: Wanted) -> Sequence[Call]:
    return [
        Call(
            Family.SINA,
            "stock_zh_a_daily",
            {"symbol": prefixed(symbol), "adjust": "hfq-factor"},
            FACTOR_COLUMNS,
        )
        for symbol in wanted.symbols
    ]


def _factors(_: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """The whole series of each symbol: hfq price = raw price x factor.

    It starts with a row of 1900-01-01: factor 1, which is no ex-date and is left out; any other is
    kept. Raises ``SchemaChangedError`` for two factors of a day and for one that is not positive.
    """
    parts = []
    for answer in answers:
        rows = read(answer, ex_date=day("date"), factor=number("hfq_factor"))
        rows = no_nulls(answer, rows, "ex_date", "factor")
        wrong = rows.filter((pl.col("factor") <= 0) | pl.col("ex_date").is_duplicated())
        if wrong.height:
            raise changed(answer.call, "hfq_factor", "is no series of factors", wrong.row(0))
        no_event = (pl.col("ex_date") < _FIRST_MARKET_DAY) & (pl.col("factor") == 1)
        rows = rows.filter(~no_event).with_columns(symbol=pl.lit(answer.call.arguments["symbol"]))
        parts.append(with_symbols(answer, rows))
    return finished(PulledTable.FACTORS, parts)


OFFERS = (
    Offer(Family.SINA, PulledTable.OPEN_DAYS, _calendar_calls, _calendar),
    Offer(Family.SINA, PulledTable.DAY, _snapshot_calls, _snapshot),
    Offer(Family.SINA, PulledTable.HISTORY, _history_calls, _history),
    Offer(Family.SINA, PulledTable.FACTORS, _factor_calls, _factors),
)
"""What Sina gives: the calendar, today's and past bars, adjustment factors."""
