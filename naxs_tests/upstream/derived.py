"""What a market lacks, made from what it has: simple, deterministic, and of the right shape."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

import polars as pl

from naxs_assets.market.sources.base import (
    RAW_CORPORATE_ACTIONS,
    RAW_FUNDAMENTALS,
    RAW_INDUSTRY,
    RAW_NEWS,
)
from naxs_assets.market.synthetic.state import INDUSTRIES

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_LEAST_BONUS_RATIO = 1.07  # a cash dividend alone moves the previous close by less


def _number(*parts: object) -> int:
    """A number that depends on ``parts`` alone."""
    return crc32("|".join(map(str, parts)).encode())


def with_turnover(bars: pl.DataFrame) -> pl.DataFrame:
    """``bars`` with ``turnover``: shares traded over a float that is constant for each symbol."""
    if "turnover" in bars.columns:
        return bars
    largest = bars.group_by("symbol").agg(
        pl.col("volume").max(), pl.col("volume").mean().alias("m")
    )
    shares = {
        symbol: max(int(most * 1.3), int(mean * (60 + _number(symbol) % 80))) // 10_000 * 10_000
        + 10_000
        for symbol, most, mean in largest.iter_rows()
    }
    outstanding = pl.col("symbol").replace_strict(shares, return_dtype=pl.Int64)
    return bars.with_columns(turnover=pl.col("volume") / outstanding)


def factors(bars: pl.DataFrame) -> pl.DataFrame:
    """(symbol, ex_date, factor): the first factor of each symbol and every change."""
    factor = pl.col("adj_factor")
    ordered = bars.sort("symbol", "date")
    changed = ordered.filter(factor.ne_missing(factor.shift(1).over("symbol")))
    return changed.select("symbol", ex_date="date", factor="adj_factor")


def corporate_actions(bars: pl.DataFrame) -> pl.DataFrame:
    """The dividends and bonus shares that explain each ex-right previous close, to the cent."""
    rows = []
    before = pl.col("close").shift(1).over("symbol").alias("before")
    moved = (
        bars.sort("symbol", "date")
        .with_columns(before)
        .filter((pl.col("before") - pl.col("pre_close")).abs() > 0.001)
    )
    for row in moved.iter_rows(named=True):
        ratio = row["before"] / row["pre_close"]
        bonus = int((ratio - 1) * 10 + 0.001) / 10 if ratio >= _LEAST_BONUS_RATIO else 0.0
        cash = max(0.0, round(row["before"] - row["pre_close"] * (1 + bonus), 2))
        rows.append(
            {
                "symbol": row["symbol"],
                "ex_date": row["date"],
                "announced_at": row["date"] - timedelta(days=7),
                "payable_date": row["date"],
                "cash": cash,
                "bonus": bonus,
                "rights": 0.0,
                "rights_price": 0.0,
            }
        )
    return pl.DataFrame(rows, schema=RAW_CORPORATE_ACTIONS)


def industry(instruments: pl.DataFrame) -> pl.DataFrame:
    """The Shenwan industry in each synthetic name, as its first third-level code."""
    rows = []
    for row in instruments.sort("symbol").iter_rows(named=True):
        name = next((one for one in INDUSTRIES if one in row["name"]), INDUSTRIES[0])
        rows.append(
            {
                "symbol": row["symbol"],
                "start_date": row["list_date"],
                "code": f"{11 + INDUSTRIES.index(name)}0101",
                "name": name,
                "level": 3,
            }
        )
    return pl.DataFrame(rows, schema=RAW_INDUSTRY)


def weights(members: pl.DataFrame, bars: pl.DataFrame) -> pl.DataFrame:
    """(index, symbol, date, weight): each day's members by their float's market value."""
    outstanding = (
        bars.filter(pl.col("turnover") > 0)
        .group_by("symbol")
        .agg((pl.col("volume") / pl.col("turnover")).mean().alias("shares"))
    )
    valued = bars.select("symbol", "date", "close").join(outstanding, on="symbol")
    in_index = valued.join(members, on="symbol").filter(
        pl.col("date") >= pl.col("effective_from"),
        pl.col("effective_to").is_null() | (pl.col("date") <= pl.col("effective_to")),
    )
    value = pl.col("close") * pl.col("shares")
    return in_index.select(
        "index", "symbol", "date", weight=value / value.sum().over("index", "date")
    ).sort("index", "date", "symbol")


def fundamentals(bars: pl.DataFrame, instruments: pl.DataFrame) -> pl.DataFrame:
    """Quarterly figures of every listed company, published within the legal deadlines."""
    first, last = bars["date"].min(), bars["date"].max()
    rows = []
    for row in instruments.sort("symbol").iter_rows(named=True):
        for period, deadline in _periods(first.year - 1, last.year):
            if period < row["list_date"] or (row["delist_date"] or last) < deadline:
                continue
            announced = deadline - timedelta(days=_number(row["symbol"], period) % 20)
            for item, value in _figures(row["symbol"], period):
                rows.append(
                    {
                        "symbol": row["symbol"],
                        "report_period": period,
                        "announced_at": announced,
                        "available_at": _instant(announced + timedelta(days=1), time()),
                        "item": item,
                        "value": value,
                    }
                )
    return pl.DataFrame(rows, schema=RAW_FUNDAMENTALS)


def _periods(first_year: int, last_year: int) -> Iterator[tuple[date, date]]:
    """Each reporting period's end and the last day of its publication."""
    for year in range(first_year, last_year + 1):
        yield date(year, 3, 31), date(year, 4, 30)
        yield date(year, 6, 30), date(year, 8, 31)
        yield date(year, 9, 30), date(year, 10, 31)
        yield date(year, 12, 31), date(year + 1, 4, 30)


