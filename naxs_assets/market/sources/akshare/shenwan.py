"""Industries by Shenwan's classification through AKShare: every change since listing."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
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

INDUSTRY_COLUMNS = ("symbol", "start_date", "industry_code", "update_time")


def _calls(_: Wanted) -> Sequence[Call]:
    return [Call(Family.SHENWAN, "stock_industry_clf_hist_sw", {}, INDUSTRY_COLUMNS)]


def _rows(_: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Each change as a row of every level that its code names: 480301 is 480000, 480300 and itself.

    The whole history of the market, whatever the span. The file holds codes without names, and
    codes of the classifications of 2008, 2014 and 2021 one after the other, so that a change may
    be the classification's and not the company's. Of two codes from one day the one updated last
    counts.
    """
    (answer,) = answers
    rows = read(
        answer,
        symbol=text("symbol"),
        start_date=day("start_date"),
        code=text("industry_code"),
        updated=day("update_time"),
    )
    rows = no_nulls(answer, rows, "start_date", "code")
    wrong = rows.filter(~pl.col("code").str.contains(r"^\d{6}$"))
    if wrong.height:
        raise changed(answer.call, "industry_code", "is no industry", repr(wrong.item(0, "code")))
    rows = with_symbols(answer, rows, lists_others=True).sort("updated", maintain_order=True)
    rows = rows.unique(["symbol", "start_date"], keep="last", maintain_order=True)
    levels = [
        rows.with_columns(
            code=pl.col("code").str.head(2 * level).str.pad_end(6, "0"),
            level=pl.lit(level, dtype=pl.Int64),
        ).filter(rows.get_column("code").str.slice(2 * level - 2, 2) != "00")
        for level in (1, 2, 3)
    ]
    return finished(PulledTable.INDUSTRY, [part.drop("updated") for part in levels])


OFFERS = (Offer(Family.SHENWAN, PulledTable.INDUSTRY, _calls, _rows),)
"""Dated industries of three levels."""
