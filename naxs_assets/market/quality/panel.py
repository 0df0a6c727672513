"""Every rule over any span in one pass, a few months at a time: memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import polars as pl

from naxs_assets.market.quality.engine import FAILURES, Answer
from naxs_assets.market.quality.months import judge_months
from naxs_assets.market.quality.tables import judge_tables, span_table
from naxs_assets.market.rules import FINDINGS
from naxs_assets.market.sources.base import DeclaredGaps

WHOLE = "whole"
"""Stands for the month in findings over whole tables."""

_ROWS_AT_ONCE = 200_000
"""Fewer rows cost as much to plan for as to judge; a whole market has 110,000 a month."""


def judge_panel(
    months: Iterable[tuple[str, pl.DataFrame]],
    *,
    instruments: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    gaps: DeclaredGaps | None = None,
) -> Answer:
    """Ask the rules of months of prices, in order, and of whole tables.

    ``months`` gives each month's name and prices, in order; each is read once. ``tables`` are those
    of :func:`~naxs_assets.market.quality.tables.judge_tables` beside the instruments and the spans,
    which come from the prices. ``findings`` gets a column ``month`` in front, ``whole`` for those
    of tables.
    """
    previous: pl.DataFrame | None = None
    findings, failures, spans = [], [], []
    for some in _some(months):
        answers = judge_months(
            some, instruments=instruments, previous=previous, gaps=gaps or DeclaredGaps()
        )
        for (month, prices), answer in zip(some, answers, strict=True):
            findings.append(_of(month, answer.findings))
            failures.append(answer.failures)
            spans.append(
                prices.group_by("symbol").agg(first=pl.col("date").min(), last=pl.col("date").max())
            )
        previous = some[-1][1]
    priced = (
        pl.concat(spans).group_by("symbol").agg(pl.col("first").min(), pl.col("last").max())
        if spans
        else pl.DataFrame(schema={"symbol": pl.String, "first": pl.Date, "last": pl.Date})
    ).sort("symbol")
    first, last = priced.get_column("first").min(), priced.get_column("last").max()
    known = {"spans": priced, "instruments": instruments, **tables}
    if isinstance(first, date) and isinstance(last, date):
        known["span"] = span_table(first, last)
    whole = judge_tables(known, month=WHOLE)
    return Answer(
        pl.concat([*findings, _of(WHOLE, whole.findings)]),
        pl.concat([pl.DataFrame(schema=FAILURES), *failures, whole.failures]),
    )


def _some(months: Iterable[tuple[str, pl.DataFrame]]) -> Iterator[list[tuple[str, pl.DataFrame]]]:
    """The months in lists of at least ``_ROWS_AT_ONCE`` rows, save the last."""
    some: list[tuple[str, pl.DataFrame]] = []
    for month in months:
        some.append(month)
        if sum(prices.height for _, prices in some) >= _ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _of(month: str, findings: pl.DataFrame) -> pl.DataFrame:
    return findings.select(pl.lit(month).alias("month"), *FINDINGS)
