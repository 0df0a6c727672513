"""Calls of real vendors' functions, and good answers to them."""

from __future__ import annotations

import json

from naxs_assets.market.fetching.calls import Call, Family
from naxs_tests.market.fetching.loopback import Asked, Reply, answer, as_json

KLINE_COLUMNS = (
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
KLINES = [
    "2024-01-02,10.0,10.1,10.2,9.9,1000,1010000.0,3.0,1.0,0.1,0.5",
    "2024-01-03,10.1,10.0,10.3,9.8,900,909000.0,4.95,-0.99,-0.1,0.45",
]


def kline(symbol: str = "600000", **changes: object) -> Call:
    """Eastmoney's daily bars of one symbol."""
    values = {
        "family": Family.EASTMONEY,
        "function": "stock_zh_a_hist",
        "arguments": {"symbol": symbol, "start_date": "20240101", "end_date": "20240131"},
        "columns": KLINE_COLUMNS,
        **changes,
    }
    return Call(**values)  # type: ignore[arg-type]


def good_kline(lines: list[str] = KLINES) -> Reply:
    return as_json({"rc": 0, "data": {"code": "600000", "klines": lines}})


FACTORS = (
    b'var sh600000hfq={"total":2,"data":[{"d":"2023-07-21","f":"12.5"},'
    b'{"d":"1900-01-01","f":"1.0"}]}\n/* note = none */'
)


def factor() -> Call:
    """Sina's back-adjustment factors, whose text AKShare evaluates."""
    return Call(
        Family.SINA,
        "stock_zh_a_daily",
        {"symbol": "sh600000", "adjust": "hfq-factor"},
        ("date", "hfq_factor"),
    )


def good_factor() -> Reply:
    return answer(200, FACTORS, content_type="application/x-javascript")


NEWS_COLUMNS = ("关键词", "新闻标题", "新闻内容", "发布时间", "文章来源", "新闻链接")
_CALLBACK = "jQuery35101792940631092459_1764599530165"


def news() -> Call:
    """Eastmoney's news of one symbol, which AKShare fetches with curl_cffi."""
    return Call(Family.EASTMONEY_DATACENTER, "stock_news_em", {"symbol": "600000"}, NEWS_COLUMNS)


def good_news() -> Reply:
    article = {
        "date": "2024-02-29 18:05:00",
        "mediaName": "上海证券报",
        "code": "202402291",
        "title": "<em>浦发银行</em>发布年报",
        "content": "全文",
        "image": "",
    }
    body = json.dumps({"code": 0, "result": {"cmsArticleWebOld": [article]}}, ensure_ascii=False)
    return answer(200, f"{_CALLBACK}({body})".encode(), content_type="text/javascript")


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


def suspensions() -> Call:
    """Eastmoney's suspensions of a day, in pages; AKShare asks for the first page twice."""
    return Call(
        Family.EASTMONEY_DATACENTER,
        "stock_tfp_em",
        {"date": "20240102"},
        SUSPENSION_COLUMNS,
        may_be_empty=True,
    )


def suspensions_page(asked: Asked) -> Reply:
    """One of two pages, each with one symbol."""
    code = f"60000{asked.query['pageNumber'][0]}"
    row = {"code": code, "name": "某某", "from": "2024-01-02", "until": None, "span": "停牌一天"}
    row |= {"why": "重大事项", "market": "上交所", "since": "2024-01-02", "resumes": None}
    row |= {"x": 1, "y": 2, "z": 3}
    return as_json({"result": {"pages": 2, "data": [row]}})
