"""China Securities Index: today's members, and their weights at the end of the last month."""

from __future__ import annotations

from datetime import date

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream.replies import SPREADSHEET, Asked, Reply, Route
from naxs_tests.upstream.seen import SeenMarket
from naxs_tests.upstream.spreadsheets import spreadsheet

_COLUMNS = [
    "日期Date",
    "指数代码 Index Code",
    "指数名称 Index Name",
    "指数英文名称Index Name(Eng)",
    "成份券代码Constituent Code",
    "成份券名称Constituent Name",
    "成份券英文名称Constituent Name(Eng)",
    "交易所Exchange",
    "交易所英文名称Exchange(Eng)",
]
_WEIGHT = "权重(%)weight"
_EXCHANGES = {
    "SH": ("上海证券交易所", "Shanghai Stock Exchange"),
    "SZ": ("深圳证券交易所", "Shenzhen Stock Exchange"),
    "BJ": ("北京证券交易所", "Beijing Stock Exchange"),
}


def _members(asked: Asked, market: SeenMarket) -> Reply | None:
    (code,) = asked.found
    members = market.members(f"{code}.SH", market.last_day)
    return _file(_COLUMNS, code, market.last_day, members, market)


def _weights(asked: Asked, market: SeenMarket) -> Reply | None:
    (code,) = asked.found
    day = _last_month_end(market)
    weights = market.market.weights.filter(
        pl.col("index") == f"{code}.SH", pl.col("date") == day
    ).sort("symbol")
    return _file([*_COLUMNS, _WEIGHT], code, day, weights, market)


def _last_month_end(market: SeenMarket) -> date:
    """The last open day of a month that is over today, or the market's first day."""
    days = market.market.open_days
    this_month = market.today.replace(day=1)
    return days.filter(days < this_month).max() or days.min()


def _file(
    columns: list[str], code: str, day: date, table: pl.DataFrame, market: SeenMarket
) -> Reply | None:
    if table.is_empty():
        return None
    names = dict(market.market.instruments.select("symbol", "name").iter_rows())
    rows = []
    for row in table.iter_rows(named=True):
        symbol = row["symbol"]
        cells = [f"{day:%Y%m%d}", code, "沪深300", "CSI 300", symbol[:6], names[symbol], symbol]
        cells += _EXCHANGES[symbol[7:]]
        if _WEIGHT in columns:
            cells.append(round(row["weight"] * 100, 3))
        rows.append(dict(zip(columns, cells, strict=True)))
    return Reply(
        rows,
        lambda rows: spreadsheet(columns, rows),
        columns={"date": columns[0]},
        content_type=SPREADSHEET,
        fixed=True,
    )


_HOST = "oss-ch.csindex.com.cn"
_FOLDER = "/static/html/csindex/public/uploads/file/autofile"

ROUTES = (
    Route(Family.CSINDEX, _HOST, rf"{_FOLDER}/cons/(\d+)cons\.xls", _members),
    Route(Family.CSINDEX, _HOST, rf"{_FOLDER}/closeweight/(\d+)closeweight\.xls", _weights),
)