def _figures(symbol: str, period: date) -> Iterator[tuple[str, float]]:
    """Figures of the fiscal year so far, growth against the same time a year before."""
    shares = 1e8 * (1 + _number(symbol) % 50)
    revenue, margin = _revenue(symbol, period.year, period), _margin(symbol, period.year, period)
    profit = round(revenue * margin, 2)
    last_revenue = _revenue(symbol, period.year - 1, period)
    last_profit = round(last_revenue * _margin(symbol, period.year - 1, period), 2)
    yield "eps", round(profit / shares, 4)
    yield "revenue", revenue
    yield "revenue_growth", round(revenue / last_revenue - 1, 6)
    yield "net_profit", profit
    yield "net_profit_growth", round((profit - last_profit) / abs(last_profit), 6)
    yield "bps", round(2 + _number(symbol, "book") % 1000 / 100, 4)
    yield "roe", round(margin * 0.6, 6)
    yield "gross_margin", round(margin + 0.15, 6)


def _revenue(symbol: str, year: int, period: date) -> float:
    scale = 1 + _number(symbol, "scale") % 200
    return 1e7 * scale * (period.month // 3) + _number(symbol, year, period.month) % 1_000_000


def _margin(symbol: str, year: int, period: date) -> float:
    return (_number(symbol, year, period.month, "margin") % 3000 - 499.5) / 10_000


def news(bars: pl.DataFrame) -> pl.DataFrame:
    """A line about every month of each symbol: in trading hours, in the evening, at weekends."""
    rows = []
    months = bars.group_by("symbol", pl.col("date").dt.truncate("1mo").alias("month")).len()
    for symbol, month, _ in months.sort("symbol", "month").iter_rows():
        number = _number(symbol, month)
        at = time((9 + number % 14) % 24, number % 60, number % 59)
        published = _instant(month + timedelta(days=number % 28), at)
        rows.append(
            {
                "id": f"{published:%Y%m%d}{number:010d}",
                "symbol": symbol,
                "published_at": published,
                "available_at": published,
                "title": f"{symbol[:6]}发布{month:%Y年%m月}经营简报",
                "source": "合成财经",
            }
        )
    return pl.DataFrame(rows, schema=RAW_NEWS)


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, _SHANGHAI).astimezone(UTC)
