"""When a day's bars are final, and when they are expected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import polars as pl

from naxs_assets.settings import SHANGHAI

FINAL_FROM = time(15, 30)
"""In Shanghai: the end of the after-hours fixed-price trading, which covers all A-shares since
2026-07-06. A bar of the day that was fetched earlier may still change (rule ``partial_bar``)."""


def last_final_day(instant: datetime) -> date:
    """The newest calendar day whose bars, fetched at ``instant``, are final."""
    local = instant.astimezone(SHANGHAI)
    if local.time() >= FINAL_FROM:
        return local.date()
    return local.date() - timedelta(days=1)


def last_final_session(instant: datetime, open_days: Sequence[date]) -> date | None:
    """The newest of ``open_days`` (sorted) whose bars are final at ``instant``; none before all."""
    final = last_final_day(instant)
    return next((day for day in reversed(open_days) if day <= final), None)


def only_final(rows: pl.DataFrame, fetched_at: datetime) -> pl.DataFrame:
    """The rows of ``rows`` (with a ``date``) that were final when they were fetched.

    A row without a readable date stays: the quality rules tell of it.
    """
    partial = pl.col("date") > last_final_day(fetched_at)
    return rows.filter(~partial.fill_null(value=False))
