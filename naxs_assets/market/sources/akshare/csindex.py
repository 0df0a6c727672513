"""Members and weights of an index from China Securities Index through AKShare: current ones only.

Who was a member on past days is not told; it accumulates from here on, or comes from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.sources.offers import Offer, PulledTable, Wanted
from naxs_assets.market.sources.reading import (
    changed,
    day,
    finished,
    no_nulls,
    percent,
    read,
    text,
    with_symbols,
)

MEMBER_COLUMNS = (
    "日期",
    "指数代码",
    "指数名称",
    "指数英文名称",
    "成分券代码",
    "成分券名称",
    "成分券英文名称",
    "交易所",
    "交易所英文名称",
)
WEIGHT_COLUMNS = (*MEMBER_COLUMNS, "权重")

_OLDEST = timedelta(days=45)


def _calls(wanted: Wanted) -> Sequence[Call]:
    """Weights, of the last month's end, and members, of the last session; none for past days."""
    if not wanted.first == wanted.last == wanted.now:
        return []
    arguments = {"symbol": wanted.index[:6]}
    return [
        Call(Family.CSINDEX, "index_stock_cons_weight_csindex", arguments, WEIGHT_COLUMNS),
        Call(Family.CSINDEX, "index_stock_cons_csindex", arguments, MEMBER_COLUMNS),
    ]


def _rows(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Members with their weights on the day of the weights, and without on the day of the list.

    The day is the file's own and may lie before the span. Raises ``SchemaChangedError`` for a day
    in the future or older than 45 days, for another index, and for weights that do not sum to
    0.9..1.1.
    """
    parts = []
    for answer in answers:
        has_weights = answer.call.columns == WEIGHT_COLUMNS
        weight = {"weight": percent("权重")} if has_weights else {}
        rows = read(
            answer, date=day("日期"), index=text("指数代码"), symbol=text("成分券代码"), **weight
        )
        _check(wanted, answer, rows)
        rows = with_symbols(answer, rows).with_columns(index=pl.lit(wanted.index))
        parts.append(rows)
    rows = pl.concat(parts, how="diagonal")
    if "weight" in rows.columns:
        rows = rows.sort("weight", nulls_last=True)
    members = rows.unique(["date", "symbol"], keep="first", maintain_order=True)
    return finished(PulledTable.MEMBERS, [members])


def _check(wanted: Wanted, answer: Answer, rows: pl.DataFrame) -> None:
    no_nulls(answer, rows, "date")
    outside = rows.filter(~pl.col("date").is_between(wanted.now - _OLDEST, wanted.now))
    if outside.height:
        raise changed(answer.call, "日期", "is not of late", outside.item(0, "date"))
    other = rows.filter(pl.col("index") != wanted.index[:6])
    if other.height:
        raise changed(answer.call, "指数代码", f"is not {wanted.index}", other.item(0, "index"))
    total = rows.get_column("weight").sum() if "weight" in rows.columns else 1.0
    if not 0.9 <= total <= 1.1:
        raise changed(answer.call, "权重", "does not sum to one", f"{total:.4g}")


OFFERS = (Offer(Family.CSINDEX, PulledTable.MEMBERS, _calls, _rows),)
"""The members and weights of an index as of now."""
