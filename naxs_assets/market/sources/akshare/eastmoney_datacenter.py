"""Eastmoney's data centre through AKShare: suspensions, distributions and news.

Columns are AKShare's names for positions in the response.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.sources.akshare.fundamentals import FUNDAMENTALS
from naxs_assets.market.sources.offers import Offer, PulledTable, Wanted
from naxs_assets.market.sources.reading import (
    changed,
    compact,
    day,
    finished,
    number,
    quarter_ends,
    read,
    text,
    weekdays,
    with_symbols,
)

SUSPENSION_COLUMNS = (
    "序号",
    "代码",
    "名称",
    "停牌时间",
    "停牌截止时间",
    "停牌期限",
    "停牌原因",
    "所属市场",
    "预计复牌时间",
)
ACTION_COLUMNS = (
    "代码",
    "名称",
    "送转股份-送转总比例",
    "送转股份-送转比例",
    "送转股份-转股比例",
    "现金分红-现金分红比例",
    "现金分红-股息率",
    "每股收益",
    "每股净资产",
    "每股公积金",
    "每股未分配利润",
    "净利润同比增长",
    "总股本",
    "预案公告日",
    "股权登记日",
    "除权除息日",
    "方案进度",
    "最新公告日期",
)
NEWS_COLUMNS = ("关键词", "新闻标题", "新闻内容", "发布时间", "文章来源", "新闻链接")

_PART_OF_A_DAY = r"盘中|小时|分钟|半天|取消"
_LONGEST_TO_EX_DATE = timedelta(days=400)


def _suspension_calls(wanted: Wanted) -> Sequence[Call]:
    return [
        Call(
            Family.EASTMONEY_DATACENTER,
            "stock_tfp_em",
            {"date": compact(value)},
            SUSPENSION_COLUMNS,
            may_be_empty=True,
        )
        for value in weekdays(wanted)
    ]


def _suspensions(_: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Who is suspended for the whole of each day asked.

    The service also lists who resumes on the day or is halted for a part of it: rows whose dates do
    not cover the day and halts within the session (盘中, hours, half a day) are left out.
    """
    parts = []
    for answer in answers:
        rows = read(
            answer,
            symbol=text("代码"),
            start=day("停牌时间"),
            end=day("停牌截止时间"),
            lasts=text("停牌期限"),
        ).with_columns(
            date=pl.lit(answer.call.arguments["date"]).str.to_date("%Y%m%d"),
        )
        rows = with_symbols(answer, rows, lists_others=True).filter(
            pl.col("start") <= pl.col("date"),
            (pl.col("end") >= pl.col("date")).fill_null(value=True),
            pl.col("lasts").str.contains(_PART_OF_A_DAY).not_().fill_null(value=True),
        )
        parts.append(rows.select("date", "symbol").unique())
    return finished(PulledTable.SUSPENSIONS, parts)


def _action_calls(wanted: Wanted) -> Sequence[Call]:
    """One call a report period; a distribution goes ex within some 400 days of its period's end."""
    return [
        Call(
            Family.EASTMONEY_DATACENTER,
            "stock_fhps_em",
            {"date": compact(period)},
            ACTION_COLUMNS,
            may_be_empty=True,
        )
        for period in quarter_ends(wanted.first - _LONGEST_TO_EX_DATE, wanted.last)
    ]


def _actions(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Distributions whose ex-date lies in the span; told per 10 shares, read per share.

    A plan without an ex-date has not happened and is left out. ``announced_at`` is the latest
    notice, which states the ex-date. Rights issues are not told here: null. Raises
    ``SchemaChangedError`` for a negative figure and for more than 10 new shares or CNY 1,000 a
    share.
    """
    parts = []
    for answer in answers:
        rows = read(
            answer,
            symbol=text("代码"),
            ex_date=day("除权除息日"),
            announced_at=day("最新公告日期"),
            cash=number("现金分红-现金分红比例", per=10),
            bonus=number("送转股份-送转总比例", per=10),
        ).with_columns(pl.col("cash", "bonus").fill_null(0.0))
        wrong = rows.filter(
            ~pl.col("cash").is_between(0, 1000) | ~pl.col("bonus").is_between(0, 10)
        )
        if wrong.height:
            what = "holds what no company distributes"
            raise changed(answer.call, "现金分红-现金分红比例", what, wrong.row(0))
        rows = with_symbols(answer, rows, lists_others=True)
        parts.append(rows.filter(pl.col("ex_date").is_between(wanted.first, wanted.last)))
    return finished(PulledTable.CORPORATE_ACTIONS, parts)


def _news_calls(wanted: Wanted) -> Sequence[Call]:
    return [
        Call(
            Family.EASTMONEY_DATACENTER,
            "stock_news_em",
            {"symbol": symbol[:6]},
            NEWS_COLUMNS,
            may_be_empty=True,
        )
        for symbol in wanted.symbols
    ]


def _news(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """The ten latest articles found for each symbol's code, those published within the span.

    Times are told in Shanghai; an article may be used from its publication on. ``id`` is the
    article's number and the symbol, for one article may be found for several. Raises
    ``SchemaChangedError`` for a time that is unreadable or after the fetch.
    """
    parts = []
    for answer in answers:
        rows = read(
            answer,
            symbol=text("关键词"),
            title=text("新闻标题"),
            told=text("发布时间"),
            source=text("文章来源"),
            link=text("新闻链接"),
        ).with_columns(
            local=pl.col("told").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
        )
        in_shanghai = pl.col("local").dt.replace_time_zone("Asia/Shanghai")
        published = in_shanghai.dt.convert_time_zone("UTC")
        rows = rows.with_columns(published_at=published, available_at=published)
        late = pl.col("published_at") > pl.lit(answer.fetched_at)
        wrong = rows.filter(late.fill_null(value=True))
        if wrong.height:
            what = "is unreadable or after the fetch"
            raise changed(answer.call, "发布时间", what, repr(wrong.item(0, "told")))
        rows = with_symbols(answer, rows).with_columns(
            id=pl.concat_str(
                pl.lit("eastmoney:"),
                pl.col("link").str.extract(r"([^/]+?)(?:\.html)?$"),
                pl.lit(":"),
                pl.col("symbol"),
            )
        )
        rows = rows.filter(pl.col("local").dt.date().is_between(wanted.first, wanted.last))
        rows = rows.drop("told", "link", "local").unique("id", keep="first", maintain_order=True)
        parts.append(rows)
    return finished(PulledTable.NEWS, parts)


_FAMILY = Family.EASTMONEY_DATACENTER
OFFERS = (
    Offer(_FAMILY, PulledTable.SUSPENSIONS, _suspension_calls, _suspensions),
    Offer(_FAMILY, PulledTable.CORPORATE_ACTIONS, _action_calls, _actions),
    FUNDAMENTALS,
    Offer(_FAMILY, PulledTable.NEWS, _news_calls, _news),
)
"""Suspensions, distributions, fundamentals and news."""
