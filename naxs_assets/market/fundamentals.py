"""Published figures as they were known: period, publication and revisions of each."""

from __future__ import annotations

from datetime import date

import polars as pl

from naxs_assets.market.boards import board_expression
from naxs_assets.market.contracts import FUNDAMENTALS
from naxs_assets.market.identity import with_current_codes
from naxs_assets.settings import SHANGHAI

_FIGURE = ("symbol", "report_period", "item")


def with_revisions(figures: pl.DataFrame) -> pl.DataFrame:
    """Every publication of a source (``RAW_FUNDAMENTALS``) in the columns of ``FUNDAMENTALS``.

    A figure published again with the value it had is no revision and has no further row; a
    symbol that is no A-share, and a figure without value or period, has none.
    """
    ingested = (
        pl.col("ingested_at")
        if "ingested_at" in figures.columns
        else pl.lit(None, pl.Datetime("us", "UTC")).alias("ingested_at")
    )
    known = (
        with_current_codes(figures)
        .with_columns(ingested)
        .filter(board_expression().is_not_null())
        .drop_nulls(["report_period", "item", "value", "available_at"])
        .sort(*_FIGURE, "available_at", "value")
    )
    changed = pl.col("value") != pl.col("value").shift(1).over(_FIGURE)
    return (
        known.filter(changed.fill_null(value=True))
        .with_columns(revision=pl.int_range(1, pl.len() + 1).over(_FIGURE))
        .select(FUNDAMENTALS.column_names)
    )


def available(figures: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """The rows of ``FUNDAMENTALS`` that became available on the Shanghai days given."""
    day = pl.col("available_at").dt.convert_time_zone(str(SHANGHAI)).dt.date()
    return figures.filter(day.is_between(first, last))
