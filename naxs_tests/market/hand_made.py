"""A hand-made market of a few stocks in March and April 2021, and the builder under test on it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from naxs_assets.market.contracts import PRICES
from naxs_assets.market.prices import MonthOfPrices, build_month
from naxs_assets.market.sources.base import RAW_BARS, DeclaredGaps, FactorPolicy

MARCH, APRIL = "2021-03", "2021-04"
CLOSED = (date(2021, 4, 5),)  # Tomb-sweeping day
STOCK, OTHER = "600519.SH", "000001.SZ"


def _weekdays() -> list[date]:
    days = [date(2021, 3, 1) + timedelta(days=offset) for offset in range(61)]
    return [day for day in days if day.weekday() < 5 and day not in CLOSED]


OPEN_DAYS = _weekdays()
CALENDAR = pl.DataFrame(
    {
        "date": OPEN_DAYS,
        "day": range(7400, 7400 + len(OPEN_DAYS)),
        "provisional": [False] * len(OPEN_DAYS),
    },
    schema_overrides={"day": pl.Int32},
)


def open_day(number: int) -> date:
    """The open day with this number, 0 being 2021-03-01."""
    return OPEN_DAYS[number]


def first_of(month: str) -> int:
    """The number of the month's first open day."""
    return next(n for n, day in enumerate(OPEN_DAYS) if f"{day:%Y-%m}" == month)


def instruments(**list_dates: date) -> pl.DataFrame:
    """Two long-listed stocks; keywords such as ``X688001_SH`` add others by list date."""
    listed = {STOCK: date(2001, 8, 27), OTHER: date(1991, 4, 3)}
    listed |= {name[1:].replace("_", "."): day for name, day in list_dates.items()}
    return pl.DataFrame(
        {
            "symbol": list(listed),
            "list_date": list(listed.values()),
            "list_date_known": [True] * len(listed),
            "delist_date": [None] * len(listed),
        },
        schema_overrides={"delist_date": pl.Date},
    )


def bar(
    number: int, close: float, pre_close: float | None = None, /, **cells: Any
) -> dict[str, Any]:
    """A clean row of open day ``number``; ``cells`` overwrites any cell."""
    before = close if pre_close is None else pre_close
    row: dict[str, Any] = {
        "date": open_day(number),
        "symbol": STOCK,
        "open": before,
        "high": max(close, before),
        "low": min(close, before),
        "close": close,
        "pre_close": before,
        "change": close / before - 1,
        "volume": 1000,
        "amount": 1000.0 * close,
        "turnover": 0.001,
        "adj_factor": 2.0,
        "is_st": False,
        "is_suspended": False,
        "source": "hand",
        "bad_cells": None,
        "supplemented": False,
        "supplement_disagrees": False,
    }
    return row | cells


def suspended(number: int, close: float | None, /, **cells: Any) -> dict[str, Any]:
    """A suspended row as BaoStock writes it: every price the last close, no volume."""
    flat = dict.fromkeys(("open", "high", "low", "close", "pre_close"), close)
    halted = {
        "change": 0.0, "volume": 0, "amount": 0.0, "turnover": None, "is_suspended": True,
    }  # fmt: skip
    return bar(number, 1.0) | flat | halted | cells


def raw(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=RAW_BARS)


def build(
    bars: pl.DataFrame,
    month: str = MARCH,
    *,
    previous: pl.DataFrame | None = None,
    gaps: DeclaredGaps | None = None,
    policy: FactorPolicy = FactorPolicy.REBUILD,
    listed: pl.DataFrame | None = None,
) -> MonthOfPrices:
    """Build a month and hold the frame to its contract."""
    built = build_month(
        bars,
        month=month,
        calendar=CALENDAR,
        instruments=instruments() if listed is None else listed,
        previous=previous,
        gaps=gaps or DeclaredGaps(),
        policy=policy,
    )
    assert PRICES.validate(built.frame, month).equals(built.frame)
    return built


def verdicts(built: MonthOfPrices) -> dict[str, str]:
    """Verdict by rule, without those that passed on all rows they could be asked of."""
    rows = built.findings.filter(~pl.col("verdict").is_in(["pass", "partly"]))
    return dict(rows.select("rule", "verdict").iter_rows())


def finding(built: MonthOfPrices, rule: str) -> dict[str, Any]:
    return built.findings.row(by_predicate=pl.col("rule") == rule, named=True)
