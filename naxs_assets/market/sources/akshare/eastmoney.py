"""Eastmoney's quote hosts (push2, push2his) through AKShare: few requests, then a ban.

Columns are AKShare's names for positions in the response, so that a field dropped in the middle
shows only in values that cannot be right. Adjusted prices, which are additive here and can be
negative, are never asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.sources.offers import Offer, PulledTable, Wanted
from naxs_assets.market.sources.plausible import check_bars, check_index_bars, check_snapshot_day
from naxs_assets.market.sources.reading import (
    changed,
    compact,
    day,
    finished,
    lots,
    number,
    only_within,
    percent,
    prefixed,
    read,
    text,
    with_symbols,
)

HISTORY_COLUMNS = (
    "日期",
    "股票代码",
    "开盘",
    "收盘",
    "最高",
    "最低",
    "成交量",
    "成交额",
    "振幅",
    "涨跌幅",
    "涨跌额",
    "换手率",
)
SNAPSHOT_COLUMNS = (
    "序号",
    "代码",
    "名称",
    "最新价",
    "涨跌幅",
    "涨跌额",
    "成交量",
    "成交额",
    "振幅",
    "最高",
    "最低",
    "今开",
    "昨收",
    "量比",
    "换手率",
    "市盈率-动态",
    "市净率",
    "总市值",
    "流通市值",
    "涨速",
    "5分钟涨跌",
    "60日涨跌幅",
    "年初至今涨跌幅",
)
ST_COLUMNS = (
    "序号",
    "代码",
    "名称",
    "最新价",
    "涨跌幅",
    "涨跌额",
    "成交量",
    "成交额",
    "振幅",
    "最高",
    "最低",
    "今开",
    "昨收",
    "量比",
    "换手率",
    "市盈率-动态",
    "市净率",
)
INDEX_COLUMNS = ("date", "open", "close", "high", "low", "volume", "amount")


def _history_calls(wanted: Wanted) -> Sequence[Call]:
    return [
        Call(
            Family.EASTMONEY,
            "stock_zh_a_hist",
            {
                "symbol": symbol[:6],
                "period": "daily",
                "start_date": compact(wanted.first),
                "end_date": compact(wanted.last),
                "adjust": "",
            },
            HISTORY_COLUMNS,
        )
        for symbol in wanted.symbols
    ]


def _history(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Bars with previous close and turnover; a suspended day has no row.

    The previous close is close minus change, both of the answer. Duplicates and rows without
    prices pass to the quality rules.
    """
    parts = []
    for answer in answers:
        rows = read(
            answer,
            date=day("日期"),
            symbol=text("股票代码"),
            open=number("开盘"),
            high=number("最高"),
            low=number("最低"),
            close=number("收盘"),
            moved=number("涨跌额"),
            change=percent("涨跌幅"),
            volume=lots("成交量"),
            amount=number("成交额"),
            turnover=percent("换手率"),
        )
        asked = answer.call.arguments["symbol"]
        other = rows.filter(pl.col("symbol") != asked)
        if other.height:
            raise changed(answer.call, "股票代码", f"is not {asked}", other.item(0, "symbol"))
        rows = with_symbols(answer, rows).with_columns(
            pre_close=(pl.col("close") - pl.col("moved")).round(2)
        )
        parts.append(check_bars(answer, only_within(answer, rows.drop("moved"), wanted)))
    return finished(PulledTable.HISTORY, parts)


def _snapshot_calls(wanted: Wanted) -> Sequence[Call]:
    if not wanted.first == wanted.last == wanted.now:
        return []
    return [Call(Family.EASTMONEY, "stock_zh_a_spot_em", {}, SNAPSHOT_COLUMNS)]


def _snapshot(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Bars of today, Beijing included; ``is_st`` is read from the name.

    A suspended stock has ``-`` for its prices and volume: they are null, and the previous close
    stands. So it is for codes that no longer or not yet trade, which have no previous close either.
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
        volume=lots("成交量"),
        amount=number("成交额"),
        turnover=percent("换手率"),
    )
    rows = with_symbols(answer, rows).with_columns(
        pl.lit(wanted.first).alias("date"), is_st=pl.col("name").str.contains("ST")
    )
    return finished(PulledTable.DAY, [check_bars(answer, rows).drop("name")])


def _index_calls(wanted: Wanted) -> Sequence[Call]:
    return [
        Call(
            Family.EASTMONEY,
            "stock_zh_index_daily_em",
            {
                "symbol": prefixed(wanted.index),
                "start_date": compact(wanted.first),
                "end_date": compact(wanted.last),
            },
            INDEX_COLUMNS,
        )
    ]


def _index_bars(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Index points; volume comes in lots."""
    (answer,) = answers
    rows = read(
        answer,
        date=day("date"),
        open=number("open"),
        high=number("high"),
        low=number("low"),
        close=number("close"),
        volume=lots("volume"),
        amount=number("amount"),
    ).with_columns(index=pl.lit(wanted.index))
    rows = check_index_bars(answer, only_within(answer, rows, wanted))
    return finished(PulledTable.INDEX_BARS, [rows])


def _st_calls(wanted: Wanted) -> Sequence[Call]:
    if not wanted.first == wanted.last == wanted.now:
        return []
    return [Call(Family.EASTMONEY, "stock_zh_a_st_em", {}, ST_COLUMNS)]


def _st(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """The stocks under special treatment today: the board of risk warnings.

    The board also holds stocks in their delisting period, whose names say 退; they are left out
    unless they are ST too.
    """
    (answer,) = answers
    check_snapshot_day(answer, wanted.first)
    rows = with_symbols(answer, read(answer, symbol=text("代码"), name=text("名称")))
    rows = rows.filter(pl.col("name").str.contains("ST") | ~pl.col("name").str.contains("退"))
    rows = rows.select("symbol", pl.lit(wanted.first).alias("date")).unique(maintain_order=True)
    return finished(PulledTable.ST, [rows])


OFFERS = (
    Offer(Family.EASTMONEY, PulledTable.DAY, _snapshot_calls, _snapshot),
    Offer(Family.EASTMONEY, PulledTable.HISTORY, _history_calls, _history),
    Offer(Family.EASTMONEY, PulledTable.INDEX_BARS, _index_calls, _index_bars),
    Offer(Family.EASTMONEY, PulledTable.ST, _st_calls, _st),
)
"""What Eastmoney's quote hosts give: today's and past bars, index bars, today's ST."""
