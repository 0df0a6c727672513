"""Eastmoney's news search, which AKShare asks through ``curl_cffi``: ten items, newest first."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream.replies import SCRIPT, Asked, Reply, Route, Row
from naxs_tests.upstream.seen import SHANGHAI, SeenMarket

_KIND = "cmsArticleWebOld"


def _search(asked: Asked, market: SeenMarket) -> Reply:
    wanted = json.loads(asked.query["param"])
    keyword, size = wanted["keyword"], wanted["param"][_KIND]["pageSize"]
    items = market.market.news.filter(
        pl.col("symbol").str.starts_with(keyword), pl.col("published_at") <= market.instant
    ).sort("published_at", "id", descending=True)
    rows = [
        {
            "date": f"{item['published_at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
            "image": "",
            "code": item["id"],
            "content": item["title"],
            "mediaName": item["source"],
            "title": item["title"].replace(keyword, f"<em>{keyword}</em>"),
            "url": f"http://finance.eastmoney.com/a/{item['id']}.html",
        }
        for item in items.head(size).iter_rows(named=True)
    ]

    def document(rows: list[Row]) -> Any:
        return {"code": 0, "msg": "OK", "hitsTotal": items.height, "result": {_KIND: rows}}

    return Reply(
        rows,
        document,
        "result",
        {"date": "date"},
        wrap=lambda text: f"{asked.query['cb']}({text})",
        content_type=SCRIPT,
    )


ROUTES = (
    Route(Family.EASTMONEY_DATACENTER, "search-api-web.eastmoney.com", "/search/jsonp", _search),
)
