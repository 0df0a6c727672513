"""Figures of quarterly reports, dated by the day on which each company disclosed them.

The report table's own date is the latest notice about the period, which a year later is the next
year's report. The appointment table has the real day of disclosure, and the two are joined. What
the report table shows today may include later corrections; they come under the day of first
disclosure, for the upstream keeps no older state.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.fetching.errors import EmptyAnswerError
from naxs_assets.market.sources.offers import Offer, PulledTable, Wanted
from naxs_assets.market.sources.reading import (
    Cell,
    changed,
    compact,
    day,
    finished,
    number,
    percent,
    quarter_ends,
    read,
    text,
    with_symbols,
)

REPORT_COLUMNS = (
    "序号",
    "股票代码",
    "股票简称",
    "每股收益",
    "营业总收入-营业总收入",
    "营业总收入-同比增长",
    "营业总收入-季度环比增长",
    "净利润-净利润",
    "净利润-同比增长",
    "净利润-季度环比增长",
    "每股净资产",
    "净资产收益率",
    "每股经营现金流量",
    "销售毛利率",
    "所处行业",
    "最新公告日期",
)
DISCLOSURE_COLUMNS = (
    "序号",
    "股票代码",
    "股票简称",
    "首次预约时间",
    "一次变更日期",
    "二次变更日期",
    "三次变更日期",
    "实际披露时间",
)

ITEMS: dict[str, Cell] = {
    "eps": number("每股收益"),
    "revenue": number("营业总收入-营业总收入"),
    "revenue_growth": percent("营业总收入-同比增长"),
    "revenue_growth_quarter": percent("营业总收入-季度环比增长"),
    "net_profit": number("净利润-净利润"),
    "net_profit_growth": percent("净利润-同比增长"),
    "net_profit_growth_quarter": percent("净利润-季度环比增长"),
    "bps": number("每股净资产"),
    "roe": percent("净资产收益率"),
    "operating_cash_flow_per_share": number("每股经营现金流量"),
    "gross_margin": percent("销售毛利率"),
}
"""Items by canonical name, for the fiscal year up to the report period.

CNY a share: ``eps`` (basic earnings), ``bps`` (net assets), ``operating_cash_flow_per_share``; CNY:
``revenue`` (total operating), ``net_profit`` (of the parent's shareholders); ratios: growth against
the same period a year before or, ``_quarter``, of the quarter against the quarter before, ``roe``
(weighted), ``gross_margin``.
"""

_LONGEST_TO_DISCLOSURE = timedelta(days=184)
_REPORTS = "stock_yjbb_em"
_BOARDS = ("沪深A股", "京市A股")


def _calls(wanted: Wanted) -> Sequence[Call]:
    """Three calls a report period: the law gives four months to disclose, late ones get two more.

    A period that has just ended may have no rows yet.
    """
    calls = []
    for period in quarter_ends(wanted.first - _LONGEST_TO_DISCLOSURE, wanted.last):
        told = compact(period)
        calls.append(_call(_REPORTS, REPORT_COLUMNS, date=told))
        calls.extend(
            _call("stock_yysj_em", DISCLOSURE_COLUMNS, symbol=board, date=told) for board in _BOARDS
        )
    return calls


def _call(function: str, columns: tuple[str, ...], **arguments: str) -> Call:
    return Call(Family.EASTMONEY_DATACENTER, function, arguments, columns, may_be_empty=True)


def _rows(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Figures disclosed within the span, one row each; figures that are not told have none.

    Known from the end of the day of disclosure on (24:00 Shanghai). Without one the day of the
    latest notice counts, and without either ``announced_at`` is null and the figure known since it
    was fetched. Codes of Beijing's range without an appointment belong to companies that are not on
    the exchange. Raises ``EmptyAnswerError`` for reports without any appointment.
    """
    parts = []
    periods = dict.fromkeys(answer.call.arguments["date"] for answer in answers)
    for period in periods:
        of_period = [answer for answer in answers if answer.call.arguments["date"] == period]
        report = next(answer for answer in of_period if answer.call.function == "stock_yjbb_em")
        disclosed = pl.concat(
            [_disclosures(answer) for answer in of_period if answer is not report]
        )
        figures = _figures(report)
        if figures.height and disclosed.is_empty():
            raise EmptyAnswerError("reports without any day of disclosure", where=str(report.call))
        rows = figures.join(disclosed, on="symbol", how="left", maintain_order="left")
        rows = rows.filter(pl.col("appointed") | ~pl.col("symbol").str.ends_with(".BJ"))
        parts.append(_dated(report, rows).filter(_within(wanted)))
    return finished(PulledTable.FUNDAMENTALS, parts)


def _figures(answer: Answer) -> pl.DataFrame:
    rows = read(answer, symbol=text("股票代码"), noticed=day("最新公告日期"), **ITEMS)
    _check_units(answer, rows)
    return with_symbols(answer, rows, lists_others=True)


def _check_units(answer: Answer, rows: pl.DataFrame) -> None:
    """Refuse a median revenue that is no company's in CNY (taken for 10,000 CNY, or exchanged)."""
    median = rows.get_column("revenue").abs().median()
    if rows.height >= 10 and isinstance(median, float) and not 1e6 <= median <= 1e11:
        raise changed(answer.call, "营业总收入-营业总收入", "has another unit", f"{median:.4g}")


def _disclosures(answer: Answer) -> pl.DataFrame:
    rows = read(answer, symbol=text("股票代码"), disclosed=day("实际披露时间"))
    rows = with_symbols(answer, rows, lists_others=True)
    return rows.unique("symbol", keep="first", maintain_order=True).with_columns(
        appointed=pl.lit(value=True)
    )


def _dated(answer: Answer, rows: pl.DataFrame) -> pl.DataFrame:
    announced = pl.coalesce("disclosed", "noticed")
    end_of_day = (
        (announced + timedelta(days=1))
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone("Asia/Shanghai")
        .dt.convert_time_zone("UTC")
    )
    period = pl.lit(answer.call.arguments["date"]).str.to_date("%Y%m%d")
    return (
        rows.with_columns(
            report_period=period,
            announced_at=announced,
            available_at=pl.coalesce(end_of_day, pl.lit(answer.fetched_at)),
        )
        .unpivot(
            list(ITEMS),
            index=["symbol", "report_period", "announced_at", "available_at"],
            variable_name="item",
            value_name="value",
        )
        .filter(pl.col("value").is_not_null())
    )


def _within(wanted: Wanted) -> pl.Expr:
    inside = pl.col("announced_at").is_between(wanted.first, wanted.last)
    return inside.fill_null(value=wanted.first <= wanted.now <= wanted.last)


FUNDAMENTALS = Offer(Family.EASTMONEY_DATACENTER, PulledTable.FUNDAMENTALS, _calls, _rows)
"""Figures of quarterly reports by item."""
