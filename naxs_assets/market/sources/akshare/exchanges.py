"""Lists of listed and delisted stocks from the three exchanges through AKShare.

The list functions keep their first answer for as long as their process lives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.sources.offers import Offer, PulledTable, Wanted
from naxs_assets.market.sources.reading import (
    changed,
    day,
    finished,
    no_nulls,
    read,
    text,
    with_symbols,
)


@dataclass(frozen=True)
class _List:
    """A list's function, its columns, and which of them are read; ``page`` rows at most come."""

    call: Call
    symbol: str
    name: str
    listed: str
    delisted: str = ""
    page: int = 0


def _call(function: str, columns: tuple[str, ...], **arguments: str) -> Call:
    return Call(Family.EXCHANGES, function, arguments, columns)


_SHANGHAI = ("证券代码", "证券简称", "证券全称", "公司简称", "公司全称", "上市日期")
_SHENZHEN = (
    "板块",
    "A股代码",
    "A股简称",
    "A股上市日期",
    "A股总股本",
    "A股流通股本",
    "所属行业",
)
_BEIJING = (
    "证券代码",
    "证券简称",
    "总股本",
    "流通股本",
    "上市日期",
    "所属行业",
    "地区",
    "报告日期",
)
_SHANGHAI_GONE = ("公司代码", "公司简称", "上市日期", "暂停上市日期")
_SHENZHEN_GONE = ("证券代码", "证券简称", "上市日期", "终止上市日期")
_LISTS = (
    _List(
        _call("stock_info_sh_name_code", _SHANGHAI, symbol="主板A股"),
        "证券代码",
        "证券简称",
        "上市日期",
    ),
    _List(
        _call("stock_info_sh_name_code", _SHANGHAI, symbol="科创板"),
        "证券代码",
        "证券简称",
        "上市日期",
    ),
    _List(
        _call("stock_info_sz_name_code", _SHENZHEN, symbol="A股列表"),
        "A股代码",
        "A股简称",
        "A股上市日期",
    ),
    _List(_call("stock_info_bj_name_code", _BEIJING), "证券代码", "证券简称", "上市日期"),
    _List(
        _call("stock_info_sh_delist", _SHANGHAI_GONE, symbol="全部"),
        "公司代码",
        "公司简称",
        "上市日期",
        "暂停上市日期",
        page=500,
    ),
    _List(
        _call("stock_info_sz_delist", _SHENZHEN_GONE, symbol="终止上市公司"),
        "证券代码",
        "证券简称",
        "上市日期",
        "终止上市日期",
    ),
)


def _calls(_: Wanted) -> Sequence[Call]:
    return [of.call for of in _LISTS]


def _rows(_: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """All A-shares, listed and delisted, with the names they have now or had last.

    Delisted Beijing stocks are not told. Shanghai's column 暂停上市日期 is the day of delisting. A
    stock that was delisted and listed again has a row for each time. Raises ``SchemaChangedError``
    for a stock without a list date, a delisted one without a delist date, or a full page, after
    which others are missing.
    """
    lists = {of.call.request_hash: of for of in _LISTS}
    parts = [_read(lists[answer.call.request_hash], answer) for answer in answers]
    rows = pl.concat(parts).sort("delist_date", nulls_last=True)
    unique = rows.unique(["symbol", "list_date"], keep="first", maintain_order=True)
    return finished(PulledTable.INSTRUMENTS, [unique])


def _read(of: _List, answer: Answer) -> pl.DataFrame:
    if of.page and answer.frame.height >= of.page:
        raise _full_page(answer)
    gone = {"delist_date": day(of.delisted)} if of.delisted else {}
    rows = read(
        answer, symbol=text(of.symbol), name=text(of.name), list_date=day(of.listed), **gone
    )
    rows = with_symbols(answer, rows, lists_others=True)
    no_nulls(answer, rows, *rows.columns)
    if not of.delisted:
        rows = rows.with_columns(delist_date=pl.lit(None, dtype=pl.Date))
    return rows.select("symbol", "name", "list_date", "delist_date")


def _full_page(answer: Answer) -> SchemaChangedError:
    return changed(answer.call, "公司代码", "fills its page", f"{answer.frame.height} rows")


OFFERS = (Offer(Family.EXCHANGES, PulledTable.INSTRUMENTS, _calls, _rows),)
"""Listed and delisted stocks."""
