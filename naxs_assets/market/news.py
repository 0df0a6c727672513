"""News of listed companies, dated by when a decision may use them."""

from __future__ import annotations

import polars as pl

from naxs_assets.market.boards import board_expression
from naxs_assets.market.contracts import NEWS
from naxs_assets.market.identity import with_current_codes


def news_table(news: pl.DataFrame) -> pl.DataFrame:
    """The table of contract ``NEWS`` from a source's ``RAW_NEWS``.

    The same news twice is kept once, as first available. News without a title, a time or an
    A-share's symbol is left out.
    """
    return (
        with_current_codes(news)
        .filter(board_expression().is_not_null())
        .drop_nulls(["id", "published_at", "available_at", "title"])
        .sort("available_at")
        .unique(["id", "symbol"], keep="first", maintain_order=True)
        .with_columns(pl.col("source").fill_null(""))
        .select(NEWS.column_names)
        .sort(NEWS.key)
    )
