"""What the companies publish: quarterly figures, weeks after the period, some of them restated."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl

from naxs_assets.market.sources.base import RAW_FUNDAMENTALS
from naxs_assets.market.synthetic.parameters import SyntheticMarket
from naxs_assets.market.synthetic.state import Instrument
from naxs_assets.settings import SHANGHAI

# (month and day of the period's end, first and last day of disclosure, in the next year or not)
_PERIODS = (
    ((3, 31), (4, 10), (4, 30), 0),
    ((6, 30), (7, 15), (8, 31), 0),
    ((9, 30), (10, 10), (10, 31), 0),
    ((12, 31), (2, 1), (4, 30), 1),
)
_RESTATED = 1 / 40
_RESTATED_AFTER = timedelta(days=75)
_EVENING = time(18, 0)


def figures_table(market: SyntheticMarket, instruments: list[Instrument]) -> pl.DataFrame:
    """Revenue and net profit (CNY) and return on equity (ratio) as in ``RAW_FUNDAMENTALS``.

    Figures count from the year's start. One in forty reports is restated 75 days later.
    """
    rows: list[dict[str, object]] = []
    for number, company in enumerate(instruments):
        rng = market.own_stream(number)
        size = float(np.exp(np.log(2e9) + 1.1 * rng.standard_normal()))
        margin, growth = 0.02 + 0.18 * float(rng.random()), 0.10 * float(rng.standard_normal())
        for year in range(company.list_date.year, market.last.year + 1):
            season = np.cumsum(0.25 + 0.03 * rng.standard_normal(4))
            luck, days, restated = rng.standard_normal(4), rng.random(4), rng.random(4)
            turnover = size * (1 + growth) ** (year - company.list_date.year)
            for quarter, (end, first, last, after) in enumerate(_PERIODS):
                period = date(year, *end)
                opens, closes = date(year + after, *first), date(year + after, *last)
                announced = opens + timedelta(days=int(days[quarter] * (closes - opens).days))
                revenue = turnover * season[quarter]
                profit = revenue * (margin + 0.02 * luck[quarter])
                figures = {
                    "revenue": round(revenue, 2),
                    "net_profit": round(profit, 2),
                    "roe": round(profit / (0.6 * turnover), 6),
                }
                rows += _published(company, period, announced, figures)
                if restated[quarter] < _RESTATED:
                    corrected = {**figures, "net_profit": round(profit * 0.93, 2)}
                    rows += _published(company, period, announced + _RESTATED_AFTER, corrected)
    table = pl.DataFrame(rows, schema=RAW_FUNDAMENTALS)
    announced_at = pl.col("announced_at")
    listed = pl.DataFrame(
        {
            "symbol": [one.symbol for one in instruments],
            "listed": [one.list_date for one in instruments],
            "delisted": [one.delist_date for one in instruments],
        },
        schema_overrides={"delisted": pl.Date},
    )
    return (
        table.join(listed, on="symbol")
        .filter(
            announced_at.is_between(pl.max_horizontal("listed", pl.lit(market.first)), market.last),
            pl.col("delisted").is_null() | (announced_at <= pl.col("delisted")),
        )
        .select(*RAW_FUNDAMENTALS)
        .sort("available_at", "symbol", "report_period", "item")
    )


def _published(
    company: Instrument, period: date, announced: date, figures: dict[str, float]
) -> list[dict[str, object]]:
    known = datetime.combine(announced, _EVENING, SHANGHAI)
    return [
        {
            "symbol": company.symbol,
            "report_period": period,
            "announced_at": announced,
            "available_at": known,
            "item": item,
            "value": value,
        }
        for item, value in figures.items()
    ]
