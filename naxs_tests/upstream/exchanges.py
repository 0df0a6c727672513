"""The three exchanges: who is listed since when, and who no longer is."""

from __future__ import annotations

from typing import Any

import polars as pl

from naxs_assets.market.boards import Board, board_of
from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream.replies import SPREADSHEET, Asked, Reply, Route, Row
from naxs_tests.upstream.seen import SeenMarket
from naxs_tests.upstream.spreadsheets import spreadsheet

_SHANGHAI_TYPES = {"1": Board.MAIN, "8": Board.STAR}  # 2 are B-shares
_BEIJING_PAGE = 20
_DELISTED = "3"


def _shanghai(asked: Asked, market: SeenMarket) -> Reply:
    """Listed and delisted companies come from the same query, by their status."""
    is_over = asked.query["COMPANY_STATUS"] == _DELISTED
    boards = {_SHANGHAI_TYPES.get(kind) for kind in asked.query["STOCK_TYPE"].split(",")}
    table = market.delisted() if is_over else market.listed()
    rows = [
        _shanghai_row(one)
        for one in table.filter(pl.col("symbol").str.ends_with(".SH")).iter_rows(named=True)
        if board_of(one["symbol"]) in boards
    ]

    def document(rows: list[Row]) -> Any:
        return {"actionErrors": [], "pageHelp": {"total": len(rows)}, "result": rows}

    return Reply(rows, document, "result", {"date": "LIST_DATE"})


def _shanghai_row(one: Row) -> Row:
    code, name, gone = one["symbol"][:6], one["name"], one["delist_date"]
    return {
        "COMPANY_CODE": code,
        "COMPANY_ABBR": name,
        "FULL_NAME": f"{name}股份有限公司",
        "A_STOCK_CODE": code,
        "B_STOCK_CODE": "-",
        "SEC_NAME_CN": name,
        "SEC_NAME_FULL": name,
        "LIST_DATE": f"{one['list_date']:%Y%m%d}",
        "DELIST_DATE": "-" if gone is None else f"{gone:%Y%m%d}",
    }


_SHENZHEN_BOARDS = {Board.MAIN: "主板", Board.CHINEXT: "创业板"}


def _shenzhen(asked: Asked, market: SeenMarket) -> Reply | None:
    list_name = asked.query["CATALOGID"], asked.query["TABKEY"]
    of_shenzhen = pl.col("symbol").str.ends_with(".SZ")
    if list_name == ("1110", "tab1"):
        outstanding = _outstanding(market)
        rows = [
            _shenzhen_row(one, outstanding.get(one["symbol"], 0))
            for one in market.listed().filter(of_shenzhen).iter_rows(named=True)
        ]
        columns = list(_shenzhen_row({"symbol": "000001.SZ", "name": "", "list_date": ""}, 0))
    elif list_name == ("1793_ssgs", "tab2"):
        columns = ["证券代码", "证券简称", "上市日期", "终止上市日期"]
        gone = market.delisted().filter(of_shenzhen)
        rows = [
            dict(zip(columns, (symbol[:6], name, f"{first}", f"{last}"), strict=True))
            for symbol, name, first, last in gone.select(
                "symbol", "name", "list_date", "delist_date"
            ).iter_rows()
        ]
    else:
        return None
    return Reply(
        rows, lambda rows: spreadsheet(columns, rows), content_type=SPREADSHEET, fixed=True
    )


def _shenzhen_row(one: Row, shares: int) -> Row:
    return {
        "板块": _SHENZHEN_BOARDS[board_of(one["symbol"])],
        "公司全称": f"{one['name']}股份有限公司",
        "英文名称": "",
        "注册地址": "",
        "A股代码": one["symbol"][:6],
        "A股简称": one["name"],
        "A股上市日期": f"{one['list_date']}",
        "A股总股本": f"{shares:,}",
        "A股流通股本": f"{shares:,}",
        "B股代码": "",
        "B股简称": "",
        "地区": "",
        "省份": "",
        "城市": "",
        "所属行业": "C 制造业",
        "公司网址": "",
    }


def _outstanding(market: SeenMarket) -> dict[str, int]:
    """Each symbol's shares outstanding by its last turnover."""
    traded = market.market.bars.filter(pl.col("date") <= market.today, pl.col("turnover") > 0)
    last = traded.sort("date").group_by("symbol").last()
    shares = (pl.col("volume") / pl.col("turnover")).round().cast(pl.Int64)
    return dict(last.select("symbol", shares).iter_rows())


# AKShare names 48 columns by position; these are the ones it keeps.
_BEIJING_KEYS = {
    0: "fxssrq",
    11: "fxltgb",
    17: "xxhyzl",
    22: "xxjzrq",
    29: "xxssdq",
    35: "xxzbqs",
    36: "xxzgb",
    38: "xxzqdm",
    40: "xxzqjc",
}


def _beijing(asked: Asked, market: SeenMarket) -> Reply:
    listed = market.listed().filter(pl.col("symbol").str.ends_with(".BJ"))
    outstanding = _outstanding(market)
    page = int(asked.query["page"])
    part = listed[page * _BEIJING_PAGE : (page + 1) * _BEIJING_PAGE]
    rows = [
        _beijing_row(one, outstanding.get(one["symbol"], 0), f"{market.today:%Y%m%d}")
        for one in part.iter_rows(named=True)
    ]

    def document(rows: list[Row]) -> Any:
        pages = -(-listed.height // _BEIJING_PAGE)
        return [{"content": rows, "totalElements": listed.height, "totalPages": pages}]

    return Reply(rows, document, wrap=lambda text: f"null({text})", content_type="text/plain")


def _beijing_row(one: Row, shares: int, today: str) -> Row:
    known = {
        "fxssrq": f"{one['list_date']:%Y%m%d}",
        "fxltgb": shares,
        "xxhyzl": "制造业",
        "xxjzrq": today,
        "xxssdq": "北京市",
        "xxzbqs": "合成证券",
        "xxzgb": shares,
        "xxzqdm": one["symbol"][:6],
        "xxzqjc": one["name"],
    }
    keys = [_BEIJING_KEYS.get(place, f"xx{place:02d}") for place in range(48)]
    return {key: known.get(key, "") for key in keys}


ROUTES = (
    Route(Family.EXCHANGES, "query.sse.com.cn", "/sseQuery/commonQuery.do", _shanghai),
    Route(Family.EXCHANGES, "query.sse.com.cn", "/commonQuery.do", _shanghai),
    Route(Family.EXCHANGES, "www.szse.cn", "/api/report/ShowReport", _shenzhen),
    Route(Family.EXCHANGES, "www.bse.cn", "/nqxxController/nqxxCnzq.do", _beijing),
)
