"""Walk-forward windows: which months a model learns from, and where the purge cuts them.

A label of day ``t`` with reach ``H`` looks at days up to ``t + H``. A model that is used from day
``T`` on may learn from ``t`` only if ``t + H < T`` (the strict form of the walk-forward purge of
Lopez de Prado, Advances in Financial Machine Learning, 2018, chapter 7).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from naxs_assets.catalog.models import Training
from naxs_assets.partitions import add_months, first_day, months_between


def is_retraining_month(month: str, training: Training) -> bool:
    """Whether the cadence, counted from January, asks for a new model in this month."""
    return (int(month[:4]) * 12 + int(month[5:7]) - 1) % training.retrain_every == 0


def training_months(month: str, training: Training, first_month: str) -> list[str]:
    """The months before ``month`` that its model may learn from, oldest first."""
    earliest = max(add_months(month, -training.months), first_month)
    return list(months_between(earliest, add_months(month, -1)))


def last_training_date(month: str, reach: int, calendar: pl.DataFrame) -> date | None:
    """The last day whose label is known before the first trading day of ``month``.

    ``calendar`` has date and day (absolute index); None when there is no such day.
    """
    first_open = calendar.filter(pl.col("date") >= first_day(month)).get_column("day").min()
    if not isinstance(first_open, int):
        raise LookupError(f"the calendar has no trading day from {month} on")
    known = calendar.filter(pl.col("day") + reach < first_open).get_column("date")
    return known.max() if known.len() else None  # type: ignore[return-value]
