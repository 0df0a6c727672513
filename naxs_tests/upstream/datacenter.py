"""Eastmoney's datacenter: suspensions, dividends, financials and when they were published.

One address serves every report, in pages; a report without rows has ``result: null``. AKShare reads
dividends and financials by position, so the order of keys matters. Dividends are per ten shares,
ratios in percent.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import polars as pl

from naxs_assets.market.boards import Board, board_of
from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream.replies import Asked, Reply, Route, Row
from naxs_tests.upstream.seen import SeenMarket

_FROM_PLAN_TO_NOTICE = timedelta(days=45)
_MARKETS = {
    ("SH", Board.MAIN): "069001001001",
    ("SH", Board.STAR): "069001001006",
    ("SZ", Board.MAIN): "069001002001",
    ("SZ", Board.CHINEXT): "069001002002",
    ("BJ", Board.BSE): "069001017",
}


def _report(asked: Asked, market: SeenMarket) -> Reply | None:
    report = _REPORTS.get(asked.query["reportName"])
    if report is None:
        return None
    rows = report(asked.query["filter"], market)
    size, page = int(asked.query["pageSize"]), int(asked.query["pageNumber"])

    def document(part: list[Row]) -> Any:
        if not part:
            return {"result": None, "success": False, "message": "返回数据为空", "code": 9201}
        result = {"pages": -(-len(rows) // size), "data": part, "count": len(rows)}
        return {"result": result, "success": True, "message": "ok", "code": 0}

    return Reply(rows[(page - 1) * size : page * size], document, "result")


def _day(text: str) -> date:
    """The day in a filter such as ``(REPORT_DATE='2023-12-31')``."""
    found = re.search(r"='(\d{4}-\d{2}-\d{2})'", text)
    assert found, text
    return date.fromisoformat(found[1])


def _moment(day: date | None) -> str | None:
    return None if day is None else f"{day} 00:00:00"


def _names(market: SeenMarket) -> dict[str, str]:
    return dict(market.known_instruments().select("symbol", "name").iter_rows())


def _market_code(symbol: str) -> str:
    return _MARKETS[symbol[7:], board_of(symbol)]


def _suspensions(text: str, market: SeenMarket) -> list[Row]:
    """Who does not trade on the day, since when, and until when if that is over."""
    day = _day(text)
    names = _names(market)
    on_day = market.market.bars.filter(pl.col("date") == day, pl.col("volume") == 0)
    rows = []
    for symbol in on_day["symbol"].sort() if day <= market.today else ():
        bars = market.all_rows(symbol)
        traded = bars.filter(pl.col("volume") > 0)["date"]
        before, after = traded.filter(traded < day).max(), traded.filter(traded > day).min()
        since = bars["date"].filter(bars["date"] > (before or date.min)).min()
        until = None if after is None else bars["date"].filter(bars["date"] < after).max()
        rows.append(
            {
                "SECURITY_CODE": symbol[:6],
                "SECURITY_NAME_ABBR": names[symbol],
                "SUSPEND_START_TIME": _moment(since),
                "SUSPEND_END_TIME": _moment(until),
                "SUSPEND_EXPIRE": "连续停牌",
                "SUSPEND_REASON": "重大事项",
                "TRADE_MARKET": {"SH": "上交所", "SZ": "深交所", "BJ": "北交所"}[symbol[7:]],
                "SUSPEND_START_DATE": _moment(since),
                "PREDICT_RESUME_DATE": _moment(after),
                "TRADE_MARKET_CODE": _market_code(symbol),
                "SECURITY_TYPE_CODE": "058001001",
                "SECUCODE": symbol,
            }
        )
    return rows


def reported_with(ex_date: date) -> date:
    """The report period of a dividend: the year before until August, then the half-year."""
    if ex_date.month <= 8:
        return date(ex_date.year - 1, 12, 31)
    return date(ex_date.year, 6, 30)


def _dividends(text: str, market: SeenMarket) -> list[Row]:
    """Plans without an ex-date, then what was announced with one; the newest notice first."""
    period = _day(text)
    names = _names(market)
    days = market.market.open_days
    known = market.market.corporate_actions.filter(
        pl.col("announced_at") - _FROM_PLAN_TO_NOTICE <= market.today,
        (pl.col("cash") > 0) | (pl.col("bonus") > 0),
    )
    rows = []
    for action in known.sort("announced_at", "symbol", descending=True).iter_rows(named=True):
        if reported_with(action["ex_date"]) != period:
            continue
        symbol, ex_date = action["symbol"], action["ex_date"]
        noticed = action["announced_at"]
        planned = noticed - _FROM_PLAN_TO_NOTICE
        implemented = noticed <= market.today
        record_day = days.filter(days < ex_date).max() if implemented else None
        bonus = round(action["bonus"] * 10, 6)
        rows.append(
            {
                "SECUCODE": symbol,
                "SECURITY_NAME_ABBR": names[symbol],
                "SECURITY_INNER_CODE": symbol[:6],
                "ORG_CODE": symbol[:6],
                "SECURITY_CODE": symbol[:6],
                "BONUS_IT_RATIO": bonus or None,
                "BONUS_RATIO": None,
                "IT_RATIO": bonus or None,
                "PRETAX_BONUS_RMB": round(action["cash"] * 10, 6) or None,
                "PLAN_NOTICE_DATE": _moment(planned),
                "EQUITY_RECORD_DATE": _moment(record_day),
                "EX_DIVIDEND_DATE": _moment(ex_date if implemented else None),
                "REPORT_DATE": _moment(period),
                "ASSIGN_PROGRESS": "实施分配" if implemented else "董事会决议通过",
                "IMPL_PLAN_PROFILE": "",
                "NOTICE_DATE": _moment(noticed if implemented else planned),
                **dict.fromkeys(("D10_CLOSE", "BD10_CLOSE", "D30_CLOSE")),
                **dict.fromkeys(("BASIC_EPS", "BVPS", "PER_CAPITAL_RESERVE")),
                **dict.fromkeys(("PER_UNASSIGN_PROFIT", "PNP_YOY_RATIO", "TOTAL_SHARES")),
                "PUBLISH_DATE": _moment(planned),
                "DIVIDENT_RATIO": None,
                **dict.fromkeys(("E10_CLOSE", "EX_DIVIDEND_DAYS", "IS_BUY_BACK")),
            }
        )
    return rows


_FIGURES = {
    "eps": "BASIC_EPS",
    "revenue": "TOTAL_OPERATE_INCOME",
    "net_profit": "PARENT_NETPROFIT",
    "bps": "BPS",
    "operating_cash_flow_per_share": "MGJYXJJE",
}
_RATIOS = {
    "roe": "WEIGHTAVG_ROE",
    "revenue_growth": "YSTZ",
    "net_profit_growth": "SJLTZ",
    "revenue_growth_quarter": "YSHZ",
    "net_profit_growth_quarter": "SJLHZ",
    "gross_margin": "XSMLL",
}
# fmt: off
_FINANCIAL_KEYS = (
    "SECURITY_CODE", "SECURITY_NAME_ABBR", "TRADE_MARKET_CODE", "TRADE_MARKET",
    "SECURITY_TYPE_CODE", "SECURITY_TYPE", "UPDATE_DATE", "REPORTDATE", "BASIC_EPS",
    "DEDUCT_BASIC_EPS", "TOTAL_OPERATE_INCOME", "PARENT_NETPROFIT", "WEIGHTAVG_ROE", "YSTZ",
    "SJLTZ", "BPS", "MGJYXJJE", "XSMLL", "YSHZ", "SJLHZ", "ASSIGNDSCRPT", "PAYYEAR", "PUBLISHNAME",
    "ZXGXL", "NOTICE_DATE", "ORG_CODE", "TRADE_MARKET_ZJG", "ISNEW", "QDATE", "DATATYPE",
    "DATAYEAR", "DATEMMDD", "EITIME", "SECUCODE", "BOARD_NAME", "ORI_BOARD_CODE", "BOARD_CODE",
)
# fmt: on


def _financials(text: str, market: SeenMarket) -> list[Row]:
    """One row per company: the newest publication of the period that is out today."""
    period = _day(text)
    names = _names(market)
    industries = dict(market.market.industry.select("symbol", "name").iter_rows())
    rows = []
    for symbol, (announced, figures) in _published(market, period).items():
        cells = {
            "SECURITY_CODE": symbol[:6],
            "SECURITY_NAME_ABBR": names[symbol],
            "TRADE_MARKET_CODE": _market_code(symbol),
            "UPDATE_DATE": _moment(announced),
            "NOTICE_DATE": _moment(announced),
            "REPORTDATE": _moment(period),
            "PUBLISHNAME": industries.get(symbol),
            "SECUCODE": symbol,
        }
        cells |= {key: figures.get(item) for item, key in _FIGURES.items()}
        cells |= {
            key: round(figures[item] * 100, 6) for item, key in _RATIOS.items() if item in figures
        }
        rows.append({key: cells.get(key) for key in _FINANCIAL_KEYS})
    return sorted(rows, key=lambda row: (row["UPDATE_DATE"], row["SECURITY_CODE"]), reverse=True)


def _published(market: SeenMarket, period: date) -> dict[str, tuple[date, dict[str, float]]]:
    out = market.market.fundamentals.filter(
        pl.col("report_period") == period, pl.col("announced_at") <= market.today
    ).sort("symbol", "announced_at", "item")
    found: dict[str, tuple[date, dict[str, float]]] = {}
    for row in out.iter_rows(named=True):
        figures = found.get(row["symbol"], (None, {}))[1]
        found[row["symbol"]] = row["announced_at"], {**figures, row["item"]: row["value"]}
    return found


def _disclosures(text: str, market: SeenMarket) -> list[Row]:
    """When each company is to publish, and when it did; markets as the filter names them."""
    period = _day(text)
    names = _names(market)
    codes, excludes = set(re.findall(r'"(069\d+)"', text)), "TRADE_MARKET_CODE!=" in text
    first = (
        market.market.fundamentals.filter(pl.col("report_period") == period)
        .group_by("symbol")
        .agg(pl.col("announced_at").min())
        .sort("announced_at", "symbol")
    )
    rows = []
    for symbol, announced in first.iter_rows():
        if symbol not in names or (_market_code(symbol) in codes) == excludes:
            continue
        rows.append(
            {
                "SECUCODE": symbol,
                "SECURITY_CODE": symbol[:6],
                "SECURITY_NAME_ABBR": names[symbol],
                "TRADE_MARKET_CODE": _market_code(symbol),
                "SECURITY_TYPE_CODE": "058001001",
                "REPORT_DATE": _moment(period),
                "FIRST_APPOINT_DATE": _moment(announced),
                "FIRST_CHANGE_DATE": None,
                "SECOND_CHANGE_DATE": None,
                "THIRD_CHANGE_DATE": None,
                "ACTUAL_PUBLISH_DATE": _moment(announced if announced <= market.today else None),
            }
        )
    return rows


_REPORTS = {
    "RPT_CUSTOM_SUSPEND_DATA_INTERFACE": _suspensions,
    "RPT_SHAREBONUS_DET": _dividends,
    "RPT_LICO_FN_CPD": _financials,
    "RPT_PUBLIC_BS_APPOIN": _disclosures,
}
ROUTES = (
    Route(Family.EASTMONEY_DATACENTER, "datacenter-web.eastmoney.com", "/api/data/v1/get", _report),
)
