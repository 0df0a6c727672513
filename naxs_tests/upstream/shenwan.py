"""Shenwan's file of every stock's industry and since when."""

from __future__ import annotations

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream.replies import SPREADSHEET, Asked, Reply, Route
from naxs_tests.upstream.seen import SeenMarket
from naxs_tests.upstream.spreadsheets import spreadsheet

_COLUMNS = ["股票代码", "计入日期", "行业代码", "更新日期"]


def _industries(asked: Asked, market: SeenMarket) -> Reply:
    """The rows of the deepest level that have begun; a code holds the levels above it."""
    table = market.market.industry
    deepest = table.filter(
        pl.col("level") == pl.col("level").max(), pl.col("start_date") <= market.today
    ).sort("symbol", "start_date")
    rows = [
        dict(zip(_COLUMNS, (symbol[:6], day, code, day), strict=True))
        for symbol, day, code in deepest.select("symbol", "start_date", "code").iter_rows()
    ]
    return Reply(
        rows,
        lambda rows: spreadsheet(_COLUMNS, rows),
        columns={"date": "计入日期"},
        content_type=SPREADSHEET,
        fixed=True,
    )


ROUTES = (
    Route(
        Family.SHENWAN,
        "www.swsresearch.com",
        r"/swindex/pdf/SwClass2021/StockClassifyUse_stock\.xls",
        _industries,
    ),
)
